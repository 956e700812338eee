"""`patriot city load|check|boundaries|streets`."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from patriot.kernel.config import Config
from patriot.places import boundaries, streets
from patriot.site import city as packs


def city_arguments(parser: ArgumentParser) -> None:
    """The four things one can do with a city."""
    actions = parser.add_subparsers(dest="action", required=True)
    for name, words in (("load", "load a pack into the database"), ("check", "check a pack's files")):
        action = actions.add_parser(name, help=words)
        action.add_argument(
            "name", nargs="?", help="a pack's name or folder (default: PATRIOT_CITY; check: all)"
        )
    actions.add_parser("boundaries", help="replace the indicative areas by official polygons").add_argument(
        "file", type=Path, help="GeoJSON with the official codes"
    )
    actions.add_parser("streets", help="import the road network of OpenStreetMap").add_argument(
        "file", type=Path, help="an extract, .osm.pbf"
    )


def city(config: Config, args: Namespace) -> int:
    """Do one of them."""
    return {"load": _load, "check": _check, "boundaries": _boundaries, "streets": _streets}[args.action](
        config, args
    )


def _load(config: Config, args: Namespace) -> int:
    name = args.name or config.city
    for line in packs.load(name, demo=config.demo):
        print(line)
    print(f"The city pack {name} is loaded.")
    return 0


def _check(_config: Config, args: Namespace) -> int:
    faults = {name: packs.check(name) for name in ([args.name] if args.name else packs.names())}
    for name, fault in faults.items():
        print(f"{name}: {fault or 'in order'}", file=sys.stderr if fault else sys.stdout)
    return 1 if any(faults.values()) else 0


def _boundaries(_config: Config, args: Namespace) -> int:
    print(boundaries.import_file(args.file))
    return 0


def _streets(_config: Config, args: Namespace) -> int:
    print(streets.import_osm(args.file))
    return 0
