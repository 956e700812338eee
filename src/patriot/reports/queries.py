"""Reading reports. What the public sees leaves through `public`, which never reads the reporter."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count as CountRows
from django.db.models import QuerySet

from patriot.kernel import clock
from patriot.reports import files, rules
from patriot.reports.models import Photo, Reporter, ServiceRequest, Support


@dataclass(frozen=True)
class PhotoRef:
    """A picture that may be shown."""

    code: str
    subject: str
    kind: str
    public: bool
    agency: str
    width: int
    height: int
    at: datetime

    @property
    def small(self) -> str:
        """Address of the 480 px picture."""
        return files.url(self.code, 480)

    @property
    def large(self) -> str:
        """Address of the 1280 px picture."""
        return files.url(self.code, 1280)


@dataclass(frozen=True)
class PublicReport:
    """What anyone may know of a report. `words` are empty until made public, a secret one has no position."""

    id: int
    number: str
    category: str
    kind: str
    channel: str
    words: str
    place_text: str
    lon: float | None
    lat: float | None
    area: str
    secret: bool
    media_url: str
    at: datetime
    simulated: bool
    supporters: int


@dataclass(frozen=True)
class Contact:
    """Who sent a report, for the people who work on it."""

    name: str
    phone: str
    email: str


def public(number: str) -> PublicReport | None:
    """The public face of a report, or None when there is none of this number."""
    rows = public_reports(ServiceRequest.objects.filter(number=number))
    return rows[0] if rows else None


def public_reports(rows: QuerySet[ServiceRequest]) -> list[PublicReport]:
    """The public faces of these reports, in the order of the queryset."""
    return [_public(report) for report in rows.annotate(supporters=CountRows("supports"))]


def search(
    *,
    numbers: Collection[str] | None = None,
    categories: Collection[str] = (),
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[PublicReport]:
    """Public faces of reports, newest first, within all the given limits."""  # fmt: skip
    rows = ServiceRequest.objects.order_by("-created_at", "-id")
    wanted: dict[str, Any] = {"created_at__gte": start, "created_at__lte": end}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    if numbers is not None:
        rows = rows.filter(number__in=numbers)
    if categories:
        rows = rows.filter(category__in=categories)
    return public_reports(rows[offset : offset + limit])


def frequent_categories(days: int = 30, most: int = 3000) -> Counter[str]:
    """How often each category was reported of late."""
    recent = ServiceRequest.objects.filter(created_at__gte=clock.now() - timedelta(days=days))
    return Counter(recent.order_by("-created_at", "-id").values_list("category", flat=True)[:most])


def number_by_key(key: str) -> str | None:
    """The number of the report sent under this key, or None."""
    return ServiceRequest.objects.filter(key=key).values_list("number", flat=True).first() if key else None


def number_of(report_id: int) -> str | None:
    """A report's number by its id."""
    return ServiceRequest.objects.filter(pk=report_id).values_list("number", flat=True).first()


def words_of(number: str) -> str:
    """What the sender wrote, whole: for the sender and for those who work on it."""
    return ServiceRequest.objects.filter(number=number).values_list("words", flat=True).first() or ""


def contact(number: str) -> Contact | None:
    """Who sent it, unless anonymously. Only for those whose scope holds the report's incident."""
    rows = Reporter.objects.filter(report__number=number).exclude(report__privacy=rules.Privacy.ANONYMOUS)
    found = rows.first()
    return Contact(found.name, found.phone, found.email) if found else None


def photos(*subjects: str, public_only: bool = True) -> list[PhotoRef]:
    """The pictures of these subjects ("report:5", "assignment:7"), oldest first."""
    rows = Photo.objects.filter(subject__in=subjects).order_by("id")
    return [_photo(row) for row in (rows.filter(public=True) if public_only else rows)]


def photo(code: str) -> PhotoRef | None:
    """One picture, public or not: whoever serves it checks."""
    row = Photo.objects.filter(code=code).first() if code.isalnum() else None
    return _photo(row) if row else None


def covers(report_ids: Iterable[int]) -> dict[int, str]:
    """The address of the first public picture of each of these reports that has one, 480 px."""
    subjects = {f"report:{report_id}": report_id for report_id in report_ids}
    rows = Photo.objects.filter(subject__in=subjects, public=True).order_by("-id")
    return {subjects[subject]: files.url(code) for subject, code in rows.values_list("subject", "code")}


def supporters(number: str) -> int:
    """How many others said that they have the same problem."""
    return Support.objects.filter(report__number=number).count()


def _photo(row: Photo) -> PhotoRef:
    return PhotoRef(
        row.code, row.subject, row.kind, row.public, row.agency, row.width, row.height, row.created_at
    )  # fmt: skip


def _public(row: Any) -> PublicReport:
    shown = rules.shows_words(row.privacy, row.moderation)
    secret = row.privacy == rules.Privacy.SECRET
    return PublicReport(
        id=row.pk, number=row.number, category=row.category, kind=row.kind, channel=row.channel,
        words=row.words if shown else "", place_text=row.place_text if shown else "",
        lon=None if secret else row.lon, lat=None if secret else row.lat, area=row.area, secret=secret,
        media_url=row.media_url if shown else "", at=row.created_at, simulated=row.simulated,
        supporters=row.supporters,
    )  # fmt: skip
