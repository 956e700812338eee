"""Deciding what of a report is public, and erasing what is personal."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from patriot.kernel.errors import Invalid, NotAllowed, NotFound
from patriot.ledger import actions as ledger
from patriot.people.rules import Role, Viewer
from patriot.reports import events, files, rules, tokens
from patriot.reports.models import Photo, Reporter, ServiceRequest
from patriot.reports.rules import Flag, Moderation

MODERATORS = (Role.STAFF, Role.HEAD, Role.OPERATOR)
ERASERS = (Role.OPERATOR,)


@transaction.atomic
def moderate(
    number: str, moderation: str, *, viewer: Viewer, agency: str, flag: str = "", reason: str = ""
) -> None:
    """Decide what of a report's words and photos the public sees, and flag it.

    `agency` is the incident's owner: its staff may decide, and operators. Raises NotAllowed, NotFound.
    """
    if not viewer.may(MODERATORS, agency):
        raise NotAllowed(_("Only the agency in charge and operators decide what of a report is public."))
    if moderation not in set(Moderation) or flag not in set(Flag):
        raise Invalid({"moderation": _("Choose one of the offered values.")})
    report = _locked(number)
    report.moderation, report.flag = moderation, flag
    report.save(update_fields=["moderation", "flag"])
    Photo.objects.filter(subject=f"report:{report.pk}").update(
        public=rules.shows_photos(report.privacy, moderation)
    )  # fmt: skip
    event = events.Moderated(number=number, moderation=moderation, flag=flag, reason=rules.tidy(reason, 300))
    ledger.append(
        event, actor=viewer.actor, subject=f"report:{report.pk}", agency=agency, simulated=report.simulated
    )  # fmt: skip


@transaction.atomic
def forget_reporter(
    number: str, *, viewer: Viewer, token: str = "", content: bool = False, reason: str = ""
) -> None:
    """Erase who sent a report, for good; with `content` also its words and photos. The report itself stays.

    The sender may, by the report's token, and operators may on request. Raises NotAllowed, NotFound.
    """
    if not viewer.has(*ERASERS) and not tokens.valid(number, token):
        raise NotAllowed(_("Only the sender of a report, or an operator on their request, may erase this."))
    report = _locked(number)
    Reporter.objects.filter(report=report).delete()
    if content:
        ServiceRequest.objects.filter(pk=report.pk).update(words="", media_url="", place_text="")
        files.delete_photos(list(Photo.objects.filter(subject=f"report:{report.pk}")))
    event = events.ReporterForgotten(number=number, content=content, reason=rules.tidy(reason, 300))
    ledger.append(event, actor=viewer.actor, subject=f"report:{report.pk}", simulated=report.simulated)


def _locked(number: str) -> ServiceRequest:
    report = ServiceRequest.objects.select_for_update().filter(number=number).first()
    if report is None:
        raise NotFound(_("There is no report with this number."))
    return report
