"""Run all benchmarks, or those that are named, each in its own process: Django is set up once in each."""

import subprocess
import sys
import time
from pathlib import Path

HELPERS = {"center", "database", "mqtt_load", "ingest_baselines"}

names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
failed = []
for name in sys.argv[1:] or [name for name in names if name not in HELPERS]:
    print(f"\n== {name} ==", flush=True)
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", f"from bench.{name} import main; main()"], check=False)
    print(f"({time.monotonic() - began:.0f} s)", flush=True)
    failed += [name] if done.returncode else []
sys.exit(f"Failed: {', '.join(failed)}." if failed else 0)
