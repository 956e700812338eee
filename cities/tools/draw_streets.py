"""Draw a city pack's streets.geojson and waterways.geojson: `python cities/tools/draw_streets.py NAME`.

A tool for those who write a pack and have no OpenStreetMap extract at hand; the application never imports it.
It reads `cities/tools/<city>.toml` (main roads, rivers, railways and toll roads drawn by hand), `city.toml` (the
outline) and `areas.csv` (names for the small streets), and invents a plausible mesh of small streets between:

1. smooth the hand-drawn lines, snap their loose ends, give them common vertices wherever they meet;
2. cut the outline into faces along them, and split each face again and again into blocks; the cuts are streets;
3. let nothing but a main road cross water, railway or toll road; mark the crossings of water as bridges;
4. bend it all a little, drop some streets, shorten others, keep what is connected.

The same seed draws the same map. Lines meet where they share a vertex, and only there.
"""

import csv
import json
import sys
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field, replace
from math import atan2, cos, hypot, pi, radians, sin
from pathlib import Path

import numpy as np
from shapely import STRtree, make_valid
from shapely.geometry import LineString, Point, Polygon
from shapely.ops import polygonize, split, substring, unary_union

TOOLS = Path(__file__).parent
COLLECTOR_HA, LOCAL_HA = (
    42.0,
    10.0,
)  # a cut through a block this large becomes a tertiary road, a named street
SPEED = {"tertiary": 30, "residential": 20, "living_street": 15}
ROMAN = [
    "",
    " I",
    " II",
    " III",
    " IV",
    " V",
    " VI",
    " VII",
    " VIII",
    " IX",
    " X",
    " XI",
    " XII",
    " XIII",
    " XIV",
    " XV",
]
HEROES = (
    "Pangeran Antasari|Teuku Umar|HOS Cokroaminoto|Dewi Sartika|KH Ahmad Dahlan|KH Wahid Hasyim|Ki Hajar Dewantara|"
    "Wolter Monginsidi|Yos Sudarso|Adi Sucipto|Dr. Sutomo|Dr. Wahidin|Gatot Subroto|MT Haryono|DI Panjaitan|S. Parman|"
    "Sutoyo|Katamso|Ahmad Subarjo|Otto Iskandardinata|Imam Bonjol|Hasanudin|Pattimura|Diponegoro Dalam|Sisingamangaraja|"
    "Untung Suropati|Trunojoyo|Sultan Hasanudin|Cipto Mangunkusumo|Mohammad Toha|Raden Saleh|Ki Mangunsarkoro|WR Supratman|"
    "Ismail Marzuki|Nyi Ageng Serang|Martha Tiahahu|Maria Walanda|Rasuna Said|Abdul Muis|Agus Salim Dalam|Suprapto|"
    "Supriyadi|Bung Tomo|KH Zainul Arifin|KH Hasyim Asyari|Tuanku Tambusai|Cut Nyak Dien|Cik Di Tiro|Hang Tuah|Hang Lekir|"
    "Patih Gajah Mada|Hayam Wuruk|Airlangga|Raden Patah|Sunan Giri|Sunan Kalijaga|Sunan Drajat|Sunan Ampel|Fatahillah"
).split("|")
THEMES = [
    names.split("|")
    for names in (
        "Mawar|Melati|Kenanga|Anggrek|Dahlia|Cempaka|Flamboyan|Bougenville|Teratai|Kamboja|Seroja|Aster|Soka|Wijaya Kusuma",
        "Rajawali|Merpati|Cendrawasih|Kutilang|Elang|Merak|Kenari|Garuda|Nuri|Camar|Gelatik|Murai|Pipit|Jalak",
        "Bengawan Solo|Cisadane|Ciliwung|Brantas|Musi|Kapuas|Barito|Mahakam|Asahan|Serayu|Citarum|Cimanuk|Progo|Batanghari",
        "Semeru|Merapi|Bromo|Rinjani|Kerinci|Galunggung|Salak|Gede|Ciremai|Slamet|Lawu|Kelud|Papandayan|Sindoro",
        "Mangga|Rambutan|Durian|Nangka|Belimbing|Jambu|Salak Raya|Manggis|Sawo|Kecapi|Duku|Sirsak|Kelapa|Melinjo",
        "Arjuna|Bima|Nakula|Sadewa|Yudistira|Gatotkaca|Srikandi|Sembodro|Kresna|Antareja|Abimanyu|Parikesit|Larasati|Drupadi",
        "Cemara|Mahoni|Jati|Trembesi|Angsana|Akasia|Beringin|Pinus|Kayu Manis|Meranti|Bungur|Tanjung|Ketapang|Glodokan",
        "H. Naman|H. Saman|H. Djiun|H. Nimin|H. Risin|H. Mochtar|H. Wahab|H. Umar|H. Anda|H. Jian|H. Nasir|H. Kotong|H. Gemin|H. Muhi",
        "Nusa Indah|Pulo Ribung|Pulo Sirih|Bali|Lombok|Sumbawa|Flores|Seram|Ternate|Tidore|Bangka|Belitung|Nias|Natuna",
        "Permata|Intan|Safir|Zamrud|Mutiara|Rubi|Kecubung|Giok|Pirus|Akik|Berlian|Topas|Ambar|Mirah",
    )
]


@dataclass
class Plane:
    """Metres east and north of the city's middle, and back."""

    lon: float
    lat: float

    def __post_init__(self) -> None:
        self.kx, self.ky = 111_320 * cos(radians(self.lat)), 110_574.0

    def metres(self, coords) -> list[tuple[float, float]]:
        return [((lon - self.lon) * self.kx, (lat - self.lat) * self.ky) for lon, lat in coords]

    def degrees(self, coords) -> list[list[float]]:
        flat = [[round(x / self.kx + self.lon, 5), round(y / self.ky + self.lat, 5)] for x, y in coords]
        return [point for i, point in enumerate(flat) if i == 0 or point != flat[i - 1]]


@dataclass
class Road:
    """One line to be written; `level` is 0 for what was drawn by hand, higher for what was invented later."""

    line: LineString
    name: str
    kind: str
    maxspeed: int
    authority: str = "kota"
    oneway: bool = False
    bridge: str = ""
    underpass: bool = False
    level: int = 0

    @property
    def is_closed_off(self) -> bool:
        return self.kind in ("motorway", "rail")


@dataclass
class Drawing:
    outline: Polygon
    roads: list[Road] = field(default_factory=list)
    waters: list[tuple[dict, LineString]] = field(default_factory=list)


def main(city: str) -> None:
    spec = tomllib.loads((TOOLS / f"{city}.toml").read_text())
    pack = TOOLS.parent / city
    outline = tomllib.loads((pack / "city.toml").read_text())["outline"]["ring"]
    middle = Polygon(outline).centroid
    plane = Plane(round(middle.x, 3), round(middle.y, 3))
    rng = np.random.default_rng(spec["seed"])
    drawing = by_hand(spec, Polygon(plane.metres(outline)), plane)
    voids = [rounded(void, plane) for void in spec.get("void", [])]
    small = small_streets(drawing, voids, spec, rng, plane)
    name_streets(small, kelurahan(pack, plane), rng)
    roads = bend(note_joints(drawing.roads + small), drawing, rng)
    roads = [piece for road in roads for piece in cut_bridges(road, drawing.waters)]
    write(pack, connected(roads, plane), drawing, spec, plane)


def rounded(void: dict, plane: Plane) -> Polygon:
    """A ground's outline without its sharp corners."""
    ring = Polygon(plane.metres(numbers(void["ring"])))
    soft = min(90.0, ring.area**0.5 / 5)
    return ring.buffer(-soft).buffer(soft).simplify(2)


def numbers(text: str) -> list[tuple[float, float]]:
    return [(float(lon), float(lat)) for lon, lat in (pair.split() for pair in text.split(","))]


# --- what was drawn by hand -------------------------------------------------------------------------------------------


def by_hand(spec: dict, outline: Polygon, plane: Plane) -> Drawing:
    waters = [(water, smooth(plane.metres(numbers(water["line"])))) for water in spec["water"]]
    named = {water["name"]: line for water, line in waters}
    roads = [read_road(entry, named, plane) for entry in spec["road"]]
    ramps = [
        Road(smooth(plane.metres(numbers(r["line"]))), r["name"], "motorway_link", 40, "tol")
        for r in spec.get("ramp", [])
    ]
    rails = [
        Road(smooth(plane.metres(numbers(r["line"]))), r["name"], "rail", 0, "ka")
        for r in spec.get("rail", [])
    ]
    reach = outline.buffer(spec["reach_m"])
    roads = [
        replace(road, line=longest(road.line.intersection(reach)))
        for road in roads
        if road.line.intersects(reach)
    ]
    rails = [replace(road, line=longest(road.line.intersection(reach))) for road in rails]
    waters = [(water, longest(line.intersection(reach))) for water, line in waters]
    plain = [i for i, road in enumerate(roads) if road.kind != "motorway"]
    for i in plain:
        roads[i] = replace(roads[i], line=snap_ends(roads[i].line, [roads[j].line for j in plain if j != i]))
    for i, ramp in enumerate(ramps):
        ramps[i] = replace(ramp, line=snap_ends(ramp.line, [road.line for road in roads], 220))
    return Drawing(outline, node(roads, ramps) + rails, waters)


def read_road(entry: dict, waters: dict[str, LineString], plane: Plane) -> Road:
    if "along" in entry:
        line = beside(waters[entry["along"]], entry["offset_m"], entry["between"], plane)
    else:
        line = smooth(plane.metres(numbers(entry["line"])))
    return Road(
        line, entry["name"], entry["class"], entry["maxspeed"], entry["authority"], entry.get("oneway", False),
        underpass=entry.get("underpass", False),
    )  # fmt: skip


def beside(water: LineString, offset: float, between: list[float], plane: Plane) -> LineString:
    """The line `offset` metres left of the water (right when negative), from one longitude to another."""
    line = longest(water.offset_curve(offset).simplify(1.5))
    west, east = ((lon - plane.lon) * plane.kx for lon in between)
    window = Polygon([(west, -1e6), (east, -1e6), (east, 1e6), (west, 1e6)])
    line = longest(line.intersection(window))
    return line if line.coords[0][0] < line.coords[-1][0] else LineString(list(line.coords)[::-1])


def smooth(points: list[tuple[float, float]], step: float = 45.0) -> LineString:
    """A Catmull-Rom curve through every point, centripetal enough not to loop."""
    p = [np.array(point) for point in points]
    p = [2 * p[0] - p[1], *p, 2 * p[-1] - p[-2]]
    out = [p[1]]
    for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False):
        count = max(1, int(np.linalg.norm(c - b) / step))
        m0, m1 = tangent(a, b, c), tangent(b, c, d)
        for t in np.linspace(0, 1, count + 1)[1:]:
            out.append(
                (2 * t**3 - 3 * t**2 + 1) * b
                + (t**3 - 2 * t**2 + t) * m0
                + (3 * t**2 - 2 * t**3) * c
                + (t**3 - t**2) * m1
            )
    return LineString(out)


def tangent(a, b, c):
    """Half the chord, held to the shorter neighbour so that uneven points do not overshoot."""
    chord = (c - a) / 2
    limit = min(np.linalg.norm(b - a), np.linalg.norm(c - b))
    return chord * min(1.0, limit / max(np.linalg.norm(chord), 1e-9))


def longest(geometry) -> LineString:
    return max(geometry.geoms, key=lambda part: part.length) if hasattr(geometry, "geoms") else geometry


def snap_ends(line: LineString, others: list[LineString], within: float = 130) -> LineString:
    """Move each end onto the nearest other line when that is close."""
    coords = list(line.coords)
    for end in (0, -1):
        here = Point(coords[end])
        nearest = min(others, key=here.distance)
        if here.distance(nearest) <= within:
            coords[end] = nearest.interpolate(nearest.project(here)).coords[0]
    return LineString(coords)


def node(roads: list[Road], ramps: list[Road]) -> list[Road]:
    """Common vertices wherever ordinary roads cross; ramps only at their ends."""
    plain = [road for road in roads if not road.is_closed_off]
    marks = defaultdict(list)
    for i, a in enumerate(plain):
        for b in plain[i + 1 :]:
            for point in points_of(a.line.intersection(b.line)):
                marks[id(a)].append(point)
                marks[id(b)].append(point)
    for ramp in ramps:
        for point in (Point(ramp.line.coords[0]), Point(ramp.line.coords[-1])):
            near = min(roads, key=lambda road: road.line.distance(point))
            marks[id(near)].append(point)
    for road in plain:  # an end that was snapped onto another road is a vertex of that road too
        for point in (Point(road.line.coords[0]), Point(road.line.coords[-1])):
            for other in plain:
                if other is not road and other.line.distance(point) < 0.5:
                    marks[id(other)].append(point)
    return [replace(road, line=insert(road.line, marks[id(road)])) for road in roads] + ramps


def points_of(geometry) -> list[Point]:
    if geometry.is_empty:
        return []
    if hasattr(geometry, "geoms"):
        return [point for part in geometry.geoms for point in points_of(part)]
    if geometry.geom_type == "Point":
        return [geometry]
    return [Point(geometry.coords[0]), Point(geometry.coords[-1])]


def insert(line: LineString, points: list[Point]) -> LineString:
    """The line with these points among its vertices; a vertex hardly away from one moves onto it."""
    along = [(line.project(Point(c)), c) for c in line.coords]
    for point in points:
        at = line.project(point)
        along = [
            (d, c)
            for d, c in along
            if abs(d - at) > 2.0 or c in ends(line) and hypot(c[0] - point.x, c[1] - point.y) > 2
        ]
        along.append((at, (point.x, point.y)))
    ordered = [c for _, c in sorted(along)]
    return LineString([c for i, c in enumerate(ordered) if i == 0 or c != ordered[i - 1]])


def ends(line: LineString):
    return line.coords[0], line.coords[-1]


# --- the mesh between -------------------------------------------------------------------------------------------------


def small_streets(drawing: Drawing, voids: list[Polygon], spec: dict, rng, plane: Plane) -> list[Road]:
    lines = (
        [road.line for road in drawing.roads]
        + [line for _, line in drawing.waters]
        + [drawing.outline.exterior]
    )
    faces = list(polygonize(unary_union(lines)))
    empty = unary_union(voids).buffer(10)
    found: list[Road] = []
    for face in sorted(faces, key=lambda f: (round(f.centroid.x), round(f.centroid.y))):
        if drawing.outline.contains(face.representative_point()):
            estate = rng.random() < 0.55
            for part in parts(face.difference(empty)):
                divide(part, found, rng, lambda p: leaf_size(p, spec, plane), estate)
    return trim(found, drawing, rng)


def leaf_size(point: Point, spec: dict, plane: Plane) -> float:
    """Square metres of a finished block at this place."""
    small, large = spec["block_ha"]
    reach = min(
        hypot(point.x - x, point.y - y) / radius
        for (x, y), radius in ((plane.metres([(lon, lat)])[0], radius) for lon, lat, radius in spec["dense"])
    )
    patch = 0.5 + 0.5 * sin(point.x / 900 + 1.3) * cos(point.y / 700 - 0.4)
    share = min(1.0, max(0.0, reach - 0.25) ** 1.4 * 0.75) * (0.45 + 0.9 * patch)
    return 10_000 * (small + (large - small) * min(1.0, share)) * (0.75 + 0.5 * patch)


def parts(geometry) -> list[Polygon]:
    geometry = make_valid(geometry)
    pieces = geometry.geoms if hasattr(geometry, "geoms") else [geometry]
    return [piece for piece in pieces if piece.geom_type == "Polygon" and piece.area > 3000]


def divide(block: Polygon, found: list[Road], rng, leaf, estate: bool) -> None:
    """Cut a block in two across its longer side until the pieces are small enough; every cut is a street."""
    todo = [block]
    while todo:
        piece = todo.pop()
        if piece.area < leaf(piece.centroid) * 1.7 or piece.buffer(-32).is_empty:
            continue
        cut = cutting_line(piece, rng, estate)
        pieces = parts(split(piece, cut))
        if len(pieces) < 2:
            continue
        hectares = piece.area / 1e4
        kind, level = (
            ("tertiary", 1)
            if hectares > COLLECTOR_HA
            else ("residential", 2)
            if hectares > LOCAL_HA
            else ("living_street", 3)
        )
        for line in lines_of(cut.intersection(piece)):
            if line.length > 35 and not (level == 3 and rng.random() < 0.07):
                found.append(Road(line, "", kind, SPEED[kind], level=level))
        todo.extend(pieces)


def cutting_line(piece: Polygon, rng, estate: bool) -> LineString:
    box = list(piece.minimum_rotated_rectangle.exterior.coords)
    (ax, ay), (bx, by), (cx, cy) = box[0], box[1], box[2]
    first, second = hypot(bx - ax, by - ay), hypot(cx - bx, cy - by)
    long_angle = atan2(by - ay, bx - ax) if first >= second else atan2(cy - by, cx - bx)
    ratio = max(first, second) / max(1.0, min(first, second))
    across = ratio > 1.45 or rng.random() < 0.5
    wobble, spread = (1.2, 0.05) if estate else (7.0, 0.12)
    angle = long_angle + (pi / 2 if across else 0) + radians(rng.normal(0, wobble))
    middle = piece.centroid
    shift = rng.normal(0, spread) * (max(first, second) if across else min(first, second))
    shift_angle = long_angle if across else long_angle + pi / 2
    x, y = middle.x + shift * cos(shift_angle), middle.y + shift * sin(shift_angle)
    half = first + second
    return LineString(
        [(x - half * cos(angle), y - half * sin(angle)), (x + half * cos(angle), y + half * sin(angle))]
    )


def lines_of(geometry) -> list[LineString]:
    if geometry.geom_type == "LineString":
        return [] if geometry.is_empty else [geometry]
    return [line for part in getattr(geometry, "geoms", []) for line in lines_of(part)]


def trim(streets: list[Road], drawing: Drawing, rng) -> list[Road]:
    """Streets stop short of water, railway, toll road and the edge of the map; some end blind anywhere."""
    closed = [road.line for road in drawing.roads if road.kind in ("motorway", "motorway_link", "rail")]
    closed += [line for _, line in drawing.waters] + [drawing.outline.exterior]
    tree = STRtree(closed)
    out = []
    for street in streets:
        start, stop = 0.0, street.line.length
        here, there = (Point(c) for c in ends(street.line))
        if here.distance(closed[tree.nearest(here)]) < 2:
            start = rng.uniform(24, 48)
        if there.distance(closed[tree.nearest(there)]) < 2:
            stop -= rng.uniform(24, 48)
        if (
            street.level == 3
            and start == 0
            and stop == street.line.length
            and stop > 110
            and rng.random() < 0.06
        ):
            stop *= rng.uniform(0.55, 0.8)
        if stop - start > 30:
            out.append(replace(street, line=substring(street.line, start, stop)))
    return out


def note_joints(roads: list[Road]) -> list[Road]:
    """Where a street ends on another, that other gets the vertex."""
    lines = [road.line for road in roads]
    tree = STRtree(lines)
    marks = defaultdict(list)
    for i, road in enumerate(roads):
        if road.level == 0:
            continue
        for c in ends(road.line):
            point = Point(c)
            for j in tree.query(point.buffer(0.5)):
                if (
                    j != i
                    and not roads[j].is_closed_off
                    and roads[j].kind != "motorway_link"
                    and lines[j].distance(point) < 0.3
                ):
                    marks[j].append(point)
    return [
        replace(road, line=insert(road.line, marks[i])) if marks[i] else road for i, road in enumerate(roads)
    ]


# --- names ------------------------------------------------------------------------------------------------------------


def kelurahan(pack: Path, plane: Plane) -> list[tuple[str, Point]]:
    rows = csv.DictReader((pack / "areas.csv").open(encoding="utf-8"))
    lowest = [row for row in rows if row["level"] == "kelurahan"] or list(
        csv.DictReader((pack / "areas.csv").open())
    )
    return [(row["name"], Point(plane.metres([(float(row["lon"]), float(row["lat"]))])[0])) for row in lowest]


def name_streets(streets: list[Road], areas: list[tuple[str, Point]], rng) -> None:
    """Invented names in the manner of the country: a theme for each kelurahan quarter, numbered lanes."""
    used: dict[tuple[str, str], int] = defaultdict(int)
    for street in streets:
        middle = street.line.interpolate(0.5, normalized=True)
        area = min(areas, key=lambda entry: entry[1].distance(middle))[0]
        quarter = int(middle.x // 650) * 7 + int(middle.y // 650) * 3
        pool = HEROES if street.level == 1 else THEMES[(quarter + len(area)) % len(THEMES)]
        name = pool[int(rng.integers(len(pool)))]
        prefix = "Gg." if street.level == 3 and street.line.length < 130 else "Jl."
        key = (area if street.level > 1 else "", name)
        number = used[key]
        used[key] += 1
        street.name = f"{prefix} {name}{ROMAN[number] if number < len(ROMAN) else f' {number}'}"


# --- finish -----------------------------------------------------------------------------------------------------------


def bend(roads: list[Road], drawing: Drawing, rng) -> list[Road]:
    """Move every vertex by one smooth field that fades towards main roads, water and railway: nothing comes apart."""
    fixed = [road.line for road in drawing.roads] + [line for _, line in drawing.waters]
    tree = STRtree(fixed)
    waves = [(rng.uniform(380, 900), rng.uniform(0, 2 * pi), rng.uniform(0, 2 * pi)) for _ in range(10)]

    def moved(c: tuple[float, float]) -> tuple[float, float]:
        point = Point(c)
        fade = min(1.0, point.distance(fixed[tree.nearest(point)]) / 140)
        fade = fade * fade * (3 - 2 * fade)
        dx = sum(
            sin((c[0] * cos(a) + c[1] * sin(a)) * 2 * pi / wave + phase) * wave
            for wave, a, phase in waves[:5]
        )
        dy = sum(
            sin((c[0] * cos(a) + c[1] * sin(a)) * 2 * pi / wave + phase) * wave
            for wave, a, phase in waves[5:]
        )
        return c[0] + dx * fade * 0.0135, c[1] + dy * fade * 0.0135

    out = []
    for road in roads:
        if road.level:
            line = road.line.segmentize(95 if road.level < 3 else 120)
            out.append(replace(road, line=LineString([moved(c) for c in line.coords])))
        else:
            out.append(road)
    return out


def cut_bridges(road: Road, waters: list[tuple[dict, LineString]]) -> list[Road]:
    """The road in pieces: those over water are bridges, with the water's name."""
    if road.kind == "rail" or road.level:
        return [road]
    spans = []
    for water, line in waters:
        for point in points_of(road.line.intersection(line)):
            at, half = road.line.project(point), water["width_m"] / 2 + 14
            spans.append((max(0.0, at - half), min(road.line.length, at + half), water["name"]))
    pieces, start = [], 0.0
    for low, high, water_name in sorted(spans):
        if low < start:
            continue
        if low - start > 1:
            pieces.append(replace(road, line=substring(road.line, start, low)))
        pieces.append(
            replace(road, line=substring(road.line, low, high), bridge=f"Jembatan {water_name}, {road.name}")
        )
        start = high
    if road.line.length - start > 1:
        pieces.append(replace(road, line=substring(road.line, start, road.line.length)))
    return pieces


def connected(roads: list[Road], plane: Plane) -> list[tuple[Road, list[list[float]]]]:
    """Keep the largest connected network, and the railways."""
    drawn = [(road, plane.degrees(road.line.coords)) for road in roads]
    drawn = [(road, coords) for road, coords in drawn if len(coords) > 1]
    parent: dict[tuple[float, float], tuple[float, float]] = {}

    def root(key):
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for road, coords in drawn:
        if road.kind != "rail":
            for a, b in zip(coords, coords[1:], strict=False):
                parent[root(tuple(a))] = root(tuple(b))
    weight = defaultdict(float)
    for road, coords in drawn:
        weight[root(tuple(coords[0]))] += road.line.length
    main_root = max(weight, key=weight.__getitem__)
    kept = [
        (road, coords) for road, coords in drawn if road.kind == "rail" or root(tuple(coords[0])) == main_root
    ]
    lost = [road for road, coords in drawn if road.kind != "rail" and root(tuple(coords[0])) != main_root]
    print(
        f"{len(kept)} streets kept; {len(lost)} not connected, dropped: {sorted({r.name for r in lost if not r.level})}"
    )
    return kept


def write(pack: Path, roads, drawing: Drawing, spec: dict, plane: Plane) -> None:
    streets = [feature("LineString", coords, properties(road)) for road, coords in roads]
    waters = [
        feature(
            "LineString",
            plane.degrees(line.coords),
            {"name": w["name"], "kind": w["kind"], "width_m": w["width_m"]},
        )
        for w, line in drawing.waters
    ]
    lands = [
        feature(
            "Polygon",
            [plane.degrees(rounded(v, plane).exterior.coords)],
            {"name": v["name"], "kind": v["kind"]},
        )
        for v in spec.get("void", [])
    ]
    files = {"streets": streets, "waterways": waters} | ({"grounds": lands} if lands else {})
    for name, features in files.items():
        (pack / f"{name}.geojson").write_text(collection(features), encoding="utf-8")
        print(f"{name}: {len(features)} features, {(pack / f'{name}.geojson').stat().st_size / 1e6:.2f} MB")


def properties(road: Road) -> dict:
    """Defaults stay out to keep the file small: authority "kota", no oneway, no bridge; see the pack's README."""
    optional = {
        "authority": road.authority if road.authority != "kota" else "",
        "oneway": road.oneway,
        "bridge": road.bridge,
    }
    return {"name": road.name, "class": road.kind, "maxspeed": road.maxspeed} | {
        k: v for k, v in optional.items() if v
    }


def feature(kind: str, coordinates, values: dict) -> str:
    body = {"type": "Feature", "properties": values, "geometry": {"type": kind, "coordinates": coordinates}}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def collection(features: list[str]) -> str:
    """One feature a line, so that a fault can be named by its line and a change shows in a diff."""
    return '{"type":"FeatureCollection","indicative":true,"features":[\n' + ",\n".join(features) + "\n]}\n"


if __name__ == "__main__":
    main(sys.argv[1])
