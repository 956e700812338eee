"""Whatever an operator writes and draws, what is complete becomes a valid CAP message in both languages."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from patriot.kernel import clock
from patriot.kernel.errors import Invalid
from patriot.warnings import actions, cap, compose, rules
from patriot.warnings.areas import circle_of, drawn_of
from patriot.warnings.models import PublicWarning
from tests.warnings.makers import OPERATOR, draft

pytestmark = pytest.mark.django_db
LONS, LATS = st.floats(106.8, 107.2), st.floats(-6.5, -6.0)
CORNERS = st.lists(st.tuples(LONS, LATS), min_size=3, max_size=20)
WORDS = st.text(min_size=1, max_size=120).filter(cap.printable)
DRAFTS = st.fixed_dictionaries({
    "severity": st.sampled_from(rules.Severity.values), "urgency": st.sampled_from(rules.Urgency.values),
    "certainty": st.sampled_from(rules.Certainty.values), "category": st.sampled_from(rules.Category.values),
    "response": st.sampled_from(rules.Response.values), "status": st.sampled_from(rules.Status.values),
    "event_id": WORDS, "event_en": WORDS, "headline_id": WORDS, "headline_en": WORDS,
    "description_id": WORDS, "description_en": WORDS, "instruction_id": WORDS, "area_desc": WORDS,
})  # fmt: skip


@given(words=DRAFTS, corners=CORNERS, circle=st.none() | st.tuples(LONS, LATS, st.floats(0.01, 50)))
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_it_makes_valid_messages_of_all_drafts(
    words: dict[str, str],
    corners: list[tuple[float, float]],
    circle: tuple[float, float, float] | None,
) -> None:
    try:
        drawn = drawn_of(
            {"type": "Polygon", "coordinates": [[list(point) for point in [*corners, corners[0]]]]}
        )
    except Invalid:
        assume(circle is not None)
        drawn = None
    told = draft(drawn=drawn, circle=circle_of(*circle) if circle else None, **words)
    row = PublicWarning(**actions._checked(told, OPERATOR), **actions._begun(OPERATOR))
    data = compose.preview(row).encode()
    assert cap.faults(data) == []
    alert = cap.read(data)
    assert [info.language for info in alert.infos] == ["id-ID", "en-US"]
    assert alert.status == words["status"]


def test_it_drops_sentences_that_nobody_could_fill() -> None:
    text = "Air di {station} {level}. Sampai sekitar pukul {hour}. Hati-hati."
    assert rules.fill_sentences(text, {"station": "P2C", "level": "5 m"}) == "Air di P2C 5 m. Hati-hati."
    assert rules.unfilled(rules.fill_sentences("Sampai {hour}.", {}))


def test_it_says_the_label_of_a_drill_once() -> None:
    assert rules.prefix("Exercise", "update", "id") == "LATIHAN, PEMBARUAN:"
    assert rules.prefix("Actual", "alert", "en") == ""


def test_it_names_holes_as_warned_ground() -> None:
    outer = [[106.9, -6.3], [107.0, -6.3], [107.0, -6.2], [106.9, -6.2], [106.9, -6.3]]
    inner = [[106.94, -6.26], [106.96, -6.26], [106.96, -6.24], [106.94, -6.24], [106.94, -6.26]]
    told = draft(drawn={"type": "Polygon", "coordinates": [outer, inner]})
    row = PublicWarning(**actions._checked(told, OPERATOR), **actions._begun(OPERATOR))
    message = compose.message(row, ())
    assert [len(area.polygons) for area in message.infos[0].areas] == [1]


def test_it_refuses_a_draft_that_is_past() -> None:
    pk = actions.draft(draft(expires=clock.now() - timedelta(hours=1)), viewer=OPERATOR)
    with pytest.raises(Invalid):
        actions.submit(pk, viewer=OPERATOR)
