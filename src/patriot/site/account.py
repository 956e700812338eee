"""Running the embedded servers without root's rights, wherever their programs and data lie."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from ctypes import CDLL
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RUN_AS = "nobody"  # whose rights the servers have when Patriot is started by root
CAPABILITIES = (
    "dac_read_search",
    "dac_override",
)  # the smaller right first; containers often have only the second
PR_SET_PDEATHSIG = 1
_libc = CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Command:
    """How to start one process: what, and with which `subprocess` options."""

    argv: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)
    stop: signal.Signals = signal.SIGTERM  # asks it to stop in good order


def die_with_parent(sign: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends `sign` to the child when its parent is gone, also after kill -9."""

    parent = os.getpid()

    def arm() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, sign.value)
        if os.getppid() != parent:  # it died before we could ask
            os.kill(os.getpid(), sign)

    return arm


def own(program: Sequence[object], **options: Any) -> Command:
    """A child process with our own rights that does not outlive us, whatever it is busy with."""
    return Command(tuple(map(str, program)), {"preexec_fn": die_with_parent(signal.SIGKILL), **options})


def _server(program: Sequence[str], stop: signal.Signals, **options: Any) -> Command:
    """A server process: when we are gone it stops in good order."""
    return Command(tuple(program), {"preexec_fn": die_with_parent(stop), **options}, stop)


def unprivileged(program: Path, arguments: Sequence[object], folder: Path, stop: signal.Signals) -> Command:
    """A server process that can read `program` and `folder` but has no other of root's rights.

    Raises RuntimeError, in words for an operator, where root's rights cannot be given up like this.
    """
    argv = (str(program), *map(str, arguments))
    if os.geteuid() != 0:
        return _server(argv, stop, cwd="/")
    account = pwd.getpwnam(RUN_AS)
    plain = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "cwd": "/"}
    if _reaches((), plain, program, folder):
        return _server(argv, stop, **plain)
    for capability in CAPABILITIES if shutil.which("setpriv") else ():
        prefix = _setpriv(account, capability, stop)
        if _reaches(prefix, {"cwd": "/"}, program, folder):
            return Command((*prefix, *argv), {"cwd": "/"}, stop)
    raise RuntimeError(
        f"{program.name} must not run as root, and the user {RUN_AS!r} cannot reach {program} or {folder}. "
        "Put Patriot and PATRIOT_HOME into folders that everybody may enter (such as /opt and /var/lib), "
        "or start Patriot as an ordinary user."
    )


def give(folder: Path) -> None:
    """Hand `folder` to the servers' user; nothing to do when we are an ordinary user ourselves."""
    if os.geteuid() == 0:
        shutil.chown(folder, RUN_AS)


def _setpriv(account: pwd.struct_passwd, capability: str, stop: signal.Signals) -> tuple[str, ...]:
    """The command prefix that keeps one capability. `no_setuid_fixup`: else access(2) would not honour it."""
    kept = f"-all,+{capability}"
    return (
        "setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups",
        "--securebits=+no_setuid_fixup", f"--inh-caps={kept}",
        f"--ambient-caps={kept}", f"--bounding-set={kept}",
        f"--pdeathsig={stop.name.removeprefix('SIG')}", "--",
    )  # fmt: skip


def _reaches(prefix: tuple[str, ...], options: dict[str, Any], program: Path, folder: Path) -> bool:
    probe = (*prefix, "/bin/sh", "-c", 'cd "$1" && exec "$0" --version', str(program), str(folder))
    done = subprocess.run(probe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, **options)
    return done.returncode == 0
