"""What operators do to alarms: one form, one action. For htmx the answer is a word and the news of it."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from patriot.alarms import actions
from patriot.console.views import OPERATORS, whole
from patriot.incidents.actions import open_from_alarm
from patriot.kernel import clock
from patriot.kernel.errors import Invalid, NotFound, Refused
from patriot.people.guard import requires
from patriot.people.rules import Viewer

type Act = Callable[[int, QueryDict, Viewer], str]


def _minutes(form: QueryDict) -> timedelta:
    minutes = whole(form.get("minutes", ""), 0)
    if not minutes:
        raise Invalid({"minutes": _("Choose for how long.")})
    return timedelta(minutes=min(minutes, 60 * 24 * 365))


def _moment(text: str) -> datetime | None:
    """A local time as a form's `datetime-local` field has it; None for an empty field. Raises Invalid."""
    if not text:
        return None
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise Invalid({"until": _("This is not a time.")})
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.WIB)


def _acknowledge(alarm_id: int, form: QueryDict, viewer: Viewer) -> str:
    level = form.get("level", "")
    seen = whole(level, 0) if level else None
    actions.acknowledge(alarm_id, viewer=viewer, note=form.get("note", ""), seen_level=seen)
    return _("Acknowledged.")


def _undo(alarm_id: int, _form: QueryDict, viewer: Viewer) -> str:
    actions.undo_acknowledge(alarm_id, viewer=viewer)
    return _("Taken back.")


def _reset(alarm_id: int, _form: QueryDict, viewer: Viewer) -> str:
    actions.reset(alarm_id, viewer=viewer)
    return _("Reset.")


def _shelve(alarm_id: int, form: QueryDict, viewer: Viewer) -> str:
    until = clock.now() + _minutes(form)
    actions.shelve(alarm_id, until, form.get("reason", ""), viewer=viewer)
    return _("Shelved until {time}.").format(time=f"{until.astimezone(clock.WIB):%H.%M}")


def _unshelve(alarm_id: int, _form: QueryDict, viewer: Viewer) -> str:
    actions.unshelve(alarm_id, viewer=viewer)
    return _("Taken from the shelf.")


def _take_out(alarm_id: int, form: QueryDict, viewer: Viewer) -> str:
    until = _moment(form.get("until", ""))
    actions.take_out_of_service(alarm_id, form.get("reason", ""), viewer=viewer, until=until)
    return _("Out of service.")


def _put_back(alarm_id: int, _form: QueryDict, viewer: Viewer) -> str:
    actions.return_to_service(alarm_id, viewer=viewer)
    return _("In service again.")


def _suppress(alarm_id: int, form: QueryDict, viewer: Viewer) -> str:
    starts = _moment(form.get("starts", "")) or clock.now()
    ends = _moment(form.get("ends", ""))
    if ends is None:
        raise Invalid({"until": _("Say when the work will be over.")})
    whole_thing = form.get("scope", "thing") != "alarm"
    actions.suppress(alarm_id, starts, ends, form.get("reason", ""), viewer=viewer, whole_thing=whole_thing)
    return _("The window is planned.")


def _end_window(_alarm_id: int, form: QueryDict, viewer: Viewer) -> str:
    actions.end_window(form.get("window", "")[:48], viewer=viewer)
    return _("The window has ended.")


def _tick(alarm_id: int, form: QueryDict, viewer: Viewer) -> str:
    actions.tick_step(alarm_id, whole(form.get("step", ""), 0), form.get("done") == "1", viewer=viewer)
    return ""


def _note(alarm_id: int, form: QueryDict, viewer: Viewer) -> str:
    actions.note(alarm_id, form.get("words", ""), viewer=viewer)
    return _("Noted.")


ACTS: dict[str, Act] = {
    "acknowledge": _acknowledge, "undo": _undo, "reset": _reset, "shelve": _shelve, "unshelve": _unshelve,
    "take-out": _take_out, "put-back": _put_back, "suppress": _suppress, "end-window": _end_window,
    "tick": _tick, "note": _note,
}  # fmt: skip


@requires(*OPERATORS)
@require_POST
def act(request: HttpRequest, alarm_id: int, name: str) -> HttpResponse:
    """Do something to an alarm."""
    do = ACTS.get(name)
    if do is None:
        raise Http404
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    return _answer(request, lambda: do(alarm_id, request.POST, viewer), alarm_id)


@requires(*OPERATORS)
@require_POST
def acknowledge_all(request: HttpRequest) -> HttpResponse:
    """Acknowledge what was on the screen: `seen` holds `id:level` of each."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]

    def do() -> str:
        pairs = [text.split(":") for text in request.POST.getlist("seen")]
        seen = [(whole(pair[0], 0), whole(pair[1], 0)) for pair in pairs if len(pair) == 2]
        done = actions.acknowledge_all(seen, viewer=viewer)
        words = ngettext("{n} alarm acknowledged.", "{n} alarms acknowledged.", done).format(n=done)
        return words if done == len(seen) else words + " " + _("What changed meanwhile was left.")

    return _answer(request, do, None)


@requires(*OPERATORS)
@require_POST
def open_incident(request: HttpRequest, alarm_id: int) -> HttpResponse:
    """One click to the alarm's incident, in the console."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    try:
        opened = open_from_alarm(alarm_id, viewer=viewer)
    except Refused as refused:
        words = str(refused)

        def say() -> str:
            raise Invalid({"incident": words})

        return _answer(request, say, alarm_id)
    where = f"{reverse('console:console')}?incident={opened.incident_id}"
    said = _("Incident {number} was there already.") if opened.found else _("Incident {number} was opened.")
    messages.success(request, said.format(number=opened.number))
    if "HX-Request" in request.headers:
        answer = HttpResponse(status=204)
        answer["HX-Redirect"] = where
        return answer
    return redirect(where)


def _answer(request: HttpRequest, do: Callable[[], str], alarm_id: int | None) -> HttpResponse:
    """Act. htmx gets a toast and the news; a form without JavaScript the page it came from."""
    by_htmx = "HX-Request" in request.headers
    try:
        done, refused = do(), ""
    except NotFound as missing:
        raise Http404(str(missing)) from missing
    except Invalid as fault:
        if by_htmx:
            return _beside_the_form(request, str(fault))
        done, refused = "", str(fault)
    except Refused as fault:
        done, refused = "", str(fault)
    if by_htmx:
        answer = HttpResponse(status=204)
        answer["HX-Trigger"] = json.dumps({"toast": refused or done, "alarms": ""})
        return answer
    if refused or done:
        (messages.error if refused else messages.success)(request, refused or done)
    return redirect(_back(request, alarm_id))


def _beside_the_form(request: HttpRequest, refused: str) -> HttpResponse:
    """What is wrong, without touching what was typed."""
    answer = render(request, "console/alarms/_refused.html", {"refused": refused})
    answer["HX-Retarget"] = "#alarm-refused"
    answer["HX-Reswap"] = "innerHTML show:#alarm-refused:top"
    return answer


def _back(request: HttpRequest, alarm_id: int | None) -> str:
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("console:alarm", args=[alarm_id]) if alarm_id else reverse("console:alarms")
