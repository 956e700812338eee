"""Which edition of each part of the map is in force. Copies in other processes compare it before use."""

from uuid import uuid4

from patriot.places.models import Edition

PARTS = ("areas", "places", "streets")


def renew(part: str, *, digest: str = "", source: str = "", indicative: bool = True) -> None:
    """A part of the map has changed: copies are out of date. Call in the transaction that changed it."""
    values = {"stamp": uuid4().hex, "digest": digest, "source": source[:160], "indicative": indicative}
    Edition.objects.update_or_create(part=part, defaults=values)


def stamps() -> dict[str, str]:
    """The stamp in force of every part that was ever loaded."""
    return dict(Edition.objects.values_list("part", "stamp"))


def edition(part: str) -> Edition | None:
    """The edition in force of one part."""
    return Edition.objects.filter(part=part).first()
