"""Keep the catalogue of words in step with the code, without GNU gettext.

`python scripts/messages.py` adds new words to the Indonesian catalogue, drops those no longer used, and lists
those without a translation. `python scripts/messages.py FILE.po ...` first takes over translations from those
files.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "src/patriot/site/locale/id/LC_MESSAGES/django.po"
HEADER = {
    "Project-Id-Version": "patriot",
    "Language": "id",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}
STRING = r"""u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
IN_TEMPLATE = re.compile(rf"(?<![\w.])(n?p?gettext|_)\(((?:{STRING})(?:,\s*{STRING})*)", re.DOTALL)
IN_FRONT_END = re.compile(r'\bt\(\s*"((?:[^"\\]|\\.)+)"')  # as in frontend/messages.ts
CALLS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "gettext_noop": 1, "ngettext": 2, "ngettext_lazy": 2}
CONTEXT_CALLS = {"pgettext": 1, "pgettext_lazy": 1, "npgettext": 2, "npgettext_lazy": 2}

type Key = tuple[str, str, str]  # context, singular, plural; empty where there is none


def found() -> dict[Key, str]:
    """Every message in the code, with the first file that uses it (relative to the project)."""
    messages: dict[Key, str] = {}
    for path in sorted((ROOT / "src/patriot").rglob("*")):
        if path.suffix == ".py" and "migrations" not in path.parts:
            _note(messages, path, in_python(path.read_text()))
        elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
            _note(messages, path, in_template(path.read_text()))
    for path in sorted((ROOT / "frontend/src").rglob("*")):
        if path.suffix in {".ts", ".svelte"}:
            _note(messages, path, in_front_end(path.read_text()))
    return messages


def _note(messages: dict[Key, str], path: Path, keys: Iterator[Key]) -> None:
    for key in keys:
        messages.setdefault(key, str(path.relative_to(ROOT)))


def in_python(source: str) -> Iterator[Key]:
    """The messages in Python source: literal arguments of gettext's functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            words = [
                arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            ]
            yield from _key(name, words)


def in_template(source: str) -> Iterator[Key]:
    """The messages in a Django template."""
    for name, arguments in IN_TEMPLATE.findall(templatize(source)):
        words = [ast.literal_eval(literal) for literal in re.findall(STRING, arguments, re.DOTALL)]
        yield from _key(name, words)


def _key(name: str, words: list[str]) -> Iterator[Key]:
    if name in CALLS and len(words) >= CALLS[name]:
        yield ("", *_pair(words[: CALLS[name]]))
    elif name in CONTEXT_CALLS and len(words) > CONTEXT_CALLS[name]:
        yield (words[0], *_pair(words[1 : 1 + CONTEXT_CALLS[name]]))


def _pair(words: list[str]) -> tuple[str, str]:
    return words[0], words[1] if len(words) > 1 else ""


def in_front_end(source: str) -> Iterator[Key]:
    """The messages in TypeScript and Svelte: `t("...")`."""
    for message in IN_FRONT_END.findall(source):
        yield "", ast.literal_eval(f'"{message}"'), ""


def key_of(entry: polib.POEntry) -> Key:
    """A catalogue entry's key."""
    return entry.msgctxt or "", entry.msgid, entry.msgid_plural or ""


def translations(catalogue: polib.POFile) -> dict[Key, str]:
    """What a catalogue says, without its empty and fuzzy entries."""
    entries = [entry for entry in catalogue if not entry.obsolete and not entry.fuzzy]
    said = {key_of(entry): entry.msgstr or entry.msgstr_plural.get(0, "") for entry in entries}
    return {key: words for key, words in said.items() if words}


def updated(words: dict[Key, str], used: dict[Key, str]) -> polib.POFile:
    """The catalogue of exactly the messages in use, sorted, with these translations."""
    catalogue = polib.POFile(wrapwidth=110)
    catalogue.metadata = HEADER
    for (context, singular, plural), file in sorted(used.items(), key=lambda item: (item[0][1], item[0])):
        said = words.get((context, singular, plural)) or words.get(("", singular, "")) or ""
        form = {"msgid_plural": plural, "msgstr_plural": {0: said}} if plural else {"msgstr": said}
        entry = polib.POEntry(msgid=singular, msgctxt=context or None, occurrences=[(file, "")], **form)
        entry.flags = ["python-format"] if re.search(r"%\(\w+\)[sd]", singular) else []
        catalogue.append(entry)
    return catalogue


def _read(path: Path) -> dict[Key, str]:
    return translations(polib.pofile(str(path))) if path.exists() else {}


def main(files: list[str]) -> int:
    """Rewrite the catalogue; the exit code is 1 while words without a translation remain."""
    settings.configure(USE_I18N=False)
    words = _read(CATALOGUE)
    for name in files:
        words |= _read(Path(name))
    catalogue = updated(words, found())
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(CATALOGUE))
    missing = [entry for entry in catalogue if key_of(entry) not in translations(catalogue)]
    for entry in missing:
        print(f"{entry.occurrences[0][0]}: {entry.msgid!r} has no translation")
    print(f"{len(catalogue)} messages, {len(missing)} without a translation")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
