import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from patriot.site.account import own
from patriot.site.children import Child, until, write_atomically

PARENT = """
import subprocess, sys, time
from patriot.site.account import own
import signal
command = own(["sleep", "60"])
child = subprocess.Popen(command.argv, **command.options)
print(child.pid, flush=True)
time.sleep(60)
"""


def _child(tmp_path: Path, said: list[str], *argv: str, patience: float = 5.0) -> Child:
    return Child(
        "sleeper", lambda: own(argv), tmp_path, tmp_path, lambda _name, words: said.append(words), patience
    )


async def _until(condition: Callable[[], bool]) -> None:
    async def now() -> bool:
        return condition()

    assert await until(now, 10)


@pytest.mark.fault
def test_it_starts_a_killed_process_again(tmp_path: Path) -> None:
    said: list[str] = []

    async def scene() -> None:
        child = _child(tmp_path, said, "sleep", "60")
        child.keep()
        await _until(lambda: child.alive)
        first = int(child.pid_file.read_text())
        os.kill(first, signal.SIGKILL)
        await _until(lambda: child.starts == 2)
        assert int(child.pid_file.read_text()) != first
        await child.stop()
        assert not child.alive
        assert not child.pid_file.exists()

    asyncio.run(scene())
    assert said[0].startswith("ended by SIGKILL")


def test_it_kills_what_does_not_stop(tmp_path: Path) -> None:
    said: list[str] = []

    async def scene() -> None:
        child = _child(
            tmp_path, said, "sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done", patience=0.5
        )
        child.keep()
        await _until(lambda: "deaf" in (tmp_path / "log" / "sleeper.log").read_text())
        await child.stop()
        assert not child.alive

    asyncio.run(scene())
    assert "is killed" in said[-1]


def test_it_keeps_words_in_the_log_and_shows_the_loud_ones(tmp_path: Path) -> None:
    said: list[str] = []

    async def scene() -> None:
        child = _child(tmp_path, said, "sh", "-c", "echo quiet; echo 'x ERROR loud'; exec sleep 60")
        child.keep()
        await _until(lambda: bool(said))
        await child.stop()

    asyncio.run(scene())
    assert said == ["x ERROR loud"]
    assert (tmp_path / "log" / "sleeper.log").read_text() == "quiet\nx ERROR loud\n"


def test_it_says_what_cannot_be_started_and_tries_again(tmp_path: Path) -> None:
    said: list[str] = []

    async def scene() -> None:
        child = _child(tmp_path, said, "/no/such/program")
        child.keep()
        await _until(lambda: len(said) >= 2)
        await child.stop()

    asyncio.run(scene())
    assert "could not start" in said[0]


@pytest.mark.fault
def test_it_leaves_no_process_behind_when_it_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 5
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_it_writes_small_files_whole(tmp_path: Path) -> None:
    write_atomically(tmp_path / "web.pid", "1\n")
    write_atomically(tmp_path / "web.pid", "2\n")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("web.pid", "2\n")]
