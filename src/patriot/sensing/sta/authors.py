"""Who writes, and whether they may. Administrators everything; others what is their agencies'."""

from dataclasses import dataclass

from django.db import connection

from patriot.people.rules import AGENCY, Role, Viewer
from patriot.sensing.sta.compiler import Scope
from patriot.sensing.sta.errors import Fault, missing
from patriot.sensing.sta.model import Entity
from patriot.sensing.sta.reader import Reader, Source


@dataclass(frozen=True)
class Author:
    """Whoever reads or writes, as this interface knows them."""

    actor: str
    administrator: bool
    agencies: frozenset[str]
    everything: bool  # sees the whole city

    @classmethod
    def of(cls, viewer: Viewer) -> "Author":
        """The author behind a viewer."""
        mine = viewer.agencies if viewer.roles & AGENCY else frozenset()
        return cls(viewer.actor, Role.ADMINISTRATOR in viewer.roles, mine, viewer.citywide)

    @property
    def may_write(self) -> bool:
        """Whether there is anything they may write."""
        return self.administrator or bool(self.agencies)

    @property
    def scope(self) -> Scope:
        """What they may see."""
        return Scope(self.everything, tuple(sorted(self.agencies)), self.may_write)

    def require(self, entity: Entity, key: int, *, alone: bool = True) -> None:
        """Raise Fault unless the entity is there for them (404) and theirs to change (403).

        `alone`: something of no thing may be changed by every author: nobody else's data hangs on it.
        """
        if not Reader(self.scope, "").exists(Source(entity, wanted=key)):
            raise missing(f"{entity.name} {key}")
        if self.administrator:
            return
        owners = _owners(entity, key)
        if (not owners and alone and entity.name != "Thing") or (owners and owners <= self.agencies):
            return
        raise Fault(f"{entity.name} {key} does not belong to your agency.", 403)

    def agency_for(self, asked: object) -> str:
        """The agency of a new thing: the one asked for, or the author's only one. Raises Fault."""
        if isinstance(asked, str) and asked and (self.administrator or asked in self.agencies):
            return asked[:32]
        if asked or (not self.administrator and len(self.agencies) != 1):
            mine = ", ".join(sorted(self.agencies))
            raise Fault(f"properties/agency must be one of yours: {mine}.", 403 if asked else 400)
        return next(iter(self.agencies), "") if not self.administrator else ""


def _owners(entity: Entity, key: int) -> frozenset[str]:
    with connection.cursor() as cursor:
        cursor.execute(entity.owners, {"id": key})
        return frozenset(row[0] for row in cursor.fetchall())
