"""On a live server: the short way of single observations, and the standard's own client."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import frost_sta_client as frost
import geojson
import httpx
import pytest
import uvicorn
from django.core.asgi import get_asgi_application
from django.db import connection
from frost_sta_client.model.ext.unitofmeasurement import UnitOfMeasurement
from frost_sta_client.service.auth_handler import AuthHandler

from patriot.api.sensorthings.fast import short
from patriot.people.rules import Role
from tests.api.sensorthings.conftest import Sta, stream, thing, token
from tests.nats import free_port

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = "/sensorthings/v1.1"


@contextmanager
def serving() -> Iterator[str]:
    """The web process's application on a free port, in a thread; its service root."""
    port = free_port()
    config = uvicorn.Config(
        short(get_asgi_application()), port=port, lifespan="off", log_level="error", http="httptools"  # type: ignore[arg-type]
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{port}{ROOT}"
    finally:
        server.should_exit = True
        thread.join(20)
        connection.close()


@pytest.fixture
def station(transactional_db: None) -> tuple[str, int]:
    """An administrator's token and a datastream."""
    word = token(Role.ADMINISTRATOR)
    sta = Sta(word)
    key = sta.make("Things", thing(Datastreams=[stream()]))
    return word, sta.ids(f"Things({key})/Datastreams")[0]


def test_it_gathers_single_observations_and_answers_after_the_commit(station: tuple[str, int]) -> None:
    word, level = station

    async def post_all(root: str) -> list[httpx.Response]:
        headers = {"Authorization": f"Bearer {word}"}
        async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=30) as client:
            body: dict[str, Any] = {"phenomenonTime": "2026-11-21T00:00:00Z"}
            return await asyncio.gather(*(
                client.post(f"{root}/Datastreams({level})/Observations", json=body | {"result": n})
                if n % 2 else
                client.post(f"{root}/Observations",
                            json=body | {"result": n, "Datastream": {"@iot.id": level}})
                for n in range(60)
            ))  # fmt: skip

    with serving() as root:
        answers = asyncio.run(post_all(root))
        assert {answer.status_code for answer in answers} == {201}
        keys = [answer.json()["@iot.id"] for answer in answers]
        assert len(set(keys)) == 60
        with httpx.Client(trust_env=False) as client:
            for n, answer in enumerate(answers):
                said = client.get(answer.headers["Location"]).json()
                assert said == answer.json() | {key: said[key] for key in ("resultQuality",) if key in said}
                assert said["result"] == n


def test_a_station_that_speaks_again_at_once_is_always_answered(station: tuple[str, int]) -> None:
    """The next request may come while the connection of the one before is being given back."""
    word, level = station
    headers = {"Authorization": f"Bearer {word}"}
    with serving() as root, httpx.Client(headers=headers, trust_env=False, timeout=10) as client:
        for n in range(300):
            said = {"result": n, "Datastream": {"@iot.id": level}}
            assert client.post(f"{root}/Observations", json=said).status_code == 201


ROWS = [["2026-11-21T00:00:00Z", 1], ["2026-11-21T07:00:00.25+07:00", 2.5], ["2026-11-21T00:00:02Z", -3]]


def test_it_takes_data_arrays_the_short_way_as_the_long_way_does(station: tuple[str, int]) -> None:
    word, level = station
    array = {"Datastream": {"@iot.id": level}, "components": ["phenomenonTime", "result"], "dataArray": ROWS}
    headers = {"Authorization": f"Bearer {word}"}
    with serving() as root, httpx.Client(headers=headers, trust_env=False, timeout=30) as client:
        short_links = client.post(f"{root}/CreateObservations", json=[array, array]).json()
        long_links = Sta(word).ask("POST", "CreateObservations", [array, array]).json
        assert len(short_links) == len(long_links) == 6
        for near, far in zip(short_links, long_links, strict=True):
            one, other = client.get(near).json(), client.get(f"{root}/{far.rpartition('/')[2]}").json()
            for name in ("phenomenonTime", "result", "resultTime"):
                assert one[name] == other[name]
        stored = [client.get(link).json() for link in short_links[:3]]
        assert [said["result"] for said in stored] == [1, 2.5, -3]
        assert stored[1]["phenomenonTime"] == "2026-11-21T00:00:00.250Z"


NOT_PLAIN: list[tuple[dict[str, Any], list[bool]]] = [
    ({"dataArray": [["2026-11-21T00:00:00Z", 1], ["2026-11-21T00:00:00Z", None]]}, [True, True]),
    ({"dataArray": [["2026-11-21T00:00:00", 1], ["yesterday", 1]]}, [True, False]),
    ({"dataArray": [["2026-11-21T00:00:00Z/2026-11-21T01:00:00Z", 1]]}, [True]),
    ({"dataArray": [["2026-11-21T00:00:00Z", "dry"], ["2026-11-21T00:00:00Z"]]}, [True, False]),
    ({"components": ["result", "phenomenonTime"], "dataArray": [[1, "2026-11-21T00:00:00Z"]]}, [True]),
    ({"Datastream": {"@iot.id": 987654}}, [False, False, False]),
    ({"Datastream": {"@iot.id": 2**63}}, [False, False, False]),
]


def test_it_hands_arrays_that_are_not_plain_to_the_long_way(station: tuple[str, int]) -> None:
    word, level = station
    plain = {"Datastream": {"@iot.id": level}, "components": ["phenomenonTime", "result"], "dataArray": ROWS}
    staff = {"Authorization": f"Bearer {token(Role.STAFF, 'dlh')}"}
    with serving() as root, httpx.Client(trust_env=False, timeout=30) as client:
        path, headers = f"{root}/CreateObservations", {"Authorization": f"Bearer {word}"}
        for change, kept in NOT_PLAIN:
            answer = client.post(path, json=[plain | change], headers=headers)
            assert answer.status_code == 201, change
            assert [link != "error" for link in answer.json()] == kept, change
        assert client.post(path, json=[plain]).status_code in (401, 403)
        foreign = client.post(path, json=[plain], headers=staff)
        assert (foreign.status_code, foreign.json()) == (201, ["error"] * 3)
        for body in (b"", b"[]", b"{}", b"[{}]", b"\xff", b"[" * 5000):
            assert client.post(path, content=body, headers=headers).status_code == 400, body


REFUSED = [
    (b'{"result": 1}', "Bearer wrong", 401), (b'{"result": 1}', "", 401), (b"{", None, 400), (b"", None, 400),
    (b'{"result": "wet"}', None, 201), (b'{"result": true}', None, 201), (b'{"result": null}', None, 201),
    (b'{"result": 1, "phenomenonTime": "no"}', None, 400), (b'{"nosuch": 1}', None, 400),
    (b'{"result": 1, "phenomenonTime": "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z"}', None, 201),
    (b'{"result": 1, "parameters": {"long": "' + b"x" * 9000 + b'"}}', None, 201),
]  # fmt: skip


def test_it_hands_what_is_not_plain_to_the_long_way_unharmed(station: tuple[str, int]) -> None:
    word, level = station
    with serving() as root, httpx.Client(trust_env=False) as client:
        for body, authorization, status in REFUSED:
            headers = {"Authorization": f"Bearer {word}" if authorization is None else authorization}
            url = f"{root}/Datastreams({level})/Observations"
            answer = client.post(
                url, content=body, headers={name: text for name, text in headers.items() if text}
            )
            assert answer.status_code == status, (body, answer.text)
        unknown = client.post(
            f"{root}/Datastreams(987654)/Observations", content=b'{"result": 1}', headers=headers
        )
        assert unknown.status_code == 404
        staff = {"Authorization": f"Bearer {token(Role.STAFF, 'dlh')}"}
        answer = client.post(
            f"{root}/Datastreams({level})/Observations", content=b'{"result": 1}', headers=staff
        )
        assert answer.status_code == 403


@pytest.mark.filterwarnings("ignore:furl.pathstr is deprecated:DeprecationWarning")
def test_it_works_with_frost_sta_client(station: tuple[str, int]) -> None:
    word, level = station
    with serving() as root:
        service = frost.SensorThingsService(root, auth_handler=AuthHandler(username="station", password=word))
        where = frost.Location(
            name="Weir", description="The weir", encoding_type="application/geo+json",
            location=geojson.Point((107.0, -6.25)), properties={"a": 1},
        )  # fmt: skip
        made = frost.Thing(
            name="Frost", description="A thing", properties={"owner": "client"}, locations=[where]
        )
        service.create(made)
        assert isinstance(made.id, int)
        unit = UnitOfMeasurement(name="centimetre", symbol="cm", definition="ucum:cm")
        level_stream = frost.Datastream(
            name="Level", description="Stage", observation_type="OM_Measurement", unit_of_measurement=unit,
            thing=made,
            sensor=frost.Sensor(name="S", description="s", encoding_type="text/plain", metadata="m"),
            observed_property=frost.ObservedProperty(name="O", description="o", definition="https://example.org"),
        )  # fmt: skip
        service.create(level_stream)
        for hour in range(5):
            service.create(frost.Observation(
                result=hour * 10, phenomenon_time=f"2026-11-20T0{hour}:00:00Z", datastream=level_stream,
            ))  # fmt: skip
        found = service.things().query().filter("name eq 'Frost'").expand("Locations,Datastreams").list()
        assert [each.name for each in found] == ["Frost"]
        observations = service.observations().query().filter(
            f"Datastream/id eq {level_stream.id} and result ge 20"
        ).orderby("phenomenonTime", "desc").top(2).list()  # fmt: skip
        assert [each.result for each in observations] == [40, 30, 20]  # follows nextLink
        fetched = service.things().find(made.id)
        fetched.name = "Frozen"
        service.update(fetched)
        assert service.things().find(made.id).name == "Frozen"
        service.patch(made, [{"op": "replace", "path": "/description", "value": "patched"}])
        assert service.things().find(made.id).description == "patched"
        assert service.datastreams().find(level_stream.id).unit_of_measurement.symbol == "cm"
        service.delete(made)
        assert service.things().query().filter("name eq 'Frozen'").count().list().entities == []
        assert service.datastreams().query().list().entities
    assert level
