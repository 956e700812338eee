"""What a room offers the wall: rows loaded once, folded forward by events, shown by a pure view.

The wall law: rows loaded, then folded with every later event, give the same view as rows loaded afresh.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from patriot.kernel.events import Announcement

type Row = dict[str, Any]
type Rows = Mapping[str, Row]
type Changes = Mapping[str, Row | None]  # key → its new row, or None when it leaves the panel

_PANELS: dict[str, "Panel"] = {}


@dataclass(frozen=True)
class Panel:
    """One panel. `load` reads the database; `fold` and `view` are pure and know nothing but their
    arguments.
    """

    name: str
    source: str  # what feeds it, in words: shown on the panel
    kinds: frozenset[str]  # the events that change it
    load: Callable[[datetime], dict[str, Row]]
    fold: Callable[[Rows, Announcement], Changes]
    view: Callable[[Rows, datetime], Any]
    stale_after: timedelta = timedelta(seconds=15)
    keyed: bool = False  # True, for large ones such as the map: browsers get changes by key, not the view


def offer(panel: Panel) -> Panel:
    """Register a panel under its name. Raises ValueError when the name is taken by another."""
    if panel.name in _PANELS:
        raise ValueError(f"panel {panel.name!r} is offered twice")
    _PANELS[panel.name] = panel
    return panel


def panels() -> dict[str, Panel]:
    """All panels by name."""
    return dict(_PANELS)


def merge(rows: Rows, changes: Changes) -> dict[str, Row]:
    """The rows after `changes`."""
    merged = {**rows, **{key: row for key, row in changes.items() if row is not None}}
    for key, row in changes.items():
        if row is None:
            merged.pop(key, None)
    return merged
