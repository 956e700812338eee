"""Lanes: the durable consumers through which the intake reads what devices published with QoS 1.

The broker keeps every MQTT message of QoS 1 in its stream `$MQTT_msgs` until all consumers that want it have
acknowledged it. A lane is one such consumer, read by one process at a time (`lease`), in order, acknowledged
by one "all up to here" after each commit. One lane is fastest; `PATRIOT_INTAKE_LANES=4` splits the devices by
a hash of their name into four more, for several intake processes. See docs/decisions/0006.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from nats.aio.client import Client

import nats

log = logging.getLogger(__name__)

STREAM = "$MQTT_msgs"
MESSAGES = "$MQTT.msgs."
READINGS = f"{MESSAGES}sensing."
CREATES = f"{MESSAGES}create.v1//1."  # SensorThings creations: see the mapping in site/nats.py
DEALT = "lane.%d.{{partition(%d,1)}}.{{wildcard(1)}}.{{wildcard(2)}}"  # by a hash of the device's name
MOST_LANES = 64
MOST_PENDING = 200_000  # delivered and not yet committed; flow control holds the bytes below 32 MB besides
ACK_WAIT_S = 120
HEARTBEAT_S = 5
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Lane:
    """One durable consumer. `prefix`: what its subjects begin with."""

    name: str
    prefix: str

    @property
    def filter(self) -> str:
        """The subjects it hears."""
        return f"{self.prefix}>"


MAIN = Lane("patriot-sensing", READINGS)
THINGS = Lane("patriot-things", CREATES)


def wanted(env: Mapping[str, str]) -> int:
    """How many lanes the devices are split into. Raises ValueError, in words for an operator."""
    text = env.get("PATRIOT_INTAKE_LANES") or "1"
    if not text.isdigit() or not 1 <= int(text) <= MOST_LANES:
        raise ValueError(f"PATRIOT_INTAKE_LANES is {text!r}: it must be a number from 1 to {MOST_LANES}.")
    return int(text)


def split(count: int) -> list[Lane]:
    """The lanes of a split, beside `MAIN`, which then holds only what does not look like a reading."""
    if count == 1:
        return []
    return [Lane(f"patriot-sensing-{count}-{n}", f"{MESSAGES}lane.{count}.{n}.") for n in range(count)]


class Broker:
    """Setting up the stream and its consumers, over a connection of its own. A context manager."""

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

    async def prepare(self, count: int) -> list[Lane]:
        """Have the stream and a consumer for every lane, also for those of an earlier split; returns them."""
        await self._have_stream(count)
        for lane in [MAIN, THINGS, *split(count)]:
            if await self._ask(f"CONSUMER.INFO.{STREAM}.{lane.name}") is None:
                await self.move(lane, f"_patriot.{lane.name}.nobody")
        return await self._lanes()

    async def move(self, lane: Lane, inbox: str) -> None:
        """Deliver the lane to `inbox` from now on, beginning with all that was not acknowledged."""
        config = {
            "durable_name": lane.name, "deliver_subject": inbox, "filter_subject": lane.filter,
            "ack_policy": "all", "deliver_policy": "all", "replay_policy": "instant", "flow_control": True,
            "idle_heartbeat": HEARTBEAT_S * 10**9, "ack_wait": ACK_WAIT_S * 10**9, "max_deliver": -1,
            "max_ack_pending": MOST_PENDING,
        }  # fmt: skip
        await self._ask(f"CONSUMER.CREATE.{STREAM}.{lane.name}", {"stream_name": STREAM, "config": config})

    async def _lanes(self) -> list[Lane]:
        found = await self._ask(f"CONSUMER.LIST.{STREAM}", {"offset": 0})
        configs = [one["config"] for one in (found or {}).get("consumers", [])]
        ours = [c for c in configs if c.get("durable_name", "").startswith("patriot-")]
        return [Lane(c["durable_name"], c["filter_subject"].removesuffix(">")) for c in ours]

    async def _have_stream(self, count: int) -> None:
        """The stream as the broker itself makes it at the first MQTT connection, with our split."""
        found = await self._ask(f"STREAM.INFO.{STREAM}")
        split_by = {
            "src": f"{READINGS}*.*",
            "dest": MESSAGES + DEALT % (count, count),
        }
        if found is None:
            config = {
                "name": STREAM, "subjects": [f"{MESSAGES}>"], "retention": "interest", "storage": "file",
                "num_replicas": 1, "max_consumers": -1, "max_msgs": -1, "max_bytes": -1, "max_age": 0,
                "max_msg_size": -1, "max_msgs_per_subject": -1, "discard": "old",
            }  # fmt: skip
            if count > 1:
                config["subject_transform"] = split_by
            await self._ask(f"STREAM.CREATE.{STREAM}", config)
        elif found["config"].get("subject_transform") != (split_by if count > 1 else None):
            config = {key: value for key, value in found["config"].items() if key != "subject_transform"}
            await self._ask(
                f"STREAM.UPDATE.{STREAM}", config | ({"subject_transform": split_by} if count > 1 else {})
            )

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


async def _ignore(error: Exception) -> None:
    log.debug("broker: %s", error)
