import os
import subprocess
import sys
from pathlib import Path

from tests.site.conftest import ROOT

SHIM = "#!/bin/sh\necho 'pyenv: python3.13: command not found' >&2\nexit 127\n"


def _find(**env: str) -> "subprocess.CompletedProcess[str]":
    command = ["sh", str(ROOT / "scripts" / "find-python")]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def _shims(folder: Path) -> str:
    for name in ("python3", "python3.12", "python3.13", "python3.14"):
        (folder / name).write_text(SHIM)
        (folder / name).chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def test_it_passes_over_shims_and_finds_what_pyenv_holds(tmp_path: Path) -> None:
    held = tmp_path / "pyenv" / "versions" / "3.13.0" / "bin"
    held.mkdir(parents=True)
    (held / "python3").symlink_to(sys.executable)
    found = _find(PATH=_shims(tmp_path), PYENV_ROOT=str(tmp_path / "pyenv"), HOME=str(tmp_path))
    assert found.returncode == 0
    version = subprocess.run(
        [found.stdout.strip(), "--version"], capture_output=True, text=True, check=True
    ).stdout
    assert tuple(map(int, version.split()[1].split(".")[:2])) >= (3, 12)


def test_it_refuses_a_named_python_that_is_too_old_in_words() -> None:
    found = _find(PATH=os.environ["PATH"], PYTHON="/bin/true")
    assert found.returncode == 1
    assert "PYTHON=/bin/true is not a usable CPython" in found.stderr


def test_it_says_how_to_get_a_python(tmp_path: Path) -> None:
    (tmp_path / "sh").symlink_to("/bin/sh")
    (tmp_path / "cat").symlink_to("/bin/cat")
    script = (ROOT / "scripts" / "find-python").read_text().replace("/usr/bin/python", "/no/python")
    script = script.replace("/usr/local/bin/python", "/no/python").replace("/opt/", "/no/")
    found = subprocess.run(["/bin/sh", "-c", script], env={"PATH": str(tmp_path), "HOME": "/nowhere"},
                           capture_output=True, text=True, check=False)  # fmt: skip
    assert found.returncode == 1
    assert "uv python install" in found.stderr
