"""Loading a city's agencies."""

from datetime import date
from typing import Any

from django.db import transaction

from patriot.kernel.city_rows import AgencyRow
from patriot.kernel.pack import Pack
from patriot.ledger import actions as ledger
from patriot.people.events import AgencyChanged
from patriot.people.models import Agency

ACTOR = "system:city"


@transaction.atomic
def load(pack: Pack) -> int:
    """Add and update agencies by code; those the pack no longer names stay, old records speak of them.

    Returns how many were new or changed. Loading the same pack again changes nothing and announces nothing.
    """
    known = {agency.code: agency for agency in Agency.objects.select_for_update()}
    rows = pack.table("agencies.csv", AgencyRow)
    changed = [row for row in rows if row.code not in known or _differs(known[row.code], row)]
    for row in changed:
        Agency.objects.update_or_create(code=row.code, defaults=_values(row))
        ledger.append(_event(row), actor=ACTOR, subject=f"agency:{row.code}", agency=row.code)
    return len(changed)


def _values(row: AgencyRow) -> dict[str, Any]:
    names = ("name", "short", "kind", "valid_from", "valid_to", "successor", "integrated_on")
    return {name: getattr(row, name) for name in names}


def _differs(agency: Agency, row: AgencyRow) -> bool:
    return any(getattr(agency, name) != value for name, value in _values(row).items())


def _event(row: AgencyRow) -> AgencyChanged:
    return AgencyChanged(row.code, row.name, _day(row.valid_from), _day(row.valid_to), row.successor)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
