"""/req/create-observations-via-mqtt, /req/receive-updates-via-mqtt, on the embedded broker."""

import asyncio
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np
import orjson
import pytest

from patriot.api.sensorthings.live import messages
from patriot.kernel.bus import Bus
from patriot.sensing.sta import asked, mqtt
from patriot.sensing.sta import feed as feeds
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.feed import Feed
from patriot.sensing.sta.model import BY_NAME
from patriot.sensing.sta.topics import SEEN, covers, subject_of, topic_of, topics
from patriot.sensing.sta.write import Change
from patriot.site.nats import Nats
from tests.api.sensorthings.conftest import Sta, location, stream, thing
from tests.site.conftest import Installation, installation
from tests.site.mqtt import Device, _text

__all__ = ["installation"]
DAY = "-01-01T00:00:00Z"


class Runs(Protocol):
    """What lives in an event loop until it is cancelled."""

    async def run(self) -> None: ...


def subscribe(device: Device, topic: str, number: int) -> None:
    """Subscribe with QoS 0 and wait for the broker's word."""
    device._send(0x82, struct.pack("!H", number) + _text(topic) + b"\x00")
    assert device._receive() == (0x90, struct.pack("!H", number) + b"\x00")


def heard(device: Device, count: int) -> dict[str, list[Any]]:
    """The next messages by topic."""
    device.link.settimeout(10)
    data = b""
    found: dict[str, list[Any]] = {}
    while sum(map(len, found.values())) < count:
        data += device.link.recv(65536)
        while len(data) > 4:
            length, shift, at = 0, 0, 1
            while True:
                length |= (data[at] & 127) << shift
                at, shift = at + 1, shift + 7
                if not data[at - 1] & 128:
                    break
            if len(data) < at + length:
                break
            body, data = data[at : at + length], data[at + length :]
            width = struct.unpack("!H", body[:2])[0]
            found.setdefault(body[2 : 2 + width].decode(), []).append(orjson.loads(body[2 + width :]))
    return found


@pytest.fixture
def broker(installation: Installation) -> Iterator[Installation]:
    server = Nats(installation.config)
    server.prepare()
    command = server.command()
    with (installation.home / "nats.log").open("w") as log:
        process = subprocess.Popen(command.argv, stdout=log, stderr=log, **command.options)
    installation.wait_for(lambda: "Server is ready" in (installation.home / "nats.log").read_text(), 10)
    yield installation
    process.send_signal(command.stop)
    process.wait(10)


@pytest.fixture
def told(transactional_db: None, broker: Installation) -> Iterator[Installation]:
    """A broker at which the web process's feed is at work."""
    feed = Feed(Bus(broker.config.nats_address, "test"), "http://x/v1.1", work=messages)
    with at_work(feed, feed.bus):
        broker.wait_for(lambda: feed.bus.connected, 10)
        yield broker


@contextmanager
def at_work(feed: Feed, *others: Runs) -> Iterator[None]:
    """The feed, told of changes, and others beside it in an event loop of their own."""
    loop = asyncio.new_event_loop()
    tasks = [loop.create_task(one.run()) for one in (feed, *others)]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    feeds.attach(feed)
    try:
        yield
    finally:
        feeds.detach(feed)
        asyncio.run_coroutine_threadsafe(ended(tasks), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def ended(tasks: "list[asyncio.Task[None]]") -> None:
    """Cancel the tasks, and wait until they have gone."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def change(sta: Sta, path: str, body: object) -> None:
    """PATCH that must succeed."""
    assert sta.ask("PATCH", path, body).status == 200


def test_it_tells_subscribers_of_entities_properties_and_new_observations(
    told: Installation, sta: Sta
) -> None:
    key = sta.make("Things", thing())
    secret = sta.make("Things", thing("Secret", public=False))
    level = sta.ids(f"Things({key})/Datastreams")[0]
    device = Device(told.config.mqtt_port)
    wanted = [
        "v1.1/Things", f"v1.1/Things({key})/name", f"v1.1/Datastreams({level})/Observations",
        "v1.1/Observations?$select=result,phenomenonTime", f"v1.1/Things({key})/Datastreams",
    ]  # fmt: skip
    for number, topic in enumerate(wanted, 1):
        subscribe(device, topic, number)
    change(sta, f"Things({key})", {"name": "New"})
    change(sta, f"Things({key})", {"description": "only"})
    change(sta, f"Things({secret})", {"name": "Hidden"})
    change(sta, f"Datastreams({level})", {"name": "Stage"})
    sta.make(f"Datastreams({level})/Observations", {"result": 7})
    found = heard(device, 6)
    assert [each["name"] for each in found["v1.1/Things"]] == ["New", "New"]
    assert found[f"v1.1/Things({key})/name"] == [{"name": "New"}]
    assert [each["result"] for each in found[f"v1.1/Datastreams({level})/Observations"]] == [7]
    assert [sorted(each) for each in found["v1.1/Observations?$select=result,phenomenonTime"]] == [
        ["phenomenonTime", "result"]
    ]
    assert [each["name"] for each in found[f"v1.1/Things({key})/Datastreams"]] == ["Stage"]


def test_it_tells_of_a_change_right_after_the_subscription(told: Installation, sta: Sta) -> None:
    key = sta.make("Things", thing())
    level = sta.ids(f"Things({key})/Datastreams")[0]
    made = sta.make(f"Datastreams({level})/Observations", {"result": 1})
    device = Device(told.config.mqtt_port)
    for number, topic in enumerate((f"v1.1/Things({key})/name", f"v1.1/Things({key})", "v1.1/Things"), 1):
        subscribe(device, topic, number)
        change(sta, f"Things({key})", {"name": f"New {number}"})
        found = heard(device, number)
        assert [each["name"] for each in found[topic]] == [f"New {number}"]
    subscribe(device, "v1.1/Observations", 4)
    feeds.tell_of_observations([made])
    assert [each["@iot.id"] for each in heard(device, 1)["v1.1/Observations"]] == [made]


def test_a_link_to_one_tells_of_the_entity_it_leads_to_only(sta: Sta) -> None:
    one, other = sta.make("Things", thing("One")), sta.make("Things", thing("Other"))
    level, foreign = (sta.ids(f"Things({key})/Datastreams")[0] for key in (one, other))
    places = [sta.ids(f"Things({key})/Locations")[0] for key in (one, other)]
    sensors = [sta.get(f"Datastreams({key})/Sensor").json["@iot.id"] for key in (foreign, level)]
    to_one = f"v1//1.Datastreams({level}).Thing"
    below = ("", ".name", ".Locations", f".Datastreams({level})", f".Datastreams({level}).Sensor.name")
    wanted = [topic for one in below for topic in topics(to_one + one)]
    changes: list[Change] = [
        (BY_NAME[name], key, frozenset({"name"}))
        for name, keys in (
            ("Thing", (other, one)),
            ("Location", places),
            ("Datastream", (foreign, level)),
            ("Sensor", sensors),
        )
        for key in keys
    ]
    told = [(subject, orjson.loads(said)) for subject, said in feeds.messages(wanted, changes, "http://x")]
    assert [(subject.removeprefix(to_one), said.get("@iot.id", said)) for subject, said in told] == [
        ("", one), (".name", {"name": "One"}), (".Locations", places[0]), (f".Datastreams({level})", level),
        (f".Datastreams({level}).Sensor.name", {"name": "Sensor of Level"}),
    ]  # fmt: skip


def test_a_space_in_a_topic_is_written_as_percent_20(told: Installation, sta: Sta) -> None:
    key = sta.make("Things", thing())
    device = Device(told.config.mqtt_port)
    device._send(0x82, struct.pack("!H", 1) + _text("v1.1/Things?$filter=name eq 'New'") + b"\x00")
    assert device._receive() == (0x90, struct.pack("!H", 1) + b"\x80")
    topic = "v1.1/Things?$filter=name%20eq%20'New'"
    subscribe(device, topic, 2)
    change(sta, f"Things({key})", {"name": "New"})
    assert [each["name"] for each in heard(device, 1)[topic]] == ["New"]


class Answering(Bus):
    """A bus whose broker answers when it may: how often it was asked."""

    def __init__(self) -> None:
        super().__init__(lambda: "", "test")
        self.asked = 0
        self.may = asyncio.Event()

    async def request(self, subject: str, payload: bytes, patience_s: float = 1.0) -> bytes | None:
        """One subscription, to all things."""
        self.asked += SEEN not in payload.decode()
        subjects = {"subscriptions_list": ["v1//1.Things"]}
        await self.may.wait()
        return orjson.dumps({"data": {"connections": [subjects]}})


def test_what_changes_during_a_question_shares_the_next_one() -> None:
    async def ask() -> None:
        bus = Answering()
        feed = Feed(bus, "http://x")
        before = asyncio.gather(*(feed.refreshed() for _ in range(100)))
        while not bus.asked:
            await asyncio.sleep(0.001)
        during = asyncio.gather(*(feed.refreshed() for _ in range(100)))
        await asyncio.sleep(0.001)
        bus.may.set()
        await before
        assert (bus.asked, list(feed.topics)) == (1, ["v1//1.Things"])
        await during
        assert bus.asked == 2

    asyncio.run(ask())


def test_a_question_that_fails_leaves_what_was_known_and_ends_nothing(caplog: Any) -> None:
    class Failing(Bus):
        async def request(self, subject: str, payload: bytes, patience_s: float = 1.0) -> bytes | None:
            return b"rubbish"

    async def ask() -> None:
        feed = Feed(Failing(lambda: "", "test"), "http://x", topics={"v1//1.Things": topics("v1//1.Things")})
        await feed.refreshed()
        assert list(feed.topics) == ["v1//1.Things"]

    asyncio.run(ask())
    assert "it could not be asked who subscribed" in caplog.text


def test_a_change_of_no_own_property_is_no_news_to_who_wants_a_property(
    sta: Sta, django_capture_on_commit_callbacks: Any
) -> None:  # fmt: skip
    key = sta.make("Things", thing())
    whole, name = f"v1//1.Things({key})", f"v1//1.Things({key}).name"
    wanted = [topic for one in (whole, name, "v1//1.Things?$select=name") for topic in topics(one)]
    place = sta.make("Locations", location())
    for body, told in (
        ({}, [whole]),
        ({"Locations": [{"@iot.id": place}]}, [whole]),
        ({"description": "new"}, [whole]),
        ({"name": "New"}, [each.subject for each in wanted]),
    ):
        changes: list[Change] = []
        feed = Feed(Bus(lambda: "", "test"), "http://x")
        feed.tell = changes.extend  # type: ignore[assignment,method-assign]
        feeds.attach(feed)
        with django_capture_on_commit_callbacks(execute=True):
            change(sta, f"Things({key})", body)
        feeds.detach(feed)
        assert [subject for subject, _ in feeds.messages(wanted, changes, "http://x")] == told


def test_it_says_plain_readings_without_asking_the_database() -> None:
    feed = Feed(Bus(lambda: "", "test"), "http://x")
    columns = (np.array([5, 6, 7]), np.array([1, 2, 3]), np.array([10**15] * 3), np.array([1.5, np.nan, 3.0]),
               np.array([0, 512, 0]))  # fmt: skip
    assert list(feed.observed(*columns)) == []
    feed.topics = {
        s: topics(s) for s in ("v1//1.Datastreams(2).Observations", "v1//1.Observations?$select=result")
    }
    feed.streams = feeds._streams(feed.topics)
    feed.open = frozenset({1, 2})
    said = [(subject, orjson.loads(payload)) for subject, payload in feed.observed(*columns)]
    assert [subject for subject, _ in said] == [
        "v1//1.Observations?$select=result", "v1//1.Observations?$select=result",
        "v1//1.Datastreams(2).Observations",
    ]  # fmt: skip
    assert said[0][1] == {"result": 1.5}
    assert said[2][1]["phenomenonTime"] == "2001-09-09T01:46:40.000Z"
    assert said[2][1]["resultQuality"][0]["nameOfMeasure"] == "patriot:missing"


def test_it_asks_the_database_for_topics_that_a_plain_reading_does_not_answer(sta: Sta) -> None:
    key, secret = sta.make("Things", thing()), sta.make("Things", thing("Secret", public=False))
    level, hidden = (sta.ids(f"Things({one})/Datastreams")[0] for one in (key, secret))
    made = [sta.make(f"Datastreams({one})/Observations", {"result": n, "phenomenonTime": f"{n}{DAY}"})
            for one, n in ((level, 2025), (level, 2026), (hidden, 2027))]  # fmt: skip
    sensor = sta.get(f"Datastreams({level})/Sensor").json["@iot.id"]
    feature = sta.get(f"Observations({made[0]})/FeatureOfInterest").json["@iot.id"]
    wanted = {
        "Observations?$filter=result%20gt%202025": made[1:2],
        "Observations?$expand=FeatureOfInterest": made[:2],
        "Observations?$select=Datastream": made[:2],
        f"Things({key}).Datastreams({level}).Observations": made[:2],
        f"Things({secret}).Datastreams({hidden}).Observations": [],
        f"Things({secret}).Datastreams({level}).Observations": [],
        f"Sensors({sensor}).Datastreams({level}).Observations": made[:2],
        f"FeaturesOfInterest({feature}).Observations": made[:2],
        f"Observations({made[0]}).Datastream.Observations": made[:2],
        f"Observations({made[1]})": made[1:2],
        f"Observations({made[2]})": [],
        f"Datastreams({level}).Observations({made[0]}).result": made[:1],
    }
    plain = ("Observations", f"Datastreams({level}).Observations", "Observations?$select=result,id")
    found = [topic for one in (*wanted, *plain) for topic in topics(f"v1//1.{one}")]
    asked_for = asked.concerned(found)
    assert [topic.subject.removeprefix("v1//1.") for topic in asked_for] == list(wanted)
    at = [int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1e6) for year in (2025, 2026, 2027)]
    told = asked.Told(np.array(made), np.array([level, level, hidden]), np.array(at))
    said: dict[str, list[Any]] = {}
    for subject, payload in asked.messages(asked_for, told, "http://x"):
        said.setdefault(subject.removeprefix("v1//1."), []).append(orjson.loads(payload))
    assert {name: len(said.get(name, [])) for name in wanted} == {
        name: len(keys) for name, keys in wanted.items()
    }  # fmt: skip
    assert said["Observations?$expand=FeatureOfInterest"][0]["FeatureOfInterest"]["@iot.id"] == feature
    assert said[f"Datastreams({level}).Observations({made[0]}).result"] == [{"result": 2025}]


def test_a_topic_that_cannot_be_asked_about_spoils_no_other(sta: Sta) -> None:
    key = sta.make("Things", thing())
    level = sta.ids(f"Things({key})/Datastreams")[0]
    made = sta.make(
        f"Datastreams({level})/Observations", {"result": 1, "phenomenonTime": "2026-01-01T00:00:00Z"}
    )
    told = asked.Told(np.array([made]), np.array([level]), np.array([1_767_225_600_000_000]))
    wanted = ("Observations?$filter=nosuch%20eq%201", "Observations?$filter=1%20div%20result%20eq%201")
    found = [topic for one in wanted for topic in topics(f"v1//1.{one}")]
    assert [subject for subject, _ in asked.messages(found, told, "http://x")] == [f"v1//1.{wanted[1]}"]


def test_it_makes_observations_of_what_the_intake_hands_on(sta: Sta) -> None:
    key = sta.make("Things", thing(Datastreams=[stream()]))
    level = sta.ids(f"Things({key})/Datastreams")[0]
    made = mqtt.create(
        f"Datastreams({level})/Observations", b'{"result": "wet", "phenomenonTime": "2026-11-21T00:00:00Z"}'
    )
    assert sta.get(f"Observations({made})").json["result"] == "wet"
    assert mqtt.create("Observations", orjson.dumps({"result": 1, "Datastream": {"@iot.id": level}}))
    for path, body in (("Things", b'{"name": "x", "description": ""}'), (f"Datastreams({level})", b"{}"),
                       ("Observations", b"{"), ("Observations", b'{"result": 1}'), ("", b"{}"),
                        ("Nothing", b"{}"),
                       (f"Datastreams({level + 1})/Observations", b'{"result": 1}')):  # fmt: skip
        with pytest.raises(Fault):
            mqtt.create(path, body)
    deep = {"result": 1, "Datastream": stream(Thing={"@iot.id": key})}
    with pytest.raises(Fault, match="names its datastream by id"):
        mqtt.create("Observations", orjson.dumps(deep))
    assert sta.ids(f"Things({key})/Datastreams") == [level]


@pytest.mark.parametrize(("topic", "subject"), [
    ("v1.1/Things", "v1//1.Things"), ("v1.1/Datastreams(5)/Observations?$select=result",
                                      "v1//1.Datastreams(5).Observations?$select=result"),
])  # fmt: skip
def test_it_maps_topics_as_the_broker_does(topic: str, subject: str) -> None:
    assert subject_of(topic) == subject
    assert topic_of(subject) == topic


def test_it_reads_what_somebody_subscribed_to() -> None:
    assert len(topics("v1//1.>")) == 8
    assert [each.entity.plural for each in topics("v1//1.*")] == [
        each.entity.plural for each in topics("v1//1.>")
    ]
    for wrong in (
        "v1//1.Nothing",
        "v1//1.Things(1).nosuch",
        "v1//1.Things.name",
        "v1//1.Datastreams.Thing",
        "v1//1.Datastreams(1).Thing.nosuch",
        "v1//1.Datastreams(1).Thing.name.name",
        "v1//1.",
        "v1//1.Things(x)",
    ):
        assert topics(wrong) == []
    for below in ("Things(1).Datastreams(2)", "Datastreams(1).Thing", "Observations(1).Datastream.Thing"):
        assert topics(f"v1//1.{below}.name")[0].part == "name"
    assert covers("a.*.c", "a.b.c")
    assert not covers("a.*", "a.b.c")
