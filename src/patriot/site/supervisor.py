"""`patriot up`: every server and role on one machine, started in order, kept alive, stopped in order."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from patriot.kernel.config import Config
from patriot.site.account import Command, own
from patriot.site.children import Child, stop_all, until
from patriot.site.nats import Nats
from patriot.site.postgres import Postgres
from patriot.site.preflight import CannotStart, allow_many_connections, check_machine, only_one
from patriot.site.standby import make_database

PROGRAM = (sys.executable, "-m", "patriot.site.cli")
START_PATIENCE = 60.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - how we reach ourselves


def say(name: str, words: str) -> None:
    """One line on the terminal."""
    print(f"{name:>10} | {words}", flush=True)


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
            await asyncio.wait({life})
            await self._end()

    async def _start(self) -> None:
        if self.config.embedded_postgres:
            await self._start_postgres()
        if self.config.embedded_nats:
            await self._start_nats()
        await self._prepare()
        for name in ("worker", "intake", "web", *(["simulate"] if self.config.plays else [])):
            self.roles.append(self._keep(name, self._role(name)))
        while not await until(self._ready, START_PATIENCE, pause=0.2):
            say("patriot", f"not ready yet; what is missing: {self.config.public_url}/readyz")
        say("patriot", f"ready after {time.monotonic() - self._began:.1f} s")
        announce(self.config)

    async def _start_postgres(self) -> None:
        server = Postgres(self.config)
        if not server.data.exists():
            say("postgres", "making the database (once)")

        def command() -> Command:
            if not server.is_made:  # a new, empty one would be worse than none
                raise RuntimeError(f"{server.data} holds no database any more. Is its disk mounted?")
            server.prepare()
            return server.command()

        server.prepare()  # here a fault ends the start; later the keeper tries again
        self.servers.append(self._keep("postgres", command))
        if not await until(self._database, START_PATIENCE):
            raise CannotStart(f"PostgreSQL does not answer. Its words: {self.config.home}/log/postgres.log")

    async def _start_nats(self) -> None:
        server = Nats(self.config)
        server.prepare()
        self.servers.append(self._keep("nats", server.command))
        port = urlsplit(self.config.nats_address()).port or 0
        if not await until(lambda: _listens("127.0.0.1", port), 20):
            raise CannotStart(f"NATS does not answer. Its words: {self.config.home}/log/nats.log")

    def _keep(self, name: str, command: Callable[[], Command]) -> Child:
        child = Child(name, command, self.config.home, self.config.run_folder, say)
        child.keep()
        return child

    def _role(self, name: str) -> Callable[[], Command]:
        return lambda: own([*PROGRAM, name], env=self._env())

    def _env(self) -> dict[str, str]:
        return {**os.environ, **self.config.env, "PATRIOT_DEMO": "1" if self.config.demo else ""}

    async def _prepare(self) -> None:
        """Migrate and load the city, in a process of its own; its words go to the terminal."""
        command = self._role("prepare")()
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
        return make_database(self.config)

    async def _ready(self) -> bool:
        host = ANYWHERE.get(self.config.bind, self.config.bind)
        return await _answers_200(host, self.config.http_port, "/readyz")

    async def _end(self) -> None:
        began = time.monotonic()
        say("patriot", "stopping")
        await stop_all(self.roles)
        for server in reversed(self.servers):
            await server.stop()
        say("patriot", f"stopped after {time.monotonic() - began:.1f} s; the data is in {self.config.home}")


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
    elif not config.demo:
        lines += ["", "accounts   patriot user create NAME --role administrator   makes the first one"]
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
    except OSError as fault:
        print(f"\nPatriot did not start. {fault}. Does {config.home} belong to you?", file=sys.stderr)
        return 1
