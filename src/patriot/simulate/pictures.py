"""Drawn photos for simulated reports: the same seed draws the same, and each says that it is no photo."""

from collections.abc import Callable
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = (960, 720)
HORIZON = 300
LABEL = "SIMULASI · bukan foto asli"
SKIES = [
    ((118, 156, 196), (214, 222, 224)),
    ((96, 122, 150), (206, 190, 168)),
    ((146, 160, 172), (204, 208, 208)),
]
NIGHT = ((14, 20, 38), (44, 48, 66))
BAGS = [
    (34, 38, 44),
    (62, 66, 72),
    (168, 60, 48),
    (196, 178, 140),
    (88, 118, 84),
    (222, 222, 214),
    (60, 92, 140),
]

type Draw = ImageDraw.ImageDraw
type Thing = Callable[[Draw, Random], None]


def picture(category: str, seed: int, *, after: bool = False) -> bytes:
    """A JPEG of the problem at a place, or (`after`) of the same place once it is solved."""
    chance = Random(seed)
    night = category in {"pju_mati", "pju_tiang"}
    image = _sky(NIGHT if night else chance.choice(SKIES))
    draw = ImageDraw.Draw(image, "RGBA")
    _street(draw, chance, night)
    if after:
        AFTER.get(category, _cone)(draw, Random(seed))
    else:
        THINGS.get(category, _cone)(draw, chance)
    image = image.filter(ImageFilter.GaussianBlur(0.7))
    grain = Image.frombytes("L", SIZE, chance.randbytes(SIZE[0] * SIZE[1])).convert("RGB")
    image = Image.blend(image, grain, 0.06)
    _label(image)
    kept = BytesIO()
    image.save(kept, "JPEG", quality=82)
    return kept.getvalue()


def _sky(colours: tuple[tuple[int, ...], tuple[int, ...]]) -> Image.Image:
    top, bottom = colours
    column = Image.new("RGB", (1, SIZE[1]))
    for y in range(SIZE[1]):
        share = min(1.0, y / HORIZON)
        column.putpixel((0, y), tuple(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True)))
    return column.resize(SIZE)


def _street(draw: Draw, chance: Random, night: bool) -> None:
    """Houses and trees along the horizon, a road that comes towards us, its kerb and its lane marks."""
    dim = 0.35 if night else 1.0
    x = -20
    while x < SIZE[0]:
        width, height = chance.randint(60, 150), chance.randint(50, 150)
        _block(draw, chance, (x, HORIZON - height, x + width, HORIZON + 12), dim)
        x += width + chance.randint(-4, 26)
    for _ in range(chance.randint(3, 7)):
        _crown(
            draw,
            chance,
            chance.randint(0, SIZE[0]),
            HORIZON - chance.randint(0, 30),
            chance.randint(26, 60),
            dim,
        )
    draw.rectangle((0, HORIZON + 6, *SIZE), fill=_dim((150, 142, 126), dim))
    middle = chance.randint(420, 560)
    road = [(middle - 46, HORIZON + 8), (middle + 46, HORIZON + 8), (SIZE[0] + 60, SIZE[1]), (-90, SIZE[1])]
    draw.polygon(road, fill=_dim((92, 94, 98), dim))  # fmt: skip
    draw.line([(middle - 47, HORIZON + 8), (-110, SIZE[1])], fill=_dim((206, 202, 190), dim), width=9)
    for step in range(6):
        near, far = (step + 0.55) / 6, step / 6
        y1, y2 = (HORIZON + 8 + (SIZE[1] - HORIZON) * share**1.7 for share in (far, near))
        draw.line([(middle, y1), (middle - 10, y2)], fill=_dim((226, 222, 208), dim), width=2 + step * 2)


def _block(draw: Draw, chance: Random, box: tuple[int, int, int, int], dim: float) -> None:
    grey = chance.randint(150, 214)
    draw.rectangle(box, fill=_dim((grey, grey - 8, grey - 20), dim))
    left, top, right, _bottom = box
    roof = [(left - 8, top), (right + 8, top), (right - 10, top - 18), (left + 10, top - 18)]
    draw.polygon(roof, fill=_dim((150, 84, 60), dim))  # fmt: skip
    for x in range(box[0] + 10, box[2] - 14, 26):
        draw.rectangle((x, box[1] + 14, x + 12, box[1] + 32), fill=_dim((70, 84, 96), dim))


def _crown(draw: Draw, chance: Random, x: int, y: int, size: int, dim: float) -> None:
    draw.rectangle((x - 3, y, x + 3, y + size), fill=_dim((84, 64, 48), dim))
    for _ in range(7):
        dx, dy = chance.randint(-size // 2, size // 2), chance.randint(-size // 2, size // 4)
        green = chance.randint(78, 120)
        box = (x + dx - size // 2, y + dy - size // 2, x + dx + size // 2, y + dy + size // 2)
        draw.ellipse(box, fill=_dim((54, green, 50), dim))


def _rubbish(draw: Draw, chance: Random) -> None:
    draw.ellipse((120, 590, 620, 690), fill=(30, 30, 30, 90))
    for _ in range(90):
        x = round(chance.gauss(360, 95))
        y = round(640 - abs(chance.gauss(0, 60)) * max(0.0, 1 - abs(x - 360) / 260))
        size = chance.randint(12, 38)
        points = [(x + chance.randint(-size, size), y + chance.randint(-size, size // 2)) for _ in range(6)]
        draw.polygon(points, fill=chance.choice(BAGS))
    for _ in range(7):
        x, y = chance.randint(210, 520), chance.randint(540, 640)
        draw.ellipse((x - 34, y - 30, x + 34, y + 34), fill=(28, 30, 34))
        draw.polygon([(x - 8, y - 44), (x + 8, y - 44), (x, y - 24)], fill=(40, 42, 48))


def _hole_points(chance: Random) -> list[tuple[int, int]]:
    return [
        (round(470 + 150 * x + chance.randint(-16, 16)), round(590 + 52 * y + chance.randint(-9, 9)))
        for x, y in (
            (-1, 0),
            (-0.7, -0.7),
            (0, -1),
            (0.6, -0.8),
            (1, -0.1),
            (0.8, 0.7),
            (0.1, 1),
            (-0.8, 0.7),
        )
    ]


def _pothole(draw: Draw, chance: Random) -> None:
    points = _hole_points(chance)
    draw.polygon([(x + (x - 470) // 7, y + (y - 590) // 7) for x, y in points], fill=(118, 114, 108))
    draw.polygon(points, fill=(48, 46, 44))
    draw.polygon([(x + (470 - x) // 3, y + 14 + (590 - y) // 3) for x, y in points], fill=(76, 68, 58))
    for _ in range(40):
        x, y = round(chance.gauss(470, 120)), round(chance.gauss(600, 46))
        draw.ellipse((x, y, x + 7, y + 5), fill=(122, 118, 110))


def _patch(draw: Draw, chance: Random) -> None:
    points = _hole_points(chance)
    draw.polygon([(x + (x - 470) // 8, y + (y - 590) // 8) for x, y in points], fill=(34, 35, 38))
    _cone(draw, chance)


def _banner(draw: Draw, chance: Random) -> None:
    font = ImageFont.load_default(44)
    for pole in (250, 610):
        draw.rectangle((pole, 210, pole + 12, 640), fill=(92, 92, 96))
    tilt = chance.randint(-22, 22)
    colour = chance.choice([(190, 40, 44), (222, 186, 40), (36, 96, 168)])
    draw.polygon([(236, 220), (636, 220 + tilt), (636, 372 + tilt), (236, 372)], fill=colour)
    draw.text(
        (262, 246),
        chance.choice(["SEDOT WC 24 JAM", "RUMAH DIJUAL", "KREDIT CEPAT"]),
        font=font,
        fill="white",
    )
    draw.text((262, 306), "0812-XXXX-XXXX", font=font, fill="white")


def _water(draw: Draw, chance: Random) -> None:
    for step in range(5):
        box = (90 + step * 22, 500 + step * 14, 880 - step * 30, 706 - step * 8)
        draw.ellipse(box, fill=(96, 112, 118, 110))
    for _ in range(26):
        x, y = chance.randint(160, 780), chance.randint(530, 680)
        draw.line([(x, y), (x + chance.randint(20, 70), y)], fill=(206, 216, 220, 150), width=2)


def _lamp(draw: Draw, _chance: Random) -> None:
    draw.rectangle((300, 90, 312, 660), fill=(70, 74, 82))
    draw.line([(306, 94), (420, 74)], fill=(70, 74, 82), width=9)
    draw.ellipse((404, 66, 456, 86), fill=(40, 42, 48))


def _lit(draw: Draw, chance: Random) -> None:
    _lamp(draw, chance)
    for step in range(9):
        draw.polygon([(430, 80), (300 - step * 26, 690), (640 + step * 26, 690)], fill=(255, 226, 150, 16))
    draw.ellipse((404, 64, 456, 90), fill=(255, 240, 200))


def _tree(draw: Draw, chance: Random) -> None:
    draw.line([(80, 600), (600, 480)], fill=(82, 62, 46), width=34)
    for _ in range(60):
        x, y = round(chance.gauss(640, 90)), round(chance.gauss(490, 60))
        draw.ellipse((x - 30, y - 24, x + 30, y + 24), fill=(46, chance.randint(70, 116), 46, 230))


def _stalls(draw: Draw, chance: Random) -> None:
    for x in range(70, 560, 160):
        colour = chance.choice([(206, 70, 54), (40, 110, 170), (226, 178, 50)])
        draw.polygon([(x, 420), (x + 130, 420), (x + 150, 462), (x - 16, 462)], fill=colour)
        draw.rectangle((x + 4, 462, x + 126, 590), fill=(150, 120, 86))
        draw.rectangle((x + 14, 500, x + 116, 530), fill=(224, 216, 200))


def _cars(draw: Draw, chance: Random) -> None:
    for x, y in ((80, 470), (250, 520), (460, 590)):
        colour = chance.choice([(180, 184, 190), (40, 44, 52), (150, 36, 40), (230, 230, 226)])
        draw.rounded_rectangle((x, y, x + 220, y + 66), 18, fill=colour)
        draw.rounded_rectangle((x + 42, y - 38, x + 172, y + 18), 18, fill=colour)
        draw.rectangle((x + 58, y - 26, x + 156, y + 4), fill=(64, 78, 90))
        for wheel in (x + 30, x + 160):
            draw.ellipse((wheel, y + 46, wheel + 38, y + 84), fill=(20, 20, 22))


def _cone(draw: Draw, _chance: Random) -> None:
    draw.polygon([(700, 520), (664, 640), (736, 640)], fill=(226, 106, 38))
    draw.polygon([(690, 556), (710, 556), (716, 582), (684, 582)], fill=(240, 240, 236))
    draw.rectangle((652, 638, 748, 650), fill=(190, 84, 30))


def _clear(draw: Draw, _chance: Random) -> None:
    draw.ellipse((150, 600, 560, 668), fill=(120, 118, 112, 120))


def _label(image: Image.Image) -> None:
    veil = Image.new("RGBA", SIZE)
    draw = ImageDraw.Draw(veil)
    draw.rectangle((0, SIZE[1] - 52, *SIZE), fill=(0, 0, 0, 170))
    draw.text((20, SIZE[1] - 44), LABEL, font=ImageFont.load_default(32), fill=(255, 255, 255, 235))
    big = Image.new("RGBA", (900, 130))
    ImageDraw.Draw(big).text((20, 0), "SIMULASI", font=ImageFont.load_default(110), fill=(255, 255, 255, 62))
    veil.alpha_composite(big.rotate(18, expand=True), (120, 120))
    image.paste(veil, mask=veil)


def _dim(colour: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    red, green, blue = (round(part * share) for part in colour)
    return red, green, blue


THINGS: dict[str, Thing] = {
    "sampah": _rubbish, "sampah_liar": _rubbish, "sampah_tidak_diangkut": _rubbish, "drainase": _water,
    "lubang_jalan": _pothole, "jalan_rusak": _pothole, "penutup_saluran": _pothole, "trotoar_rusak": _pothole,
    "iklan_liar": _banner, "genangan": _water, "banjir": _water, "pju_mati": _lamp, "pju_tiang": _lamp,
    "pohon_tumbang": _tree, "pohon_rawan": _tree, "pkl": _stalls, "parkir_liar": _cars, "kemacetan": _cars,
    "kecelakaan": _cars, "lampu_lalin": _cars,
}  # fmt: skip
AFTER: dict[str, Thing] = {
    "lubang_jalan": _patch, "jalan_rusak": _patch, "penutup_saluran": _patch, "trotoar_rusak": _patch,
    "pju_mati": _lit, "pju_tiang": _lit, "sampah": _clear, "sampah_liar": _clear,
}  # fmt: skip
