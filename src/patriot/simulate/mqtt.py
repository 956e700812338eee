"""Devices that speak MQTT 3.1.1: QoS 1, a last will, and they come back when the broker does."""

import asyncio
import logging
from collections.abc import Sequence

import orjson
from aiomqtt import Client, MqttError, ProtocolVersion, Will

log = logging.getLogger(__name__)
KEEPALIVE_S = 45
USER = "device"  # the house's own gateway: it may speak for every device
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 15.0
LONGEST_QUEUE = 2000  # messages a device keeps while the broker is away; the oldest are forgotten first
AT_ONCE = 20  # messages of one device under way without acknowledgement

type Reading = tuple[float, float]  # seconds since 1970, value


class Device:
    """One connection. What it was told to say is kept until the broker acknowledged it."""

    def __init__(self, host: str, port: int, uid: str, secret: str = "", *, announces: bool = True) -> None:
        self.uid, self._announces = uid, announces
        self._where = {"hostname": host, "port": port}
        self._login = {"username": USER, "password": secret} if secret else {}
        self._waiting: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(LONGEST_QUEUE)
        self.sent = 0  # messages acknowledged

    def say(self, topic: str, payload: bytes) -> None:
        """Have a message sent; returns at once."""
        if self._waiting.full():
            self._waiting.get_nowait()
            self._waiting.task_done()
        self._waiting.put_nowait((topic, payload))

    async def say_all(self, topic: str, payloads: Sequence[bytes]) -> None:
        """Have many sent without forgetting any: waits while the queue is full."""
        for payload in payloads:
            await self._waiting.put((topic, payload))

    async def drained(self) -> None:
        """Return when everything said so far was acknowledged."""
        await self._waiting.join()

    async def run(self) -> None:
        """Stay connected until cancelled. An orderly end publishes no last will: the simulator going home
        is no failure of forty devices.
        """
        wait = FIRST_WAIT_S
        while True:
            try:
                async with self._client() as client:
                    wait = FIRST_WAIT_S
                    await self._session(client)
            except MqttError as fault:
                log.info("%s lost the broker: %s", self.uid, fault)
            await asyncio.sleep(wait)
            wait = min(LONGEST_WAIT_S, wait * 2)

    def _client(self) -> Client:
        will = Will(f"sensing/{self.uid}/status", b"offline", qos=1, retain=True) if self._announces else None
        return Client(
            **self._where, **self._login, identifier=self.uid, protocol=ProtocolVersion.V311,  # type: ignore[arg-type]
            will=will, keepalive=KEEPALIVE_S, clean_session=True, max_queued_outgoing_messages=LONGEST_QUEUE,
            max_inflight_messages=AT_ONCE, logger=log.getChild("client"),
        )  # fmt: skip

    async def _session(self, client: Client) -> None:
        if self._announces:
            await client.publish(f"sensing/{self.uid}/status", b"online", qos=1, retain=True)
        while True:
            await self._send(client, await self._waiting.get())

    async def _send(self, client: Client, message: tuple[str, bytes]) -> None:
        """Publish until acknowledged; on a broken connection it is said again on the next one."""
        topic, payload = message
        try:
            await client.publish(topic, payload, qos=1)
        except MqttError:
            self.say(topic, payload)
            raise
        finally:
            self._waiting.task_done()
        self.sent += 1


def one(at: float, value: float) -> bytes:
    """A reading with its own time."""
    return orjson.dumps({"v": value, "t": round(at * 1000)})


def many(readings: Sequence[Reading]) -> bytes:
    """Readings with their own times, as an array of pairs."""
    return orjson.dumps([[round(at * 1000), value] for at, value in readings])
