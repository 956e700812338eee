"""E-mails: asking for confirmation, warnings, calling leadership. Sent by jobs, outside transactions."""

import logging
import re
import smtplib

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from patriot.kernel import clock
from patriot.people import letters as house
from patriot.people import queries as people
from patriot.people.rules import Role
from patriot.warnings import compose, rules, subscriptions
from patriot.warnings.models import PublicWarning, Subscription
from patriot.warnings.push import Outcome

log = logging.getLogger(__name__)

MOST_ASKED = 50  # confirmations a run
ENHANCED = re.compile(rb"5\.\d{1,3}\.\d{1,3}\b")  # RFC 3463: 5.1.x is about an address, 5.7.1 is policy …
OF_THE_SENDER = ("5.1.7", "5.1.8")  # the address that is wrong is ours


def page_url(token: str) -> str:
    """A subscription's own page."""
    return f"{settings.CONFIG.public_url}/peringatan/langganan/{token}"


def ask_waiting() -> int:
    """Ask new addresses whether they want to be told; returns how many were asked."""
    rows = Subscription.objects.filter(channel="email", confirmed_at=None, asked_at=None)[:MOST_ASKED]
    asked = 0
    for row in rows:
        try:
            _ask(row)
        except smtplib.SMTPRecipientsRefused as fault:  # of this address: the others need not wait for it
            log.info("an address that was to be asked is refused")
            if any(code < 500 for code, _words in fault.recipients.values()):
                continue  # not now
        except house.TROUBLE as trouble:
            log.warning("mail cannot be sent: %s", type(trouble).__name__)
            break
        Subscription.objects.filter(pk=row.pk).update(asked_at=clock.now())
        asked += 1
    return asked


def _ask(row: Subscription) -> None:
    with override(row.language):
        told = {"place": subscriptions.place_name(row), "url": page_url(subscriptions.token(row.pk))}
        text = render_to_string("warnings/mail_confirm.txt", told)
        EmailMessage(
            _("Confirm: warnings for {place}").format(place=told["place"]), text, to=[row.address]
        ).send()


def send_warning(row: PublicWarning, told: Subscription) -> Outcome:
    """One warning to one address, with a link and a header by which it stops."""
    token = subscriptions.token(told.pk)
    language = told.language
    label = rules.prefix(row.status, row.step, language)
    with override(language):
        context = {
            "label": label, "headline": getattr(row, f"headline_{language}"),
            "description": getattr(row, f"description_{language}"),
            "instruction": getattr(row, f"instruction_{language}"), "row": row,
            "url": compose.url_of(row.identifier), "stop": page_url(token),
            "place": subscriptions.place_name(told), "drill": row.status != rules.Status.ACTUAL,
        }  # fmt: skip
        text = render_to_string("warnings/mail_warning.txt", context)
        headers = {
            "List-Unsubscribe": f"<{page_url(token)}/berhenti>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Auto-Submitted": "auto-generated",
            "X-Priority": "1" if rules.life_threatening(row.severity, row.urgency) else "3",
        }  # fmt: skip
        subject = f"{label} {context['headline']}".strip()
        letter = EmailMessage(subject, text, to=[told.address], headers=headers)
    try:
        letter.send()
    except smtplib.SMTPRecipientsRefused as fault:
        return judged(*next(iter(fault.recipients.values())))
    except house.TROUBLE as trouble:
        return Outcome("later", type(trouble).__name__)
    return Outcome("sent")


def judged(code: int, words: bytes) -> Outcome:
    """What a mail server's refusal of an address means. Its words may name the address: they are not kept."""
    if not 500 <= code < 600:
        return Outcome("later", f"smtp {code}")
    enhanced = ENHANCED.match(words)
    reason = enhanced[0].decode() if enhanced else ""
    is_gone = code in (550, 551, 553) and reason.startswith("5.1.") and reason not in OF_THE_SENDER
    return Outcome("gone" if is_gone else "failed", f"smtp {code} {reason}".strip())


def call_leadership(row: PublicWarning) -> int:
    """Tell leadership that a warning waits for them; returns how many letters left the house."""
    if not house.leave():
        return 0
    url = f"{settings.CONFIG.public_url}/console/warnings/{row.pk}/"
    title = f"{rules.prefix(row.status, row.step, 'id')} {row.headline_id}".strip()
    sent = 0
    for address, _language in people.reachable([Role.LEADERSHIP]):
        text = render_to_string("warnings/mail_escalated.txt", {"row": row, "url": url})
        sent += house.send(address, f"MENUNGGU PERSETUJUAN: {title}", text)
    return sent
