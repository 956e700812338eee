"""/req/data-array/data-array, /req/batch-request/batch-request."""

from typing import Any

import pytest

from tests.api.sensorthings.conftest import Sta, stream, thing

JSON = "application/json"


@pytest.fixture
def streams(sta: Sta) -> list[int]:
    key = sta.make("Things", thing(Datastreams=[stream("A"), stream("B")]))
    return sta.ids(f"Things({key})/Datastreams")


def test_it_takes_data_arrays_and_marks_the_rows_it_cannot_use(sta: Sta, streams: list[int]) -> None:
    first, second = streams
    body = [
        {"Datastream": {"@iot.id": first}, "components": ["phenomenonTime", "result"],
         "dataArray@iot.count": 3,
         "dataArray": [["2026-11-21T00:00:00Z", 1], ["no time", 2], ["2026-11-21T00:01:00Z", "wet"], [1]]},
        {"Datastream": {"@iot.id": second},
         "components": ["result", "resultTime", "validTime", "parameters", "FeatureOfInterest/id", "nosuch"],
         "dataArray": [[3, "2026-11-21T00:00:00Z", None, {"x": 1}, None, 0],
                       [3, None, None, None, 987654, 0]]},
        {"Datastream": {"@iot.id": 987654}, "components": ["result"], "dataArray": [[1], [2]]},
    ]  # fmt: skip
    said = sta.ask("POST", "CreateObservations", body)
    assert said.status == 201
    assert [link == "error" for link in said.json] == [False, True, False, True, False, True, True, True]
    assert [sta.get(link).json["result"] for link in said.json if link != "error"] == [1, "wet", 3]
    assert sta.get(said.json[4]).json["parameters"] == {"x": 1}


@pytest.mark.parametrize("body", [
    [], {}, [1], [{"components": ["result"]}], [{"dataArray": []}], [{"components": 3, "dataArray": []}],
    [{"components": ["phenomenonTime"], "dataArray": [], "Datastream": {"@iot.id": 1}}], b"[", None,
])  # fmt: skip
def test_it_refuses_arrays_without_form(sta: Sta, body: Any) -> None:
    assert sta.ask("POST", "CreateObservations", body).status == 400


def test_it_answers_observations_as_data_arrays(sta: Sta, streams: list[int]) -> None:
    for key in streams:
        for n in range(3):
            sta.make(
                f"Datastreams({key})/Observations", {"result": n, "phenomenonTime": f"2026-11-21T0{n}:00:00Z"}
            )
    groups = sta.get("Observations?$resultFormat=dataArray&$count=true").json
    assert groups["@iot.count"] == 6
    assert [each["dataArray@iot.count"] for each in groups["value"]] == [3, 3]
    first = groups["value"][0]
    assert first["Datastream@iot.navigationLink"].endswith(f"Datastreams({streams[0]})")
    result = first["components"].index("result")
    assert [row[result] for row in first["dataArray"]] == [0, 1, 2]
    query = "$select=phenomenonTime,result&$resultFormat=dataArray&$orderby=phenomenonTime desc&$top=2"
    chosen = sta.get(f"Datastreams({streams[0]})/Observations?{query}").json
    assert chosen["value"][0]["components"] == ["phenomenonTime", "result"]
    assert chosen["value"][0]["dataArray"] == [
        ["2026-11-21T02:00:00.000Z", 2],
        ["2026-11-21T01:00:00.000Z", 1],
    ]
    assert chosen["@iot.nextLink"]
    expanded = sta.get(
        "Datastreams?$expand=Observations($resultFormat=dataArray;$select=result,id;$top=2)"
    ).value
    assert [each["Observations"][0]["components"] for each in expanded] == [["result", "id"]] * 2
    assert [row[0] for row in expanded[0]["Observations"][0]["dataArray"]] == [0, 1]


def multipart(*parts: str) -> bytes:
    """A change set in a batch, after a query."""
    changes = "".join(f"--c\r\nContent-Type: application/http\r\nContent-ID: {n}\r\n\r\n{part}\r\n"
                      for n, part in enumerate(parts, 1))  # fmt: skip
    return (
        "--b\r\nContent-Type: application/http\r\n\r\n"
        "GET Things?$top=1&$select=name HTTP/1.1\r\nHost: x\r\n\r\n\r\n"
        f"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n{changes}--c--\r\n"
        "--b\r\nContent-Type: application/http\r\n\r\n"
        "GET /sensorthings/v1.1/Things(987654) HTTP/1.1\r\n\r\n\r\n"
        "--b--\r\n"
    ).encode()


POST_THING = (
    'POST Things HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{"name": "batch", "description": ""}\r\n'
)
POST_UNDER = (
    "POST $1/Datastreams HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
    '{"name": "s", "description": "", "observationType": "x", "unitOfMeasurement": '
    '{"name": null, "symbol": null, "definition": null}, "Sensor": {"name": "s", "description": "", '
    '"encodingType": "x", "metadata": "m"}, "ObservedProperty": {"name": "o", "description": "", '
    '"definition": "d"}}\r\n'
)


def test_it_does_multipart_batches_and_change_sets_whole_or_not_at_all(sta: Sta, streams: list[int]) -> None:
    kind = "multipart/mixed;boundary=b"
    said = sta.ask("POST", "$batch", multipart(POST_THING, POST_UNDER), kind)
    assert said.status == 200
    text = said.raw.decode()
    assert [line for line in text.split("\r\n") if line.startswith("HTTP/1.1")] == [
        "HTTP/1.1 200 OK", "HTTP/1.1 201 Created", "HTTP/1.1 201 Created", "HTTP/1.1 404 Not Found",
    ]  # fmt: skip
    assert '"name":"Gauge"' in text
    assert sta.names("Things?$filter=Datastreams/name eq 's'") == ["batch"]
    broken = 'POST Things HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{"name": 3}\r\n'
    said = sta.ask("POST", "$batch", multipart(POST_THING, broken), kind)
    assert said.raw.decode().count("HTTP/1.1 400") >= 1
    assert len(sta.names("Things?$filter=name eq 'batch'")) == 1


def test_it_does_json_batches_with_references(sta: Sta, streams: list[int]) -> None:
    whole = stream("C") | {"Thing": {"@iot.id": "$t"}}
    requests = [
        {"id": "t", "atomicityGroup": "g", "method": "post", "url": "Things",
         "body": {"name": "batch", "description": ""}},
        {"id": "d", "atomicityGroup": "g", "method": "post", "url": "Datastreams", "body": whole},
        {"id": "q", "method": "get", "url": "Things?$filter=name eq 'batch'&$count=true"},
        {"id": "x", "method": "get", "url": "Nothing"},
        {"id": "w", "method": "delete", "url": f"Datastreams({streams[0]})"},
    ]  # fmt: skip
    said = sta.ask("POST", "$batch", {"requests": requests})
    assert said.status == 200, said.raw
    answers = {each["id"]: each for each in said.json["responses"]}
    assert [answers[key]["status"] for key in "tdqxw"] == [201, 201, 200, 404, 200]
    assert answers["q"]["body"]["@iot.count"] == 1
    assert sta.names("Things?$filter=Datastreams/name eq 'C'") == ["batch"]
    requests[1]["body"] = {}
    said = sta.ask("POST", "$batch", {"requests": requests[:2]})
    assert [each["status"] for each in said.json["responses"]] == [400, 400]
    assert len(sta.names("Things?$filter=name eq 'batch'")) == 1


@pytest.mark.parametrize(("body", "kind"), [
    (b"{}", JSON), (b"[]", JSON), (b'{"requests": [3]}', JSON), (b"x", "multipart/mixed;boundary=b"),
    (b'{"requests": [{"id": "1", "method": "post", "url": "$batch"}]}', JSON),
    (b"--b\r\n\r\nx\r\n--b--", "multipart/mixed;boundary=b"),
])  # fmt: skip
def test_it_refuses_batches_without_form(sta: Sta, body: bytes, kind: str) -> None:
    assert sta.ask("POST", "$batch", body, kind).status == 400


def test_it_refuses_batches_of_other_kinds(sta: Sta) -> None:
    assert sta.ask("POST", "$batch", b"x", "text/plain").status == 415
