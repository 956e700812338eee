"""The stream that readings wait in: kept until every lane has committed them, and then let go."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from patriot.intake import lanes
from patriot.intake.lanes import MAIN, REST, STREAM, THINGS, Lane, Place, named, split
from tests.intake.broker import Broker, Device
from tests.intake.conftest import Running, gauge
from tests.intake.test_readings import until

NEVER, ALWAYS = 0, 2**62  # stamps: older and newer than any message
MESSAGES = [(f"sensing/gauge-{n % 3}/level", b"%d" % n) for n in range(20)]

type Ask = Callable[[lanes.Broker], Awaitable[Any]]


def ask(broker: Broker, *asks: Ask) -> list[Any]:
    """What the broker answers, one after the other on one connection."""

    async def run() -> list[Any]:
        async with lanes.Broker(broker.url) as link:
            return [await one(link) for one in asks]

    return asyncio.run(run())


def prepare(count: int = 1) -> Ask:
    return lambda link: link.prepare(count)


def forget(*places: tuple[Lane, Place]) -> Ask:
    return lambda link: link.forget(places)


def first(sequence: int, stamp: int) -> Ask:
    return lambda link: link._first(Place(sequence, stamp))


def left(broker: Broker) -> tuple[int, int]:
    """The numbers of the first message of the stream and of the last; first = last + 1: there is none."""
    [state] = ask(broker, lambda link: link._state())
    return state["first_seq"], state["last_seq"]


def test_it_lets_go_of_what_is_committed_and_an_idle_lane_holds_nothing(broker: Broker) -> None:
    ask(broker, prepare())
    assert Device(broker.mqtt_port).publish(*MESSAGES) == 20
    assert left(broker) == (1, 20)
    idle = (THINGS, Place(0, NEVER))
    ask(broker, forget((MAIN, Place(0, NEVER)), idle))
    assert left(broker) == (1, 20)
    ask(broker, forget((MAIN, Place(7, ALWAYS)), idle))
    assert left(broker) == (8, 20)
    ask(
        broker,
        forget((MAIN, Place(3, ALWAYS)), idle),
        forget((MAIN, Place(8, ALWAYS)), (THINGS, Place(2, 0))),
    )
    assert left(broker) == (9, 20)
    ask(broker, forget((MAIN, Place(20, ALWAYS)), idle))
    assert left(broker) == (21, 20)


def test_a_slow_lane_keeps_its_messages(broker: Broker) -> None:
    ask(broker, prepare())
    create = ("v1.1/Datastreams(1)/Observations", b'{"result": 1}')
    assert Device(broker.mqtt_port).publish(*MESSAGES[:5], create, *MESSAGES[5:]) == 21
    ask(broker, forget((MAIN, Place(21, ALWAYS)), (THINGS, Place(0, NEVER))))
    assert left(broker) == (6, 21)


def test_numbers_of_another_stream_mean_nothing(broker: Broker) -> None:
    """A broker that lost its files counts anew; what it has then was stored after all that was committed."""
    ask(broker, prepare())
    assert Device(broker.mqtt_port).publish(*MESSAGES) == 20
    for sequence in (1, 10, 20, 21, 1000):
        ask(broker, forget((MAIN, Place(sequence, NEVER))))
        assert left(broker) == (1, 20)
        assert ask(broker, first(sequence, NEVER)) == [1]
    assert ask(broker, first(10, ALWAYS)) == [11]


def test_lanes_of_an_earlier_split_keep_what_they_have(broker: Broker) -> None:
    ask(broker, prepare(2))
    assert Device(broker.mqtt_port).publish(*MESSAGES) == 20
    ask(broker, prepare(1))
    all_done = [(lane, Place(0, NEVER)) for lane in split(1)]
    ask(broker, forget(*all_done, *((lane, Place(0, NEVER)) for lane in split(2))))
    assert left(broker) == (1, 20)
    ask(broker, forget(*all_done, *((lane, Place(20, ALWAYS)) for lane in split(2))))
    assert left(broker) == (21, 20)


def test_a_lane_is_known_by_its_name() -> None:
    for lane in (*split(1), *split(3)):
        assert named(lane.name) == lane
    assert named("patriot-sensing-3-2").filter == "$MQTT.msgs.lane.3.2.>"


def test_it_takes_over_a_broker_that_made_its_own_stream_first(broker: Broker) -> None:
    early = Device(broker.mqtt_port)
    assert early.accepted
    ask(broker, prepare())
    assert early.publish(*MESSAGES) == 20
    assert left(broker) == (1, 20)
    [rest] = ask(broker, lambda link: link._ask(f"STREAM.INFO.{REST}"))
    assert rest["config"]["subjects"] == lanes.OTHERS
    assert (
        ask(broker, prepare(), lambda link: link._ask(f"STREAM.INFO.{STREAM}"))[1]["state"]["messages"] == 20
    )


@pytest.mark.django_db(transaction=True)
def test_what_came_before_any_intake_is_stored_and_then_let_go(
    start_intake: Callable[..., Running], broker: Broker, stored: Callable[..., list[Any]]
) -> None:
    for n in range(3):
        gauge(f"gauge-{n}", "level")
    ask(broker, prepare())
    assert Device(broker.mqtt_port).publish(*MESSAGES) == 20
    start_intake(NATS_URL=broker.url, PATRIOT_HOME=str(broker.home))
    assert sorted(row[2] for row in stored(20)) == list(range(20))
    until(lambda: left(broker) == (21, 20))
    broker.kill()
    broker.start()
    time.sleep(0.2)
    assert Device(broker.mqtt_port).publish(("sensing/gauge-1/level", b"99")) == 1
    assert [row[2] for row in stored(21)].count(99) == 1
