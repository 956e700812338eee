"""CAP messages: valid by the OASIS schema whatever was drafted, read back the same, read with suspicion."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patriot.kernel.clock import WIB
from patriot.warnings import areas, cap, rules
from patriot.warnings.cap import Alert, Area, Info

WORDS = st.text(max_size=60)
MUST = WORDS.map(lambda text: f"x{text}")
EARLIEST, LATEST = datetime(2016, 1, 1), datetime(2099, 1, 1)  # noqa: DTZ001 - the zone comes after
MOMENTS = st.datetimes(EARLIEST, LATEST).map(lambda at: at.replace(tzinfo=WIB, microsecond=0))
LONS, LATS = st.floats(106, 108), st.floats(-7, -6)


@st.composite
def rings(draw: st.DrawFn) -> cap.Ring:
    points = draw(st.lists(st.tuples(LONS, LATS), min_size=3, max_size=12))
    rounded = tuple((round(lon, 5), round(lat, 5)) for lon, lat in points)
    return (*rounded, rounded[0]) if rounded[0] != rounded[-1] or len(rounded) < 4 else rounded


AREAS = st.builds(
    Area, desc=MUST, polygons=st.lists(rings(), max_size=3).map(tuple),
    circles=st.lists(st.tuples(LONS, LATS, st.floats(0, 50)), max_size=2).map(tuple),
    geocodes=st.just((("KEMENDAGRI", "32.75.09.1004"),)),
)  # fmt: skip
INFOS = st.builds(
    Info, language=st.sampled_from(["id-ID", "en-US"]),
    categories=st.sampled_from(rules.Category.values).map(lambda one: (one,)),
    event=MUST, urgency=st.sampled_from(rules.Urgency.values),
    severity=st.sampled_from(rules.Severity.values),
    certainty=st.sampled_from(rules.Certainty.values),
    response_types=st.sampled_from(rules.Response.values).map(lambda one: (one,)),
    effective=MOMENTS, onset=st.none() | MOMENTS, expires=MOMENTS, sender_name=WORDS, headline=WORDS,
    description=WORDS, instruction=WORDS, web=st.just("https://example.id/peringatan/1/"),
    areas=st.lists(AREAS, max_size=3).map(tuple),
)  # fmt: skip
ALERTS = st.builds(
    Alert, identifier=st.from_regex(r"[0-9A-Za-z.-]{1,40}", fullmatch=True),
    sender=st.just("peringatan@bekasi.example"),
    sent=MOMENTS, status=st.sampled_from(rules.Status.values),
    msg_type=st.sampled_from(["Alert", "Update", "Cancel"]),
    note=WORDS, infos=st.lists(INFOS, min_size=1, max_size=2).map(tuple),
    references=st.lists(st.tuples(st.just("a@b.id"), st.just("3275-1"), MOMENTS), max_size=3).map(tuple),
)  # fmt: skip


@given(alert=ALERTS)
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_it_writes_valid_messages_whatever_is_drafted(alert: Alert) -> None:
    data = cap.write(alert)
    assert cap.faults(data) == []
    assert cap.write(alert) == data
    again = cap.read(data)
    assert (again.identifier, again.sent, again.references) == (
        alert.identifier,
        alert.sent,
        alert.references,
    )
    assert [[area.polygons for area in info.areas] for info in again.infos] == [
        [area.polygons for area in info.areas] for info in alert.infos
    ]


@given(data=st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_it_reads_any_bytes_or_says_why_not(data: bytes) -> None:
    with pytest.raises(ValueError):
        cap.read(data)
    assert cap.faults(data)


def test_it_finds_what_the_schema_forbids() -> None:
    good = cap.write(Alert("a", "b", datetime(2026, 1, 1, tzinfo=WIB), "Actual", "Alert"))
    assert cap.faults(good) == []
    assert cap.faults(good.replace(b">Actual<", b">Real<"))
    assert cap.faults(good.replace(b"+07:00", b"Z"))
    assert cap.faults(good.replace(b"<scope>Public</scope>", b""))


def test_it_opens_no_file_and_expands_no_entity() -> None:
    evil = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><alert>&x;</alert>'
    bomb = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><alert>&b;</alert>'
    for data in (evil, bomb):
        with pytest.raises(ValueError, match="document type"):
            cap.read(data)


def test_it_refuses_ground_that_cannot_be() -> None:
    base = cap.write(
        Alert("a", "b", datetime(2026, 1, 1, tzinfo=WIB), "Actual", "Alert", infos=(
            Info("id", ("Met",), "x", "Past", "Minor", "Likely",
                 areas=(Area("d", circles=((107.0, -6.2, 1.0),)),)),
        ))
    )  # fmt: skip
    for circle in (b"-6.2,107 x", b"-99,107 1", b"-6.2,107 -1", b"nan,107 1", b"-6.2"):
        with pytest.raises(ValueError, match=r"."):
            cap.read(base.replace(b"-6.20000,107.00000 1.000", circle))


def test_it_counts_a_phone_message_as_phones_do() -> None:
    assert rules.segments("a" * 160) == (160, 1)
    assert rules.segments("a" * 161) == (161, 2)
    assert rules.segments("€" * 80) == (80, 1)
    assert rules.segments("漢" * 71) == (71, 2)
    assert rules.segments("") == (0, 0)


def test_it_knows_when_a_second_person_is_needed() -> None:
    assert rules.needs_second("alert", "Actual", "Severe", "Expected")
    assert rules.needs_second("update", "Exercise", "Extreme", "Immediate")
    assert not rules.needs_second("alert", "Test", "Extreme", "Immediate")
    assert not rules.needs_second("all_clear", "Actual", "Extreme", "Immediate")
    assert not rules.needs_second("alert", "Actual", "Extreme", "Future")
    assert not rules.needs_second("alert", "Actual", "Moderate", "Immediate")


def test_it_draws_a_circle_of_the_right_size() -> None:
    west, south, east, north = areas.disc(107.0, -6.2, 5).bounds
    assert north - south == pytest.approx(10 / 111.195, rel=0.001)
    assert (east - west) > (north - south)


def test_it_has_times_in_wib_without_fractions() -> None:
    at = datetime(2026, 1, 1, 12, 0, 0, 5, tzinfo=WIB) + timedelta(0)
    assert cap.moment(at) == "2026-01-01T12:00:00+07:00"
    with pytest.raises(ValueError, match="zone"):
        cap.moment(datetime(2026, 1, 1))  # noqa: DTZ001
