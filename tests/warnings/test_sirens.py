"""The siren relay over a real broker: signed, kept for sirens that come later, silenced, answered."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.test import Client
from paho.mqtt.client import Client as MqttClient
from paho.mqtt.enums import CallbackAPIVersion

from patriot.kernel import clock
from patriot.kernel.config import Config
from patriot.ledger.models import Entry
from patriot.people.rules import Role
from patriot.site.nats import Nats
from patriot.warnings import actions, queries, rules, sirens
from patriot.warnings.models import Siren, SirenOrder
from tests.factories import user
from tests.nats import free_port
from tests.warnings.makers import MAYOR, OPERATOR, area, draft, published

pytestmark = pytest.mark.django_db


@pytest.fixture
def siren() -> Siren:
    area()
    return Siren.objects.create(
        code="jatirasa", name="Sirene Jatirasa", lon=106.98, lat=-6.29, areas=["32.75.09.1004"], agency="bpbd"
    )


class Device:
    """A siren, or a gateway, on MQTT."""

    def __init__(self, port: int, *topics: str) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self.client = MqttClient(CallbackAPIVersion.VERSION2)
        self.client.on_message = lambda _c, _d, told: self.heard.append(
            (told.topic, told.payload, told.retain)
        )
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        wait_for(self.client.is_connected)
        for topic in topics:
            self.client.subscribe(topic, qos=1)

    def say(self, topic: str, body: dict[str, str]) -> None:
        self.client.publish(topic, orjson.dumps(body), qos=1).wait_for_publish(5)

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def orders() -> list[tuple[int, str]]:
    """(warning, action) of all orders, in the sequence in which sirens get them."""
    return [(one.warning_id, one.action) for one in SirenOrder.objects.order_by("at", "pk")]


def kept_by(port: int) -> dict[str, Any]:
    """What a siren that comes back finds at the broker."""
    device = Device(port, "siren/jatirasa")
    wait_for(lambda: device.heard)
    device.stop()
    found: dict[str, Any] = orjson.loads(device.heard[-1][1])
    return found


def wait_for(done: Any) -> None:
    for _ in range(250):
        if done():
            return
        time.sleep(0.02)
    pytest.fail("it did not happen within five seconds")


@pytest.fixture
def broker(settings: Any) -> Iterator[int]:
    """The embedded broker as the supervisor runs it; its MQTT port."""
    home = Path(tempfile.mkdtemp(prefix="patriot-siren-"))
    config = replace(Config.from_env({}), home=home, mqtt_port=free_port())
    settings.CONFIG = config
    server = Nats(config)
    home.chmod(0o755)
    server.prepare()
    command = server.command()
    process = subprocess.Popen(command.argv, **command.options)
    wait_for(lambda: _listens(config.mqtt_port))
    yield config.mqtt_port
    process.terminate()
    process.wait(10)
    shutil.rmtree(home, ignore_errors=True)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_sounds_for_a_real_danger_and_falls_silent_at_the_all_clear(siren: Siren) -> None:
    row = published()
    assert sirens.order_for(row.pk) == 1
    sirens.order_for(row.pk)  # the event was delivered twice
    last = actions.all_clear(row.pk, viewer=OPERATOR)
    sirens.order_for(last)
    assert [one.action for one in queries.siren_orders(row.pk)] == ["silence", "sound"]


def test_it_does_not_sound_in_a_drill_unless_asked(siren: Siren) -> None:
    assert sirens.order_for(published(status="Exercise").pk) == 0
    assert sirens.order_for(published(status="Exercise", with_sirens=True).pk) == 1


@pytest.mark.parametrize("response", sorted(set(rules.Response) - {rules.Response.EVACUATE}))
def test_it_calls_nobody_out_whom_the_message_does_not_send_away(siren: Siren, response: str) -> None:
    assert sirens.order_for(published(response=response).pk) == 0
    assert sirens.order_for(published(response=response, status="Exercise", with_sirens=True).pk) == 0


def sounds(**changes: Any) -> bool:
    """Of a real message that sends people away, changed."""
    told: dict[str, Any] = {"step": "alert", "status": "Actual", "severity": "Severe", "urgency": "Expected",
                            "response": "Evacuate", "with_sirens": False}  # fmt: skip
    return rules.sounds(**(told | changes))


def test_it_sounds_only_when_people_must_leave_soon_and_lives_are_at_stake() -> None:
    assert sounds()
    assert sounds(step="update", status="Exercise", with_sirens=True)
    assert not sounds(status="Exercise")
    assert not sounds(status="Test", with_sirens=True)
    assert not sounds(step="cancel")
    assert not sounds(step="all_clear")
    assert not sounds(severity="Moderate")
    assert not sounds(urgency="Future")


def test_it_falls_silent_when_people_are_to_stay_inside_from_now_on(siren: Siren) -> None:
    row = published()
    sirens.order_for(row.pk)
    changed = actions.update(row.pk, viewer=OPERATOR)
    actions.edit(changed, draft(response="Shelter"), viewer=OPERATOR)
    actions.submit(changed, viewer=OPERATOR)
    actions.approve(changed, viewer=MAYOR)
    sirens.order_for(changed)
    assert orders() == [(row.pk, "sound"), (changed, "silence")]


@pytest.mark.parametrize(("response", "will_sound"), [("Evacuate", True), ("Shelter", False)])
def test_its_page_says_whether_sirens_will_sound(client: Client, response: str, will_sound: bool) -> None:
    pk = actions.draft(draft(response=response, status="Exercise", with_sirens=True), viewer=OPERATOR)
    client.force_login(user(Role.OPERATOR))
    page = client.get(f"/console/warnings/{pk}/", headers={"Accept-Language": "en"}).content.decode()
    assert ("sirens will sound" in page, "Sirens in the area will sound." in page) == (will_sound, will_sound)
    assert ("No siren sounds." in page) != will_sound


def test_it_sounds_where_the_danger_is_only(siren: Siren) -> None:
    Siren.objects.create(code="far", name="Far", lon=106.9, lat=-6.2, areas=[], agency="bpbd")
    sirens.order_for(published().pk)
    assert [one.siren.code for one in SirenOrder.objects.all()] == ["jatirasa"]


def test_it_falls_silent_when_an_update_makes_it_mild_or_time_is_over(siren: Siren) -> None:
    row = published()
    sirens.order_for(row.pk)
    sirens.silence(row.pk)
    assert [one.action for one in queries.siren_orders(row.pk)] == ["silence", "sound"]
    assert sirens.silence(row.pk) == 0


def test_it_leaves_a_siren_sounding_that_another_warning_needs(siren: Siren) -> None:
    first, second = published(), published()
    for row in (first, second):
        sirens.order_for(row.pk)
    over = actions.all_clear(first.pk, viewer=OPERATOR)
    assert sirens.order_for(over) == 0
    assert orders() == [(first.pk, "sound"), (second.pk, "sound")]  # the newest is the other's already
    last = actions.all_clear(second.pk, viewer=OPERATOR)
    assert sirens.order_for(last) == 1
    assert orders()[-1] == (last, "silence")


def test_it_gives_the_other_warnings_order_again_when_the_newest_ends(siren: Siren) -> None:
    first, second = published(), published(expires=clock.now() + timedelta(hours=1))
    for row in (first, second):
        sirens.order_for(row.pk)
    SirenOrder.objects.update(sent_at=clock.now(), answered_at=clock.now(), answer="done")
    over = actions.cancel(second.pk, "Salah", viewer=OPERATOR)
    sirens.order_for(over)
    sirens.order_for(over)  # the event was delivered twice
    assert orders() == [(second.pk, "sound"), (first.pk, "sound")]
    again = SirenOrder.objects.get(warning=first)
    assert (again.sent_at, again.answered_at, again.until) == (None, None, first.expires)
    assert Entry.objects.filter(kind="warnings.siren_ordered").count() == 3


@pytest.mark.parametrize("is_away", [False, True])
def test_it_leaves_the_real_order_at_the_broker_when_a_drill_ends(
    siren: Siren, broker: int, is_away: bool
) -> None:
    drill = published(status="Exercise", with_sirens=True)
    sirens.order_for(drill.pk)
    if not is_away:
        sirens.relay()
        assert kept_by(broker)["warning"] == drill.identifier
    real = published()
    sirens.order_for(real.pk)
    sirens.order_for(actions.cancel(drill.pk, "Selesai", viewer=OPERATOR))
    sirens.relay()
    kept = kept_by(broker)
    assert (kept["action"], kept["warning"], kept["status"]) == ("sound", real.identifier, "Actual")


def test_a_drill_takes_no_siren_from_a_real_warning(siren: Siren) -> None:
    real = published()
    sirens.order_for(real.pk)
    drill = published(status="Exercise", with_sirens=True)
    assert sirens.order_for(drill.pk) == 0
    assert orders() == [(real.pk, "sound")]
    over = actions.all_clear(real.pk, viewer=OPERATOR)
    sirens.order_for(over)
    assert orders()[-1] == (over, "silence")  # and does not go on after it


def test_it_sounds_for_the_real_one_when_drills_need_the_siren_too(siren: Siren) -> None:
    real = published(expires=clock.now() + timedelta(hours=2))
    drill = published(status="Exercise", with_sirens=True)
    last = published(expires=clock.now() + timedelta(hours=1))
    for row in (real, drill, last):
        sirens.order_for(row.pk)
    with clock.at(clock.now() + timedelta(minutes=90)):
        actions.expire(last.pk, clock.now())
        assert sirens.silence(last.pk) == 0
    assert orders()[-1] == (real.pk, "sound")


def test_it_falls_silent_when_the_other_warning_is_over_or_mild_or_elsewhere(siren: Siren) -> None:
    away = {"drawn": None, "circle": [106.90, -6.20, 1.0]}
    soon = published(expires=clock.now() + timedelta(hours=1))
    for row in (published(severity="Minor"), published(**away), published(status="Exercise"), soon):
        sirens.order_for(row.pk)
    row = published()
    sirens.order_for(row.pk)
    with clock.at(soon.expires):  # before the job has written down that it is over
        sirens.order_for(actions.all_clear(row.pk, viewer=OPERATOR))
    assert orders()[-1][1] == "silence"


def test_it_leaves_a_siren_sounding_that_an_update_drops_and_another_needs(siren: Siren) -> None:
    first, second = published(), published()
    for row in (first, second):
        sirens.order_for(row.pk)
    away = draft(drawn=None, circle=[106.90, -6.20, 1.0])
    changed = actions.update(second.pk, viewer=OPERATOR)
    actions.edit(changed, away, viewer=OPERATOR)
    actions.submit(changed, viewer=OPERATOR)
    actions.approve(changed, viewer=MAYOR)
    sirens.order_for(changed)
    assert orders() == [(second.pk, "sound"), (first.pk, "sound")]


def test_it_does_not_take_an_order_given_anew_for_sent(siren: Siren, broker: int) -> None:
    row = published()
    sirens.order_for(row.pk)
    visit = sirens.Exchange(*sirens.broker() or ("", 0, "", ""))
    publish = visit.client.publish

    def given_anew(*told: Any, **more: Any) -> Any:
        SirenOrder.objects.update(at=clock.now())
        return publish(*told, **more)

    visit.client.publish = given_anew  # type: ignore[method-assign]
    visit.run()
    assert SirenOrder.objects.get().sent_at is None


def test_it_signs_so_that_a_siren_can_tell(siren: Siren) -> None:
    row = published()
    sirens.order_for(row.pk)
    data = sirens.payload(SirenOrder.objects.select_related("siren", "warning").get())
    assert sirens.is_genuine(data, sirens.public_pem())
    assert not sirens.is_genuine(data.replace(b"sound", b"muted"), sirens.public_pem())


def test_it_reaches_sirens_over_mqtt_and_hears_their_answers(siren: Siren, broker: int) -> None:
    row = published()
    sirens.order_for(row.pk)
    early = Device(broker, "siren/jatirasa")
    sirens.relay()
    wait_for(lambda: early.heard)
    order = orjson.loads(early.heard[0][1])
    assert (order["action"], order["warning"], order["status"]) == ("sound", row.identifier, "Actual")
    assert sirens.is_genuine(early.heard[0][1], sirens.public_pem())
    late = Device(broker, "siren/+")
    wait_for(lambda: late.heard)
    assert late.heard[0][2]  # the broker kept it
    early.say("siren/jatirasa/ack", {"warning": row.identifier, "action": "sound", "result": "sounding"})
    sirens.relay()
    assert queries.siren_orders(row.pk)[0].answer == "sounding"
    assert Entry.objects.filter(kind="warnings.siren_answered").count() == 1
    sirens.relay()
    assert len(early.heard) == 1  # told once
    early.stop()
    late.stop()


def test_it_waits_for_a_broker_that_is_away(siren: Siren, settings: Any) -> None:
    row = published()
    sirens.order_for(row.pk)
    home = Path(tempfile.mkdtemp(prefix="patriot-siren-"))
    settings.CONFIG = replace(
        Config.from_env({}), home=home, nats_url="nats://127.0.0.1:1", mqtt_port=free_port()
    )
    sirens.relay()
    assert SirenOrder.objects.get().sent_at is None
    shutil.rmtree(home)


def test_it_bears_any_answer(siren: Siren) -> None:
    for topic, data in (("siren/x/ack", b""), ("siren", b"{}"), ("siren/a/ack", b"[]"),
                        ("siren/a/ack", b'"x"'),
                        ("siren/jatirasa/ack", b'{"warning":1,"action":2}'),
                        ("siren/a/ack", b"\xff")):  # fmt: skip
        assert not sirens.take_answer(topic, data)


def test_it_keeps_an_order_no_longer_than_the_warning(siren: Siren) -> None:
    row = published(expires=clock.now() + timedelta(hours=2))
    sirens.order_for(row.pk)
    assert SirenOrder.objects.get().until == row.expires
