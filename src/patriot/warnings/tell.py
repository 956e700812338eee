"""Telling subscribers: rows are made with the event, sent outside any transaction, tried again, counted."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import timedelta
from typing import Any

import httpx
import orjson
from django.db import connection, transaction
from django.db.models import Q

from patriot.kernel import clock
from patriot.ledger import actions as ledger
from patriot.warnings import areas, compose, events, letters, push, rules
from patriot.warnings.models import Delivery, PublicWarning, Subscription
from patriot.warnings.push import Outcome
from patriot.warnings.rules import State

ACTOR = "system:warnings"
PAUSES_S = (10, 30, 120, 600)  # before the second attempt and so on; then it has failed
LEASE = timedelta(seconds=90)  # a sender that died gives its rows back after this
BATCH, SENDERS = 200, 16  # a batch takes at least a second: 200 messages a second at most
LONGEST_RUN_S = 20.0
CHUNK = 2000


@transaction.atomic
def enqueue(warning_id: int) -> int:
    """Make a delivery for everybody whom the message concerns, once each; returns how many."""
    row = PublicWarning.objects.get(pk=warning_id)
    if not rules.reaches_people(row.status) or row.deliveries.exists():  # an event may come twice
        return 0
    now, made = clock.now(), 0
    for chunk in _chunks(concerned(row)):
        rows = [
            Delivery(warning=row, subscription_id=pk, channel=channel, next_at=now) for pk, channel in chunk
        ]
        made += len(Delivery.objects.bulk_create(rows, ignore_conflicts=True))
    return made


def concerned(row: PublicWarning) -> list[tuple[int, str]]:
    """(id, channel) of one subscription of each address that follows a place the message touches, or was
    told of another message of its chain.
    """
    wanted = _told_before(row)
    shape = areas.shape_of(row.area_codes, row.drawn, row.circle)
    if shape is not None:
        wanted |= Q(area__in=areas.touched(shape) | set(row.area_codes)) | Q(pk__in=_near(shape))
    found = Subscription.objects.filter(wanted, confirmed_at__isnull=False)
    one_each = found.order_by("channel", "address", "pk").distinct("channel", "address")
    return list(one_each.values_list("pk", "channel"))


def _told_before(row: PublicWarning) -> Q:
    """Subscriptions that another message of the chain has reached, or is on its way to this very second: its
    news holds for them until they hear otherwise, wherever the danger is by now.
    """
    if row.first_id is None:
        return Q(pk__in=[])
    chain = Q(warning=row.first_id) | Q(warning__first=row.first_id)
    told = Delivery.objects.filter(chain, state__in=("due", "sent")).exclude(warning=row)
    return Q(pk__in=told.values("subscription"))


def _near(shape: Any) -> list[int]:
    """Subscriptions of a point whose circle touches the shape."""
    west, south, east, north = shape.buffer(0.2).bounds
    boxed = Subscription.objects.filter(
        area="", lon__gte=west, lon__lte=east, lat__gte=south, lat__lte=north, confirmed_at__isnull=False
    ).values_list("pk", "lon", "lat", "radius_m")
    return [pk for pk, lon, lat, radius in boxed if areas.covers(shape, lon or 0, lat or 0, radius or 0)]


def _chunks[T](rows: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def send_due() -> int:
    """Send what is due until nothing is or the run's time is over; returns how many were tried."""
    batch = _claim()
    tried = _send_all(batch) if batch else 0
    _close_reports()
    return tried


def _send_all(batch: list[Delivery]) -> int:
    """This batch and those after it. Only here is a client made: it reads every certificate there is, which
    costs 4 % of a core when it is done each second for nobody.
    """
    began, tried = time.monotonic(), 0
    with httpx.Client(follow_redirects=False) as client, ThreadPoolExecutor(SENDERS) as pool:
        while batch:
            started = time.monotonic()
            waiting = {pool.submit(_send, client, one): one for one in batch}
            for done in as_completed(waiting):  # at once: what is not recorded is sent again after a crash
                _record(waiting[done], done.result())
            tried += len(batch)
            if len(batch) == BATCH:
                time.sleep(max(0.0, 1.0 - (time.monotonic() - started)))
            batch = _claim() if time.monotonic() - began < LONGEST_RUN_S else []
    return tried


@transaction.atomic
def _claim() -> list[Delivery]:
    """Rows that are due, leased: other workers pass over them."""
    now = clock.now()
    due = Delivery.objects.filter(state="due", next_at__lte=now).order_by("next_at", "pk")
    free = due.select_for_update(skip_locked=True, of=("self",)).select_related("warning", "subscription")
    rows = list(free[:BATCH])
    Delivery.objects.filter(pk__in=[one.pk for one in rows]).update(next_at=now + LEASE)
    return rows


def _send(client: httpx.Client, one: Delivery) -> Outcome:
    """In a thread of its own, without the database."""
    if one.subscription is None:
        return Outcome("gone", "unsubscribed")
    if one.warning.state != State.PUBLISHED:
        return Outcome("skipped", "no longer in force")
    try:
        if one.channel == "push":
            return _push(client, one.warning, one.subscription)
        return letters.send_warning(one.warning, one.subscription)
    except Exception as fault:  # one address must not stop the others
        return Outcome("later", type(fault).__name__)
    finally:
        connection.close()


def _push(client: httpx.Client, row: PublicWarning, told: Subscription) -> Outcome:
    address = push.Address(told.address, told.keys.get("p256dh", ""), told.keys.get("auth", ""))
    left = int((row.expires - clock.now()).total_seconds()) if row.expires else 0
    topic = f"w{row.first_id or row.pk}"
    return push.send(client, address, notice(row, told.language), ttl_s=left, topic=topic)


def notice(row: PublicWarning, language: str) -> bytes:
    """What the browser shows: JSON with title, body, the page, and a tag by which a newer one replaces it."""
    label = rules.prefix(row.status, row.step, language)
    headline = getattr(row, f"headline_{language}")
    steps = getattr(row, f"instruction_{language}")
    body = {
        "title": f"{label} {getattr(row, f'event_{language}')}".strip(),
        "body": f"{headline}\n{steps}"[:600], "url": compose.url_of(row.identifier),
        "tag": f"w{row.first_id or row.pk}", "severity": row.severity, "lang": language,
        "loud": rules.life_threatening(row.severity, row.urgency),
    }  # fmt: skip
    return orjson.dumps(body)


@transaction.atomic
def _record(one: Delivery, outcome: Outcome) -> None:
    attempts, now = one.attempts + 1, clock.now()
    changes: dict[str, Any] = {"attempts": attempts, "error": outcome.words[:120]}
    if outcome.state == "later" and attempts <= len(PAUSES_S):
        pause = max(PAUSES_S[attempts - 1], outcome.after_s)
        changes["next_at"] = now + timedelta(seconds=pause)
    else:
        state = "failed" if outcome.state == "later" else outcome.state
        changes |= {"state": state, "done_at": now}
    Delivery.objects.filter(pk=one.pk, state="due").update(**changes)
    if outcome.state == "gone" and one.subscription_id:
        Subscription.objects.filter(pk=one.subscription_id).delete()


def _close_reports() -> None:
    """Say in the ledger how many were told, once all have been tried."""
    open_ones = PublicWarning.objects.filter(told_at=None, deliveries__isnull=False).distinct()
    for row in open_ones.exclude(deliveries__state="due"):
        _close_report(row)


@transaction.atomic
def _close_report(row: PublicWarning) -> None:
    if PublicWarning.objects.filter(pk=row.pk, told_at=None).update(told_at=clock.now()) != 1:
        return
    states = list(Delivery.objects.filter(warning=row).values_list("state", flat=True))
    counted = {name: states.count(name) for name in ("sent", "failed", "gone")}
    ledger.append(events.Delivered(warning=row.pk, **counted), actor=ACTOR, subject=f"warning:{row.pk}",
                  agency=row.agency, simulated=row.simulated)  # fmt: skip
