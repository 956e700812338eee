"""What the simulator plans out of a seed: the same seed gives the same city, another seed another one."""

import ast
from io import BytesIO
from itertools import islice, pairwise
from pathlib import Path

import pytest
from PIL import Image

import patriot.simulate
from patriot.kernel.geometry import Point, distance_m
from patriot.kernel.pack import Pack
from patriot.simulate.citizens import Wish, rate, wishes
from patriot.simulate.fleet import Claims, Vehicle, vehicles
from patriot.simulate.launch import SCENES
from patriot.simulate.pictures import AFTER, THINGS, picture
from patriot.simulate.streets import Streets

BEKASI = Pack(Path(__file__).parents[2] / "cities" / "kota_bekasi")
KNOWN = {line.split(",")[0] for line in (BEKASI.path / "categories.csv").read_text().splitlines()[1:]}
DEVICES = [
    {"uid": f"sim-{kind}-{n}", "callsign": f"{kind} {n}", "kind": kind, "agency": "x", "plate": ""}
    for kind in ("baktor", "refuse_truck", "ambulance") for n in range(4)
]  # fmt: skip


@pytest.fixture(scope="module")
def streets() -> Streets:
    return Streets.of(BEKASI)


def reports(seed: str, streets: Streets) -> list[Wish]:
    return list(islice(wishes(seed, streets, KNOWN, per_day=1000, hour=7), 200))


def moves(seed: str, streets: Streets) -> list[tuple[str, Point]]:
    cars = vehicles(seed, DEVICES, {}, streets)
    seen = []
    for _ in range(150):
        for car in cars:
            car.step(5, streets)
        seen += [(car.uid, car.drive.at) for car in cars]
    return seen


def test_it_repeats_the_same_reports_for_the_same_seed(streets: Streets) -> None:
    assert reports("one", streets) == reports("one", streets)
    assert reports("one", streets) != reports("two", streets)


def test_it_repeats_the_same_moves_for_the_same_seed(streets: Streets) -> None:
    assert moves("one", streets) == moves("one", streets)
    assert moves("one", streets) != moves("two", streets)


def test_it_draws_the_same_picture_for_the_same_seed() -> None:
    assert picture("sampah", 7) == picture("sampah", 7)
    assert picture("sampah", 7) != picture("sampah", 8)
    assert picture("sampah", 7) != picture("sampah", 7, after=True)


@pytest.mark.parametrize("category", sorted({*THINGS, *AFTER, "saran"}))
def test_it_draws_every_kind_of_problem(category: str) -> None:
    assert Image.open(BytesIO(picture(category, 1))).size == (960, 720)


def test_it_follows_qlues_mix(streets: Streets) -> None:
    seen = [wish.category for wish in islice(wishes("mix", streets, KNOWN, per_day=1000, hour=0), 4000)]
    share = {code: seen.count(code) / len(seen) for code in set(seen)}
    rubbish = sum(share[code] for code in ("sampah", "sampah_liar", "sampah_tidak_diangkut"))
    assert share["iklan_liar"] == pytest.approx(0.304, abs=0.04)
    assert rubbish == pytest.approx(0.129, abs=0.03)


def test_it_leaves_out_what_a_city_does_not_have(streets: Streets) -> None:
    some = list(islice(wishes("one", streets, {"sampah", "banjir_rob"}, per_day=1000, hour=7), 30))
    assert {wish.category for wish in some} == {"sampah"}


def test_it_keeps_the_rhythm_of_a_day() -> None:
    assert rate(1000, 8) > 2 * rate(1000, 2)
    whole = sum(rate(1000, hour) * 3600 for hour in range(24))
    assert whole == pytest.approx(1000, rel=0.15)


def test_it_drives_on_streets_at_their_speed(streets: Streets) -> None:
    start, goal = (streets.nearest(scene.at) for scene in SCENES)
    way = streets.way(start, goal)
    assert way[0].start == streets.points[start]
    assert way[-1].end == streets.points[goal]
    assert all(a.end == b.start for a, b in pairwise(way))
    drive = vehicles("s", DEVICES, {}, streets)[0].drive
    car = Vehicle("x", "x", "baktor", way[0].start, drive, patrols=False)
    car.drive.at = way[0].start
    car.go_to(way[-1].end, streets)
    metres, seconds = car.drive.metres_left, 0
    while car.drive.is_moving:
        car.drive.advance(3)
        seconds += 3
    assert 10 < metres / seconds * 3.6 < 45
    assert distance_m(car.drive.at, SCENES[1].at) < 60


def test_it_tells_positions_as_osmand_does(streets: Streets) -> None:
    car = vehicles("s", DEVICES, {}, streets)[0]
    standing = car.drive.fix().osmand(car.uid, 1480474800.4)
    assert standing["timestamp"] == "1480474800"
    assert "bearing" not in standing
    car.go_to(SCENES[0].at, streets)
    car.drive.advance(4)
    moving = car.drive.fix().osmand(car.uid, 0)
    assert 0 < float(moving["speed"]) < 45
    assert 0 <= float(moving["bearing"]) <= 360


def test_it_leaves_vehicles_to_whoever_claims_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                   streets: Streets) -> None:  # fmt: skip
    car = vehicles("s", DEVICES, {}, streets)[0]
    with Claims(tmp_path).holding(car):
        assert Claims(tmp_path).of_others(car.uid) is None  # it is our own
        monkeypatch.setattr("os.getpid", lambda: 1)
        assert Claims(tmp_path).of_others(car.uid) == car.drive.at
    assert Claims(tmp_path).of_others(car.uid) is None


def test_it_knows_the_kernel_only() -> None:
    for path in Path(patriot.simulate.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("patriot."):
                assert node.module.split(".")[1] in {"kernel", "simulate"}, path.name
            if isinstance(node, ast.ImportFrom | ast.Import):
                assert "django" not in ast.unparse(node), path.name
