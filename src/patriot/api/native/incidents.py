"""Incidents, tasks and the money for them."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status

from patriot.api.native.auth import viewer
from patriot.api.native.schemas import (
    CommitmentOut,
    DecisionIn,
    IncidentDetail,
    IncidentOut,
    IncidentPage,
    RecommendationOut,
    TaskIn,
    TaskOpened,
)
from patriot.dispatch import queries as dispatch
from patriot.funds import actions as funds
from patriot.funds import queries as fund_queries
from patriot.incidents import actions, queries
from patriot.kernel.errors import NotAllowed, NotFound
from patriot.people.rules import Role

router = Router(tags=["incidents"])
MOST_A_PAGE = 200
CAN_ASK = (Role.OFFICER, Role.STAFF, Role.HEAD, Role.DISPATCHER, Role.OPERATOR, Role.LEADERSHIP)


class Wanted(Schema):
    """The list's filters. `state`: a state, `open` or `all`; `order`: urgent, due, newest, oldest."""

    state: str = "open"
    priority: str = ""
    agency: str = ""
    category: str = ""
    kecamatan: str = ""
    late: str = ""
    q: str = ""
    order: str = "urgent"


@router.get("/incidents", response=IncidentPage)
def list_incidents(
    request: HttpRequest, wanted: Query[Wanted], page: int = 1, size: int = 50
) -> dict[str, Any]:
    """The incidents of the caller's scope."""
    filters = queries.Filters.parse(wanted.dict())
    found = queries.queue(viewer(request), filters, page, max(1, min(size, MOST_A_PAGE)))
    return {"incidents": found.rows, "page": found.number, "pages": found.pages, "total": found.total}


@router.get("/incidents/{int:incident_id}", response=IncidentDetail)
def get_incident(request: HttpRequest, incident_id: int) -> dict[str, Any]:
    """One incident with its tasks and crews."""
    found = _seen(request, incident_id)
    row = IncidentOut.from_orm(found.row).dict()
    more = ("respond_due", "resolve_due", "resolved_at", "closed_at", "temporary", "unit_kind", "usual_task",
            "usual_cost")  # fmt: skip
    crews = dispatch.of_incident(incident_id)
    return row | {name: getattr(found, name) for name in more} | {"assignments": crews}


def _seen(request: HttpRequest, incident_id: int) -> queries.Detail:
    found = queries.detail(incident_id, viewer(request))
    if found is None:
        raise NotFound(_("There is no such incident."))
    return found


@router.post("/incidents/{int:incident_id}/tasks", response={201: TaskOpened})
def open_task(request: HttpRequest, incident_id: int, order: TaskIn) -> Status[TaskOpened]:
    """Order work; the agency's response fund is asked for the estimate."""
    opened = actions.open_task(incident_id, order.kind, order.estimate_idr, viewer=viewer(request),
                               agency=order.agency, note=order.note)  # fmt: skip
    told = TaskOpened(task=opened.task_id, state=opened.state)
    if opened.decision:
        said = opened.decision
        told.commitment, told.approved = said.commitment_id, said.approved
        told.rule, told.goes_to = said.rule, said.goes_to or ""
    return Status(201, told)


@router.get("/incidents/{int:incident_id}/recommendation", response=RecommendationOut)
def recommend(request: HttpRequest, incident_id: int, task: int | None = None) -> RecommendationOut:
    """Which units to send, best first, with reasons."""
    _seen(request, incident_id)
    if not viewer(request).has(*CAN_ASK):
        raise NotAllowed(_("Your role does not allow this."))
    advice = dispatch.recommend(incident_id, viewer=viewer(request), task_id=task)
    return RecommendationOut.of(advice)


@router.get("/funds/pending", response=list[CommitmentOut])
def pending(request: HttpRequest) -> list[Any]:
    """Money that waits for somebody's decision, in the caller's scope."""
    return list(fund_queries.pending(viewer(request)))


@router.post("/funds/commitments/{int:commitment_id}/decision", response={204: None})
def decide(request: HttpRequest, commitment_id: int, decision: DecisionIn) -> Status[None]:
    """Approve or refuse money, with a reason that will be public."""
    funds.decide(commitment_id, decision.approve, decision.reason, viewer=viewer(request))
    return Status(204, None)
