"""The asset register as pages and the wall read it: what the city bought, and whether it still works."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db import connection
from django.utils.translation import gettext_lazy as _

from patriot.kernel import clock
from patriot.kernel.errors import NotFound
from patriot.sensing.models import Asset, AssetDay, Device

MISSED = 3  # silences of the usual length after which something is silent
WEAK_BATTERY_PCT = 20.0
WEAK_UPTIME = 0.9
DAYS = 30
BATTERY = "battery"  # the key of a device's own charge


class Sort(StrEnum):
    """What kind of thing an asset is."""

    SENSOR = "sensor"
    CAMERA = "camera"
    LINK = "link"
    SIREN = "siren"


SORTS = {
    Sort.SENSOR: _("Sensor"), Sort.CAMERA: _("Camera"), Sort.LINK: _("Link"), Sort.SIREN: _("Siren"),
}  # fmt: skip


class Health(StrEnum):
    """How an asset does, the worst first."""

    SILENT = "silent"  # it spoke, and does no longer
    NEVER = "never"  # something should speak for it, and never did
    UNWATCHED = "unwatched"  # nothing speaks for it: nobody knows
    WEAK = "weak"  # it speaks, with gaps, a weak battery or without valid calibration
    WORKING = "working"


HEALTHS = {
    Health.SILENT: _("Silent"), Health.NEVER: _("Never heard"), Health.UNWATCHED: _("Not watched yet"),
    Health.WEAK: _("Needs care"), Health.WORKING: _("Working"),
}  # fmt: skip
WORST_FIRST = {one: number for number, one in enumerate(Health)}


@dataclass(frozen=True)
class Day:
    """A day (WIB) of an asset. `share`: 0 to 1 of what was expected; None: there is no record."""

    day: date
    share: float | None


@dataclass(frozen=True)
class Heard:
    """The newest from an asset's device. `calibrated_until`: the earliest end among its datastreams."""

    at: datetime | None = None
    battery_pct: float | None = None
    calibrated_until: date | None = None


@dataclass(frozen=True)
class Row:
    """An asset with its health. `uptime`: share of 30 days in which it was heard, None without a record."""

    id: int
    code: str
    name: str
    sort: str
    agency: str
    device: int | None
    uid: str
    thing: int | None
    lon: float | None
    lat: float | None
    every_s: int
    installed_on: date | None
    yearly_cost_idr: int | None
    contact: str
    note: str
    indicative: bool
    simulated: bool
    heard: Heard
    health: Health
    uptime: float | None
    days: tuple[Day, ...]

    @property
    def sort_label(self) -> str:
        """The kind in the reader's language."""
        return str(SORTS[Sort(self.sort)])

    @property
    def health_label(self) -> str:
        """The health in the reader's language."""
        return str(HEALTHS[self.health])

    @property
    def weak_battery(self) -> bool:
        """True when its battery is about to end."""
        return self.heard.battery_pct is not None and self.heard.battery_pct < WEAK_BATTERY_PCT

    @property
    def uncalibrated(self) -> bool:
        """True when a calibration it needs has ended."""
        until = self.heard.calibrated_until
        return until is not None and until < _day(clock.now())


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to; empty: everything."""

    sort: str = ""
    agency: str = ""
    health: str = ""
    words: str = ""

    @property
    def narrowed(self) -> bool:
        """True when anything was chosen."""
        return any((self.sort, self.agency, self.health, self.words))

    def fits(self, row: Row) -> bool:
        """True for rows to show."""
        said = f"{row.name} {row.code} {row.uid}".lower()
        pairs = ((self.sort, row.sort), (self.agency, row.agency), (self.health, row.health.value))
        return all(not want or want == has for want, has in pairs) and self.words.lower() in said


@dataclass(frozen=True)
class Figures:
    """How many assets work. `watched`: those something speaks for; `alive`: heard within their time."""

    total: int
    watched: int
    alive: int
    yearly_cost_idr: int
    silent_cost_idr: int  # a year, of what is silent or was never heard

    @property
    def percent(self) -> int | None:
        """Alive of all there are, rounded down: nobody is told 100 % while one is silent."""
        return self.alive * 100 // self.total if self.total else None


def health(
    *, watched: bool, heard: Heard, online: bool | None, every_s: int, uptime: float | None, now: datetime
) -> Health:
    """The health of an asset. Pure."""
    if not watched:
        return Health.UNWATCHED
    if heard.at is None:
        return Health.NEVER
    if online is False or now - heard.at > timedelta(seconds=MISSED * every_s):
        return Health.SILENT
    weak_battery = heard.battery_pct is not None and heard.battery_pct < WEAK_BATTERY_PCT
    expired = heard.calibrated_until is not None and heard.calibrated_until < _day(now)
    gaps = uptime is not None and uptime < WEAK_UPTIME
    return Health.WEAK if weak_battery or expired or gaps else Health.WORKING


def assets(filters: Filters | None = None, *, now: datetime | None = None) -> list[Row]:
    """The register, the worst first: by health, then by uptime."""
    now, filters = now or clock.now(), filters or Filters()
    found = [row for row in _rows(Asset.objects.all(), now) if filters.fits(row)]
    return sorted(found, key=lambda row: (WORST_FIRST[row.health], _gaps(row), row.name))


def asset(asset_id: int, *, now: datetime | None = None) -> Row:
    """One asset. Raises NotFound."""
    found = _rows(Asset.objects.filter(pk=asset_id), now or clock.now())
    if not found:
        raise NotFound(str(_("There is no such asset.")))
    return found[0]


def of_device(device_id: int) -> int | None:
    """The asset a device speaks for."""
    return Asset.objects.filter(device=device_id).values_list("pk", flat=True).first()


def figures(rows: Iterable[Row]) -> Figures:
    """The register in a few numbers."""
    rows = list(rows)
    alive = [row for row in rows if row.health in (Health.WORKING, Health.WEAK)]
    gone = [row for row in rows if row.health in (Health.SILENT, Health.NEVER)]
    return Figures(
        total=len(rows), watched=sum(row.health is not Health.UNWATCHED for row in rows), alive=len(alive),
        yearly_cost_idr=sum(row.yearly_cost_idr or 0 for row in rows),
        silent_cost_idr=sum(row.yearly_cost_idr or 0 for row in gone),
    )  # fmt: skip


def agencies() -> list[str]:
    """Codes of the agencies that own assets."""
    return list(Asset.objects.values_list("agency", flat=True).distinct().order_by("agency"))


def _day(moment: datetime) -> date:
    """The day in WIB."""
    return moment.astimezone(clock.WIB).date()


def _gaps(row: Row) -> float:
    """Sorts what has no record after what has."""
    return 2.0 if row.uptime is None else row.uptime


def _rows(found: "Iterable[Asset]", now: datetime) -> list[Row]:
    kept = list(found)
    devices = {one.pk: one for one in Device.objects.filter(asset__in=kept)}
    heard = _heard([one.thing_id for one in devices.values() if one.thing_id])
    today = _day(now)
    days = _days([one.pk for one in kept], today)
    places = _places([one.thing_id for one in devices.values() if one.thing_id])
    return [_row(one, devices.get(one.device_id or 0), heard, days, places, now) for one in kept]


def _row(
    one: Asset, device: Device | None, heard: dict[int, Heard], days: dict[int, dict[date, tuple[int, int]]],
    places: dict[int, tuple[float, float]], now: datetime,
) -> Row:  # fmt: skip
    thing = (device.thing_id if device else None) or 0
    last, known = heard.get(thing, Heard()), days.get(one.pk, {})
    if device and device.battery_pct is not None:
        last = Heard(last.at, device.battery_pct, last.calibrated_until)
    uptime = _uptime(known)
    state = health(
        watched=bool(thing), heard=last, online=device.online if device else None,
        every_s=one.every_s, uptime=uptime, now=now,
    )  # fmt: skip
    lon, lat = (one.lon, one.lat) if one.lon is not None else places.get(thing, (None, None))
    return Row(
        id=one.pk, code=one.code, name=one.name, sort=one.sort, agency=one.agency, device=one.device_id,
        uid=device.uid if device else "", thing=thing or None, lon=lon, lat=lat, every_s=one.every_s,
        installed_on=one.installed_on, yearly_cost_idr=one.yearly_cost_idr, contact=one.contact,
        note=one.note, indicative=one.indicative, simulated=one.simulated, heard=last, health=state,
        uptime=uptime, days=_bars(known, _day(now)),
    )  # fmt: skip


def _bars(known: dict[date, tuple[int, int]], today: date) -> tuple[Day, ...]:
    wanted = (today - timedelta(days=back) for back in range(DAYS - 1, -1, -1))
    return tuple(Day(day, _share(*known[day]) if day in known else None) for day in wanted)


def _share(expected: int, heard: int) -> float:
    return min(1.0, heard / expected) if expected else 0.0


def _uptime(known: dict[date, tuple[int, int]]) -> float | None:
    expected = sum(pair[0] for pair in known.values())
    return sum(pair[1] for pair in known.values()) / expected if expected else None


def _days(ids: list[int], today: date) -> dict[int, dict[date, tuple[int, int]]]:
    """Expected and heard by asset and day, of the last 30."""
    rows = AssetDay.objects.filter(asset__in=ids, day__gt=today - timedelta(days=DAYS))
    found: dict[int, dict[date, tuple[int, int]]] = {}
    for asset_id, day, expected, said in rows.values_list("asset", "day", "expected", "heard"):
        found.setdefault(asset_id, {})[day] = (expected, said)
    return found


LATEST = """
SELECT s.thing_id, max(l.at), max(l.value) FILTER (WHERE s.key = %(battery)s), min(s.calibrated_until)
FROM sensing_datastream s LEFT JOIN sensing_latest l ON l.datastream_id = s.id
WHERE s.thing_id = ANY(%(things)s) GROUP BY s.thing_id
"""
PLACES = """
SELECT DISTINCT ON (j.thing_id) j.thing_id, l.lon, l.lat
FROM sensing_thing_locations j JOIN sensing_location l ON l.id = j.location_id
WHERE j.thing_id = ANY(%(things)s) AND l.lon IS NOT NULL ORDER BY j.thing_id, l.id
"""


def _heard(things: list[int]) -> dict[int, Heard]:
    """The newest of each thing, by when it was measured: a backlog sent today is no sign of life."""
    with connection.cursor() as cursor:
        cursor.execute(LATEST, {"things": things, "battery": BATTERY})
        return {thing: Heard(*more) for thing, *more in cursor.fetchall()}


def _places(things: list[int]) -> dict[int, tuple[float, float]]:
    with connection.cursor() as cursor:
        cursor.execute(PLACES, {"things": things})
        return {thing: (lon, lat) for thing, lon, lat in cursor.fetchall()}
