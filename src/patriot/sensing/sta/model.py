"""The standard's eight entity types as one table: properties, where they are kept, how they are linked.

In SQL texts `{a}` is the alias of the entity's own table; in a link's `many`, `{key}` is the id of the entity
it starts from and `{b}` the alias of the target's table.
"""

from dataclasses import dataclass
from enum import Enum, auto

from django.db.models import Model

from patriot.sensing import models
from patriot.sensing.rules import ON_ARRIVAL, Flag

QUALITY_PREFIX = "patriot:"  # of the measures that are ours
OF_THE_RESULT = tuple(flag for flag in Flag if not flag & ON_ARRIVAL)


class Kind(Enum):
    """What a property or an expression is."""

    ID = auto()
    NUMBER = auto()
    TEXT = auto()
    BOOL = auto()
    MOMENT = auto()  # an instant or an interval: two columns
    DATE = auto()
    TIME = auto()
    DURATION = auto()
    JSON = auto()
    RESULT = auto()  # two columns: the number, else JSON
    UNIT = auto()  # three columns: name, symbol, definition
    GEO = auto()  # GeoJSON
    NULL = auto()


@dataclass(frozen=True)
class Property:
    """`columns`: of the table, or SQL with `{a}`. `fields`: what is written; empty: the service says it."""

    name: str
    kind: Kind
    columns: tuple[str, ...]
    required: bool = False
    fields: tuple[str, ...] = ()
    nullable: bool = False
    instant: bool = False  # a MOMENT that is never an interval

    def sql(self, alias: str, index: int = 0) -> str:
        """One column's SQL."""
        return column(self.columns[index], alias)


@dataclass(frozen=True)
class Link:
    """A navigation. To one: `key`, SQL with `{a}` for the target's id, `field` holds it. To many: `many`."""

    name: str
    target: str  # entity type
    key: str = ""
    field: str = ""
    many: str = ""
    inverse: str = ""  # the target's link back
    required: bool = False


@dataclass(frozen=True)
class Entity:
    """One type. `visible`: SQL with `{a}` for viewers that do not see the whole city."""

    name: str
    plural: str
    table: str
    properties: tuple[Property, ...]
    links: tuple[Link, ...]
    visible: str
    owners: str  # SQL: the agencies of the things that entity %(id)s belongs to
    model: type[Model] | None = None
    there: str = ""  # SQL with `{a}`: rows for which it fails are not there for anybody

    def property(self, name: str) -> Property | None:
        """By its name."""
        return next((found for found in self.properties if found.name == name), None)

    def link(self, name: str) -> Link | None:
        """By its name."""
        return next((found for found in self.links if found.name == name), None)


def column(text: str, alias: str) -> str:
    """A column's SQL with the alias in it."""
    return text.replace("{a}", alias) if "{a}" in text else f"{alias}.{text}"


THINGS = "SELECT vt.id FROM sensing_thing vt WHERE vt.public OR vt.agency = ANY(%(agencies)s)"
STREAMS = (
    "FROM sensing_datastream vd JOIN sensing_thing vt ON vt.id = vd.thing_id "
    "WHERE ((vt.public AND vd.public) OR vt.agency = ANY(%(agencies)s))"
)
AGENCIES = "SELECT DISTINCT t.agency FROM sensing_thing t "
STREAM_AGENCIES = AGENCIES + "JOIN sensing_datastream d ON d.thing_id = t.id "


def _text(name: str, column_name: str = "", *, required: bool = True) -> Property:
    kept = column_name or name
    return Property(name, Kind.TEXT, (kept,), required, (kept,))


ID = Property("@iot.id", Kind.ID, ("id",))
NAME = _text("name")
DESCRIPTION = _text("description")
PROPERTIES = Property("properties", Kind.JSON, ("properties",), fields=("properties",), nullable=True)
ENCODING = _text("encodingType", "encoding_type")


def _said_simulated(table: str) -> Property:
    """`properties`, in which a simulated thing says so."""
    simulated = f"SELECT st.simulated FROM sensing_thing st WHERE st.id = {{a}}.{table}"
    sql = (
        f"CASE WHEN ({simulated}) THEN coalesce({{a}}.properties, '{{}}') || '{{\"simulated\": true}}' "
        "ELSE {a}.properties END"
    )
    return Property("properties", Kind.JSON, (sql,), fields=("properties",), nullable=True)


def _span(column_name: str, end: str) -> tuple[str, str]:
    """First and last moment of a datastream's observations, each one step into an index."""
    start = "(SELECT min({0}) FROM sensing_observation so WHERE so.datastream_id = {{a}}.id{1})"
    stop = "greatest((SELECT max({0}) FROM sensing_observation so WHERE so.datastream_id = {{a}}.id{1}){2})"
    also = "" if column_name == "at" else f" AND so.{column_name} IS NOT NULL"
    last = (
        f", (SELECT max(so.{end}) FROM sensing_observation so "
        f"WHERE so.datastream_id = {{a}}.id AND so.{end} IS NOT NULL)"
        if end
        else ""
    )
    name = f"so.{column_name}"
    return start.format(name, also), stop.format(name, also, last)


THING = Entity(
    "Thing", "Things", "sensing_thing",
    (ID, NAME, DESCRIPTION, _said_simulated("id")),
    (
        Link("Datastreams", "Datastream", many="{b}.thing_id = {key}", inverse="Thing"),
        Link(
            "Locations", "Location", inverse="Things",
            many="{b}.id IN (SELECT l.location_id FROM sensing_thing_locations l WHERE l.thing_id = {key})",
        ),
        Link("HistoricalLocations", "HistoricalLocation", many="{b}.thing_id = {key}", inverse="Thing"),
    ),
    visible="({a}.public OR {a}.agency = ANY(%(agencies)s))",
    owners="SELECT agency FROM sensing_thing WHERE id = %(id)s",
    model=models.Thing,
)  # fmt: skip
LOCATION = Entity(
    "Location", "Locations", "sensing_location",
    (
        ID, NAME, DESCRIPTION, ENCODING,
        Property("location", Kind.GEO, ("location",), True, ("location",)), PROPERTIES,
    ),
    (
        Link(
            "Things", "Thing", inverse="Locations",
            many="{b}.id IN (SELECT l.thing_id FROM sensing_thing_locations l WHERE l.location_id = {key})",
        ),
        Link(
            "HistoricalLocations", "HistoricalLocation", inverse="Locations",
            many="{b}.id IN (SELECT l.historicallocation_id FROM sensing_historicallocation_locations l "
                 "WHERE l.location_id = {key})",
        ),
    ),
    visible=(
        "({a}.id IN (SELECT vl.location_id FROM sensing_thing_locations vl "
        f"WHERE vl.thing_id IN ({THINGS})) "
        "OR {a}.id IN (SELECT vl.location_id FROM sensing_historicallocation_locations vl "
        "JOIN sensing_historicallocation vh ON vh.id = vl.historicallocation_id "
        f"WHERE vh.thing_id IN ({THINGS})) "
        "OR (%(writes)s AND NOT EXISTS (SELECT FROM sensing_thing_locations vl "
        "WHERE vl.location_id = {a}.id)))"
    ),
    owners=AGENCIES + "JOIN sensing_thing_locations l ON l.thing_id = t.id WHERE l.location_id = %(id)s",
    model=models.Location,
)  # fmt: skip
HISTORICAL_LOCATION = Entity(
    "HistoricalLocation", "HistoricalLocations", "sensing_historicallocation",
    (ID, Property("time", Kind.MOMENT, ("time", "time"), True, ("time",), instant=True)),
    (
        Link("Thing", "Thing", key="{a}.thing_id", field="thing_id", inverse="HistoricalLocations",
             required=True),
        Link(
            "Locations", "Location", inverse="HistoricalLocations",
            many="{b}.id IN (SELECT l.location_id FROM sensing_historicallocation_locations l "
                 "WHERE l.historicallocation_id = {key})",
        ),
    ),
    visible=f"{{a}}.thing_id IN ({THINGS})",
    owners=AGENCIES + "JOIN sensing_historicallocation h ON h.thing_id = t.id WHERE h.id = %(id)s",
    model=models.HistoricalLocation,
)  # fmt: skip
OBSERVED_AREA = (  # what was only read by devices, seconds ago, is not in the extent yet
    "coalesce({a}.observed_area, {a}.extent, CASE WHEN NOT {a}.begun THEN "
    "(SELECT sensing_hull(ARRAY[af.feature]) FROM sensing_featureofinterest af "
    "WHERE af.id = {a}.feature_id AND sensing_read_plainly({a}.id, {a}.feature_since)) END)"
)
DATASTREAM = Entity(
    "Datastream", "Datastreams", "sensing_datastream",
    (
        ID, NAME, DESCRIPTION, _text("observationType", "observation_type"),
        Property(
            "unitOfMeasurement", Kind.UNIT, ("unit_name", "unit_symbol", "unit_definition"), True,
            ("unit_name", "unit_symbol", "unit_definition"),
        ),
        Property("observedArea", Kind.GEO, (OBSERVED_AREA,), fields=("observed_area",), nullable=True),
        Property("phenomenonTime", Kind.MOMENT, _span("at", "until"), nullable=True),
        Property("resultTime", Kind.MOMENT, _span("result_time", ""), nullable=True),
        _said_simulated("thing_id"),
    ),
    (
        Link("Thing", "Thing", key="{a}.thing_id", field="thing_id", inverse="Datastreams", required=True),
        Link("Sensor", "Sensor", key="{a}.sensor_id", field="sensor_id", inverse="Datastreams",
             required=True),
        Link("ObservedProperty", "ObservedProperty", key="{a}.observed_property_id",
             field="observed_property_id", inverse="Datastreams", required=True),
        Link("Observations", "Observation", many="{b}.datastream_id = {key}", inverse="Datastream"),
    ),
    visible=f"{{a}}.id IN (SELECT vd.id {STREAMS})",
    owners=STREAM_AGENCIES + "WHERE d.id = %(id)s",
    model=models.Datastream,
)  # fmt: skip


def _shared(name: str, plural: str, model: type[Model], more: tuple[Property, ...], key: str) -> Entity:
    """Sensors and observed properties: seen by whoever sees a datastream of theirs."""
    table = model._meta.db_table
    return Entity(
        name, plural, table, (ID, NAME, DESCRIPTION, *more, PROPERTIES),
        (Link("Datastreams", "Datastream", many=f"{{b}}.{key} = {{key}}", inverse=name),),
        visible=(
            f"({{a}}.id IN (SELECT vd.{key} {STREAMS}) OR (%(writes)s AND NOT EXISTS "
            f"(SELECT FROM sensing_datastream vd WHERE vd.{key} = {{a}}.id)))"
        ),
        owners=STREAM_AGENCIES + f"WHERE d.{key} = %(id)s",
        model=model,
    )  # fmt: skip


SENSOR = _shared(
    "Sensor", "Sensors", models.Sensor,
    (ENCODING, Property("metadata", Kind.JSON, ("metadata",), True, ("metadata",))), "sensor_id",
)  # fmt: skip
OBSERVED_PROPERTY = _shared(
    "ObservedProperty", "ObservedProperties", models.ObservedProperty,
    (_text("definition"),), "observed_property_id",
)  # fmt: skip
OWN_FEATURE = (  # of the datastream when the observation was received
    "(SELECT CASE WHEN fd.feature_since IS NULL OR {a}.received_at >= fd.feature_since THEN fd.feature_id "
    "ELSE coalesce((SELECT fp.feature_id FROM sensing_pastfeature fp WHERE fp.datastream_id = fd.id "
    "AND fp.until > {a}.received_at ORDER BY fp.until LIMIT 1), fd.feature_id) END "
    "FROM sensing_datastream fd WHERE fd.id = {a}.datastream_id)"
)
# ARRAY: so that the index on datastreams is used. Of what never moved nothing is looked up for each reading.
ABOUT = (
    "({b}.feature_id = {key} OR ({b}.feature_id IS NULL AND ({b}.datastream_id = ANY(ARRAY("
    "SELECT fd.id FROM sensing_datastream fd WHERE fd.feature_id = {key} AND fd.feature_since IS NULL)) "
    "OR ({b}.datastream_id = ANY(ARRAY("
    "SELECT fd.id FROM sensing_datastream fd WHERE fd.feature_id = {key} AND fd.feature_since IS NOT NULL "
    "UNION SELECT fp.datastream_id FROM sensing_pastfeature fp WHERE fp.feature_id = {key})) "
    f"AND {OWN_FEATURE.replace('{a}', '{b}')} = {{key}}))))"
)
MEASURES = ", ".join(f"({flag.value}, '{QUALITY_PREFIX}{str(flag.name).lower()}')" for flag in OF_THE_RESULT)
QUALITY = (  # as `present.quality` says it (a test compares them): what was sent, else what was found odd
    f"coalesce({{a}}.quality, CASE WHEN {{a}}.flags & {sum(OF_THE_RESULT)} <> 0 THEN "
    "(SELECT jsonb_agg(jsonb_build_object('nameOfMeasure', q.name, 'DQ_Result', "
    f"jsonb_build_object('pass', false)) ORDER BY q.bit) FROM (VALUES {MEASURES}) AS q (bit, name) "
    "WHERE {a}.flags & q.bit <> 0) END)"
)
OBSERVATION = Entity(
    "Observation", "Observations", "sensing_observation",
    (
        ID,
        Property("phenomenonTime", Kind.MOMENT, ("at", "until"), fields=("at", "until")),
        Property("resultTime", Kind.MOMENT, ("result_time", "result_time"), fields=("result_time",),
                 nullable=True, instant=True),
        Property("result", Kind.RESULT, ("value", "result"), True, ("value", "result"), nullable=True),
        Property("resultQuality", Kind.JSON, (QUALITY,), fields=("quality",), nullable=True),
        Property("validTime", Kind.MOMENT, ("valid_from", "valid_to"), fields=("valid_from", "valid_to"),
                 nullable=True),
        Property("parameters", Kind.JSON, ("parameters",), fields=("parameters",), nullable=True),
    ),
    (
        Link("Datastream", "Datastream", key="{a}.datastream_id", field="datastream_id",
             inverse="Observations", required=True),
        Link("FeatureOfInterest", "FeatureOfInterest", key=f"coalesce({{a}}.feature_id, {OWN_FEATURE})",
             field="feature_id", inverse="Observations"),
    ),
    visible=f"{{a}}.datastream_id IN (SELECT vd.id {STREAMS})",
    owners=STREAM_AGENCIES + "JOIN sensing_observation o ON o.datastream_id = d.id WHERE o.id = %(id)s",
)  # fmt: skip
FEATURE = Entity(
    "FeatureOfInterest", "FeaturesOfInterest", "sensing_featureofinterest",
    (
        ID, NAME, DESCRIPTION, ENCODING,
        Property("feature", Kind.GEO, ("feature",), True, ("feature",)), PROPERTIES,
    ),
    (
        Link("Observations", "Observation", inverse="FeatureOfInterest", many=ABOUT),
    ),
    visible=(
        f"({{a}}.id IN (SELECT vd.feature_id {STREAMS}) "
        "OR {a}.id IN (SELECT vp.feature_id FROM sensing_pastfeature vp "
        f"WHERE vp.datastream_id IN (SELECT vd.id {STREAMS})) "
        "OR EXISTS (SELECT FROM sensing_observation vo WHERE vo.feature_id = {a}.id "
        f"AND vo.datastream_id IN (SELECT vd.id {STREAMS})) "
        "OR (%(writes)s AND NOT EXISTS (SELECT FROM sensing_datastream vd WHERE vd.feature_id = {a}.id) "
        "AND NOT EXISTS (SELECT FROM sensing_pastfeature vp WHERE vp.feature_id = {a}.id) "
        "AND NOT EXISTS (SELECT FROM sensing_observation vo WHERE vo.feature_id = {a}.id)))"
    ),
    owners=(
        STREAM_AGENCIES + "WHERE d.feature_id = %(id)s UNION "
        + STREAM_AGENCIES + "JOIN sensing_pastfeature p ON p.datastream_id = d.id "
        "WHERE p.feature_id = %(id)s UNION "
        + STREAM_AGENCIES + "JOIN sensing_observation o ON o.datastream_id = d.id WHERE o.feature_id = %(id)s"
    ),
    model=models.FeatureOfInterest,
    there=(  # one that only devices' readings are about begins seconds later
        "({a}.begun OR EXISTS (SELECT FROM sensing_datastream fd WHERE fd.feature_id = {a}.id "
        "AND NOT fd.begun AND sensing_read_plainly(fd.id, fd.feature_since)))"
    ),
)  # fmt: skip
ENTITIES = (
    THING, LOCATION, HISTORICAL_LOCATION, DATASTREAM, SENSOR, OBSERVED_PROPERTY, OBSERVATION, FEATURE,
)  # fmt: skip
BY_NAME = {entity.name: entity for entity in ENTITIES}
BY_PLURAL = {entity.plural: entity for entity in ENTITIES}


def target(link: Link) -> Entity:
    """Where a link leads."""
    return BY_NAME[link.target]


def shared(link: Link) -> bool:
    """Whether it links many to many."""
    inverse = target(link).link(link.inverse)
    return not link.key and inverse is not None and not inverse.key
