"""One request of the standard's → one answer, whichever way it came: HTTP, a part of a batch, MQTT."""

import re
from dataclasses import dataclass, field
from typing import Any

import jsonpatch
import jsonpointer
import orjson

from patriot.sensing.models import Datastream
from patriot.sensing.sta import arrays, conformance, model, present, take
from patriot.sensing.sta.authors import Author
from patriot.sensing.sta.errors import Fault, missing
from patriot.sensing.sta.expressions import Options, Path, Step
from patriot.sensing.sta.model import ENTITIES, Link, target
from patriot.sensing.sta.parser import parse_options, parse_path
from patriot.sensing.sta.present import Record
from patriot.sensing.sta.reader import Reader, Source
from patriot.sensing.sta.resolve import Resource, resolve
from patriot.sensing.sta.write import Change, Writer

JSON = "application/json"
CREATE_OBSERVATIONS = "CreateObservations"
MOST_DELETED = 1000  # by one filter
PAGED = ("$top", "$skip", "$skiptoken")  # what the link to the next page says anew
INDEXED = re.compile(r"(.+?)((?:\[\d{1,8}\])+)")


@dataclass(frozen=True)
class Call:
    """`path`: below the service root, decoded. `base`: the root's address."""

    method: str
    path: str
    author: Author
    base: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    content_type: str = JSON
    mqtt: str = ""


@dataclass
class Answer:
    """`said`: what becomes JSON, or bytes as they are. `location`: of what was made."""

    status: int
    said: Any = None
    content_type: str = JSON
    location: str = ""
    changes: list[Change] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        """The bytes to send."""
        if self.said is None:
            return b""
        return self.said if isinstance(self.said, bytes) else present.encode(self.said)


def serve(call: Call) -> Answer:
    """Do what is asked. Raises Fault."""
    steps = parse_path(call.path.strip("/"))
    if call.method in ("GET", "HEAD"):
        return _get(call, steps)
    if call.method not in METHODS:
        raise Fault(f"{call.method[:20]} is not spoken here.", 405)
    if not call.author.may_write:
        raise Fault("Writing needs the token of an administrator or of the agency's account.", 401)
    if not steps:
        raise Fault("The service root can only be read.", 405)
    return METHODS[call.method](call, steps)


def read_json(body: bytes) -> Any:
    """A body's JSON. Raises Fault."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise Fault(f"The body is not JSON: {fault}.") from None


def _get(call: Call, steps: list[Step]) -> Answer:
    if not steps:
        return Answer(200, root(call))
    reader = Reader(call.author.scope, call.base)
    options = parse_options(list(call.query))
    resource = resolve(steps, reader)
    if options.data_array and resource.source.entity is not model.OBSERVATION:
        raise Fault("Only Observations come as data arrays.")
    if resource.inside:
        return _part(resource, reader, options)
    if resource.single:
        found = reader.one(resource.source, options)
        return Answer(
            200, {"@iot.selfLink": _self(call, resource, found.key)} if resource.ref else found.record
        )
    return Answer(200, _collection(call, resource, reader, options))


def root(call: Call) -> Record:
    """The service root."""
    value = [{"name": entity.plural, "url": f"{call.base}/{entity.plural}"} for entity in ENTITIES]
    return {"value": value, "serverSettings": conformance.server_settings(call.mqtt)}


def _self(call: Call, resource: Resource, key: int) -> str:
    return f"{call.base}/{resource.source.entity.plural}({key})"


def _collection(call: Call, resource: Resource, reader: Reader, options: Options) -> Record:
    page = reader.page(resource.source, options)
    record: Record = {}
    if page.count is not None:
        record["@iot.count"] = page.count
    if page.token:
        record["@iot.nextLink"] = _next(call, options, len(page.found), page.token)
    if resource.ref:
        record["value"] = [{"@iot.selfLink": _self(call, resource, each.key)} for each in page.found]
    elif options.data_array:
        pairs = [(each.links["Datastream"], each.record) for each in page.found]
        record["value"] = present.data_array(pairs, options, call.base)
    else:
        record["value"] = [each.record for each in page.found]
    return record


def _next(call: Call, options: Options, shown: int, token: str) -> str:
    kept = [(name, text) for name, text in call.query if name.lower() not in PAGED]
    skip = (options.skip or 0) + shown
    pairs = [("$top", str(shown if options.top is None else options.top)), ("$skip", str(skip)), *kept]
    return f"{call.base}/{call.path.strip('/')}?{present.query([*pairs, ('$skiptoken', token)])}"


def _part(resource: Resource, reader: Reader, options: Options) -> Answer:
    """A property, or what is inside it: wrapped in its name, or raw. 204 when there is nothing."""
    name, *inside = resource.inside
    record = reader.one(resource.source, Options()).record
    said: Any = record.get(present.CONTROL.get(name, name))
    for step in (step for each in inside for step in _steps(each)):
        said = _inside(said, step)
    if said is None:
        return Answer(204)
    if not resource.value:
        return Answer(200, {resource.inside[-1]: said})
    if isinstance(said, dict | list):
        return Answer(200, said)
    raw = said if isinstance(said, str) else present.encode(said).decode()
    return Answer(200, raw.encode(), "text/plain; charset=utf-8")


def _steps(name: str) -> list[str]:
    """`readings[0][1]` → readings, 0, 1."""
    found = INDEXED.fullmatch(name)
    return [found[1], *found[2][1:-1].split("][")] if found else [name]


def _inside(said: Any, step: str) -> Any:
    if said is not None and not isinstance(said, dict | list):
        raise missing(f"{step[:60]!r} in it")
    if isinstance(said, dict):
        return said.get(step)
    if isinstance(said, list) and step.isascii() and step.isdigit() and len(step) < 9:
        return said[int(step)] if int(step) < len(said) else None
    return None


def _post(call: Call, steps: list[Step]) -> Answer:
    if call.path.strip("/") == CREATE_OBSERVATIONS:
        return _create_observations(call)
    entity, parent = destination(call, steps)
    draft = posted(entity, parent, call.body)
    writer = Writer(call.author)
    key = writer.create(draft, parent)
    reader = Reader(call.author.scope, call.base)
    found = reader.page(Source(entity, wanted=key), Options()).found
    location = f"{call.base}/{entity.plural}({key})"
    return Answer(
        201, found[0].record if found else {"@iot.id": key, "@iot.selfLink": location}, location=location,
        changes=writer.written.changes,
    )  # fmt: skip


def destination(call: Call, steps: list[Step]) -> tuple[model.Entity, tuple[Link, int] | None]:
    """The collection something is posted to: its type, and the link and id it hangs on. Raises Fault."""
    if steps[-1].key is not None:
        raise Fault("POST makes entities in a collection; PATCH changes one.", 405)
    if len(steps) == 1:
        return resolve(steps, Reader(call.author.scope, call.base)).source.entity, None
    reader = Reader(call.author.scope, call.base)
    above = resolve(steps[:-1], reader)
    link = above.source.entity.link(steps[-1].name)
    if not above.single or above.inside or link is None:
        raise Fault("POST makes entities in a collection, such as Datastreams(1)/Observations.", 405)
    if link.key:
        raise Fault(f"{link.name} is one entity and no collection: make it in {target(link).plural}.", 405)
    if above.source.wanted is None or not reader.exists(above.source):
        raise missing(f"{above.source.entity.name} {above.source.wanted}")
    return target(link), (link, above.source.wanted)


def posted(entity: model.Entity, parent: tuple[Link, int] | None, body: bytes) -> take.Draft:
    """What is to be made of a body. Raises Fault."""
    given = frozenset({parent[0].inverse}) if parent else frozenset()
    draft = take.draft(entity, read_json(body), given=given)
    if parent and draft.one.get(parent[0].inverse, parent[1]) != parent[1]:
        raise Fault(f"The {parent[0].inverse} in the body is another than that of the address.")
    return draft


def _create_observations(call: Call) -> Answer:
    writer = Writer(call.author)
    links = [
        f"{call.base}/Observations({key})" if isinstance(key, int) else key
        for key in arrays.create(read_json(call.body), writer)
    ]
    return Answer(201, links, changes=writer.written.changes)


def _entity(call: Call, steps: list[Step]) -> tuple[model.Entity, int, Reader]:
    reader = Reader(call.author.scope, call.base)
    resource = resolve(steps, reader)
    if not resource.single or resource.inside or resource.ref or resource.source.wanted is None:
        raise Fault(f"{call.method} is about one entity, such as Things(1).", 405)
    if not reader.exists(resource.source):
        raise missing(f"{resource.source.entity.name} {resource.source.wanted}")
    return resource.source.entity, resource.source.wanted, reader


def _patch(call: Call, steps: list[Step]) -> Answer:
    entity, key, reader = _entity(call, steps)
    body = read_json(call.body)
    if "json-patch" in call.content_type:
        body = _patched(reader, entity, key, body)
    body = _unless_ours(reader, entity, key, body)
    draft = take.changes(entity, body, encoding=_encoding(reader, entity, key))
    return _changed(call, reader, entity, key, draft)


def _encoding(reader: Reader, entity: model.Entity, key: int) -> str:
    """How the entity's place or shape is said until now; empty for entities that have none."""
    if entity.property("encodingType") is None:
        return ""
    return str(reader.one(Source(entity, wanted=key), Options()).record.get("encodingType", ""))


def _patched(reader: Reader, entity: model.Entity, key: int, patch: Any) -> Any:
    """The entity's changeable properties after an RFC 6902 patch. Raises Fault."""
    record = reader.one(Source(entity, wanted=key), Options()).record
    names = {each.name for each in entity.properties if each.fields}
    before = {name: said for name, said in record.items() if name in names}
    try:
        after = jsonpatch.JsonPatch(patch).apply(before)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, ValueError) as fault:
        raise Fault(f"The JSON patch cannot be applied: {fault}") from None
    except (AttributeError, KeyError, IndexError):
        raise Fault("The JSON patch is a list of operations, each with op and path.") from None
    if not isinstance(after, dict):
        raise Fault("The JSON patch leaves no entity.")
    gone = dict.fromkeys(before.keys() - after.keys())
    return {name: said for name, said in {**after, **gone}.items() if before.get(name) != said}


def _put(call: Call, steps: list[Step]) -> Answer:
    entity, key, reader = _entity(call, steps)
    body = _unless_ours(reader, entity, key, read_json(call.body))
    return _changed(call, reader, entity, key, take.changes(entity, body, whole=True))


def _unless_ours(reader: Reader, entity: model.Entity, key: int, body: Any) -> Any:
    """The body without an observedArea that the service worked out and that only comes back."""
    if entity is not model.DATASTREAM or not isinstance(body, dict) or "observedArea" not in body:
        return body
    said = Datastream.objects.filter(pk=key, observed_area__isnull=False).exists()
    shown = reader.one(Source(entity, wanted=key), Options()).record.get("observedArea")
    ours = not said and body["observedArea"] == shown
    return {name: value for name, value in body.items() if name != "observedArea"} if ours else body


def _changed(call: Call, reader: Reader, entity: model.Entity, key: int, draft: take.Draft) -> Answer:
    writer = Writer(call.author)
    writer.change(entity, key, draft)
    found = reader.page(Source(entity, wanted=key), Options()).found
    return Answer(200, found[0].record if found else None, changes=writer.written.changes)


def _delete(call: Call, steps: list[Step]) -> Answer:
    options = parse_options(list(call.query))
    if options.filter is not None:
        return _delete_all(call, steps, options)
    entity, key, _ = _entity(call, steps)
    Writer(call.author).delete(entity, key)
    return Answer(200)


def _delete_all(call: Call, steps: list[Step], options: Options) -> Answer:
    """Delete what fits a filter in a collection, all of it or nothing."""
    reader, writer = Reader(call.author.scope, call.base), Writer(call.author)
    resource = resolve(steps, reader)
    if resource.single or resource.inside or resource.ref:
        raise Fault("A filter deletes in a collection, such as Datastreams(1)/Observations.", 405)
    chosen = Options(filter=options.filter, select=(Path(("id",)),), top=MOST_DELETED + 1)
    found = reader.page(resource.source, chosen).found
    if len(found) > MOST_DELETED:
        raise Fault(f"More than {MOST_DELETED} fit: delete fewer at once.")
    for each in found:
        writer.delete(resource.source.entity, each.key)
    return Answer(200)


METHODS = {"POST": _post, "PATCH": _patch, "PUT": _put, "DELETE": _delete}
