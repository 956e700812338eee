"""What follows a message that was sent: subscribers are told, sirens sound or fall silent."""

from patriot.kernel.events import Announcement
from patriot.kernel.reactions import reacts_to
from patriot.warnings import sirens, tell

SENT = ("warnings.published", "warnings.updated", "warnings.cancelled")


@reacts_to(*SENT)
def tell_subscribers(event: Announcement) -> None:
    """Make the deliveries; the job sends them."""
    tell.enqueue(event.body["warning"])


@reacts_to(*SENT)
def order_sirens(event: Announcement) -> None:
    """Write the orders; the job hands them to the broker."""
    sirens.order_for(event.body["warning"])


@reacts_to("warnings.expired")
def silence_sirens(event: Announcement) -> None:
    """Nothing sounds for a warning whose time is over."""
    sirens.silence(event.body["warning"])
