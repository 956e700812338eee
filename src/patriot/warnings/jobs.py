"""Warnings' periodic work."""

from patriot.kernel import clock
from patriot.kernel.jobs import every
from patriot.warnings import actions, foreign, letters, sirens, subscriptions, tell
from patriot.warnings.models import PublicWarning
from patriot.warnings.rules import State


@every("* * * * * */2")
def watch_the_clock() -> None:
    """End what has expired; call leadership where nobody has decided in time."""
    now = clock.now()
    over = PublicWarning.objects.filter(state=State.PUBLISHED, expires__lte=now)
    for pk in list(over.values_list("pk", flat=True)):
        actions.expire(pk, now)
    late = PublicWarning.objects.filter(state=State.WAITING, waits_until__lte=now, escalated_at=None)
    for pk in list(late.values_list("pk", flat=True)):
        actions.escalate(pk, now)


@every("* * * * * */1")
def tell_subscribers() -> None:
    """Send what is due to subscribers."""
    tell.send_due()


@every("* * * * * */2")
def reach_sirens() -> None:
    """Orders to the broker, answers from it."""
    sirens.relay()


@every("* * * * * */3")
def ask_addresses() -> None:
    """Ask new addresses to confirm."""
    letters.ask_waiting()


@every("* * * * * */15")
def call_leadership() -> None:
    """Call leadership for what nobody decided, until a letter has left."""
    overdue = PublicWarning.objects.filter(escalated_at__isnull=False, called_at=None, state=State.WAITING)
    for row in overdue:
        if letters.call_leadership(row):
            same_wait = PublicWarning.objects.filter(pk=row.pk, submitted_at=row.submitted_at)
            same_wait.update(called_at=clock.now())


@every("17 3 * * *")
def forget() -> None:
    """Addresses that never said yes are forgotten."""
    subscriptions.forget_unconfirmed()


@every("* * * * * 30")
def watch_sources() -> None:
    """Say which of the others' sources have fallen silent."""
    foreign.watch_sources(clock.now())
