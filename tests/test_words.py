"""The catalogue: every word has an Indonesian translation, and none is kept that nothing says any more."""

import re

import polib
import pytest
from scripts import messages

VARIABLE = re.compile(r"%\(\w+\)[sd]|\{\w+\}|<\w+|</\w+>")


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return polib.pofile(str(messages.CATALOGUE), check_for_duplicates=True)


def test_it_has_an_indonesian_translation_for_every_message(catalogue: polib.POFile) -> None:
    missing = {
        key: file for key, file in messages.found().items() if key not in messages.translations(catalogue)
    }
    assert not missing, "run scripts/messages.py, then translate"


def test_it_keeps_no_message_that_nothing_uses(catalogue: polib.POFile) -> None:
    assert {messages.key_of(entry) for entry in catalogue} <= set(messages.found()), "run scripts/messages.py"


def test_it_keeps_every_variable_in_translation(catalogue: polib.POFile) -> None:
    for entry in catalogue:
        said = entry.msgstr or entry.msgstr_plural.get(0, "")
        assert set(VARIABLE.findall(said)) <= set(VARIABLE.findall(entry.msgid + entry.msgid_plural)), (
            entry.msgid
        )
        if not entry.msgid_plural:
            assert set(VARIABLE.findall(said)) == set(VARIABLE.findall(entry.msgid)), entry.msgid


def test_it_finds_words_in_python_templates_and_front_end() -> None:
    assert list(messages.in_python('x = _("Send"); ngettext("a day", "{n} days", n); y.gettext("It")')) == [
        ("", "Send", ""),
        ("", "a day", "{n} days"),
        ("", "It", ""),
    ]
    block = "{% blocktranslate with n=p.name %}Hi {{ n }}{% endblocktranslate %}"
    template = "{% translate 'Main' %}" + block + "{{ _('Yes') }}"
    assert list(messages.in_template(template)) == [("", "Main", ""), ("", "Hi %(n)s", ""), ("", "Yes", "")]
    assert list(messages.in_front_end('t("Report {n}", { n }); t(`no`)')) == [("", "Report {n}", "")]
