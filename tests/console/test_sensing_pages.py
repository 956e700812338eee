"""The console's pages about assets, devices and quarantine."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client

from patriot.kernel import clock
from patriot.ledger.models import Entry
from patriot.people.rules import Role
from patriot.sensing.models import Asset, AssetDay, Device, Quarantined
from tests.desk.test_desk import client_of
from tests.sensing.test_assets import every, made, stream_of
from tests.sensing.test_quarantine import readings_of, wait

pytestmark = pytest.mark.django_db
PATHS = ["/console/assets/", "/console/sensing/devices/", "/console/sensing/devices/csv/",
         "/console/sensing/quarantine/"]  # fmt: skip


@pytest.fixture
def operator() -> Client:
    return client_of(Role.OPERATOR)


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("path", PATHS)
def test_it_opens_empty_and_bears_nonsense(operator: Client, path: str) -> None:
    assert "empty" in text(operator, path) or "csv" in path
    for query in ("page=-1", "q=%00%25", "sort=x&health=y&agency=z", "state=no", "reason=%27", "resolved=1"):
        assert operator.get(f"{path}?{query}").status_code == 200


def test_it_lists_assets_the_worst_first_with_bars(operator: Client) -> None:
    now = clock.now()
    well, silent = made("well", yearly_cost_idr=1_250_000), made("silent", indicative=True)
    every(well, now - timedelta(hours=1), now)
    every(silent, now - timedelta(days=2), now - timedelta(days=1))
    AssetDay.objects.create(asset=well, day=now.date(), expected=100, heard=97)
    page = text(operator, "/console/assets/")
    assert page.index("silent") < page.index(">well<")
    assert page.count('class="uptime"') == 2
    assert "97 %" in page
    assert "1.250.000" in page


def test_it_hands_out_the_register_as_csv(operator: Client) -> None:
    made("gauge", note="=HYPERLINK(1)")
    made("camera", sort="camera", device=False)
    answer = operator.get("/console/assets/?format=csv&sort=camera")
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert [row["code"] for row in rows] == ["camera"]
    assert rows[0]["health"] == "unwatched"


def test_it_shows_one_asset_and_404_for_none(operator: Client) -> None:
    asset = made("gauge", contact="BPBD, Pusdalops", note="Data terbuka")
    page = text(operator, f"/console/assets/{asset.pk}/")
    assert "BPBD, Pusdalops" in page
    assert "Data terbuka" in page
    assert operator.get("/console/assets/999999/").status_code == 404


def test_it_lets_leadership_see_assets_but_no_secrets() -> None:
    client = client_of(Role.LEADERSHIP)
    assert client.get("/console/assets/").status_code == 200
    assert client.get("/console/sensing/devices/").status_code == 403


def test_it_provisions_a_device_and_shows_its_secret_once(operator: Client) -> None:
    answer = operator.post("/console/sensing/devices/new/", {"uid": "gauge-9"})
    page = answer.content.decode()
    assert "data:image/svg+xml" in page
    assert answer["Cache-Control"] == "no-store"
    device = Device.objects.get(uid="gauge-9")
    assert device.secret_digest
    assert device.secret_digest not in page
    assert "data:image" not in text(operator, "/console/sensing/devices/")
    again = operator.post("/console/sensing/devices/new/", {"uid": "gauge-9"}, follow=True)
    assert "banner--bad" in again.content.decode()


def test_it_rotates_and_shuts_out(operator: Client) -> None:
    operator.post("/console/sensing/devices/new/", {"uid": "gauge-9"})
    device = Device.objects.get(uid="gauge-9")
    operator.post(f"/console/sensing/devices/{device.pk}/rotate/")
    assert Device.objects.get(pk=device.pk).secret_digest != device.secret_digest
    operator.post(f"/console/sensing/devices/{device.pk}/switch/", {"enabled": "no"})
    assert not Device.objects.get(pk=device.pk).enabled
    operator.post(f"/console/sensing/devices/{device.pk}/switch/", {"enabled": "yes"})
    assert Device.objects.get(pk=device.pk).enabled
    assert operator.post("/console/sensing/devices/999999/rotate/", follow=True).status_code == 200


def test_it_previews_a_csv_by_line_and_makes_the_good_ones(operator: Client) -> None:
    asset = made("gauge")
    thing = str(asset.device.thing_id)  # type: ignore[union-attr]
    lines = f"uid,thing\nnew-1,{thing}\ngauge,\nbad one,\nnew-1,\nnew-2,nowhere\nnew-3,\n"
    page = operator.post("/console/sensing/devices/csv/", {"text": lines}).content.decode()
    assert page.count("badge--good") == 2
    assert page.count("badge--bad") == 4
    assert not Device.objects.filter(uid="new-1").exists()
    sheets = operator.post("/console/sensing/devices/csv/", {"text": lines, "confirmed": "1"})
    assert sheets.content.decode().count("data:image/svg+xml") == 2
    assert Device.objects.get(uid="new-1").thing_id == asset.device.thing_id  # type: ignore[union-attr]


@pytest.mark.parametrize("lines", ["", "a,b\n1,2", "uid\n", 'uid\n"open', "uid\n" + "x\n" * 600, "\x00"])
def test_it_says_what_is_wrong_with_a_file(operator: Client, lines: str) -> None:
    answer = operator.post("/console/sensing/devices/csv/", {"text": lines})
    assert answer.status_code == 200
    assert "data:image" not in answer.content.decode()


def test_it_shows_payloads_without_harm(operator: Client) -> None:
    wait("evil", b"<script>alert(1)</script>\x1b[31m\xff")
    page = text(operator, "/console/sensing/quarantine/")
    assert "<script>alert" not in page
    assert "\x1b" not in page
    assert "\\u001b" in page


def test_it_ties_a_device_and_stores_what_it_said(operator: Client) -> None:
    asset = made("gauge")
    thing = asset.device.thing_id  # type: ignore[union-attr]
    wait("stranger", b"12.5")
    wait("stranger", b"rubbish")
    form = {"uid": "stranger", "reason": "unknown_device", "thing": thing, "key": "level"}
    page = operator.post("/console/sensing/quarantine/replay/", form, follow=True).content.decode()
    assert "banner--good" in page
    assert "banner--warn" in page
    assert readings_of(stream_of(asset)) == [12.5]
    assert Device.objects.get(uid="stranger").thing_id == thing
    assert Quarantined.objects.filter(resolved_at=None).count() == 1


def test_it_discards_with_a_reason_and_takes_back(operator: Client) -> None:
    wait("noise", b"x")
    form = {"uid": "noise", "reason": "unknown_device"}
    operator.post("/console/sensing/quarantine/discard/", {**form, "words": " "})
    assert Quarantined.objects.filter(resolved_at=None).exists()
    operator.post("/console/sensing/quarantine/discard/", {**form, "words": "a test"})
    assert not Quarantined.objects.filter(resolved_at=None).exists()
    assert "a test" in text(operator, "/console/sensing/quarantine/?resolved=1")
    operator.post("/console/sensing/quarantine/undo/", form)
    assert Quarantined.objects.filter(resolved_at=None).exists()
    kinds = list(Entry.objects.filter(kind__startswith="sensing.quarantine").values_list("kind", flat=True))
    assert len(kinds) == 2


def test_it_pages_a_long_register(operator: Client) -> None:
    Asset.objects.bulk_create(
        Asset(code=f"a{n}", name=f"Asset {n}", sort="camera", agency="dishub") for n in range(95)
    )
    page = text(operator, "/console/assets/?page=2")
    assert "2 / 3" in page
    assert "page=3" in page
