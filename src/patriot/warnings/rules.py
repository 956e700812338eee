"""Words and rules of public warnings: what is life-threatening, what is missing, what a phone shows. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    """How far a message has come."""

    DRAFT = "draft", _("Draft")
    WAITING = "waiting", _("Waiting for the second approval")
    PUBLISHED = "published", _("In force")
    REPLACED = "replaced", _("Replaced by a newer message")
    ENDED = "ended", _("Ended")
    EXPIRED = "expired", _("Expired")
    DISCARDED = "discarded", _("Discarded")


class Step(TextChoices):
    """What a message does in its chain."""

    ALERT = "alert", _("Warning")
    UPDATE = "update", _("Update")
    CANCEL = "cancel", _("Withdrawal")
    ALL_CLEAR = "all_clear", _("All clear")


class Status(TextChoices):
    """Whether it is meant. CAP's own words."""

    ACTUAL = "Actual", _("Real")
    EXERCISE = "Exercise", _("Drill")
    TEST = "Test", _("Test")


class Severity(TextChoices):
    """How bad. CAP's own words."""

    EXTREME = "Extreme", _("Extreme")
    SEVERE = "Severe", _("Severe")
    MODERATE = "Moderate", _("Moderate")
    MINOR = "Minor", _("Minor")
    UNKNOWN = "Unknown", _("Unknown")


class Urgency(TextChoices):
    """How soon to act. CAP's own words."""

    IMMEDIATE = "Immediate", _("Now")
    EXPECTED = "Expected", _("Within the hour")
    FUTURE = "Future", _("Later")
    PAST = "Past", _("No longer")
    UNKNOWN = "Unknown", _("Unknown")


class Certainty(TextChoices):
    """How sure. CAP's own words."""

    OBSERVED = "Observed", _("Observed")
    LIKELY = "Likely", _("Likely")
    POSSIBLE = "Possible", _("Possible")
    UNLIKELY = "Unlikely", _("Unlikely")
    UNKNOWN = "Unknown", _("Unknown")


class Category(TextChoices):
    """What kind of hazard. CAP's own words."""

    MET = "Met", _("Weather and flood")
    GEO = "Geo", _("Earth")
    SAFETY = "Safety", _("General safety")
    RESCUE = "Rescue", _("Rescue")
    FIRE = "Fire", _("Fire")
    HEALTH = "Health", _("Health")
    ENV = "Env", _("Environment")
    TRANSPORT = "Transport", _("Transport")
    INFRA = "Infra", _("Utilities")
    CBRNE = "CBRNE", _("Hazardous substances")
    OTHER = "Other", _("Other")


class Response(TextChoices):
    """What people should do. CAP's own words."""

    EVACUATE = "Evacuate", _("Leave")
    SHELTER = "Shelter", _("Take shelter")
    PREPARE = "Prepare", _("Prepare")
    AVOID = "Avoid", _("Stay away")
    MONITOR = "Monitor", _("Follow the news")
    EXECUTE = "Execute", _("Do as planned")
    NONE = "None", _("Nothing")
    ALL_CLEAR = "AllClear", _("All clear")


class Order(StrEnum):
    """What a siren is told."""

    SOUND = "sound"
    SILENCE = "silence"
    TEST = "test"


MSG_TYPES = {Step.ALERT: "Alert", Step.UPDATE: "Update", Step.CANCEL: "Cancel", Step.ALL_CLEAR: "Update"}
LIVE = (State.PUBLISHED,)
OPEN = (State.DRAFT, State.WAITING)
LONGEST = timedelta(days=7)  # how long a warning may stand without being renewed
ALL_CLEAR_STANDS = timedelta(hours=6)
HEADLINE_MOST = 160  # CAP's advice, and what a phone's notice shows
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_DOUBLE = frozenset("^{}\\[~]|€")
BLANK = re.compile(r"\{(\w+)\}")
SENTENCE = re.compile(r"(?<=[.!?])\s+")
UNFILLED = "…"


def life_threatening(severity: str, urgency: str) -> bool:
    """True when people may die unless they act soon: nobody sends such a message alone."""
    return severity in (Severity.EXTREME, Severity.SEVERE) and urgency in (
        Urgency.IMMEDIATE,
        Urgency.EXPECTED,
    )


def needs_second(step: str, status: str, severity: str, urgency: str) -> bool:
    """True when another person must approve. A withdrawal or all clear is never held up: a false alarm that
    stands is a danger of its own. A test reaches no citizen.
    """
    return step in (Step.ALERT, Step.UPDATE) and status != Status.TEST and life_threatening(severity, urgency)


def sounds(step: str, status: str, severity: str, urgency: str, response: str, with_sirens: bool) -> bool:
    """True when sirens are sounded: people must leave now, for real or in a drill that says so expressly.

    A siren says one thing, "leave": it would send people outdoors whom the message tells to take shelter.
    """
    if step not in (Step.ALERT, Step.UPDATE) or response != Response.EVACUATE:
        return False
    is_meant = status == Status.ACTUAL or (status == Status.EXERCISE and with_sirens)
    return is_meant and life_threatening(severity, urgency)


def reaches_people(status: str) -> bool:
    """True when subscribers are told: everything but a test of the technique."""
    return status != Status.TEST


def fill(text: str, fields: Mapping[str, str]) -> str:
    """A template's words; a field nobody filled becomes an ellipsis, which must not be published."""
    return BLANK.sub(lambda found: fields.get(found[1], "").strip() or UNFILLED, text)


def fill_sentences(text: str, fields: Mapping[str, str]) -> str:
    """As `fill`, without the sentences that need a field nobody filled; unless nothing would be left."""
    sentences = SENTENCE.split(text)
    known = {name for name, value in fields.items() if value.strip()}
    kept = [one for one in sentences if set(BLANK.findall(one)) <= known]
    return fill(" ".join(kept or sentences), fields)


def unfilled(text: str) -> bool:
    """True when a text still has a gap of its template."""
    return UNFILLED in text or BLANK.search(text) is not None


def phone_message(status: str, step: str, headline: str, instruction: str, url: str, language: str) -> str:
    """What a telephone shows: the label of a drill first, then what, what to do, and where to read on."""
    label = prefix(status, step, language)
    first = instruction.strip().split("\n")[0].strip()
    body = ". ".join(part for part in (headline.strip().rstrip("."), first) if part)
    return " ".join(part for part in (label, body, url) if part)


PREFIXES = {
    "id": {Status.EXERCISE: "LATIHAN", Status.TEST: "UJI COBA"},
    "en": {Status.EXERCISE: "DRILL", Status.TEST: "TEST"},
}
STEPS = {
    "id": {Step.CANCEL: "DICABUT", Step.ALL_CLEAR: "AMAN", Step.UPDATE: "PEMBARUAN"},
    "en": {Step.CANCEL: "WITHDRAWN", Step.ALL_CLEAR: "ALL CLEAR", Step.UPDATE: "UPDATE"},
}


def prefix(status: str, step: str, language: str) -> str:
    """What stands before every headline of a message that is no plain real warning."""
    labels = (
        PREFIXES[language].get(Status(status), ""),
        STEPS[language].get(Step(step), ""),
    )
    said = ", ".join(label for label in labels if label)
    return f"{said}:" if said else ""


def segments(text: str) -> tuple[int, int]:
    """(characters, SMS parts): 160 or 153 septets in the GSM alphabet, else 70 or 67 UTF-16 units."""
    if all(letter in GSM or letter in GSM_DOUBLE for letter in text):
        size = sum(2 if letter in GSM_DOUBLE else 1 for letter in text)
        single, part = 160, 153
    else:
        size, single, part = len(text.encode("utf-16-le")) // 2, 70, 67
    if size == 0:
        return 0, 0
    return len(text), 1 if size <= single else -(-size // part)


def faults(
    *,
    texts: Mapping[str, str],
    expires: datetime | None,
    onset: datetime | None,
    now: datetime,
    has_area: bool,
    area_desc: str,
) -> dict[str, object]:
    """What keeps a draft from being sent, by field."""
    found: dict[str, object] = {}
    for name, text in texts.items():
        if not text.strip() and not name.startswith("instruction"):
            found[name] = _("This must be said.")
        elif unfilled(text):
            found[name] = _("A gap of the template is still open: fill in or take out the “…”.")
        elif name.startswith("headline") and len(text) > HEADLINE_MOST:
            found[name] = _("A headline has at most 160 characters.")
    if expires is None or expires <= now:
        found["expires"] = _("Say until when it holds; the time must lie ahead.")
    elif expires > now + LONGEST:
        found["expires"] = _("A warning holds for at most seven days; renew it instead.")
    elif onset is not None and onset >= expires:
        found["onset"] = _("It cannot begin after it has ended.")
    if not has_area or not area_desc.strip():
        found["areas"] = _("Say where: choose areas, or draw on the map.")
    return found
