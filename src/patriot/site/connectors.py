"""Finding the connectors: importing their `poll` registers their periodic work. No list of them anywhere."""

from pathlib import Path

import patriot
from patriot.kernel import manifest
from patriot.kernel.discovery import discover

SHELF = Path(patriot.__file__).parent / "connectors"


def register() -> None:
    """Import what every connector declares."""
    discover((f"patriot.connectors.{folder.name}" for folder in manifest.found(SHELF)), ["poll", "receive"])
