"""The city's sirens: they hear their orders over MQTT and answer that they did what they were told."""

import asyncio
import logging
from dataclasses import dataclass

import orjson
from aiomqtt import Client, MqttError, ProtocolVersion

from patriot.kernel.config import Config
from patriot.simulate.mqtt import USER

log = logging.getLogger(__name__)
CLIENT = "sirens-sim"
PAUSE_S = 1.5  # a relay needs its moment
AGAIN_S = 5.0


@dataclass
class Sirens:
    """All simulated sirens, through one connection as behind one gateway."""

    config: Config
    codes: frozenset[str]
    secret: str = ""

    async def run(self) -> None:
        """Answer every order until cancelled."""
        while self.codes:
            try:
                async with self._client() as client:
                    await client.subscribe("siren/+", qos=1)
                    async for message in client.messages:
                        await self._obey(client, str(message.topic), bytes(message.payload or b""))
            except MqttError as fault:
                log.info("sirens lost the broker: %s", fault)
            await asyncio.sleep(AGAIN_S)

    def _client(self) -> Client:
        host = self.config.bind if self.config.bind not in ("", "0.0.0.0", "::") else "127.0.0.1"  # noqa: S104
        login = {"username": USER, "password": self.secret} if self.secret else {}
        return Client(
            hostname=host, port=self.config.mqtt_port, identifier=CLIENT, protocol=ProtocolVersion.V311,
            logger=log.getChild("client"), **login,  # type: ignore[arg-type]
        )  # fmt: skip

    async def _obey(self, client: Client, topic: str, payload: bytes) -> None:
        code = topic.partition("/")[2]
        try:
            order = orjson.loads(payload)
            said = {"warning": order["warning"], "action": order["action"], "result": "done"}
        except (orjson.JSONDecodeError, KeyError, TypeError):
            log.info("%s does not understand its order", code)
            return
        if code in self.codes:
            await asyncio.sleep(PAUSE_S)
            await client.publish(f"siren/{code}/ack", orjson.dumps(said), qos=1)
