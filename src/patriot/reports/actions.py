"""Writing reports. To receive one whole, routed, with a deadline: `incidents.actions.receive_report`."""

import hashlib
from dataclasses import dataclass, replace

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from patriot.kernel import clock
from patriot.kernel.errors import Conflict, Invalid, NotFound
from patriot.kernel.geometry import Point
from patriot.kernel.ids import readable_code
from patriot.ledger import actions as ledger
from patriot.reports import events, rules
from patriot.reports.models import Photo, Reporter, ServiceRequest, Support
from patriot.reports.rules import Kind, Privacy

CODE_LENGTH = 5
TRIES = 5  # of 33 million codes a day: a second try is rare, a sixth unheard of


@dataclass(frozen=True)
class ReportDraft:
    """What a citizen or a channel sends. `area` is the kelurahan's code, found by whoever routes it."""

    category: str
    lon: float | None
    lat: float | None
    words: str = ""
    accuracy_m: float | None = None
    place_text: str = ""
    area: str = ""
    kind: str = Kind.COMPLAINT
    privacy: str = Privacy.OPEN
    channel: str = "portal"
    key: str = ""  # the sender's own id of this report: sent twice, it is recorded once
    name: str = ""
    phone: str = ""
    email: str = ""
    user_id: int | None = None
    photos: tuple[str, ...] = ()  # codes of photos saved as drafts
    media_url: str = ""

    @property
    def point(self) -> Point | None:
        """The position, or None when it was not given."""
        return None if self.lon is None or self.lat is None else Point(self.lon, self.lat)


@dataclass(frozen=True)
class Recorded:
    """A report as it was recorded."""

    id: int
    number: str

    @property
    def subject(self) -> str:
        """How the ledger names it."""
        return f"report:{self.id}"


class AlreadyRecorded(Conflict):
    """The same draft (by its key) was recorded before, as `number`."""

    def __init__(self, number: str) -> None:
        super().__init__(_("This report was already received as %(number)s.") % {"number": number})
        self.number = number


@transaction.atomic
def record(draft: ReportDraft, *, actor: str, simulated: bool) -> Recorded:
    """Keep a report as it was said and announce it.

    Raises Invalid (by field) when it cannot be used, AlreadyRecorded when its key is known.
    """
    draft = _tidied(draft)
    faults = rules.faults(draft.category, draft.words, draft.point)
    if faults or draft.point is None:
        raise Invalid(faults)
    report = _insert(draft, draft.point, simulated)
    if draft.name or draft.phone or draft.email or draft.user_id:
        Reporter.objects.create(
            report=report, name=draft.name, phone=draft.phone, email=draft.email, user_id=draft.user_id
        )
    _adopt(draft.photos, report)
    _announce(report, actor)
    return Recorded(report.pk, report.number)


def _tidied(draft: ReportDraft) -> ReportDraft:
    return replace(
        draft,
        words=rules.tidy(draft.words, rules.LONGEST_WORDS + 1),
        place_text=rules.tidy(draft.place_text, rules.LONGEST_PLACE),
        name=rules.tidy(draft.name, 120),
        phone=rules.tidy(draft.phone, 32),
        email=rules.tidy(draft.email, 254),
    )


def _insert(draft: ReportDraft, point: Point, simulated: bool) -> ServiceRequest:
    """The new row, under a number nobody has. Each try has its own savepoint."""
    now = clock.now()
    for _try in range(TRIES):
        report = ServiceRequest(
            number=rules.number(now, readable_code(CODE_LENGTH)), key=draft.key or None,
            channel=draft.channel, kind=draft.kind, category=draft.category, words=draft.words,
            lon=point.lon, lat=point.lat, accuracy_m=draft.accuracy_m, place_text=draft.place_text,
            area=draft.area, privacy=draft.privacy, media_url=draft.media_url, created_at=now,
            simulated=simulated,
        )  # fmt: skip
        try:
            with transaction.atomic():
                report.save(force_insert=True)
        except IntegrityError:
            known = ServiceRequest.objects.filter(key=draft.key).first() if draft.key else None
            if known:
                raise AlreadyRecorded(known.number) from None
        else:
            return report
    raise Conflict(_("No free report number was found. Please send it again."))


def _adopt(codes: tuple[str, ...], report: ServiceRequest) -> None:
    """Turn draft photos into the report's. Photos that belong to something else stay there."""
    drafts = Photo.objects.filter(code__in=codes[: rules.MOST_PHOTOS], subject__startswith="draft:")
    drafts.update(
        subject=f"report:{report.pk}", simulated=report.simulated,
        public=rules.shows_photos(report.privacy, report.moderation),
    )  # fmt: skip


def _announce(report: ServiceRequest, actor: str) -> None:
    secret = report.privacy == Privacy.SECRET
    ledger.append(
        events.Received(
            number=report.number, category=report.category, report_kind=report.kind, channel=report.channel,
            area=report.area, lon=None if secret else report.lon, lat=None if secret else report.lat,
        ),
        actor=actor, subject=f"report:{report.pk}", simulated=report.simulated,
    )  # fmt: skip


@transaction.atomic
def support(number: str, token: str, *, actor: str) -> int:
    """Say "me too" once for each browser's `token`; returns how many have. Raises NotFound."""
    report = ServiceRequest.objects.select_for_update().filter(number=number).first()
    if report is None:
        raise NotFound(_("There is no report with this number."))
    digest = hashlib.sha256(token.encode()).hexdigest()
    _row, is_new = Support.objects.get_or_create(
        report=report, digest=digest, defaults={"created_at": clock.now()}
    )
    count = report.supports.count()
    if is_new:
        event = events.Supported(number=number, supporters=count)
        ledger.append(event, actor=actor, subject=f"report:{report.pk}", simulated=report.simulated)
    return count
