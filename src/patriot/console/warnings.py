"""Writing, approving and ending public warnings."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from patriot.kernel import clock
from patriot.kernel.errors import Invalid, Refused
from patriot.people.guard import requires
from patriot.people.rules import Role, Viewer
from patriot.places import queries as places
from patriot.warnings import actions, areas, compose, prefill, queries, rules
from patriot.warnings.actions import Draft
from patriot.warnings.models import PublicWarning

WRITERS = actions.DRAFTERS
READERS = (*WRITERS, Role.LEADERSHIP, Role.HEAD)
DECIDERS = (Role.LEADERSHIP, Role.HEAD)
ENDERS = (*WRITERS, Role.LEADERSHIP)
FIELDS = ("station", "level", "time", "hour", "places", "label", "label_en")  # of templates


def _viewer(request: HttpRequest) -> Viewer:
    found: Viewer = request.viewer  # type: ignore[attr-defined]
    return found


@requires(*READERS)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All warnings: waiting, in force, drafts, over."""
    viewer = _viewer(request)
    context = {
        "groups": queries.listed(viewer), "may_draft": actions.may_draft(viewer),
        "foreign": queries.foreign(), "sources": queries.sources(), "sirens": queries.sirens(),
    }  # fmt: skip
    return render(request, "console/warnings.html", context)


@requires(*WRITERS)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Choose the hazard, give its figures, places. `?condition=siaga:12` fills in what a sensor noticed."""
    condition = request.GET.get("condition", "")[:80]
    if request.method == "POST":
        told = request.POST
        fields = {name: told.get(name, "")[:200] for name in FIELDS}
        fields["level_en"] = prefill.in_english(fields["level"])
        chosen = [code for code in told.getlist("areas") if places.area(code)]
        made = _try(request, lambda: actions.draft_from_template(
            told.get("template", ""), fields, viewer=_viewer(request), area_codes=chosen,
            condition=told.get("condition", "")[:80], status=told.get("status", rules.Status.ACTUAL),
        ))  # fmt: skip
        if made:
            return redirect("console:warning", made)
    found = prefill.suggest(condition, clock.now()) if condition else None
    context = {
        "templates": queries.templates(), "found": found, "condition": condition, "groups": _groups(),
        "over": prefill.over(condition) if condition and not found else None,
        "fields": found.fields if found else {"time": f"{clock.now().astimezone(clock.WIB):%H.%M} WIB"},
        "ticked": found.areas if found else [], "statuses": _statuses(_viewer(request)),
    }  # fmt: skip
    return render(request, "console/warning_new.html", context)


@requires(*READERS)
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, warning_id: int) -> HttpResponse:
    """A warning: to be written while it is a draft, to be decided or followed after that."""
    viewer = _viewer(request)
    faults: dict[str, object] = {}
    if request.method == "POST":
        faults = _write(request, warning_id, viewer)
        if not faults:
            return redirect("console:warning", warning_id)
    row = queries.record(warning_id, viewer)
    if row is None:
        raise Http404
    return render(request, "console/warning.html", _page(row, viewer, faults), status=422 if faults else 200)


def _page(row: PublicWarning, viewer: Viewer, faults: dict[str, object]) -> dict[str, Any]:
    shown = queries.row(row.pk, viewer)
    phones = [_phone(row, language) for language in ("id", "en")]
    return {
        "row": row, "shown": shown, "faults": faults, "phones": phones, "cap": queries.preview(row),
        "editable": row.state == rules.State.DRAFT and actions.may_draft(viewer),
        "may_draft": actions.may_draft(viewer), "may_approve": actions.may_approve(viewer, row),
        "has_power": viewer.has(Role.LEADERSHIP) or viewer.may((Role.HEAD,), row.agency),
        "may_end": viewer.has(*ENDERS),
        "needs_second": rules.needs_second(row.step, row.status, row.severity, row.urgency),
        "sounds": rules.sounds(row.step, row.status, row.severity, row.urgency, row.response,
                               row.with_sirens),
        "groups": _groups(), "statuses": _statuses(viewer), "severities": rules.Severity.choices,
        "urgencies": rules.Urgency.choices, "certainties": rules.Certainty.choices,
        "categories": rules.Category.choices, "responses": rules.Response.choices,
        "chain": queries.chain(row.first_id or row.pk), "reports": queries.delivery_report(row.pk),
        "orders": queries.siren_orders(row.pk), "reader_count": queries.reach(row),
        "geometry": areas.for_maps(areas.shape_of(row.area_codes, row.drawn, row.circle)),
        "most": rules.HEADLINE_MOST, "url": compose.url_of(row.identifier),
    }  # fmt: skip


def _phone(row: PublicWarning, language: str) -> dict[str, object]:
    """The telephone's message with its length, as SMS counts it."""
    headline, steps = getattr(row, f"headline_{language}"), getattr(row, f"instruction_{language}")
    text = rules.phone_message(
        row.status, row.step, headline, steps, compose.url_of(row.identifier), language
    )
    letters, parts = rules.segments(text)
    return {"language": language, "text": text, "letters": letters, "parts": parts, "headline": len(headline)}


def _write(request: HttpRequest, warning_id: int, viewer: Viewer) -> dict[str, object]:
    """Keep what was written, and do what the pressed button says. Returns the faults by field."""
    act = request.POST.get("act", "save")
    try:
        if act == "discard":
            actions.discard(warning_id, viewer=viewer)
            messages.success(request, _("The draft was discarded."))
            return {}
        actions.edit(warning_id, _draft(request.POST), viewer=viewer)
        if act == "submit":
            state = actions.submit(warning_id, viewer=viewer)
            waits = state == rules.State.WAITING
            words = _("It waits for the second approval.") if waits else _("The warning is out.")
            messages.success(request, words)
        else:
            messages.success(request, _("Saved."))
    except Invalid as wrong:
        messages.error(request, _("Not sent yet: something is missing."))
        return wrong.fields
    except Refused as refused:
        messages.error(request, str(refused))
    return {}


def _draft(told: Any) -> Draft:
    """The form as a draft. Raises Invalid."""
    drawn = told.get("drawn", "").strip()
    try:
        shape = orjson.loads(drawn) if drawn else None
    except orjson.JSONDecodeError:
        raise Invalid({"areas": _("The drawing cannot be read.")}) from None
    texts = {name: told.get(name, "") for name in actions.TEXTS}
    lists = {name: told.get(name, "") for name in ("status", "category", "urgency", "severity", "certainty",
                                                   "response")}  # fmt: skip
    return Draft(
        **texts, **lists, with_sirens=told.get("with_sirens") == "on", area_desc=told.get("area_desc", ""),
        area_codes=told.getlist("areas"), drawn=shape,
        circle=areas.circle_of(told.get("circle_lon"), told.get("circle_lat"), told.get("circle_km")),
        onset=_moment(told.get("onset", "")), expires=_moment(told.get("expires", "")),
    )  # fmt: skip


def _moment(text: str) -> datetime | None:
    """A form's local time, as WIB. Raises Invalid."""
    if not text.strip():
        return None
    try:
        at = parse_datetime(text.strip())
    except ValueError:
        at = None
    if at is None:
        raise Invalid({"expires": _("This is no time.")})
    return at if at.tzinfo else at.replace(tzinfo=clock.WIB)


def _statuses(viewer: Viewer) -> list[tuple[str, Any]]:
    """What a warning may be; who is simulated, or in a demo, warns of nothing real."""
    pretends = settings.DEMO or viewer.simulated
    return [pair for pair in rules.Status.choices if not (pretends and pair[0] == rules.Status.ACTUAL)]


def _groups() -> list[tuple[Any, list[Any]]]:
    """Kecamatan with their kelurahan, by name."""
    lowest = sorted(places.areas("kelurahan"), key=lambda ref: ref.name)
    above = sorted(places.areas("kecamatan"), key=lambda ref: ref.name)
    return [(ref, [one for one in lowest if one.parent == ref.code]) for ref in above]


@requires(*DECIDERS)
@require_POST
def approve(request: HttpRequest, warning_id: int) -> HttpResponse:
    """The second approval: of what was read, not of what came after."""
    seen = parse_datetime(request.POST.get("seen", "")) if request.POST.get("seen") else None
    viewer = _viewer(request)
    done = _try(request, lambda: _done(actions.approve, warning_id, viewer=viewer, seen=seen))
    if done:
        messages.success(request, _("The warning is out."))
    return redirect("console:warning", warning_id)


@requires(*READERS)
@require_POST
def send_back(request: HttpRequest, warning_id: int) -> HttpResponse:
    """No, with a reason; or the writer takes it back."""
    reason = request.POST.get("reason", "")
    if _try(request, lambda: _done(actions.send_back, warning_id, reason, viewer=_viewer(request))):
        messages.success(request, _("It is a draft again."))
    return redirect("console:warning", warning_id)


@requires(*WRITERS)
@require_POST
def update(request: HttpRequest, warning_id: int) -> HttpResponse:
    """Begin the next message about it."""
    made = _try(request, lambda: actions.update(warning_id, viewer=_viewer(request)))
    return redirect("console:warning", made or warning_id)


@requires(*ENDERS)
@require_POST
def cancel(request: HttpRequest, warning_id: int) -> HttpResponse:
    """It was wrong."""
    reason = request.POST.get("reason", "")
    made = _try(request, lambda: actions.cancel(warning_id, reason, viewer=_viewer(request)))
    return redirect("console:warning", made or warning_id)


@requires(*ENDERS)
@require_POST
def all_clear(request: HttpRequest, warning_id: int) -> HttpResponse:
    """The danger is over."""
    words = request.POST.get("words", "")
    made = _try(request, lambda: actions.all_clear(warning_id, words, viewer=_viewer(request)))
    return redirect("console:warning", made or warning_id)


def _try[T](request: HttpRequest, act: Callable[[], T]) -> T | None:
    try:
        return act()
    except Refused as refused:
        messages.error(request, str(refused))
        return None


def _done(act: Callable[..., None], *arguments: object, **more: object) -> bool:
    act(*arguments, **more)
    return True
