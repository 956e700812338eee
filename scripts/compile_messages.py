"""Compile gettext catalogues without GNU gettext: `python scripts/compile_messages.py FILE.po ...`."""

import sys
from pathlib import Path

import polib


def compile_catalogue(source: Path) -> None:
    """Write `source`'s .mo beside it. Raises OSError, naming the line, on a catalogue that cannot be read."""
    catalogue = polib.pofile(str(source), check_for_duplicates=True)
    catalogue.save_as_mofile(str(source.with_suffix(".mo")))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        compile_catalogue(Path(name))
