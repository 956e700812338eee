"""Who may come in over MQTT: the broker asks here about every device that signs in with a name.

NATS calls it auth callout: a signed request on `$SYS.REQ.USER.AUTH`, answered with signed permissions. A
device may publish its own topics only. 20,000 devices are 20,000 rows: nothing in the broker's settings
changes when one is added. Several intake processes share the questions; while none is there nobody new comes
in, and who is in stays in.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from time import monotonic
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import nats.errors
import orjson
import psycopg

import nats
from patriot.intake.commit import connect as connect_database
from patriot.intake.store import conninfo
from patriot.intake.wire import Link, Lost, connect
from patriot.kernel.config import Config
from patriot.kernel.nkeys import Issuer, claims

log = logging.getLogger(__name__)

ASKED = "$SYS.REQ.USER.AUTH"
ACCOUNT = "CITY"
REFRESH_S, STRANGER_REFRESH_S = 5.0, 1.0
AGAIN_S = 1.0
HEARD = ["device.>", "siren.>", "v1//1.>", "$MQTT.sub.>", "$MQTT.deliver.>"]
DEVICES = """
SELECT d.uid, d.secret_digest, coalesce(array_agg(s.id) FILTER (WHERE s.id IS NOT NULL), '{}')
FROM sensing_device d LEFT JOIN sensing_datastream s ON s.thing_id = d.thing_id
WHERE d.enabled AND d.secret_digest <> '' GROUP BY d.id
"""
AWAY = (psycopg.Error, OSError, TimeoutError, Lost, nats.errors.Error)


@dataclass(frozen=True, slots=True)
class Known:
    """A device that may sign in: its secret's digest, its datastreams."""

    digest: str
    datastreams: tuple[int, ...]


@dataclass
class Door:
    """Answers the broker. `run` until cancelled."""

    config: Config
    devices: dict[str, Known] = field(default_factory=dict)
    _read_at: float = 0.0
    _gone: set[str] = field(default_factory=set)  # whose secret is not theirs any more: to be put out

    async def run(self) -> None:
        """Stay at the door; without a signing key nobody with a name of its own can come in."""
        issuer = self._issuer()
        while issuer is not None:
            try:
                await self._stand(issuer)
            except AWAY as fault:
                log.debug("the door: %s", fault)
            await asyncio.sleep(AGAIN_S)
        await asyncio.Event().wait()

    def _issuer(self) -> Issuer | None:
        try:
            return Issuer(self.config.nats_issuer_file.read_text())
        except (OSError, ValueError) as fault:
            log.warning("devices cannot sign in with a secret of their own: %s", fault)
            return None

    async def _stand(self, issuer: Issuer) -> None:
        address = self.config.nats_address()
        if not address:
            return
        link = await connect(address, ASKED, "patriot-intake door", queue="door")
        watching = asyncio.create_task(self._watch())
        try:
            while True:
                frames = await link.take(1000, silence=3600)
                for reply, asked in zip(frames.replies, frames.payloads, strict=True):
                    await self._answer(link, issuer, reply, asked)
        finally:
            watching.cancel()
            link.close()

    async def _answer(self, link: Link, issuer: Issuer, reply: bytes, asked: bytes) -> None:
        try:
            request = claims(asked)["nats"]
            said, guest, server = request["connect_opts"], request["user_nkey"], request["server_id"]["id"]
        except (ValueError, KeyError, TypeError):
            return
        uid, secret = str(said.get("user", "")), str(said.get("pass", ""))
        known = await self._known(uid, secret)
        body: dict[str, Any] = {"type": "authorization_response"}
        if known is None:
            body["error"] = "unknown device or wrong secret"
        else:
            body["jwt"] = issuer.sign(guest, ACCOUNT, _permissions(uid, known), uid)
        link.publish(reply, issuer.sign(guest, server, body).encode())

    async def _known(self, uid: str, secret: str) -> Known | None:
        """The device, when the secret is its own. One registered this moment is found by looking again."""
        digest = sha256(secret.encode()).hexdigest()
        for last in (False, True):
            known = self.devices.get(uid)
            if known is not None and compare_digest(known.digest, digest):
                return known
            if not last and monotonic() - self._read_at > STRANGER_REFRESH_S:
                with suppress(*AWAY):
                    await self._look()
        return None

    async def _watch(self) -> None:
        """Look again and again who may be in, and put out who may not any more."""
        while True:
            with suppress(*AWAY):
                await self._look()
                if self._gone:
                    await put_out(self.config.nats_address(), sorted(self._gone))
                    self._gone.clear()
            await asyncio.sleep(REFRESH_S)

    async def _look(self) -> None:
        self._read_at = monotonic()
        async with await connect_database(conninfo(self.config), "patriot-intake-door") as connection:
            rows = await (await connection.execute(DEVICES)).fetchall()
        now = {uid: Known(digest, tuple(sorted(streams))) for uid, digest, streams in rows}
        self._gone |= {
            uid for uid, known in self.devices.items() if uid not in now or now[uid].digest != known.digest
        }
        self.devices = now


def _permissions(uid: str, known: Known) -> dict[str, Any]:
    """A device publishes its own topics and datastreams, and hears what is for devices."""
    own = [f"sensing.{uid}.>", f"device.{uid}.>", f"siren.{uid}.ack"]
    own += [f"create.v1//1.Datastreams({one}).Observations" for one in known.datastreams]
    return {
        "type": "user", "pub": {"allow": own}, "sub": {"allow": HEARD}, "subs": -1, "data": -1, "payload": -1,
    }  # fmt: skip


async def put_out(address: str, uids: list[str]) -> None:
    """End the connections of these devices, as the broker's own administrator. Raises nats.errors.Error."""
    place = urlsplit(address)
    system = place._replace(netloc=f"patriot-system:{place.password}@{place.hostname}:{place.port}")
    client = await nats.connect(
        urlunsplit(system), allow_reconnect=False, connect_timeout=3, error_cb=_ignore
    )
    try:
        for uid in uids:
            asked = orjson.dumps({"auth": True, "user": uid, "acc": ACCOUNT})
            answer = orjson.loads((await client.request("$SYS.REQ.SERVER.PING.CONNZ", asked, timeout=2)).data)
            for one in (answer.get("data") or {}).get("connections") or []:
                kick = f"$SYS.REQ.SERVER.{answer['server']['id']}.KICK"
                await client.request(kick, orjson.dumps({"cid": one["cid"]}), timeout=2)
    finally:
        await client.close()


async def _ignore(error: Exception) -> None:
    log.debug("broker: %s", error)
