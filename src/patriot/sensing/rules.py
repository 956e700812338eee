"""Words that all of sensing shares: purposes of things and what may be odd about a reading. Pure."""

from enum import IntFlag, StrEnum


class Purpose(StrEnum):
    """What a thing is for; panels, layers and indices choose by it."""

    WATER_LEVEL = "water_level"
    WATER_QUALITY = "water_quality"
    RAIN = "rain"
    AIR = "air"
    LIGHT_GROUP = "light_group"
    LIGHT = "light"
    PARKING = "parking"
    WEATHER = "weather"


class Flag(IntFlag):
    """What was found odd about a stored reading. It is flagged, never dropped."""

    CLOCK = 1  # its clock runs ahead of ours, or names a time nobody believes
    DUPLICATE = 2  # the same datastream said the same moment before
    LATE = 4  # older than one that came before it
    RANGE = 8  # outside what the sensor can measure
    RATE = 16  # changed faster than the world does
    SPIKE = 32  # a single outlier among its neighbours
    FLATLINE = 64  # the same value for too long
    STALE = 128  # reached us long after it was taken
    UNCALIBRATED = 256  # the sensor's calibration has expired
    MISSING = 512  # the device said that it has no value (null, NaN, -9999)
    GAP = 1024  # it ends a silence: readings before it are missing


GOOD = Flag(0)
UNFIT = (
    Flag.CLOCK | Flag.DUPLICATE | Flag.RANGE | Flag.RATE | Flag.SPIKE | Flag.MISSING
)  # no alarm from these
UNFIT_FOR_INDEX = UNFIT | Flag.FLATLINE | Flag.UNCALIBRATED  # counts in no public index
ON_ARRIVAL = Flag.LATE | Flag.STALE  # of how it came to us: nothing against what it says
