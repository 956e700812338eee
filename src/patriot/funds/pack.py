"""Loading a city's response funds."""

from dataclasses import dataclass

from django.db import transaction

from patriot.funds.models import ResponseFund
from patriot.funds.queries import this_year
from patriot.kernel.pack import Pack


@dataclass(frozen=True)
class FundRow:
    """A line of funds.csv: whole rupiah."""

    agency: str
    annual_idr: int
    small_limit_idr: int
    head_limit_idr: int


@transaction.atomic
def load(pack: Pack) -> int:
    """Create this year's funds; limits of funds that exist follow the pack, their amounts stay as decided."""
    rows = pack.table("funds.csv", FundRow)
    for row in rows:
        limits = {"small_limit_idr": row.small_limit_idr, "head_limit_idr": row.head_limit_idr}
        ResponseFund.objects.update_or_create(
            agency=row.agency,
            year=this_year(),
            defaults=limits,
            create_defaults={**limits, "amount_idr": row.annual_idr},
        )
    return len(rows)
