"""The simulator against a whole running center, by its public interfaces; what it does is marked."""

import json
from pathlib import Path

import pytest

from tests.site.conftest import Installation

pytestmark = [pytest.mark.fault]


def test_it_plays_the_grand_launch_to_the_citizens_last_word(center: Installation) -> None:
    played = center.run("simulate", "grand-launch", "--speed", "40", timeout=240)
    assert played.returncode == 0, played.stdout + played.stderr
    assert played.stdout.count("dikonfirmasi pelapor") == 2
    numbers = [words.split()[-1] for words in played.stdout.splitlines() if "laporan" in words]
    _status, text = center.get(f"/open311/v2/requests.json?service_request_id={','.join(numbers)}")
    rows = {row["service_code"]: row for row in json.loads(text)}
    assert {code: row["status"] for code, row in rows.items()} == {
        "sampah": "closed",
        "lubang_jalan": "closed",
    }
    assert all(row["simulated"] for row in rows.values())
    pages = {code: center.get(f"/lacak/{row['service_request_id']}")[1] for code, row in rows.items()}
    assert "Baktor" in pages["sampah"]
    assert f"{rows['lubang_jalan']['service_request_id']}-2" in pages["lubang_jalan"]  # the permanent repair


def test_it_says_where_it_cannot_play(tmp_path: Path) -> None:
    refused = Installation(tmp_path).run("simulate")
    assert refused.returncode != 0
    assert "holds no demo" in refused.stderr
