"""MQTT topics of the standard, and the broker's subjects for them. Pure.

NATS maps a topic's `/` to `.` and its `.` to `//`: `v1.1/Things(1)` is the subject `v1//1.Things(1)`. Under
it everybody hears what is public. What somebody may see beyond that is said under
`seen.<who>.v1//1.Things(1)`, which only the house itself may hear: see intake/front.py.
"""

import base64
import binascii
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, unquote

import orjson

from patriot.sensing.sta.compiler import Scope
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.expressions import Options, Step
from patriot.sensing.sta.model import BY_PLURAL, ENTITIES, OBSERVATION, Entity, target
from patriot.sensing.sta.parser import parse_options, parse_path

ROOT = "v1.1/"
MAPPED = {"/": ".", ".": "//"}


def subject_of(topic: str) -> str:
    """A topic's subject."""
    return "".join(MAPPED.get(character, character) for character in topic)


def topic_of(subject: str) -> str:
    """A subject's topic."""
    return "/".join(level.replace("//", ".") for level in _levels(subject))


def _levels(subject: str) -> list[str]:
    return subject.replace("//", "\0").replace(".", "\n").replace("\0", "//").split("\n")


SUBJECTS = subject_of(ROOT) + ">"
SEEN = "seen."
PUBLIC = Scope()


def seen(scope: Scope, subject: str) -> str:
    """The subject under which this viewer hears what is said under the public one."""
    who = orjson.dumps([scope.everything, scope.agencies, scope.writes])
    return f"{SEEN}{base64.urlsafe_b64encode(who).decode().rstrip('=')}.{subject}"


def unseen(subject: str) -> str:
    """The public one."""
    return subject.removeprefix(SEEN).partition(".")[2] if subject.startswith(SEEN) else subject


def _scope_of(subject: str) -> Scope:
    """Who hears it. Raises Fault."""
    who = subject.removeprefix(SEEN).partition(".")[0]
    try:
        everything, agencies, writes = orjson.loads(base64.urlsafe_b64decode(who + "=" * (-len(who) % 4)))
    except (binascii.Error, ValueError, TypeError):
        raise Fault("no topic") from None
    return Scope(bool(everything), tuple(agencies), bool(writes))


@dataclass(frozen=True)
class Topic:
    """What somebody subscribed to: entities of a type, one of them, or a property of one."""

    subject: str
    entity: Entity
    steps: tuple[Step, ...]  # to the entity or collection
    options: Options
    part: str = ""
    scope: Scope = PUBLIC  # who hears it

    @property
    def key(self) -> int | None:
        """The one entity's id; None for a collection, and where a link to one leads."""
        return self.steps[-1].key

    @property
    def stream(self) -> int | None:
        """N of `Datastreams(N)/Observations`, the topic of stations."""
        plain = len(self.steps) == 2 and self.steps[0].name == "Datastreams"
        return self.steps[0].key if plain and self.entity is OBSERVATION else None

    def concerns(self, entity: Entity, key: int, parts: frozenset[str] | None) -> bool:
        """Whether a change may be news here. `parts`: the properties that changed; None: it is new."""
        if entity is not self.entity or self.key not in (None, key):
            return False
        wanted = {self.part} if self.part else {str(path.steps[0]) for path in self.options.select}
        return parts is None or not wanted or bool(parts & wanted)


def topics(subject: str) -> list[Topic]:
    """The topics of a subscription; with wildcards, the entity sets it covers. None for what is no topic."""
    if subject.startswith(SEEN):
        return _topics_of(subject)
    if "*" in subject or ">" in subject:
        plurals = [subject_of(ROOT + entity.plural) for entity in ENTITIES]
        return [found for plain in plurals if covers(subject, plain) for found in topics(plain)]
    try:
        return [_topic(subject, topic_of(subject).removeprefix(ROOT))]
    except Fault:
        return []


def _topics_of(subject: str) -> list[Topic]:
    """The same of what somebody may see."""
    try:
        scope = _scope_of(subject)
    except Fault:
        return []
    return [
        replace(found, subject=seen(scope, found.subject), scope=scope) for found in topics(unseen(subject))
    ]


def _topic(subject: str, rest: str) -> Topic:
    path, _, query = rest.partition("?")
    options = parse_options(parse_qsl(query))
    steps = parse_path(unquote(path).strip("/"))
    entity = BY_PLURAL.get(steps[0].name) if steps else None
    if entity is None:
        raise Fault("no topic")
    single = steps[0].key is not None
    for at, step in enumerate(steps[1:], 1):
        link = entity.link(step.name)
        if single and link is not None:
            entity, single = target(link), bool(link.key) or step.key is not None
        elif single and at == len(steps) - 1 and entity.property(step.name):
            return Topic(subject, entity, tuple(steps[:-1]), options, step.name)
        else:
            raise Fault("no topic")
    return Topic(subject, entity, tuple(steps), options)


def covers(pattern: str, subject: str) -> bool:
    """Whether a subscription with wildcards hears a subject."""
    wanted, said = _levels(pattern), _levels(subject)
    for at, word in enumerate(wanted):
        if word == ">":
            return len(said) > at
        if at >= len(said) or word not in ("*", said[at]):
            return False
    return len(wanted) == len(said)
