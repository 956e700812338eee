"""Pictures from strangers."""

import zlib
from contextlib import suppress
from io import BytesIO
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from patriot.kernel.errors import Invalid
from patriot.reports import files, images, jobs
from patriot.reports.models import Photo

ORIENTATION, MAKE, GPS = 0x0112, 0x010F, 0x8825


def photo(size=(1600, 1200), form="JPEG", **options) -> bytes:
    out = BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(out, form, **options)
    return out.getvalue()


def geotagged() -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[MAKE] = "PhoneOfSiti"
    exif.get_ifd(GPS).update({1: "S", 2: (6.0, 14.0, 5.0), 3: "E", 4: (107.0, 0.0, 1.0)})
    return photo(exif=exif, comment=b"Siti was here")


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def test_it_strips_position_camera_and_comments_and_turns_the_picture_upright():
    assert dict(opened(geotagged()).getexif().get_ifd(GPS))
    picture = images.read(geotagged())
    for data in picture.files.values():
        assert not opened(data).getexif()
        assert b"Siti" not in data
        assert b"Exif" not in data
    assert picture.width < picture.height


def test_it_makes_each_size_and_never_enlarges():
    picture = images.read(photo((800, 600)))
    assert {size: opened(data).size for size, data in picture.files.items()} == {
        480: (480, 360),
        1280: (800, 600),
        2048: (800, 600),
    }


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_it_reads_what_phones_and_screens_make(form):
    assert images.read(photo((300, 200), form)).width == 300


def png_bomb(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return pack(">I", len(body)) + name + body + pack(">I", zlib.crc32(name + body))

    head = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(60_000, 60_000), (8_000, 8_000), (2_000_000_000, 1)])
def test_it_refuses_a_decompression_bomb_without_unfolding_it(size):
    with pytest.raises(Invalid):
        images.read(png_bomb(*size))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?php system($_GET['c']); ?>",
        photo()[:2000],
        photo((4, 4)),
        b"\xff\xd8\xff" + b"\0" * 50,
    ],
)
def test_it_refuses_what_is_no_usable_picture_in_words(data):
    with pytest.raises(Invalid) as refused:
        images.read(data)
    assert str(refused.value.fields["photo"])


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 400))
def test_it_never_fails_otherwise_however_a_file_is_broken(noise, place):
    whole = photo((64, 48))
    with suppress(Invalid):
        images.read(whole[:place] + noise + whole[place + len(noise) :])


@pytest.mark.django_db
def test_it_serves_back_what_was_kept_and_sweeps_what_was_never_sent(django_capture_on_commit_callbacks):
    kept = files.save_photo(photo(), "draft:x")
    assert opened(files.read_photo(kept.code, 480)).size == (480, 360)
    Photo.objects.update(created_at=kept.created_at - jobs.KEEP * 2)
    with django_capture_on_commit_callbacks(execute=True):
        jobs.sweep()
    assert files.read_photo(kept.code, 480) is None
