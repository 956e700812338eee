"""The demo's people: invented, marked so, with one password everybody may know. Loaded in a demo only."""

import hmac
import os
from base64 import urlsafe_b64encode

import orjson
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from patriot.kernel.city_rows import DemoUserRow, VehicleRow
from patriot.kernel.config import Config
from patriot.kernel.errors import NotAllowed
from patriot.kernel.pack import Pack
from patriot.ledger import actions as ledger
from patriot.people import actions
from patriot.people.events import TokenCreated
from patriot.people.models import ApiToken, User
from patriot.people.rules import Role, digest

PASSWORD = "patriot-demo"  # noqa: S105 - meant to be known: it opens simulated accounts, in a demo only
ACTOR = "system:demo"
TOKEN_NAME = "simulator"  # noqa: S105 - a token's name
FILE = "simulator.json"
SHOWN = (
    "operator",
    "dispatcher",
    "walikota",
    "admin",
    "kepala.kebersihan",
    "staf.kebersihan",
    "petugas.kebersihan",
)


def load(pack: Pack) -> list[str]:
    """Make the pack's simulated people and hand the simulator its keys; returns lines that tell the logins.

    Loading again changes nothing but sets the known password anew. Raises NotAllowed outside a demo.
    """
    if not settings.DEMO:
        raise NotAllowed("Demo accounts are made in a demo only.")
    rows = pack.table("demo_users.csv", DemoUserRow) if pack.has("demo_users.csv") else []
    with transaction.atomic():
        for row in rows:
            _person(row)
        known = [row.username for row in rows]
        User.objects.filter(username__in=known, simulated=True).update(password=make_password(PASSWORD))
    _write_keys(pack, rows)
    return _lines(rows)


def _person(row: DemoUserRow) -> None:
    user = User.objects.filter(username=row.username).first()
    if user is None:
        made = actions.create_user(
            row.username, actor=ACTOR, name=row.name, language=row.language or "id", simulated=True
        )
        user = User.objects.get(pk=made)
    if user.simulated:
        actions.grant(user.pk, Role(row.role), row.agency, actor=ACTOR)
        _give_token(user)


def simulator_token(username: str) -> str:
    """The API token of a simulated person: always the same in one installation, unknown to everybody else."""
    mac = hmac.digest(settings.SECRET_KEY.encode(), f"simulator:{username}".encode(), "sha256")
    return urlsafe_b64encode(mac).decode().rstrip("=")


def _give_token(user: User) -> None:
    kept, is_new = ApiToken.objects.get_or_create(
        digest=digest(simulator_token(user.username)), defaults={"user": user, "name": TOKEN_NAME}
    )
    if is_new:
        created = TokenCreated(user.pk, kept.pk)
        ledger.append(created, actor=ACTOR, subject=f"user:{user.pk}", simulated=True)


def _write_keys(pack: Pack, rows: list[DemoUserRow]) -> None:
    """`<home>/simulator.json`, readable by its owner only: what the simulator may be and may drive."""
    people = [
        {
            "username": row.username,
            "role": row.role,
            "agency": row.agency,
            "token": simulator_token(row.username),
        }
        for row in rows
    ]
    vehicles = pack.table("vehicles.csv", VehicleRow) if pack.has("vehicles.csv") else []
    devices = [
        {
            "uid": row.device_uid,
            "plate": row.plate,
            "kind": row.kind,
            "agency": row.agency,
            "callsign": row.callsign,
        }
        for row in vehicles
        if row.simulated and row.device_uid
    ]
    path = Config.from_env().home / FILE
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(orjson.dumps({"city": pack.name, "people": people, "devices": devices}))
    draft.replace(path)


def _lines(rows: list[DemoUserRow]) -> list[str]:
    named = [row.username for row in rows if row.username in SHOWN] or [row.username for row in rows[:6]]
    return [f"{', '.join(named)} – password {PASSWORD}"] if named else []
