"""Observations that came as the standard's JSON over MQTT: `v1.1/Datastreams(5)/Observations`, and so on."""

from django.db import DataError, IntegrityError

from patriot.sensing.sta import feed, model, take
from patriot.sensing.sta.authors import Author
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.parser import parse_path
from patriot.sensing.sta.service import Call, destination, posted
from patriot.sensing.sta.topics import subject_of, topic_of
from patriot.sensing.sta.write import Writer

INTAKE = Author("system:intake", administrator=True, agencies=frozenset(), everything=True)


def create(path: str, payload: bytes, author: Author = INTAKE) -> int:
    """Make the entity; its id. `path`: the topic without `v1.1/`. Raises Fault, kernel.errors.Refused.

    The broker has let the device in and knows its topics. Devices and gateways have no token, so that they
    may write no datastream over HTTP; nor do they here: they make observations of those that are there. An
    `author` with a token makes what they may make over HTTP.
    """
    call = Call("POST", path.strip("/"), author, "")
    steps = parse_path(call.path)
    if not steps:
        raise Fault("The topic names no collection.")
    entity, parent = destination(call, steps)
    device = author is INTAKE
    if device and entity is not model.OBSERVATION:
        raise Fault("Over MQTT observations are made, and nothing else.", 403)
    draft = posted(entity, parent, payload)
    if device and isinstance(draft.one.get("Datastream"), take.Draft):
        raise Fault("Over MQTT an observation names its datastream by id: devices make none.", 403)
    writer = Writer(author, source="mqtt")
    try:
        key = writer.create(draft, parent)
    except (DataError, IntegrityError) as fault:
        raise Fault(f"The database cannot use this: {str(fault).splitlines()[0][:200]}") from None
    feed.tell(writer.written.changes)
    return key


__all__ = ["create", "subject_of", "topic_of"]
