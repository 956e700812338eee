"""Whether the installation works, part by part and in words: for `/healthz`, `/readyz`, `patriot doctor`."""

import asyncio
import shutil
import time
from dataclasses import asdict, dataclass
from functools import cache
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, JsonResponse

from patriot.kernel.config import Config
from patriot.site.parts import files, roads
from patriot.site.settings import database_settings

PATIENCE = 3.0  # seconds one look may take
KEPT = 0.5  # seconds an answer is good for: many askers cause one look
SILENT_AFTER = 10  # seconds without a sign of life
LAG_LIMIT = 10  # seconds an entry may wait for its seal
LEAST_FREE_MB = 200
LAG = """SELECT coalesce(extract(epoch FROM now() - min(at)), 0)::float
FROM ledger_pending p JOIN ledger_entry e ON e.id = p.entry_id"""
AGES = "SELECT role, extract(epoch FROM now() - max(at))::float FROM patriot_site_heartbeat GROUP BY role"
QUESTIONS = {
    "migrations": "SELECT app, name FROM django_migrations",
    "heartbeats": AGES,
    "lag": LAG,
    "pack": "SELECT value FROM patriot_site_fact WHERE name = 'pack'",
}


@dataclass(frozen=True)
class Part:
    """One part's state. `needed`: without it the installation is not ready."""

    name: str
    ok: bool
    words: str
    needed: bool = True


async def parts(config: Config) -> list[Part]:
    """Look at everything, each at most `PATIENCE` seconds long."""
    database, broker, local = await asyncio.gather(
        _in_time("database", asyncio.to_thread(_database, config)),
        _in_time("nats", _nats(config)),
        _in_time("files", asyncio.to_thread(_local, config)),
    )
    if not database[0].ok:  # asking it would take longer than anybody wants to wait
        return [*database, *broker, *local, Part("roads", False, "not known while the database is away")]
    return [*database, *broker, *local, *await _in_time("roads", asyncio.to_thread(_roads))]


async def _in_time(name: str, work: "asyncio.Future[list[Part]] | object") -> list[Part]:
    try:
        return await asyncio.wait_for(work, PATIENCE)  # type: ignore[arg-type]
    except TimeoutError:
        return [Part(name, False, f"does not answer within {PATIENCE:.0f} seconds")]


def connect(config: Config) -> "psycopg.Connection[tuple[object, ...]]":
    """A connection of its own, outside the pool: it fails at once when the server is away."""
    where = database_settings(config)
    options = where.pop("OPTIONS", {})
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    given = {names[key]: value for key, value in where.items() if value}
    return psycopg.connect(**given, **options, connect_timeout=2, autocommit=True)


def _database(config: Config) -> list[Part]:
    try:
        with connect(config) as link:
            return [Part("database", True, "answers"), *_tables(link)]
    except psycopg.OperationalError as fault:
        return [Part("database", False, f"does not answer: {str(fault).splitlines()[0]}")]


def _tables(link: "psycopg.Connection[tuple[object, ...]]") -> list[Part]:
    """What the database knows about the rest; of one without our tables only that it is empty."""
    try:
        found = {name: link.execute(question).fetchall() for name, question in QUESTIONS.items()}
    except psycopg.errors.UndefinedTable:
        return [Part("migrations", False, "the database is empty: run `patriot prepare`")]
    return [
        _migrations(len(known_migrations() - set(found["migrations"]))),
        *_heartbeats(dict(found["heartbeats"])),  # type: ignore[arg-type]
        _sealer(float(found["lag"][0][0])),  # type: ignore[arg-type]
        _city(found["pack"]),
    ]


def _migrations(missing: int) -> Part:
    words = f"{missing} missing: run `patriot prepare`" if missing else "up to date"
    return Part("migrations", not missing, words)


@cache
def known_migrations() -> set[tuple[str, str]]:
    """The migrations of this version."""
    return set(MigrationLoader(None).disk_migrations)


def _heartbeats(ages: dict[str, float]) -> list[Part]:
    return [_heartbeat(role, ages.get(role)) for role in ("worker", "intake")]


def _heartbeat(role: str, age: float | None) -> Part:
    if age is None:
        return Part(role, False, "no process of this role runs")
    ok = age < SILENT_AFTER
    return Part(role, ok, "works" if ok else f"silent for {age:.0f} seconds")


def _sealer(lag: float) -> Part:
    words = f"oldest entry waits {lag:.1f} seconds for its seal" if lag else "nothing waits"
    return Part("ledger", lag < LAG_LIMIT, words)


def _city(rows: list[tuple[object, ...]]) -> Part:
    name = str(rows[0][0]).split()[0] if rows else ""
    return Part(
        "city", bool(rows), f"{name} is loaded" if rows else "no city pack is loaded: run `patriot prepare`"
    )


async def _nats(config: Config) -> list[Part]:
    """Connect as a client would, up to the server's first words."""
    address = config.nats_address()
    if not address:
        return [Part("nats", False, "was never started here: run `patriot up`, or set NATS_URL")]
    url = urlsplit(address.split(",")[0])
    try:
        reader, writer = await asyncio.open_connection(url.hostname, url.port or 4222)
        greeting = await reader.readline()
        writer.close()
    except OSError as fault:
        return [Part("nats", False, f"does not answer: {fault.strerror or fault}")]
    return [Part("nats", greeting.startswith(b"INFO"), "answers")]


def _local(config: Config) -> list[Part]:
    """What this machine holds: room on its disk, the built front end, files."""
    free = shutil.disk_usage(config.home).free // 1_000_000
    return [
        Part("disk", free >= LEAST_FREE_MB, f"{free} MB are free"),
        _front(),
        Part("files", *files(config)),
    ]


def _roads() -> list[Part]:
    """Whether routes can be computed."""
    try:
        return [Part("roads", *roads())]
    finally:
        connections.close_all()  # this thread's own


def _front() -> Part:
    built = (settings.PACKAGE / "static" / "built" / "manifest.json").exists()
    return Part("front end", built, "is built" if built else "is not built: run `make build`")


class Look:
    """The last look, shared by everybody who asks at the same time."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._parts: list[Part] = []
        self._at = 0.0

    async def parts(self) -> list[Part]:
        """The parts as they were at most half a second ago."""
        async with self._lock:
            if time.monotonic() - self._at > KEPT:
                self._parts = await parts(settings.CONFIG)
                self._at = time.monotonic()
            return self._parts


_look = Look()


async def healthz(_request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


async def readyz(_request: HttpRequest) -> HttpResponse:
    """200 when every needed part works, else 503; names each part with its state and words."""
    found = await _look.parts()
    missing = [part.name for part in found if part.needed and not part.ok]
    body = {"ready": not missing, "missing": missing, "parts": {part.name: asdict(part) for part in found}}
    response = JsonResponse(body, status=503 if missing else 200)
    response["Cache-Control"] = "no-store"
    response._has_been_logged = True  # type: ignore[attr-defined]  # not a server error
    return response
