"""Readings over MQTT: the real broker, the real database, a real intake process."""

import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from patriot.intake.ingest import LEASE, LOCK_CLASS
from patriot.sensing.models import Device as SensingDevice
from patriot.sensing.models import Quarantined
from tests.intake.broker import Broker, Device
from tests.intake.conftest import Running, gauge

pytestmark = pytest.mark.django_db(transaction=True)

type Start = Callable[..., Running]
type Stored = Callable[..., list[tuple[Any, ...]]]


def ready(broker: Broker) -> Device:
    """A gateway's connection, once an intake has made the stream."""
    return Device(broker.mqtt_port)


def query(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def until(ready: Callable[[], object], patience: float = 15) -> None:
    end = time.monotonic() + patience
    while not ready():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def lane_taken() -> bool:
    return bool(query("SELECT FROM sensing_lane WHERE name = 'patriot-sensing' AND epoch > 0"))


def start_reading(start_intake: Start, broker: Broker, **more: str) -> Running:
    running = start_intake(NATS_URL=broker.url, PATRIOT_HOME=str(broker.home), **more)
    until(lane_taken)
    return running


def test_it_stores_what_devices_say_in_every_form(
    start_intake: Start, broker: Broker, stored: Stored
) -> None:
    (level, rain) = gauge("gauge-1", "level", "rain", placed=True)
    start_reading(start_intake, broker)
    said = [
        ("sensing/gauge-1/level", b"12.5"),
        ("sensing/gauge-1/level", b'{"v": 13, "t": "2026-11-21T03:00:00Z"}'),
        ("sensing/gauge-1/rain", b'[{"v": 1, "t": 1795309353}, [1795309354000, 2], [1795309355000, null]]'),
        (f"v1.1/Datastreams({rain})/Observations", b'{"result": 3.5}'),
    ]
    assert ready(broker).publish(*said) == 4
    rows = stored(6)
    assert [row[:3] for row in rows if row[1] == "level"] == [
        ("gauge-1", "level", 12.5),
        ("gauge-1", "level", 13.0),
    ]
    assert sorted(row[2] or 0 for row in rows if row[1] == "rain") == [0, 1, 2, 3.5]
    assert query(f"SELECT value FROM sensing_latest WHERE datastream_id = {level}") == [(12.5,)]
    assert query("SELECT count(*) FROM sensing_quarantined") == [(0,)]


def test_it_keeps_what_it_cannot_use_and_loses_no_neighbour(
    start_intake: Start, broker: Broker, stored: Stored
) -> None:
    gauge("gauge-1", "level")
    gauge("gauge-2", "level", enabled=False)
    start_reading(start_intake, broker)
    bad = [
        b"rubbish",
        b"0,0,[1",
        b"2]",
        b"",
        b'{"v": "high"}',
        b'{"v": 1, "t": "yesterday"}',
        b"[1, [2]]",
        b"\xff\x00",
    ]
    said = [("sensing/gauge-1/level", payload) for one in bad for payload in (one, b"7")]
    said += [("sensing/gauge-1/lvl", b"1"), ("sensing/gauge-2/level", b"1"), ("sensing/nobody/level", b"1")]
    assert ready(broker).publish(*said, ("sensing/gauge-1", b"1")) == len(said) + 1
    assert [row[2] for row in stored(len(bad))] == [7.0] * len(bad)
    until(lambda: Quarantined.objects.count() == len(bad) + 4)
    found = set(Quarantined.objects.values_list("uid", "topic", "reason"))
    assert ("gauge-1", "sensing/gauge-1/lvl", "unknown_datastream") in found
    assert {
        ("gauge-2", "sensing/gauge-2/level", "unknown_device"),
        ("gauge-1", "sensing/gauge-1", "unknown_topic"),
    } < found
    assert {
        bytes(one.payload) for one in Quarantined.objects.filter(uid="gauge-1", topic__endswith="level")
    } == set(bad)
    assert query("SELECT sum(count) FROM sensing_quarantine_count") == [(len(bad) + 4,)]


def test_it_counts_a_flood_of_rubbish_but_keeps_little_of_it(
    start_intake: Start, broker: Broker, stored: Stored
) -> None:
    gauge("gauge-1", "level")
    start_reading(start_intake, broker)
    device = ready(broker)
    assert device.publish(*[("sensing/gauge-1/level", b"?")] * 500, ("sensing/gauge-1/level", b"1")) == 501
    stored(1)
    assert Quarantined.objects.count() == 20
    assert query("SELECT uid, reason, count FROM sensing_quarantine_count") == [("gauge-1", "malformed", 500)]


def test_it_knows_a_device_registered_this_moment(
    start_intake: Start, broker: Broker, stored: Stored
) -> None:
    start_reading(start_intake, broker)
    device = ready(broker)
    for n in range(5):
        assert device.publish((f"sensing/gauge-{n}/level", b"4")) == 1  # nobody, yet
        until(lambda n=n: Quarantined.objects.count() == n + 1)  # type: ignore[misc]
        gauge(f"gauge-new-{n}", "level")
        assert device.publish((f"sensing/gauge-new-{n}/level", b"4")) == 1
        assert [row[:3] for row in stored(n + 1) if row[0].endswith(f"-{n}")] == [
            (f"gauge-new-{n}", "level", 4.0)
        ]


def test_it_notes_a_device_that_fell_silent_by_its_last_will(start_intake: Start, broker: Broker) -> None:
    gauge("gauge-1", "level")
    start_reading(start_intake, broker)
    device = Device(broker.mqtt_port, will="sensing/gauge-1/status")
    assert device.publish(("sensing/gauge-1/status", b'{"online": true, "battery_pct": 81}')) == 1
    until(lambda: SensingDevice.objects.get(uid="gauge-1").online is True)
    assert SensingDevice.objects.get(uid="gauge-1").battery_pct == 81
    device.close()
    until(lambda: SensingDevice.objects.get(uid="gauge-1").online is False)
    assert query("SELECT code, level, name FROM sensing_condition") == [("offline", 1, "gauge-1")]
    assert query("SELECT kind FROM ledger_entry") == [("sensing.condition_changed",)]
    again = Device(broker.mqtt_port)
    assert again.publish(("sensing/gauge-1/status", b"online")) == 1
    until(lambda: query("SELECT level FROM sensing_condition") == [(0,)])


def test_it_stores_once_what_is_delivered_again(start_intake: Start, broker: Broker, stored: Stored) -> None:
    """An intake that dies begins where it had committed."""
    gauge("gauge-1", "level")
    running = start_reading(start_intake, broker)
    device = ready(broker)
    said = [("sensing/gauge-1/level", b'{"v": %d, "t": %d}' % (n, 1795309000 + n)) for n in range(3000)]
    for n in range(0, 3000, 300):
        assert device.publish(*said[n : n + 300]) == 300
        if n % 900 == 0:
            running.process.send_signal(signal.SIGKILL)
            running.process.wait(5)
            running = start_reading(start_intake, broker)
    rows = stored(3000)
    time.sleep(0.5)
    assert query("SELECT count(*), count(DISTINCT at) FROM sensing_observation") == [(3000, 3000)]
    assert sorted(row[2] for row in rows) == list(range(3000))


def held(process: int) -> int:
    """How many lanes this process holds."""
    found = query(
        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' "
        f"AND l.classid = {LOCK_CLASS} AND a.application_name = '{LEASE} {process}'"
    )
    return int(found[0][0])


def test_several_processes_share_the_devices(start_intake: Start, broker: Broker, stored: Stored) -> None:
    """Two split the lanes between them; when one is killed the other reads on. Nothing is lost or doubled."""
    uids = [f"gauge-{n}" for n in range(12)]
    for uid in uids:
        gauge(uid, "level")
    first = start_reading(start_intake, broker, PATRIOT_INTAKE_LANES="2")
    second = start_reading(start_intake, broker, PATRIOT_INTAKE_LANES="2")
    until(lambda: held(first.process.pid) == 2 and held(second.process.pid) == 2)
    device = ready(broker)
    said = [
        (f"sensing/{uid}/level", b'{"v": %d, "t": %d}' % (n, 1795309000 + n))
        for n in range(100)
        for uid in uids
    ]
    assert device.publish(*said[:600]) == 600
    first.process.send_signal(signal.SIGKILL)
    assert device.publish(*said[600:]) == 600
    stored(1200)
    until(lambda: held(second.process.pid) == 4)
    time.sleep(0.3)
    assert query("SELECT count(*), count(DISTINCT (datastream_id, at)) FROM sensing_observation") == [
        (1200, 1200)
    ]
    assert query("SELECT count(*) FROM sensing_lane WHERE sequence > 0") == [(2,)]


def test_it_makes_an_observation_that_is_more_than_a_number(
    start_intake: Start, broker: Broker, stored: Stored
) -> None:
    (level,) = gauge("gauge-1", "level", placed=True)
    start_reading(start_intake, broker)
    topic = f"v1.1/Datastreams({level})/Observations"
    said = [b'{"result": 5, "phenomenonTime": "2026-11-21T03:00:00Z/2026-11-21T04:00:00Z"}', b'{"result": 6}',
            b'{"result": {}, "Datastream": 3', b'{"phenomenonTime": 3}']  # fmt: skip
    assert ready(broker).publish(*[(topic, one) for one in said], ("v1.1/Things", b'{"name": "x"}')) == 5
    assert sorted(row[2] for row in stored(2)) == [5, 6]
    until(lambda: Quarantined.objects.count() == 3)
    assert set(Quarantined.objects.values_list("reason", flat=True)) == {"not_created"}
    assert query("SELECT count(*) FROM sensing_observation WHERE until IS NOT NULL") == [(1,)]


def test_it_takes_readings_of_a_thing_without_place_but_no_observation_about_nothing(
    start_intake: Start, broker: Broker, stored: Stored
) -> None:
    (level,) = gauge("gauge-1", "level")
    start_reading(start_intake, broker)
    topic = f"v1.1/Datastreams({level})/Observations"
    ready(broker).publish((topic, b'{"result": 1}'), ("sensing/gauge-1/level", b"2"))
    assert [row[2] for row in stored(1)] == [2]
    until(lambda: Quarantined.objects.count() == 1)
    assert Quarantined.objects.get().reason == "not_created"
    assert query("SELECT count(*) FROM sensing_observation") == [(1,)]
