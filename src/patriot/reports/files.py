"""Where pictures are kept: a folder under `PATRIOT_HOME`, or what `PATRIOT_FILES_URL` names (s3://, gs://, az://)."""

from functools import lru_cache

import obstore
from django.conf import settings
from django.db import transaction
from obstore.store import LocalStore, ObjectStore, from_url

from patriot.kernel import clock
from patriot.kernel.ids import readable_code
from patriot.reports import images
from patriot.reports.models import Photo

CODE_LENGTH = 24  # 120 bits: a private photo's address cannot be guessed, and is checked all the same


@lru_cache(maxsize=4)
def _store_at(url: str, folder: str) -> ObjectStore:
    return from_url(url) if url else LocalStore(folder, mkdir=True)


def store() -> ObjectStore:
    """The object store in use. A remote one's keys come from the usual variables (AWS_… and so on)."""
    return _store_at(settings.CONFIG.files_url, str(settings.CONFIG.home / "files"))


def save_photo(
    data: bytes,
    subject: str,
    *,
    kind: str = "before",
    public: bool = False,
    agency: str = "",
    simulated: bool = False,
) -> Photo:
    """Keep an uploaded picture: its files first, then its row, so that no row is without its picture.

    `subject` is whose it is: "report:5", "assignment:7", "draft:<key>". Raises Invalid (field `photo`).
    """
    picture = images.read(data)
    code = readable_code(CODE_LENGTH)
    for size, content in picture.files.items():
        obstore.put(store(), _path(code, size), content)
    return Photo.objects.create(
        code=code, subject=subject, kind=kind, public=public, agency=agency, width=picture.width,
        height=picture.height, created_at=clock.now(), simulated=simulated,
    )  # fmt: skip


def read_photo(code: str, size: int) -> bytes | None:
    """The picture's JPEG, or None when it is gone."""
    try:
        return bytes(obstore.get(store(), _path(code, size)).bytes())
    except FileNotFoundError:
        return None


def url(code: str, size: int = 480) -> str:
    """The picture's address on this site; `size` is one of `images.SIZES`."""
    return f"/foto/{code}/{size}.jpg"


def delete_drafts(subject: str, codes: list[str]) -> None:
    """Erase those of a draft's photos that its writer took out again."""
    if codes and subject.startswith("draft:"):
        delete_photos([photo for photo in Photo.objects.filter(subject=subject) if photo.code in codes])


def delete_photos(photos: list[Photo]) -> None:
    """Erase pictures: rows now, files once that is committed."""
    codes = [photo.code for photo in photos]
    Photo.objects.filter(code__in=codes).delete()
    transaction.on_commit(lambda: _erase(codes))


def _erase(codes: list[str]) -> None:
    for code in codes:
        for size in images.SIZES:
            obstore.delete(store(), _path(code, size))


def _path(code: str, size: int) -> str:
    return f"photos/{code[:2]}/{code}/{size}.jpg"
