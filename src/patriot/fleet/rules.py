"""What becomes of a position: an ordered list of handlers that everybody can read. Pure.

A handler looks at a draft and may add a flag, or refuse the position by returning the reason's code. Flagged
positions are stored, though some flags keep them from moving the vehicle on the map. Only what names no
known device or no place is refused, and that goes to quarantine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntFlag

from patriot.kernel.geometry import Point, distance_m

KNOT_KMH = 1.852
AHEAD = timedelta(minutes=5)  # how far a device's clock may run ahead of ours
BEHIND = timedelta(days=30)  # longest buffer of an offline phone that is believed
FASTEST_KMH = 250.0  # an implied speed above this is a jump of the receiver, not a drive
SHORTEST_JUMP_M = 300.0  # scatter below this is never called a jump
COARSE_M = 1000.0  # a fix this uncertain says which district, not which street


class Flag(IntFlag):
    """What was found odd about a stored position."""

    CLOCK_AHEAD = 1
    CLOCK_BEHIND = 2
    LATE = 4
    JUMP = 8
    COARSE = 16
    ODD_SPEED = 32
    ODD_HEADING = 64


NOTHING_ODD = Flag(0)
STAYS = Flag.CLOCK_BEHIND | Flag.LATE | Flag.JUMP | Flag.COARSE  # stored, but the vehicle stays where it was


@dataclass(slots=True)
class Fix:
    """One position as a protocol's decoder understood it. Degrees, km/h, metres; None: not said."""

    uid: str
    lon: float
    lat: float
    claimed_at: datetime | None = None
    speed_kmh: float | None = None
    heading: float | None = None
    altitude_m: float | None = None
    accuracy_m: float | None = None
    battery_pct: float | None = None
    hdop: float | None = None
    secret_digest: str = ""


@dataclass(slots=True)
class Last:
    """The newest fix that moved a device."""

    claimed_at: datetime
    fixed_at: datetime
    lon: float
    lat: float


@dataclass(slots=True)
class Known:
    """A device we know, and where it was last."""

    device_id: int
    vehicle_id: int | None
    secret_digest: str = ""
    last: Last | None = None


@dataclass(slots=True)
class Draft:
    """A position on its way through the handlers."""

    fix: Fix
    known: Known | None
    received_at: datetime
    fixed_at: datetime
    flags: Flag = NOTHING_ODD

    @property
    def moves(self) -> bool:
        """True when the vehicle stands there now."""
        return not self.flags & STAYS

    @property
    def day(self) -> date:
        """The partition: the UTC day of the fix, or of its arrival when its clock cannot be believed."""
        return (self.received_at if self.flags & Flag.CLOCK_BEHIND else self.fixed_at).astimezone(UTC).date()


UNKNOWN, WRONG_SECRET, REPEAT = "unknown_device", "wrong_secret", "repeat"
NO_FIX, NO_PLACE = "no_fix", "no_place"

type Handler = Callable[[Draft], str | None]


def known_device(draft: Draft) -> str | None:
    """The device is registered, and knows its secret when it has one."""
    if draft.known is None:
        return UNKNOWN
    expected = draft.known.secret_digest
    return WRONG_SECRET if expected and draft.fix.secret_digest != expected else None


def plausible(draft: Draft) -> str | None:
    """The place is on earth and not the receiver's zero; odd speeds and headings are left out and flagged."""
    fix = draft.fix
    if not Point(fix.lon, fix.lat).is_valid:
        return NO_PLACE
    if fix.lon == 0 and fix.lat == 0:
        return NO_FIX
    if fix.speed_kmh is not None and not 0 <= fix.speed_kmh <= FASTEST_KMH:
        fix.speed_kmh, draft.flags = None, draft.flags | Flag.ODD_SPEED
    if fix.heading is not None and not 0 <= fix.heading <= 360:
        fix.heading, draft.flags = None, draft.flags | Flag.ODD_HEADING
    if fix.accuracy_m is not None and fix.accuracy_m > COARSE_M:
        draft.flags |= Flag.COARSE
    return None


def clock(draft: Draft) -> str | None:
    """A clock ahead of ours is no buffer: the arrival stands in for it. One far behind moves nothing."""
    lead = draft.fixed_at - draft.received_at
    if lead > AHEAD:
        draft.fixed_at, draft.flags = draft.received_at, draft.flags | Flag.CLOCK_AHEAD
    elif -lead > BEHIND:
        draft.flags |= Flag.CLOCK_BEHIND
    return None


def duplicate(draft: Draft) -> str | None:
    """The device repeats its newest fix: acknowledged, not stored twice. Older repeats the database finds."""
    last = draft.known.last if draft.known else None
    return REPEAT if last and last.claimed_at == draft.fix.claimed_at else None


def in_order(draft: Draft) -> str | None:
    """What is older than the newest is history: stored, and moves nothing."""
    last = draft.known.last if draft.known else None
    if last and draft.fixed_at <= last.fixed_at:
        draft.flags |= Flag.LATE
    return None


def jump(draft: Draft) -> str | None:
    """A place nobody can have driven to since the last fix. Believed once enough time has passed."""
    last = draft.known.last if draft.known else None
    if last is None or not draft.moves:
        return None
    metres = distance_m(Point(last.lon, last.lat), Point(draft.fix.lon, draft.fix.lat))
    hours = (draft.fixed_at - last.fixed_at).total_seconds() / 3600
    if metres > SHORTEST_JUMP_M and metres / 1000 > FASTEST_KMH * hours:
        draft.flags |= Flag.JUMP
    return None


HANDLERS: tuple[Handler, ...] = (known_device, plausible, clock, duplicate, in_order, jump)


def judge(fix: Fix, known: Known | None, received_at: datetime) -> tuple[Draft, str | None]:
    """Send a fix through the handlers: its draft, and the code of the reason when one refused it.

    A fix without a time of its own is taken to be of now.
    """
    if fix.claimed_at is None:
        fix.claimed_at = received_at
    draft = Draft(fix, known, received_at, fix.claimed_at)
    for handler in HANDLERS:
        if reason := handler(draft):
            return draft, reason
    return draft, None


def advance(draft: Draft) -> None:
    """Remember a stored draft as its device's last, if it moves it."""
    if draft.known is not None and draft.moves and draft.fix.claimed_at is not None:
        draft.known.last = Last(draft.fix.claimed_at, draft.fixed_at, draft.fix.lon, draft.fix.lat)
