"""`CreateObservations`: many observations of several datastreams in one body. One bad one spoils no other."""

from typing import Any

from django.db import transaction

from patriot.kernel import clock
from patriot.sensing.actions import Reading
from patriot.sensing.sta import features, model, take
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.present import INTEGRAL
from patriot.sensing.sta.times import instant
from patriot.sensing.sta.write import Writer

ERROR = "error"  # stands in the answer for an observation that was not made
KNOWN = {
    "phenomenonTime", "resultTime", "result", "resultQuality", "validTime", "parameters",
}  # fmt: skip
MOST = 100_000
NUMBERS = (int, float)  # and no booleans


def create(body: Any, writer: Writer) -> list[int | str]:
    """The new ids in the order of the rows, `ERROR` where a row could not be used. Raises Fault."""
    readings, places = read(body, writer)
    with transaction.atomic():
        ids = writer.observe(readings) if readings else []
    return [ERROR if place is None else ids[place] for place in places]


def read(body: Any, writer: Writer) -> tuple[list[Reading], list[int | None]]:
    """What can be stored, and for each row its reading's place; None: it cannot be used. Raises Fault."""
    if not isinstance(body, list) or not body:
        raise Fault("The body is a list of objects with Datastream, components and dataArray.")
    if not writer.author.may_write:
        raise Fault("You may not write here.", 403)
    readings: list[Reading] = []
    places: list[int | None] = []
    for group in body:
        for reading in _group(group, writer):
            places.append(None if reading is None else len(readings))
            if reading is not None:
                readings.append(reading)
        if len(places) > MOST:
            raise Fault(f"More than {MOST} observations: send fewer at once.")
    return readings, places


def _group(group: Any, writer: Writer) -> list[Reading | None]:
    if not isinstance(group, dict) or not isinstance(group.get("dataArray"), list):
        raise Fault("Each part is an object with Datastream, components and dataArray.")
    names, rows = group.get("components"), group["dataArray"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Fault("components is a list of names.")
    if "result" not in names:
        raise Fault("components must have a result in it.")
    stream = group.get("Datastream")
    try:
        key = take.key(stream.get("@iot.id", stream.get("id")) if isinstance(stream, dict) else None)
        writer.author.require(model.DATASTREAM, key)
    except Fault:
        return [None] * len(rows)
    if set(names) == {"phenomenonTime", "result"}:
        found = _plain(key, rows, names.index("phenomenonTime"), names.index("result"))
    else:
        found = [_row(key, names, row, writer) for row in rows]
    return _about_something(found) if features.look([key]).without else found


def _about_something(found: list[Reading | None]) -> list[Reading | None]:
    """Without those that name no feature: their datastream has none either."""
    return [None if reading is None or reading.feature_id is None else reading for reading in found]


def _plain(key: int, rows: list[Any], time_at: int, result_at: int) -> list[Reading | None]:
    """What almost all arrays are: times and numbers."""
    found: list[Reading | None] = []
    for row in rows:
        try:
            said, moment = row[result_at], row[time_at]
            if len(row) != 2:
                raise Fault("The row is not as long as components.")
            exact = type(said) in NUMBERS and -INTEGRAL < said < INTEGRAL
            if exact and moment[-1] == "Z" and "/" not in moment:
                found.append(Reading(key, float(said), instant(moment)))
                continue
            when = take.period("phenomenonTime", moment)
            value, other = take.result(said)
            found.append(Reading(key, value, when.start, other, until=when.end))
        except (Fault, TypeError, ValueError, IndexError, KeyError):
            found.append(None)
    return found


def _row(key: int, names: list[str], row: Any, writer: Writer) -> Reading | None:
    if not isinstance(row, list) or len(row) != len(names):
        return None
    said = dict(zip(names, row, strict=True))
    feature = said.pop("FeatureOfInterest/id", said.pop("FeatureOfInterest/@iot.id", None))
    body: dict[str, Any] = {
        name: value for name, value in said.items() if name in KNOWN and value is not None
    }
    body["result"] = said.get("result")
    if feature is not None:
        body["FeatureOfInterest"] = {"@iot.id": feature}
    try:
        draft = take.draft(model.OBSERVATION, body, given=frozenset({"Datastream"}))
        linked = draft.one.get("FeatureOfInterest")
        if isinstance(linked, int):
            writer.see(model.FEATURE, linked)
    except Fault:
        return None
    fields = {name: kept for name, kept in draft.fields.items() if name != "at"}
    at = draft.fields.get("at") or clock.now()
    return Reading(key, at=at, feature_id=linked if isinstance(linked, int) else None, **fields)
