"""What incidents do when something below them was announced."""

from patriot.incidents import actions
from patriot.incidents.models import IncidentReport
from patriot.kernel.events import Announcement
from patriot.kernel.reactions import reacts_to
from patriot.reports import queries as reports


@reacts_to("fund.decided")
def money_decided(news: Announcement) -> None:
    """A task that waited for money becomes ready, or is cancelled."""
    kind, _, key = str(news.body["subject"]).partition(":")
    if kind == "task" and key.isdigit():
        actions.fund_decided(int(key), news.body["approved"], news.body["reason"], actor=news.actor)


@reacts_to("report.moderated", "report.reporter_forgotten")
def photo_moderated(news: Announcement) -> None:
    """Show the first picture that is still public, or none."""
    link = IncidentReport.objects.filter(number=news.body["number"]).select_related("incident").first()
    if link is None:
        return
    order = list(link.incident.reports.values_list("report_id", flat=True))
    covers = reports.covers(order)
    first = next((covers[report_id] for report_id in order if report_id in covers), "")
    actions.set_photo(link.incident_id, first, actor=news.actor)
