"""A warning as its CAP message, in both languages."""

from urllib.parse import urlsplit

from django.conf import settings

from patriot.people import queries as people
from patriot.places import queries as places
from patriot.warnings import areas, cap
from patriot.warnings.models import PublicWarning
from patriot.warnings.rules import MSG_TYPES, Response, Status, Step, prefix

LANGUAGES = (("id", "id-ID"), ("en", "en-US"))
NOTES = {
    Status.EXERCISE: "LATIHAN, bukan kejadian sebenarnya. DRILL, not a real event.",
    Status.TEST: "UJI COBA sistem, abaikan. System TEST, disregard.",
}


def message(row: PublicWarning, references: tuple[cap.Reference, ...]) -> cap.Alert:
    """The message of a row. A draft has no moment of sending yet: the moment of drafting stands in."""
    where = areas.for_message(row.area_codes, row.area_desc, row.drawn, row.circle)
    return cap.Alert(
        identifier=row.identifier,
        sender=sender(),
        sent=row.sent or row.drafted_at,
        status=row.status,
        msg_type=MSG_TYPES[Step(row.step)],
        note=NOTES.get(Status(row.status), "") or (row.reason if row.step == Step.CANCEL else ""),
        references=references,
        infos=tuple(_info(row, short, language, where) for short, language in LANGUAGES),
    )


def _info(row: PublicWarning, short: str, language: str, where: tuple[cap.Area, ...]) -> cap.Info:
    label = prefix(row.status, row.step, short)
    headline = getattr(row, f"headline_{short}")
    return cap.Info(
        language=language,
        categories=(row.category,),
        event=getattr(row, f"event_{short}"),
        response_types=(Response.ALL_CLEAR,) if row.step == Step.ALL_CLEAR else (row.response,),
        urgency=row.urgency,
        severity=row.severity,
        certainty=row.certainty,
        effective=row.sent or row.drafted_at,
        onset=row.onset,
        expires=row.expires,
        sender_name=sender_name(row.agency),
        headline=f"{label} {headline}".strip(),
        description=getattr(row, f"description_{short}"),
        instruction=getattr(row, f"instruction_{short}"),
        web=url_of(row.identifier),
        areas=where,
    )


def sender() -> str:
    """Who speaks, as CAP wants it: an address unique on Earth."""
    return f"peringatan@{urlsplit(settings.CONFIG.public_url).hostname or 'localhost'}"


def sender_name(agency: str) -> str:
    """The agency's full name and its city's."""
    city = next((area.name for area in places.areas("city")), "")
    return " ".join(part for part in (people.agency_full_names().get(agency, ""), city) if part) or "Patriot"


def url_of(identifier: str) -> str:
    """The page where anyone reads it."""
    return f"{settings.CONFIG.public_url}/peringatan/{identifier}/"


def preview(row: PublicWarning) -> str:
    """The XML as it would be sent now; of a published one as it was sent; "" when it cannot be yet."""
    if row.cap:
        return row.cap
    try:
        return cap.write(message(row, ())).decode()
    except ValueError:
        return ""
