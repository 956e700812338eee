"""Pictures from strangers: bounded, re-encoded, and free of where and by whom they were taken. Pure."""

from dataclasses import dataclass
from io import BytesIO
from threading import BoundedSemaphore

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

from patriot.kernel.errors import Invalid

LARGEST_BYTES = 25 * 1024 * 1024
LARGEST_PIXELS = (
    52_000_000  # a phone's 50 megapixels; one picture then needs at most some 200 MB while it is read
)
SMALLEST_SIDE = 16
SIZES = (480, 1280, 2048)  # longest side in pixels
WANTED = {"JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"}
QUALITY = 82

Image.MAX_IMAGE_PIXELS = LARGEST_PIXELS
Image.init()  # registers every format; FORMATS are those of them that are wanted
FORMATS = sorted(WANTED & set(Image.OPEN))
_READING = BoundedSemaphore(2)  # however many uploads arrive, two pictures are unfolded at a time


@dataclass(frozen=True)
class Picture:
    """A picture as JPEG in each of `SIZES`; `width` and `height` are those of the largest."""

    width: int
    height: int
    files: dict[int, bytes]


def read(data: bytes) -> Picture:
    """Read an upload. Raises Invalid under `photo`, in words for the sender, when it is no usable picture."""
    if not data or len(data) > LARGEST_BYTES:
        raise _unusable(_("The photo is empty or larger than 25 MB. Choose another one."))
    try:
        with _READING, Image.open(BytesIO(data), formats=FORMATS) as image:
            return _sized(_upright(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _unusable(_("The photo has too many pixels. Choose a smaller one.")) from None
    except UnidentifiedImageError:
        raise _unusable(_("This file is not a photo we can read. Send JPEG, PNG or WebP.")) from None
    except (OSError, ValueError, SyntaxError, TypeError, IndexError, OverflowError, EOFError, MemoryError):
        raise _unusable(_("The photo is damaged. Take it again or choose another one.")) from None


def _unusable(words: object) -> Invalid:
    return Invalid({"photo": words})


def _upright(image: Image.Image) -> Image.Image:
    """The first frame in plain colours, turned as its metadata says, at most the largest size."""
    width, height = image.size
    if width * height > LARGEST_PIXELS:
        raise Image.DecompressionBombError
    if min(width, height) < SMALLEST_SIDE:
        raise _unusable(_("The photo is too small to show anything."))
    image.draft("RGB", (SIZES[-1], SIZES[-1]))  # JPEG: unfold no more than is needed
    image.thumbnail((SIZES[-1], SIZES[-1]))
    return _flat(ImageOps.exif_transpose(image))


def _flat(image: Image.Image) -> Image.Image:
    """On white where it was transparent; a new picture, so that no metadata comes along."""
    page = Image.new("RGB", image.size, "white")
    clear = image.convert("RGBA")
    page.paste(clear, mask=clear.getchannel("A"))
    return page


def _sized(image: Image.Image) -> Picture:
    files = {}
    for size in SIZES:
        copy = image.copy()
        copy.thumbnail((size, size))
        out = BytesIO()
        copy.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
        files[size] = out.getvalue()
    return Picture(image.width, image.height, files)
