"""The asset register: who owns what, whether it works, and what of each day was heard."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from patriot.kernel import clock
from patriot.kernel.errors import NotFound
from patriot.kernel.pack import Pack, PackError
from patriot.sensing.equipment import assets, register, uptime
from patriot.sensing.equipment.assets import Filters, Health, Heard, health
from patriot.sensing.models import Asset, AssetDay, Datastream, Device, ObservedProperty, Sensor, Thing

NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)  # noon in WIB
TODAY = date(2026, 11, 22)
CITIES = Path(__file__).parents[2] / "cities"
db = pytest.mark.django_db


def made(code: str = "gauge", *, every_s: int = 600, device: bool = True, **more: object) -> Asset:
    """An asset with a device, a thing and a datastream."""
    speaker = None
    if device:
        thing = Thing.objects.create(name=code)
        speaker = Device.objects.create(uid=code, thing=thing)
        seen = ObservedProperty.objects.create(name="Level", definition="x")
        sensor = Sensor.objects.create(name="Radar", encoding_type="x", metadata="x")
        Datastream.objects.create(
            name=code, thing=thing, sensor=sensor, observed_property=seen, key="level", observation_type="x"
        )
    told = {"name": code, "sort": "sensor", "agency": "bpbd", **more}
    return Asset.objects.create(code=code, every_s=every_s, device=speaker, **told)


def stream_of(asset: Asset) -> int:
    return Datastream.objects.get(thing=asset.device.thing_id).pk  # type: ignore[union-attr]


def hear(asset: Asset, *moments: datetime) -> None:
    """Readings at these moments, the last of them the latest."""
    stream = stream_of(asset)
    with connection.cursor() as cursor:
        for at in moments:
            cursor.execute(
                "INSERT INTO sensing_observation (datastream_id, at, received_at, value)"
                " VALUES (%s, %s, %s, 1)",
                [stream, at, at],
            )
        cursor.execute(
            "INSERT INTO sensing_latest VALUES (%s, 1, %s, %s, 1, 0, NULL) ON CONFLICT (datastream_id)"
            " DO UPDATE SET at = excluded.at",
            [stream, moments[-1], moments[-1]],
        )


def every(asset: Asset, since: datetime, until: datetime, step_s: int = 600) -> None:
    count = int((until - since).total_seconds() // step_s)
    hear(asset, *(since + timedelta(seconds=step_s * n) for n in range(count)))


def judged(**more: object) -> Health:
    told = {"watched": True, "heard": Heard(NOW), "online": None, "every_s": 600, "uptime": 1.0, "now": NOW}
    return health(**{**told, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({}, Health.WORKING),
        ({"watched": False}, Health.UNWATCHED),
        ({"heard": Heard()}, Health.NEVER),
        ({"heard": Heard(NOW - timedelta(minutes=30))}, Health.WORKING),
        ({"heard": Heard(NOW - timedelta(minutes=31))}, Health.SILENT),
        ({"online": False}, Health.SILENT),
        ({"online": True}, Health.WORKING),
        ({"heard": Heard(NOW, battery_pct=19.9)}, Health.WEAK),
        ({"heard": Heard(NOW, calibrated_until=TODAY)}, Health.WORKING),
        ({"heard": Heard(NOW, calibrated_until=TODAY - timedelta(days=1))}, Health.WEAK),
        ({"uptime": 0.89}, Health.WEAK),
        ({"uptime": None}, Health.WORKING),
    ],
)
def test_it_judges_health(more: dict[str, object], wanted: Health) -> None:
    assert judged(**more) is wanted


@db
def test_it_counts_each_moment_once() -> None:
    asset = made()
    start = datetime(2026, 11, 20, 17, tzinfo=UTC)  # the 21st begins in WIB
    every(asset, start, start + timedelta(hours=12))
    hear(asset, *(start + timedelta(seconds=n) for n in range(5)))  # five words in one moment
    uptime.count(NOW)
    row = AssetDay.objects.get(asset=asset, day=TODAY - timedelta(days=1))
    assert (row.expected, row.heard) == (144, 72)
    assert AssetDay.objects.get(asset=asset, day=TODAY).heard == 0
    assert AssetDay.objects.get(asset=asset, day=TODAY).expected == 72


@db
def test_it_has_no_record_of_days_before_the_first_word() -> None:
    asset = made()
    first = datetime(2026, 11, 21, 5, tzinfo=UTC)
    every(asset, first, NOW)
    uptime.count(NOW)
    found = assets.asset(asset.pk, now=NOW)
    assert [one.share for one in found.days[-3:]] == [None, 1.0, 1.0]
    assert found.uptime == 1.0
    assert found.health is Health.WORKING


@db
def test_it_counts_again_what_came_late_and_keeps_what_went_to_the_archive() -> None:
    asset = made(every_s=3600)
    day = TODAY - timedelta(days=5)
    start = datetime(2026, 11, 16, 17, tzinfo=UTC)
    every(asset, start, start + timedelta(hours=6), 3600)
    uptime.count(NOW)
    assert AssetDay.objects.get(asset=asset, day=day).heard == 6
    every(asset, start + timedelta(hours=6), start + timedelta(hours=12), 3600)
    uptime.count(NOW)
    assert AssetDay.objects.get(asset=asset, day=day).heard == 12
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sensing_observation")
    uptime.count(NOW)
    assert AssetDay.objects.get(asset=asset, day=day).heard == 12


@db
def test_it_lists_the_worst_first_and_filters() -> None:
    well, silent, unwatched = made("well"), made("silent"), made("dark", device=False, sort="camera")
    every(well, NOW - timedelta(hours=2), NOW)
    every(silent, NOW - timedelta(hours=4), NOW - timedelta(hours=2))
    made("never", agency="dishub")
    uptime.count(NOW)
    with clock.at(NOW):
        assert [row.code for row in assets.assets()] == ["silent", "never", "dark", "well"]
        assert [row.code for row in assets.assets(Filters(sort="camera"))] == [unwatched.code]
        assert [row.code for row in assets.assets(Filters(agency="dishub"))] == ["never"]
        assert [row.code for row in assets.assets(Filters(health="working", words="WEL"))] == ["well"]
        told = assets.figures(assets.assets())
    assert (told.total, told.watched, told.alive, told.percent) == (4, 3, 1, 25)


@db
def test_it_takes_no_backlog_for_a_sign_of_life() -> None:
    asset = made()
    every(asset, NOW - timedelta(days=2), NOW - timedelta(days=1))
    assert assets.asset(asset.pk, now=NOW).health is Health.SILENT


@db
def test_it_says_when_there_is_none() -> None:
    with pytest.raises(NotFound):
        assets.asset(1)


@db
def test_it_loads_a_citys_register_twice_over() -> None:
    pack = Pack(CITIES / "kota_bekasi")
    count = register.load(pack)
    Asset.objects.filter(code="cctv_01").update(contact="Pak Budi")
    assert register.load(pack) == count == Asset.objects.count()
    assert Asset.objects.filter(sort="camera").count() == 58
    assert Asset.objects.get(code="cctv_01").contact == "Pak Budi"
    assert Asset.objects.filter(sort="camera", device=None).exists()  # nobody watches them yet
    assert not Asset.objects.filter(agency="").exists()


def test_it_refuses_a_device_that_speaks_for_two(tmp_path: Path) -> None:
    lines = (CITIES / "kota_bekasi" / "assets.csv").read_text().splitlines()
    (tmp_path / "assets.csv").write_text("\n".join([*lines[:2], lines[1].replace("cctv_01", "cctv_02")]))
    with pytest.raises(PackError, match="line 2 already"):
        register.check(Pack(tmp_path))
