"""What rooms announce: frozen dataclasses, registered under a kind, with the fields the public may see."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import orjson

_KINDS: dict[str, "Kind"] = {}


@dataclass(frozen=True)
class Kind:
    """One registered kind of event. `public` names the fields anyone may see; empty means nobody outside."""

    name: str
    event_class: type
    public: frozenset[str]


@dataclass(frozen=True, slots=True)
class Announcement:
    """An event as it leaves the ledger: sealed, numbered without gaps, with its body as plain JSON values."""

    number: int
    entry_id: int
    at: datetime
    kind: str
    actor: str  # "user:12", "device:7", "citizen", "system:deadlines"
    subject: str  # "incident:31", "report:8"
    agency: str  # code of the agency that owns the subject, "" when none does
    simulated: bool
    body: dict[str, Any]


def announces[T](kind: str, *, public: Collection[str] = ()) -> Callable[[type[T]], type[T]]:
    """Class decorator: register a frozen dataclass as the body of events of `kind`.

    Personal data must not stand in an event: refer to it by id, so that it can be erased without breaking the
    chain. Raises ValueError for a kind registered twice, TypeError when `public` names a field the class has
    not.
    """

    def register(event_class: type[T]) -> type[T]:
        if kind in _KINDS and _KINDS[kind].event_class.__qualname__ != event_class.__qualname__:
            raise ValueError(f"event kind {kind!r} is announced twice")
        names = {field.name for field in fields(event_class)}  # type: ignore[arg-type]
        if "kind" in names:
            raise TypeError(f"{event_class.__name__} has a field 'kind': it would hide the event's own")
        unknown = set(public) - names
        if unknown:
            raise TypeError(f"{event_class.__name__} has no public field {sorted(unknown)}")
        _KINDS[kind] = Kind(kind, event_class, frozenset(public))
        event_class.kind = kind  # type: ignore[attr-defined]
        return event_class

    return register


def kinds() -> dict[str, Kind]:
    """All registered kinds by name."""
    return dict(_KINDS)


def public_body(kind: str, body: dict[str, Any]) -> dict[str, Any] | None:
    """The part of an event's body that anyone may see, or None when the kind is not public."""
    known = _KINDS.get(kind)
    if known is None or not known.public:
        return None
    return {name: value for name, value in body.items() if name in known.public}


def encode(event: object) -> str:
    """An event's canonical JSON: fields in their declared order, maps by key, times in UTC, no spaces.

    Raises TypeError for a time without zone: nobody could say when it was.
    """
    options = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z | orjson.OPT_PASSTHROUGH_DATETIME
    return orjson.dumps(event, default=_in_utc, option=options).decode()


def _in_utc(value: object) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError(f"{value!r} does not belong into an event")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
