"""Clients of the service: an administrator's token, an agency's, nobody's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from django.test import Client

from patriot.api.sensorthings import who
from patriot.people import actions
from patriot.people.rules import Role
from tests import factories

ROOT = "/sensorthings/v1.1"


@dataclass
class Said:
    """An answer: its status, its JSON (or None), its headers."""

    status: int
    json: Any
    headers: Mapping[str, str]
    raw: bytes

    @property
    def value(self) -> list[dict[str, Any]]:
        """A collection's entities."""
        found: list[dict[str, Any]] = self.json["value"]
        return found


class Sta:
    """A client of the service root."""

    def __init__(self, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.client = Client(headers=headers, raise_request_exception=True)

    def ask(
        self, method: str, path: str, body: object = None, content_type: str = "application/json"
    ) -> Said:
        """One request. `path`: below the root, its query unescaped, or a whole address of ours."""
        path = path.removeprefix(f"http://testserver{ROOT}").lstrip("/")
        head, mark, query = path.partition("?")
        address = f"{ROOT}/{quote(head, safe='()/$=,')}{mark}{quote(query, safe='$=&(),/;:@%+')}"
        data = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        answer = self.client.generic(method, address, data, content_type=content_type)
        json = orjson.loads(answer.content) if answer.content[:1] in (b"{", b"[") else None
        return Said(answer.status_code, json, answer.headers, answer.content)

    def get(self, path: str, status: int = 200) -> Said:
        """GET that must have this status."""
        said = self.ask("GET", path)
        assert said.status == status, said.raw
        return said

    def make(self, path: str, body: object) -> int:
        """POST that must succeed; the new id, out of the Location header."""
        said = self.ask("POST", path, body)
        assert said.status == 201, said.raw
        assert said.headers["Location"].endswith(f"({said.json['@iot.id']})")
        return int(said.json["@iot.id"])

    def names(self, path: str) -> list[str]:
        """The names of a collection's entities."""
        return [each["name"] for each in self.get(path).value]

    def ids(self, path: str) -> list[int]:
        """The ids of a collection's entities."""
        return [each["@iot.id"] for each in self.get(path).value]


def token(role: Role, agency: str = "") -> str:
    """A new account's API token."""
    user = factories.user(role, agency, username=f"sta.{role}.{agency}")
    return actions.create_token(user.pk, "station", actor="system:test")


@pytest.fixture(autouse=True)
def strangers() -> None:
    who.TOKENS.clear()


@pytest.fixture
def sta(db: None) -> Sta:
    """An administrator's client."""
    return Sta(token(Role.ADMINISTRATOR))


@pytest.fixture
def nobody(db: None) -> Sta:
    """A stranger's client."""
    return Sta()


def point(lon: float, lat: float) -> dict[str, Any]:
    """GeoJSON."""
    return {"type": "Point", "coordinates": [lon, lat]}


def location(name: str = "Bendung", lon: float = 107.0, lat: float = -6.25) -> dict[str, Any]:
    """A location's body."""
    return {"name": name, "description": "A weir", "encodingType": "application/geo+json",
            "location": point(lon, lat)}  # fmt: skip


def stream(name: str = "Level", **more: Any) -> dict[str, Any]:
    """A datastream's body with a sensor and a property of its own."""
    return {
        "name": name, "description": f"{name} of the water",
        "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        "unitOfMeasurement": {"name": "centimetre", "symbol": "cm", "definition": "ucum:cm"},
        "Sensor": {"name": f"Sensor of {name}", "description": "Radar", "encodingType": "application/pdf",
                   "metadata": "https://example.org/radar.pdf"},
        "ObservedProperty": {"name": f"{name} observed", "description": "Height over zero",
                             "definition": "https://example.org/level"},
        **more,
    }  # fmt: skip


def thing(name: str = "Gauge", *, public: bool = True, **more: Any) -> dict[str, Any]:
    """A thing's body, whole: place, datastream, sensor, property."""
    return {
        "name": name, "description": f"{name} at the river",
        "properties": {"public": public, "owner": "dbmsda"},
        "Locations": [location(f"Place of {name}")], "Datastreams": [stream()], **more,
    }  # fmt: skip
