"""What a channel's or connector's folder says of itself, and finding them. Pure but for reading files."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import msgspec


@dataclass(frozen=True)
class Manifest:
    """manifest.toml. `cadence_s`: how often it should be heard; 0: it speaks when it has something to say."""

    name: str
    title: str
    owner: str  # the agency that answers for it
    speaks: list[str]
    direction: str  # in, out or both
    cadence_s: int
    schema_version: str
    quality: str  # A measured and checked, B official, C told by anybody
    source: str
    licence: str
    switched_on_by: str = ""  # the environment variable that must be 1; "": always on
    personal_data: str = "none"


NEEDED = ("manifest.toml", "read.py", "README.md", "__init__.py", "fixtures", "tests")


def read(folder: Path) -> Manifest:
    """A folder's manifest. Raises ValueError, naming the folder, for one that cannot be used."""
    try:
        return msgspec.convert(
            tomllib.loads((folder / "manifest.toml").read_text("utf-8")), Manifest, strict=True
        )
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as fault:
        raise ValueError(f"{folder.name}: {fault}") from fault


def found(shelf: Path) -> list[Path]:
    """The folders on a shelf (`channels`, `connectors`) that have a manifest, by name."""
    return sorted(path.parent for path in shelf.glob("*/manifest.toml"))


def faults(folder: Path) -> list[str]:
    """What a folder lacks, in words; empty when it is whole."""
    missing = [f"{folder.name} has no {name}" for name in NEEDED if not (folder / name).exists()]
    if not (folder / "poll.py").exists() and not (folder / "receive.py").exists():
        missing.append(f"{folder.name} has neither poll.py nor receive.py")
    try:
        manifest = read(folder)
    except ValueError as fault:
        return [*missing, str(fault)]
    if manifest.name != folder.name:
        missing.append(f"{folder.name} calls itself {manifest.name!r}")
    return missing
