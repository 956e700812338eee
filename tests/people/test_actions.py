"""People: accounts, roles, shifts, tokens, each with its entry in the ledger."""

from datetime import UTC, datetime, timedelta

import pytest

from patriot.kernel import clock
from patriot.kernel.errors import Conflict, Invalid, NotFound
from patriot.ledger import actions as ledger
from patriot.people import actions, queries
from patriot.people.models import Agency, User
from patriot.people.rules import Role, face

pytestmark = pytest.mark.django_db
NOON = datetime(2016, 11, 30, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def person(username: str = "rina", **more: object) -> int:
    return actions.create_user(username, actor="system:test", **more)  # type: ignore[arg-type]


@pytest.fixture
def dbmta() -> Agency:
    return Agency.objects.create(
        code="dbmta", name="Bina Marga", short="DBMTA", kind="dinas", valid_from="2016-01-01"
    )


def test_it_opens_an_account_and_says_so_by_id_only() -> None:
    user = person(name="Rina Wijaya", email="rina@example.org", password="sangat-rahasia-8")
    (entry,) = ledger.seal()
    assert (entry.kind, entry.body) == ("person.registered", {"user": user})
    assert User.objects.get(pk=user).check_password("sangat-rahasia-8")


def test_it_refuses_a_taken_name_and_a_weak_password() -> None:
    person()
    with pytest.raises(Conflict):
        person()
    with pytest.raises(Invalid):
        person("budi", password="12345678")
    assert not User.objects.filter(username="budi").exists()


def test_it_cannot_be_signed_in_to_without_a_password() -> None:
    assert not User.objects.get(pk=person()).has_usable_password()


def test_it_grants_once_and_revokes(dbmta: Agency) -> None:
    user = person()
    for _ in range(2):
        actions.grant(user, Role.STAFF, "dbmta", actor="user:1")
    viewer = queries.viewer(User.objects.get(pk=user))
    assert (viewer.roles, viewer.agencies) == ({Role.STAFF}, {"dbmta"})
    actions.revoke(user, Role.STAFF, "dbmta", actor="user:1")
    assert not queries.viewer(User.objects.get(pk=user)).roles
    kinds = [entry.kind for entry in ledger.seal()]
    assert kinds == ["person.registered", "membership.granted", "membership.revoked"]
    with pytest.raises(NotFound):
        actions.revoke(user, Role.STAFF, "dbmta", actor="user:1")


def test_it_wants_an_agency_for_an_agencys_role() -> None:
    with pytest.raises(Invalid):
        actions.grant(person(), Role.HEAD, actor="user:1")


def test_it_opens_the_admin_with_the_role_and_closes_it_with_it() -> None:
    user = person()
    actions.grant(user, Role.ADMINISTRATOR, actor="user:1")
    assert User.objects.get(pk=user).is_superuser
    actions.revoke(user, Role.ADMINISTRATOR, actor="user:1")
    assert not User.objects.get(pk=user).is_staff


def test_it_plans_no_two_shifts_at_once() -> None:
    user = person()
    actions.plan_shift(user, NOON, NOON + 8 * HOUR, actor="user:1")
    with pytest.raises(Conflict):
        actions.plan_shift(user, NOON + 7 * HOUR, NOON + 9 * HOUR, actor="user:1")
    with pytest.raises(Invalid):
        actions.plan_shift(user, NOON, NOON, actor="user:1")
    assert queries.on_shift(NOON) == {user}
    assert queries.on_shift(NOON + 8 * HOUR) == frozenset()


def test_it_hands_over_from_who_is_on_duty_to_the_next() -> None:
    giver, taker = person(), person("budi")
    actions.plan_shift(giver, NOON - 8 * HOUR, NOON + HOUR, actor="user:1")
    actions.plan_shift(taker, NOON + HOUR, NOON + 9 * HOUR, actor="user:1")
    with clock.at(NOON):
        actions.hand_over(giver, taker, "Two pumps are out.", actor=f"user:{giver}")
        with pytest.raises(Conflict):
            actions.hand_over(giver, taker, actor=f"user:{giver}")
    assert queries.on_shift(NOON) == {taker}
    assert [entry.kind for entry in ledger.seal()][-1] == "shift.handed_over"


def test_it_shows_a_token_once_and_keeps_its_digest() -> None:
    user = person()
    token = actions.create_token(user, "weather mast", actor=f"user:{user}")
    found = queries.user_for_token(token)
    assert found is not None
    assert found.pk == user
    assert token not in str(User.objects.get(pk=user).api_tokens.values())
    (row,) = queries.tokens(user)
    with pytest.raises(NotFound):
        actions.revoke_token(row.id, person("budi"), actor="user:2")
    actions.revoke_token(row.id, user, actor=f"user:{user}")
    assert queries.user_for_token(token) is None


def test_it_lets_no_simulated_person_in_outside_a_demo(settings: object) -> None:
    user = person("warga", simulated=True)
    token = actions.create_token(user, "simulator", actor="system:test")
    settings.DEMO = True  # type: ignore[attr-defined]
    assert queries.user_for_token(token) is not None
    settings.DEMO = False  # type: ignore[attr-defined]
    assert queries.user_for_token(token) is None
    assert queries.viewer(User.objects.get(pk=user)).user_id is None


def test_it_follows_an_agency_to_its_successor(dbmta: Agency) -> None:
    Agency.objects.filter(pk=dbmta.pk).update(valid_to="2016-12-31", successor="dpupr")
    assert queries.agency_at("dbmta", NOON.date()) == "dbmta"
    assert queries.agency_at("dbmta", datetime(2017, 1, 2, tzinfo=UTC).date()) == "dpupr"


@pytest.mark.parametrize(
    ("roles", "path"),
    [
        ({Role.OPERATOR, Role.ADMINISTRATOR}, "/console/"),
        ({Role.STAFF}, "/desk/"),
        ({Role.OFFICER}, "/field/"),
        ({Role.LEADERSHIP}, "/eksekutif/"),
        ({Role.ADMINISTRATOR}, "/admin/"),
        ({Role.CITIZEN}, "/"),
        (set(), "/"),
    ],
)
def test_it_knows_where_each_works(roles: set[Role], path: str) -> None:
    assert face(roles) == path
