import tempfile
from pathlib import Path

import pytest

from tests.site.conftest import Installation

pytestmark = pytest.mark.fault


def test_it_restores_what_it_backed_up(installation: Installation) -> None:
    assert installation.run("migrate").returncode == 0
    made = installation.run("user", "create", "sari", "--role", "operator", "--name", "Sari")
    assert made.returncode == 0, made.stderr
    (installation.home / "files").mkdir(exist_ok=True)
    (installation.home / "files" / "photo.jpg").write_bytes(b"picture")
    (installation.home / "archive").mkdir(exist_ok=True)
    (installation.home / "archive" / "part.parquet").write_bytes(b"readings")
    folder = installation.home / "backup"
    taken = installation.run("backup", str(folder))
    assert taken.returncode == 0, taken.stderr

    fresh = Installation(Path(tempfile.mkdtemp(prefix="patriot-r-")))
    fresh.home.chmod(0o755)
    try:
        restored = fresh.run("restore", str(folder))
        assert restored.returncode == 0, restored.stderr
        assert "the ledger is whole" in restored.stdout
        assert (fresh.home / "files" / "photo.jpg").read_bytes() == b"picture"
        assert (fresh.home / "archive" / "part.parquet").read_bytes() == b"readings"
        assert (fresh.home / "secret_key").read_text() == (installation.home / "secret_key").read_text()
        again = fresh.run("user", "create", "sari")
        assert "taken" in again.stderr.lower() or "dipakai" in again.stderr.lower()
        assert "not empty" in fresh.run("restore", str(folder)).stderr
    finally:
        fresh.clear()


def test_it_refuses_a_folder_that_is_no_backup(installation: Installation) -> None:
    refused = installation.run("restore", str(installation.home))
    assert refused.returncode == 1
    assert "is no backup of Patriot" in refused.stderr
