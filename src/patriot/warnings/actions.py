"""Every write about the city's own warnings. Nobody sends a life-threatening message alone."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from patriot.kernel import clock
from patriot.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from patriot.kernel.ids import readable_code
from patriot.ledger import actions as ledger
from patriot.people.rules import Role, Viewer
from patriot.places import queries as places
from patriot.warnings import areas, cap, compose, events, rules
from patriot.warnings.models import PublicWarning, WarningTemplate
from patriot.warnings.prefill import suggest
from patriot.warnings.rules import LIVE, OPEN, State, Status, Step

DRAFTERS = (Role.OPERATOR, Role.DISPATCHER)
APPROVERS = (Role.LEADERSHIP,)
SYSTEM = "system:warnings"
MOST_NAMED = 4  # places in a headline
TEXTS = ("headline_id", "headline_en", "description_id", "description_en", "instruction_id", "instruction_en",
         "event_id", "event_en")  # fmt: skip
KEPT = ("template", "agency", "category", "urgency", "severity", "certainty", "response", *TEXTS, "area_desc",
        "area_codes", "drawn", "circle", "onset", "condition", "approval_minutes", "status",
        "with_sirens")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What an operator has written so far. Times are aware; `drawn` and `circle` as in the model."""

    status: str = Status.ACTUAL
    with_sirens: bool = False
    template: str = ""
    agency: str = ""
    category: str = rules.Category.MET
    urgency: str = rules.Urgency.UNKNOWN
    severity: str = rules.Severity.UNKNOWN
    certainty: str = rules.Certainty.UNKNOWN
    response: str = rules.Response.NONE
    event_id: str = ""
    event_en: str = ""
    headline_id: str = ""
    headline_en: str = ""
    description_id: str = ""
    description_en: str = ""
    instruction_id: str = ""
    instruction_en: str = ""
    area_desc: str = ""
    area_codes: list[str] = field(default_factory=list)
    drawn: dict[str, Any] | None = None
    circle: list[float] | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    condition: str = ""
    approval_minutes: int = 5


def may_draft(viewer: Viewer) -> bool:
    """True for those who write warnings."""
    return viewer.has(*DRAFTERS)


def may_approve(viewer: Viewer, row: PublicWarning) -> bool:
    """True for leadership and for the head of the agency that sends it, unless they had a hand in it."""
    power = viewer.has(*APPROVERS) or viewer.may((Role.HEAD,), row.agency)
    return power and viewer.actor not in {*row.hands, row.submitted_by}


@transaction.atomic
def draft(wanted: Draft, *, viewer: Viewer) -> int:
    """Begin a warning; returns its id."""
    _must(may_draft(viewer))
    row = PublicWarning(**_checked(wanted, viewer), **_begun(viewer))
    row.save()
    _announce(events.Drafted, row, viewer.actor)
    return row.pk


def draft_from_condition(condition: str, *, viewer: Viewer) -> int:
    """Begin a warning out of what a sensor noticed ("siaga:12"); hazard, figures and places are filled in.

    Raises NotFound when nothing is known of the condition or no template is about such.
    """
    _must(may_draft(viewer))
    found = suggest(condition, clock.now())
    if found is None:
        raise NotFound(_("Nothing is known of this alarm. Choose the hazard yourself."))
    return draft_from_template(
        found.template, found.fields, viewer=viewer, condition=condition, area_codes=found.areas
    )


def draft_from_template(
    code: str,
    fields: dict[str, str],
    *,
    viewer: Viewer,
    condition: str = "",
    area_codes: Sequence[str] = (),
    status: str = Status.ACTUAL,
) -> int:
    """Begin a warning with a hazard's words, for the areas chosen, else for those of the template."""
    template = WarningTemplate.objects.filter(code=code).first()
    if template is None:
        raise NotFound(_("There is no such hazard in the city's list."))
    area_codes = list(area_codes) or template.areas  # nothing chosen: where this hazard mostly strikes
    where = fields.get("places", "").strip() or names_of(area_codes)
    told = fields | {"places": where}
    brief = fields | {"places": fields.get("places", "").strip() or brief_names_of(area_codes)}
    words: dict[str, Any] = {
        **{name: rules.fill(getattr(template, name), brief) for name in TEXTS if "headline" in name},
        **{name: rules.fill_sentences(getattr(template, name), told) for name in TEXTS if "tion" in name},
    }
    wanted = Draft(
        template=code, agency=template.agency, category=template.category, urgency=template.urgency,
        severity=template.severity, certainty=template.certainty, response=template.response,
        event_id=template.name_id, event_en=template.name_en, **words,
        area_desc=where, area_codes=list(area_codes),
        expires=clock.now() + timedelta(hours=template.hours), condition=condition, status=status,
        approval_minutes=template.approval_minutes,
    )  # fmt: skip
    return draft(wanted, viewer=viewer)


def names_of(codes: Sequence[str]) -> str:
    """The areas' names, as people say them."""
    return ", ".join(ref.name for code in codes if (ref := places.area(code)))


def brief_names_of(codes: Sequence[str]) -> str:
    """As `names_of` where that is short enough for a headline; else their kecamatan, else the city."""
    refs = [ref for code in codes if (ref := places.area(code))]
    wholes = list(dict.fromkeys(ref.name if ref.level == "kecamatan" else ref.parent_name for ref in refs))
    for few in ([ref.name for ref in refs], wholes):
        if len(few) <= MOST_NAMED:
            return ", ".join(few)
    return next((ref.name for ref in places.areas("city")), ", ".join(wholes[:MOST_NAMED]))


@transaction.atomic
def edit(warning_id: int, wanted: Draft, *, viewer: Viewer) -> None:
    """Change a draft. Its step, chain, origin and identifier stay."""
    _must(may_draft(viewer))
    row = _locked(warning_id)
    changes = _checked(wanted, viewer)
    for name in ("template", "agency", "condition", "approval_minutes", "simulated"):
        changes.pop(name)
    if row.first_id:
        changes["status"] = row.status  # a drill is not updated into an emergency, nor the reverse
    _move(row, State.DRAFT, hands=_hands(row, viewer), **changes)
    _announce(events.Drafted, row, viewer.actor)


@transaction.atomic
def submit(warning_id: int, *, viewer: Viewer) -> State:
    """Send it, or, where lives are at stake, hand it to the second person. Returns the state it has then.

    Raises Invalid with what is missing.
    """
    _must(may_draft(viewer))
    row = _locked(warning_id)
    now = clock.now()
    _complete(row, now)
    if not rules.needs_second(row.step, row.status, row.severity, row.urgency):
        _publish(row, State.DRAFT, now, actor=viewer.actor)
        return State.PUBLISHED
    until = now + timedelta(minutes=row.approval_minutes)
    _move(
        row, State.DRAFT, state=State.WAITING, submitted_by=viewer.actor, submitted_at=now, waits_until=until,
        escalated_at=None, called_at=None, reason="",
    )  # fmt: skip
    _announce(events.Submitted, row, viewer.actor)
    return State.WAITING


@transaction.atomic
def approve(warning_id: int, *, viewer: Viewer, seen: datetime | None = None) -> None:
    """The second person's word: it is published. `seen`: when what they read was submitted; should it have
    been rewritten since, they must read it again (Conflict).
    """
    row = _locked(warning_id)
    if row.state != State.WAITING or (seen is not None and row.submitted_at != seen):
        raise Conflict(_("It has changed since you opened it. Read it again, please."))
    if not may_approve(viewer, row):
        raise NotAllowed(_("A second person with the power must approve it: not one who wrote it."))
    now = clock.now()
    _complete(row, now)
    row.approved_by = viewer.actor
    _announce(events.Approved, row, viewer.actor)
    _publish(row, State.WAITING, now, actor=viewer.actor, approved_by=viewer.actor)


@transaction.atomic
def send_back(warning_id: int, reason: str, *, viewer: Viewer) -> None:
    """The second person's no, with a reason; or the writers take it back to change it."""
    row = _locked(warning_id)
    if not (may_approve(viewer, row) or may_draft(viewer)):
        raise NotAllowed(_("This decision is not yours to take."))
    if not reason.strip():
        raise Invalid({"reason": _("Say why, so that it can be mended.")})
    _move(row, State.WAITING, state=State.DRAFT, reason=reason.strip()[:300], waits_until=None)
    _announce(events.Returned, row, viewer.actor)


@transaction.atomic
def discard(warning_id: int, *, viewer: Viewer) -> None:
    """Give a draft up."""
    _must(may_draft(viewer))
    row = _locked(warning_id)
    if row.state not in OPEN:
        raise Conflict(_("It was sent already: withdraw it instead."))
    _move(row, State(row.state), state=State.DISCARDED, ended_at=clock.now())
    _announce(events.Discarded, row, viewer.actor)


@transaction.atomic
def update(warning_id: int, *, viewer: Viewer) -> int:
    """Begin a newer message for a warning in force, with its words; returns the draft's id."""
    _must(may_draft(viewer))
    row = _in_force(warning_id)
    kept = {name: getattr(row, name) for name in KEPT}
    follower = PublicWarning(
        **kept, **_begun(viewer), step=Step.UPDATE, expires=row.expires, follows=row, first=row.first or row,
        simulated=row.simulated,
    )  # fmt: skip
    follower.save()
    _announce(events.Drafted, follower, viewer.actor)
    return follower.pk


@transaction.atomic
def cancel(warning_id: int, reason: str, *, viewer: Viewer) -> int:
    """Withdraw a warning that was wrong, at once; the reason is published. Returns the new message's id."""
    if not reason.strip():
        raise Invalid({"reason": _("Say why: people read it.")})
    row = _in_force(warning_id, viewer)
    words = {
        "headline_id": f"{row.event_id}: peringatan dicabut",
        "headline_en": f"{row.event_en}: warning withdrawn",
        "description_id": f'Peringatan "{row.headline_id}" dicabut; anjurannya tidak berlaku lagi. '
                          f"Alasan: {reason.strip()}",
        "description_en": f'The warning "{row.headline_en}" is withdrawn; its advice no longer holds. '
                          f"Reason: {reason.strip()}",
        "instruction_id": "Abaikan peringatan sebelumnya.",
        "instruction_en": "Disregard the earlier warning.",
    }  # fmt: skip
    return _end(row, Step.CANCEL, words, reason.strip()[:300], viewer)


@transaction.atomic
def all_clear(warning_id: int, words: str = "", *, viewer: Viewer) -> int:
    """Say that the danger is over, at once. Returns the new message's id."""
    row = _in_force(warning_id, viewer)
    more = f" {words.strip()}" if words.strip() else ""
    texts = {
        "headline_id": f"{row.event_id}: bahaya sudah lewat",
        "headline_en": f"{row.event_en}: the danger is over",
        "description_id": f"Keadaan di {row.area_desc} sudah aman.{more}",
        "description_en": f"{row.area_desc}: the situation is safe again.{more}",
        "instruction_id": "Anda boleh kembali. Tetap waspada dan ikuti petunjuk petugas.",
        "instruction_en": "You may return. Stay careful and follow the officers' directions.",
    }  # fmt: skip
    return _end(row, Step.ALL_CLEAR, texts, words.strip()[:300], viewer)


def _end(row: PublicWarning, step: Step, words: dict[str, str], reason: str, viewer: Viewer) -> int:
    now = clock.now()
    kept = {name: getattr(row, name) for name in KEPT} | {name: text[:200] if "headline" in name else text
                                                         for name, text in words.items()}  # fmt: skip
    kept |= {"urgency": rules.Urgency.PAST, "severity": rules.Severity.MINOR,
             "certainty": rules.Certainty.OBSERVED, "response": rules.Response.NONE,
             "onset": None}  # fmt: skip
    last = PublicWarning(
        **kept, **_begun(viewer), step=step, expires=now + rules.ALL_CLEAR_STANDS, follows=row,
        first=row.first or row, reason=reason, simulated=row.simulated,
    )  # fmt: skip
    last.save()
    _publish(last, State.DRAFT, now, actor=viewer.actor)
    return last.pk


@transaction.atomic
def expire(warning_id: int, now: datetime) -> None:
    """Its time is over; nothing happens when somebody ended it before."""
    row = _locked(warning_id)
    if row.state == State.PUBLISHED and row.expires and row.expires <= now:
        _move(row, State.PUBLISHED, state=State.EXPIRED, ended_at=now)
        _announce(events.Expired, row, SYSTEM)


@transaction.atomic
def escalate(warning_id: int, now: datetime) -> None:
    """Nobody has decided in time: record it and let leadership be called. It is neither sent nor lost."""
    row = _locked(warning_id)
    late = row.waits_until is not None and row.waits_until <= now
    if row.state == State.WAITING and late and row.escalated_at is None:
        _move(row, State.WAITING, escalated_at=now)
        _announce(events.Escalated, row, SYSTEM)


def _publish(row: PublicWarning, old: State, now: datetime, *, actor: str, approved_by: str = "") -> None:
    """Write the message for good, take out of force what it follows, tell the ledger."""
    now = now.replace(microsecond=0)
    ended = _ended_by(row)
    row.sent = now
    text = compose.message(row, _references(row))
    try:
        data = cap.write(text)
    except ValueError as fault:
        raise Invalid({"areas": str(fault)}) from fault
    if wrong := cap.faults(data):
        raise Invalid({"cap": _("This is no valid CAP message: {fault}").format(fault=wrong[0])})
    _move(row, old, state=State.PUBLISHED, sent=now, approved_by=approved_by, cap=data.decode())
    over = State.REPLACED if row.step == Step.UPDATE else State.ENDED
    PublicWarning.objects.filter(pk__in=[one.pk for one in ended]).update(state=over, ended_at=now)
    kind = {Step.ALERT: events.Published, Step.CANCEL: events.Cancelled}.get(Step(row.step), events.Updated)
    _announce(kind, row, actor, ends=[one.pk for one in ended])
    if row.step in (Step.CANCEL, Step.ALL_CLEAR):
        _drop_drafts(row, actor)


def _ended_by(row: PublicWarning) -> list[PublicWarning]:
    """The messages in force that this one takes the place of. Raises Conflict when its chain has ended."""
    if row.first_id is None:
        return []
    chain = PublicWarning.objects.select_for_update().filter(_of_chain(row.first_id), state__in=LIVE)
    found = [one for one in chain.order_by("pk") if one.step in (Step.ALERT, Step.UPDATE)]
    if not found:
        raise Conflict(_("The warning was ended in the meantime. Write a new one."))
    return found


def _of_chain(first: int) -> Q:
    return Q(pk=first) | Q(first=first)


def _references(row: PublicWarning) -> tuple[cap.Reference, ...]:
    if row.first_id is None:
        return ()
    chain = PublicWarning.objects.filter(_of_chain(row.first_id), sent__isnull=False).exclude(pk=row.pk)
    return tuple((compose.sender(), one.identifier, one.sent) for one in chain.order_by("pk") if one.sent)


def _drop_drafts(row: PublicWarning, actor: str) -> None:
    """Drafts that would update what has just ended lead nowhere."""
    for draft_row in PublicWarning.objects.select_for_update().filter(first=row.first_id, state__in=OPEN):
        _move(draft_row, State(draft_row.state), state=State.DISCARDED, ended_at=clock.now())
        _announce(events.Discarded, draft_row, actor)


def _complete(row: PublicWarning, now: datetime) -> None:
    texts = {name: getattr(row, name) for name in TEXTS}
    has_area = bool(row.area_codes or row.drawn or row.circle)
    found = rules.faults(
        texts=texts, expires=row.expires, onset=row.onset, now=now, has_area=has_area, area_desc=row.area_desc
    )
    if found:
        raise Invalid(found)


def _checked(wanted: Draft, viewer: Viewer) -> dict[str, Any]:
    """The draft's fields as the row takes them. Raises Invalid for words no list knows."""
    told = {name: cap.printable(value) if isinstance(value, str) else value
            for name, value in asdict(wanted).items()}  # fmt: skip
    lists = {"status": Status, "category": rules.Category, "urgency": rules.Urgency,
             "severity": rules.Severity, "certainty": rules.Certainty,
             "response": rules.Response}  # fmt: skip
    for name, known in lists.items():
        if told[name] not in known.values:
            raise Invalid({name: _("Choose one of the list.")})
    told["simulated"] = bool(settings.DEMO or viewer.simulated)
    if told["simulated"] and told["status"] == Status.ACTUAL:
        told["status"] = Status.EXERCISE
    told["area_codes"] = [code for code in dict.fromkeys(told["area_codes"]) if places.area(code)]
    told["drawn"] = areas.drawn_of(told["drawn"])
    for name, longest in (("headline_id", 200), ("headline_en", 200), ("event_id", 80), ("event_en", 80),
                          ("area_desc", 400)):  # fmt: skip
        told[name] = told[name][:longest].strip()
    return told


def _begun(viewer: Viewer) -> dict[str, Any]:
    now = clock.now()
    city = next((area.code for area in places.areas("city")), "0").replace(".", "")
    day = now.astimezone(clock.WIB)
    return {
        "identifier": f"{city}-{day:%Y%m%d}-{readable_code(6)}", "drafted_by": viewer.actor,
        "drafted_at": now, "hands": [viewer.actor],
    }  # fmt: skip


def _hands(row: PublicWarning, viewer: Viewer) -> list[str]:
    return sorted({*row.hands, viewer.actor})


def _must(allowed: bool) -> None:
    if not allowed:
        raise NotAllowed(_("Warnings are written by operators and dispatchers."))


def _in_force(warning_id: int, viewer: Viewer | None = None) -> PublicWarning:
    """The message, locked with its chain. Raises Conflict when it is not in force."""
    if viewer is not None and not (may_draft(viewer) or viewer.has(*APPROVERS)):
        raise NotAllowed(_("Warnings are written by operators and dispatchers."))
    row = _locked(warning_id)
    if row.state != State.PUBLISHED or row.step not in (Step.ALERT, Step.UPDATE):
        raise Conflict(_("This warning is not in force any more."))
    return row


def _locked(warning_id: int) -> PublicWarning:
    """The row, with its chain's first row locked: whoever changes a chain waits here."""
    known = PublicWarning.objects.filter(pk=warning_id).values_list("first_id", flat=True).first()
    if known is None and not PublicWarning.objects.filter(pk=warning_id).exists():
        raise NotFound(_("There is no such warning."))
    PublicWarning.objects.select_for_update().get(pk=known or warning_id)
    return PublicWarning.objects.select_for_update().get(pk=warning_id)


def _move(row: PublicWarning, old: State, **changes: Any) -> None:
    """Compare and set: only from `old`."""
    if PublicWarning.objects.filter(pk=row.pk, state=old).update(**changes) != 1:
        raise Conflict(_("Somebody was faster. Look again."))
    row.refresh_from_db()


def about(row: PublicWarning) -> dict[str, Any]:
    """The fields every event about a message has."""
    shape = areas.shape_of(row.area_codes, row.drawn, row.circle)
    told = ("identifier", "step", "status", "state", "category", "urgency", "severity", "certainty",
            "event_id", "event_en", "headline_id", "headline_en", "instruction_id", "instruction_en",
            "agency", "condition", "sent", "onset", "expires", "waits_until", "reason")  # fmt: skip
    return {name: getattr(row, name) for name in told} | {
        "warning": row.pk, "first": row.first_id or row.pk, "hazard": row.template, "places": row.area_desc,
        "areas": list(row.area_codes), "geometry": areas.for_maps(shape),
    }  # fmt: skip


def _announce(kind: type[events.About], row: PublicWarning, actor: str, ends: Sequence[int] = ()) -> None:
    ledger.append(
        kind(**about(row), ends=list(ends)), actor=actor, subject=f"warning:{row.pk}", agency=row.agency,
        simulated=row.simulated,
    )  # fmt: skip
