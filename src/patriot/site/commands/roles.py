"""`patriot web|worker|intake|simulate`: one role each, in the foreground."""

import asyncio
import os
import signal
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Coroutine
from importlib import import_module
from typing import Any

import uvicorn

from patriot.kernel.config import Config
from patriot.site.heartbeat import Heart
from patriot.site.preflight import allow_many_connections

BACKLOG = 2048
LONGEST_GOODBYE = 8.0  # seconds a role gets to end by itself
GOODBYE = 3  # seconds that open requests get at the end; live streams never end by themselves


def web(config: Config, _args: Namespace) -> int:
    """Serve the faces, the interfaces and the live stream."""
    allow_many_connections()
    server = uvicorn.Server(
        uvicorn.Config(
            "patriot.site.asgi:application", host=config.bind, port=config.http_port,
            loop="uvloop", http="httptools", lifespan="on", backlog=BACKLOG,
            timeout_graceful_shutdown=GOODBYE, access_log=False, log_config=None, server_header=False,
            forwarded_allow_ips=config.env.get("PATRIOT_PROXIES", "127.0.0.1"),
        )
    )  # fmt: skip
    server.run()
    return 0 if server.started else 1


def worker(_config: Config, _args: Namespace) -> int:
    """Seal the ledger, run reactions and periodic jobs."""
    return _live("worker", _entry("patriot.ledger.worker")())


def intake(config: Config, _args: Namespace) -> int:
    """Take in what devices send."""
    allow_many_connections()
    return _live("intake", _entry("patriot.intake.app")(config))


def simulate_arguments(parser: ArgumentParser) -> None:
    """The simulator's own options."""
    import_module("patriot.simulate.cli").arguments(parser)


def simulate(config: Config, args: Namespace) -> int:
    """Play a city that speaks the public protocols."""
    return _until_asked(_entry("patriot.simulate.cli")(config, args))


def _entry(module: str) -> Any:
    """A role's `run`. Imported by name: a process loads the role it plays and no other."""
    return import_module(module).run


def _live(role: str, work: Coroutine[Any, Any, None]) -> int:
    with Heart(role):
        return _until_asked(work)


def _end(task: "asyncio.Task[None]") -> None:
    """Ask the work to end; whatever still holds it after a while (a database that went away) is left behind.

    Nothing is lost by that: what was acknowledged was committed before.
    """
    task.cancel()
    last = threading.Timer(LONGEST_GOODBYE, os._exit, [1])
    last.daemon = True
    last.start()


def _until_asked(work: Coroutine[Any, Any, None]) -> int:
    async def main() -> None:
        task = asyncio.current_task()
        assert task
        for sign in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(sign, _end, task)
        await work

    try:
        asyncio.run(main())
    except asyncio.CancelledError:
        return 0
    return 0
