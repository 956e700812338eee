"""Readers of the two streams, as browsers read them: they come back by themselves, with Last-Event-ID."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

SILENCE = httpx.Timeout(20.0)  # a keep-alive comes at least every ten seconds
PAUSE_S = 0.3


@dataclass(frozen=True)
class Frame:
    """One server-sent event; `place` is its id, empty for none."""

    name: str
    place: str
    data: Any


async def frames(answer: httpx.Response) -> AsyncIterator[Frame]:
    """The events of one connection. One that breaks off in the middle is no event."""
    said: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _colon, value = line.partition(":")
            said[name] = value.lstrip(" ")
        elif said:
            yield Frame(
                said.get("event", ""),
                said.get("id", ""),
                orjson.loads(said["data"]) if "data" in said else None,
            )
            said = {}


@dataclass
class Follower:
    """Follows a stream until cancelled; notes which parts it was told are away."""

    http: httpx.AsyncClient
    path: str
    token: str = ""
    place: str = ""
    connections: int = 0
    said_away: set[str] = field(default_factory=set)
    away_now: set[str] = field(default_factory=set)

    async def run(self) -> None:
        """Read, and come back whenever the stream breaks off."""
        while True:
            with suppress(httpx.HTTPError):
                async with self.http.stream(
                    "GET", self.path, headers=self._headers(), timeout=SILENCE
                ) as answer:
                    if answer.status_code == 200:
                        self.connections += 1
                        async for frame in frames(answer):
                            self.place = frame.place or self.place
                            self.take(frame)
            await asyncio.sleep(PAUSE_S)

    def _headers(self) -> dict[str, str]:
        token = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return token | ({"Last-Event-ID": self.place} if self.place else {})

    def take(self, frame: Frame) -> None:
        """Note the health."""
        health = frame.data.get("health") if frame.name == "snapshot" else frame.data
        if frame.name in ("health", "snapshot") and health:
            self.away_now = {part for part, state in health["parts"].items() if not state["ok"]}
            self.said_away |= self.away_now


@dataclass
class LedgerFollower(Follower):
    """Follows `/live` and keeps the numbers in the order in which they came."""

    numbers: list[int] = field(default_factory=list)
    resets: int = 0

    def take(self, frame: Frame) -> None:
        """Note an event's number."""
        super().take(frame)
        self.resets += frame.name == "reset"
        if isinstance(frame.data, dict) and "kind" in frame.data:
            self.numbers.append(frame.data["number"])


@dataclass
class WallFollower(Follower):
    """Follows the wall and keeps its picture, as the wall's page does."""

    panels: dict[str, Any] = field(default_factory=dict)

    def take(self, frame: Frame) -> None:
        """Put a snapshot or a change into the picture."""
        super().take(frame)
        if frame.name == "snapshot":
            self.panels = Picture.of(frame).panels
        elif frame.name == "panel":
            self._change(frame.data)

    def _change(self, said: dict[str, Any]) -> None:
        if "view" in said:
            self.panels[said["name"]] = said["view"]
            return
        rows = self.panels.setdefault(said["name"], {})
        rows |= said.get("set", {})
        for key in said.get("unset", []):
            rows.pop(key, None)


@dataclass(frozen=True)
class Picture:
    """What every panel shows, without its age, and the ledger's number up to which it is told."""

    number: int = -1
    panels: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, snapshot: Frame) -> "Picture":
        """Out of the stream's first frame."""
        panels = snapshot.data["panels"].items()
        return cls(snapshot.data["number"], {name: one.get("rows", one.get("view")) for name, one in panels})


async def fresh_picture(http: httpx.AsyncClient) -> Picture:
    """The wall's picture as somebody sees it who comes now; an empty one when nobody answers."""
    with suppress(httpx.HTTPError):
        async with http.stream("GET", "/wall/stream", timeout=SILENCE) as answer:
            async for frame in frames(answer):
                if frame.name == "snapshot":
                    return Picture.of(frame)
    return Picture()
