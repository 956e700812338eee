"""`patriot up`: every server and every role on one machine, started in order, kept alive, stopped in order."""

import asyncio
import fcntl
import os
import resource
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from patriot.kernel.config import Config
from patriot.site.account import own
from patriot.site.children import Child, stop_all, until
from patriot.site.nats import Nats
from patriot.site.postgres import Postgres

NEEDED_MB = 500
OPEN_FILES = 65536
START_PATIENCE = 60.0


class CannotStart(Exception):  # noqa: N818 - an answer for an operator
    """Why the installation was not started, and what to do about it."""


def say(name: str, words: str) -> None:
    """One line on the terminal."""
    print(f"{name:>10} | {words}", flush=True)


@contextmanager
def only_one(config: Config) -> Iterator[None]:
    """Hold the home's lock. Raises CannotStart when another supervisor has it."""
    try:
        config.home.mkdir(parents=True, exist_ok=True)
        config.run_folder.mkdir(parents=True, exist_ok=True)
        lock = (config.home / "lock").open("a+")
    except OSError as fault:
        raise CannotStart(
            f"{config.home} cannot be written ({fault.strerror}). Set PATRIOT_HOME to a folder of yours."
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotStart(
                f"Patriot already runs on {config.home} (process {lock.read().strip() or 'unknown'}). Stop it first, or "
                "run a second one beside it with another PATRIOT_HOME and other PATRIOT_HTTP_PORT, PATRIOT_MQTT_PORT "
                "and PATRIOT_OSMAND_PORT."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def check_machine(config: Config) -> None:
    """Look at disk and ports before anything is touched. Raises CannotStart, in words for an operator."""
    free = shutil.disk_usage(config.home).free // 1_000_000
    if free < NEEDED_MB:
        raise CannotStart(
            f"Only {free} MB are free below {config.home}: make room ({NEEDED_MB} MB at least), or move PATRIOT_HOME."
        )
    ports = {"PATRIOT_HTTP_PORT": config.http_port, "PATRIOT_OSMAND_PORT": config.osmand_port}
    if config.embedded_nats:
        ports["PATRIOT_MQTT_PORT"] = config.mqtt_port
    for variable, port in ports.items():
        _check_port(config.bind, port, variable)


def _check_port(bind: str, port: int, variable: str) -> None:
    with socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as fault:
            raise CannotStart(
                f"Port {port} on {bind} cannot be used ({fault.strerror}): stop the program that has it, or set "
                f"{variable} to a free port."
            ) from None


def allow_many_connections() -> None:
    """Raise our limit of open files, which children inherit: each connected wall is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@dataclass
class Supervisor:
    """One running installation."""

    config: Config
    servers: list[Child] = field(default_factory=list)
    roles: list[Child] = field(default_factory=list)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _began: float = field(default_factory=time.monotonic)

    async def run(self) -> int:
        """Start everything, stay until asked to stop, stop everything. Returns the exit code."""
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(sign, self._stop.set)
        life = asyncio.create_task(self._start())
        stop = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({life, stop}, return_when=asyncio.FIRST_COMPLETED)
            if life.done():
                life.result()
                await stop
            return 0
        finally:
            life.cancel()
            await self._end()

    async def _start(self) -> None:
        if self.config.embedded_postgres:
            await self._start_postgres()
        if self.config.embedded_nats:
            await self._start_nats()
        await self._prepare()
        for name in ("worker", "intake", "web", *(["simulate"] if self.config.demo else [])):
            self.roles.append(self._keep(name, lambda name=name: own([*PROGRAM, name], env=self._env())))  # type: ignore[misc]
        if await until(self._ready, START_PATIENCE, pause=0.3):
            say("patriot", f"ready after {time.monotonic() - self._began:.1f} s")
            announce(self.config)
        else:
            say("patriot", f"not ready yet; what is missing: {self.config.public_url}/readyz")

    async def _start_postgres(self) -> None:
        server = Postgres(self.config)
        if not server.data.exists():
            say("postgres", "making the database (once)")
        server.prepare()

        def again() -> object:
            server.prepare()
            return server.command()

        self.servers.append(self._keep("postgres", again))  # type: ignore[arg-type]
        if not await until(self._database, START_PATIENCE):
            raise CannotStart(
                f"PostgreSQL does not accept connections. Its words: {self.config.home}/log/postgres.log"
            )

    async def _start_nats(self) -> None:
        server = Nats(self.config)
        server.prepare()
        self.servers.append(self._keep("nats", server.command))
        port = int(self.config.nats_address().rsplit(":", 1)[1])
        if not await until(lambda: _listens("127.0.0.1", port), 20):
            raise CannotStart(f"NATS does not accept connections. Its words: {self.config.home}/log/nats.log")

    def _keep(self, name: str, command: object) -> Child:
        child = Child(name, command, self.config.home, self.config.run_folder, say)  # type: ignore[arg-type]
        child.keep()
        return child

    async def _prepare(self) -> None:
        """Migrate and load the city, in a process of its own; its words go to the terminal."""
        command = own([*PROGRAM, "prepare"], env=self._env())
        process = await asyncio.create_subprocess_exec(
            *command.argv, start_new_session=True, **command.options
        )
        try:
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()
        if code:
            raise CannotStart("The database could not be prepared: see the lines above. Nothing was lost.")

    async def _database(self) -> bool:
        """True when the server answers and has our database."""
        try:
            link = await psycopg.AsyncConnection.connect(
                host=str(self.config.run_folder), user="patriot", dbname="postgres", autocommit=True
            )
        except psycopg.OperationalError:
            return False
        async with link:
            found = await link.execute("SELECT 1 FROM pg_database WHERE datname = 'patriot'")
            if not await found.fetchone():
                await link.execute("CREATE DATABASE patriot")
        return True

    async def _ready(self) -> bool:
        host = "127.0.0.1" if self.config.bind == "0.0.0.0" else self.config.bind  # noqa: S104 - compared, not bound
        return await _answers_200(host, self.config.http_port, "/readyz")

    def _env(self) -> dict[str, str]:
        return {**os.environ, **self.config.env, "PATRIOT_DEMO": "1" if self.config.demo else ""}

    async def _end(self) -> None:
        began = time.monotonic()
        say("patriot", "stopping")
        await stop_all(self.roles)
        for server in reversed(self.servers):
            await server.stop()
        say("patriot", f"stopped after {time.monotonic() - began:.1f} s; the data is in {self.config.home}")


PROGRAM = (sys.executable, "-m", "patriot.site.cli")


async def _listens(host: str, port: int) -> bool:
    try:
        _reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


async def _answers_200(host: str, port: int, path: str) -> bool:
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            status = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return b" 200 " in status


def announce(config: Config) -> None:
    """Print where everything is."""
    url = config.public_url
    lines = [
        f"citizens   {url}/            report: {url}/lapor",
        f"wall       {url}/wall/",
        f"console    {url}/console/    desk: {url}/desk/    field: {url}/field/",
        f"API        {url}/open311/v2/services.json    docs: {url}/api/docs",
        f"devices    GPS (OsmAnd) port {config.osmand_port}, MQTT port {config.mqtt_port}, on {config.bind}",
        f"data       {config.home}",
    ]
    logins = config.home / "demo_logins.txt"
    if config.demo and logins.exists():
        lines += ["", *logins.read_text().splitlines()]
    for line in [*lines, "", "Ctrl-C stops everything."]:
        say("patriot", line)


def supervise(config: Config) -> int:
    """Run the installation until it is asked to stop. Returns the exit code."""
    allow_many_connections()
    try:
        with only_one(config):
            check_machine(config)
            return asyncio.run(Supervisor(config).run())
    except (CannotStart, RuntimeError) as fault:
        print(f"\nPatriot did not start. {fault}", file=sys.stderr)
        return 1
