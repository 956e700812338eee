"""The wall law's test bench: a small city that lives at random by real actions, and boards that watch it.

A new room that offers a panel adds its moves here; the test fails until some move changes the panel.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import orjson
from django.apps import apps
from django.db import connection
from PIL import Image

from patriot.dispatch import actions as dispatch
from patriot.dispatch import duty
from patriot.dispatch.models import Assignment, Unit
from patriot.funds import actions as funds
from patriot.funds.models import Commitment
from patriot.incidents import actions as incidents
from patriot.incidents import jobs
from patriot.incidents.models import Incident, IncidentReport, Task
from patriot.kernel import clock
from patriot.kernel.errors import Refused
from patriot.kernel.panels import panels
from patriot.kernel.reactions import reactions
from patriot.ledger import actions as ledger
from patriot.ledger.delivery import Courier
from patriot.people.rules import Role, Viewer
from patriot.reports import tokens
from patriot.wall import actions as wall
from patriot.wall.models import Display
from patriot.wall.picture import Picture
from tests import factories
from tests.dispatch import makers
from tests.sensing import moves as sensing
from tests.wall import alarm_moves as alarms
from tests.wall import warning_moves as warnings

MORNING = datetime(2016, 11, 30, 2, tzinfo=UTC)  # nine o’clock in Jakarta
SPOTS = ((106.99, -6.24), (106.9903, -6.2401), (107.0, -6.25), (106.97, -6.22))
CATEGORIES = (("lubang_jalan", "dbmta"), ("sampah", "dlh"), ("lampu", "dishub"))
OFFICE = Viewer(1, "Office", frozenset({Role.OPERATOR, Role.DISPATCHER, Role.ADMINISTRATOR}))
MAYOR = Viewer(2, "Mayor", frozenset({Role.LEADERSHIP}))
SECRET_ONE_IN = 6


def _picture() -> bytes:
    data = BytesIO()
    Image.new("RGB", (64, 48), "grey").save(data, "JPEG")
    return data.getvalue()


PHOTO = _picture()


@dataclass
class Choice:
    """Draws from one number, so that a move is replayed exactly."""

    seed: int

    def of[T](self, options: Sequence[T]) -> T | None:
        """One of the options; None when there are none."""
        if not options:
            return None
        self.seed, index = divmod(self.seed, len(options))
        return options[index]


@dataclass
class City:
    """The city, the hour, and the boards that were started along the way."""

    now: datetime = MORNING
    boards: list[Picture] = field(default_factory=list)

    def found(self) -> None:
        """An empty city with agencies, money and crews."""
        _empty_all_tables()
        with clock.at(self.now):
            for code, agency in CATEGORIES:
                factories.category(code, agency)
                factories.fund(agency)
                factories.user(Role.OFFICER, agency)
                for number in (1, 2):
                    makers.unit(f"{agency} {number}", agency=agency)
            sensing.found()
            alarms.rules()
            warnings.found()
        self.watch()

    def live(self, move: str, seed: int) -> None:
        """One move. What the house refuses is no move."""
        self.now += timedelta(seconds=20 + seed % 100)
        with clock.at(self.now):
            try:
                MOVES[move](self, Choice(seed))
            except Refused:
                return

    def watch(self) -> None:
        """Start another board, now."""
        board = Picture(panels())
        board.load(clock.now())
        board.step([], self.now, self.now, everything=True)
        self.boards.append(board)

    def seal(self) -> None:
        """Number what was committed and let every board know."""
        while sealed := ledger.seal():
            for board in self.boards:
                board.step(sealed, self.now, self.now, everything=False)

    def check(self) -> None:
        """The law: every board shows what a board started now shows."""
        with clock.at(self.now):
            self.seal()
            fresh = Picture(panels())
            fresh.load(self.now)
            shown = views(fresh, self.now)
            assert not fresh.is_broken
            for board in self.boards:
                assert not board.is_broken
                kept = views(board, self.now)
                for name, view in shown.items():
                    assert kept[name] == view, (
                        f"panel {name} breaks the wall law: {_difference(kept[name], view)}"
                    )


def views(board: Picture, now: datetime) -> dict[str, Any]:
    """Every panel's view, as browsers get it."""
    return {
        name: orjson.loads(orjson.dumps(shown.panel.view(shown.rows, now), option=orjson.OPT_UTC_Z))
        for name, shown in board.shown.items()
    }


def _difference(folded: Any, fresh: Any) -> str:
    """The first place where two views differ."""
    if isinstance(folded, dict) and isinstance(fresh, dict):
        keys = [key for key in folded.keys() | fresh.keys() if folded.get(key) != fresh.get(key)]
        return f".{keys[0]}{_difference(folded.get(keys[0]), fresh.get(keys[0]))}"
    if isinstance(folded, list) and isinstance(fresh, list) and len(folded) == len(fresh):
        place = next(place for place, one in enumerate(folded) if one != fresh[place])
        return f"[{place}]{_difference(folded[place], fresh[place])}"
    return f": folded {folded!r}, fresh {fresh!r}"


def _empty_all_tables() -> None:
    tables = [
        model._meta.db_table for model in apps.get_models()
        if model.__module__.startswith("patriot.") and model._meta.managed
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")


# The moves. Each picks what it acts on among all there is, right or wrong: the rooms refuse what cannot be.


def incident(choice: Choice) -> int:
    return choice.of(list(Incident.objects.order_by("pk").values_list("pk", flat=True))) or 0


def assignment(choice: Choice) -> int:
    return choice.of(list(Assignment.objects.order_by("-pk").values_list("pk", flat=True))) or 0


def report(_city: City, choice: Choice) -> None:
    lon, lat = choice.of(SPOTS) or SPOTS[0]
    code, agency = choice.of(CATEGORIES) or CATEGORIES[0]
    factories.category(code, agency)
    privacy = "secret" if choice.of(range(SECRET_ONE_IN)) == 0 else "open"
    factories.received(
        lon, lat, code=code, privacy=privacy, simulated=choice.of([False, False, True]) or False
    )


def open_task(_city: City, choice: Choice) -> None:
    estimate = choice.of([0, 0, 900_000, 3_000_000, 9_000_000]) or 0
    incidents.open_task(incident(choice), "repair", estimate, viewer=OFFICE)


def cancel_task(_city: City, choice: Choice) -> None:
    task = choice.of(list(Task.objects.order_by("pk").values_list("pk", flat=True)))
    incidents.cancel_task(task or 0, "Not needed", viewer=OFFICE)


def decide(_city: City, choice: Choice) -> None:
    waiting = list(Commitment.objects.filter(state="pending").values_list("pk", flat=True))
    funds.decide(choice.of(waiting) or 0, choice.of([True, True, False]) or False, "Because", viewer=MAYOR)


def assign(_city: City, choice: Choice) -> None:
    tasks = list(
        Task.objects.filter(state__in=("ready", "dispatched")).order_by("pk").values_list("pk", flat=True)
    )
    unit = choice.of(list(Unit.objects.order_by("pk").values_list("pk", flat=True)))
    dispatch.assign(choice.of(tasks) or 0, unit or 0, viewer=OFFICE)


def crew(act: Callable[..., object], *states: str, **more: object) -> Callable[[City, Choice], None]:
    def move(_city: City, choice: Choice) -> None:
        rows = Assignment.objects.filter(state__in=states) if states else Assignment.objects.all()
        act(choice.of(list(rows.order_by("pk").values_list("pk", flat=True))) or 0, viewer=OFFICE, **more)

    return move


def unit_in_or_out(_city: City, choice: Choice) -> None:
    unit = choice.of(list(Unit.objects.order_by("pk").values_list("pk", flat=True)))
    duty.set_service(unit or 0, choice.of([True, False]) or False, "", viewer=OFFICE)


def reporter(act: Callable[[str, str], None]) -> Callable[[City, Choice], None]:
    def move(_city: City, choice: Choice) -> None:
        number = choice.of(list(IncidentReport.objects.order_by("pk").values_list("number", flat=True))) or ""
        act(number, tokens.issue(number))

    return move


def office(act: Callable[..., object], *arguments: object) -> Callable[[City, Choice], None]:
    def move(_city: City, choice: Choice) -> None:
        act(incident(choice), *arguments, viewer=OFFICE)

    return move


def merge(_city: City, choice: Choice) -> None:
    incidents.merge(incident(choice), incident(choice), viewer=OFFICE)


def reroute(_city: City, choice: Choice) -> None:
    agency = choice.of([agency for _code, agency in CATEGORIES]) or ""
    incidents.reroute(incident(choice), agency, "Theirs", viewer=OFFICE)


def set_priority(_city: City, choice: Choice) -> None:
    incidents.set_priority(incident(choice), choice.of(["P1", "P2", "P3"]) or "", "Because", viewer=OFFICE)


def set_photo(_city: City, choice: Choice) -> None:
    incidents.set_photo(
        incident(choice), choice.of(["", "/files/a.jpg", "/files/b.jpg"]) or "", actor="user:1"
    )


def react(city: City, _choice: Choice) -> None:
    city.seal()
    courier = Courier(reactions())
    courier.round()


def pin(_city: City, choice: Choice) -> None:
    scene = choice.of([*wall.SCENES, None])
    screens: list[int | None] = [None, *Display.objects.values_list("pk", flat=True)]
    wall.pin_scene(scene, viewer=OFFICE, display=choice.of(screens), incident=choice.of([None, 1]))


def display(_city: City, choice: Choice) -> None:
    name = choice.of(["lobby", "mayor"]) or ""
    known = Display.objects.filter(name=name).values_list("pk", flat=True).first()
    if known:
        wall.remove_display(known, viewer=OFFICE)
    else:
        wall.add_display(name, viewer=OFFICE)


def hours_pass(city: City, choice: Choice) -> None:
    city.now += timedelta(minutes=choice.of([5, 30, 61, 180]) or 0)
    with clock.at(city.now):
        jobs.watch_deadlines()
    _midnight(city, MORNING)


def days_pass(city: City, choice: Choice) -> None:
    before = city.now
    city.now += timedelta(days=choice.of([1, 3, 14]) or 0)
    with clock.at(city.now):
        jobs.watch_deadlines()
        jobs.close_unanswered()
    _midnight(city, before)


def _midnight(city: City, before: datetime) -> None:
    """Boards read everything anew when the day changes."""
    if city.now.astimezone(clock.WIB).date() != before.astimezone(clock.WIB).date():
        with clock.at(city.now):
            for board in city.boards:
                board.load(city.now)


def watch(city: City, _choice: Choice) -> None:
    if len(city.boards) < 6:
        city.watch()


type Move = Callable[[City, Choice], None]
MOVES: dict[str, Move] = {
    "report": report, "open_task": open_task, "cancel_task": cancel_task, "decide": decide, "assign": assign,
    "accept": crew(dispatch.accept, "assigned"), "set_off": crew(dispatch.set_off, "accepted"),
    "arrive": crew(dispatch.arrive, "en_route"), "decline": crew(dispatch.decline, reason="Flat tyre"),
    "withdraw": crew(dispatch.cancel, reason="Needed elsewhere"),
    "measure": crew(dispatch.record_measurement, "on_scene", length_cm=120, width_cm=80, depth_cm=10),
    "photo": crew(dispatch.add_photo, data=PHOTO),
    "finish": crew(dispatch.finish, "on_scene", repair="permanent"),
    "patch": crew(dispatch.finish, "on_scene", repair="temporary"),
    "unit": unit_in_or_out, "confirm": reporter(incidents.confirm),
    "reopen": reporter(lambda number, token: incidents.reopen(number, "Not done", token)),
    "reject": office(incidents.reject, "Not ours"), "answer": office(incidents.answer, "It is so"),
    "reply": office(incidents.reply, "We are on it"), "remind": office(incidents.remind),
    "escalate": office(incidents.escalate), "note": office(incidents.note, "Look again"),
    "merge": merge, "reroute": reroute, "set_priority": set_priority, "set_photo": set_photo,
    "react": react, "pin": pin, "display": display, "hours": hours_pass, "days": days_pass,
    "seal": lambda city, _choice: city.seal(), "watch": watch,
    **sensing.MOVES, **alarms.MOVES, **warnings.MOVES,
}  # fmt: skip
WEIGHTS = {
    "report": 6, "open_task": 5, "assign": 5, "accept": 4, "set_off": 4, "arrive": 4, "finish": 3, "seal": 4,
    "watch": 2, "measure": 2, "patch": 2, "react": 2, "confirm": 2,
    "sense": 5, **alarms.WEIGHTS, **warnings.WEIGHTS,
}  # fmt: skip
WEIGHTED = [name for name in MOVES for _ in range(WEIGHTS.get(name, 1))]
