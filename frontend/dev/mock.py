"""A made-up stream for looking at the islands without a server. For development only; the wheel does not carry it.

    .venv/bin/python frontend/dev/mock.py [PORT] [empty|broken|dying|many]     then open http://127.0.0.1:PORT/?lang=id

It reads lines and centroids from cities/kota_bekasi, draws rough areas, and invents incidents and crews.
"""

import csv
import json
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import polib
from shapely import MultiPoint, Point, concave_hull, geometry, ops

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "src/patriot/site/static/built"
PACK = ROOT / "cities/kota_bekasi"
TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml"}
CSP = "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'"
FULL = "empty" not in sys.argv
UNIT_COUNT = 1000 if "many" in sys.argv else 60
STARTED = datetime.now(UTC)
rng = random.Random(7)

THINGS = [
    ("Jalan berlubang", "P2", "DBMTA"),
    ("Sampah menumpuk", "P3", "Kebersihan"),
    ("Reklame liar", "P3", "Satpol PP"),
    ("Lampu jalan padam", "P3", "PPPJU"),
    ("Pohon tumbang menutup jalan", "P1", "BPBD"),
    ("Saluran tersumbat, genangan 30 cm", "P2", "DBMTA"),
    ("Kemacetan di persimpangan", "P2", "Dishub"),
    ("Kebakaran rumah", "P1", "Damkar"),
]
CREWS = ["Baktor 03", "Tim Jalan 2", "Satpol 11", "Dishub 07", "Damkar 02", "Truk Sampah 21", "Ambulans 04"]


def iso(seconds_ago: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat()


def read(name: str) -> dict:
    return json.loads((PACK / name).read_text())


def layers() -> dict:
    rows = list(csv.DictReader((PACK / "areas.csv").open()))
    deep = [row for row in rows if row["level"] == "kelurahan"]
    points = [Point(float(row["lon"]), float(row["lat"])) for row in deep]
    hull = concave_hull(MultiPoint(points), ratio=0.4).buffer(0.012)
    cells = ops.voronoi_diagram(MultiPoint(points), envelope=hull.buffer(1))
    shape = {
        row["code"]: next(c for c in cells.geoms if c.contains(p)).intersection(hull)
        for row, p in zip(deep, points, strict=True)
    }
    parents = {
        row["code"]: ops.unary_union([shape[d["code"]] for d in deep if d["parent"] == row["code"]])
        for row in rows
        if row["level"] == "kecamatan"
    }
    areas = [
        {
            "type": "Feature",
            "properties": {k: row[k] for k in ("code", "name", "level", "parent")},
            "geometry": geometry.mapping({**shape, **parents}[row["code"]]),
        }
        for row in rows
        if row["code"] in shape or row["code"] in parents
    ]
    return {
        "areas": {"type": "FeatureCollection", "features": areas},
        "streets": read("streets.geojson"),
        "waterways": read("waterways.geojson"),
        "grounds": read("grounds.geojson"),
    }


LAYERS = layers()
PLACES = [
    (row["name"], float(row["lon"]), float(row["lat"]))
    for row in csv.DictReader((PACK / "areas.csv").open())
    if row["level"] == "kelurahan"
]
KECAMATAN = [row for row in csv.DictReader((PACK / "areas.csv").open()) if row["level"] == "kecamatan"]
ROADS = [
    f["geometry"]["coordinates"]
    for f in LAYERS["streets"]["features"]
    if f["geometry"]["type"] == "LineString"
    and f["properties"]["class"] in ("primary", "secondary", "tertiary")
    and len(f["geometry"]["coordinates"]) > 12
]


def incident(number: int) -> dict:
    title, priority, owner = THINGS[number % len(THINGS)]
    place, lon, lat = rng.choice(PLACES)
    state = rng.choices(["received", "coordinated", "in_progress", "resolved"], [4, 2, 3, 1])[0]
    if priority == "P1" and number % 3:
        priority = "P3"
    where = {
        "lon": lon + rng.uniform(-0.008, 0.008),
        "lat": lat + rng.uniform(-0.008, 0.008),
        "area": f"Jl. {rng.choice(['Melati', 'Cut Mutia', 'Chairil Anwar', 'Baru Underpas'])}, {place}",
    }
    return {
        "id": number,
        "number": f"261121-{number:05d}",
        "title": title,
        "category": "x",
        "icon": "",
        "state": state,
        "priority": priority,
        **where,
        "agency": owner.lower(),
        "agency_name": owner,
        "opened_at": iso(rng.uniform(60, 90000)),
        "resolve_due": iso(rng.uniform(-80000, 9000)),
        "simulated": True,
    }


INCIDENTS = [incident(n) for n in range(1, 64)] if FULL else []
UNITS = (
    [
        {
            "id": n,
            "callsign": CREWS[n - 1] if n <= len(CREWS) else f"Unit {n:02d}",
            "kind": "truck",
            "agency": "x",
            "state": "assigned" if n <= 7 else "free",
            "simulated": True,
        }
        for n in range(1, UNIT_COUNT + 1)
    ]
    if FULL
    else []
)


def positions() -> list:
    now = time.time()
    found = []
    for unit in UNITS:
        road = ROADS[unit["id"] * 13 % len(ROADS)]
        along = (now / 6 + unit["id"]) % (2 * (len(road) - 1))
        along = along if along < len(road) - 1 else 2 * (len(road) - 1) - along
        i = min(int(along), len(road) - 2)
        a, b, p = road[i], road[i + 1], along - int(along)
        heading = (90 - __import__("math").degrees(__import__("math").atan2(b[1] - a[1], b[0] - a[0]))) % 360
        found.append(
            [
                unit["id"],
                a[0] + (b[0] - a[0]) * p,
                a[1] + (b[1] - a[1]) * p,
                None if unit["id"] % 9 == 0 else heading,
                30,
                int(now * 1000),
            ]
        )
    return found


def views() -> dict:
    states = ["en_route", "on_scene", "on_scene", "accepted", "assigned", "en_route", "finished"]
    now = {position[0]: position for position in positions()}
    working = [
        {
            "incident": row["id"],
            "number": row["number"],
            "title": row["title"],
            "place": row["area"],
            "priority": row["priority"],
            "owner": row["agency_name"],
            "callsign": CREWS[n],
            "crew": "Asep, Dedi",
            "state": states[n],
            "since": (STARTED - timedelta(minutes=7 + 11 * n)).isoformat(),
            "photo": f"/photo/{n}.svg" if n != 2 else None,
            "eta_s": 900,
            "assigned_at": STARTED.isoformat(),
            "lon": now[n + 1][1] + 0.004,
            "lat": now[n + 1][2] - 0.003,
            "simulated": True,
        }
        for n, row in enumerate(INCIDENTS[:7])
    ]
    newest = [
        {
            "incident": row["id"],
            "number": row["number"],
            "title": row["title"],
            "place": row["area"],
            "agency_name": row["agency_name"],
            "state": row["state"],
            "priority": row["priority"],
            "at": (STARTED - timedelta(seconds=5 + 170 * n)).isoformat(),
            "photo": f"/photo/{n + 3}.svg" if n != 3 else None,
            "supporters": 1,
            "simulated": True,
        }
        for n, row in enumerate(INCIDENTS[10:17])
    ]

    def share(code: str, name: str, n: int) -> dict:
        return {
            "code": code,
            "name": name,
            "received": 31 - 2 * n,
            "closed": 22 - 2 * n,
            "open": 18 - n,
            "late": max(0, 3 - n),
        }

    today = (
        {
            "received": 128,
            "closed": 86,
            "open": 63,
            "late": 4,
            "by_agency": [
                share(o, o, n)
                for n, o in enumerate(
                    ["DBMTA", "Kebersihan", "Satpol PP", "Dishub", "PPPJU", "BPBD", "Damkar"]
                )
            ],
            "by_kecamatan": [share(row["code"], row["name"], n) for n, row in enumerate(KECAMATAN)],
        }
        if FULL
        else {"received": 0, "closed": 0, "open": 0, "late": 0, "by_agency": [], "by_kecamatan": []}
    )
    deadlines = [
        {
            "incident": row["id"],
            "number": row["number"],
            "title": row["title"],
            "place": row["area"],
            "agency": row["agency"],
            "agency_name": row["agency_name"],
            "priority": row["priority"],
            "state": row["state"],
            "due": (STARTED + timedelta(minutes=[-190, -25, 18, 64, 150, 400, 3000][n])).isoformat(),
            "stage": "resolve" if n % 2 else "first_response",
            "simulated": True,
        }
        for n, row in enumerate(INCIDENTS[20:27])
    ]
    kinds = [
        "report.received",
        "dispatch.state_changed",
        "incident.state_changed",
        "dispatch.assigned",
        "task.opened",
    ]
    hour = (
        [
            {
                "n": n,
                "at": (STARTED - timedelta(seconds=3500 - 43 * n)).isoformat(),
                "kind": kinds[n * 7 % 5],
                "priority": rng.choice(["P1", "P2", "P3", "P3"]) if n * 7 % 5 == 0 else None,
                "number": "x",
                "words": THINGS[n % 8][0],
                "simulated": True,
            }
            for n in range(80)
        ]
        if FULL
        else []
    )
    return {"newest": newest, "working": working, "today": today, "deadlines": deadlines, "hour": hour}


def table(name: str) -> list[dict]:
    return list(csv.DictReader((PACK / name).open()))


def sensed() -> tuple[dict, list]:
    """Panels of the pack's sensors in the middle of a flood, and what they say."""
    things = table("things.csv") if FULL else []
    streams, readings, bands = {}, [], {}
    for row in table("thresholds.csv"):
        if row["code"] in ("siaga", "rain") and not row["valid_to"]:
            bands.setdefault((row["thing"], row["key"]), []).append(
                {"name": row["name"], "level": int(row["level"]), "value": float(row["value"])}
            )
    values = {
        "gauge_cileungsi": 334,
        "gauge_cikeas": 371,
        "gauge_p2c": 438,
        "gauge_pondok_mitra": 361,
        "gauge_kemang": 286,
        "gauge_pekayon": 245,
        "gauge_bendung": 230,
        "gauge_teluk_pucung": 198,
        "rain_1": 31,
        "rain_2": 44,
        "rain_3": 12,
        "rain_4": 0,
    }
    air = {"pm25": 61.2, "pm10": 88, "so2": 41, "co": 1250, "o3": 64, "no2": 48, "hc": 21}
    now = int(time.time() * 1000)
    for n, row in enumerate(table("datastreams.csv"), 1):
        code, key = row["thing"], row["key"]
        streams.setdefault(code, {})[key] = {
            "id": n,
            "unit": row["unit"],
            "bands": bands.get((code, key), []),
            "every_s": int(row["every_s"]),
            "calibrated_until": row["calibrated_until"] or None,
        }
        top = float(row["max"] or 0)
        said = {
            "level": values.get(code, 200),
            "rain": values.get(code, 0),
            "burning": 0 if code in ("lamps_040", "lamps_041", "lamps_077") else int(top * 0.98),
            "occupied": int(top * (0.35 + (n * 37 % 66) / 100)),
        }.get(key, air.get(key))
        if said is not None and code != "rain_4":
            readings.append([n, said, now - (9_000_000 if code == "gauge_pekayon" else 20_000), 0])

    def details(row: dict) -> dict:
        return dict(item.split("=", 1) for item in row["details"].split("|"))

    numbers = {row["code"]: n for n, row in enumerate(things, 1)}

    def base(row: dict) -> dict:
        return {
            "thing": numbers[row["code"]],
            "name": row["name"],
            "purpose": row["purpose"],
            "agency_name": row["agency"].upper(),
            "details": details(row),
            "lon": float(row["lon"]),
            "lat": float(row["lat"]),
            "streams": streams.get(row["code"], {}),
            "simulated": True,
        }

    def condition(
        code: str, thing: str, level: int, label: str, name: str = "", value: float | None = None
    ) -> dict:
        return {
            "condition": f"{code}:{thing}",
            "code": code,
            "level": level,
            "label": label,
            "priority": "medium",
            "thing": numbers[thing],
            "name": name,
            "value": value,
            "at": iso(1500),
            "simulated": True,
        }

    card = {
        "method": "learned",
        "now": 1,
        "mae_cm": 8.2,
        "mae_hours": 0.5,
        "coverage": 0.91,
        "waves": 17,
        "days": 44,
        "ahead_h": 3.5,
        "at": iso(40),
    }
    quiet = {
        "state": "steady",
        "value": None,
        "low": None,
        "high": None,
        "peak_at": None,
        "peak_from": None,
        "peak_to": None,
        "level": 0,
        "label": "",
    }

    def rising(value: float, low: float, high: float, hours: float, level: int, label: str) -> dict:
        return {
            **card,
            "state": "rising",
            "value": value,
            "low": low,
            "high": high,
            "peak_at": iso(-3600 * hours),
            "peak_from": iso(-3600 * (hours - 0.6)),
            "peak_to": iso(-3600 * (hours + 0.9)),
            "level": level,
            "label": label,
        }

    told = {
        "gauge_p2c": rising(571, 528, 640, 2.1, 3, "Siaga 1"),
        "gauge_pondok_mitra": rising(540, 490, 610, 2.5, 3, "Siaga 1"),
        "gauge_kemang": rising(498, 430, 570, 3.2, 2, "Siaga 2"),
        "gauge_pekayon": {
            **card,
            **quiet,
            "state": "rising",
            "method": "rule_of_thumb",
            "mae_cm": None,
            "peak_at": iso(-12600),
            "peak_from": iso(-10800),
            "peak_to": iso(-14400),
        },
        "gauge_bendung": rising(402, 350, 470, 3.9, 0, ""),
        "gauge_teluk_pucung": {**card, **quiet},
    }
    links = table("river_links.csv")
    gauges = [
        {
            **base(row),
            "above": [numbers[link["upstream"]] for link in links if link["downstream"] == row["code"]],
            "forecast": told.get(row["code"]),
        }
        for row in things
        if row["purpose"] == "water_level"
    ]
    gauges.sort(key=lambda row: float(row["details"]["km"]))
    water = {
        "gauges": gauges,
        "rain": [base(row) for row in things if row["purpose"] == "rain"],
        "conditions": [
            condition("siaga", "gauge_cileungsi", 3, "Siaga 1"),
            condition("siaga", "gauge_cikeas", 2, "Siaga 2"),
            condition("siaga", "gauge_p2c", 1, "Siaga 3"),
            condition("siaga", "gauge_pondok_mitra", 1, "Siaga 3"),
            condition("flatline", "gauge_pekayon", 1, ""),
        ]
        if FULL
        else [],
    }
    trees = {
        "trees": 26,
        "strength": "indirect",
        "picks": [
            {"name": name, "trees": 9, "quantity": "lead on leaves", "value": 7, "unit": "ppm", "source": "x"}
            for name in ("Gmelina", "Bungur", "Tanjung")
        ],
    }
    indices = {
        "air_1": {
            "value": 107,
            "label": "unhealthy",
            "critical": "pm25",
            "reason": "",
            "level": 1,
            "at": iso(900),
        },
        "air_2": {
            "value": None,
            "label": "",
            "critical": "",
            "reason": "uncalibrated",
            "level": 0,
            "at": iso(900),
        },
        "quality_1": {
            "value": 6.4,
            "label": "moderate",
            "critical": "fecal_coliform",
            "reason": "",
            "level": 1,
            "at": iso(2400),
        },
        "quality_2": {
            "value": 3.1,
            "label": "light",
            "critical": "cod",
            "reason": "",
            "level": 0,
            "at": iso(2400),
        },
    }
    stations = [
        {**base(row), "index": indices.get(row["code"]), "trees": trees if row["code"] == "air_1" else None}
        for row in things
        if row["purpose"] in ("air", "water_quality")
    ]
    groups = [
        {
            "thing": numbers[row["code"]],
            "name": row["name"],
            "lon": float(row["lon"]),
            "lat": float(row["lat"]),
            "stream": streams[row["code"]]["burning"]["id"],
            "every_s": 300,
            "lamps": int(details(row)["lamps"]),
            "feeder": details(row)["feeder"],
            "simulated": True,
        }
        for row in things
        if row["purpose"] == "light_group"
    ]
    lots = [
        {
            "thing": numbers[row["code"]],
            "name": row["name"],
            "lon": float(row["lon"]),
            "lat": float(row["lat"]),
            "stream": streams[row["code"]]["occupied"]["id"],
            "every_s": 60,
            "capacity": int(details(row)["capacity"]),
            "simulated": True,
        }
        for row in things
        if row["purpose"] == "parking"
    ]
    faults = (
        [
            condition("feeder", "lamps_040", 2, "", "PJU-02-01: PJU Bintara A, PJU Bintara B", 2),
            condition("feeder", "lamps_077", 1, "", "PJU-05-01: PJU Bojong Rawalumbu A", 1),
            condition("light_dark", "lamps_099", 1, ""),
        ]
        if FULL
        else []
    )
    return {
        "water": water,
        "air": {
            "stations": [row for row in stations if row["purpose"] == "air"],
            "rivers": [row for row in stations if row["purpose"] != "air"],
            "conditions": [],
        },
        "lights": {"groups": groups, "conditions": faults, "dark": True},
        "parking": {"lots": lots, "conditions": []},
    }, readings if FULL else []


ALARMS = [
    ("P2C – pertemuan Cileungsi–Cikeas", "Siaga 1", "high", 571.0, "cm", "BPBD", 106.9702, -6.314, 4),
    ("Kali Cileungsi – Cileungsi", "Naik cepat", "medium", 63.0, "cm/jam", "BPBD", 106.9668, -6.38, 7),
    ("Udara Bantargebang – Ciketing Udik", "Tidak sehat", "medium", 128.0, "ISPU", "BPLH", 106.988, -6.345, 16),
    ("PJU Jl. Ahmad Yani A", "Penyulang padam", "low", None, "", "DPPPJU", 106.993, -6.25, 40),
    ("Hujan Klapanunggal", "Tidak ada data", "low", None, "", "BPBD", 106.95, -6.395, 61),
]


def alarms() -> dict:
    rows = ALARMS if FULL else []
    cards = [
        {"alarm": n, "code": "siaga", "state": "unacknowledged", "level": 1, "label": label, "priority": priority,
         "name": name, "value": value, "unit": unit, "agency_name": agency, "lon": lon, "lat": lat,
         "at": iso(minutes * 60), "incident": None, "incident_number": "", "simulated": n == 0}
        for n, (name, label, priority, value, unit, agency, lon, lat, minutes) in enumerate(rows)
    ]  # fmt: skip
    counted = {one: sum(card["priority"] == one for card in cards) for one in ("high", "medium", "low")}
    marks = [{**card, "thing": card["alarm"], "calls": card["alarm"] < 3} for card in cards]
    return {"unacknowledged": counted, "active": counted, "hidden": 1, "top": cards, "marks": marks}


def snapshot() -> dict:
    aged = {"as_of": iso(1), "stale_after_s": 15}
    sources = {
        "newest": "laporan warga",
        "working": "penugasan",
        "today": "buku kejadian",
        "deadlines": "tenggat layanan",
        "hour": "buku kejadian",
    }
    panels = {name: {"view": view, "source": sources[name], **aged} for name, view in views().items()}
    shown, readings = sensed()
    words = {
        "water": "River and rain gauges",
        "air": "Air and water quality stations",
        "lights": "Street-light controllers",
        "parking": "Parking counters",
    }
    panels |= {name: {"view": view, "source": words[name], **aged} for name, view in shown.items()}
    panels["alarms"] = {"view": alarms(), "source": "Sensors and emergencies", **aged}
    panels["map"] = {"rows": {str(row["id"]): row for row in INCIDENTS}, "source": "insiden", **aged}
    panels["units"] = {"rows": {str(row["id"]): row for row in UNITS}, "source": "pelacak GPS", **aged}
    return {
        "number": 1,
        "now": iso(0),
        "panels": panels,
        "positions": positions(),
        "readings": readings,
        "health": health(),
    }


def health() -> dict:
    broken = "broken" in sys.argv
    as_of = {
        name: iso(1)
        for name in (
            "map",
            "newest",
            "working",
            "today",
            "deadlines",
            "hour",
            "water",
            "air",
            "lights",
            "parking",
            "alarms",
            *([] if broken else ["units"]),
        )
    }
    parts = {
        "web": {"ok": True},
        "worker": {"ok": not broken, "since": iso(200) if broken else None},
        "intake": {"ok": True},
        "nats": {"ok": True},
        "postgres": {"ok": True},
    }
    return {"parts": parts, "as_of": as_of}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Silence."""

    def answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Content-Security-Policy", CSP),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        path, query = url.path, parse_qs(url.query)
        if path == "/wall/stream":
            self.stream()
        elif path == "/places/map.json":
            self.answer("application/json", json.dumps(LAYERS).encode())
        elif path.startswith("/photo/"):
            hue = int(path[7:-4]) * 47
            self.answer(
                "image/svg+xml",
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><rect width="4" height="3" fill="hsl({hue},25%,35%)"/><path d="M0 3 1.5 1.4 2.4 2.2 3.2 1.1 4 2V3z" fill="hsl({hue},20%,22%)"/></svg>'.encode(),
            )
        elif path.startswith("/static/built/"):
            file = BUILT / Path(path).name
            self.answer(
                TYPES.get(file.suffix, "application/octet-stream"), file.read_bytes()
            ) if file.exists() else self.send_error(404)
        else:
            self.answer("text/html; charset=utf-8", page(path, query).encode())

    def stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.say("snapshot", snapshot())
        until = time.time() + (8 if "dying" in sys.argv else 1e9)
        try:
            while time.time() < until:
                time.sleep(1)
                if "broken" not in sys.argv:
                    self.say("positions", positions())
                self.say("health", health())
        except OSError:
            pass
        self.close_connection = True

    def say(self, event: str, data: object) -> None:
        self.wfile.write(f"event: {event}\ndata: {json.dumps(data)}\n\n".encode())
        self.wfile.flush()


def words(language: str) -> dict:
    messages = json.loads((BUILT / "messages.json").read_text())
    found: dict = {}
    catalogue = ROOT / "src/patriot/site/locale/id/LC_MESSAGES/django.po"
    if language == "id" and catalogue.exists():
        found = {entry.msgid: entry.msgstr for entry in polib.pofile(str(catalogue)) if entry.msgstr}
    return {message: found.get(message, message) for message in messages}


def page(path: str, query: dict) -> str:
    language = query.get("lang", ["id"])[0]
    theme = query.get("theme", ["dark"])[0]
    manifest = json.loads((BUILT / "manifest.json").read_text())
    name = {"/console": "console-map", "/report": "report"}.get(path, "wall")
    tags = ""
    for chunk in (c for c in manifest.values() if c.get("name") in ("base", name) and c.get("isEntry")):
        needed = [chunk, *(manifest[key] for key in chunk.get("imports", []))]
        tags += "".join(
            f'<link rel="stylesheet" href="/static/built/{css}">'
            for part in needed
            for css in part.get("css", [])
        )
        tags += f'<script type="module" src="/static/built/{chunk["file"]}"></script>'
    config = {
        "city": "Kota Bekasi",
        "stream": "/wall/stream",
        "map": "/places/map.json",
        "incident": "/console/?incident=0",
        "language": language,
        "simulated": True,
    }
    bodies = {
        "wall": f'<div id="wall"></div><script type="application/json" id="wall-config">{json.dumps(config)}</script>',
        "console-map": '<main class="page page--wide"><div class="map map--tall" data-console-map data-map="/places/map.json" data-stream="/wall/stream"></div></main>',
        "report": '<main class="page page--narrow"><form class="form"><input type="hidden" id="id_lon"><input type="hidden" id="id_lat"><div data-place-picker data-map="/places/map.json" data-lon="#id_lon" data-lat="#id_lat"></div></form></main>',
    }
    return f'<!doctype html><html lang="{language}" data-theme="{theme}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>mock</title>{tags}</head><body>{bodies[name]}<script type="application/json" id="words">{json.dumps(words(language))}</script></body></html>'


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8601
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
