"""The city as a client sees it: its public HTTP interfaces, nothing else."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
import orjson

from patriot.kernel.config import Config

log = logging.getLogger(__name__)
FILE = "simulator.json"
PATIENCE_S = 20.0
LINK = re.compile(r"/lacak/([^/?]+)/([^/?]+)")
MISSING = {404, 409}  # somebody was faster, or it is gone: part of a city's day


class Declined(Exception):  # noqa: N818 - an answer
    """The city answered no. `status` is HTTP's."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"{status}: {words}")
        self.status = status


@dataclass(frozen=True)
class Keys:
    """What the demo handed the simulator: whom it may be and which trackers it may speak as."""

    city: str
    people: list[dict[str, str]]
    devices: list[dict[str, str]]

    @classmethod
    def read(cls, home: Path) -> Self:
        """`<home>/simulator.json`. Raises FileNotFoundError outside a demo."""
        return cls(**orjson.loads((home / FILE).read_bytes()))

    def token(self, role: str, agency: str = "") -> str:
        """The token of somebody with this role, in this agency when one is named; empty for nobody."""
        fitting = [
            one["token"] for one in self.people if one["role"] == role and agency in ("", one["agency"])
        ]
        return fitting[0] if fitting else ""

    def uid(self, callsign: str) -> str:
        """The tracker of a unit, empty when it has none of ours."""
        return next((one["uid"] for one in self.devices if one["callsign"] == callsign), "")


@dataclass(frozen=True)
class Event:
    """One event of `/live`."""

    number: int
    kind: str
    actor: str
    simulated: bool
    body: dict[str, Any]


class City:
    """One connection to a running Patriot."""

    def __init__(self, config: Config, keys: Keys) -> None:
        host = config.bind if config.bind not in ("", "0.0.0.0", "::") else "127.0.0.1"  # noqa: S104 - compared
        self.keys = keys
        self.osmand_url = f"http://{host}:{config.osmand_port}/"
        limits = httpx.Limits(max_connections=24, max_keepalive_connections=24)
        self.http = httpx.AsyncClient(
            base_url=f"http://{host}:{config.http_port}", timeout=PATIENCE_S, limits=limits
        )
        self.citizen = httpx.AsyncClient(base_url=self.http.base_url, timeout=PATIENCE_S)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.http.aclose()
        await self.citizen.aclose()

    async def wait_until_ready(self) -> None:
        """Return once `/readyz` says yes."""
        while True:
            try:
                if (await self.http.get("/readyz")).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(1)

    async def services(self) -> set[str]:
        """Codes of everything that can be reported."""
        return {row["service_code"] for row in await self._json("GET", "/open311/v2/services.json")}

    async def open_reports(self) -> int:
        """How many reports are open, up to 50."""
        return len(await self._json("GET", "/open311/v2/requests.json?status=open&page_size=50"))

    async def report(self, fields: dict[str, str], photo: bytes | None, key: str) -> str:
        """Send a report by Open311 as a simulated citizen; returns its number."""
        files = {"media": ("foto.jpg", photo, "image/jpeg")} if photo else None
        headers = {**_bearer(self.keys.token("citizen")), "Idempotency-Key": key}
        rows = await self._json(
            "POST", "/open311/v2/requests.json", data=fields, files=files, headers=headers
        )
        return str(rows[0]["service_request_id"])

    async def report_by_form(self, fields: dict[str, str], photo: bytes | None) -> tuple[str, str]:
        """Send a report by the citizens' form; returns its number and the sender's token."""
        await self._sign_in_citizen()
        page = await self.citizen.get("/lapor")
        draft = re.search(r'name="draft" value="([^"]+)"', page.text)
        fields = {**fields, "draft": draft[1] if draft else "", "csrfmiddlewaretoken": self._csrf()}
        files = {"photo": ("foto.jpg", photo, "image/jpeg")} if photo else None
        answer = await self.citizen.post("/lapor", data=fields, files=files, headers=self._same_site())
        found = LINK.search(answer.headers.get("Location", ""))
        if not found:
            raise Declined(answer.status_code, "the form was not taken")
        return found[1], found[2]

    async def say(self, number: str, token: str, what: str, words: str = "") -> None:
        """The sender's last word: `selesai` (it is done) or `buka-lagi` (it is not)."""
        fields = {"token": token, "words": words, "csrfmiddlewaretoken": self._csrf()}
        answer = await self.citizen.post(f"/lacak/{number}/{what}", data=fields, headers=self._same_site())
        if answer.status_code >= 400:
            raise Declined(answer.status_code, what)

    async def _sign_in_citizen(self) -> None:
        """Be the demo's citizen: what they send is marked simulated."""
        if self.citizen.cookies.get("sessionid"):
            return
        await self.citizen.get("/accounts/login/")
        name = next(one["username"] for one in self.keys.people if one["role"] == "citizen")
        form = {"username": name, "csrfmiddlewaretoken": self._csrf()}
        await self.citizen.post("/akun/demo/", data=form, headers=self._same_site())

    def _csrf(self) -> str:
        return self.citizen.cookies.get("csrftoken") or ""

    def _same_site(self) -> dict[str, str]:
        return {"Referer": str(self.citizen.base_url)}

    async def api(self, method: str, path: str, token: str, **body: Any) -> Any:
        """Call the native API. Raises Declined."""
        files = body.pop("files", None)
        said = None if files or method == "GET" else body
        return await self._json(method, f"/api/v1{path}", json=said, files=files, headers=_bearer(token))

    async def _json(self, method: str, path: str, **more: Any) -> Any:
        answer = await self.http.request(method, path, **more)
        if answer.status_code >= 400:
            raise Declined(answer.status_code, answer.text[:300])
        return answer.json() if answer.content else None

    async def position(self, parameters: dict[str, str]) -> None:
        """Send one OsmAnd position; trackers do not mind when nobody answers."""
        try:
            await self.http.get(self.osmand_url, params=parameters)
        except httpx.HTTPError as fault:
            log.debug("position not taken: %r", fault)

    async def events(self, token: str) -> AsyncIterator[Event]:
        """Everything that happens from now on, across interruptions; never ends."""
        last = ""
        while True:
            try:
                headers = {**_bearer(token), **({"Last-Event-ID": last} if last else {})}
                async with self.http.stream("GET", "/live", headers=headers, timeout=60) as answer:
                    async for event in _parse(answer):
                        last = str(event.number)
                        yield event
            except httpx.HTTPError as fault:
                log.info("the live stream broke off (%r); coming back", fault)
            await asyncio.sleep(1)


async def _parse(answer: httpx.Response) -> AsyncIterator[Event]:
    """Server-sent events that carry a ledger entry."""
    async for line in answer.aiter_lines():
        if line.startswith("data:"):
            said = orjson.loads(line[5:])
            if isinstance(said, dict) and "kind" in said and "body" in said:
                yield Event(
                    said["number"], said["kind"], said.get("actor", ""), said["simulated"], said["body"]
                )


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}
