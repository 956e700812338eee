"""`POST requests`: from a client's fields to a received report."""

from collections.abc import Mapping, Sequence

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.http import HttpRequest
from django.utils.translation import gettext as _

from patriot.api.open311.ask import number
from patriot.api.open311.encode import Fault
from patriot.incidents import catalogue
from patriot.incidents.actions import Received, receive_report
from patriot.kernel.errors import Invalid
from patriot.people.models import User
from patriot.people.queries import user_for_token, viewer
from patriot.places import queries as places
from patriot.reports import files, limits
from patriot.reports.actions import ReportDraft
from patriot.reports.rules import KIND_LABELS, PRIVACY_LABELS, REPORTS_PER_ADDRESS, Kind, Privacy

_IS_LINK = URLValidator(schemes=["http", "https"])
_FIELD = {"position": "lat", "category": "service_code", "words": "description", "photo": "media"}


def sender(request: HttpRequest, values: Mapping[str, str]) -> User | None:
    """Whose key this is; None without one. Raises Fault 403 for a key nobody has."""
    scheme, _blank, bearer = request.headers.get("Authorization", "").partition(" ")
    key = values.get("api_key", "") or (bearer if scheme == "Bearer" else "")
    user = user_for_token(key) if key else None
    if key and user is None:
        raise Fault(403, _("This api_key is not valid. Leave it out, or ask the center for one."))
    return user


def receive(request: HttpRequest, values: Mapping[str, str]) -> Received:
    """Receive a report. Raises Fault; Invalid by our own field names; TooMany."""
    user = sender(request, values)
    if user is None:  # whoever has a key is known, and may send for many
        limits.spend("report", str(request.META.get("REMOTE_ADDR", "")), REPORTS_PER_ADDRESS)
    draft = _draft(request, values, user)
    actor = viewer(user).actor if user else "citizen"
    return receive_report(draft, actor=actor, simulated=bool(user and user.simulated))


def _draft(request: HttpRequest, values: Mapping[str, str], user: User | None) -> ReportDraft:
    code = _category(values.get("service_code", "").strip())
    lon, lat = _position(values)
    given = request.headers.get("Idempotency-Key", "")[:200]
    key = f"open311:{user.pk if user else 'anyone'}:{given}"[:64] if given else ""
    return ReportDraft(
        category=code, lon=lon, lat=lat, words=values.get("description", ""),
        place_text=values.get("address_string", ""),
        kind=_chosen(values, "kind", list(KIND_LABELS), Kind.COMPLAINT),
        privacy=_chosen(values, "privacy", list(PRIVACY_LABELS), Privacy.OPEN), channel="open311", key=key,
        name=" ".join(filter(None, (values.get("first_name", ""), values.get("last_name", "")))),
        phone=values.get("phone", ""), email=values.get("email", ""), photos=_photos(request),
        media_url=_link(values.get("media_url", "").strip()),
    )  # fmt: skip


def _category(code: str) -> str:
    if not code:
        raise Fault(400, _("service_code is required. GET services lists them."))
    if "\x00" in code or catalogue.category(code) is None:
        raise Fault(404, _("There is no service with this service_code. GET services lists them."))
    return code


def _position(values: Mapping[str, str]) -> tuple[float, float]:
    """lat and long, or the one place that address_string means. Raises Fault 400."""
    lat, lon = number(values, "lat"), number(values, "long")
    if lat is not None and lon is not None:
        return lon, lat
    words = values.get("address_string", "").strip()
    if not words:
        raise Fault(400, _("Send lat and long in degrees (WGS 84), or address_string."))
    hits = places.find_place(words[:120], limit=4)
    if not hits:
        raise Fault(400, _("No place in the city is called like this address_string. Send lat and long."))
    if len(hits) > 1 and hits[0].label.lower() != words.lower():
        named = "; ".join(hit.label for hit in hits)
        raise Fault(400, _("address_string may mean several places: %(places)s.") % {"places": named})
    return hits[0].lon, hits[0].lat


def _chosen(values: Mapping[str, str], name: str, allowed: Sequence[str], default: str) -> str:
    """An attribute's value, sent as `attribute[name]`."""
    value = values.get(f"attribute[{name}]", "") or default
    if value not in allowed:
        raise Fault(400, _("attribute[%(name)s] must be one of: %(values)s.") % {
            "name": name, "values": ", ".join(allowed)})  # fmt: skip
    return value


def _photos(request: HttpRequest) -> tuple[str, ...]:
    upload = request.FILES.get("media") if request.method == "POST" else None
    if upload is None:
        return ()
    return (files.save_photo(upload.read(), "draft:open311").code,)


def _link(text: str) -> str:
    """A link as sent; never fetched: whoever looks at it decides."""
    if not text:
        return ""
    try:
        _IS_LINK(text)
    except ValidationError:
        raise Fault(400, _("media_url must be a http or https link.")) from None
    if len(text) > 500:
        raise Fault(400, _("media_url is too long: 500 characters at most."))
    return text


def faults(refused: Invalid) -> list[Fault]:
    """Our own refusal, field by field, in GeoReport's names."""
    return [Fault(400, f"{_FIELD.get(name, name)}: {words}") for name, words in refused.fields.items()]
