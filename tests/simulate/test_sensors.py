"""What simulated devices measure, and that they say it by real MQTT to a real broker."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

import nats
from patriot.kernel.pack import Pack
from patriot.simulate import nature
from patriot.simulate.mqtt import Device, many, one
from patriot.simulate.nature import HOUR
from patriot.simulate.nights import DRIFT_CM_H, DRIFTING, FLAT, bad_air, dark_street, flood_night
from patriot.simulate.sensors import Sensors, moments
from patriot.simulate.world import Stream, Trouble, World, streams
from tests.site.conftest import Installation, installation  # noqa: F401 - a fixture
from tests.site.test_nats import running

BEKASI = Pack(Path(__file__).parents[2] / "cities" / "kota_bekasi")
WIB = timedelta(hours=7)
NOON = datetime(2026, 11, 22, 5, tzinfo=UTC).timestamp()
MIDNIGHT = NOON + 12 * HOUR


@pytest.fixture(scope="module")
def known() -> dict[tuple[str, str], Stream]:
    return {(one.uid, one.key): one for one in streams(BEKASI)}


def night(world: World, stream: Stream, hours: float = 14) -> list[float]:
    """Its readings of a flood night, one each five minutes from the rain's begin at NOON."""
    said = (world.value(stream, NOON + 300 * n) for n in range(int(hours * 12)))
    return [value for value in said if value is not None]


def crest_h(levels: list[float]) -> float:
    return levels.index(max(levels)) / 12


def test_it_repeats_exactly_for_the_same_seed(known: dict[tuple[str, str], Stream]) -> None:
    one, same, other = World("one"), World("one"), World("two")
    assert [one.value(s, NOON) for s in known.values()] == [same.value(s, NOON) for s in known.values()]
    assert [one.value(s, NOON) for s in known.values()] != [other.value(s, NOON) for s in known.values()]


def test_it_sends_the_wave_down_the_river_at_its_pace(known: dict[tuple[str, str], Stream]) -> None:
    world = flood_night("s", NOON, 1, 0).world
    upstream, p2c, mouth = (
        night(world, known[uid, "level"]) for uid in ("gauge-cileungsi", "gauge-p2c", "gauge-teluk-pucung")
    )
    assert 3 <= crest_h(p2c) - crest_h(upstream) <= 4
    assert 2 <= crest_h(mouth) - crest_h(p2c) <= 3
    assert max(upstream) > 320  # Siaga 1 at Cileungsi
    assert max(p2c) > 551  # and at P2C
    assert p2c[-1] < max(p2c) - 150  # and it recedes


def test_it_changes_no_faster_than_water_does(known: dict[tuple[str, str], Stream]) -> None:
    world = flood_night("s", NOON, 1, 0).world
    levels = night(world, known["gauge-cileungsi", "level"])
    assert max(abs(b - a) / 5 for a, b in pairwise(levels)) < 5  # cm a minute


def test_it_hurries_rivers_only_from_now_on(known: dict[tuple[str, str], Stream]) -> None:
    gauge = known["gauge-p2c", "level"]
    slow, fast = (flood_night("s", NOON, speed, 4).world for speed in (1, 10))
    assert slow.value(gauge, NOON - HOUR) == fast.value(gauge, NOON - HOUR)
    late, soon = slow.value(gauge, NOON + HOUR), fast.value(gauge, NOON + HOUR / 10)
    assert late == pytest.approx(soon, abs=4)


def test_it_lets_one_gauge_stand_still_and_one_drift(known: dict[tuple[str, str], Stream]) -> None:
    world = flood_night("s", NOON, 1, 0).world
    assert len(set(night(world, known[FLAT, "level"]))) == 1
    sound = World("s", world.storms)
    gauge, at = known[DRIFTING, "level"], NOON + 3 * HOUR
    off = (world.value(gauge, at) or 0) - (sound.value(gauge, at) or 0)
    assert off == pytest.approx(8 * DRIFT_CM_H, abs=1)


def test_it_says_nothing_while_silent(known: dict[tuple[str, str], Stream]) -> None:
    world = World("s", troubles=(Trouble("silent", "rain-4", NOON),))
    assert world.value(known["rain-4", "rain"], NOON - 1) is not None
    assert world.value(known["rain-4", "rain"], NOON + 1) is None


def test_it_lights_the_lamps_by_the_sun(known: dict[tuple[str, str], Stream]) -> None:
    group = known["lamps-001", "burning"]
    assert World("s").value(group, NOON) == 0
    assert (World("s").value(group, MIDNIGHT) or 0) > 0.9 * group.detail("lamps", 0)
    assert 17 <= nature.hour_of(dark_street("s", [group], NOON).world.troubles[0].since) <= 19


def test_it_takes_a_whole_feeder_and_lights_another_group_by_day(
    known: dict[tuple[str, str], Stream],
) -> None:
    world = dark_street("s", list(known.values()), MIDNIGHT).world
    dark = [one.uid for one in world.troubles if one.sort == "dark"]
    feeders = {known[uid, "burning"].details["feeder"] for uid in dark}
    assert len(dark) > 1
    assert len(feeders) == 1
    assert world.value(known[dark[0], "burning"], MIDNIGHT + 120) == 0
    by_day = dark_street("s", list(known.values()), NOON).world
    lit = next(one.uid for one in by_day.troubles if one.sort == "burning")
    assert (by_day.value(known[lit, "burning"], NOON) or 0) > 0


def test_it_thickens_the_haze_and_blows_it_away(known: dict[tuple[str, str], Stream]) -> None:
    stream, world = known["air-1", "pm25"], bad_air("s", NOON, 1, 6).world
    before, now, after = (world.value(stream, NOON + hours * HOUR) or 0 for hours in (-7, 0, 13))
    assert before < 60 < 110 < now
    assert after < 70


def test_it_keeps_every_reading_within_what_its_sensor_can_measure(
    known: dict[tuple[str, str], Stream],
) -> None:
    from patriot.kernel.city_rows import DatastreamRow, ThingRow  # noqa: PLC0415 - the pack's rows, here only

    uid = {row.code: row.device_uid for row in BEKASI.table("things.csv", ThingRow)}
    world = flood_night("s", NOON, 1, 0).world
    for row in BEKASI.table("datastreams.csv", DatastreamRow):
        for hours in (0, 2.1, 5.6, 18):
            value = world.value(known[uid[row.thing], row.key], NOON + hours * HOUR)
            if value is not None:
                low, high = row.min, row.max
                assert low is None or low <= value, (row.thing, row.key)
                assert high is None or value <= high, (row.thing, row.key)


def test_it_tells_the_past_once_from_old_to_new() -> None:
    plan = ((2.0, 3600), (0.25, 600))
    told = list(moments(plan, 0, NOON))
    assert told == sorted(set(told))
    assert told[0] >= NOON - 2 * 86_400
    assert NOON - 600 <= told[-1] < NOON
    assert next(iter(moments(plan, NOON - 1200, NOON))) > NOON - 1200


async def _hear(address: str, subject: str, heard: list[tuple[str, bytes]]) -> "nats.NATS":
    client = await nats.connect(address)

    async def hear(message: object) -> None:
        heard.append((message.subject, message.data))  # type: ignore[attr-defined]

    await client.subscribe(subject, cb=hear)
    await client.flush()
    return client


async def _until(condition: object, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.05)


def test_it_speaks_mqtt_and_comes_back(installation: Installation) -> None:  # noqa: F811 - the fixture
    heard: list[tuple[str, bytes]] = []
    device = Device("127.0.0.1", installation.config.mqtt_port, "gauge-x")

    async def speak() -> None:
        client = await _hear(address, "sensing.gauge-x.>", heard)
        line = asyncio.create_task(device.run())
        device.say("sensing/gauge-x/level", one(NOON, 12.5))
        device.say("sensing/gauge-x/level", many([(NOON, 12.5), (NOON + 1, 13.0)]))
        await device.drained()
        await _until(lambda: len(heard) >= 3)
        line.cancel()
        await client.close()

    with running(installation) as server:
        address = server.config.nats_address()
        asyncio.run(speak())
    assert heard[0] == ("sensing.gauge-x.status", b"online")
    assert json.loads(heard[1][1]) == {"v": 12.5, "t": NOON * 1000}
    assert json.loads(heard[2][1]) == [[NOON * 1000, 12.5], [(NOON + 1) * 1000, 13.0]]


def test_it_keeps_what_it_has_to_say_while_the_broker_is_away(installation: Installation) -> None:  # noqa: F811
    device = Device("127.0.0.1", installation.config.mqtt_port, "gauge-x")
    heard: list[tuple[str, bytes]] = []

    async def wait_for_the_broker() -> None:
        line = asyncio.create_task(device.run())
        device.say("sensing/gauge-x/level", b"1")
        await asyncio.sleep(0.3)
        assert device.sent == 0
        server = await asyncio.to_thread(broker.__enter__)
        client = await _hear(server.config.nats_address(), "sensing.>", heard)
        await _until(lambda: device.sent == 1, 20)  # that is: the broker has acknowledged it
        device.say("sensing/gauge-x/level", b"2")
        await _until(lambda: ("sensing.gauge-x.level", b"2") in heard)
        line.cancel()
        await client.close()

    broker = running(installation)
    asyncio.run(wait_for_the_broker())
    broker.__exit__(None, None, None)


def test_it_tells_the_past_in_arrays_and_only_what_is_new(installation: Installation) -> None:  # noqa: F811
    stream = next(one for one in streams(BEKASI) if one.uid == "gauge-p2c" and one.key == "level")
    sensors = Sensors(installation.config, [stream], World("s"))
    heard: list[tuple[str, bytes]] = []

    async def speak() -> int:
        client = await _hear(address, "sensing.>", heard)
        line = asyncio.create_task(sensors.run())
        mark = installation.home / "simulator" / "sensors.mark"
        await _until(mark.exists, 20)
        line.cancel()
        await client.close()
        again = Sensors(installation.config, [stream], World("s"))
        return len(again._past(stream, float(mark.read_text()), float(mark.read_text()) + 1200))

    with running(installation) as server:
        address = server.config.nats_address()
        later = asyncio.run(speak())
    past = [pair for subject, data in heard if subject.endswith("level") for pair in _pairs(data)]
    assert len(past) > 20_000
    assert all(a[0] < b[0] for a, b in pairwise(past))
    assert 5 <= later <= 21


def _pairs(data: bytes) -> list[list[float]]:
    said = json.loads(data)
    return said if isinstance(said, list) else []
