"""Who may come in over MQTT, asked at the real broker."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from patriot.kernel.errors import Conflict, Invalid, NotFound
from patriot.ledger.models import Entry
from patriot.sensing.equipment import devices
from patriot.sensing.models import Device as SensingDevice
from patriot.sensing.models import Thing
from tests.intake.broker import Broker, Device
from tests.intake.conftest import Running, gauge
from tests.intake.test_readings import query, start_reading, until

pytestmark = pytest.mark.django_db(transaction=True)

type Start = Callable[..., Running]


def enters(broker: Broker, uid: str, secret: str) -> bool:
    return Device(broker.mqtt_port, uid, secret).accepted


def test_it_lets_a_device_in_and_only_with_its_own_secret(start_intake: Start, broker: Broker) -> None:
    start_reading(start_intake, broker)
    made = devices.provision("gauge-9", thing=None, actor="user:1")
    time.sleep(1.1)
    until(lambda: enters(broker, "gauge-9", made.secret))
    assert not enters(broker, "gauge-9", "guessed")
    assert not enters(broker, "gauge-8", made.secret)
    assert not enters(broker, "patriot", made.secret)


def test_a_device_speaks_for_itself_only(
    start_intake: Start, broker: Broker, stored: Callable[..., Any]
) -> None:
    gauge("gauge-2", "level")
    (own,) = gauge("gauge-1", "level", placed=True)
    start_reading(start_intake, broker)
    made = devices.rotate(SensingDevice.objects.get(uid="gauge-1").pk, actor="user:1")
    until(lambda: enters(broker, "gauge-1", made.secret))
    device = Device(broker.mqtt_port, "gauge-1", made.secret)
    other = own - 1
    device.publish(
        ("sensing/gauge-2/level", b"666"),
        (f"v1.1/Datastreams({other})/Observations", b'{"result": 666}'),
        (f"v1.1/Datastreams({own})/Observations", b'{"result": 2}'),
        ("sensing/gauge-1/level", b"1"),
    )
    assert sorted(row[:3] for row in stored(2)) == [("gauge-1", "level", 1.0), ("gauge-1", "level", 2.0)]
    time.sleep(0.3)
    assert query("SELECT count(*) FROM sensing_observation") == [(2,)]


def test_it_puts_out_who_may_not_be_in_any_more(start_intake: Start, broker: Broker) -> None:
    gauge("gauge-1", "level")
    start_reading(start_intake, broker)
    number = SensingDevice.objects.get(uid="gauge-1").pk
    made = devices.rotate(number, actor="user:1")
    until(lambda: enters(broker, "gauge-1", made.secret))
    device = Device(broker.mqtt_port, "gauge-1", made.secret)
    devices.set_enabled(number, False, actor="user:1")
    until(lambda: device.publish(("sensing/gauge-1/level", b"1")) == 0, 25)
    assert not enters(broker, "gauge-1", made.secret)


def test_it_registers_a_device_and_tells_its_secret_once() -> None:
    thing = Thing.objects.create(name="Bendung", agency="dbmsda", simulated=True)
    made = devices.provision("gauge-9", thing=thing.pk, actor="user:4")
    kept = SensingDevice.objects.get(uid="gauge-9")
    assert kept.secret_digest == devices.digest(made.secret)
    assert made.secret not in kept.secret_digest
    assert kept.simulated
    devices.set_enabled(kept.pk, False, actor="user:4")
    devices.set_enabled(kept.pk, False, actor="user:4")
    told = [(one.kind, one.actor, one.subject, one.agency) for one in Entry.objects.order_by("pk")]
    assert told == [("sensing.device_changed", "user:4", "device:gauge-9", "dbmsda")] * 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(body::text, '') FROM ledger_entry")
        assert made.secret not in cursor.fetchone()[0]
    with pytest.raises(Conflict):
        devices.provision("gauge-9", thing=None, actor="user:4")
    with pytest.raises(NotFound):
        devices.provision("gauge-10", thing=0, actor="user:4")
    for uid in ("", "a b", "a/b", "a.b", "*", "#", "device", "x" * 65, "-a"):
        with pytest.raises(Invalid):
            devices.provision(uid, thing=None, actor="user:4")
