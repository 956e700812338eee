"""What people do at a desk or a console: one form, one action. Refusals are said in the page."""

import json
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from patriot.desk import page
from patriot.desk.views import WORKERS
from patriot.dispatch import actions as dispatch
from patriot.dispatch import queries as crews
from patriot.funds import actions as funds
from patriot.incidents import actions, queries
from patriot.kernel.errors import Invalid, NotFound, Refused
from patriot.people.guard import requires
from patriot.people.rules import Role, Viewer

type Act = Callable[[int, QueryDict, Viewer], str]
LARGEST = 15  # digits


def amount(text: str, field: str) -> int:
    """A whole amount as people type it: 1.250.000 or 1250000; empty is 0. Raises Invalid."""
    digits = text.strip().removeprefix("Rp").replace(".", "").replace(",", "").replace(" ", "").strip()
    if not digits:
        return 0
    if not digits.isascii() or not digits.isdigit() or len(digits) > LARGEST:
        raise Invalid({field: _("Write the amount in rupiah, such as 1.250.000.")})
    return int(digits)


def chosen(text: str, field: str) -> int:
    """The id of something chosen. Raises Invalid."""
    if not text.isascii() or not text.isdigit() or len(text) > LARGEST:
        raise Invalid({field: _("Choose one.")})
    return int(text)


def _open_task(incident_id: int, form: QueryDict, viewer: Viewer) -> str:
    opened = actions.open_task(
        incident_id, form.get("kind", ""), amount(form.get("estimate", ""), "estimate"), viewer=viewer,
        agency=form.get("agency", ""), note=form.get("note", ""), seen=form.get("seen", ""),
    )  # fmt: skip
    return opened.decision.rule if opened.decision else _("The task is ready for a crew.")


def _reroute(incident_id: int, form: QueryDict, viewer: Viewer) -> str:
    seen = form.get("seen", "")
    actions.reroute(incident_id, form.get("agency", ""), form.get("reason", ""), viewer=viewer, seen=seen)
    return _("Passed on.")


def _reject(incident_id: int, form: QueryDict, viewer: Viewer) -> str:
    actions.reject(incident_id, form.get("reason", ""), viewer=viewer, seen=form.get("seen", ""))
    return _("Rejected. The sender reads your reason.")


def _answer(incident_id: int, form: QueryDict, viewer: Viewer) -> str:
    actions.answer(incident_id, form.get("words", ""), viewer=viewer, seen=form.get("seen", ""))
    return _("Answered. The sender now confirms or opens it again.")


def _reply(incident_id: int, form: QueryDict, viewer: Viewer) -> str:
    actions.reply(incident_id, form.get("words", ""), viewer=viewer)
    return _("Written. The sender reads it on the page of the report.")


def _note(incident_id: int, form: QueryDict, viewer: Viewer) -> str:
    actions.note(incident_id, form.get("words", ""), viewer=viewer)
    return _("Noted.")


def _set_priority(incident_id: int, form: QueryDict, viewer: Viewer) -> str:
    old = actions.set_priority(incident_id, form.get("priority", ""), form.get("reason", ""), viewer=viewer)
    return _("The priority was {old}. You can undo it.").format(old=old)


def _merge(incident_id: int, form: QueryDict, viewer: Viewer) -> str:
    actions.merge(incident_id, chosen(form.get("into", ""), "into"), viewer=viewer)
    return _("Made one. The reports have moved.")


def _reopen(incident_id: int, form: QueryDict, viewer: Viewer) -> str:
    known = queries.detail(incident_id, viewer)
    actions.reopen(known.row.number if known else "", form.get("words", ""), viewer=viewer)
    return _("Opened again, with new deadlines.")


def _remind(incident_id: int, form: QueryDict, viewer: Viewer) -> str:
    actions.remind(incident_id, form.get("words", ""), viewer=viewer)
    return _("The owner was reminded.")


def _escalate(incident_id: int, form: QueryDict, viewer: Viewer) -> str:
    actions.escalate(incident_id, form.get("words", ""), viewer=viewer)
    return _("Taken to the leadership.")


ACTS: dict[str, Act] = {
    "open-task": _open_task, "reroute": _reroute, "reject": _reject, "answer": _answer, "reply": _reply,
    "note": _note, "priority": _set_priority, "merge": _merge, "reopen": _reopen, "remind": _remind,
    "escalate": _escalate,
}  # fmt: skip


def _assign(task_id: int, form: QueryDict, viewer: Viewer) -> str:
    dispatch.assign(task_id, chosen(form.get("unit", ""), "unit"), viewer=viewer, note=form.get("note", ""))
    return _("Assigned. The crew is being told.")


def _finish(task_id: int, form: QueryDict, viewer: Viewer) -> str:
    cost = amount(form.get("cost", ""), "cost") or None
    repair = form.get("repair", "permanent")
    actions.complete_task(task_id, actor=viewer.actor, repair=repair, cost_idr=cost, viewer=viewer)
    return _("Done.")


def _cancel(task_id: int, form: QueryDict, viewer: Viewer) -> str:
    actions.cancel_task(task_id, form.get("reason", ""), viewer=viewer)
    return _("Given up. Its money is available again.")


TASK_ACTS: dict[str, Act] = {"assign": _assign, "finish": _finish, "cancel": _cancel}


@requires(*WORKERS)
@require_POST
def act(request: HttpRequest, incident_id: int, name: str) -> HttpResponse:
    """Do something to an incident."""
    return _answer_with(request, ACTS.get(name), incident_id, incident_id)


@requires(*WORKERS)
@require_POST
def act_on_task(request: HttpRequest, task_id: int, name: str) -> HttpResponse:
    """Do something to a task."""
    task = queries.task(task_id)
    if task is None:
        raise Http404(_("There is no such task."))
    return _answer_with(request, TASK_ACTS.get(name), task_id, task.incident)


@requires(*WORKERS)
@require_POST
def withdraw(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """Call a crew back."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    try:
        incident_id = crews.assignment(assignment_id, viewer).incident
    except Refused as refused:
        raise Http404(str(refused)) from refused

    def call_back(key: int, form: QueryDict, viewer: Viewer) -> str:
        dispatch.cancel(key, form.get("reason", ""), viewer=viewer)
        return _("The crew was called back.")

    return _answer_with(request, call_back, assignment_id, incident_id)


def _answer_with(request: HttpRequest, do: Act | None, key: int, incident_id: int) -> HttpResponse:
    """Act, then show the incident again: as a part of the page for htmx, otherwise after a redirect."""
    if do is None:
        raise Http404
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    done, refused = "", ""
    try:
        done = do(key, request.POST, viewer)
    except Invalid as fault:
        if "HX-Request" in request.headers:
            return _beside_the_form(request, str(fault))
        refused = str(fault)
    except Refused as fault:
        refused = str(fault)
    if "HX-Request" in request.headers:
        return _part(request, incident_id, viewer, done, refused)
    (messages.error if refused else messages.success)(request, refused or done)
    return redirect(_back(request, reverse("desk:incident", args=[incident_id])))


def _beside_the_form(request: HttpRequest, refused: str) -> HttpResponse:
    """What is wrong, without touching what was typed."""
    response = render(request, "desk/_refused.html", {"refused": refused})
    response["HX-Retarget"] = "#refused"
    response["HX-Reswap"] = "innerHTML show:#refused:top"
    return response


def _part(request: HttpRequest, incident_id: int, viewer: Viewer, done: str, refused: str) -> HttpResponse:
    try:
        context = page.context(incident_id, viewer)
    except NotFound:  # it has just been given to somebody else
        response = HttpResponse(status=200)
        response["HX-Redirect"] = reverse("desk:queue")
        return response
    context |= {"embedded": True, "refused": refused}
    response = render(request, "desk/_incident.html", context)
    if done:
        response["HX-Trigger"] = json.dumps({"toast": done, "news": ""})
    return response


def _back(request: HttpRequest, default: str) -> str:
    """Where the form came from, when that is a page of ours."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else default


@requires(Role.HEAD, Role.LEADERSHIP)
@require_POST
def decide(request: HttpRequest, commitment_id: int) -> HttpResponse:
    """Approve or refuse a request for money, with a reason."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    approve = request.POST.get("decision", "") == "approve"

    def decided() -> str:
        if request.POST.get("decision") not in ("approve", "refuse"):
            raise Invalid({"decision": _("Choose one.")})
        funds.decide(commitment_id, approve, request.POST.get("reason", ""), viewer=viewer)
        return _("Approved.") if approve else _("Refused.")

    return _say(request, decided)


@requires(Role.LEADERSHIP)
@require_POST
def raise_fund(request: HttpRequest) -> HttpResponse:
    """Put money into an agency's fund."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]

    def raised() -> str:
        by = amount(request.POST.get("amount", ""), "amount")
        funds.raise_fund(request.POST.get("agency", ""), by, request.POST.get("reason", ""), viewer=viewer)
        return _("The fund was raised.")

    return _say(request, raised)


def _say(request: HttpRequest, do: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, do())
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(_back(request, reverse("desk:funds")))
