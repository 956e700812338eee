"""Who sees and changes what: nothing hidden shows through filters, expansions, counts, sorting or paths."""

import base64

import pytest

from patriot.api.sensorthings import who
from patriot.people.models import ApiToken
from patriot.people.rules import Role
from patriot.sensing.sta.model import ENTITIES
from tests import factories
from tests.api.sensorthings.conftest import Sta, point, stream, thing, token

SECRET = "rahasia"


@pytest.fixture
def hidden(sta: Sta) -> int:
    """A hidden station of an agency, whose every text is secret, beside a public one. The id of the thing."""
    factories.agency("dbmta")
    factories.agency("dlh")
    public = sta.make("Things", thing("Open"))
    sta.make(f"Datastreams({sta.ids(f'Things({public})/Datastreams')[0]})/Observations", {"result": 1})
    body = thing(SECRET, public=False, Datastreams=[stream(SECRET, Observations=[{"result": 4711}])])
    body["properties"] |= {"agency": "dbmta", "note": SECRET}
    body["Locations"][0]["location"] = point(55, 55)
    return sta.make("Things", body)


QUESTIONS = [
    *(f"{entity.plural}?$count=true" for entity in ENTITIES),
    f"Things?$count=true&$filter=name eq '{SECRET}'",
    f"Things?$count=true&$filter=startswith(Datastreams/name, '{SECRET}')",
    f"Datastreams?$count=true&$filter=Thing/name eq '{SECRET}'",
    "Observations?$count=true&$filter=result gt 4000",
    "Things?$count=true&$filter=Datastreams/Observations/result gt 4000",
    "Locations?$count=true&$filter=st_within(location, geography'POLYGON((50 50,60 50,60 60,50 60,50 50))')",
    "Things?$count=true&$filter=geo.distance(Locations/location, geography'POINT(55 55)') lt 1",
    "FeaturesOfInterest?$count=true&$filter=geo.distance(feature, geography'POINT(55 55)') lt 1",
    f"Sensors?$count=true&$filter=Datastreams/name eq '{SECRET}'",
    f"ObservedProperties?$count=true&$filter=Datastreams/Thing/name eq '{SECRET}'",
]


def test_it_shows_strangers_nothing_hidden_by_any_question(sta: Sta, nobody: Sta, hidden: int) -> None:
    for question in QUESTIONS:
        said = nobody.get(question).json
        everything = sta.get(question).json
        assert said["@iot.count"] == len(said["value"]) < everything["@iot.count"], question
        assert SECRET.encode() not in nobody.get(question).raw
        assert b"4711" not in nobody.get(question).raw


def test_it_shows_nothing_hidden_in_expansions_and_under_shared_entities(
    sta: Sta, nobody: Sta, hidden: int
) -> None:  # fmt: skip
    """The hidden datastream uses the public one's sensor, property and place."""
    public = sta.ids("Things?$filter=name eq 'Open'")[0]
    shared = sta.get(f"Things({public})/Datastreams?$expand=Sensor,ObservedProperty").value[0]
    theirs = sta.ids(f"Things({hidden})/Datastreams")[0]
    sta.ask("PATCH", f"Datastreams({theirs})", {
        "Sensor": {"@iot.id": shared["Sensor"]["@iot.id"]},
        "ObservedProperty": {"@iot.id": shared["ObservedProperty"]["@iot.id"]},
    })  # fmt: skip
    place = sta.ids(f"Things({public})/Locations")[0]
    sta.ask("PATCH", f"Things({hidden})", {"Locations": [{"@iot.id": place}]})
    for question in ("Sensors?$expand=Datastreams($expand=Observations;$count=true)",
                     "ObservedProperties?$expand=Datastreams/Observations",
                     "Locations?$expand=Things/Datastreams/Observations,HistoricalLocations/Thing",
                     "FeaturesOfInterest?$expand=Observations($count=true)",
                     f"Sensors({shared['Sensor']['@iot.id']})/Datastreams?$count=true",
                     f"Locations({place})/Things?$count=true", f"Locations({place})/HistoricalLocations",
                     "Things?$orderby=Locations/Things/name desc",
                     "Sensors?$orderby=Datastreams/name desc"):  # fmt: skip
        raw = nobody.get(question).raw
        assert SECRET.encode() not in raw, question
        assert b"4711" not in raw, question
        assert len(sta.get(question).raw) > len(raw) or "$orderby" in question, question
    assert nobody.ids(f"Sensors?$filter=Datastreams/name eq '{SECRET}'") == []
    assert nobody.ids(f"Locations?$filter=Things/name eq '{SECRET}'") == []
    assert nobody.get(f"Sensors({shared['Sensor']['@iot.id']})?$expand=Datastreams($count=true)").json[
        "Datastreams@iot.count"
    ] == 1  # fmt: skip


def test_it_has_404_for_what_is_hidden_as_for_what_is_not_there(sta: Sta, nobody: Sta, hidden: int) -> None:
    there = sta.get(f"Things({hidden})?$expand=Datastreams/Observations,Locations,HistoricalLocations").json
    stream_ = there["Datastreams"][0]["@iot.id"]
    observation = there["Datastreams"][0]["Observations"][0]["@iot.id"]
    paths = [f"Things({hidden})", f"Things({hidden})/Datastreams", f"Things({hidden})/name",
             f"Datastreams({stream_})",
             f"Datastreams({stream_})/Observations", f"Observations({observation})",
             f"Locations({there['Locations'][0]['@iot.id']})/Things",
             f"HistoricalLocations({there['HistoricalLocations'][0]['@iot.id']})/Thing",
             f"Datastreams({stream_})/Sensor", f"Datastreams({stream_})/$ref"]  # fmt: skip
    for path in paths:
        said, unknown = nobody.ask("GET", path), nobody.ask("GET", path.replace("(", "(98765"))
        assert said.status == unknown.status == 404, path
        assert SECRET.encode() not in said.raw


def test_it_shows_an_agency_its_own_and_the_operator_everything(sta: Sta, hidden: int) -> None:
    assert Sta(token(Role.STAFF, "dbmta")).names("Things") == ["Open", SECRET]
    assert Sta(token(Role.STAFF, "dlh")).names("Things") == ["Open"]
    assert Sta(token(Role.CITIZEN)).names("Things") == ["Open"]
    assert Sta(token(Role.OPERATOR)).names("Things") == ["Open", SECRET]


def test_it_hides_a_private_datastream_of_a_public_thing(sta: Sta, nobody: Sta) -> None:
    key = sta.make("Things", thing(Datastreams=[stream("A"), stream("B", properties={"public": False})]))
    assert nobody.names(f"Things({key})/Datastreams") == ["A"]
    assert nobody.names("Sensors") == ["Sensor of A"]
    assert sta.names(f"Things({key})/Datastreams") == ["A", "B"]


def test_it_lets_nobody_write_without_a_token(sta: Sta, nobody: Sta, hidden: int) -> None:
    for method, path in (("POST", "Things"), ("PATCH", f"Things({hidden})"), ("DELETE", f"Things({hidden})"),
                         ("POST", "CreateObservations"), ("PUT", f"Things({hidden})")):  # fmt: skip
        said = nobody.ask(method, path, {"name": "x", "description": ""})
        assert said.status == 401
        assert said.headers["WWW-Authenticate"].startswith("Basic")
    assert Sta("wrong").ask("GET", "Things").status == 401
    assert Sta(token(Role.CITIZEN)).ask("POST", "Things", thing()).status in (401, 403)
    assert Sta(token(Role.OPERATOR)).ask("POST", "Things", thing()).status in (401, 403)


def test_it_takes_no_session_for_writing(sta: Sta, nobody: Sta) -> None:
    nobody.client.force_login(factories.user(Role.ADMINISTRATOR), "patriot.people.sign_in.Backend")
    sta.make("Things", thing(public=False))
    assert nobody.names("Things") == ["Gauge"]
    assert nobody.ask("POST", "Things", thing()).status == 401


def test_it_lets_an_agency_write_what_is_its_own_only(sta: Sta, hidden: int) -> None:
    mine, other = Sta(token(Role.STAFF, "dbmta")), Sta(token(Role.STAFF, "dlh"))
    theirs = mine.ids(f"Things({hidden})/Datastreams")[0]
    assert mine.ask("PATCH", f"Things({hidden})", {"description": "ours"}).status == 200
    assert mine.ask("POST", f"Datastreams({theirs})/Observations", {"result": 5}).status == 201
    public = sta.ids("Things?$filter=name eq 'Open'")[0]
    level = sta.ids(f"Things({public})/Datastreams")[0]
    refused = [
        ("PATCH", f"Things({public})", {"name": "mine now"}), ("DELETE", f"Things({public})", None),
        ("POST", f"Datastreams({level})/Observations", {"result": 1}),
        ("POST", "Observations", {"result": 1, "Datastream": {"@iot.id": level}}),
        ("POST", f"Things({public})/Datastreams", stream()),
        ("PATCH", f"Datastreams({level})", {"name": "x"}),
        ("PATCH", f"Sensors({sta.ids(f'Datastreams({level})/Sensor/Datastreams')[0]})", {"name": "x"}),
        ("DELETE",
         f"ObservedProperties({sta.get(f'Datastreams({level})/ObservedProperty').json['@iot.id']})", None),
        ("DELETE",
         f"FeaturesOfInterest({sta.ids('FeaturesOfInterest?$filter=Observations/result eq 1')[0]})", None),
        ("POST", "Locations", {"name": "x", "description": "", "encodingType": "application/geo+json",
                               "location": point(1, 1), "Things": [{"@iot.id": public}]}),
        ("POST", "HistoricalLocations", {"time": "2020-01-01T00:00:00Z", "Thing": {"@iot.id": public}}),
        ("POST", "Things", thing(properties={"agency": "dlh"})),
    ]  # fmt: skip
    for method, path, body in refused:
        assert mine.ask(method, path, body).status in (403, 404), (method, path)
    arrays = [{"Datastream": {"@iot.id": level}, "components": ["result"], "dataArray": [[1]]}]
    assert mine.ask("POST", "CreateObservations", arrays).json == ["error"]
    assert other.ask("PATCH", f"Things({hidden})", {"name": "x"}).status == 404
    assert other.ask("POST", f"Datastreams({theirs})/Observations", {"result": 1}).status == 404
    own = other.make("Things", thing("Theirs", public=False))
    assert "Theirs" in other.names("Things")
    assert "Theirs" not in mine.names("Things")
    assert other.ask("DELETE", f"Things({own})").status == 200


def test_it_knows_a_token_as_a_basic_password(sta: Sta) -> None:
    basic = base64.b64encode(f"station:{token(Role.STAFF, 'dbmta')}".encode()).decode()
    client = Sta()
    client.client.defaults["HTTP_AUTHORIZATION"] = f"Basic {basic}"
    assert client.make("Things", thing("By Basic"))
    client.client.defaults["HTTP_AUTHORIZATION"] = "Basic !!!"
    assert client.ask("GET", "Things").status == 401


def test_it_forgets_a_revoked_token_within_seconds(sta: Sta, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Sta(token(Role.STAFF, "dbmta"))
    client.make("Things", thing())
    ApiToken.objects.all().delete()
    monkeypatch.setattr(who, "BELIEVED_S", 0.0)
    assert client.ask("POST", "Things", thing()).status == 401


# Pages of other sites: they read what strangers read, and write nothing.


@pytest.mark.parametrize("path", ["", "Things", "Things(1)", "$batch", "Nothing"])
def test_it_says_what_may_be_done(nobody: Sta, path: str) -> None:
    said = nobody.ask("OPTIONS", path)
    assert said.status == 204
    assert said.headers["Allow"] == "GET, HEAD, OPTIONS, POST, PATCH, PUT, DELETE"


def test_any_page_may_read_without_a_password_and_none_may_write(nobody: Sta) -> None:
    headers = nobody.ask("OPTIONS", "Things").headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert "authorization" not in headers["Access-Control-Allow-Headers"].lower()
    assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.parametrize(
    ("method", "open_"), [("GET", True), ("HEAD", True), ("POST", False), ("DELETE", False)]
)
def test_only_what_is_read_is_open_to_pages_of_others(nobody: Sta, method: str, open_: bool) -> None:
    headers = nobody.ask(method, "Things").headers
    assert headers.get("Access-Control-Allow-Origin") == ("*" if open_ else None)
    assert "Access-Control-Allow-Credentials" not in headers
