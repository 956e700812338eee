"""Who decides about an amount."""

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from patriot.funds.rules import Limits, in_words, judge

FUND = Limits(available=10_000_000, small=1_000_000, head=5_000_000)


@pytest.mark.parametrize(
    ("amount", "rule", "goes_to"),
    [
        (1, "small", ""),
        (1_000_000, "small", ""),
        (1_000_001, "above_small", "head"),
        (5_000_000, "above_small", "head"),
        (5_000_001, "above_head", "leadership"),
        (10_000_001, "not_enough", "leadership"),
    ],
)
def test_it_names_who_decides(amount: int, rule: str, goes_to: str) -> None:
    ruling = judge(amount, FUND)
    assert (ruling.rule, ruling.goes_to) == (rule, goes_to)


def test_it_sends_an_agency_without_a_fund_to_the_leadership() -> None:
    assert judge(1, None).goes_to == "leadership"


@given(st.integers(1, 10**12), st.integers(-(10**9), 10**12), st.integers(0, 10**10), st.integers(0, 10**10))
def test_it_never_approves_at_once_what_is_not_there_or_not_small(
    amount: int, available: int, small: int, head: int
) -> None:
    ruling = judge(amount, Limits(available, small, head))
    assert ruling.approved == (amount <= available and amount <= small)


def test_it_says_the_rule_with_its_figures() -> None:
    with translation.override("en"):
        assert (
            in_words("small", FUND) == "At most Rp 1.000.000 and Rp 10.000.000 available: approved at once."
        )
