"""The alarms' moves for the wall law: conditions come and go, operators act, rules and jobs run."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from patriot.alarms import actions, jobs
from patriot.alarms.models import Alarm, AlarmType, EscalationStep, SuppressionRule
from patriot.incidents.actions import open_from_alarm
from patriot.kernel import clock
from patriot.people.rules import Role, Viewer
from tests.alarms.makers import said

if TYPE_CHECKING:
    from tests.wall.law import Choice, City

OPERATOR = Viewer(1, "Office", frozenset({Role.OPERATOR, Role.DISPATCHER, Role.ADMINISTRATOR}))
CONDITIONS = (
    "siaga:901", "siaga:902", "feeder:903", "light_dark:904", "no_data:905", "offline:906", "ispu:907",
)  # fmt: skip
LIVELY = ("siaga:901", "feeder:903", "light_dark:904")
WAVE = "siaga:908"  # and another of the same gauge, see `wave`


def rules() -> None:
    """What a city's pack would say."""
    for code, latching in (("siaga", False), ("feeder", True), ("light_dark", False)):
        AlarmType.objects.create(
            code=code, name_id=code, category="lampu", latching=latching, along_river=code == "siaga"
        )
    SuppressionRule.objects.create(key="dark", code="light_dark", while_code="feeder", reason_id="Penyulang")
    SuppressionRule.objects.create(key="mute", code="no_data", while_code="offline", reason_id="Terputus")
    EscalationStep.objects.create(priority="high", step=1, after_minutes=5, role="operator")


def told(_city: "City", choice: "Choice") -> None:
    """A condition changes; sensing's own moves reach alarms by the reaction."""
    name, level = choice.of([*CONDITIONS, *LIVELY, WAVE]) or "", choice.of([0, 1, 1, 2, 3]) or 0
    if name == WAVE:
        return wave(level, choice.of(["medium", "low"]) or "low")
    return speak(name, level, choice.of(["high", "medium", "low"]) or "low")


def speak(name: str, level: int, priority: str) -> None:
    """Sensing says so, later than all it said before."""
    entry = 1 + max([0, *Alarm.objects.values_list("last_entry", flat=True)])
    spoken = said(name, level, priority=priority)
    actions.raise_from_condition(spoken, entry=entry, actor="system:sensing")


def _of(choice: "Choice", *states: str) -> int:
    rows = Alarm.objects.filter(state__in=states) if states else Alarm.objects.all()
    return choice.of(list(rows.order_by("pk").values_list("pk", flat=True))) or 0


def operator(act: Callable[..., object], *states: str, **more: object) -> "Callable[[City, Choice], None]":
    """Act on an alarm in one of these states."""

    def move(_city: "City", choice: "Choice") -> None:
        act(_of(choice, *states), viewer=OPERATOR, **more)

    return move


def shelve(_city: "City", choice: "Choice") -> None:
    """For some minutes."""
    until = clock.now() + timedelta(minutes=choice.of([1, 5, 25]) or 1)
    actions.shelve(_of(choice), until, "Known", viewer=OPERATOR)


def undo(_city: "City", choice: "Choice") -> None:
    """Acknowledge and take it back."""
    alarm = _of(choice, "unacknowledged", "returned")
    actions.acknowledge(alarm, viewer=OPERATOR)
    actions.undo_acknowledge(alarm, viewer=OPERATOR)


def reset(_city: "City", _choice: "Choice") -> None:
    """A feeder fails, is seen, comes back, and somebody has been there."""
    speak("feeder:903", 1, "medium")
    alarm = Alarm.objects.get(condition="feeder:903").pk
    actions.acknowledge(alarm, viewer=OPERATOR)
    speak("feeder:903", 0, "medium")
    actions.reset(alarm, viewer=OPERATOR)


def wave(level: int, priority: str) -> None:
    """One gauge says two things of the same water, or is calm again."""
    speak(WAVE, level, "medium")
    speak("siaga:909", min(level, 1), priority)


def minutes_pass(city: "City", choice: "Choice") -> None:
    """The jobs run at another time."""
    city.now += timedelta(minutes=choice.of([2, 8, 30]) or 2)
    with clock.at(city.now):
        jobs.end_shelving()
        jobs.follow_rules()
        jobs.escalate()


MOVES = {
    "alarm": told, "alarm_seen": operator(actions.acknowledge, "unacknowledged", "returned"),
    "alarm_undo": undo, "alarm_reset": reset, "alarm_shelve": shelve,
    "alarm_unshelve": operator(actions.unshelve, "shelved"),
    "alarm_out": operator(actions.take_out_of_service, reason="Broken"),
    "alarm_back": operator(actions.return_to_service, "out_of_service"),
    "alarm_incident": operator(open_from_alarm), "alarm_minutes": minutes_pass,
}  # fmt: skip
WEIGHTS = {"alarm": 5, "alarm_seen": 3}
