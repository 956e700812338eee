"""Who wants to be told of what. Personal data: it is in no event, and it is gone when somebody stops."""

from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from patriot.kernel import clock
from patriot.kernel.errors import Invalid
from patriot.kernel.geometry import Point
from patriot.places import queries as places
from patriot.warnings import push
from patriot.warnings.models import Subscription

SALT = "warnings.subscription"
LARGEST_M, SMALLEST_M = 20_000, 200
MOST_PLACES = 20  # of one address
FORGOTTEN_AFTER = timedelta(days=3)  # an e-mail nobody confirmed


@dataclass(frozen=True)
class Place:
    """A kelurahan or kecamatan by its code, or a point with a radius in metres."""

    area: str = ""
    point: Point | None = None
    radius_m: int = 1000

    def checked(self) -> "Place":
        """Raises Invalid for no place."""
        if self.area:
            if places.area(self.area) is None:
                raise Invalid({"place": _("Choose a place of the list.")})
            return Place(self.area)
        if self.point is None or not self.point.is_valid:
            raise Invalid({"place": _("Say where: choose a kelurahan, or use your position.")})
        rounded = Point(round(self.point.lon, 4), round(self.point.lat, 4))  # ten metres: nobody's door
        return Place("", rounded, max(SMALLEST_M, min(self.radius_m, LARGEST_M)))


@dataclass(frozen=True)
class SubscriptionRow:
    """What somebody's own page shows."""

    id: int
    channel: str
    address: str
    place: str
    confirmed: bool


def by_push(address: push.Address, place: Place, language: str) -> str:
    """Tell this browser; returns the token of its subscription. Raises Invalid."""
    try:
        push.check(address)
    except ValueError:
        raise Invalid({"push": _("This browser's address cannot be used. Try e-mail instead.")}) from None
    keys = {"p256dh": address.p256dh, "auth": address.auth}
    row = _keep("push", address.endpoint, place.checked(), language, keys)
    Subscription.objects.filter(pk=row.pk).update(confirmed_at=clock.now(), keys=keys)
    return token(row.pk)


def by_email(address: str, place: Place, language: str) -> str:
    """Ask an address whether it wants to be told; it is told of nothing until it says yes. Raises Invalid."""
    address = address.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid({"email": _("This is no e-mail address.")}) from None
    return token(_keep("email", address, place.checked(), language, {}).pk)


@transaction.atomic
def _keep(channel: str, address: str, place: Place, language: str, keys: dict[str, str]) -> Subscription:
    """The subscription; the same one at the second call."""
    known = Subscription.objects.filter(channel=channel, address=address)
    if known.count() >= MOST_PLACES:
        raise Invalid({"place": _("You follow very many places already. Stop one first.")})
    point = place.point
    row, _is_new = known.get_or_create(
        area=place.area, lon=point.lon if point else None, lat=point.lat if point else None,
        defaults={
            "channel": channel, "address": address, "keys": keys, "created_at": clock.now(),
            "radius_m": place.radius_m if point else None, "language": "en" if language == "en" else "id",
        },
    )  # fmt: skip
    return row


def token(pk: int) -> str:
    """What opens a subscription's own page. Signed, not kept."""
    return signing.Signer(salt=SALT).sign(str(pk)).replace(":", ".")


def _of(text: str) -> Subscription | None:
    number, _dot, signature = text.partition(".")
    try:
        pk = signing.Signer(salt=SALT).unsign(f"{number}:{signature}")
    except signing.BadSignature:
        return None
    return Subscription.objects.filter(pk=int(pk)).first()


def mine(text: str) -> SubscriptionRow | None:
    """The subscription that a token opens; None when it was stopped or the token is not ours."""
    row = _of(text)
    if row is None:
        return None
    return SubscriptionRow(row.pk, row.channel, row.address, place_name(row), row.confirmed_at is not None)


def place_name(row: Subscription) -> str:
    """The place in words."""
    if row.area:
        ref = places.area(row.area)
        return ref.name if ref else row.area
    return _("{metres} m around your point").format(metres=row.radius_m)


def confirm(text: str) -> bool:
    """Yes, tell me. False when there is nothing to confirm."""
    row = _of(text)
    if row is None:
        return False
    Subscription.objects.filter(pk=row.pk, confirmed_at=None).update(confirmed_at=clock.now())
    return True


def stop(text: str, *, everywhere: bool = False) -> bool:
    """Forget the subscription, or all of that address: the rows are deleted. False when there is none."""
    row = _of(text)
    if row is None:
        return False
    found = Subscription.objects.filter(channel=row.channel, address=row.address)
    (found if everywhere else found.filter(pk=row.pk)).delete()
    return True


def forget_unconfirmed() -> int:
    """Delete addresses that never said yes; returns how many."""
    before = clock.now() - FORGOTTEN_AFTER
    return Subscription.objects.filter(confirmed_at=None, created_at__lt=before).delete()[0]
