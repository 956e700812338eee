"""Observations over HTTP: one a request, and 1,000 a request as data arrays, each answered after its commit.

Beside it, in the same run, `django-ogc-sensorthings` on the same PostgreSQL, uvicorn and clients, where
it can be installed into a throw-away environment. PATRIOT_BENCH_S shortens a run.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psycopg

from bench.center import Center, _free_port, center

SECONDS = float(os.environ.get("PATRIOT_BENCH_S", "20"))
CLIENTS = (1, 16, 64)  # keep-alive connections
ARRAY_CLIENTS = 4
STREAMS = 200
ROWS = 1000  # observations in one request of data arrays
SINGLE_GOAL, ARRAY_GOAL = 2000, 60_000
PEER = "django-ogc-sensorthings"
SETTINGS = """
from uuid import UUID
SECRET_KEY = "bench"
ALLOWED_HOSTS = ["*"]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "NAME": "peer", "USER": "patriot",
                          "HOST": "{socket}", "OPTIONS": {{"pool": {{"max_size": 20}}}}}}}}
INSTALLED_APPS = ["django.contrib.contenttypes", "sensorthings.versions.v1_1",
                  "sensorthings.versions.v1_1.backends.django",
                  "sensorthings.versions.v1_1.extensions.dataarray"]
ROOT_URLCONF = "urls"
USE_TZ = True
SENSORTHINGS_V1_1_SERVICE_URL = "http://127.0.0.1:{port}/sensorthings"
SENSORTHINGS_V1_1_BACKEND_ADAPTER = "sensorthings.versions.v1_1.backends.django.adapter.DjangoBackendAdapter"
SENSORTHINGS_V1_1_ID_TYPE = UUID
SENSORTHINGS_V1_1_ID_DELIMITER = "'"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""


@dataclass(frozen=True)
class Target:
    """A service: its port, the root's path, a token, datastream ids as they stand in paths and bodies."""

    name: str
    port: int
    root: str
    token: str
    streams: tuple[Any, ...]

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """One request; its JSON."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        data = None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.port}{self.root}/{path}"
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"{}") | _named(answer.headers.get("Location", ""))
        except urllib.error.HTTPError as refused:
            raise RuntimeError(f"{self.name}: {refused.code} {refused.read()[:300]!r}") from refused

    def single(self, n: int) -> bytes:
        """The n-th plain observation."""
        stream = self.streams[n % len(self.streams)]
        body = json.dumps(
            {"result": n % 90 + 0.5, "phenomenonTime": ago(0), "Datastream": {"@iot.id": stream}}
        )
        return self._post("Observations", body)

    def arrays(self, n: int) -> bytes:
        """The n-th thousand: the last tenth of a second, in order, of ten datastreams."""
        groups = [
            {"Datastream": {"@iot.id": self.streams[(n * 10 + g) % len(self.streams)]},
             "components": ["phenomenonTime", "result"],
             "dataArray": [[ago(ROWS // 10 - i), i % 90 + 0.5] for i in range(ROWS // 10)]}
            for g in range(10)
        ]  # fmt: skip
        return self._post("CreateObservations", json.dumps(groups))

    def _post(self, path: str, body: str) -> bytes:
        return (
            f"POST {self.root}/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


def _named(address: str) -> dict[str, Any]:
    """The id at the end of an address, a number or a text: `…/Things(5)`."""
    found = re.search(r"\('?([^()']+)'?\)\Z", address)
    return {"@iot.id": int(found[1]) if found[1].isdigit() else found[1]} if found else {}


def ago(ms: int) -> str:
    """So long before now."""
    at = time.time() - ms / 1000
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at * 1000) % 1000:03}Z"


def made(head: bytes, body: bytes, rows: int) -> int:
    """How many observations an answer made."""
    if b" 201 " not in head[:20]:
        raise RuntimeError(f"{head!r} {body[:300]!r}")
    return rows if rows == 1 else rows - body.count(b'"error"')


async def _client(target: Target, first: int, arrays: bool, ends: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    count, n = 0, first
    while time.monotonic() < ends:
        writer.write(target.arrays(n) if arrays else target.single(n))
        head = await reader.readuntil(b"\r\n\r\n")
        count += made(head, await _body(reader, head.lower()), ROWS if arrays else 1)
        n += 997
    writer.close()
    return count


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    """By its length, or in chunks."""
    if b"content-length:" in head:
        return await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
    whole = b""
    while length := int(await reader.readline(), 16):
        whole += (await reader.readexactly(length + 2))[:-2]
    await reader.readline()
    return whole


def drive(target: Target, clients: int, arrays: bool, link: "Connection[Any, Any]") -> None:
    """A process full of clients; sends how many observations were made and in how many seconds."""

    async def run() -> tuple[int, float]:
        began = time.monotonic()
        work = [_client(target, n * 131, arrays, began + SECONDS) for n in range(clients)]
        counts = await asyncio.gather(*work)
        return sum(counts), time.monotonic() - began

    link.send(asyncio.run(run()))


def rate(target: Target, clients: int, *, arrays: bool = False) -> float:
    """Observations a second."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=drive, args=(target, clients, arrays, there))
    process.start()
    there.close()
    count, seconds = here.recv()
    process.join()
    return float(count / seconds)


def furnish(target: Target) -> Target:
    """The target with a thing and its datastreams."""
    place = {"name": "p", "description": "p", "encodingType": "application/geo+json",
             "location": {"type": "Point", "coordinates": [107.0, -6.2]}}  # fmt: skip
    thing = target.ask(
        "POST", "Things", {"name": "bench", "description": "bench", "properties": {}, "Locations": [place]}
    )
    sensor = target.ask("POST", "Sensors", {"name": "s", "description": "s", "encodingType": "text/html",
                                            "metadata": "m"})  # fmt: skip
    observed = target.ask("POST", "ObservedProperties", {"name": "o", "description": "o",
                                                         "definition": "https://example.org/o"})  # fmt: skip
    links = {"Thing": thing, "Sensor": sensor, "ObservedProperty": observed}
    body = {
        "name": "bench", "description": "bench",
        "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        "unitOfMeasurement": {"name": "centimetre", "symbol": "cm", "definition": "ucum:cm"},
        **{name: {"@iot.id": found["@iot.id"]} for name, found in links.items()},
    }  # fmt: skip
    streams = tuple(target.ask("POST", "Datastreams", body)["@iot.id"] for _ in range(STREAMS))
    for (
        one
    ) in streams:  # the peer makes several features of interest when the first observations come at once
        target.ask(
            "POST", "Observations", {"result": 1, "phenomenonTime": ago(0), "Datastream": {"@iot.id": one}}
        )
    return Target(target.name, target.port, target.root, target.token, streams)


@contextmanager
def peer(place: Center, folder: Path) -> Iterator[Target | None]:
    """The other server on the same PostgreSQL; None where it cannot be had."""
    python = folder / "env" / "bin" / "python"
    port = _free_port()
    try:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "env")], check=True)
        uv = Path(sys.executable).with_name("uv")
        subprocess.run(
            [uv, "pip", "install", "-q", "--python", python, PEER, "psycopg[binary,pool]", "uvicorn",
             "httptools", "uvloop"],
            check=True, timeout=300,
        )  # fmt: skip
    except (subprocess.SubprocessError, OSError) as fault:
        print(f"{PEER} is not to be had here: {fault}", flush=True)
        yield None
        return
    with psycopg.connect(f"host={place.home}/run user=patriot dbname=postgres", autocommit=True) as link:
        link.execute("CREATE DATABASE peer")
    (folder / "settings.py").write_text(SETTINGS.format(socket=place.home / "run", port=port))
    (folder / "urls.py").write_text(
        "from django.urls import include, path\n"
        "urlpatterns = [path('sensorthings/', include('sensorthings.versions.v1_1.urls'))]\n"
    )
    (folder / "app.py").write_text(
        "from django.core.asgi import get_asgi_application\napp = get_asgi_application()\n"
    )
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(folder)}
    subprocess.run([python, "-m", "django", "migrate", "-v", "0"], env=env, check=True, cwd=folder)
    command = [
        python,
        "-m",
        "uvicorn",
        "app:app",
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
        "error",
    ]
    process = subprocess.Popen([*command, "--http", "httptools", "--loop", "uvloop"], env=env, cwd=folder)
    try:
        time.sleep(5)
        yield Target(PEER, port, "/sensorthings/v1.1", "", ())
    finally:
        process.terminate()
        process.wait(20)


def measure(target: Target, place: Center | None) -> tuple[float, float]:
    """The best single rate and the data arrays' rate, printed."""
    best = 0.0
    for clients in CLIENTS:
        before = place.cpu_s("web") if place else 0.0
        found = rate(target, clients)
        used = f", web process {(place.cpu_s('web') - before) / SECONDS:.0%} of a core" if place else ""
        print(
            f"{target.name}: {clients:3d} clients, one a request: {found:8.0f} observations/s{used}",
            flush=True,
        )
        best = max(best, found)
    arrays = rate(target, ARRAY_CLIENTS, arrays=True)
    print(
        f"{target.name}: {ARRAY_CLIENTS:3d} clients, {ROWS} a request: {arrays:8.0f} observations/s",
        flush=True,
    )
    return best, arrays


def main() -> None:
    """Both, and the ratios."""
    with center() as place, tempfile.TemporaryDirectory(prefix="patriot-peer-") as folder:
        token = next(
            person["token"] for person in place.keys()["people"] if person["role"] == "administrator"
        )
        ours = measure(furnish(Target("patriot", place.port, "/sensorthings/v1.1", token, ())), place)
        print(f"wanted: {SINGLE_GOAL}/s and {ARRAY_GOAL}/s", flush=True)
        with peer(place, Path(folder)) as other:
            if other is None:
                return
            theirs = measure(furnish(other), None)
            print(
                f"patriot / {PEER}: {ours[0] / theirs[0]:.1f} × one a request, "
                f"{ours[1] / theirs[1]:.1f} × arrays"
            )
