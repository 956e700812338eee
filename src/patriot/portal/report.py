"""`/lapor`: one page, four steps, no step lost when something is wrong."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from patriot.incidents.actions import receive_report
from patriot.kernel.errors import Invalid, Refused
from patriot.kernel.geometry import Point
from patriot.portal import catalogue, drafts, where
from patriot.portal.forms import ReportForm
from patriot.portal.suggest import Choice, suggest
from patriot.reports import files, limits, tokens
from patriot.reports import queries as reports
from patriot.reports.actions import AlreadyRecorded, ReportDraft
from patriot.reports.rules import MOST_PHOTOS, REPORTS_PER_ADDRESS, UPLOADS_PER_ADDRESS, Kind, Privacy, tidy

POSITION_FIELDS = ("lon", "lat", "accuracy_m")


@dataclass
class Attempt:
    """One sending of the form: what was given, what is wrong with it, what to choose from."""

    form: ReportForm
    key: str
    faults: dict[str, object] = field(default_factory=dict)
    candidates: list[where.Candidate] = field(default_factory=list)
    suggested: list[Choice] = field(default_factory=list)
    point: Point | None = None
    status: int = 200

    @property
    def photos(self) -> list[reports.PhotoRef]:
        """The photos that came with this or an earlier attempt."""
        return reports.photos(drafts.subject(self.key), public_only=False)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The form, and what becomes of it."""
    if request.method != "POST":
        return _page(request, Attempt(ReportForm(initial=_initial(request)), ""))
    attempt = Attempt(ReportForm(request.POST), drafts.key_of(request.POST.get("draft", "")) or "")
    known = reports.number_by_key(attempt.key)
    if known:
        return _received(known)
    signed = request.POST["draft"] if attempt.key else drafts.fresh()
    attempt.key = attempt.key or drafts.key_of(signed) or ""
    try:
        number = _send(request, attempt)
    except AlreadyRecorded as known_now:
        return _received(known_now.number)
    except Refused as refused:
        attempt.faults.update(getattr(refused, "fields", {"form": refused}))
        attempt.status = refused.status
        return _page(request, attempt, signed)
    return _received(number)


def _initial(request: HttpRequest) -> dict[str, str]:
    """A link may bring the category and the words along, such as from a poster's QR code."""
    return {
        "category": request.GET.get("kategori", "")[:48], "words": request.GET.get("teks", "")[:500],
        "kind": Kind.COMPLAINT, "privacy": Privacy.OPEN,
    }  # fmt: skip


def _send(request: HttpRequest, attempt: Attempt) -> str:
    """Receive the report; returns its number. Raises Refused after noting every fault, photos kept."""
    _take_photos(request, attempt)
    draft = _draft(request, attempt)
    if attempt.faults:
        raise Invalid(attempt.faults)
    limits.spend("report", address_of(request), REPORTS_PER_ADDRESS)
    viewer = request.viewer  # type: ignore[attr-defined]
    return receive_report(draft, actor="citizen", simulated=viewer.simulated).number


def _draft(request: HttpRequest, attempt: Attempt) -> ReportDraft:
    form = attempt.form
    form.full_clean()
    for name, faults in form.errors.items():
        if name not in POSITION_FIELDS:  # set by a script: what is unusable counts as not set
            attempt.faults[name] = faults[0]
    data = form.cleaned_data
    found = where.find(form.pin(), data.get("chosen", ""), data.get("place", ""))
    attempt.candidates, attempt.point = found.candidates, found.point
    if found.fault:
        attempt.faults["position"] = found.fault
    if "category" in attempt.faults:
        attempt.suggested = suggest(data.get("words", ""), catalogue.choices())
    return ReportDraft(
        category=data.get("category", ""),
        lon=found.point.lon if found.point else None, lat=found.point.lat if found.point else None,
        words=data.get("words", ""), accuracy_m=data.get("accuracy_m"), place_text=data.get("place", ""),
        kind=data.get("kind", Kind.COMPLAINT), privacy=data.get("privacy", Privacy.OPEN), channel="portal",
        key=attempt.key, name=data.get("name", ""), phone=data.get("phone", ""), email=data.get("email", ""),
        user_id=request.user.pk, photos=tuple(photo.code for photo in attempt.photos),
    )  # fmt: skip


def _take_photos(request: HttpRequest, attempt: Attempt) -> None:
    """Keep the photos of this attempt with the draft; forget those the sender took out."""
    files.delete_drafts(drafts.subject(attempt.key), request.POST.getlist("remove"))
    room = MOST_PHOTOS - len(attempt.photos)
    sent = [upload for upload in request.FILES.getlist("photo") if upload.size]
    if len(sent) > room:
        attempt.faults["photo"] = _("At most %(most)d photos: the first ones were kept.") % {
            "most": MOST_PHOTOS
        }
    for upload in sent[:room]:
        _take(request, attempt, upload.read())


def _take(request: HttpRequest, attempt: Attempt, data: bytes) -> None:
    try:
        limits.spend("upload", address_of(request), UPLOADS_PER_ADDRESS)
        files.save_photo(data, drafts.subject(attempt.key))
    except Refused as refused:
        attempt.faults["photo"] = refused


def _received(number: str) -> HttpResponse:
    """On to the sender's own page."""
    response = redirect(f"{reverse('follow_own', args=[number, tokens.issue(number)])}?baru=1")
    response.status_code = 303
    return response


def _page(request: HttpRequest, attempt: Attempt, signed: str = "") -> HttpResponse:
    choices = catalogue.choices()
    chosen = str(attempt.form["category"].value() or "")
    known = next((choice for choice in choices if choice.code == chosen), None)
    chosen_ones = [known] if known else []
    taken = {one.code for one in (*attempt.suggested, *chosen_ones)}
    frequent = catalogue.often(choices, reports.frequent_categories())
    often = [choice for choice in frequent if choice.code not in taken]
    context: dict[str, Any] = {
        "attempt": attempt, "form": attempt.form, "faults": attempt.faults, "picked": known,
        "draft": signed or drafts.fresh(), "photos": attempt.photos if attempt.key else [],
        "often": often, "groups": catalogue.others(choices, [*often, *attempt.suggested, *chosen_ones]),
        "suggested": [one for one in attempt.suggested if one != known], "candidates": attempt.candidates,
        "emergency": catalogue.EMERGENCY, "urgent": known is not None and known.urgent,
        "outside": bool(attempt.point and "position" in attempt.faults),
        "lon": _degrees(attempt.point.lon) if attempt.point else "",
        "lat": _degrees(attempt.point.lat) if attempt.point else "",
    }  # fmt: skip
    return render(request, "portal/report.html", context, status=attempt.status)


def _degrees(value: float) -> str:
    """As the form reads it, whatever the language."""
    return f"{value:.6f}"


@require_GET
def suggestions(request: HttpRequest) -> HttpResponse:
    """The categories that the words typed so far may mean: a piece of the form."""
    words = tidy(request.GET.get("words", ""), 500)
    found = suggest(words, catalogue.choices())
    context = {
        "suggested": found,
        "emergency": catalogue.EMERGENCY,
        "urgent": bool(found) and found[0].urgent,
    }
    return render(request, "portal/_suggestions.html", context)


@require_GET
def place_candidates(request: HttpRequest) -> HttpResponse:
    """The places that the words typed so far may mean: a piece of the form."""
    words = tidy(request.GET.get("place", ""), 120)
    found = where.candidates(words) if len(words) > 2 else []
    return render(request, "portal/_candidates.html", {"candidates": found, "asked": len(words) > 2})


def address_of(request: HttpRequest) -> str:
    """The sender's network address, as the server in front of us gives it."""
    return str(request.META.get("REMOTE_ADDR", ""))
