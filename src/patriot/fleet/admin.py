"""The fleet in the admin: vehicles and devices can be edited, quarantine only read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from patriot.fleet.models import Device, Quarantined, Vehicle


class DeviceInline(admin.TabularInline):  # type: ignore[type-arg]
    """A vehicle's devices beside it."""

    model = Device
    extra = 0
    fields = ["uid", "simulated"]


@admin.register(Vehicle)
class VehicleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Vehicles."""

    list_display = ["callsign", "plate", "kind", "agency", "simulated"]
    list_filter = ["kind", "agency", "simulated"]
    search_fields = ["callsign", "plate"]
    inlines = [DeviceInline]


@admin.register(Quarantined)
class QuarantinedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Frames that could not be used."""

    list_display = ["at", "source", "uid", "reason"]
    list_filter = ["source", "reason"]
    search_fields = ["uid"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody invents frames."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nor changes them."""
        return False
