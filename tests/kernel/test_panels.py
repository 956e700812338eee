"""Rows of panels, moved forward."""

from patriot.kernel.panels import merge


def test_it_sets_adds_and_removes_rows_by_key() -> None:
    rows = {"1": {"state": "received"}, "2": {"state": "received"}}
    assert merge(rows, {"1": {"state": "closed"}, "2": None, "3": {"state": "received"}, "4": None}) == {
        "1": {"state": "closed"},
        "3": {"state": "received"},
    }
    assert rows["2"] == {"state": "received"}
