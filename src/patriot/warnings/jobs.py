"""Warnings' periodic work."""

from patriot.kernel import clock
from patriot.kernel.jobs import every
from patriot.warnings import actions
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
