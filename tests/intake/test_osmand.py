"""The OsmAnd decoder: what trackers really send, and whatever else arrives."""

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patriot.fleet.rules import Fix
from patriot.intake.osmand import BadFrame, decode

MOMENT = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)


def test_it_reads_a_query() -> None:
    query = (
        b"id=b01&lat=-6.24&lon=107.01&timestamp=1795230245&speed=10&bearing=90.5&altitude=21&accuracy=4"
        b"&batt=77.5&hdop=0.9"
    )
    assert decode(query, b"") == [
        Fix("b01", 107.01, -6.24, MOMENT, pytest.approx(18.52), 90.5, 21, 4, 77.5, 0.9)
    ]


@pytest.mark.parametrize(
    "said",
    [
        "1795230245",
        "1795230245000",
        "2026-11-21T03:04:05Z",
        "2026-11-21T10:04:05%2B07:00",
        "2026-11-21 03:04:05",
    ],
)
def test_it_reads_a_time_in_every_spelling(said: str) -> None:
    assert decode(f"id=b&lat=1&lon=2&timestamp={said}".encode(), b"")[0].claimed_at == MOMENT


def test_it_reads_a_form_and_location_and_heading() -> None:
    fix = decode(b"", b"deviceid=b&location=-6.2,107.1&heading=12", "application/x-www-form-urlencoded")[0]
    assert (fix.uid, fix.lat, fix.lon, fix.heading, fix.claimed_at) == ("b", -6.2, 107.1, 12, None)


def test_it_reads_the_json_of_newer_traccar_clients() -> None:
    place = {
        "timestamp": "2026-11-21T03:04:05.000Z",
        "coords": {
            "latitude": -6.2,
            "longitude": 107,
            "speed": 10,
            "heading": 45,
            "accuracy": 5,
            "altitude": 30,
        },
        "battery": {"level": 0.5},
        "is_moving": True,
    }
    body = json.dumps({"device_id": "b", "location": place}).encode()
    fix = decode(b"", body, "application/json")[0]
    assert (fix.uid, fix.lon, fix.speed_kmh, fix.battery_pct, fix.claimed_at) == ("b", 107, 36, 50, MOMENT)
    many = json.dumps({"device_id": "b", "location": [place, place]}).encode()
    assert len(decode(b"", many, "application/json")) == 2


def test_it_takes_negative_speed_and_heading_as_not_known() -> None:
    fix = decode(b"id=b&lat=1&lon=2&speed=-1&bearing=-1", b"")[0]
    assert fix.speed_kmh is None
    assert fix.heading is None


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (b"", "no_id"),
        (b"id=", "no_id"),
        (b"id=" + b"x" * 81, "no_id"),
        (b"id=b", "no_place"),
        (b"id=b&lat=1", "no_place"),
        (b"id=b&lat=nan&lon=1", "no_place"),
        (b"id=b&lat=one&lon=2", "unreadable"),
        (b"id=b&lat=1&lon=2&timestamp=yesterday", "no_time"),
        (b"id=b&lat=1&lon=2&timestamp=1e300", "no_time"),
        (b"id=b&location=5", "no_place"),
    ],
)
def test_it_says_what_is_wrong(query: bytes, reason: str) -> None:
    with pytest.raises(BadFrame) as caught:
        decode(query, b"")
    assert caught.value.reason == reason
    assert str(caught.value)


CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = st.sampled_from(
    [
        "id",
        "deviceid",
        "lat",
        "lon",
        "location",
        "timestamp",
        "speed",
        "bearing",
        "heading",
        "altitude",
        "accuracy",
        "batt",
        "hdop",
        "valid",
        "secret",
    ]
)
VALUES = st.one_of(
    st.text(max_size=20), st.floats().map(str), st.integers().map(str), st.datetimes().map(str)
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["coords", "latitude", "longitude", "timestamp", "battery", "level", "speed"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


def decodes_or_says_why(query: bytes, body: bytes = b"") -> None:
    try:
        fixes = decode(query, body)
    except BadFrame as bad:
        said = bad
    else:
        assert all(fix.uid for fix in fixes)
        assert all(fix.claimed_at is None or fix.claimed_at.tzinfo is UTC for fix in fixes)
        return
    assert said.reason
    assert len(said.uid) <= 80


@CALM
@given(st.dictionaries(NAMES, VALUES))
def test_it_survives_any_parameters(said: dict[str, str]) -> None:
    decodes_or_says_why(urlencode(said).encode())


@CALM
@given(st.binary(max_size=200), st.binary(max_size=200))
def test_it_survives_any_bytes(query: bytes, body: bytes) -> None:
    decodes_or_says_why(query, body)


@CALM
@given(st.fixed_dictionaries({"device_id": JSON | st.just("b"), "location": JSON}))
def test_it_survives_any_json(said: dict[str, object]) -> None:
    decodes_or_says_why(b"", json.dumps(said).encode())
