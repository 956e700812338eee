"""Signing in: the right way in, and all the wrong ones."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth import SESSION_KEY
from django.core.cache import cache
from django.test import Client

from patriot.people import actions, queries
from patriot.people.models import User
from patriot.people.rules import Role
from patriot.site.sign_on import sign_on_origins, single_sign_on
from tests.factories import PASSWORD, user

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


def sign_in(client: Client, login: str, password: str = PASSWORD) -> bool:
    client.post(LOGIN, {"login": login, "password": password})
    return SESSION_KEY in client.session


def test_it_lets_in_by_name_and_by_mail(client: Client) -> None:
    pk = user(Role.OPERATOR).pk
    User.objects.filter(pk=pk).update(email="op@bekasi.example")
    assert sign_in(client, "operator")
    assert sign_in(Client(), "op@bekasi.example")


def test_it_leads_to_the_face_of_the_role(client: Client) -> None:
    user(Role.OPERATOR)
    assert client.post(LOGIN, {"login": "operator", "password": PASSWORD})["Location"] == "/akun/mulai/"
    assert client.get("/akun/mulai/")["Location"] == "/console/"


def test_it_leads_back_to_where_one_wanted_to_go_but_never_away(client: Client) -> None:
    user(Role.OPERATOR)
    wanted = {"login": "operator", "password": PASSWORD, "next": "/console/?tab=late"}
    assert client.post(LOGIN, wanted)["Location"] == "/console/?tab=late"
    stolen = {**wanted, "next": "https://evil.example/"}
    assert Client().post(LOGIN, stolen)["Location"] == "/akun/mulai/"


def test_it_stops_guessing(client: Client) -> None:
    user(Role.OPERATOR)
    for _ in range(12):
        client.post(LOGIN, {"login": "operator", "password": "wrong"})
    assert not sign_in(client, "operator")


def test_it_keeps_closed_accounts_out_and_ends_their_sessions(client: Client) -> None:
    person = user(Role.OPERATOR)
    client.force_login(person)
    assert client.get("/akun/").status_code == 200
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert client.get("/akun/").status_code == 302
    assert not sign_in(Client(), "operator")


def test_it_keeps_simulated_people_out_of_real_work(client: Client, settings: object) -> None:
    settings.DEMO = True  # type: ignore[attr-defined]
    User.objects.filter(pk=user(Role.OPERATOR).pk).update(simulated=True)
    assert sign_in(client, "operator")
    settings.DEMO = False  # type: ignore[attr-defined]
    assert client.get("/akun/").status_code == 302
    assert not sign_in(Client(), "operator")
    assert Client().post("/akun/demo/", {"username": "operator"}).status_code == 404


def test_it_signs_in_by_one_press_in_a_demo_only_as_simulated_people(
    client: Client, settings: object
) -> None:
    settings.DEMO = True  # type: ignore[attr-defined]
    person, real = user(Role.OPERATOR), user(Role.ADMINISTRATOR)
    User.objects.filter(pk=person.pk).update(simulated=True)
    page = client.get(LOGIN).content.decode()
    assert 'value="operator"' in page
    assert 'value="administrator"' not in page
    assert client.post("/akun/demo/", {"username": real.username}).status_code == 404
    assert client.post("/akun/demo/", {"username": "operator"})["Location"] == "/akun/mulai/"


def test_it_shows_no_demo_logins_in_real_work(client: Client) -> None:
    User.objects.filter(pk=user(Role.OPERATOR).pk).update(simulated=True)
    assert "/akun/demo/" not in client.get(LOGIN).content.decode()


def test_it_asks_for_the_second_factor_and_keeps_its_secret_encrypted(client: Client) -> None:
    secret = "JBSWY3DPEHPK3PXP"
    person = user(Role.OPERATOR)
    TOTP.activate(person, secret)
    assert secret not in str(Authenticator.objects.values())
    answer = client.post(LOGIN, {"login": "operator", "password": PASSWORD})
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    assert SESSION_KEY not in client.session
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    client.post("/accounts/2fa/authenticate/", {"code": code})
    assert SESSION_KEY in client.session


def test_it_opens_no_accounts_by_itself_unless_the_city_wants_it(client: Client, settings: object) -> None:
    form = {"username": "wargabaru", "email": "w@x.id", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", form)
    assert not User.objects.filter(username="wargabaru").exists()
    settings.ACCOUNT_SIGNUP_OPEN = True  # type: ignore[attr-defined]
    client.post("/accounts/signup/", form)
    assert not queries.viewer(User.objects.get(username="wargabaru")).roles


def test_it_remembers_the_language_across_devices(client: Client) -> None:
    client.force_login(user(Role.OPERATOR))
    client.post("/akun/bahasa/", {"language": "en", "next": "/akun/"})
    other = Client()
    assert sign_in(other, "operator")
    assert 'lang="en"' in other.get("/akun/").content.decode()


def test_it_shows_a_new_token_once(client: Client) -> None:
    person = user(Role.OPERATOR)
    client.force_login(person)
    client.post("/akun/token/", {"name": "mast"})
    first, second = (client.get("/akun/").content.decode() for _ in range(2))
    token = first.split('readonly value="')[1].split('"')[0]
    assert queries.user_for_token(token) == person
    assert token not in second
    (row,) = queries.tokens(person.pk)
    assert client.post(f"/akun/token/{row.id}/cabut/").status_code == 302
    assert queries.user_for_token(token) is None


def test_it_revokes_nobody_elses_token(client: Client) -> None:
    other = user(Role.STAFF)
    actions.create_token(other.pk, "mast", actor="user:1")
    (row,) = queries.tokens(other.pk)
    client.force_login(user(Role.OPERATOR))
    assert client.post(f"/akun/token/{row.id}/cabut/").status_code == 404
    assert queries.tokens(other.pk)


def test_it_signs_on_at_the_citys_issuer_when_the_environment_names_one() -> None:
    env = {
        "PATRIOT_OIDC_ISSUER": "https://sso.bekasi.example/realms/kota",
        "PATRIOT_OIDC_CLIENT_ID": "patriot",
    }
    (app,) = single_sign_on(env)["openid_connect"]["APPS"]
    assert (app["name"], app["client_id"]) == ("sso.bekasi.example", "patriot")
    assert sign_on_origins(env) == ["https://sso.bekasi.example"]
    assert single_sign_on({}) == {}
    assert sign_on_origins({}) == []
    with pytest.raises(ValueError, match="CLIENT_ID"):
        single_sign_on({"PATRIOT_OIDC_ISSUER": "https://sso.bekasi.example"})
