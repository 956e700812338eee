"""The siren relay: signed orders, kept by the broker for sirens that come later, over MQTT.

An order on `siren/<code>` is JSON: warning, siren, action, status, at, until, signature; the signature is
Ed25519 over the same JSON without it, keys sorted, no spaces. A siren obeys what is signed and not past
`until`.
"""

import base64
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from patriot.kernel import clock
from patriot.ledger import actions as ledger
from patriot.warnings import areas, events, rules
from patriot.warnings.keys import kept
from patriot.warnings.models import PublicWarning, Siren, SirenOrder
from patriot.warnings.rules import Order, State, Status

log = logging.getLogger(__name__)

CLIENT = "patriot-siren-relay"  # one name, so that the broker keeps the answers while we are away
ACTOR = "system:sirens"
WAIT_S = 5.0
LISTEN_S = 0.6
PATIENCE = timedelta(minutes=10)  # for an answer, after an order has run out


@transaction.atomic
def order_for(warning_id: int) -> int:
    """Tell the sirens what a published message means for them; returns how many were told. Idempotent."""
    _take_turns()
    row = PublicWarning.objects.get(pk=warning_id)
    sounding = _free_for(row) if _sounds(row) else []
    return _order(row, sounding, Order.SOUND) + _hush(row, except_for=sounding)


@transaction.atomic
def silence(warning_id: int) -> int:
    """Its time is over: silence what still sounds because of it; returns how many were told."""
    _take_turns()
    return _hush(PublicWarning.objects.get(pk=warning_id), except_for=[])


def _take_turns() -> None:
    """Hold the sirens until the transaction ends: of two chains that end at once, the later sees the other's
    end, so that none keeps a siren sounding for the other's sake.
    """
    list(Siren.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _sounds(row: PublicWarning) -> bool:
    return rules.sounds(row.step, row.status, row.severity, row.urgency, row.response, row.with_sirens)


def _within(row: PublicWarning) -> list[Siren]:
    """The sirens of the areas that a message touches."""
    shape = areas.shape_of(row.area_codes, row.drawn, row.circle)
    touched = areas.touched(shape) | set(row.area_codes)
    known = Siren.objects.filter(in_use=True)
    return [one for one in known if touched & set(one.areas) or areas.covers(shape, one.lon, one.lat)]


def _free_for(row: PublicWarning) -> list[Siren]:
    """The sirens a message may sound: a drill takes none from a real warning in force."""
    within = _within(row)
    if row.status == Status.ACTUAL:
        return within
    needed = _needed_elsewhere(row)
    real = {pk for pk, other in needed.items() if other.status == Status.ACTUAL}
    return [one for one in within if one.pk not in real]


def _hush(row: PublicWarning, *, except_for: list[Siren]) -> int:
    """Silence the sirens that this chain has set off, but for those that must sound for another one."""
    kept_ids = {one.pk for one in except_for}
    loud = [one for one in _set_off(row) if one.pk not in kept_ids]
    needed = _needed_elsewhere(row) if loud else {}
    for siren in loud:
        if siren.pk in needed:
            _sound_again(siren, needed[siren.pk])
    return _order(row, [one for one in loud if one.pk not in needed], Order.SILENCE)


def _set_off(row: PublicWarning) -> list[Siren]:
    """The sirens that were told last by this chain to sound."""
    found = SirenOrder.objects.filter(warning__in=_chain(row)).select_related("siren")
    latest = {one.siren_id: one for one in found.order_by("at", "pk")}
    return [one.siren for one in latest.values() if one.action == Order.SOUND]


def _needed_elsewhere(row: PublicWarning) -> dict[int, PublicWarning]:
    """By siren, the message in force of another chain for which it sounds: a real one before a drill, then
    the one that holds longest. After a real one no drill goes on: people would take it for real.
    """
    in_force = PublicWarning.objects.filter(state=State.PUBLISHED, expires__gt=clock.now())
    if row.status == Status.ACTUAL:
        in_force = in_force.filter(status=Status.ACTUAL)
    others = in_force.exclude(pk__in=_chain(row)).order_by("expires")
    weightiest_last = sorted(filter(_sounds, others), key=lambda one: one.status == Status.ACTUAL)
    return {siren.pk: one for one in weightiest_last for siren in _within(one)}


def _sound_again(siren: Siren, row: PublicWarning) -> None:
    """Make a message's order to sound the siren's last one: the broker keeps only that, and it carries the
    status and the end by which the siren goes.
    """
    last = SirenOrder.objects.filter(siren=siren).order_by("at", "pk").last()
    if last is not None and (last.warning_id, last.action) == (row.pk, Order.SOUND):
        return
    now = clock.now()
    anew = {"at": now, "until": row.expires or now, "sent_at": None, "answered_at": None, "answer": ""}
    order, _ = SirenOrder.objects.update_or_create(
        siren=siren, warning=row, action=Order.SOUND, defaults=anew
    )
    _announce(order)


def _chain(row: PublicWarning) -> list[int]:
    first = row.first_id or row.pk
    return [first, *PublicWarning.objects.filter(first=first).values_list("pk", flat=True)]


def _order(row: PublicWarning, told: list[Siren], action: Order) -> int:
    now = clock.now()
    until = row.expires or now
    for siren in told:
        order, is_new = SirenOrder.objects.get_or_create(
            siren=siren, warning=row, action=action, defaults={"until": until, "at": now}
        )
        if is_new:
            _announce(order)
    return len(told)


def _announce(order: SirenOrder) -> None:
    row, siren = order.warning, order.siren
    event = events.SirenOrdered(warning=row.pk, siren=siren.code, action=order.action, until=order.until)
    ledger.append(event, actor=ACTOR, subject=f"warning:{row.pk}", agency=siren.agency,
                  simulated=row.simulated)  # fmt: skip


def payload(order: SirenOrder) -> bytes:
    """The order as the siren gets it, signed."""
    row = order.warning
    body: dict[str, Any] = {
        "warning": row.identifier, "siren": order.siren.code, "action": order.action, "status": row.status,
        "at": order.at, "until": order.until,
    }  # fmt: skip
    signature = _key().sign(_canonical(body))
    return orjson.dumps(
        orjson.loads(_canonical(body)) | {"signature": base64.urlsafe_b64encode(signature).decode()},
        option=orjson.OPT_SORT_KEYS,
    )


def is_genuine(data: bytes, public_pem_: bytes) -> bool:
    """What a siren does with an order: True when the city signed it."""
    body = orjson.loads(data)
    signature = base64.urlsafe_b64decode(body.pop("signature", ""))
    key = serialization.load_pem_public_key(public_pem_)
    try:
        key.verify(signature, _canonical(body))  # type: ignore[call-arg, union-attr]
    except InvalidSignature:
        return False
    return True


def _canonical(body: Mapping[str, Any]) -> bytes:
    return orjson.dumps(dict(body), option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)


def _key() -> Ed25519PrivateKey:
    return _key_at(settings.CONFIG.home)


@cache
def _key_at(home: Path) -> Ed25519PrivateKey:
    pem = kept(home / "siren_key.pem", Ed25519PrivateKey.generate)
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("siren_key.pem is no Ed25519 key")
    return key


def public_pem() -> bytes:
    """The key that sirens carry."""
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return _key().public_key().public_bytes(encoding, form)


def broker() -> tuple[str, int, str, str] | None:
    """Host, port, user, password of the MQTT side of the broker; None when none was started."""
    address = settings.CONFIG.nats_address()
    if not address:
        return None
    url = urlsplit(address.split(",")[0])
    return url.hostname or "127.0.0.1", settings.CONFIG.mqtt_port, url.username or "", url.password or ""


def relay() -> None:
    """Hand waiting orders to the broker, retained, and take the answers that are awaited; else do nothing."""
    awaited = Q(sent_at=None) | Q(answered_at=None, until__gt=clock.now() - PATIENCE)
    if not SirenOrder.objects.filter(awaited).exists():
        return
    where = broker()
    if where is None:
        return
    try:
        Exchange(*where).run()
    except (OSError, ValueError) as trouble:
        log.warning("sirens cannot be reached: %s", trouble)


class Exchange:
    """One short visit at the broker."""

    def __init__(self, host: str, port: int, user: str, password: str) -> None:
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=CLIENT, clean_session=False)
        if user:
            self.client.username_pw_set(user, password)
        self.client.on_message = self._answered
        self.client.connect_timeout = WAIT_S
        self._where = host, port
        self._answers: list[tuple[str, bytes]] = []

    def run(self) -> None:
        """Connect, send, listen for a moment, leave. The broker keeps the answers given in between."""
        self.client.connect(*self._where, keepalive=30)
        self.client.loop_start()
        try:
            self._until(self.client.is_connected)
            self.client.subscribe("siren/+/ack", qos=1)
            waiting = SirenOrder.objects.filter(sent_at=None).select_related("siren", "warning")
            for order in waiting.order_by("at", "pk"):  # the broker keeps the last one
                self._send(order)
            self._until(lambda: False, LISTEN_S)
        finally:
            self.client.disconnect()
            self.client.loop_stop()
        for topic, data in self._answers:
            take_answer(topic, data)

    def _send(self, order: SirenOrder) -> None:
        told = self.client.publish(f"siren/{order.siren.code}", payload(order), qos=1, retain=True)
        told.wait_for_publish(WAIT_S)
        if told.rc == MQTTErrorCode.MQTT_ERR_SUCCESS and told.is_published():
            as_read = SirenOrder.objects.filter(pk=order.pk, sent_at=None, at=order.at)
            as_read.update(sent_at=clock.now())  # unless it was given anew meanwhile

    def _until(self, done: Callable[[], bool], longest: float = WAIT_S) -> None:
        """Wait for the client's own thread."""
        pause = Event()
        waited = 0.0
        while not done() and waited < longest:
            pause.wait(0.02)
            waited += 0.02

    def _answered(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._answers.append((message.topic, bytes(message.payload)))


def take_answer(topic: str, data: bytes) -> bool:
    """A siren's word: JSON with `warning`, `action` and `result`. False when it is about nothing."""
    parts = topic.split("/")
    try:
        body = orjson.loads(data)
        told = {name: str(body[name])[:80] for name in ("warning", "action")}
        answer = str(body.get("result", "done"))[:40]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        log.warning("the answer of %s cannot be read", topic)
        return False
    return _answer(parts[1] if len(parts) == 3 else "", told["warning"], told["action"], answer)


@transaction.atomic
def _answer(code: str, identifier: str, action: str, answer: str) -> bool:
    waiting = SirenOrder.objects.select_related("siren", "warning").filter(
        siren__code=code, warning__identifier=identifier, action=action, answered_at=None
    )
    order = waiting.first()
    if order is None or waiting.filter(pk=order.pk).update(answered_at=clock.now(), answer=answer) != 1:
        return False
    event = events.SirenAnswered(warning=order.warning_id, siren=code, action=action, answer=answer)
    ledger.append(event, actor=f"device:{code}", subject=f"warning:{order.warning_id}",
                  agency=order.siren.agency, simulated=order.warning.simulated)  # fmt: skip
    return True
