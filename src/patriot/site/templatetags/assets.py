"""Built front-end files by the name of their entry, out of Vite's manifest; the islands' words."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from django import template
from django.templatetags.static import static
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

BUILT = Path(__file__).resolve().parent.parent / "static" / "built"
NOT_BUILT = mark_safe("<!-- The front end is not built: run `make build`. -->")

register = template.Library()

type Chunk = dict[str, Any]


def _read(path: Path, empty: Any) -> Any:
    return orjson.loads(path.read_bytes()) if path.exists() else empty


@lru_cache(maxsize=4)
def _manifest_at(_changed: float) -> dict[str, Chunk]:
    chunks: dict[str, Chunk] = _read(BUILT / "manifest.json", {})
    return chunks


def manifest() -> dict[str, Chunk]:
    """Vite's manifest as it is now; empty when nothing is built. Read again only after a build."""
    path = BUILT / "manifest.json"
    return _manifest_at(path.stat().st_mtime if path.exists() else 0.0)


def entry(name: str) -> Chunk | None:
    """The manifest's entry of that name, or None."""
    named = (chunk for chunk in manifest().values() if chunk.get("isEntry") and chunk.get("name") == name)
    return next(named, None)


def _needed(chunk: Chunk) -> list[Chunk]:
    """The chunk and all it imports at once, itself first, each one time."""
    chunks, seen, waiting = manifest(), {chunk["file"]: chunk}, [chunk]
    while waiting:
        for key in waiting.pop().get("imports", []):
            if chunks[key]["file"] not in seen:
                seen[chunks[key]["file"]] = chunks[key]
                waiting.append(chunks[key])
    return list(seen.values())


def _built(file: str) -> str:
    return static(f"built/{file}")


@register.simple_tag
def asset(name: str) -> SafeString:
    """The tags that load an entry: its styles, its chunks ahead of time, its script. For the page's head."""
    chunk = entry(name)
    if chunk is None:
        return NOT_BUILT
    needed = _needed(chunk)
    styles = dict.fromkeys(file for part in needed for file in part.get("css", []))
    tags = [format_html('<link rel="stylesheet" href="{}">', _built(file)) for file in styles]
    tags += [format_html('<link rel="modulepreload" href="{}">', _built(part["file"])) for part in needed[1:]]
    tags.append(format_html('<script type="module" src="{}"></script>', _built(chunk["file"])))
    return mark_safe("\n".join(tags))  # noqa: S308 - each part was escaped by format_html


@register.simple_tag
def asset_url(name: str) -> str:
    """The address of an entry's script, or an empty string when it is not built."""
    chunk = entry(name)
    return _built(chunk["file"]) if chunk else ""


@register.simple_tag
def words() -> SafeString:
    """The islands' words in the active language as a JSON block, from the same catalogue as the server's."""
    messages: list[str] = _read(BUILT / "messages.json", [])
    return json_script({message: gettext(message) for message in messages}, "words")
