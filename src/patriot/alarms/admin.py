"""The city's rules about alarms in the admin. Alarms themselves change by actions only."""

from django.contrib import admin

from patriot.alarms.models import (
    AlarmType,
    Contact,
    EscalationStep,
    PriorityRule,
    SopStep,
    SuppressionRule,
)


@admin.register(AlarmType)
class AlarmTypeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What a code means and opens."""

    list_display = ["code", "name_id", "name_en", "category", "latching", "along_river"]
    search_fields = ["code", "name_id", "name_en"]


@admin.register(SopStep)
class SopStepAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What to do, step by step."""

    list_display = ["code", "level", "step", "text_id"]
    list_filter = ["code"]


@admin.register(PriorityRule)
class PriorityRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """How long a priority may be shelved."""

    list_display = ["priority", "shelve_max_minutes"]


@admin.register(EscalationStep)
class EscalationStepAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Who is told next."""

    list_display = ["priority", "step", "after_minutes", "role"]


@admin.register(Contact)
class ContactAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Whom to call."""

    list_display = ["agency", "name", "phone"]


@admin.register(SuppressionRule)
class SuppressionRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """When alarms are no news."""

    list_display = ["key", "code", "while_code", "relation", "thing", "starts_at", "ends_at"]
    list_filter = ["from_pack", "code"]
