"""Every panel's rows and what browsers were told of them. Plain code for one thread; no event loop in it."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import connection, transaction

from patriot.kernel import sse
from patriot.kernel.events import Announcement
from patriot.kernel.panels import Panel, Row
from patriot.ledger.queries import Mark, mark
from patriot.wall import panels as scenes

log = logging.getLogger(__name__)

EMPTY = Mark(0, frozenset())
BYTES_PER_S = 32_000  # of one panel to one wall: a large view that changes often is sent less often


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


@dataclass
class Shown:
    """One panel: its rows, the ledger mark they were loaded at, and its view as it was sent last."""

    panel: Panel
    rows: dict[str, Row] = field(default_factory=dict)
    mark: Mark = EMPTY
    known_at: datetime | None = (
        None  # the last moment its rows were certainly true; None before the first load
    )
    is_broken: bool = False  # it could not be loaded or folded: its rows stay what they were
    is_changed: bool = False
    rests_until: datetime | None = None
    view: Any = None
    json: bytes = b"null"
    keyed: dict[str, bytes] = field(default_factory=dict)

    def fold(self, event: Announcement) -> None:
        """Take an event that the rows do not hold yet."""
        if event.kind not in self.panel.kinds or self.is_broken:
            return
        if event.number <= self.mark.number or event.entry_id in self.mark.pending:
            return
        try:
            changes = self.panel.fold(self.rows, event)
        except Exception:
            log.exception("panel %s could not fold event %d", self.panel.name, event.number)
            self.is_broken = True
            return
        for key, row in changes.items():
            if row is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = row
        self.is_changed = True

    def look(self, now: datetime) -> dict[str, Any] | None:
        """What browsers must be told: the new view, or a keyed panel's changes; None when all is as it
        was.
        """
        self.is_changed = False
        try:
            view = self.panel.view(self.rows, now)
            return self._keyed_changes(view) if self.panel.keyed else self._new_view(view, now)
        except Exception:
            log.exception("panel %s could not be shown", self.panel.name)
            self.is_broken = True
            return None

    def may_look(self, now: datetime) -> bool:
        """False for a while after a large view was sent."""
        return self.rests_until is None or now >= self.rests_until

    def _new_view(self, view: Any, now: datetime) -> dict[str, Any] | None:
        self.view = view
        json = _json(view)
        if json == self.json:
            return None
        self.json, self.rests_until = json, now + timedelta(seconds=len(json) / BYTES_PER_S)
        return {"view": orjson.Fragment(json)}

    def _keyed_changes(self, view: Mapping[str, Row]) -> dict[str, Any] | None:
        encoded = {key: _json(row) for key, row in view.items()}
        new = {key: orjson.Fragment(json) for key, json in encoded.items() if self.keyed.get(key) != json}
        gone = sorted(self.keyed.keys() - encoded.keys())
        self.view, self.keyed = view, encoded
        return {"set": new, "unset": gone} if new or gone else None

    def snapshot(self) -> dict[str, Any]:
        """The whole panel for a browser that knows nothing."""
        if self.panel.keyed:
            return {"rows": {key: orjson.Fragment(json) for key, json in self.keyed.items()}, **self.labels()}
        return {"view": orjson.Fragment(self.json), **self.labels()}

    def labels(self) -> dict[str, Any]:
        """Where it comes from and how old it may be."""
        return {"source": str(self.panel.source), "as_of": self.known_at,
                "stale_after_s": self.panel.stale_after.total_seconds()}  # fmt: skip


@dataclass(frozen=True)
class Told:
    """What one step gives the browsers."""

    frames: bytes
    pins: Mapping[str, Row] | None  # the pinned scenes, when they changed


class Picture:
    """All panels together. Load, then step; every call in the same thread."""

    def __init__(self, offered: Mapping[str, Panel]) -> None:
        self.shown = {name: Shown(panel) for name, panel in offered.items()}
        self.number = 0

    @property
    def is_loaded(self) -> bool:
        """True once there is something to show."""
        return any(shown.known_at for shown in self.shown.values())

    @property
    def is_broken(self) -> bool:
        """True while a panel could not be loaded, folded or shown."""
        return any(shown.is_broken for shown in self.shown.values())

    @property
    def is_behind(self) -> bool:
        """True while a panel has changes that browsers were not told of."""
        return any(shown.is_changed for shown in self.shown.values())

    def load(self, now: datetime) -> None:
        """Read every panel in one database snapshot. A panel that fails keeps what it had and the age of it.

        Raises DatabaseError when the database is away; all panels then stay as they are.
        """
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            here = mark()
            for shown in self.shown.values():
                self._load_one(shown, here, now)
        self.number = max(self.number, here.number)

    @staticmethod
    def _load_one(shown: Shown, here: Mark, now: datetime) -> None:
        try:
            with transaction.atomic():
                rows = shown.panel.load(now)
        except Exception:
            log.exception("panel %s could not be loaded", shown.panel.name)
            shown.is_broken = True
        else:
            shown.rows, shown.mark, shown.known_at = dict(rows), here, now
            shown.is_broken, shown.is_changed, shown.rests_until = False, True, None

    def step(
        self, events: Iterable[Announcement], now: datetime, true_at: datetime, everything: bool
    ) -> Told:
        """Fold events and say what changed. `true_at`: the last moment it was certain that no event is
        missing; `everything`: look at all panels, because time has passed.
        """
        for event in events:
            self.number = max(self.number, event.number)
            for shown in self.shown.values():
                shown.fold(event)
        frames, pins = [], None
        for name, shown in self.shown.items():
            if shown.known_at is None:
                continue
            if not shown.is_broken:
                shown.known_at = max(shown.known_at, true_at)
            is_due = everything or (shown.is_changed and shown.may_look(now))
            told = shown.look(now) if is_due else None
            if told is None:
                continue
            if name == scenes.NAME:
                pins = dict(shown.view)
            else:
                frames.append(self._frame(name, shown, told))
        return Told(b"".join(frames), pins)

    def _frame(self, name: str, shown: Shown, told: dict[str, Any]) -> bytes:
        return sse.frame("panel", {"name": name, "as_of": shown.known_at, **told}, self.number)

    def snapshot(self) -> dict[str, Any]:
        """Every panel whole, as JSON-ready values."""
        wanted = (
            (name, shown) for name, shown in self.shown.items() if name != scenes.NAME and shown.known_at
        )
        return {name: shown.snapshot() for name, shown in wanted}

    def ages(self) -> dict[str, datetime]:
        """When each panel was last certainly true."""
        return {name: shown.known_at for name, shown in self.shown.items()
                if shown.known_at and name != scenes.NAME}  # fmt: skip
