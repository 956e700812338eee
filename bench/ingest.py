"""Readings over MQTT with QoS 1 into a whole center, a minute each: one reading a message, then ten.

Counted is what is committed: checked, judged against thresholds, in its day's table and in the latest table,
before it was acknowledged to the stream. Baselines of the same run: see ingest_baselines.py.

PATRIOT_BENCH_SECONDS, PATRIOT_BENCH_STREAMS change length and size; PATRIOT_BENCH_SINGLE and
PATRIOT_BENCH_TENS how many messages a second are offered (0: as many as the broker takes).
"""

import json
import os
import subprocess
import sys
import threading
import time
from statistics import quantiles

import psycopg

from bench import ingest_baselines
from bench.center import Center, center

SECONDS = float(os.environ.get("PATRIOT_BENCH_SECONDS", "60"))
STREAMS = int(os.environ.get("PATRIOT_BENCH_STREAMS", "20000"))
OFFERED = {
    1: float(os.environ.get("PATRIOT_BENCH_SINGLE", "50000")),
    10: float(os.environ.get("PATRIOT_BENCH_TENS", "13500")),
}
WANTED = {1: 45_000, 10: 120_000}  # readings a second
BASELINE_SECONDS = min(SECONDS, 20.0)
DRAIN_S = 120
WATCHED = 40  # streams whose delay is looked at
ROLES = ("nats", "postgres", "intake", "worker", "web")

MAKE = (
    "INSERT INTO sensing_sensor (name, description, encoding_type, metadata) VALUES ('bench', '', 'x', '{}')",
    "INSERT INTO sensing_observedproperty (name, description, definition) VALUES ('bench', '', 'bench')",
    """INSERT INTO sensing_thing (name, description, purpose, agency, area, public, simulated, created_at)
       SELECT 'bench-' || lpad(n::text, 5, '0'), '', '', '', '', false, true, now()
       FROM generate_series(0, %(streams)s - 1) AS n""",
    """INSERT INTO sensing_device (uid, thing_id, secret_digest, enabled, simulated)
       SELECT name, id, '', true, true FROM sensing_thing WHERE name ~ '^bench-'""",
    """INSERT INTO sensing_datastream (name, description, thing_id, sensor_id, observed_property_id, key,
           observation_type, public, limits)
       SELECT t.name, '', t.id, s.id, p.id, 'v', '', false,
           '{"low": 0, "high": 500, "max_rate_per_min": 1000000, "spike": 100, "flatline_s": 3600}'
       FROM sensing_thing t, sensing_sensor s, sensing_observedproperty p
       WHERE t.name ~ '^bench-' AND s.name = 'bench' AND p.definition = 'bench'""",
    """INSERT INTO sensing_threshold (datastream_id, code, level, name, value, clear, below, delay_on_s,
           delay_off_s, window_s, priority, valid_from, source)
       SELECT id, 'siaga', level, 'level ' || level, 150 + 50 * level, 140 + 50 * level, false, 60, 60, 1800,
           'high', '2020-01-01', 'bench'
       FROM sensing_datastream, generate_series(1, 4) AS level WHERE key = 'v' AND name ~ '^bench-'""",
    "ANALYZE",
)
STORED = "SELECT count(*) FROM sensing_observation WHERE datastream_id = ANY(%s)"
LANE = "SELECT sequence FROM sensing_lane WHERE name = 'patriot-sensing'"  # messages committed so far
LATEST = "SELECT count(*) FROM sensing_latest WHERE datastream_id = ANY(%s)"
NEWEST = """
SELECT datastream_id, (extract(epoch FROM at) * 1000)::bigint FROM sensing_latest
WHERE datastream_id = ANY(%s::bigint[])
"""


def link_to(place: Center) -> "psycopg.Connection[tuple[int, ...]]":
    """A connection of the bench's own."""
    return psycopg.connect(f"host={place.home}/run user=patriot dbname=patriot", autocommit=True)


def register(place: Center) -> list[int]:
    """Devices, datastreams with limits, four thresholds each; the datastreams' ids."""
    with link_to(place) as link:
        for statement in MAKE:
            link.execute(statement, {"streams": STREAMS} if "streams" in statement else None)
        rows = link.execute("SELECT id FROM sensing_datastream WHERE name ~ '^bench-' ORDER BY id").fetchall()
    return [row[0] for row in rows]


def warm(place: Center) -> None:
    """Let every datastream have spoken, and the database know so: it is a sustained minute that is measured,
    not the first of an empty center, whose plans are made for empty tables.
    """
    said = publish(place.mqtt_port, 1, 0, 3)
    with link_to(place) as link:
        while (link.execute(LANE).fetchone() or (0,))[0] < said["all"]:
            time.sleep(0.2)
        link.execute("VACUUM ANALYZE sensing_latest")


def publish(port: int, readings: int, rate: float, seconds: float) -> dict[str, float]:
    """Run the publisher in a process of its own; what it says."""
    command = [
        sys.executable,
        "-m",
        "bench.mqtt_load",
        str(port),
        str(seconds),
        str(STREAMS),
        str(readings),
        str(rate),
    ]
    said: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return said


class Watch(threading.Thread):
    """Looks fifty times a second how old the newest committed reading of some streams is, when it changes."""

    def __init__(self, place: Center, ids: list[int]) -> None:
        super().__init__(daemon=True)
        self.place, self.ids = place, ids
        self.delays: list[float] = []
        self.ends = threading.Event()

    def run(self) -> None:
        """Look until told to end."""
        known: dict[int, int] = {}
        with link_to(self.place) as link:
            while not self.ends.wait(0.02):
                rows = link.execute(NEWEST, [self.ids]).fetchall()
                now = time.time() * 1000
                self.delays += [now - at for one, at in rows if known.get(one, at) != at]
                known = dict(rows)


def measure(place: Center, ids: list[int], readings: int) -> float:
    """A minute of messages with so many readings; prints and returns readings committed a second."""
    watch = Watch(place, ids[:: max(1, len(ids) // WATCHED)])
    with link_to(place) as link:

        def ask(sql: str) -> int:
            return int((link.execute(sql, [ids] if "%s" in sql else None).fetchone() or (0,))[0])

        rows, lane = ask(STORED), ask(LANE)
        cpu = {role: place.cpu_s(role) for role in ROLES}
        watch.start()
        began = time.monotonic()
        said = publish(place.mqtt_port, readings, OFFERED[readings], SECONDS)
        committed, taken = ask(LANE) - lane, time.monotonic() - began
        used = ", ".join(f"{role} {(place.cpu_s(role) - cpu[role]) / taken:.0%}" for role in ROLES)
        watch.ends.set()
        wanted, end = int(said["all"]), time.monotonic() + DRAIN_S
        while ask(LANE) - lane < wanted and time.monotonic() < end:
            time.sleep(0.2)
        lost, latest = wanted * readings - (ask(STORED) - rows), ask(LATEST)
    rate = committed * readings / taken
    p95 = quantiles(watch.delays, n=20)[-1] if len(watch.delays) > 20 else float("nan")
    heard, cost = said["messages"] / said["seconds"], said["cpu_s"] / taken
    print(
        f"  {readings:2d} a message: {rate / readings:,.0f} messages/s, {rate:,.0f} readings/s committed over"
        f" {taken:.0f} s (offered {OFFERED[readings]:,.0f} messages/s, acknowledged {heard:,.0f});"
        f" publish → commit p95 {p95:,.0f} ms of {len(watch.delays)}; {lost} lost, {latest} of {len(ids)}"
        f" in latest; of a core: {used}, publisher {cost:.0%}",
        flush=True,
    )
    kept = rate >= WANTED[readings] and lost == 0
    print(f"  {'kept' if kept else 'MISSED'}: wanted {WANTED[readings]:,} readings/s", flush=True)
    return rate


def main() -> None:
    """Wanted: 45,000 single readings a second, 120,000 in tens, for a minute each."""
    ours: dict[int, float] = {}
    with center() as place:
        ids = register(place)
        time.sleep(12)  # the intake looks every ten seconds what is registered
        warm(place)
        for readings in OFFERED:
            ours[readings] = measure(place, ids, readings)
    if not ingest_baselines.installed():
        return
    for readings in OFFERED:
        for name in ("VictoriaMetrics", "InfluxDB 1.x"):
            theirs = ingest_baselines.measure(
                name, readings,
                lambda port, n=readings: publish(port, n, OFFERED[n], BASELINE_SECONDS), BASELINE_SECONDS,
            )  # fmt: skip
            ratio = ours[readings] / max(1.0, theirs)
            print(f"  {readings:2d} a message: {ratio:.1f} times mosquitto → paho → {name}", flush=True)
