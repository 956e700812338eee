"""Asking for money, deciding, spending, releasing. A fund's row is locked while its money is counted."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from patriot.funds import events, queries
from patriot.funds.models import Commitment, ResponseFund
from patriot.funds.rules import Limits, in_words, judge, rupiah
from patriot.kernel import clock
from patriot.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from patriot.ledger import actions as ledger
from patriot.people.rules import Role, Viewer

State = Commitment.State
LARGEST_IDR = 1_000_000_000_000


@dataclass(frozen=True)
class Decision:
    """The answer to a request: approved at once, or who decides; by which rule, applied to which figures."""

    commitment_id: int
    approved: bool
    code: str
    limits: Limits | None
    goes_to: str | None

    @property
    def rule(self) -> str:
        """The rule as a sentence in the active language."""
        return in_words(self.code, self.limits)


@transaction.atomic
def request(
    agency: str, amount: int, purpose: str, subject: str, *, actor: str, simulated: bool = False
) -> Decision:
    """Ask an agency's fund for `amount` rupiah. Raises Invalid when the amount is none."""
    if not 0 < amount <= LARGEST_IDR:
        raise Invalid({"amount": _("The amount must be between Rp 1 and Rp 1.000.000.000.000.")})
    year = queries.this_year()
    limits = queries.limits(_locked(agency, year))
    ruling = judge(amount, limits)
    row = Commitment.objects.create(
        agency=agency,
        year=year,
        amount_idr=amount,
        purpose=purpose[:200],
        subject=subject,
        state=State.APPROVED if ruling.approved else State.PENDING,
        goes_to=ruling.goes_to,
        rule=ruling.rule,
        available_idr=limits.available if limits else 0,
        requested_by=actor,
        requested_at=clock.now(),
        simulated=simulated,
    )
    _announce(events.Requested(**_about(row)), row, actor)
    return Decision(row.pk, ruling.approved, ruling.rule, limits, ruling.goes_to or None)


@transaction.atomic
def decide(commitment_id: int, approve: bool, reason: str, *, viewer: Viewer) -> None:
    """Approve or refuse a pending request, with a reason.

    Raises NotAllowed outside the viewer's power, Conflict when it was decided already or money lacks.
    """
    row = _commitment(commitment_id)
    if not viewer.sees(row.agency):
        raise NotFound(_("There is no such request."))
    if not queries.may_decide(viewer, row.agency, row.goes_to, row.requested_by):
        raise NotAllowed(_("This decision is not yours to take."))
    if not reason.strip():
        raise Invalid({"reason": _("Say why: the reason is shown beside the decision.")})
    limits = queries.limits(_locked(row.agency, row.year))
    available = limits.available if limits else 0
    if approve and row.amount_idr > available:
        raise Conflict(_("The fund has only {available} left.").format(available=rupiah(available)))
    _move(
        row,
        State.PENDING,
        State.APPROVED if approve else State.REFUSED,
        decided_by=viewer.actor,
        decided_at=clock.now(),
        reason=reason.strip()[:300],
    )
    _announce(events.Decided(**_about(row), approved=approve, reason=row.reason), row, viewer.actor)


@transaction.atomic
def spend(commitment_id: int, *, actor: str, amount: int | None = None) -> None:
    """Book an approved commitment as spent; `amount`: its cost, at most what was approved (the default)."""
    row = _commitment(commitment_id)
    _locked(row.agency, row.year)
    cost = row.amount_idr if amount is None else amount
    if not 0 < cost <= row.amount_idr:
        most = rupiah(row.amount_idr)
        raise Invalid({"amount": _("At most {most} was approved. Ask for the rest first.").format(most=most)})
    _move(row, State.APPROVED, State.SPENT, amount_idr=cost)
    _announce(events.Spent(**_about(row)), row, actor)


@transaction.atomic
def release(commitment_id: int, *, actor: str) -> None:
    """Give up a pending or approved commitment: its amount is available again."""
    row = _commitment(commitment_id)
    if row.state not in (State.PENDING, State.APPROVED):
        raise Conflict(_("This money was spent or refused already."))
    _locked(row.agency, row.year)
    _move(row, State(row.state), State.RELEASED)
    _announce(events.Released(**_about(row)), row, actor)


@transaction.atomic
def raise_fund(agency: str, by: int, reason: str, *, viewer: Viewer) -> None:
    """Put `by` rupiah into an agency's fund of this year. Leadership only, with a reason."""
    if not viewer.has(Role.LEADERSHIP):
        raise NotAllowed(_("This decision is not yours to take."))
    if not 0 < by <= LARGEST_IDR or not reason.strip():
        raise Invalid({"amount": _("Give an amount and a reason.")})
    fund = _locked(agency, queries.this_year())
    if fund is None:
        raise NotFound(_("The agency has no response fund this year."))
    fund.amount_idr += by
    fund.save(update_fields=["amount_idr"])
    raised = events.Raised(
        agency=agency, year=fund.year, by_idr=by, amount_idr=fund.amount_idr, reason=reason.strip()
    )
    ledger.append(
        raised, actor=viewer.actor, subject=f"fund:{agency}", agency=agency, simulated=viewer.simulated
    )


def _locked(agency: str, year: int) -> ResponseFund | None:
    """The fund's row, held until the transaction ends: whoever counts its money waits here."""
    return ResponseFund.objects.select_for_update().filter(agency=agency, year=year).first()


def _commitment(commitment_id: int) -> Commitment:
    row = Commitment.objects.filter(pk=commitment_id).first()
    if row is None:
        raise NotFound(_("There is no such request."))
    return row


def _move(row: Commitment, old: State, new: State, **changes: object) -> None:
    """Compare and set: only from `old`."""
    if Commitment.objects.filter(pk=row.pk, state=old).update(state=new, **changes) != 1:
        raise Conflict(_("Somebody has decided this already."))
    row.refresh_from_db()


def _about(row: Commitment) -> dict[str, Any]:
    fund = ResponseFund.objects.filter(agency=row.agency, year=row.year).first()
    left = fund.amount_idr - queries.used(row.agency, row.year) if fund else 0
    return {
        "commitment": row.pk,
        "agency": row.agency,
        "year": row.year,
        "amount_idr": row.amount_idr,
        "available_idr": left,
        "state": str(row.state),
        "goes_to": row.goes_to,
        "rule": row.rule,
        "subject": row.subject,
        "purpose": row.purpose,
    }


def _announce(event: events.About, row: Commitment, actor: str) -> None:
    ledger.append(
        event, actor=actor, subject=f"commitment:{row.pk}", agency=row.agency, simulated=row.simulated
    )
