"""Sensing's periodic work."""

from patriot.kernel.jobs import every
from patriot.sensing import uptime


@every("*/10 * * * *")
def count_uptime() -> None:
    """How much of each day every asset was heard."""
    uptime.count()
