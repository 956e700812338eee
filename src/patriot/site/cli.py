"""The `patriot` program: one word per thing it does."""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from importlib import import_module
from types import ModuleType

import patriot
from patriot.kernel.config import Config
from patriot.kernel.errors import Refused
from patriot.site.standby import database

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "patriot.site.settings")


@dataclass(frozen=True)
class Entry:
    """Where a command lives: its module offers `<name>(config, args) -> int`, perhaps `<name>_arguments`."""

    module: str
    help: str
    django: bool = True
    database: bool = False  # works on a stopped installation too: the embedded database is started for it


COMMANDS = {
    "up": Entry("services", "run the whole center on this machine", django=False),
    "demo": Entry("services", "the same with a simulated city in it", django=False),
    "web": Entry("roles", "run the web role", django=False),
    "worker": Entry("roles", "run the worker role: reactions and periodic jobs"),
    "intake": Entry("roles", "run the intake role: positions and readings of devices"),
    "simulate": Entry("roles", "play a simulated city against the public interfaces", django=False),
    "prepare": Entry("data", "migrate and load the city pack where it has changed", database=True),
    "migrate": Entry("data", "bring the database to this version", database=True),
    "city": Entry("city", "load or check a city pack, its boundaries, its streets", database=True),
    "ledger": Entry(
        "ledger", "verify the chain of everything that happened, or print its head", database=True
    ),
    "sensing": Entry(
        "sensing", "import and export readings, archive closed days, roll days up anew", database=True
    ),
    "user": Entry("people", "create an account", database=True),
    "display": Entry("wall", "keys for screens that show the wall", database=True),
    "backup": Entry("backup", "write everything into one folder", database=True),
    "restore": Entry("backup", "read a backup into an empty installation", database=True),
    "doctor": Entry("doctor", "say what is wrong with this installation", django=False),
    "version": Entry("services", "print the version", django=False),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns its exit code: 0 done, 1 refused or failed in words, 2 wrong usage."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(words)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0


def _run(words: list[str]) -> int:
    name = next((word for word in words if not word.startswith("-")), "")
    try:
        config = Config.from_env()
    except ValueError as fault:
        print(fault, file=sys.stderr)
        return 2
    if name == "demo":
        config = replace(config, demo=True)
    module = _module(name)
    args = _parser(name, module).parse_args(words)
    if module is None:
        return 2
    needs_database = (
        COMMANDS[name].database and getattr(args, "action", "") != "check"
    )  # that one reads files
    with database(config) if needs_database else nullcontext():
        return int(getattr(module, name)(config, args))


def _module(name: str) -> ModuleType | None:
    """The command's module. Only this one is imported: that makes most commands start at once."""
    entry = COMMANDS.get(name)
    if entry is None:
        return None
    if entry.django:
        import_module("django").setup()
    return import_module(f"patriot.site.commands.{entry.module}")


def _parser(chosen: str, module: ModuleType | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("patriot", description="An open operations center for a city.")
    parser.add_argument("--version", action="version", version=patriot.__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, entry in COMMANDS.items():
        command = commands.add_parser(name, help=entry.help, description=entry.help.capitalize() + ".")
        if name == chosen and (arguments := getattr(module, f"{name}_arguments", None)):
            arguments(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
