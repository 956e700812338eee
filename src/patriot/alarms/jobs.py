"""Alarms' periodic work: shelving ends, rules begin and end, those who wait too long are told of."""

from patriot.alarms import actions, callouts
from patriot.alarms.models import Alarm
from patriot.alarms.rules import State
from patriot.kernel import clock
from patriot.kernel.errors import Refused
from patriot.kernel.jobs import every


@every("* * * * * */5")
def end_shelving() -> None:
    """Bring back what was shelved until now."""
    over = Alarm.objects.filter(state=State.SHELVED, until__lte=clock.now())
    for alarm_id in list(over.values_list("pk", flat=True)):
        try:
            actions.end_shelving(alarm_id)
        except Refused:  # somebody took it back at this moment
            continue


@every("* * * * * */15")
def follow_rules() -> None:
    """Windows of maintenance begin and end by the clock."""
    actions.apply_rules()


@every("* * * * * */20")
def escalate() -> None:
    """Tell the next person."""
    actions.remind()


@every("* * * * * */15")
def call_outside() -> None:
    """Write to those outside the room whom a step of escalation names, until a letter has left."""
    callouts.call_waiting()
