"""What is sent → drafts, checked. Pure. Every fault says which property and what it should be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from patriot.sensing.sta import times
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.geo import from_geojson
from patriot.sensing.sta.model import QUALITY_PREFIX, Entity, Kind, Link, Property, target
from patriot.sensing.sta.present import INTEGRAL, encode
from patriot.sensing.sta.times import Period

DEEPEST = 10
MOST = 10_000  # entities in one body
LONGEST = {"name": 255, "encoding_type": 100, "observation_type": 200, "definition": 500, "unit_name": 100,
           "unit_symbol": 40, "unit_definition": 500}  # fmt: skip
GEOJSON = ("geo+json", "geojson")


@dataclass
class Draft:
    """An entity to be written. `links`: to one, an id or a draft; to many, a list of them."""

    entity: Entity
    fields: dict[str, Any] = field(default_factory=dict)
    one: "dict[str, int | Draft]" = field(default_factory=dict)
    many: "dict[str, list[int | Draft]]" = field(default_factory=dict)


def draft(entity: Entity, body: object, *, given: frozenset[str] = frozenset(), depth: int = 0) -> Draft:
    """A new entity, whole. `given`: links that its place in the request gives. Raises Fault."""
    said = _object(entity, body)
    if depth > DEEPEST:
        raise Fault("The entities are nested too deeply.")
    made = Draft(entity)
    for each in entity.properties:
        if each.name in said:
            made.fields |= take(entity, each, said[each.name], said)
        elif each.required:
            raise Fault(f"A {entity.name} needs {each.name!r}.")
    for link in entity.links:
        if link.name in said:
            _take_link(made, link, said[link.name], depth)
        elif link.required and link.name not in given:
            raise Fault(f'A {entity.name} needs its {link.name}: {{"@iot.id": …}} or a new one.')
    return made


def changes(entity: Entity, body: object, *, whole: bool = False, encoding: str = "") -> Draft:
    """What a PATCH changes; or, `whole`, what a PUT leaves. New entities cannot be in it. Raises Fault.

    `encoding`: the encodingType that holds unless the body says another.
    """
    said = _object(entity, body)
    made = Draft(entity)
    for each in entity.properties:
        if each.name in said:
            made.fields |= take(entity, each, said[each.name], {"encodingType": encoding} | dict(said))
        elif whole and each.fields and each.required:
            raise Fault(f"A {entity.name} needs {each.name!r}.")
        elif whole and each.fields and each.name != "phenomenonTime":
            made.fields |= dict.fromkeys(each.fields, "" if each.kind is Kind.TEXT else None)
    for link in entity.links:
        if link.name in said:
            _take_link(made, link, said[link.name], DEEPEST)
    return made


def _object(entity: Entity, body: object) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise Fault(f"A {entity.name} is a JSON object.")
    known = {each.name for each in entity.properties} | {link.name for link in entity.links} | {"id"}
    for name in body:
        if name not in known and "@iot." not in name:
            raise Fault(f"A {entity.name} has no property {name[:60]!r}.")
    return body


def _take_link(made: Draft, link: Link, said: object, depth: int) -> None:
    if link.key:
        made.one[link.name] = _reference(link, said, depth)
        return
    if not isinstance(said, list):
        raise Fault(f"{link.name} is a list.")
    if len(said) > MOST:
        raise Fault(f"{link.name} has more than {MOST} entities.")
    made.many[link.name] = [_reference(link, each, depth) for each in said]


def _reference(link: Link, said: object, depth: int) -> int | Draft:
    if isinstance(said, dict) and ("@iot.id" in said or set(said) == {"id"}):
        return key(said.get("@iot.id", said.get("id")))
    if depth >= DEEPEST:
        raise Fault(f'{link.name} is said by {{"@iot.id": …}} here, not by a new entity.')
    return draft(target(link), said, given=frozenset({link.inverse}), depth=depth + 1)


def key(said: object) -> int:
    """An id out of a body. Raises Fault."""
    if isinstance(said, str) and said.isascii() and said.isdigit() and len(said) < 19:
        return int(said)
    if isinstance(said, int) and not isinstance(said, bool) and 0 <= said < 2**63:
        return said
    raise Fault("An id is a whole number.")


def take(entity: Entity, of: Property, said: Any, body: Mapping[str, Any]) -> dict[str, Any]:
    """A property's fields. Raises Fault. What only the service says is passed over."""
    if not of.fields:
        return {}
    if said is None and of.kind not in (Kind.RESULT,):
        if of.required or of.kind is Kind.TEXT or of.name == "phenomenonTime":
            raise Fault(f"{of.name} must not be null.")
        return dict.fromkeys(of.fields)
    return TAKE[of.kind](entity, of, said, body)


def _text(entity: Entity, of: Property, said: Any, _body: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(said, str):
        raise Fault(f"{of.name} is a text.")
    most = LONGEST.get(of.fields[0], 100_000)
    if len(said) > most:
        raise Fault(f"{of.name} is longer than {most} characters.")
    if not said.strip() and of.name == "name":
        raise Fault("name must not be empty.")
    return {of.fields[0]: _plain(of.name, said)}


def _plain(name: str, said: str) -> str:
    if "\x00" in said:
        raise Fault(f"{name} has a zero byte in it.")
    return said


def _json(entity: Entity, of: Property, said: Any, _body: Mapping[str, Any]) -> dict[str, Any]:
    if of.name in ("properties", "parameters") and not isinstance(said, dict):
        raise Fault(f"{of.name} is a JSON object.")
    _plain_json(of.name, said)
    return {of.fields[0]: _without_ours(said) if of.name == "resultQuality" else said}


def _without_ours(quality: Any) -> Any:
    """What somebody else says of a result: what we found is said anew each time, also after a GET and PUT."""
    if not isinstance(quality, list):
        return quality
    return [each for each in quality if not _is_ours(each)] or None


def _is_ours(measure: Any) -> bool:
    name = measure.get("nameOfMeasure") if isinstance(measure, dict) else None
    return isinstance(name, str) and name.startswith(QUALITY_PREFIX)


def _plain_json(name: str, said: Any) -> None:
    try:
        text = encode(said)
    except TypeError:
        raise Fault(f"{name} is nested too deeply.") from None
    if b"\\u0000" in text:
        raise Fault(f"{name} has a zero byte in it.")


def _geo(entity: Entity, of: Property, said: Any, body: Mapping[str, Any]) -> dict[str, Any]:
    _plain_json(of.name, said)
    encoding = str(body.get("encodingType", "")).lower()
    shape = from_geojson(encode(said).decode()) if isinstance(said, dict) else None
    if shape is None and (of.name == "observedArea" or any(mark in encoding for mark in GEOJSON)):
        raise Fault(
            f'{of.name} is a GeoJSON geometry, such as {{"type": "Point", "coordinates": [107, -6]}}.'
        )
    if of.name == "observedArea":
        return {"observed_area": said}
    point = shape.representative_point() if shape is not None else None
    inside = point is not None and abs(point.x) <= 180 and abs(point.y) <= 90
    return {
        of.fields[0]: said,
        "lon": point.x if inside and point else None, "lat": point.y if inside and point else None,
    }  # fmt: skip


def _unit(entity: Entity, of: Property, said: Any, _body: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise Fault("unitOfMeasurement is an object with name, symbol and definition.")
    found: dict[str, Any] = {}
    for name, kept in zip(("name", "symbol", "definition"), of.fields, strict=True):
        text = said.get(name)
        if text is not None and (not isinstance(text, str) or len(text) > LONGEST[kept]):
            raise Fault(f"unitOfMeasurement/{name} is a text of at most {LONGEST[kept]} characters, or null.")
        found[kept] = None if text is None else _plain(name, text)
    return found


def _moment(entity: Entity, of: Property, said: Any, _body: Mapping[str, Any]) -> dict[str, Any]:
    found = period(of.name, said)
    if len(of.fields) == 1:
        if found.end is not None:
            raise Fault(f"{of.name} is an instant, not an interval.")
        return {of.fields[0]: found.start}
    if of.name == "validTime" and found.end is None:
        raise Fault("validTime is an interval: start/end.")
    return {of.fields[0]: found.start, of.fields[1]: found.end}


def period(name: str, said: Any) -> Period:
    """A time out of a body. Raises Fault."""
    try:
        if not isinstance(said, str):
            raise ValueError("not a text")
        return times.period(said)
    except ValueError as fault:
        raise Fault(f"{name} must look like 2026-11-21T08:00:00+07:00: {fault}.") from None


def moment(name: str, said: Any) -> datetime:
    """An instant out of a body. Raises Fault."""
    return period(name, said).start


def _result(entity: Entity, of: Property, said: Any, _body: Mapping[str, Any]) -> dict[str, Any]:
    return dict(zip(of.fields, result(said), strict=True))


def result(said: Any) -> tuple[float | None, Any]:
    """A result as it is kept: a number, or anything else. Raises Fault."""
    if isinstance(said, int | float) and not isinstance(said, bool):
        return float(said), said if isinstance(said, int) and abs(said) >= INTEGRAL else None
    if said is not None and not isinstance(said, bool):
        _plain_json("result", said)
    return None, said


TAKE = {
    Kind.TEXT: _text,
    Kind.JSON: _json,
    Kind.GEO: _geo,
    Kind.UNIT: _unit,
    Kind.MOMENT: _moment,
    Kind.RESULT: _result,
}
