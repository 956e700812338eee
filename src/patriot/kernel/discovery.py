"""Finding what rooms declare, without a list of rooms."""

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec

DECLARING = ("events", "reactions", "panels", "jobs")


def discover(rooms: Iterable[str], modules: Iterable[str] = DECLARING) -> None:
    """Import each of these modules in each room package that has it; importing registers what they
    declare.
    """
    wanted = tuple(modules)
    for room in rooms:
        for module in wanted:
            if find_spec(f"{room}.{module}"):
                import_module(f"{room}.{module}")
