"""Letters to people of the house, by its own mail server. Sent by jobs, outside transactions."""

import logging
import smtplib

from django.conf import settings
from django.core.mail import EmailMessage

log = logging.getLogger(__name__)

TROUBLE = (smtplib.SMTPException, OSError)


def leave() -> bool:
    """Whether letters leave this machine: without a mail server they only lie in a folder."""
    backend: str = settings.MAILERS["default"]["BACKEND"]
    return "filebased" not in backend


def send(address: str, subject: str, text: str) -> bool:
    """Send one urgent letter; True when it has left. The log names the trouble, never the address."""
    headers = {"Auto-Submitted": "auto-generated", "X-Priority": "1"}
    try:
        EmailMessage(subject, text, to=[address], headers=headers).send()
    except TROUBLE as trouble:
        log.warning("somebody of the house could not be written to: %s", type(trouble).__name__)
        return False
    return leave()
