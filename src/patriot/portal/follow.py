"""`/lacak/`: every step of a report in plain words. Its sender has the last word and stays unknown."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson
import segno
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from patriot.dispatch import queries as dispatch
from patriot.incidents import actions as incident_actions
from patriot.incidents import history
from patriot.incidents import queries as incidents
from patriot.incidents.rules import OPEN, State
from patriot.kernel import clock
from patriot.kernel.errors import Refused
from patriot.kernel.geometry import Point
from patriot.people import queries as people
from patriot.people.rules import Viewer
from patriot.places import queries as places
from patriot.portal import mine, picture, words
from patriot.portal.report import address_of
from patriot.reports import actions as report_actions
from patriot.reports import files, limits, privacy, tokens
from patriot.reports import queries as reports
from patriot.reports.rules import SAYINGS_PER_ADDRESS, UPLOADS_PER_ADDRESS, tidy, tidy_number

type Say = Callable[[HttpRequest, str, str], None]

LONGEST_SAYING = 2000
REOPENABLE = frozenset({State.RESOLVED, State.CLOSED, State.REJECTED})


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Ask for a number; go there when it is known."""
    number = tidy_number(request.GET.get("nomor", ""))
    if number and incidents.by_number(number):
        return redirect("follow", number)
    status = 404 if number else 200
    return render(request, "portal/search.html", _search(request, number), status=status)


def _status(number: str) -> incidents.Status | None:
    """The status behind a number in its canonical form; None for everything else."""
    return incidents.by_number(number) if number == tidy_number(number) else None


def _search(request: HttpRequest, number: str) -> dict[str, Any]:
    sent = mine.numbers(request)
    known = incidents.statuses(sent)
    return {"asked": number, "sent": [(one, known[one]) for one in sent if one in known]}


@never_cache
@require_safe
def page(request: HttpRequest, number: str, token: str = "") -> HttpResponse:
    """A report's page; with its token, the sender's own, which the browser then remembers."""
    tidied = tidy_number(number)
    if tidied and number != tidied:
        return redirect("follow", tidied)
    status = _status(number)
    if status is None:
        return render(request, "portal/search.html", _search(request, number), status=404)
    if token and not tokens.valid(number, token):
        return redirect("follow", number)
    response = render(request, "portal/follow.html", _context(request, number, status, token))
    if token:
        mine.remember(request, response, number)
        response["X-Robots-Tag"] = "noindex"
    return response


@never_cache
@require_safe
def progress(request: HttpRequest, number: str) -> HttpResponse:
    """The part of the page that changes. A page that shows another state is told to load again."""
    status = _status(number)
    if status is None:
        return HttpResponse(status=404)
    if status.state != request.GET.get("state", status.state):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "portal/_progress.html", _progress(request, number, status))


@dataclass(frozen=True)
class Crew:
    """A unit on this problem, as the public may know it."""

    callsign: str
    state: str
    arrives: datetime | None


def _progress(request: HttpRequest, number: str, status: incidents.Status) -> dict[str, Any]:
    now = clock.now()
    due = status.respond_due if status.state == State.RECEIVED else status.resolve_due
    assignments = dispatch.of_incident(status.incident_id)
    return {
        "number": number, "status": status, "is_open": status.state in OPEN,
        "due": due, "due_words": words.moment(due), "left": words.left(due, now), "is_late": due < now,
        "is_soon": now < due < now + timedelta(hours=24), "steps": history.timeline(status.incident_id),
        "crews": [_crew(one, now) for one in assignments if one.active],
        "after": reports.photos(*(f"assignment:{one.id}" for one in assignments)),
    }  # fmt: skip


def _crew(one: dispatch.AssignmentRow, now: datetime) -> Crew:
    arrives = None
    if one.state == "en_route" and one.eta_s is not None:
        arrives = max(now, (one.set_off_at or one.assigned_at) + timedelta(seconds=one.eta_s))
    return Crew(one.callsign, one.state, arrives)


def _context(request: HttpRequest, number: str, status: incidents.Status, token: str) -> dict[str, Any]:
    report = reports.public(number)
    holds = mine.holds(request, number, token)
    own_link = f"{settings.CONFIG.public_url}{reverse('follow_own', args=[number, tokens.issue(number)])}"
    return {
        **_progress(request, number, status), "report": report, "holds": holds, "token": token,
        "owner": people.agency_full_names().get(status.agency, status.agency_name),
        "is_new": holds and "baru" in request.GET, "may_confirm": holds and status.state == State.RESOLVED,
        "may_reopen": holds and status.state in REOPENABLE, "own_link": own_link if holds else "",
        "qr": segno.make_qr(own_link).svg_data_uri(scale=4, border=2) if holds else "",
        "own_words": reports.words_of(number) if holds else "", "before": _before(report, holds),
        "strokes": _strokes(report), "supporters": status.supporters + reports.supporters(number),
        "simulated": status.simulated, "unsaid": request.session.pop("unsaid", ""),
    }  # fmt: skip


def _before(report: reports.PublicReport | None, holds: bool) -> list[reports.PhotoRef]:
    return reports.photos(f"report:{report.id}", public_only=not holds) if report else []


def _strokes(report: reports.PublicReport | None) -> list[picture.Stroke]:
    if report is None or report.lon is None or report.lat is None:
        return []
    return picture.draw(_pieces(places.map_file().tag), Point(report.lon, report.lat))


@lru_cache(maxsize=1)
def _pieces(_tag: str) -> list[picture.Piece]:
    """The city's lines, made ready once for each edition of the map."""
    return picture.prepare(orjson.loads(places.map_file().json))


@require_POST
def confirm(request: HttpRequest, number: str) -> HttpResponse:
    """The sender says that it is done."""
    return _say(request, number, _confirm, _("Thank you. The report is closed."))


@require_POST
def reopen(request: HttpRequest, number: str) -> HttpResponse:
    """The sender says that it is not done, in words and with a photo."""
    return _say(
        request, number, _reopen, _("It is open again. The agency has been told, with a new deadline.")
    )


@require_POST
def forget(request: HttpRequest, number: str) -> HttpResponse:
    """The sender has their name and contact erased."""
    return _say(
        request, number, _forget, _("Your name and contact were erased. The report goes on without them.")
    )


@require_POST
def support(request: HttpRequest, number: str) -> HttpResponse:
    """Somebody else has the same problem."""
    secret = mine.self_token(request)
    response = _say(
        request, number, lambda *_said: _support(number, secret), _("Noted: it is your problem, too.")
    )
    mine.keep_self(response, secret)
    return response


def _say(request: HttpRequest, number: str, act: Say, thanks: str) -> HttpResponse:
    """Do what was asked, say what came of it, go back to the page. A refusal keeps what was written."""
    if _status(number) is None:
        return redirect("follow_search")
    token = request.POST.get("token", "")
    given = token if tokens.valid(number, token) else ""
    try:
        limits.spend("say", address_of(request), SAYINGS_PER_ADDRESS)
        own = tokens.issue(number) if mine.holds(request, number, given) else ""
        act(request, number, own)
    except Refused as refused:
        messages.error(request, str(refused))
        request.session["unsaid"] = tidy(request.POST.get("words", ""), LONGEST_SAYING)
    else:
        messages.success(request, thanks)
    target = redirect("follow_own", number, given) if given else redirect("follow", number)
    target.status_code = 303
    return target


def _confirm(_request: HttpRequest, number: str, token: str) -> None:
    incident_actions.confirm(number, token)


def _reopen(request: HttpRequest, number: str, token: str) -> None:
    """Words and photo together or not at all: a photo that cannot be used does not reopen half."""
    with transaction.atomic():
        incident_actions.reopen(number, tidy(request.POST.get("words", ""), LONGEST_SAYING), token)
        report, upload = reports.public(number), request.FILES.get("photo")
        if report and upload:
            limits.spend("upload", address_of(request), UPLOADS_PER_ADDRESS)
            files.save_photo(
                upload.read(), f"report:{report.id}", kind="reopened", public=not report.secret,
                simulated=report.simulated,
            )  # fmt: skip


def _forget(request: HttpRequest, number: str, token: str) -> None:
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    privacy.forget_reporter(number, viewer=viewer, token=token, reason=_("Asked for by the sender"))


def _support(number: str, secret: str) -> None:
    report_actions.support(number, secret, actor="citizen")
