"""Kinds of events: registered once, with a public part that is declared."""

from dataclasses import dataclass

import pytest

from patriot.kernel.events import announces, encode, public_body


@announces("test.spoken", public=["words"])
@dataclass(frozen=True)
class Spoken:
    words: str
    phone: str = ""


def test_it_refuses_a_kind_that_another_event_has() -> None:
    with pytest.raises(ValueError, match="twice"):

        @announces("test.spoken")
        @dataclass(frozen=True)
        class Other:
            words: str


def test_it_refuses_a_public_field_that_the_event_has_not() -> None:
    with pytest.raises(TypeError, match="volume"):

        @announces("test.loud", public=["volume"])
        @dataclass(frozen=True)
        class Loud:
            words: str


def test_it_lets_out_declared_fields_only() -> None:
    assert public_body("test.spoken", {"words": "hi", "phone": "0812"}) == {"words": "hi"}


def test_it_lets_out_nothing_of_kinds_it_does_not_know() -> None:
    assert public_body("test.unheard", {"words": "hi"}) is None


def test_it_encodes_the_same_event_to_the_same_text() -> None:
    assert encode(Spoken("hi", "1")) == '{"words":"hi","phone":"1"}'


def test_it_refuses_a_field_that_would_hide_the_kind() -> None:
    with pytest.raises(TypeError, match="kind"):

        @announces("test.hidden")
        @dataclass(frozen=True)
        class Hidden:
            kind: str
