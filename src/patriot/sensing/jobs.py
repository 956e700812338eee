"""Sensing's periodic work."""

import logging
from datetime import datetime, timedelta
from functools import cache

from django.db import OperationalError

from patriot.kernel import clock
from patriot.kernel.jobs import every
from patriot.sensing import actions
from patriot.sensing.equipment import quarantine, uptime
from patriot.sensing.history import archive, marks, retention, rollups
from patriot.sensing.judging import watch
from patriot.sensing.meaning import foresight, indices, street

log = logging.getLogger(__name__)


@every("*/5 * * * * 50")
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
    for done in filter(lambda one: one.rows, archive.archive()):
        log.info("archived %s: %s readings in %s files", done.day, done.rows, done.parts)
    try:
        retention.drop_old_fives(rollups.database_now())
    except OperationalError:  # somebody reads them at this moment
        log.info("old rollups wait for tomorrow")


@every("* * * * * 40")
def look_ahead() -> None:
    """Say what is expected of every gauge below another."""
    now = clock.now()
    foresight.learn_if_needed(now)
    foresight.speak(now)


@every("20 18 * * *")
def learn_the_river() -> None:
    """At 01.20 WIB: forecast models from all there is."""
    foresight.learn(clock.now())


@every("3 * * * *")
def compute_indices() -> None:
    """Every hour: the ISPU of the last 24 hours, the Pollution Index of the newest samples."""
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    indices.keep([*indices.air(hour), *indices.water(hour)], hour)


@every("*/5 * * * * 15")
def watch_streets() -> None:
    """Lamps that are dark at night or burn by day, feeders without supply, car parks that are full."""
    now = clock.now()
    indices.bring([*street.street_lights(now), *street.car_parks(now)])


@every("10 17 * * *")
def sum_up_parking() -> None:
    """At 00.10 WIB: how each car park was used yesterday."""
    until = clock.now().replace(hour=17, minute=0, second=0, microsecond=0)
    indices.store(street.turned_over(until - timedelta(days=1), until), until)


@every("10 5 * * *")
def sum_up_lights() -> None:
    """At 12.10 WIB: the energy of the night."""
    until = clock.now().replace(hour=5, minute=0, second=0, microsecond=0)
    indices.store(street.burned(until - timedelta(days=1), until), until)


@every("* * * * * */10")
def notice_silence() -> None:
    """Things that missed three readings in a row while this process watched, and those that speak again."""
    actions.change_conditions(watch.silences(clock.now(), _watching_since()))


@cache
def _watching_since() -> datetime:
    return clock.now()


@every("* * * * * 35")
def notice_weakness() -> None:
    """Weak batteries, expired calibrations, gauges that drift."""
    now = clock.now()
    actions.change_conditions([*watch.batteries(now), *watch.calibrations(now), *watch.drifts(now)])


@every("50 18 * * *")
def forget_quarantine() -> None:
    """At 01.50 WIB: what nobody could use and nobody asked for in a month."""
    quarantine.forget(clock.now())
