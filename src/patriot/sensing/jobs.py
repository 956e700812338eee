"""Sensing's periodic work."""

import logging

from django.db import OperationalError

from patriot.kernel.jobs import every
from patriot.sensing import archive, marks, retention, rollups, uptime

log = logging.getLogger(__name__)


@every("*/10 * * * *")
def count_uptime() -> None:
    """How much of each day every asset was heard."""
    uptime.count()


@every("* * * * * 25")
def roll_up() -> None:
    """Roll up what has closed, and again what came late or was changed."""
    rollups.roll_closed()
    marks.work_off()


@every("40 18 * * *")
def archive_days() -> None:
    """At 01.40 WIB: days that are old enough go from tables into files; old five-minute rollups go."""
    for done in archive.archive():
        log.info("archived %s: %s readings in %s files", done.day, done.rows, done.parts)
    try:
        retention.drop_old_fives(rollups.database_now())
    except OperationalError:  # somebody reads them at this moment
        log.info("old rollups wait for tomorrow")
