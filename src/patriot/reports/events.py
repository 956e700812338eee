"""What this room announces. No words, no names: those can be erased, the ledger cannot."""

from dataclasses import dataclass

from patriot.kernel.events import announces

WHERE = ("number", "category", "lon", "lat", "area", "channel", "report_kind")


@announces("report.received", public=WHERE)
@dataclass(frozen=True)
class Received:
    """A report was accepted. A secret one carries no position: the area has to do."""

    number: str
    category: str
    report_kind: str
    channel: str
    area: str
    lon: float | None
    lat: float | None


@announces("report.supported", public=("number", "supporters"))
@dataclass(frozen=True)
class Supported:
    """Somebody else has the same problem."""

    number: str
    supporters: int


@announces("report.moderated", public=("number", "moderation"))
@dataclass(frozen=True)
class Moderated:
    """Somebody decided what of the report is public."""

    number: str
    moderation: str
    flag: str
    reason: str


@announces("report.reporter_forgotten")
@dataclass(frozen=True)
class ReporterForgotten:
    """A reporter's personal data was erased; with `content`, the words and photos too."""

    number: str
    content: bool
    reason: str
