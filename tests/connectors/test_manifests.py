"""Every channel and connector is whole: a new one is tested here without a line being added."""

from importlib import import_module
from pathlib import Path

import pytest

import patriot
from patriot.kernel import manifest
from patriot.site.connectors import SHELF

PACKAGE = Path(patriot.__file__).parent
FOLDERS = [folder for shelf in (SHELF, PACKAGE / "channels") for folder in manifest.found(shelf)]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_it_is_whole(folder: Path) -> None:
    assert manifest.faults(folder) == []
    assert len((folder / "README.md").read_text().splitlines()) >= 5
    assert any((folder / "fixtures").iterdir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_it_reads_without_input_or_output(folder: Path) -> None:
    module = import_module(f"patriot.{folder.parent.name}.{folder.name}.read")
    source = Path(str(module.__file__)).read_text()
    for word in ("httpx", "open(", "objects.", "connection", "datetime.now", "time.time"):
        assert word not in source


def test_it_finds_at_least_one() -> None:
    assert "bmkg" in [folder.name for folder in FOLDERS]


def test_it_says_what_a_folder_lacks(tmp_path: Path) -> None:
    folder = tmp_path / "half"
    folder.mkdir()
    (folder / "manifest.toml").write_text('name = "other"')
    found = manifest.faults(folder)
    assert "half has no read.py" in found
    assert any("poll.py" in fault for fault in found)
    assert any("title" in fault for fault in found)
