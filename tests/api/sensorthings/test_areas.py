"""Where a datastream observed: the hull of all features its observations are about, as FROST's suite asks."""

from typing import Any

import pytest
from django.db import connection
from orjson import dumps

from patriot.intake.features import begin
from patriot.people.rules import Role
from patriot.sensing.models import Datastream, PastFeature
from patriot.sensing.sta.geo import from_geojson
from tests.api.sensorthings.conftest import Sta, location, point, stream, thing, token
from tests.api.sensorthings.test_features import feature_of, gauge, heard, place

SQUARE = "geography'POLYGON((7.5 51.5, 7.5 53.5, 8.5 53.5, 8.5 51.5, 7.5 51.5))'"


def about(lon: float, lat: float) -> dict[str, Any]:
    """An observation about a feature of its own."""
    feature = {"name": f"FoI {lon} {lat}", "description": "", "encodingType": "application/geo+json"}
    return {"result": 1, "FeatureOfInterest": feature | {"feature": point(lon, lat)}}


def area(sta: Sta, path: str) -> Any:
    """The observedArea of the datastream of these observations; None when it is not said."""
    return sta.get(path.removesuffix("/Observations")).json.get("observedArea")


@pytest.fixture
def frosts(sta: Sta) -> list[str]:
    """FROST's GeoTests: a thing that was at (8 51), then at (8 52); one at (8 53); one at (8 54)."""
    names = ["Datastream 1", "Datastream 2", "Datastream 3"]
    things = [sta.make("Things", thing(name, Locations=[], Datastreams=[stream(name)])) for name in names]
    for key, lat in ((things[0], 51), (things[0], 52), (things[1], 53), (things[2], 54)):
        sta.make("Locations", location(f"At {lat}", 8, lat) | {"Things": [{"@iot.id": key}]})
        level = sta.ids(f"Things({key})/Datastreams")[0]
        sta.make(f"Datastreams({level})/Observations", about(8, lat))
    return names


@pytest.mark.parametrize(("filter_", "expected"), [
    (f"st_contains({SQUARE}, observedArea)", [1]),
    (f"st_within(observedArea, {SQUARE})", [1]),
    (f"geo.intersects(observedArea, {SQUARE})", [0, 1]),
    (f"st_intersects(observedArea, {SQUARE})", [0, 1]),
    (f"st_crosses(observedArea, {SQUARE})", [0]),
    ("geo.length(observedArea) eq 1", [0]),
    ("observedArea/type eq 'LineString'", [0]),
    ("st_equals(observedArea, geography'LINESTRING(8 51, 8 52)')", [0]),
])  # fmt: skip
def test_it_is_asked_for_as_it_is_said(
    sta: Sta, frosts: list[str], filter_: str, expected: list[int]
) -> None:
    assert sta.names(f"Datastreams?$filter={filter_}") == [frosts[n] for n in expected]


def test_there_is_none_before_anything_was_observed(sta: Sta) -> None:
    _, path = gauge(sta)
    assert area(sta, path) is None


@pytest.mark.parametrize(("points", "expected"), [
    ([(1, 1)], point(1, 1)),
    ([(1, 1), (1, 1)], point(1, 1)),
    ([(3, 3), (1, 1), (2, 2)], {"type": "LineString", "coordinates": [[1, 1], [3, 3]]}),
    ([(0, 0), (4, 0), (0, 4), (1, 1), (2, 2), (2, 0)],
     {"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [0, 4], [0, 0]]]}),
])  # fmt: skip
def test_it_is_the_hull_of_all_points(
    sta: Sta, points: list[tuple[float, float]], expected: dict[str, Any]
) -> None:
    _, path = gauge(sta, Locations=[])
    for lon, lat in points:
        sta.make(path, about(lon, lat))
    assert area(sta, path) == expected


@pytest.mark.parametrize("shape", [
    {"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 4], [2, 1], [0, 4], [0, 0]]]},
    {"type": "Feature", "properties": {"coordinates": [99, 99]}, "geometry": {
        "type": "MultiPoint", "coordinates": [[0, 0, 7], [4, 0, 7], [4, 4, 7], [0, 4, 7]]}},
    {"type": "GeometryCollection", "geometries": [
        {"type": "LineString", "coordinates": [[0, 0], [4, 4]]},
        {"type": "MultiLineString", "coordinates": [[[4, 0], [0, 4]]]}]},
])  # fmt: skip
def test_the_hull_is_shapelys(db: None, shape: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        said = dumps(shape).decode()
        cursor.execute("SELECT sensing_hull(ARRAY[%s::jsonb, NULL, '\"there\"'])::text", [said])
        [(found,)] = cursor.fetchall()
    whole = from_geojson(said)
    assert whole is not None
    hull = from_geojson(found)
    assert hull is not None
    assert hull.equals(whole.convex_hull)


def test_it_holds_every_place_its_own_feature_was_at(sta: Sta) -> None:
    key, path = gauge(sta)
    sta.make(path, {"result": 1})
    sta.ask("PATCH", place(sta, key), {"location": point(106.0, -6.25)})
    assert area(sta, path) == point(107.0, -6.25)
    sta.make(path, {"result": 2})
    assert area(sta, path) == {"type": "LineString", "coordinates": [[106.0, -6.25], [107.0, -6.25]]}


def test_it_is_said_of_what_only_a_device_read_and_kept_when_its_feature_begins(sta: Sta) -> None:
    key, path = gauge(sta)
    heard(path)
    assert area(sta, path) == point(107.0, -6.25)
    assert Datastream.objects.get().extent is None
    sta.ask("PATCH", place(sta, key), {"location": point(106.0, -6.25)})
    assert Datastream.objects.get().extent == point(107.0, -6.25)


@pytest.mark.django_db(transaction=True)
def test_the_intake_keeps_it_for_every_datastream_of_a_thing(transactional_db: None) -> None:
    sta = Sta(token(Role.ADMINISTRATOR))
    key = sta.make("Things", thing(Datastreams=[stream("Level"), stream("Rain"), stream("Silent")]))
    level, rain, silent = sta.ids(f"Things({key})/Datastreams")
    for one in (level, rain):
        heard(f"Datastreams({one})/Observations")
        begin()
    extents = dict(Datastream.objects.values_list("pk", "extent"))
    assert extents == {level: point(107.0, -6.25), rain: point(107.0, -6.25), silent: None}


def test_it_shrinks_with_what_is_deleted(sta: Sta) -> None:
    _, path = gauge(sta, Locations=[])
    keys = [sta.make(path, about(*where)) for where in ((0, 0), (4, 0), (0, 4))]
    last = {"FeatureOfInterest": {"@iot.id": feature_of(sta, keys[2])["@iot.id"]}}
    twin = sta.make(path, {"result": 2, **last})
    corner = {"type": "LineString", "coordinates": [[0, 0], [4, 0]]}
    areas = []
    second = feature_of(sta, keys[1])["@iot.id"]
    for gone in (f"Observations({keys[2]})", f"Observations({twin})", f"FeaturesOfInterest({second})",
                 f"Observations({keys[0]})"):  # fmt: skip
        assert sta.ask("DELETE", gone).status == 200
        areas.append(area(sta, path))
    assert areas == [
        {"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [0, 4], [0, 0]]]}, corner, point(0, 0), None,
    ]  # fmt: skip


def test_it_follows_a_feature_that_is_changed_and_an_observation_that_is_about_another(sta: Sta) -> None:
    _, path = gauge(sta, Locations=[])
    key = sta.make(path, about(0, 0))
    feature = feature_of(sta, key)["@iot.id"]
    sta.ask("PATCH", f"FeaturesOfInterest({feature})", {"feature": point(1, 1)})
    assert area(sta, path) == point(1, 1)
    other = sta.make("FeaturesOfInterest", about(2, 2)["FeatureOfInterest"])
    sta.ask("PATCH", f"Observations({key})", {"FeatureOfInterest": {"@iot.id": other}})
    assert area(sta, path) == point(2, 2)


# A thing that moves leaves its readings as they are.


def test_moving_a_thing_changes_no_reading(sta: Sta) -> None:
    key, path = gauge(sta)
    heard(path)
    heard(path)
    with connection.cursor() as cursor:
        rows = "SELECT xmin::text, feature_id FROM sensing_observation ORDER BY id"
        cursor.execute(rows)
        before = cursor.fetchall()
        sta.ask("PATCH", place(sta, key), {"location": point(106.0, -6.25)})
        cursor.execute(rows)
        assert cursor.fetchall() == before
    assert PastFeature.objects.count() == 1


def test_readings_stay_with_the_places_of_their_time_however_often_it_moves(sta: Sta) -> None:
    key, path = gauge(sta)
    made = []
    for lon in (101, 102, 103, 101):
        sta.ask("PATCH", place(sta, key), {"location": point(lon, 0)})
        made.append((heard(path), lon))
    sta.ask("PATCH", place(sta, key), {"location": point(104, 0)})
    places = [feature_of(sta, reading)["feature"]["coordinates"][0] for reading, _ in made]
    assert places == [lon for _, lon in made]
    features = [feature_of(sta, reading)["@iot.id"] for reading, _ in made]
    linked = [sta.ids(f"FeaturesOfInterest({one})/Observations") for one in features]
    assert linked == [[key] for key, _ in made]
    asked = [sta.ids(f"Observations?$filter=FeatureOfInterest/id eq {one}") for one in features]
    assert asked == [[key] for key, _ in made]


def test_a_feature_of_an_earlier_place_goes_with_its_readings_only(sta: Sta) -> None:
    key, path = gauge(sta)
    first = heard(path)
    sta.ask("PATCH", place(sta, key), {"location": point(106.0, -6.25)})
    second = heard(path)
    assert sta.ask("DELETE", f"FeaturesOfInterest({feature_of(sta, first)['@iot.id']})").status == 200
    assert sta.ids(path) == [second]
    assert area(sta, path) == point(106.0, -6.25)


def test_a_feature_of_an_earlier_place_is_seen_by_who_sees_the_readings(sta: Sta, nobody: Sta) -> None:
    key, path = gauge(sta)
    secret, hidden = gauge(sta, name="Secret", public=False, Datastreams=[stream("Rain")])
    old = [feature_of(sta, heard(one))["@iot.id"] for one in (path, hidden)]
    for one in (key, secret):
        sta.ask("PATCH", place(sta, one), {"location": point(106.0, -6.25)})
    assert nobody.ids("FeaturesOfInterest") == old[:1]
