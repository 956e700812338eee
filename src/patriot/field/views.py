"""Pages of the officer's phone, working without JavaScript: every step is a form."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from patriot.dispatch import actions, duty, queries
from patriot.dispatch.rules import Repair, State, sources
from patriot.dispatch.words import kilometres, kind, minutes
from patriot.kernel.errors import Invalid, Refused
from patriot.people.guard import requires
from patriot.people.rules import Role, Viewer

type Given = Any  # request.POST and request.FILES of one form

STEPS = {"accept": State.ACCEPTED, "set-off": State.EN_ROUTE, "arrive": State.ON_SCENE}


@requires(Role.OFFICER)
@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """My unit and what it has to do."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    unit = queries.unit_of(viewer)
    rows = queries.mine(viewer)
    page = {
        "unit": unit,
        "units": [] if unit else [row for row in queries.units(viewer) if row.state != "off"],
        "calls": [_card(row) for row in rows if row.active],
        "ended": [_card(row) for row in rows if not row.active],
        "simulated": viewer.simulated,
        "config": {
            "user": viewer.user_id, "unit": unit.pk if unit else None,
            "callsign": unit.callsign if unit else "", "simulated": viewer.simulated,
        },
    }  # fmt: skip
    return render(request, "field/home.html", page)


def _card(row: queries.AssignmentRow) -> dict[str, Any]:
    """A call with the steps that can follow, its words, and a key that makes a second press harmless."""
    state = State(row.state)
    following = [step for step, target in STEPS.items() if state in sources(target)]
    return {
        "row": row,
        "state": state.label,
        "next": following[0] if following else "",
        "can_decline": state in sources(State.DECLINED),
        "on_scene": state == State.ON_SCENE,
        "kind": kind(row.kind),
        "way": f"{minutes(row.eta_s)} · {kilometres(row.metres)}" if row.eta_s and row.metres else "",
        "key": uuid4(),
    }


@requires(Role.OFFICER)
@require_POST
def sign_on(request: HttpRequest) -> HttpResponse:
    """Become crew of the chosen unit."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    _try(request, lambda: duty.sign_on(_whole(request.POST, "unit"), viewer=viewer))
    return redirect("field:home")


@requires(Role.OFFICER)
@require_POST
def sign_off(request: HttpRequest) -> HttpResponse:
    """Leave the unit."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    _try(request, lambda: duty.sign_off(viewer=viewer))
    return redirect("field:home")


@requires(Role.OFFICER)
@require_POST
def step(request: HttpRequest, assignment_id: int, step: str) -> HttpResponse:
    """Carry out one step of a call and come back to the page, with words about what was wrong."""
    act = ACTS.get(step)
    if act is None:
        raise Http404
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    _try(request, lambda: act(assignment_id, viewer, request))
    return redirect("field:home")


def _try(request: HttpRequest, act: Callable[[], object]) -> None:
    try:
        act()
    except Refused as why:
        messages.error(request, str(why))


def _walk(act: Callable[..., None]) -> Callable[[int, Viewer, HttpRequest], None]:
    return lambda pk, viewer, request: act(pk, viewer=viewer, key=_key(request.POST))


def _decline(pk: int, viewer: Viewer, request: HttpRequest) -> None:
    actions.decline(pk, request.POST.get("reason", ""), viewer=viewer, key=_key(request.POST))


def _measure(pk: int, viewer: Viewer, request: HttpRequest) -> None:
    length, width = _whole(request.POST, "length_cm"), _whole(request.POST, "width_cm")
    depth = _whole(request.POST, "depth_cm") if request.POST.get("depth_cm") else 0
    actions.record_measurement(pk, length, width, depth, viewer=viewer, key=_key(request.POST))


def _photo(pk: int, viewer: Viewer, request: HttpRequest) -> None:
    sent = request.FILES.get("photo")
    if sent is None:
        raise Invalid({"photo": _("Choose a picture first.")})
    actions.add_photo(pk, sent.read(), viewer=viewer, key=_key(request.POST))


def _finish(pk: int, viewer: Viewer, request: HttpRequest) -> None:
    cost = _whole(request.POST, "cost_idr") if request.POST.get("cost_idr") else None
    repair = request.POST.get("repair", "")
    if repair not in set(Repair):
        raise Invalid({"repair": _("Say whether the repair is temporary or permanent.")})
    notes = request.POST.get("notes", "")
    actions.finish(pk, repair, viewer=viewer, cost_idr=cost, notes=notes, key=_key(request.POST))


ACTS: dict[str, Callable[[int, Viewer, HttpRequest], None]] = {
    "accept": _walk(actions.accept),
    "set-off": _walk(actions.set_off),
    "arrive": _walk(actions.arrive),
    "decline": _decline,
    "measure": _measure,
    "photo": _photo,
    "finish": _finish,
}


def _whole(given: Given, name: str) -> int:
    """A whole number of the form. People write thousands with dots."""
    text = str(given.get(name, "")).strip().replace(".", "").replace(" ", "")
    if not text.isascii() or not text.removeprefix("-").isdigit() or len(text) > 15:
        raise Invalid({name: _("Write a whole number.")})
    return int(text)


def _key(given: Given) -> UUID | None:
    try:
        return UUID(str(given.get("key", "")))
    except ValueError:
        return None
