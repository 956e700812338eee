"""Run all benchmarks, or those that are named."""

import sys
import time
from importlib import import_module
from pathlib import Path

names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
wanted = sys.argv[1:] or [name for name in names if hasattr(import_module(f"bench.{name}"), "main")]
for name in wanted:
    print(f"\n== {name} ==", flush=True)
    began = time.monotonic()
    import_module(f"bench.{name}").main()
    print(f"({time.monotonic() - began:.0f} s)", flush=True)
