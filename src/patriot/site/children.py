"""Child processes: started, watched, logged, started again when they die, stopped in good order."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path

from patriot.site.account import Command

LOG_BYTES, LOG_FILES = 10_000_000, 3
LONGEST_LINE = 1 << 20
USUAL = (
    b"the database system is ",
    b"due to administrator command",
)  # said to clients who come early or stay late
LOUD_LINES, LOUD_SECONDS = 10, 10.0  # so many lines of one process reach the terminal in that time
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
SETTLED = 20.0  # seconds of life after which the next death counts as a first one again
LOUD = (b" WARNING ", b" ERROR ", b" CRITICAL ", b"FATAL", b"PANIC", b"[ERR]", b"[FTL]", b"Error:")

type Say = Callable[[str, str], None]


@dataclass
class Child:
    """One process that must live as long as we do. `command` is asked anew before every start."""

    name: str
    command: Callable[[], Command]
    home: Path
    run_folder: Path
    say: Say
    patience: float = 10.0  # seconds it gets to stop before it is killed
    process: asyncio.subprocess.Process | None = None
    keeper: "asyncio.Task[None] | None" = None
    starts: int = 0
    _stop: signal.Signals = signal.SIGTERM
    _stopping: bool = False
    _flood: int = 0
    _flood_began: float = 0.0
    _log: logging.Logger = field(init=False)

    def __post_init__(self) -> None:
        (self.home / "log").mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            self.home / "log" / f"{self.name}.log",
            maxBytes=LOG_BYTES,
            backupCount=LOG_FILES,
            encoding="utf-8",
        )
        self._log = logging.Logger(self.name)
        self._log.addHandler(handler)

    @property
    def pid_file(self) -> Path:
        """Holds the running process's number."""
        return self.run_folder / f"{self.name}.pid"

    @property
    def alive(self) -> bool:
        """Whether a process is running now."""
        return self.process is not None and self.process.returncode is None

    def keep(self) -> None:
        """Start the process and go on starting it whenever it ends, until `stop`."""
        self.keeper = asyncio.create_task(self._keep(), name=self.name)

    async def _keep(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping:
            began = time.monotonic()
            ending = await self._live()
            if self._stopping:
                return
            pause = FIRST_PAUSE if time.monotonic() - began > SETTLED else min(pause * 2, LONGEST_PAUSE)
            self.say(
                self.name,
                f"{ending}; starting it again in {pause:.1f} s (see {self.home}/log/{self.name}.log)",
            )
            await asyncio.sleep(pause)

    async def _live(self) -> str:
        """Run the process once, to its end; says how it ended."""
        try:
            command = self.command()
            self.process = await self._spawn(command)
        except (OSError, RuntimeError) as fault:
            return f"could not start: {fault}"
        self.starts += 1
        self._stop = command.stop
        write_atomically(self.pid_file, f"{self.process.pid}\n")
        if self._stopping:
            self.process.send_signal(self._stop)
        await self._copy_output(self.process)
        code = await self.process.wait()
        self.pid_file.unlink(missing_ok=True)
        return f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    @staticmethod
    async def _spawn(command: Command) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *command.argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT, start_new_session=True, limit=LONGEST_LINE, **command.options,
        )  # fmt: skip

    async def _copy_output(self, process: asyncio.subprocess.Process) -> None:
        """Copy the process's words into its log until it, and whatever it started, is gone.

        For PostgreSQL that is what we need: after kill -9 of its first process it must not start again before
        the last of the others has left.
        """
        assert process.stdout
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than LONGEST_LINE: that piece is dropped
                continue
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip()
            self._log.info(text)
            if self._is_loud(line):
                self._say_briefly(text)

    def _is_loud(self, line: bytes) -> bool:
        return (
            not self._stopping
            and any(mark in line for mark in LOUD)
            and not any(mark in line for mark in USUAL)
        )

    def _say_briefly(self, text: str) -> None:
        """Show a line on the terminal, unless it is one of a flood."""
        now = time.monotonic()
        if now - self._flood_began > LOUD_SECONDS:
            self._flood_began, self._flood = now, 0
        self._flood += 1
        if self._flood <= LOUD_LINES:
            self.say(self.name, text)
        if self._flood == LOUD_LINES:
            self.say(self.name, f"... more in {self.home}/log/{self.name}.log")

    async def stop(self) -> None:
        """Ask it to stop, kill it when it does not within its patience."""
        self._stopping = True
        self._signal(self._stop)
        if self.keeper is None:
            return
        done, _ = await asyncio.wait({self.keeper}, timeout=self.patience)
        if not done and self.alive:
            self.say(self.name, f"did not stop within {self.patience:.0f} s and is killed")
            self._signal(signal.SIGKILL)
            await asyncio.wait({self.keeper}, timeout=2)
        if not self.keeper.done():
            self.keeper.cancel()

    def _signal(self, sign: signal.Signals) -> None:
        if self.process is not None and self.process.returncode is None:
            try:
                self.process.send_signal(sign)
            except ProcessLookupError:
                return


async def stop_all(children: list[Child]) -> None:
    """Stop several at once."""
    await asyncio.gather(*(child.stop() for child in children))


async def until(ready: Callable[[], Awaitable[bool]], patience: float, pause: float = 0.05) -> bool:
    """Ask `ready` until it says yes; False when it did not within `patience` seconds."""
    end = time.monotonic() + patience
    while not await ready():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(pause)
    return True


def write_atomically(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old text or the new one, never half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text)
    draft.replace(path)
