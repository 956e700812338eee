"""A resource path → what it names, step by step, each step only to what the viewer may see."""

from collections.abc import Sequence
from dataclasses import dataclass

from patriot.sensing.sta.errors import Fault, missing
from patriot.sensing.sta.expressions import Step
from patriot.sensing.sta.model import BY_PLURAL, Entity, target
from patriot.sensing.sta.present import CONTROL
from patriot.sensing.sta.reader import Reader, Source

REF, VALUE = "$ref", "$value"


@dataclass(frozen=True)
class Resource:
    """A collection, an entity (`single`), or a part of it: `inside` begins with a property's name."""

    source: Source
    single: bool = False
    inside: tuple[str, ...] = ()
    ref: bool = False
    value: bool = False


def resolve(steps: Sequence[Step], reader: Reader) -> Resource:
    """The resource. Raises Fault 404 for what is not there, 400 for what cannot be asked."""
    first, *rest = steps
    entity = BY_PLURAL.get(first.name)
    if entity is None:
        raise missing(f"{first.name[:60]!r} here")
    source = Source(entity, wanted=first.key)
    single = first.key is not None
    for at, step in enumerate(rest):
        if step.name == REF and at == len(rest) - 1 and step.key is None:
            return Resource(source, single, ref=True)
        if not single:
            raise Fault(f"Say which of the {source.entity.plural} before /{step.name[:60]}.", 404)
        link = source.entity.link(step.name)
        if link is None:
            return _property(source, rest[at:])
        source, single = _follow(source, step, reader), bool(link.key) or step.key is not None
    return Resource(source, single)


def _follow(source: Source, step: Step, reader: Reader) -> Source:
    link = source.entity.link(step.name)
    assert link is not None
    key = _seen(source, reader)
    if not link.key:
        return Source(target(link), link, key, step.key)
    to = reader.follow(source.entity, key, link)
    if to is None or (step.key is not None and step.key != to):
        raise missing(f"{link.name} of {source.entity.name} {key}")
    return Source(target(link), wanted=to)


def _seen(source: Source, reader: Reader) -> int:
    if source.wanted is None or not reader.exists(source):
        raise missing(f"{source.entity.name} {source.wanted}")
    return source.wanted


def _property(source: Source, rest: Sequence[Step]) -> Resource:
    names = [step.name for step in rest]
    if any(step.key is not None for step in rest) or VALUE in names[:-1]:
        raise missing("/".join(names)[:80])
    value = names[-1] == VALUE
    inside = tuple(names[:-1] if value else names)
    if inside and source.entity.property(CONTROL.get(inside[0], inside[0])) is None:
        raise missing(f"property {inside[0][:60]!r} of {source.entity.plural}")
    if not inside:
        raise Fault("$value follows a property.", 404)
    return Resource(source, single=True, inside=inside, value=value)


def of_path(path: Sequence[Step]) -> Entity:
    """The type a path ends with, without looking at data. Raises Fault."""
    entity: Entity | None = None
    for step in path:
        if entity is None:
            entity = BY_PLURAL.get(step.name)
        else:
            link = entity.link(step.name)
            entity = target(link) if link else None
        if entity is None:
            raise missing(f"{step.name[:60]!r} here")
    if entity is None:
        raise missing("such collection")
    return entity
