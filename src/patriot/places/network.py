"""Building a road network that OSRM can route on, as files under `<home>/roads/<version>`."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version as installed
from pathlib import Path

import osmium
import osrm
from osmium.osm.mutable import Node, Way

from patriot.kernel.errors import Refused

OSRM_FOLDER = Path(osrm.__file__).parent
PROFILE = OSRM_FOLDER / "share" / "profiles" / "car.lua"
STEPS = (("osrm-extract", "-p", str(PROFILE)), ("osrm-partition",), ("osrm-customize",))
NAME = "city.osrm"
KEEP = 3  # networks on disk: the one in use, and those that other processes may still hold
NOT_DRIVEN = ("rail",)


@dataclass(frozen=True)
class Piece:
    """A piece of street to route on. Pieces meet where they share a vertex."""

    name: str
    kind: str
    maxspeed: int
    oneway: bool
    bridge: bool
    line: Sequence[Sequence[float]]


def version_of_pieces(pieces: Sequence[Piece]) -> str:
    """A name for what would be built: the same streets and the same OSRM give the same name."""
    state = sha256(_tools().encode())
    for piece in pieces:
        state.update(repr((piece.name, piece.kind, piece.maxspeed, piece.oneway, piece.line)).encode())
    return state.hexdigest()[:16]


def version_of_file(path: Path) -> str:
    """The same for an OpenStreetMap extract."""
    state = sha256(_tools().encode())
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            state.update(chunk)
    return state.hexdigest()[:16]


def build_from_pieces(roads: Path, pieces: Sequence[Piece]) -> str:
    """Build the network of these streets unless it is there; returns its version."""
    version = version_of_pieces(pieces)
    _build(roads, version, lambda path: write_osm(path, pieces))
    return version


def build_from_file(roads: Path, extract: Path) -> str:
    """Build the network of an .osm.pbf extract unless it is there; returns its version."""
    version = version_of_file(extract)
    _build(roads, version, lambda path: _put(extract, path))
    return version


def is_built(roads: Path, version: str) -> bool:
    """Whether the network's files are on this machine."""
    return (roads / version / f"{NAME}.cell_metrics").exists()


def write_osm(path: Path, pieces: Sequence[Piece]) -> None:
    """Write streets as an .osm.pbf. A vertex that two pieces share becomes one node."""
    nodes: dict[tuple[float, float], int] = {}
    driven = [piece for piece in pieces if piece.kind not in NOT_DRIVEN]
    for piece in driven:
        for lon, lat in piece.line:
            nodes.setdefault((lon, lat), len(nodes) + 1)
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for (lon, lat), number in nodes.items():
            writer.add_node(Node(id=number, location=(lon, lat), version=1))
        for number, piece in enumerate(driven, 1):
            refs = [nodes[lon, lat] for lon, lat in piece.line]
            writer.add_way(Way(id=number, nodes=refs, tags=_tags(piece), version=1))


def _tags(piece: Piece) -> dict[str, str]:
    tags = {"highway": piece.kind, "name": piece.name, "maxspeed": str(piece.maxspeed)}
    if piece.oneway:
        tags["oneway"] = "yes"
    if piece.bridge:
        tags["bridge"] = "yes"
    return {key: value for key, value in tags.items() if value}


def _put(extract: Path, path: Path) -> None:
    shutil.copyfile(extract, path)


def _build(roads: Path, version: str, write: Callable[[Path], None]) -> None:
    """Build aside, then move into place at once: nobody ever sees half a network."""
    roads.mkdir(parents=True, exist_ok=True)
    with _alone(roads):
        if is_built(roads, version):
            os.utime(roads / version)
            return
        aside = roads / f".building-{version}"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        write(aside / "city.osm.pbf")
        for step in STEPS:
            _run(step, aside)
        shutil.rmtree(roads / version, ignore_errors=True)
        aside.rename(roads / version)
        _forget_old(roads)


@contextmanager
def _alone(roads: Path) -> Iterator[None]:
    with (roads / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(step: tuple[str, ...], folder: Path) -> None:
    """One OSRM tool. Raises Refused with the end of what it said."""
    program, *options = step
    target = "city.osm.pbf" if program == "osrm-extract" else NAME
    command = [str(OSRM_FOLDER / "bin" / program), *options, "--threads", "2", target]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except OSError as fault:
        raise Refused(f"The road network cannot be built: {program} does not run here ({fault}).") from fault
    (folder / f"{program}.log").write_text(done.stdout + done.stderr)
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-3:])
        raise Refused(f"The road network cannot be built: {program} ended with {done.returncode}.\n{said}")


def _forget_old(roads: Path) -> None:
    built = [path for path in roads.iterdir() if path.is_dir() and not path.name.startswith(".")]
    for path in sorted(built, key=lambda path: path.stat().st_mtime, reverse=True)[KEEP:]:
        shutil.rmtree(path, ignore_errors=True)


def _tools() -> str:
    return f"osrm {installed('osrm-bindings')} mld car"
