"""Everything `make check` looks at: each look is a command, all are run, the failed ones are named."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTHON = ["src", "tests", "bench", "scripts"]
NO_MIGRATIONS = ["makemigrations", "--check", "--dry-run"]
LOOKS = {
    "style": [BIN / "ruff", "check", *PYTHON],
    "format": [BIN / "ruff", "format", "--check", *PYTHON],
    "types": [BIN / "mypy"],
    "borders of the rooms": [BIN / "lint-imports"],
    "migrations": [sys.executable, "-W", "ignore", "-m", "django", *NO_MIGRATIONS],
    "city packs": [BIN / "patriot", "city", "check"],
    "front end": [sys.executable, "frontend/npm.py", "run", "check", "--silent"],
}


def look(name: str, command: list[object], env: dict[str, str]) -> bool:
    """Run one look; its words are shown only when it fails."""
    began = time.monotonic()
    done = subprocess.run(
        list(map(str, command)), cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    print(
        f"{'ok  ' if done.returncode == 0 else 'FAIL'} {name} ({time.monotonic() - began:.0f} s)", flush=True
    )
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", flush=True)
    return done.returncode == 0


def main() -> int:
    """Run all looks. Returns 1 when one failed."""
    with tempfile.TemporaryDirectory(prefix="patriot-check-") as home:
        ours = {"PATRIOT_HOME": home, "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(ROOT)}
        env = {**os.environ, **ours}
        env.pop("DATABASE_URL", None)
        failed = [name for name, command in LOOKS.items() if not look(name, command, env)]
    print(f"Failed: {', '.join(failed)}." if failed else "Everything is in order.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
