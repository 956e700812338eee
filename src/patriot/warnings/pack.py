"""Loading a city's warning templates and sirens."""

from dataclasses import asdict

from django.conf import settings
from django.db import transaction

from patriot.kernel.city_rows import SirenRow, WarningTemplateRow
from patriot.kernel.pack import Pack
from patriot.warnings.models import Siren, WarningTemplate


@transaction.atomic
def load(pack: Pack) -> int:
    """Bring templates and sirens up to date; returns how many templates. Sirens that are gone rest unused:
    what they were told stays known.
    """
    _sirens(pack)
    return _templates(pack)


def _templates(pack: Pack) -> int:
    if not pack.has("warning_templates.csv"):
        return 0
    rows = pack.table("warning_templates.csv", WarningTemplateRow)
    for order, row in enumerate(rows):
        told = asdict(row) | {"order": order}
        WarningTemplate.objects.update_or_create(code=told.pop("code"), defaults=told)
    WarningTemplate.objects.exclude(code__in=[row.code for row in rows]).delete()
    return len(rows)


def _sirens(pack: Pack) -> None:
    rows = pack.table("sirens.csv", SirenRow) if pack.has("sirens.csv") else []
    for row in rows:
        told = asdict(row) | {"in_use": True, "simulated": settings.DEMO}
        Siren.objects.update_or_create(code=told.pop("code"), defaults=told)
    Siren.objects.exclude(code__in=[row.code for row in rows]).update(in_use=False)
