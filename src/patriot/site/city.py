"""Loading a city pack: each room reads its own tables, the lower rooms first."""

from collections.abc import Iterator
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from django.conf import settings
from django.db import transaction

import patriot
from patriot.kernel.config import Config
from patriot.kernel.errors import Refused
from patriot.kernel.pack import Pack, PackError
from patriot.site.facts import PACK, fact, set_fact

PACKAGE = Path(patriot.__file__).parent
SHELVES = (PACKAGE / "cities", PACKAGE.parents[1] / "cities")  # in a wheel, in a clone


def names() -> list[str]:
    """The city packs that came with Patriot."""
    return sorted({path.parent.name for shelf in SHELVES for path in shelf.glob("*/city.toml")})


def folder(name: str) -> Path:
    """A pack's folder, by its name or by a path to it. Raises Refused when there is none."""
    for path in (*(shelf / name for shelf in SHELVES), Path(name)):
        if (path / "city.toml").exists():
            return path
    raise Refused(
        f"There is no city pack {name!r}. Known: {', '.join(names()) or 'none'}. A folder will do too."
    )


def load(name: str, *, demo: bool) -> list[str]:
    """Load a pack, all or nothing; returns lines worth showing (demo logins). Raises Refused on a fault."""
    pack = Pack(folder(name))
    shown: list[str] = []
    try:
        with transaction.atomic():
            for room in _parts("pack"):
                room.load(pack)
            for room in _parts("demo") if demo else ():
                shown += room.load(pack) or []
            set_fact(PACK, _digest(name, demo=demo))
    except PackError as fault:
        raise Refused(str(fault)) from fault
    return shown


def check(name: str) -> str:
    """Read every table of a pack without touching the database. Returns the fault, or nothing."""
    try:
        pack = Pack(folder(name))
        for room in _parts("pack"):
            if hasattr(room, "check"):
                room.check(pack)
    except (PackError, Refused) as fault:
        return str(fault)
    return ""


def prepare(config: Config) -> int:
    """Load the configured pack when it, or the version that reads it, has changed. Returns an exit code."""
    if fact(PACK) == _digest(config.city, demo=config.demo):
        return 0
    print(f"   patriot | loading the city pack {config.city}", flush=True)
    shown = load(config.city, demo=config.demo)
    if config.demo:
        (config.home / "demo_logins.txt").write_text("".join(f"{line}\n" for line in shown))
    return 0


def _parts(part: str) -> Iterator[ModuleType]:
    """The modules called `part` of the rooms that have one."""
    for room in settings.CITY_ROOMS:
        if find_spec(f"patriot.{room}.{part}"):
            yield import_module(f"patriot.{room}.{part}")


def _digest(name: str, *, demo: bool) -> str:
    """What would be loaded: the pack's files, the rooms that read them and this version."""
    state = sha256(f"{patriot.__version__} {demo} {[part.__name__ for part in _parts('pack')]}".encode())
    for path in sorted(folder(name).rglob("*")):
        if path.is_file():
            state.update(path.name.encode() + path.read_bytes())
    return f"{name} {state.hexdigest()}"
