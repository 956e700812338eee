"""BMKG's documents, whole and broken."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patriot.connectors.bmkg import read

FIXTURES = Path(__file__).parents[1] / "fixtures"


def fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def test_it_reads_the_list_of_warnings() -> None:
    items = read.items(fixture("nowcast.rss.xml"))
    assert [item.code for item in items][:2] == ["CJB20261122003", "CSG20261122001"]
    assert items[0].title == "Hujan Lebat disertai Petir di Jawa Barat"


def test_it_reads_a_warning_with_its_ground() -> None:
    alert = read.alert(fixture("CJB20261122003_alert.xml"))
    info = alert.infos[0]
    assert (info.event, info.severity, info.language) == ("Hujan Lebat dan Petir", "Moderate", "id")
    assert info.areas[0].polygons[0][0] == (106.9, -6.18)
    assert info.expires is not None
    assert read.alert(fixture("CJB20261122004_alert.xml")).references[0][1] == alert.identifier


def test_it_says_why_it_cannot_read() -> None:
    with pytest.raises(ValueError, match="no XML"):
        read.alert(fixture("CXX20261122001_alert.xml"))
    with pytest.raises(ValueError, match="no CAP"):
        read.alert(fixture("nowcast.rss.xml"))
    with pytest.raises(ValueError, match="no RSS"):
        read.items(fixture("CJB20261122003_alert.xml"))


def test_it_reads_the_forecast_and_leaves_out_what_it_cannot() -> None:
    found = read.forecast(fixture("prakiraan.json"))
    assert (found.area, len(found.steps)) == ("32.75.01.1001", 3)
    assert (found.steps[1].rain, found.steps[1].words_en) == (11.8, "Heavy Rain")
    assert found.issued_at is not None
    for broken in (b"", b"{}", b"[]", b'{"lokasi":{"adm4":1},"data":[]}', b'{"lokasi":1}', b"\xff\xfe"):
        with pytest.raises(ValueError, match="forecast"):
            read.forecast(broken)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["lokasi", "adm4", "data", "cuaca", "datetime", "t"]), inner, max_size=4
    ),
    max_leaves=12,
)  # fmt: skip


@given(body=JSON, raw=st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_it_bears_anything(body: object, raw: bytes) -> None:
    for data in (json.dumps(body).encode(), raw, fixture("prakiraan.json").replace(b"11.8", raw[:10])):
        for reader in (read.forecast, read.alert, read.items):
            try:
                reader(data)
            except ValueError:
                continue
