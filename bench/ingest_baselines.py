"""What others make of the same messages: mosquitto → a plain paho consumer → VictoriaMetrics or InfluxDB 1.x.

All from Debian's packages, with their own defaults but for the queue (mosquitto drops what exceeds it). The
consumer is what one writes in an afternoon: decode, gather, POST line protocol. No checks, no thresholds, no
latest table; it acknowledges when it has received, not when it is stored.
"""

import http.client
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from paho.mqtt.client import CallbackAPIVersion, Client, MQTTMessage

PACKAGES = {"mosquitto": "mosquitto", "victoria-metrics": "victoria-metrics", "influxdb": "influxd"}
MOSQUITTO = """
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
max_queued_messages 1000000
max_inflight_messages 1000
log_type none
"""
INFLUX = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  index-version = "tsi1"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
[monitor]
  store-enabled = false
[logging]
  level = "error"
"""
LINES = 5000  # in one POST
GATHER_S = 0.2


def installed() -> bool:
    """Have Debian's packages. False, saying so loudly, where they cannot be had."""
    missing = [package for package, program in PACKAGES.items() if not _program(program)]
    if missing:
        command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
        try:
            subprocess.run(command, capture_output=True, timeout=300, check=False)
        except (OSError, subprocess.TimeoutExpired) as fault:
            print(f"!! {' '.join(command)}: {fault}")
    missing = [package for package, program in PACKAGES.items() if not _program(program)]
    if missing:
        print(f"!! BASELINES SKIPPED: no {', '.join(missing)} on this machine, and apt-get brings none")
    return not missing


def _program(name: str) -> str | None:
    return shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/bin")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _server(command: list[str], port: int, folder: Path) -> Iterator[int]:
    """A server that listens on `port`; its process number."""
    with (folder / "output.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            raise RuntimeError(f"{command[0]} did not start: {(folder / 'output.log').read_text()[-500:]}")
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


@contextmanager
def _folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="patriot-baseline-"))
    made.chmod(0o777)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _victoria(folder: Path) -> Iterator[tuple[int, str]]:
    port = free_port()
    command = [_program("victoria-metrics") or "", f"-storageDataPath={folder}/vm",
               f"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=1y"]  # fmt: skip
    with _server(command, port, folder):
        yield port, "/write"


@contextmanager
def _influx(folder: Path) -> Iterator[tuple[int, str]]:
    port = free_port()
    (folder / "influx.conf").write_text(INFLUX.format(folder=folder, port=port, rpc=free_port()))
    with _server([_program("influxd") or "", "-config", f"{folder}/influx.conf"], port, folder):
        link = http.client.HTTPConnection("127.0.0.1", port)
        link.request("POST", "/query?q=CREATE%20DATABASE%20city")
        link.getresponse().read()
        yield port, "/write?db=city"


def _consume(mqtt_port: int, store_port: int, path: str, pipe: "Connection[Any, Any]") -> None:
    """The plain consumer, in its own process; sends how many readings it stored when it is told to end."""
    lines: list[str] = []
    stored = 0
    link = http.client.HTTPConnection("127.0.0.1", store_port)

    def flush() -> None:
        nonlocal stored
        if lines:
            link.request("POST", path, "\n".join(lines))
            answer = link.getresponse()
            answer.read()
            stored += len(lines) if answer.status in (200, 204) else 0
            lines.clear()

    def on_message(_client: Client, _data: object, message: MQTTMessage) -> None:
        said = json.loads(message.payload)
        name = message.topic.split("/")[1]
        for one in said if isinstance(said, list) else [said]:
            lines.append(f"v,device={name} value={one['v']} {one['t']}000000")
        if len(lines) >= LINES:
            flush()

    client = Client(CallbackAPIVersion.VERSION2, "consumer")
    client.on_message = on_message
    client.connect("127.0.0.1", mqtt_port)
    client.subscribe("sensing/#", qos=1)
    last = time.monotonic()
    pipe.send("ready")
    while not pipe.poll():
        client.loop(0.05)
        if time.monotonic() - last > GATHER_S:
            flush()
            last = time.monotonic()
    flush()
    pipe.send((stored, time.process_time()))


def measure(name: str, readings: int, load: Callable[[int], dict[str, float]], seconds: float) -> float:
    """One stack under `load(mqtt port)`; prints and returns readings stored a second."""
    with _folder() as folder:
        port = free_port()
        (folder / "mosquitto.conf").write_text(MOSQUITTO.format(port=port, folder=folder))
        command = [_program("mosquitto") or "", "-c", f"{folder}/mosquitto.conf"]
        store = _victoria(folder) if name == "VictoriaMetrics" else _influx(folder)
        with _server(command, port, folder), store as (store_port, path):
            context = get_context("spawn")
            ours, theirs = context.Pipe()
            consumer = context.Process(target=_consume, args=(port, store_port, path, theirs))
            consumer.start()
            ours.recv()
            sent = load(port)
            ours.send("end")
            stored, cpu = ours.recv()
            consumer.join(20)
    rate = stored / seconds
    print(
        f"  mosquitto → paho → {name}: {rate:,.0f} readings/s stored ({rate / readings:,.0f} messages/s) of "
        f"{sent['messages'] * readings / seconds:,.0f} sent; the consumer used {cpu / seconds:.0%} of a core",
        flush=True,
    )
    return rate
