"""Roles and what they open. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Role(StrEnum):
    """What a person does in the center."""

    CITIZEN = "citizen"
    OFFICER = "officer"
    STAFF = "staff"
    HEAD = "head"
    DISPATCHER = "dispatcher"
    OPERATOR = "operator"
    LEADERSHIP = "leadership"
    ADMINISTRATOR = "administrator"

    @property
    def label(self) -> "_StrPromise":
        """The role's name for people, translated when shown."""
        return LABELS[self]


LABELS = {
    Role.CITIZEN: _("Citizen"),
    Role.OFFICER: _("Field officer"),
    Role.STAFF: _("Agency staff"),
    Role.HEAD: _("Head of agency"),
    Role.DISPATCHER: _("Dispatcher"),
    Role.OPERATOR: _("Operator"),
    Role.LEADERSHIP: _("City leadership"),
    Role.ADMINISTRATOR: _("Administrator"),
}
CITYWIDE = frozenset({Role.DISPATCHER, Role.OPERATOR, Role.LEADERSHIP, Role.ADMINISTRATOR})
AGENCY = frozenset({Role.OFFICER, Role.STAFF, Role.HEAD})

FACES = (  # where each role works; who holds several starts at the first of theirs
    (Role.OPERATOR, "/console/"),
    (Role.DISPATCHER, "/console/"),
    (Role.LEADERSHIP, "/eksekutif/"),
    (Role.HEAD, "/desk/"),
    (Role.STAFF, "/desk/"),
    (Role.OFFICER, "/field/"),
    (Role.ADMINISTRATOR, "/admin/"),
)


def face(roles: Collection[Role]) -> str:
    """The path of the face where somebody with these roles starts; the portal for everybody else."""
    return next((path for role, path in FACES if role in roles), "/")


@dataclass(frozen=True)
class Viewer:
    """Whoever looks or acts, as rooms know them: no request, no model."""

    user_id: int | None = None
    name: str = ""
    roles: frozenset[Role] = frozenset()
    agencies: frozenset[str] = frozenset()
    simulated: bool = False
    service: str = ""  # a part of the program that acts by itself, such as "cli"

    @property
    def actor(self) -> str:
        """How the ledger names the viewer."""
        if self.service:
            return f"system:{self.service}"
        return f"user:{self.user_id}" if self.user_id else "citizen"

    @property
    def citywide(self) -> bool:
        """True when a role of theirs sees all agencies."""
        return bool(self.roles & CITYWIDE)

    def has(self, *roles: Role) -> bool:
        """True when the viewer holds one of these roles; an administrator holds them all."""
        return Role.ADMINISTRATOR in self.roles or bool(self.roles & frozenset(roles))

    def sees(self, agency: str) -> bool:
        """True when what belongs to this agency is within the viewer's scope."""
        return self.citywide or agency in self.agencies

    def may(self, roles: Collection[Role], agency: str) -> bool:
        """True when the viewer holds one of the roles and the agency is within their scope."""
        return self.has(*roles) and self.sees(agency)


ANONYMOUS = Viewer()


def digest(token: str) -> str:
    """What is kept of an API token: SHA-256, hexadecimal. Tokens are 256 random bits and need no salt."""
    return sha256(token.encode()).hexdigest()
