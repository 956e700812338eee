"""Everybody may see what public stations say; the rest only those in whose scope it is."""

import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client

from patriot.kernel import clock
from patriot.people.rules import Role
from patriot.sensing.history import marks
from patriot.sensing.models import Datastream, Location, Thing, Threshold
from patriot.sensing.rules import Flag
from tests.factories import user
from tests.sensing.readings import datastream, put

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)


@pytest.fixture
def gauge() -> Datastream:
    """A public gauge with a day and a half of readings up to two minutes ago, one of them flagged."""
    stream = datastream(agency="dbmta", purpose="water_level")
    place = Location.objects.create(name="x", location={}, lon=106.97, lat=-6.25)
    stream.thing.locations.add(place)
    Threshold.objects.create(
        datastream=stream, level=1, name="Siaga 3", value=300, priority="low", valid_from=date(2026, 1, 1)
    )
    put((stream.pk, NOW - timedelta(minutes=2 * n), 310.0 - n / 10, 0) for n in range(1, 1000))
    put([(stream.pk, NOW - timedelta(minutes=31), 9000.0, Flag.RANGE)])
    newest(stream, NOW - timedelta(minutes=2), 309.9)
    marks.work_off()
    return stream


def newest(stream: Datastream, at: datetime, value: float, flags: int = 0) -> None:
    """The stream's newest reading."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sensing_latest (datastream_id, observation_id, at, received_at, value, flags) "
            "VALUES (%s, 1, %s, %s, %s, %s) ON CONFLICT (datastream_id) DO UPDATE SET at = excluded.at",
            [stream.pk, at, at, value, flags],
        )


def get(client: Client, path: str, *, status: int = 200) -> str:
    """A page as it is at NOW."""
    with clock.at(NOW):
        response = client.get(path)
    assert response.status_code == status
    return response.content.decode() if not response.streaming else b"".join(response).decode()


def test_it_lists_public_stations_with_their_values_and_level(client: Client, gauge: Datastream) -> None:
    text = get(client, "/stasiun/")
    assert "Cileungsi" in text
    assert "310" in text
    assert "Siaga 3" in text
    assert "<svg" in text
    assert "Cileungsi" in get(client, "/stasiun/?jenis=water_level")
    assert "Cileungsi" not in get(client, "/stasiun/?jenis=air")


def test_it_lists_many_stations_in_pages_the_urgent_ones_first(client: Client, gauge: Datastream) -> None:
    for n in range(60):
        datastream("burning", f"Alat {n:03}", purpose="lighting")
    assert listed(client) == ["Cileungsi", *(f"Alat {n:03}" for n in range(39))]
    assert listed(client, page="2") == listed(client, page="99") == [f"Alat {n:03}" for n in range(39, 60)]
    assert listed(client, page="nonsense") == listed(client)
    assert listed(client, q="059 ALAT") == ["Alat 059"]
    assert listed(client, q="ileung", jenis="water_level") == ["Cileungsi"]
    assert "“banjir”" in get(client, "/stasiun/?q=banjir")
    assert "jenis=lighting&amp;page=2" in get(client, "/stasiun/?jenis=lighting")


def listed(client: Client, **query: str) -> list[str]:
    """The names in the table, which has pages; the map has none."""
    table = get(client, f"/stasiun/?{urlencode(query)}").split("<tbody>")[1]
    return re.findall(r'<th scope="row"><a [^>]*>([^<]+)</a>', table)


def test_it_says_so_when_there_is_no_station(client: Client) -> None:
    assert "empty" in get(client, "/stasiun/")


def test_it_shows_what_is_not_public_only_to_those_in_scope(client: Client, gauge: Datastream) -> None:
    Thing.objects.update(public=False)
    path = f"/stasiun/{gauge.thing_id}/"
    for address in (path, f"{path}seri.json", f"{path}data.csv?aliran=level", f"{path}langsung"):
        get(client, address, status=404)
    assert "Cileungsi" not in get(client, "/stasiun/")
    client.force_login(user(Role.STAFF, "dlh"))
    get(client, path, status=404)
    client.force_login(user(Role.STAFF, "dbmta"))
    assert "Cileungsi" in get(client, path)
    client.force_login(user(Role.OPERATOR))
    assert "Cileungsi" in get(client, path)


def test_it_leaves_out_private_datastreams_of_a_public_station(client: Client, gauge: Datastream) -> None:
    datastream("lid-open-7", public=False)
    assert "lid-open-7" not in get(client, f"/stasiun/{gauge.thing_id}/").lower()


def test_it_shows_newest_value_table_and_flags(client: Client, gauge: Datastream) -> None:
    text = get(client, f"/stasiun/{gauge.thing_id}/?rentang=jam")
    assert "309,9" in text or "310" in text
    assert "⚑" in text
    assert text.count("<tr>") == 31 + 1


@pytest.mark.parametrize("span", ["jam", "hari", "minggu", "bulan", "tahun"])
def test_it_has_a_page_for_every_range(span: str, client: Client, gauge: Datastream) -> None:
    assert "<tbody>" in get(client, f"/stasiun/{gauge.thing_id}/?rentang={span}")


def test_it_turns_pages_of_the_table(client: Client, gauge: Datastream) -> None:
    path = f"/stasiun/{gauge.thing_id}/?rentang=hari"
    assert "1 / 6" in get(client, path)
    assert "6 / 6" in get(client, f"{path}&hal=99")


@pytest.mark.parametrize(
    "query", ["rentang=abad", "dari=kemarin", "dari=2026-03-04&sampai=2026-03-01", "dari=9999-12-31"]
)
def test_it_answers_a_range_that_is_none_in_words(query: str, client: Client, gauge: Datastream) -> None:
    assert "banner--warn" in get(client, f"/stasiun/{gauge.thing_id}/?{query}", status=400)
    assert "error" in get(client, f"/stasiun/{gauge.thing_id}/seri.json?{query}", status=400)
    get(client, f"/stasiun/{gauge.thing_id}/data.csv?aliran=level&{query}", status=400)


def test_it_says_that_a_station_is_silent(client: Client, gauge: Datastream) -> None:
    newest(gauge, NOW - timedelta(hours=3), 250)
    assert "data-silent" in get(client, f"/stasiun/{gauge.thing_id}/")


def test_it_marks_doubt_and_not_how_late_a_reading_came(client: Client) -> None:
    one = datastream("level", "Cikeas")
    at = [NOW - timedelta(minutes=n) for n in (9, 6, 3)]
    flags = (Flag.STALE, Flag.LATE | Flag.UNCALIBRATED, Flag.LATE | Flag.STALE)
    put((one.pk, moment, 200.0, flag) for moment, flag in zip(at, flags, strict=True))
    with clock.at(NOW):
        hour = client.get(f"/stasiun/{one.thing_id}/seri.json?rentang=jam&lebar=500").json()
    assert hour["mean"] == [200, 200, 200]
    assert hour["marks"] == [[at[1].timestamp(), 200, Flag.LATE | Flag.UNCALIBRATED]]


def test_it_draws_no_more_points_than_the_screen_has(client: Client, gauge: Datastream) -> None:
    with clock.at(NOW):
        hour = client.get(f"/stasiun/{gauge.thing_id}/seri.json?rentang=jam&lebar=500").json()
        day = client.get(f"/stasiun/{gauge.thing_id}/seri.json?rentang=hari&lebar=100").json()
    assert hour["step"] is None
    assert len(hour["at"]) == len(hour["mean"]) == 30
    assert hour["marks"] == [[(NOW - timedelta(minutes=31)).timestamp(), 9000, Flag.RANGE]]
    assert day["step"] == "5m"
    assert len(day["at"]) <= 200
    assert max(day["high"]) == pytest.approx(309.9)


def test_it_breaks_the_line_where_nothing_was_heard(client: Client, gauge: Datastream) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sensing_observation WHERE at BETWEEN %s AND %s",
                       [NOW - timedelta(minutes=40), NOW - timedelta(minutes=20)])  # fmt: skip
    with clock.at(NOW):
        hour = client.get(f"/stasiun/{gauge.thing_id}/seri.json?rentang=jam&lebar=500").json()
    assert hour["mean"].count(None) == 1


def test_it_draws_a_line_for_a_station_that_speaks_more_seldom_than_it_should(
    client: Client, gauge: Datastream
) -> None:
    Datastream.objects.update(limits={"cadence_s": 20})
    with clock.at(NOW):
        hour = client.get(f"/stasiun/{gauge.thing_id}/seri.json?rentang=jam&lebar=500").json()
    assert None not in hour["mean"]


def test_it_hands_out_csv(client: Client, gauge: Datastream) -> None:
    lines = get(client, f"/stasiun/{gauge.thing_id}/data.csv?aliran=level&rentang=jam").splitlines()
    assert lines[0] == "at,datastream,unit,value,low,high,readings,fit,flags"
    assert len(lines) == 32
    assert "2026-03-04T04:29:00Z,level,cm,9000.0,,,1,0,range" in lines
    assert len(get(client, f"/stasiun/{gauge.thing_id}/data.csv?aliran=level&langkah=1h").splitlines()) == 25
    get(client, f"/stasiun/{gauge.thing_id}/data.csv?aliran=level&langkah=7m", status=404)


def test_it_lists_a_station_that_has_not_said_anything(client: Client) -> None:
    stream = datastream()
    assert "–" in get(client, "/stasiun/")
    assert "–" in get(client, f"/stasiun/{stream.thing_id}/")
