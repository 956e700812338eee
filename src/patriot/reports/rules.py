"""What a report may be, who may see what of it, how much one address may send. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from patriot.kernel.clock import WIB
from patriot.kernel.geometry import Point

LONGEST_WORDS = 4000
LONGEST_PLACE = 240
MOST_PHOTOS = 4

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_MANY_BLANKS = re.compile(r"[ \t\u00a0]+")
_NAMES_A_PERSON = re.compile(
    r"@|\d[\d .()-]{7,}\d"
)  # an address of e-mail or @account; a phone, NIK or card number


class Privacy(StrEnum):
    """How much of the reporter and the report others see. Nobody outside ever sees the reporter."""

    OPEN = "open"  # agencies see who reported
    ANONYMOUS = "anonymous"  # nobody sees who reported, the report itself is public
    SECRET = "secret"  # noqa: S105 - agencies see it; the public only that it exists and how it goes

    @property
    def label(self) -> str:
        """For people, in the active language."""
        return str(PRIVACY_LABELS[self])


class Kind(StrEnum):
    """SP4N-LAPOR's three kinds of report."""

    COMPLAINT = "pengaduan"
    SUGGESTION = "aspirasi"
    INFORMATION = "informasi"

    @property
    def label(self) -> str:
        """For people, in the active language."""
        return str(KIND_LABELS[self])


PRIVACY_LABELS = {
    Privacy.OPEN: _("My name only for the agency"),
    Privacy.ANONYMOUS: _("Anonymous: nobody sees my name"),
    Privacy.SECRET: _("Secret: the public sees neither words nor photo"),
}
KIND_LABELS = {
    Kind.COMPLAINT: _("Problem"),
    Kind.SUGGESTION: _("Suggestion"),
    Kind.INFORMATION: _("Question"),
}


class Moderation(StrEnum):
    """What became public of a report's words and photos."""

    UNREVIEWED = "unreviewed"  # photos are public, words are not: they may name somebody
    SHOWN = "shown"  # a person read them: words and photos are public
    HIDDEN = "hidden"  # neither is


class Flag(StrEnum):
    """Why a report deserves a second look. A flagged report is never dropped silently."""

    NONE = ""
    PRANK = "prank"
    ABUSE = "abuse"
    PERSONAL = "personal"  # shows or names a person


@dataclass(frozen=True)
class Limit:
    """At most `count` of something in one `window` from one address."""

    count: int
    window: timedelta


REPORTS_PER_ADDRESS = Limit(
    120, timedelta(hours=1)
)  # generous: whole quarters share one mobile network's address
UPLOADS_PER_ADDRESS = Limit(400, timedelta(hours=1))
SAYINGS_PER_ADDRESS = Limit(300, timedelta(hours=1))  # confirmations, reopenings, "me too"


def window_start(moment: datetime, limit: Limit) -> datetime:
    """The start of the fixed window that `moment` falls into."""
    seconds = int(limit.window.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)


def number(moment: datetime, code: str) -> str:
    """A report's number: the day in Jakarta and a code, such as 261121-K7M3Q."""
    return f"{moment.astimezone(WIB):%y%m%d}-{code}"


def tidy(text: str, longest: int) -> str:
    """Text as people meant it: no control characters, no runs of blanks, at most `longest` characters."""
    lines = (_MANY_BLANKS.sub(" ", line).strip() for line in _CONTROL.sub("", text).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:longest]


def tidy_number(text: str) -> str:
    """A number as typed, in its canonical form: blanks and small letters forgiven, dashes optional."""
    plain = re.sub(r"[^0-9A-Z]", "", text.upper())[:16]
    return "-".join(part for part in (plain[:6], plain[6:11], plain[11:]) if part)


def names_somebody(words: str) -> bool:
    """True when words hold what looks like a phone number, an identity number or an e-mail address."""
    return bool(_NAMES_A_PERSON.search(words))


def faults(category: str, words: str, point: Point | None) -> Mapping[str, object]:
    """What keeps a report from being recorded, by field; empty when nothing does."""
    found: dict[str, object] = {}
    if not category:
        found["category"] = _("Choose what it is about.")
    if point is None or not point.is_valid:
        found["position"] = _("Say where it is: on the map, or by a street or a well-known place.")
    if len(words) > LONGEST_WORDS:
        found["words"] = _("Shorten the words, please: %(most)d characters at most.") % {
            "most": LONGEST_WORDS
        }
    return found


def shows_words(privacy: str, moderation: str) -> bool:
    """True when the public may read the words: not of a secret report, and only once a person has looked."""
    return privacy != Privacy.SECRET and moderation == Moderation.SHOWN


def shows_photos(privacy: str, moderation: str) -> bool:
    """True when the public may see the report's photos."""
    return privacy != Privacy.SECRET and moderation != Moderation.HIDDEN
