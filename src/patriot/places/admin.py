"""Places in the admin, to look at."""

from django.contrib import admin
from django.http import HttpRequest

from patriot.places.models import Area, Facility, Network


class LookOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Changed by imports alone, which check the whole."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """No."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        """No."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        """No."""
        return False


@admin.register(Area)
class AreaAdmin(LookOnly):
    """Areas."""

    list_display = ("code", "name", "level", "parent", "source")
    list_filter = ("level", "source")
    search_fields = ("code", "name")
    exclude = ("geometry",)


@admin.register(Facility)
class FacilityAdmin(LookOnly):
    """Facilities."""

    list_display = ("name", "kind", "area", "agency")
    list_filter = ("kind",)
    search_fields = ("name",)


@admin.register(Network)
class NetworkAdmin(LookOnly):
    """Road networks."""

    list_display = ("version", "source", "indicative", "built_at")
