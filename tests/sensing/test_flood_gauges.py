"""A month of Jakarta's flood gauges over MQTT: the official siaga label is reproduced, faults carry flags.

The readings are real and stay outside the project. `jakarta_gauges.csv` holds each gauge's thresholds as
`scripts/derive_thresholds.py` found them; see docs/sensing-thresholds.md.
"""

import csv
import time
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from statistics import median

import orjson
import pytest
from django.db import connection

from patriot.kernel.clock import WIB
from patriot.ledger.models import Entry
from patriot.sensing.models import Datastream, Threshold
from patriot.sensing.rules import UNFIT, Flag
from tests.intake.broker import Broker, Device
from tests.intake.conftest import broker, gauge, start_intake  # noqa: F401 - fixtures
from tests.intake.test_readings import Start, start_reading

pytestmark = [pytest.mark.realdata, pytest.mark.django_db(transaction=True)]

FILE = "jakarta/flood_gauges_2019_2020.csv"
TABLE = Path(__file__).with_name("jakarta_gauges.csv")
LEVELS = {"Status : Normal": 0, "Status : Siaga 3": 1, "Status : Siaga 2": 2, "Status : Siaga 1": 3}
SPIKE_MM = 500.0  # in half an hour
CADENCE_S = 1800.0
FOR_EVER_S = 1e10
LIMITS = {"spike": SPIKE_MM, "cadence_s": CADENCE_S, "news_s": FOR_EVER_S}  # old readings are news here
LEAST_SHARE = 0.99
STORED = """
SELECT datastream_id, at, value, flags FROM sensing_observation
"""


@dataclass(frozen=True)
class Said:
    """One row of the file."""

    gauge: str
    at: datetime
    level: float
    label: int


@dataclass(frozen=True)
class Found:
    """What became of it: flags, and the siaga level after it."""

    said: Said
    flags: Flag
    level: int

    @property
    def clean(self) -> bool:
        """Fit to be judged."""
        return not self.flags & (UNFIT | Flag.LATE)


@pytest.fixture
def said(shared_data: Path) -> list[Said]:
    """The file, in the order of time."""
    path = shared_data / FILE
    if not path.exists():
        pytest.skip(f"{FILE} is not there")
    with path.open(newline="") as file:
        rows = [_said(row) for row in csv.DictReader(file)]
    return sorted(rows, key=lambda one: one.at)


def _said(row: dict[str, str]) -> Said:
    at = datetime.fromisoformat(row["tanggal"]).replace(tzinfo=WIB)
    return Said(row["nama_pintu_air"].strip(), at, float(row["tinggi_air"]), LEVELS[row["status_siaga"]])


def thresholds() -> dict[str, list[dict[str, str]]]:
    """The table's rows by gauge."""
    with TABLE.open(newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["gauge"])
    return {name: list(own) for name, own in groupby(rows, lambda row: row["gauge"])}


def set_up(names: list[str]) -> dict[str, int]:
    """Every gauge with its device, limits and thresholds: datastream by name."""
    table, streams = thresholds(), {}
    for n, name in enumerate(names):
        streams[name] = gauge(f"gauge-{n}", "level")[0]
        Datastream.objects.filter(pk=streams[name]).update(limits=LIMITS, unit_symbol="mm")
        for row in table.get(name, []):
            Threshold.objects.create(
                datastream_id=streams[name],
                level=int(row["level"]),
                name=row["name"],
                value=float(row["value_mm"]),
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                source=row["source"],
            )
    return streams


def publish(broker: Broker, said: list[Said], names: list[str]) -> None:  # noqa: F811
    """Send every reading as a message of its own, QoS 1."""
    device, topic = (
        Device(broker.mqtt_port),
        {name: f"sensing/gauge-{n}/level" for n, name in enumerate(names)},
    )
    for begin in range(0, len(said), 5000):
        part = said[begin : begin + 5000]
        messages = [
            (topic[one.gauge], orjson.dumps({"v": one.level, "t": one.at.isoformat()})) for one in part
        ]
        assert device.publish(*messages) == len(part)


def stored(count: int) -> list[tuple[int, datetime, float, int]]:
    """All readings as stored, once there are so many."""
    rows: list[tuple[int, datetime, float, int]] = []
    for _ in range(600):
        with connection.cursor() as cursor:
            cursor.execute(STORED)
            rows = cursor.fetchall()
        if len(rows) >= count:
            return rows
        time.sleep(0.1)
    return pytest.fail(f"{len(rows)} of {count} readings were stored")


def histories() -> dict[int, list[tuple[datetime, int]]]:
    """By datastream, when its siaga level changed and to what, as the ledger says."""
    found: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for entry in Entry.objects.filter(kind="sensing.condition_changed").order_by("id"):
        body = orjson.loads(entry.body)
        if body["code"] == "siaga":
            found[body["datastream"]].append((datetime.fromisoformat(body["at"]), body["level"]))
    return found


def joined(said: list[Said], streams: dict[str, int]) -> Iterator[Found]:
    """Each row of the file with what became of it. Of several of one moment, the first is no repeat."""
    queues: dict[int, list[tuple[datetime, float, int]]] = defaultdict(list)
    for stream, at, value, flags in sorted(
        stored(len(said)), key=lambda row: (row[1], row[3] & Flag.DUPLICATE)
    ):
        queues[stream].append((at, value, flags))
    changes = histories()
    place: Counter[int] = Counter()
    for one in said:
        stream = streams[one.gauge]
        at, value, flags = queues[stream][place[stream]]
        place[stream] += 1
        assert (at, value) == (one.at, one.level)
        times = [when for when, _ in changes[stream]]
        n = bisect_right(times, at)
        yield Found(one, Flag(flags), changes[stream][n - 1][1] if n else 0)


def reasons(found: list[Found]) -> Iterator[tuple[Found, str]]:
    """Clean readings whose level is not the official one, and why. "" when there is no reason."""
    changed = {
        (name, row[column]) for name, rows in thresholds().items()
        for row in rows for column in ("valid_from", "valid_to") if row[column] > "2020-01-01"
    }  # fmt: skip
    before: dict[str, float] = {}
    for one in found:
        if not one.clean:
            continue
        name, level = one.said.gauge, one.said.level
        if one.level != one.said.label:
            wide = abs(level - before.get(name, level)) > SPIKE_MM
            day = (name, f"{one.said.at:%Y-%m-%d}") in changed
            yield one, WIDE if wide else CHANGED if day else ""
        before[name] = level


WIDE = f"a step of more than {SPIKE_MM:g} mm: in doubt until the next reading confirmed it"
CHANGED = "the agency changed this gauge's threshold in the course of this day; ours changes at midnight"


def test_it_reproduces_the_official_label(
    said: list[Said],
    start_intake: Start,  # noqa: F811
    broker: Broker,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = sorted({one.gauge for one in said})
    streams = set_up(names)
    start_reading(start_intake, broker)
    publish(broker, said, names)
    found = list(joined(said, streams))
    clean = [one for one in found if one.clean]
    explained = list(reasons(found))
    with capsys.disabled():
        report(found, clean, explained)
    assert [one for one, why in explained if not why] == []
    assert len(explained) <= (1 - LEAST_SHARE) * len(clean)
    check_repeats(found)
    check_gaps(found)
    check_absurd(found)


def report(found: list[Found], clean: list[Found], explained: list[tuple[Found, str]]) -> None:
    """Every disagreement, and how many readings carry which flag."""
    share = 1 - len(explained) / len(clean)
    print(
        f"\n{len(found)} readings of 21 gauges, {len(clean)} clean; label reproduced for {share:.3%} of them"
    )
    flags = Counter(flag.name for one in found for flag in Flag if one.flags & flag)
    print("flags: " + ", ".join(f"{name} {count}" for name, count in flags.most_common()))
    for one, why in explained:
        said = one.said
        ours = f"{said.level:g} mm, official level {said.label}, ours {one.level}"
        print(f"  {said.at:%Y-%m-%d %H:%M} {said.gauge}: {ours}: {why or 'UNEXPLAINED'}")


def check_repeats(found: list[Found]) -> None:
    """Whatever names a moment for the second time is flagged so, and nothing else."""
    seen: set[tuple[str, datetime]] = set()
    for one in found:
        moment = (one.said.gauge, one.said.at)
        assert bool(one.flags & Flag.DUPLICATE) == (moment in seen), one
        seen.add(moment)


def check_gaps(found: list[Found]) -> None:
    """Whatever comes more than three cadences after the one before it is flagged so, and nothing else."""
    last: dict[str, datetime] = {}
    for one in found:
        silence = one.said.at - last.get(one.said.gauge, one.said.at)
        assert bool(one.flags & Flag.GAP) == (silence > timedelta(seconds=3 * CADENCE_S)), one
        last[one.said.gauge] = one.said.at


def check_absurd(found: list[Found]) -> None:
    """Single values far from both their neighbours are flagged as spikes."""
    absurd = 0
    for _name, own in groupby(sorted(found, key=lambda one: one.said.gauge), lambda one: one.said.gauge):
        once = [one for one in own if not one.flags & Flag.DUPLICATE]
        for before, one, after in zip(once, once[1:], once[2:], strict=False):
            values = (before.said.level, one.said.level, after.said.level)
            alike = abs(values[0] - values[2]) <= SPIKE_MM and not before.flags & Flag.SPIKE
            if alike and abs(values[1] - median(values)) > SPIKE_MM:
                absurd += 1
                assert one.flags & Flag.SPIKE, one
    assert absurd > 20
