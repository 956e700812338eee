"""From what a sensor noticed to a draft that lacks nothing but an operator's eye."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

from patriot.kernel.errors import NotFound
from patriot.kernel.pack import Pack
from patriot.ledger import actions as ledger
from patriot.people.rules import Role
from patriot.sensing.events import ConditionChanged, ForecastMade
from patriot.warnings import actions, pack
from patriot.warnings.models import PublicWarning, Siren, WarningTemplate
from patriot.warnings.rules import BLANK
from tests.factories import user
from tests.warnings.makers import MAYOR, OPERATOR, area

pytestmark = pytest.mark.django_db
CITIES = Path(__file__).parents[2] / "cities"
NIGHT = datetime(2026, 11, 21, 18, 10, tzinfo=UTC)  # 01.10 WIB


def noticed(level: int = 3, *, condition: str = "siaga:12", code: str = "siaga", value: float = 562,
            unit: str = "cm", name: str = "P2C", label: str = "Siaga 1") -> None:  # fmt: skip
    """The river stands high at P2C."""
    said = ConditionChanged(
        condition=condition, code=code, level=level, old_level=0, label=label, priority="high", thing=1,
        datastream=12, name=name, value=value, unit=unit, agency="bpbd", area="32.75.09.1004", lon=106.97,
        lat=-6.3, at=NIGHT,
    )  # fmt: skip
    ledger.append(said, actor="system:sensing", subject=f"condition:{condition}", agency="bpbd")


def foretold(
    peak_at: datetime, *, value: float | None = 473.2, level: int = 2, at: datetime = NIGHT,
    method: str = "learned",
) -> None:  # fmt: skip
    """The river is expected to stand high at P2C."""
    said = ForecastMade(
        thing=1, name="P2C", method=method, state="rising", now=225, value=value, low=433, high=512,
        peak_at=peak_at, peak_from=peak_at, peak_to=peak_at, level=level, label=f"Siaga {4 - level}",
        mae_cm=4, mae_hours=0.3, coverage=0.91, waves=10, days=45, ahead_h=4, agency="bpbd",
        area="32.75.09.1004", at=at,
    )  # fmt: skip
    ledger.append(said, actor="system:forecast", subject="thing:1", agency="bpbd")


@pytest.fixture
def kota() -> None:
    area("32.75", "Kota Bekasi", "city", "")
    area("32.75.09", "Jatiasih", "kecamatan", "32.75")
    area()
    pack.load(Pack(CITIES / "kota_bekasi"))


def test_it_writes_the_warning_that_fits_the_level(kota: None) -> None:
    noticed(2)
    noticed(3)
    pk = actions.draft_from_condition("siaga:12", viewer=OPERATOR)
    row = PublicWarning.objects.get(pk=pk)
    assert (row.template, row.severity, row.condition) == ("banjir_siaga_1", "Extreme", "siaga:12")
    assert "562 cm pukul 01.10 WIB" in row.description_id
    assert "…" not in row.description_id + row.description_en + row.headline_id
    assert "32.75.09.1004" in row.area_codes
    assert actions.submit(pk, viewer=OPERATOR) == "waiting"
    actions.approve(pk, viewer=MAYOR)


def test_it_never_says_of_what_is_foretold_that_it_was_measured(kota: None) -> None:
    foretold(NIGHT + timedelta(hours=2))
    foretold(NIGHT + timedelta(hours=3))
    noticed(2, condition="forecast:1", code="forecast", value=473.2)
    row = drafted("forecast:1")
    assert (row.template, row.certainty, row.urgency) == ("banjir_diperkirakan_2", "Likely", "Expected")
    assert "diperkirakan mencapai 473 cm (Siaga 2) sekitar pukul 04.10 WIB" in row.description_id
    assert "is expected to reach 473 cm" in row.description_en
    assert "…" not in row.headline_id + row.description_id + row.description_en


def drafted(condition: str) -> PublicWarning:
    """What is drafted from a condition."""
    return PublicWarning.objects.get(pk=actions.draft_from_condition(condition, viewer=OPERATOR))


def test_it_takes_figure_level_and_hour_of_one_forecast_the_newest(kota: None) -> None:
    foretold(NIGHT + timedelta(hours=3))
    noticed(2, condition="forecast:1", code="forecast", value=473.2)
    foretold(NIGHT + timedelta(hours=2), value=561.8, level=3, at=NIGHT + timedelta(minutes=20))
    row = drafted("forecast:1")
    assert row.template == "banjir_diperkirakan_1"
    said = "diperkirakan mencapai 562 cm (Siaga 1) sekitar pukul 03.10 WIB. Prakiraan dibuat pukul 01.30 WIB."
    assert said in row.description_id
    foretold(NIGHT + timedelta(hours=2), value=300, level=0, at=NIGHT + timedelta(minutes=40))
    with pytest.raises(NotFound):
        actions.draft_from_condition("forecast:1", viewer=OPERATOR)


@pytest.mark.parametrize("level", [2, 3])
def test_it_says_the_hour_of_a_gauge_beside_the_gauge_and_not_of_places_downstream(
    kota: None, level: int
) -> None:
    foretold(NIGHT + timedelta(hours=3), level=level)
    noticed(level, condition="forecast:1", code="forecast")
    row = drafted("forecast:1")
    assert "04.10" not in row.headline_id + row.headline_en
    assert "Air di P2C diperkirakan mencapai 473 cm" in row.description_id
    for text in (row.description_id, row.description_en):
        sentence = next(one for one in text.split(". ") if "04.10" in one)
        assert "P2C" in sentence
        assert "Jatirasa" not in sentence


@pytest.mark.parametrize("level", [1, 2, 3])
def test_it_calls_no_discharge_a_height_of_the_water(kota: None, level: int) -> None:
    noticed(level, value=412.4, unit="m³/s", name="Bendung Bekasi")
    row = drafted("siaga:12")
    said = f"Siaga {4 - level} di Bendung Bekasi: 412 m³/s pukul 01.10 WIB."
    assert row.description_id.startswith(said)
    assert row.description_en.startswith(said.replace(" di ", " at ").replace("pukul", "at"))


def test_it_says_of_rain_what_the_gauge_measured_and_nothing_of_wind(kota: None) -> None:
    noticed(1, condition="rain:40", code="rain", value=23.52, unit="mm", name="Pos hujan Jatiasih")
    row = drafted("rain:40")
    assert (row.template, row.certainty) == ("hujan_sangat_lebat", "Observed")
    assert "Pos hujan Jatiasih: 23,5 mm dalam satu jam sampai pukul 01.10 WIB, " in row.description_id
    assert "Pos hujan Jatiasih: 23.5 mm in the hour to 01.10 WIB, which is" in row.description_en
    assert "angin" not in row.event_id + row.headline_id + row.description_id + row.instruction_id
    assert "wind" not in row.event_en + row.headline_en + row.description_en
    forecast = WarningTemplate.objects.get(code="hujan_lebat")
    assert (forecast.conditions, forecast.certainty) == ([], "Likely")


def test_it_writes_a_fast_rise_as_each_language_does(kota: None) -> None:
    noticed(1, condition="rate_of_rise:12", code="rate_of_rise", value=87.34, unit="cm/h")
    row = drafted("rate_of_rise:12")
    assert row.description_id == "Air di P2C naik cepat: 87,3 cm/jam pada pukul 01.10 WIB."
    assert row.description_en == "The water at P2C is rising fast: 87.3 cm/h at 01.10 WIB."


def test_it_puts_the_figure_an_operator_writes_into_both_languages(kota: None, client: Client) -> None:
    client.force_login(user(Role.OPERATOR))
    told = {"template": "air_naik_cepat", "status": "Exercise", "station": "P2C", "level": "1,5 m/jam",
            "time": "01.10 WIB", "areas": ["32.75.09.1004"]}  # fmt: skip
    client.post("/console/warnings/new/", told)
    row = PublicWarning.objects.get()
    assert "naik cepat: 1,5 m/jam pada pukul" in row.description_id
    assert "rising fast: 1.5 m/h at" in row.description_en


AIR = [
    (1, "unhealthy", "Tidak sehat", "Unhealthy", "Moderate"),
    (2, "very_unhealthy", "Sangat tidak sehat", "Very unhealthy", "Severe"),
    (3, "hazardous", "Berbahaya", "Hazardous", "Severe"),
]


@pytest.mark.parametrize(("level", "code", "indonesian", "english", "severity"), AIR)
def test_it_names_the_class_of_the_air_in_each_language(
    kota: None, client: Client, level: int, code: str, indonesian: str, english: str, severity: str
) -> None:
    noticed(level, condition="ispu:7", code="ispu", value=215, unit="", name="SPKU Bekasi", label=code)
    row = drafted("ispu:7")
    assert row.severity == severity
    assert row.description_id.endswith(f"(ISPU) SPKU Bekasi tercatat 215 pada pukul 01.10 WIB: {indonesian}.")
    assert row.description_en.endswith(f"(ISPU) at SPKU Bekasi was 215 at 01.10 WIB: {english}.")
    assert indonesian.lower() in row.event_id.lower()
    assert english.lower() in row.event_en.lower()
    client.force_login(user(Role.OPERATOR))
    page = client.get("/console/warnings/new/?condition=ispu:7").content.decode()
    hidden = dict(re.findall(r'type="hidden" name="(label\w*)" value="([^"]*)"', page))
    assert hidden == {"label": indonesian, "label_en": english}
    client.post("/console/warnings/new/", hidden | {
        "template": row.template, "status": "Exercise", "station": "SPKU Bekasi", "level": "215",
        "time": "01.10 WIB", "areas": ["32.75.09.1004"],
    })  # fmt: skip
    made = PublicWarning.objects.get(pk__gt=row.pk)
    assert (made.description_id, made.description_en) == (row.description_id, row.description_en)


def test_it_claims_no_level_of_a_river_that_only_rises_fast(kota: None) -> None:
    noticed(1, condition="rate_of_rise:12", code="rate_of_rise", value=187.1)
    row = drafted("rate_of_rise:12")
    assert "naik cepat: 187 cm" in row.description_id
    assert "Siaga" not in row.headline_id + row.description_id + row.event_id


def test_it_fills_in_the_places_of_what_was_ticked_on_the_page(kota: None, client: Client) -> None:
    noticed(3)
    client.force_login(user(Role.OPERATOR))
    path = "/console/warnings/new/?condition=siaga:12"
    page = client.get(path).content.decode()
    ticked = re.findall(r'name="areas" value="([\d.]+)"[^>]* checked', page)
    assert ticked == ["32.75.09.1004"]  # the others of the pack are no areas here
    told = {
        "template": "banjir_siaga_1",
        "status": "Exercise",
        "station": "P2C",
        "level": "562 cm",
        "places": "",
    }
    for areas in (ticked, []):
        made = client.post(path, told | {"areas": areas, "condition": "siaga:12"}).headers["Location"]
        row = PublicWarning.objects.get(pk=int(made.rstrip("/").rsplit("/", 1)[1]))
        assert row.headline_id == "Banjir besar di Jatirasa: mengungsi sekarang"
        assert row.area_desc == "Jatirasa"


def test_it_says_when_nothing_is_known(kota: None) -> None:
    with pytest.raises(NotFound):
        actions.draft_from_condition("siaga:99", viewer=OPERATOR)
    noticed(1, condition="battery:1", code="battery")
    with pytest.raises(NotFound):
        actions.draft_from_condition("battery:1", viewer=OPERATOR)


def test_it_warns_of_nothing_that_is_normal_again(kota: None, client: Client) -> None:
    noticed(1)
    noticed(0)
    with pytest.raises(NotFound):
        actions.draft_from_condition("siaga:12", viewer=OPERATOR)
    client.force_login(user(Role.OPERATOR))
    client.cookies["django_language"] = "en"
    page = client.get("/console/warnings/new/?condition=siaga:12").content.decode()
    assert "P2C is normal again" in page
    assert "Nothing is known" not in page
    assert "562" not in page
    assert not re.search(r'name="(template|areas)"[^>]* checked', page)
    noticed(2, condition="forecast:1", code="forecast")
    noticed(0, condition="forecast:1", code="forecast")
    page = client.get("/console/warnings/new/?condition=forecast:1").content.decode()
    assert "is no longer expected, or has come by now" in page


@pytest.mark.parametrize("city", ["kota_bekasi", "kabupaten_bekasi"])
def test_it_has_templates_that_can_be_sent_once_filled(city: str) -> None:
    area()
    pack.load(Pack(CITIES / city))
    fields = dict.fromkeys(("station", "level", "level_en", "time", "hour", "label", "label_en"), "x")
    for template in WarningTemplate.objects.all():
        pk = actions.draft_from_template(
            template.code, fields, viewer=OPERATOR, area_codes=["32.75.09.1004"], status="Exercise"
        )
        assert actions.submit(pk, viewer=OPERATOR) in ("waiting", "published"), template.code


@pytest.mark.parametrize("city", ["kota_bekasi", "kabupaten_bekasi"])
def test_it_takes_no_indonesian_figure_or_label_into_an_english_text(city: str) -> None:
    pack.load(Pack(CITIES / city))
    for template in WarningTemplate.objects.all():
        english = template.headline_en + template.description_en + template.instruction_en
        assert not {"level", "label"} & set(BLANK.findall(english)), template.code


def test_it_keeps_sirens_that_left_the_pack_out_of_use(kota: None) -> None:
    assert Siren.objects.filter(in_use=True).count() == 6
    pack.load(Pack(CITIES / "kabupaten_bekasi"))
    assert Siren.objects.filter(in_use=True).count() == 0
    assert Siren.objects.count() == 6


def test_it_keeps_to_the_last_forecast_that_knew_a_level(kota: None) -> None:
    foretold(NIGHT + timedelta(hours=2))
    foretold(NIGHT + timedelta(hours=3), method="rule_of_thumb", value=None, level=0)
    noticed(2, condition="forecast:1", code="forecast", value=473.2)
    row = PublicWarning.objects.get(pk=actions.draft_from_condition("forecast:1", viewer=OPERATOR))
    assert "473 cm (Siaga 2) sekitar pukul 03.10 WIB" in row.description_id
