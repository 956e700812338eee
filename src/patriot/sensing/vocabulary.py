"""What is observed and by what kind of instrument: names every city shares. Data, no city's own."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

QUDT = "https://qudt.org/vocab/quantitykind/"
CF = "https://vocab.nerc.ac.uk/standard_name/"
MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
COUNT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CountObservation"
UCUM = "http://unitsofmeasure.org/ucum"

# code → (name, definition)
PROPERTIES = {
    "water_level": ("Water level", CF + "water_surface_height_above_reference_datum/"),
    "discharge": ("Discharge", CF + "water_volume_transport_in_river_channel/"),
    "rain": ("Rain in the last hour", CF + "lwe_thickness_of_precipitation_amount/"),
    "pm10": ("PM10", CF + "mass_concentration_of_pm10_ambient_aerosol_particles_in_air/"),
    "pm25": ("PM2.5", CF + "mass_concentration_of_pm2p5_ambient_aerosol_particles_in_air/"),
    "so2": ("Sulphur dioxide", CF + "mass_concentration_of_sulfur_dioxide_in_air/"),
    "co": ("Carbon monoxide", CF + "mass_concentration_of_carbon_monoxide_in_air/"),
    "o3": ("Ozone", CF + "mass_concentration_of_ozone_in_air/"),
    "no2": ("Nitrogen dioxide", CF + "mass_concentration_of_nitrogen_dioxide_in_air/"),
    "hc": ("Hydrocarbons", CF + "mass_concentration_of_nmvoc_in_air/"),
    "bod": ("Biochemical oxygen demand", QUDT + "MassConcentration"),
    "cod": ("Chemical oxygen demand", QUDT + "MassConcentration"),
    "tss": ("Suspended solids", CF + "mass_concentration_of_suspended_matter_in_sea_water/"),
    "do": ("Dissolved oxygen", QUDT + "MassConcentration"),
    "no3": ("Nitrate as nitrogen", QUDT + "MassConcentration"),
    "total_p": ("Total phosphorus", QUDT + "MassConcentration"),
    "fecal_coliform": ("Faecal coliforms", QUDT + "NumberDensity"),
    "ph": ("pH", QUDT + "PH"),
    "temperature": ("Temperature", QUDT + "Temperature"),
    "lamps_burning": ("Lamps that burn", QUDT + "Count"),
    "power": ("Power", QUDT + "Power"),
    "spaces_occupied": ("Parking spaces taken", QUDT + "Count"),
    "answer_time": ("Time to answer", QUDT + "ResponseTime"),
    "battery": ("Battery charge", QUDT + "StateOfCharge"),
}
COUNTED = frozenset({"lamps_burning", "spaces_occupied"})

AIR_CLASSES: dict[str, Promise] = {  # of the ISPU, P.14/2020
    "good": _("Good"), "moderate": _("Moderate"), "unhealthy": _("Unhealthy"),
    "very_unhealthy": _("Very unhealthy"), "hazardous": _("Hazardous"),
}  # fmt: skip

SENSORS = {
    "radar_level": "Radar level gauge",
    "rating_curve": "Discharge from the level by the weir's rating curve",
    "tipping_bucket": "Tipping-bucket rain gauge",
    "air_analyser": "Reference air analyser",
    "water_analyser": "Water quality analyser",
    "lamp_controller": "Street-light controller",
    "parking_counter": "Parking counter",
    "device": "The device about itself",
}
