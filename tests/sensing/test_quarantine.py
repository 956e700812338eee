"""Quarantine: nothing is lost, everything can be resolved, and who did it stands in the ledger."""

import pytest
from django.db import connection

from patriot.kernel import clock
from patriot.kernel.errors import Invalid, NotFound
from patriot.sensing.equipment import quarantine
from patriot.sensing.equipment.quarantine import key_of
from patriot.sensing.models import Device, Quarantined
from tests.sensing.test_assets import made, stream_of

pytestmark = pytest.mark.django_db
WHY = "unknown_device"


def wait(uid: str, payload: bytes, *, reason: str = WHY, topic: str = "") -> None:
    """Put a payload into quarantine, as the intake does."""
    Quarantined.objects.create(
        at=clock.now(),
        source="mqtt",
        uid=uid,
        topic=topic or f"sensing/{uid}/level",
        reason=reason,
        payload=payload,
    )


def readings_of(stream: int) -> list[float]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM sensing_observation WHERE datastream_id = %s ORDER BY id", [stream])
        return [value for (value,) in cursor.fetchall()]


def thing_of(code: str) -> tuple[int, int]:
    asset = made(code)
    return asset.device.thing_id, stream_of(asset)  # type: ignore[union-attr, return-value]


def test_it_groups_by_device_and_reason_the_newest_first() -> None:
    for payload in (b"1", b"2"):
        wait("a", payload)
    wait("a", b"{", reason="malformed")
    wait("b", b"3")
    assert [(one.uid, one.reason, one.kept) for one in quarantine.groups()] == [
        ("b", WHY, 1), ("a", "malformed", 1), ("a", WHY, 2),
    ]  # fmt: skip
    assert [one.uid for one in quarantine.groups("B")] == ["b"]
    assert quarantine.groups("a", WHY)[0].sample == b"2"
    assert quarantine.groups("%") == []


def test_it_replays_arrays_and_single_readings_with_their_own_times() -> None:
    thing, stream = thing_of("gauge")
    wait("x", b'[[1790000000, 1.5], {"v": 2.5, "t": "2026-09-22T00:00:00Z"}]')
    wait("x", b"3.5")
    stored, left = quarantine.replay("x", WHY, thing=thing, actor="user:1")
    assert (stored, left) == (3, 0)
    assert readings_of(stream) == [1.5, 2.5, 3.5]
    assert quarantine.groups() == []
    assert quarantine.waiting() == 0


def test_it_keeps_what_is_still_no_reading() -> None:
    thing, stream = thing_of("gauge")
    wait("x", b"rubbish")
    assert quarantine.replay("x", WHY, thing=thing, actor="user:1") == (0, 1)
    assert readings_of(stream) == []
    assert quarantine.groups()[0].kept == 1


def test_it_does_nothing_for_a_datastream_that_is_not_there() -> None:
    thing, _stream = thing_of("gauge")
    wait("x", b"1")
    with pytest.raises(Invalid):
        quarantine.replay("x", WHY, thing=thing, key="pm10", actor="user:1")
    with pytest.raises(Invalid):
        quarantine.replay("x", WHY, thing=999_999, actor="user:1")
    assert not Device.objects.filter(uid="x").exists()


def test_it_does_not_take_a_device_from_another_thing() -> None:
    thing, _stream = thing_of("one")
    other, stream = thing_of("two")
    wait("one", b"1", reason="unknown_datastream")
    with pytest.raises(Invalid):
        quarantine.replay("one", "unknown_datastream", thing=other, key="level", actor="user:1")
    assert Device.objects.get(uid="one").thing_id == thing
    assert readings_of(stream) == []


def test_it_says_when_somebody_was_faster() -> None:
    with pytest.raises(NotFound):
        quarantine.discard("x", WHY, words="gone", actor="user:1")
    with pytest.raises(NotFound):
        quarantine.undo("x", WHY, actor="user:1")


def test_it_takes_back_what_was_discarded_but_not_what_was_stored() -> None:
    thing, _stream = thing_of("gauge")
    wait("x", b"1")
    quarantine.replay("x", WHY, thing=thing, actor="user:1")
    with pytest.raises(NotFound):
        quarantine.undo("x", WHY, actor="user:1")
    assert not quarantine.groups(resolved=True)[0].may_undo


@pytest.mark.parametrize(
    ("topic", "key"),
    [("sensing/x/level", "level"), ("sensing/y/level", ""), ("v1.1/Things", ""), ("sensing/x", ""), ("", "")],
)
def test_it_reads_the_key_out_of_a_plain_topic(topic: str, key: str) -> None:
    assert key_of(topic, "x") == key
