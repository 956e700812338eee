"""Lanes: how the intake reads what devices published with QoS 1.

The broker stores readings in a stream of their own, in place of its general one, and gives the PUBACK. A lane
is one part of that stream, read by one process at a time (`lease`), in order. How far it was committed stands
in the database, in the transaction of the readings, and nowhere else: the broker is not told of each message,
but to forget all that every lane has committed, now and then. One lane is fastest; `PATRIOT_INTAKE_LANES=4`
splits the devices by a hash of their name into four more, for several intake processes. See
docs/decisions/0006.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from nats.aio.client import Client

import nats

log = logging.getLogger(__name__)

STREAM = "readings"
REST = "$MQTT_msgs"  # the broker's own stream for QoS 1
MESSAGES = "$MQTT.msgs."
READINGS = f"{MESSAGES}sensing."
CREATES = f"{MESSAGES}create.v1//1."  # SensorThings creations: see the mapping in site/nats.py
SPLIT = f"{MESSAGES}lane."
DEALT = SPLIT + "%d.{{partition(%d,1)}}.{{wildcard(1)}}.{{wildcard(2)}}"  # by a hash of the device's name
OTHERS = [f"{MESSAGES}{topic}.>" for topic in ("device", "siren", "v1//1")]  # see TOPICS in site/nats.py
MOST_LANES = 64
HEARTBEAT_S = 5
FORGOTTEN_S = 10  # so long after its reader is gone the broker forgets a consumer
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Lane:
    """A part of the stream. `prefix`: what its subjects begin with."""

    name: str
    prefix: str

    @property
    def filter(self) -> str:
        """The subjects it hears."""
        return f"{self.prefix}>"


@dataclass(frozen=True, slots=True)
class Place:
    """How far a lane was committed: the last message's number, and when the newest was stored (ns)."""

    sequence: int
    stamp: int


MAIN = Lane("patriot-sensing", READINGS)
THINGS = Lane("patriot-things", CREATES)


def wanted(env: Mapping[str, str]) -> int:
    """How many lanes the devices are split into. Raises ValueError, in words for an operator."""
    text = env.get("PATRIOT_INTAKE_LANES") or "1"
    if not text.isdigit() or not 1 <= int(text) <= MOST_LANES:
        raise ValueError(f"PATRIOT_INTAKE_LANES is {text!r}: it must be a number from 1 to {MOST_LANES}.")
    return int(text)


def split(count: int) -> list[Lane]:
    """The lanes for so many parts. If they are split `MAIN` holds only what does not look like a reading."""
    parts = [f"{count}-{n}" for n in range(count)] if count > 1 else []
    return [MAIN, THINGS, *(named(f"{MAIN.name}-{part}") for part in parts)]


def named(name: str) -> Lane:
    """The lane of that name."""
    part = name.removeprefix(MAIN.name).strip("-").replace("-", ".")
    return next((one for one in (MAIN, THINGS) if one.name == name), Lane(name, f"{SPLIT}{part}."))


class Broker:
    """Setting up the streams and what a lane hears, over a connection of its own. A context manager."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._client: Client | None = None

    async def __aenter__(self) -> "Broker":
        self._client = await nats.connect(
            self._address, name="patriot-intake-lanes", allow_reconnect=False, connect_timeout=3,
            max_reconnect_attempts=0, error_cb=_ignore,
        )  # fmt: skip
        return self

    async def __aexit__(self, *_fault: object) -> None:
        if self._client is not None:
            await self._client.close()

    async def prepare(self, count: int) -> None:
        """Have the streams, readings split into so many parts."""
        if await self._ask(f"STREAM.INFO.{STREAM}") is None:
            # The broker makes this one at the first MQTT connection, for all messages, unless it is there.
            await self._have(REST, {"subjects": OTHERS, "retention": "interest"})
        transform = {"src": f"{READINGS}*.*", "dest": DEALT % (count, count)}
        config = {"subjects": [f"{prefix}>" for prefix in (READINGS, CREATES, SPLIT)], "retention": "limits"}
        await self._have(STREAM, config | {"subject_transform": transform if count > 1 else None})

    async def _have(self, name: str, wish: dict[str, Any]) -> None:
        """A stream in files with these settings, made or changed."""
        found = await self._ask(f"STREAM.INFO.{name}")
        before: dict[str, Any] = found["config"] if found else {"name": name, "storage": "file"}
        config = {key: value for key, value in (before | wish).items() if value is not None}
        if found is None:
            await self._ask(f"STREAM.CREATE.{name}", config)
        elif any(before.get(key) != value for key, value in wish.items()):
            await self._ask(f"STREAM.UPDATE.{name}", config)

    async def deliver(self, lane: Lane, place: Place, inbox: str) -> None:
        """Have all that the lane has not committed said to `inbox`, from now until nobody listens there."""
        config = {
            "deliver_subject": inbox, "filter_subject": lane.filter, "ack_policy": "none",
            "deliver_policy": "by_start_sequence", "opt_start_seq": max(1, await self._first(place)),
            "replay_policy": "instant", "flow_control": True, "idle_heartbeat": HEARTBEAT_S * 10**9,
            "inactive_threshold": FORGOTTEN_S * 10**9, "mem_storage": True,
        }  # fmt: skip
        await self._ask(f"CONSUMER.CREATE.{STREAM}", {"stream_name": STREAM, "config": config})

    async def forget(self, places: Iterable[tuple[Lane, Place]]) -> None:
        """Let go of all messages before the first that any of these lanes, all there are, may want."""
        state = await self._state()
        needed = [state["last_seq"] + 1]
        for lane, place in places:
            ahead = {"seq": max(1, await self._first(place)), "next_by_subj": lane.filter}
            if message := await self._ask(f"STREAM.MSG.GET.{STREAM}", ahead):
                needed.append(message["message"]["seq"])
        if min(needed) > state["first_seq"]:
            await self._ask(f"STREAM.PURGE.{STREAM}", {"seq": min(needed)})

    async def _first(self, place: Place) -> int:
        """The first number that a lane may not have committed.

        A broker that lost its files, or has old ones, counts anew: a message there that was stored after all
        that was committed is another one, and nothing it has is known.
        """
        state = await self._state()
        first, last = int(state["first_seq"]), int(state["last_seq"])
        if max(1, first) <= place.sequence <= last:
            stored = await self._ask(f"STREAM.MSG.GET.{STREAM}", {"seq": place.sequence})
            if stored is None or _stamp(stored["message"]["time"]) <= place.stamp:
                return place.sequence + 1
        return first

    async def _state(self) -> dict[str, Any]:
        found = await self._ask(f"STREAM.INFO.{STREAM}")
        if found is None:
            raise RuntimeError(f"the broker has lost its stream {STREAM}")
        state: dict[str, Any] = found["state"]
        return state

    async def _ask(self, what: str, body: object = None) -> dict[str, Any] | None:
        """One request to JetStream. None when there is no such thing. Raises RuntimeError in its words."""
        assert self._client
        answer = await self._client.request(
            f"$JS.API.{what}", b"" if body is None else orjson.dumps(body), timeout=5
        )
        said: dict[str, Any] = orjson.loads(answer.data)
        if error := said.get("error"):
            if error["code"] == NOT_FOUND:
                return None
            raise RuntimeError(f"the broker refuses {what}: {error['description']}")
        return said


def _stamp(time: str) -> int:
    """RFC 3339 with nanoseconds as ns since 1970."""
    whole, _, fraction = time.removesuffix("Z").partition(".")
    return int(datetime.fromisoformat(f"{whole}+00:00").timestamp()) * 10**9 + int(
        fraction.ljust(9, "0") or 0
    )


async def _ignore(error: Exception) -> None:
    log.debug("broker: %s", error)
