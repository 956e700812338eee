"""What is looked at before anything starts: the home's lock, the disk, the ports, the limit of open files."""

import fcntl
import os
import resource
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from patriot.kernel.config import Config

NEEDED_MB = 500
OPEN_FILES = 65536


class CannotStart(Exception):  # noqa: N818 - an answer for an operator
    """Why the installation was not started, and what to do about it."""


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
                f"Patriot already runs on {config.home} (process {lock.read().strip() or '?'}). Stop it "
                "first, or run a second one beside it with another PATRIOT_HOME and other PATRIOT_HTTP_PORT, "
                "PATRIOT_MQTT_PORT and PATRIOT_OSMAND_PORT."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def is_running(config: Config) -> bool:
    """Whether a supervisor holds the home's lock."""
    try:
        with (config.home / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def check_machine(config: Config) -> None:
    """Look at disk and ports. Raises CannotStart, in words for an operator."""
    free = shutil.disk_usage(config.home).free // 1_000_000
    if free < NEEDED_MB:
        raise CannotStart(
            f"Only {free} MB are free below {config.home}: make room ({NEEDED_MB} MB), or move PATRIOT_HOME."
        )
    faults = [
        fault
        for variable, port in ports(config).items()
        if (fault := port_fault(config.bind, port, variable))
    ]
    if faults:
        raise CannotStart(" ".join(faults))


def ports(config: Config) -> dict[str, int]:
    """The ports this installation listens on, by the variable that moves them."""
    held = {
        "PATRIOT_HTTP_PORT": config.http_port,
        "PATRIOT_OSMAND_PORT": config.osmand_port,
        "PATRIOT_STA_PORT": config.sta_port,
    }
    return held | ({"PATRIOT_MQTT_PORT": config.mqtt_port} if config.embedded_nats else {})


def port_fault(bind: str, port: int, variable: str) -> str:
    """Why a port cannot be listened on, and what to do; nothing when it can."""
    with socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as fault:
            return (
                f"Port {port} on {bind} cannot be used ({fault.strerror}): stop the program that has it, or "
                f"set {variable} to a free port."
            )
    return ""


def allow_many_connections() -> None:
    """Raise our limit of open files, which children inherit: each connected wall is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
