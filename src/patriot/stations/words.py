"""What purposes, properties and flags are called on the stations' pages."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patriot.sensing.rules import Flag

PURPOSES: dict[str, Promise] = {
    "water_level": _("Water level"),
    "water_quality": _("Water quality"),
    "rain": _("Rain"),
    "air": _("Air quality"),
    "light_group": _("Street lights"),
    "light": _("Street lamp"),
    "parking": _("Parking"),
    "weather": _("Weather"),
    "camera": _("Camera"),
    "link": _("Network link"),
    "siren": _("Siren"),
}
KEYS: dict[str, Promise] = {
    "level": _("Water level"),
    "discharge": _("Discharge"),
    "rain": _("Rain in the last hour"),
    "so2": _("Sulphur dioxide"),
    "co": _("Carbon monoxide"),
    "o3": _("Ozone"),
    "no2": _("Nitrogen dioxide"),
    "hc": _("Hydrocarbons"),
    "do": _("Dissolved oxygen"),
    "tss": _("Suspended solids"),
    "no3": _("Nitrate"),
    "total_p": _("Total phosphorus"),
    "fecal_coliform": _("Faecal coliforms"),
    "temperature": _("Temperature"),
    "burning": _("Lamps that burn"),
    "watts": _("Power"),
    "occupied": _("Spaces taken"),
    "battery": _("Battery"),
}
CAPITALS = {"pm10": "PM10", "pm25": "PM2.5", "bod": "BOD", "cod": "COD", "ph": "pH"}
FLAGS: dict[Flag, Promise] = {
    Flag.CLOCK: _("clock is wrong"),
    Flag.DUPLICATE: _("said twice"),
    Flag.LATE: _("came late"),
    Flag.RANGE: _("outside the possible"),
    Flag.RATE: _("changed too fast"),
    Flag.SPIKE: _("single outlier"),
    Flag.FLATLINE: _("stuck"),
    Flag.STALE: _("arrived long after"),
    Flag.UNCALIBRATED: _("calibration expired"),
    Flag.MISSING: _("no value"),
    Flag.GAP: _("after a silence"),
}


def purpose(code: str) -> str:
    """A purpose in words; an unknown one as it is written."""
    return str(PURPOSES.get(code, code.replace("_", " ").capitalize()))


def stream_name(key: str, name: str) -> str:
    """A datastream in words: by its key where that is known, else its own name."""
    return CAPITALS.get(key) or (str(KEYS[key]) if key in KEYS else name)


def flags(value: int) -> list[str]:
    """What is odd about a reading, in words."""
    return [str(words) for flag, words in FLAGS.items() if value & flag]
