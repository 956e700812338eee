"""Units and run cards in the admin. Assignments are made and moved by actions only."""

from django.contrib import admin

from patriot.dispatch.models import RunCard, Unit


@admin.register(Unit)
class UnitAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Units: their state changes through dispatch, not here."""

    list_display = ["callsign", "kind", "agency", "station", "state", "simulated"]
    list_filter = ["kind", "agency", "state"]
    search_fields = ["callsign"]
    readonly_fields = ["state"]


@admin.register(RunCard)
class RunCardAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What each category of incident needs."""

    list_display = ["category", "step", "kind", "count"]
    search_fields = ["category", "kind"]
