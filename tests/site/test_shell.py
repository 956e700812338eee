"""The page shell: assets by name, words for the islands, navigation by role, theme by cookie."""

import json
from http.cookies import SimpleCookie
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from patriot.site.templatetags import assets, shell

MANIFEST = {
    "src/wall/main.ts": {
        "file": "wall-1.js",
        "name": "wall",
        "isEntry": True,
        "imports": ["_map.js"],
        "css": ["wall-1.css"],
    },
    "_map.js": {"file": "map-2.js", "imports": ["_svelte.js"], "css": ["map-2.css"]},
    "_svelte.js": {"file": "svelte-3.js", "imports": ["_map.js"]},
}


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(assets, "BUILT", tmp_path)
    assets._manifest_at.cache_clear()
    yield tmp_path
    assets._manifest_at.cache_clear()


def request(*roles: str, **cookies: str) -> HttpRequest:
    made = RequestFactory().get("/desk/queue")
    made.user = AnonymousUser()
    made.viewer = SimpleNamespace(roles=frozenset(roles))
    made.COOKIES = {name: morsel.value for name, morsel in SimpleCookie(cookies).items()}
    return made


def test_it_loads_an_entry_with_everything_it_imports(built: Path) -> None:
    (built / "manifest.json").write_text(json.dumps(MANIFEST))
    assert assets.asset("wall").splitlines() == [
        '<link rel="stylesheet" href="/static/built/wall-1.css">',
        '<link rel="stylesheet" href="/static/built/map-2.css">',
        '<link rel="modulepreload" href="/static/built/map-2.js">',
        '<link rel="modulepreload" href="/static/built/svelte-3.js">',
        '<script type="module" src="/static/built/wall-1.js"></script>',
    ]
    assert assets.asset_url("wall") == "/static/built/wall-1.js"


def test_it_says_what_to_do_when_the_front_end_is_not_built(built: Path) -> None:
    assert "make build" in assets.asset("wall")
    assert assets.asset_url("wall") == ""
    assert "{}" in assets.words()


def test_it_hands_the_islands_their_words_in_the_page_language(built: Path) -> None:
    (built / "messages.json").write_text('["Newest reports"]')
    with translation.override("en"):
        assert '{"Newest reports": "Newest reports"}' in assets.words()
    assert 'type="application/json"' in assets.words()


def test_it_offers_each_role_the_faces_it_may_open() -> None:
    paths = [face["path"] for face in shell.faces({"request": request("staff")})]
    assert paths == ["/lapor", "/lacak", "/peringatan/", "/stasiun/", "/desk/"]
    assert [face["path"] for face in shell.faces({"request": request("staff")}) if face["current"]] == [
        "/desk/"
    ]
    assert "/wall/" in [face["path"] for face in shell.faces({"request": request("leadership")})]


@pytest.mark.parametrize(
    ("cookie", "chosen"), [("dark", "dark"), ("light", "light"), ('"><script>', ""), ("", "")]
)
def test_it_takes_only_a_known_theme_from_the_cookie(cookie: str, chosen: str) -> None:
    made = request()
    made.COOKIES["theme"] = cookie
    assert shell.theme({"request": made}) == chosen


@pytest.mark.django_db
def test_it_renders_a_page_that_the_security_policy_allows() -> None:
    page = render_to_string("base.html", {"simulated": True}, request=request("operator"))
    assert "simulated-strip" in page
    assert 'href="/console/"' in page
    assert " style=" not in page
    assert " onclick=" not in page
    assert "<script>" not in page


@pytest.mark.django_db
def test_it_lets_a_page_fill_its_blocks() -> None:
    page = Template(
        '{% extends "base.html" %}{% block title %}Antrean{% endblock %}{% block main %}A{% endblock %}'
    )
    assert "<title>Antrean · Patriot</title>" in page.render(Context({"request": request()}))
