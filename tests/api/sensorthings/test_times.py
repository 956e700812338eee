"""/req/request-data/filter over instants and intervals: an interval lacks its end."""

import pytest

from tests.api.sensorthings.conftest import Sta, stream, thing

DAY = "2016-01-01T"
TIMES = ["06:00", "06:59", "07:00", "07:01", "07:59", "08:00", "08:01", "09:00", "06:00/06:59", "06:00/07:00",
         "06:00/07:01", "07:00/08:00", "07:01/07:59", "07:59/09:00", "08:00/09:00", "08:01/09:00",
         "06:59/08:01",
         "07:00/07:59", "07:00/08:01", "06:59/08:00", "07:01/08:00"]  # fmt: skip
T7, I78 = "2016-01-01T07:00:00Z", "2016-01-01T07:00:00Z/2016-01-01T08:00:00Z"


def moment(text: str) -> str:
    """`06:00/07:00` with its day."""
    return "/".join(f"{DAY}{part}:00.000Z" for part in text.split("/"))


@pytest.fixture
def observations(sta: Sta) -> list[int]:
    key = sta.make("Things", thing(Datastreams=[]))
    owner = sta.make(f"Things({key})/Datastreams", stream())
    return [
        sta.make(f"Datastreams({owner})/Observations", {
            "result": n, "phenomenonTime": moment(text),
            **({"validTime": moment(text)} if "/" in text else {"resultTime": moment(text)}),
        })
        for n, text in enumerate(TIMES)
    ]  # fmt: skip


EXPECTED = {
    "phenomenonTime lt {T7}": [0, 1, 8, 9],
    "validTime lt {T7}": [8, 9],
    "resultTime lt {T7}": [0, 1],
    "phenomenonTime lt {I78}": [0, 1, 8, 9],
    "phenomenonTime gt {T7}": [3, 4, 5, 6, 7, 12, 13, 14, 15, 20],
    "phenomenonTime gt {I78}": [5, 6, 7, 14, 15],
    "{T7} lt validTime": [12, 13, 14, 15, 20],
    "phenomenonTime le {T7}": [0, 1, 2, 8, 9],
    "validTime le {I78}": [8, 9, 10, 11, 17, 19],
    "phenomenonTime le {I78}": [0, 1, 2, 8, 9, 10, 11, 17, 19],
    "phenomenonTime ge {T7}": [2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15, 17, 18, 20],
    "validTime ge {I78}": [11, 13, 14, 15, 18, 20],
    "phenomenonTime eq {T7}": [2],
    "phenomenonTime eq {I78}": [11],
    "phenomenonTime ne {I78} and validTime gt {I78}": [14, 15],
    "before(phenomenonTime, {T7})": [0, 1, 8, 9],
    "after(phenomenonTime, {I78})": [5, 6, 7, 14, 15],
    "meets(validTime, {I78})": [9, 14],
    "meets(phenomenonTime, {T7})": [2, 9, 11, 17, 18],
    "during(phenomenonTime, {I78})": [2, 3, 4, 11, 12, 17, 20],
    "during({T7}, validTime)": [10, 11, 16, 17, 18, 19],
    "overlaps(phenomenonTime, {I78})": [2, 3, 4, 10, 11, 12, 13, 16, 17, 18, 19, 20],
    "overlaps(phenomenonTime, {T7})": [2, 10, 11, 16, 17, 18, 19],
    "starts(validTime, {I78})": [11, 17, 18],
    "finishes(validTime, {I78})": [11, 19, 20],
}


def test_it_compares_instants_and_intervals(sta: Sta, observations: list[int]) -> None:
    for template, expected in EXPECTED.items():
        filter_ = template.format(T7=T7, I78=I78)
        found = sta.ids(f"Observations?$filter={filter_}")
        assert sorted(observations.index(key) for key in found) == expected, filter_


def test_it_says_times_in_utc_with_milliseconds(sta: Sta, observations: list[int]) -> None:
    said = sta.get(f"Observations({observations[11]})").json
    assert said["phenomenonTime"] == "2016-01-01T07:00:00.000Z/2016-01-01T08:00:00.000Z"
    sta.ask("PATCH", f"Observations({observations[0]})", {"phenomenonTime": "2016-01-02T07:30:00.1234+07:00"})
    assert sta.get(f"Observations({observations[0]})").json["phenomenonTime"] == "2016-01-02T00:30:00.123Z"


def test_it_sums_up_a_datastreams_times(sta: Sta, observations: list[int]) -> None:
    said = sta.get(f"Observations({observations[0]})/Datastream").json
    assert said["phenomenonTime"] == "2016-01-01T06:00:00.000Z/2016-01-01T09:00:00.000Z"
    assert said["resultTime"] == "2016-01-01T06:00:00.000Z/2016-01-01T09:00:00.000Z"
    assert said["observedArea"]["type"] == "Point"
