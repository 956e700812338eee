"""Writing entities: create with all that hangs on them, change, delete as the standard's integrity rules say.

Every function is one transaction with its ledger entry. Observations go the way of every reading, through
`sensing.actions.store`.
"""

from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Model, QuerySet
from django.utils.text import slugify

from patriot.kernel import clock
from patriot.ledger import actions as ledger
from patriot.people.models import Agency
from patriot.sensing.actions import Reading, store
from patriot.sensing.events import EntityChanged
from patriot.sensing.models import Datastream, HistoricalLocation, Location, Thing
from patriot.sensing.rules import Purpose
from patriot.sensing.sta import features, model
from patriot.sensing.sta.authors import Author
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.model import Entity, Link, shared, target
from patriot.sensing.sta.present import encode
from patriot.sensing.sta.reader import Reader, Source
from patriot.sensing.sta.take import Draft

KEY_LENGTH = 48


# Entity, id, the properties of its own that changed; None: it is new.
type Change = tuple[Entity, int, frozenset[str] | None]


@dataclass
class Written:
    """What a request changed, for those who subscribed."""

    changes: list[Change] = field(default_factory=list)


@dataclass
class Writer:
    """One request's writing."""

    author: Author
    source: str = "http"
    written: Written = field(default_factory=Written)
    _later: list[Draft] = field(default_factory=list)  # observations, until every thing has its place

    @transaction.atomic
    def create(self, draft: Draft, parent: tuple[Link, int] | None = None) -> int:
        """A new entity and what hangs on it; `parent`: the link and id it was posted under. Its id."""
        if not self.author.may_write:
            raise Fault("You may not write here.", 403)
        if parent is not None:
            self._adopt(draft, *parent)
        key = self._create(draft)
        while self._later:
            drafts, self._later = self._later, []
            self._observe(drafts)
        return key

    def _adopt(self, draft: Draft, link: Link, key: int) -> None:
        inverse = draft.entity.link(link.inverse)
        assert inverse is not None
        self.author.require(target(inverse), key)
        if inverse.key:
            draft.one[inverse.name] = key
        else:
            draft.many.setdefault(inverse.name, []).append(key)

    def _create(self, draft: Draft) -> int:
        entity = draft.entity
        if entity is model.OBSERVATION:
            return self._observe([draft])[0]
        ones = self._ones(draft)
        lists = {
            name: [self._resolve(entity, name, to) for to in many]
            for name, many in draft.many.items()
            if (link := entity.link(name)) and shared(link)
        }
        made = self._insert(entity, draft, ones)
        key = int(made.pk)
        self._tell(entity, key, "created", getattr(made, "name", ""), None)
        self._link(made, lists)
        self._children(entity, key, draft)
        return key

    def _ones(self, draft: Draft) -> dict[str, int]:
        return {name: self._resolve(draft.entity, name, to) for name, to in draft.one.items()}

    def _resolve(self, entity: Entity, name: str, to: int | Draft) -> int:
        """The id of what is linked to, made now when it is new."""
        link = entity.link(name)
        assert link is not None
        if isinstance(to, Draft):
            return self._create(to)
        if (entity.name, name) in OWNED:
            self.author.require(target(link), to)
        else:
            self.see(target(link), to)
        return to

    def see(self, entity: Entity, key: int) -> None:
        """Raise Fault when it is not there for the author."""
        if not Reader(self.author.scope, "").exists(Source(entity, wanted=key)):
            raise Fault(f"There is no {entity.name} {key} to link to.")

    def _insert(self, entity: Entity, draft: Draft, ones: dict[str, int]) -> Model:
        assert entity.model is not None
        fields = draft.fields | self._own_fields(entity, draft, ones)
        made = entity.model(**fields)
        made.save(force_insert=True)
        return made

    def _own_fields(self, entity: Entity, draft: Draft, ones: dict[str, int]) -> dict[str, Any]:
        """Foreign keys, and what Patriot keeps of an entity beside the standard's properties."""
        links = {link.field: ones[link.name] for link in entity.links if link.key and link.name in ones}
        said = draft.fields.get("properties") or {}
        if entity is model.THING:
            return links | thing_fields(said, self.author)
        if entity is model.DATASTREAM:
            return links | datastream_fields(said, draft.fields["name"], links["thing_id"])
        return links

    def _children(self, entity: Entity, key: int, draft: Draft) -> None:
        for name, many in draft.many.items():
            link = entity.link(name)
            if link is None or shared(link):
                continue
            for child in many:
                self._child(link, key, child)

    def _child(self, link: Link, key: int, child: int | Draft) -> None:
        inverse = target(link).link(link.inverse)
        assert inverse is not None
        if isinstance(child, Draft):
            child.one[inverse.name] = key
            if child.entity is model.OBSERVATION:
                self._later.append(child)
            else:
                self._create(child)
            return
        self.author.require(target(link), child)
        self._set_fields(target(link), child, {inverse.field: key})

    def _link(self, made: Model, lists: dict[str, list[int]]) -> None:
        if isinstance(made, Thing) and "Locations" in lists:
            self._place(made, lists["Locations"])
        if isinstance(made, Location) and "Things" in lists:
            for thing in Thing.objects.filter(pk__in=lists["Things"]):
                self._place(thing, [made.pk])
        if isinstance(made, HistoricalLocation) and "Locations" in lists:
            made.locations.set(lists["Locations"])
            self._place_by_history(made, lists["Locations"])
        if isinstance(made, Location) and "HistoricalLocations" in lists:
            made.historical_locations.add(*lists["HistoricalLocations"])

    def _place(self, thing: Thing, locations: list[int]) -> None:
        """A thing is here now, and history says so."""
        thing.locations.set(locations)
        if locations:
            past = HistoricalLocation.objects.create(thing=thing, time=clock.now())
            past.locations.set(locations)
            self.written.changes.append((model.HISTORICAL_LOCATION, past.pk, None))

    @staticmethod
    def _place_by_history(past: HistoricalLocation, locations: list[int]) -> None:
        """What is the newest of a thing's history is where it is."""
        newer = HistoricalLocation.objects.filter(thing_id=past.thing_id, time__gt=past.time)
        if locations and not newer.exists():
            past.thing.locations.set(locations)

    def _observe(self, drafts: list[Draft]) -> list[int]:
        return self.observe([self._reading(draft) for draft in drafts])

    def _reading(self, draft: Draft) -> Reading:
        ones = self._ones(draft)
        fields = {name: kept for name, kept in draft.fields.items() if name != "at"}
        return Reading(
            datastream_id=ones["Datastream"], at=draft.fields.get("at") or clock.now(),
            feature_id=ones.get("FeatureOfInterest"), **fields,
        )  # fmt: skip

    def observe(self, readings: list[Reading]) -> list[int]:
        """Store readings whose datastreams the author may write. Their ids. Raises Fault when one is about
        nothing: it names no feature, and its thing has no place to make one of.
        """
        look = features.look({reading.datastream_id for reading in readings if reading.feature_id is None})
        if look.without:
            raise Fault(
                f"The Thing of Datastream {min(look.without)} has no Location: "
                "name the Observation's FeatureOfInterest, or give the Thing a Location."
            )
        stored = store(readings, source=self.source)
        features.widen((one.datastream_id, one.feature_id) for one in readings if one.feature_id is not None)
        begun = features.begin(look.waiting)
        self.written.changes += [(model.OBSERVATION, key, None) for key in stored.ids]
        self.written.changes += [(model.FEATURE, key, None) for key in begun]
        return stored.ids

    def _tell(self, entity: Entity, key: int, change: str, name: str, parts: frozenset[str] | None) -> None:
        event = EntityChanged(entity.name, key, change, name)
        ledger.append(event, actor=self.author.actor, subject=f"{entity.name.lower()}:{key}")
        if change != "deleted":
            self.written.changes.append((entity, key, parts))

    @transaction.atomic
    def change(self, entity: Entity, key: int, draft: Draft) -> None:
        """Bring an entity to what the draft says of it."""
        self.author.require(entity, key)
        ones = self._ones(draft)
        links = {link.field: ones[link.name] for link in entity.links if link.key and link.name in ones}
        fields = draft.fields | links
        if entity is model.THING and "properties" in fields:
            fields |= thing_fields(fields["properties"] or {}, self.author, new=False)
        if entity is model.DATASTREAM and isinstance((fields.get("properties") or {}).get("public"), bool):
            fields["public"] = fields["properties"]["public"]
        self._set_fields(entity, key, fields)
        if entity is model.FEATURE and "feature" in fields:
            features.measure_about(key)
        parts = frozenset(each.name for each in entity.properties if set(each.fields) & fields.keys())
        self._tell_change(entity, key, fields.get("name"), parts)
        self._relink(entity, key, draft)

    def _tell_change(self, entity: Entity, key: int, name: str | None, parts: frozenset[str]) -> None:
        if entity is model.OBSERVATION:
            self.written.changes.append((entity, key, parts))
        else:
            self._tell(entity, key, "updated", name or "", parts)

    def _set_fields(self, entity: Entity, key: int, fields: dict[str, Any]) -> None:
        if not fields:
            return
        if entity is model.DATASTREAM and "thing_id" in fields:
            fields = fields | {"key": key_elsewhere(key, fields["thing_id"])}
        if entity.model is not None:
            entity.model._default_manager.filter(pk=key).update(**fields)
            return
        self._set_observation(key, fields)

    @staticmethod
    def _set_observation(key: int, fields: dict[str, Any]) -> None:
        if fields.get("at", ...) is None:
            del fields["at"]
        json = {"result", "quality", "parameters"}
        texts = [f"{name} = %({name})s::jsonb" if name in json else f"{name} = %({name})s" for name in fields]
        kept = {
            name: encode(said).decode() if name in json and said is not None else said
            for name, said in fields.items()
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(_CHANGE.format(", ".join(texts)), kept | {"id": key})
            streams = cursor.fetchall()
            cursor.execute(SAME_LATEST, {"id": key})
        if fields.keys() & {"feature_id", "datastream_id"}:
            features.measure(stream for row in streams for stream in row)

    def _relink(self, entity: Entity, key: int, draft: Draft) -> None:
        for name, many in draft.many.items():
            link = entity.link(name)
            assert link is not None
            ids = [self._resolve(entity, name, to) for to in many]
            if shared(link):
                assert entity.model is not None
                self._link(entity.model._default_manager.get(pk=key), {name: ids})
            else:
                for child in ids:
                    self._child(link, key, child)

    @transaction.atomic
    def delete(self, entity: Entity, key: int) -> None:
        """Delete an entity, and what cannot be without it."""
        self.author.require(entity, key)
        with connection.cursor() as cursor:
            for statement in DELETE.get(entity.name, ()):
                cursor.execute(statement, {"id": key})
        if entity.model is None:
            return
        if entity is model.LOCATION:
            HistoricalLocation.objects.filter(locations=key).delete()
        entity.model._default_manager.filter(pk=key).delete()
        if entity is model.FEATURE:
            features.make_again()
        self._tell(entity, key, "deleted", "", frozenset())


# Linking to these changes them: they must be the author's.
OWNED = {
    ("Datastream", "Thing"), ("Observation", "Datastream"), ("HistoricalLocation", "Thing"),
    ("Location", "Things"), ("Location", "HistoricalLocations"),
}  # fmt: skip
_CHANGE = """
UPDATE sensing_observation SET {} WHERE id = %(id)s
RETURNING (SELECT was.datastream_id FROM sensing_observation was WHERE was.id = %(id)s), datastream_id
"""
SAME_LATEST = """
UPDATE sensing_latest l SET at = o.at, value = o.value, result = o.result
FROM sensing_observation o WHERE o.id = %(id)s AND l.observation_id = o.id
"""
_STREAMS = "SELECT id FROM sensing_datastream WHERE "
_OF = {
    "Thing": _STREAMS + "thing_id = %(id)s",
    "Datastream": _STREAMS + "id = %(id)s",
    "Sensor": _STREAMS + "sensor_id = %(id)s",
    "ObservedProperty": _STREAMS + "observed_property_id = %(id)s",
}
_NEWEST = """
INSERT INTO sensing_latest (datastream_id, observation_id, at, received_at, value, flags, result)
SELECT o.datastream_id, o.id, o.at, o.received_at, o.value, o.flags, o.result
FROM (SELECT DISTINCT datastream_id FROM sta_gone) AS g CROSS JOIN LATERAL (
    SELECT * FROM sensing_observation WHERE datastream_id = g.datastream_id ORDER BY at DESC LIMIT 1) AS o
ON CONFLICT (datastream_id) DO UPDATE SET observation_id = excluded.observation_id, at = excluded.at,
    received_at = excluded.received_at, value = excluded.value, flags = excluded.flags,
    result = excluded.result
"""
_ABOUT = model.ABOUT.replace("{b}", "o").replace("{key}", "%(id)s")


def _without(condition: str, *more: str) -> tuple[str, ...]:
    """Delete observations, and let each datastream's latest be the newest of those that stay, and its area be
    where those are. `more`: to be done in between; then every area is worked out anew.
    """
    return (
        (
            f"CREATE TEMP TABLE sta_gone ON COMMIT DROP AS "  # noqa: S608 - constants only
            f"SELECT id, at, datastream_id, feature_id FROM sensing_observation o WHERE {condition}"
        ),
        features.beginning("SELECT datastream_id FROM sta_gone"),
        _DELETE_GONE,
        "DELETE FROM sensing_latest l USING sta_gone g WHERE l.observation_id = g.id",
        _NEWEST,
        *more,
        _MEASURE if more else _MEASURE_SMALLER,
        "DROP TABLE sta_gone",
    )


_DELETE_GONE = """
DELETE FROM sensing_observation o USING sta_gone g
WHERE o.datastream_id = g.datastream_id AND o.at = g.at AND o.id = g.id
"""
_MEASURE = "SELECT sensing_measure_areas(ARRAY(SELECT DISTINCT datastream_id FROM sta_gone))"
# Only those without what was the last about its feature, or the last of all, may be smaller.
_MEASURE_SMALLER = """
SELECT sensing_measure_areas(ARRAY(
    SELECT DISTINCT g.datastream_id FROM sta_gone g
    WHERE NOT EXISTS (SELECT FROM sensing_observation o WHERE o.datastream_id = g.datastream_id
                      AND (g.feature_id IS NULL OR o.feature_id = g.feature_id))))
"""


DELETE: dict[str, tuple[str, ...]] = {
    name: (
        features.beginning(streams),
        f"DELETE FROM sensing_observation WHERE datastream_id IN ({streams})",  # noqa: S608 - constants only
        f"DELETE FROM sensing_latest WHERE datastream_id IN ({streams})",  # noqa: S608 - constants only
    )
    for name, streams in _OF.items()
}
DELETE["Observation"] = _without("id = %(id)s")
DELETE["FeatureOfInterest"] = _without(
    _ABOUT,
    "DELETE FROM sensing_pastfeature WHERE feature_id = %(id)s",
    "UPDATE sensing_datastream SET feature_id = NULL, begun = false WHERE feature_id = %(id)s",
)


def thing_fields(said: dict[str, Any], author: Author, *, new: bool = True) -> dict[str, Any]:
    """What Patriot knows of a thing out of its properties: agency, purpose, public. Raises Fault."""
    fields: dict[str, Any] = {}
    if new or "agency" in said:
        fields["agency"] = author.agency_for(said.get("agency"))
    if fields.get("agency") and not Agency.objects.filter(code=fields["agency"]).exists():
        raise Fault(f"There is no agency {fields['agency']!r}.")
    if said.get("purpose") in set(Purpose):
        fields["purpose"] = said["purpose"]
    if isinstance(said.get("public"), bool):
        fields["public"] = said["public"]
    return fields


def datastream_fields(said: dict[str, Any], name: str, thing: int) -> dict[str, Any]:
    """What Patriot knows of a new datastream: its key within the thing, and whether it is public."""
    wanted = said.get("key") if isinstance(said.get("key"), str) else ""
    stem = slugify(wanted or name)[: KEY_LENGTH - 6] or "stream"
    key = _free_key(stem, Datastream.objects.filter(thing_id=thing))
    public = said.get("public")
    if not isinstance(public, bool):
        public = Thing.objects.filter(pk=thing, public=True).exists()
    return {"key": key, "public": public}


def key_elsewhere(stream: int, thing: int) -> str:
    """The key of a datastream that becomes a thing's: its own, or one like it when another has it."""
    kept = Datastream.objects.get(pk=stream).key
    return _free_key(kept, Datastream.objects.filter(thing_id=thing).exclude(pk=stream))


def _free_key(stem: str, among: "QuerySet[Datastream]") -> str:
    taken = set(among.values_list("key", flat=True))
    number, key = 1, stem
    while key in taken:
        number += 1
        key = f"{stem[: KEY_LENGTH - 6]}-{number}"
    return key
