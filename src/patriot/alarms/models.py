"""Alarms, one row for each condition; when they called; and the city's rules about them, as data."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from patriot.alarms.rules import Priority, State


def localised(row: object, field: str) -> str:
    """A bilingual row's text in the active language."""
    language = "en" if (get_language() or "id").startswith("en") else "id"
    return str(getattr(row, f"{field}_{language}") or getattr(row, f"{field}_id"))


class Alarm(models.Model):
    """What stands about one condition now. `level` follows the condition also while the alarm is hidden."""

    condition = models.CharField(_("condition"), max_length=120, unique=True)
    code = models.CharField(_("type"), max_length=32, db_index=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, db_index=True)
    level = models.PositiveSmallIntegerField(_("level"), default=0)
    label = models.CharField(_("level"), max_length=80, blank=True)
    priority = models.CharField(_("priority"), max_length=8, choices=Priority.choices)
    name = models.CharField(_("name"), max_length=255)
    thing = models.BigIntegerField(null=True, db_index=True)
    datastream = models.BigIntegerField(null=True)
    value = models.FloatField(_("value"), null=True)
    unit = models.CharField(max_length=40, blank=True)
    agency = models.CharField(_("agency"), max_length=32, blank=True, db_index=True)
    area = models.CharField(_("area"), max_length=20, blank=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    active_since = models.DateTimeField(null=True)  # when the condition became abnormal; None: it is normal
    called_at = models.DateTimeField(_("raised at"), null=True)  # when it last asked for attention
    changed_at = models.DateTimeField()  # of the condition, by the reading's own time
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=64, blank=True)
    until = models.DateTimeField(_("until"), null=True)  # shelved, or out of service
    reason = models.CharField(_("reason"), max_length=300, blank=True)  # shelved, suppressed, out of service
    hidden_by = models.CharField(max_length=64, blank=True)  # who shelved it or took it out of service
    hidden_at = models.DateTimeField(null=True)
    shelved_priority = models.CharField(max_length=8, blank=True)  # when it was shelved: what it covers
    rule = models.CharField(max_length=48, blank=True)  # the rule that suppresses it
    reminded = models.PositiveSmallIntegerField(default=0)  # the last step of its escalation
    lead = models.BigIntegerField(null=True, db_index=True)  # the alarm it follows from, while it does
    incident = models.BigIntegerField(null=True)
    incident_number = models.CharField(max_length=24, blank=True)
    last_entry = models.BigIntegerField(default=0)  # the ledger entry its condition stands at
    simulated = models.BooleanField(_("simulated"), default=False)

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")

    def __str__(self) -> str:
        return f"{self.condition} {self.state}"


class Call(models.Model):
    """Each time an alarm asked for attention: what the load on operators is counted from."""

    alarm = models.ForeignKey(Alarm, models.CASCADE, related_name="calls")
    at = models.DateTimeField(db_index=True)
    level = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=80, blank=True)
    priority = models.CharField(max_length=8, choices=Priority.choices)
    value = models.FloatField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=64, blank=True)
    cleared_at = models.DateTimeField(null=True)
    simulated = models.BooleanField(default=False)

    class Meta:
        ordering = ["-at", "-pk"]


class CallOut(models.Model):
    """Somebody outside the room who is to be told of alarms that nobody answers, until a letter has left."""

    alarms = models.ManyToManyField(Alarm, related_name="callouts")
    role = models.CharField(max_length=16)
    agency = models.CharField(max_length=32, blank=True)  # whose head; empty: of the city
    step = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)  # when the first letter had left
    letters = models.PositiveSmallIntegerField(default=0)
    over_at = models.DateTimeField(null=True)  # somebody answered before any letter left
    simulated = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sent_at=None) | models.Q(over_at=None), name="alarms_called_or_over"
            )
        ]


class Note(models.Model):
    """Words of an operator beside an event: they may name people, so they stay out of the ledger."""

    alarm = models.ForeignKey(Alarm, models.CASCADE, related_name="notes")
    words = models.TextField(_("words"))
    actor = models.CharField(max_length=64)
    at = models.DateTimeField()


class DoneStep(models.Model):
    """A step of the checklist that somebody ticked, in one occurrence of the alarm."""

    alarm = models.ForeignKey(Alarm, models.CASCADE, related_name="done_steps")
    occurrence = models.DateTimeField()  # the alarm's `active_since`
    step = models.PositiveSmallIntegerField()
    actor = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alarm", "occurrence", "step"], name="one_tick_a_step")
        ]


# The city's rules, from the pack


class AlarmType(models.Model):
    """What an alarm's code means and which category of incident it opens.

    `to_owner`: that incident belongs to the agency of the device, else to whoever the category's rules name.
    `latching`: once it is over, a person must reset it. `along_river`: it tells of water on its way, so that
    one at a gauge follows from one above.
    """

    code = models.CharField(_("code"), max_length=32, unique=True)
    name_id = models.CharField(_("name (Indonesian)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    category = models.CharField(_("category of incident"), max_length=48, blank=True)
    to_owner = models.BooleanField(_("for the agency of its device"), default=False)
    latching = models.BooleanField(_("must be reset"), default=False)
    along_river = models.BooleanField(_("of water on its way down a river"), default=False)

    class Meta:
        verbose_name = _("type of alarm")
        verbose_name_plural = _("types of alarms")
        ordering = ["code"]

    def __str__(self) -> str:
        return localised(self, "name")


class SopStep(models.Model):
    """One step of what to do about a type of alarm; level 0 is for every level without steps of its own."""

    code = models.CharField(_("code"), max_length=32)
    level = models.PositiveSmallIntegerField(_("level"), default=0)
    step = models.PositiveSmallIntegerField(_("step"))
    text_id = models.CharField(_("text (Indonesian)"), max_length=300)
    text_en = models.CharField(_("text (English)"), max_length=300)

    class Meta:
        verbose_name = _("step of an alarm's checklist")
        verbose_name_plural = _("steps of alarms' checklists")
        ordering = ["code", "level", "step"]
        constraints = [models.UniqueConstraint(fields=["code", "level", "step"], name="one_alarm_sop_step")]

    def __str__(self) -> str:
        return localised(self, "text")


class PriorityRule(models.Model):
    """How long an alarm of a priority may be shelved."""

    priority = models.CharField(_("priority"), max_length=8, choices=Priority.choices, unique=True)
    shelve_max_minutes = models.PositiveIntegerField(_("longest shelving, minutes"))

    class Meta:
        verbose_name = _("rule of a priority")
        verbose_name_plural = _("rules of priorities")


class EscalationStep(models.Model):
    """Whom to tell when nobody has acknowledged an alarm for so long."""

    priority = models.CharField(_("priority"), max_length=8, choices=Priority.choices)
    step = models.PositiveSmallIntegerField(_("step"))
    after_minutes = models.PositiveIntegerField(_("after minutes"))
    role = models.CharField(_("role"), max_length=16)

    class Meta:
        verbose_name = _("step of escalation")
        verbose_name_plural = _("steps of escalation")
        ordering = ["priority", "step"]
        constraints = [models.UniqueConstraint(fields=["priority", "step"], name="one_escalation_step")]


class Contact(models.Model):
    """Whom to call about an agency's things."""

    agency = models.CharField(_("agency"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=120)
    phone = models.CharField(_("phone"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")


class SuppressionRule(models.Model):
    """When alarms of a code are no news: while another is active, or in a window of maintenance."""

    key = models.CharField(_("key"), max_length=48, unique=True)
    code = models.CharField(_("alarms of this code (empty: all)"), max_length=32, blank=True)
    while_code = models.CharField(_("while this code is active"), max_length=32, blank=True)
    relation = models.CharField(
        _("of the same"), max_length=8, default="thing",
        choices=[("thing", _("thing")), ("area", _("area")), ("agency", _("agency")), ("city", _("city"))],
    )  # fmt: skip
    thing = models.BigIntegerField(null=True, blank=True)
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    reason_id = models.CharField(_("reason (Indonesian)"), max_length=300)
    reason_en = models.CharField(_("reason (English)"), max_length=300, blank=True)
    from_pack = models.BooleanField(default=False)
    created_by = models.CharField(max_length=64, blank=True)
    simulated = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("rule of suppression")
        verbose_name_plural = _("rules of suppression")
        ordering = ["key"]

    def __str__(self) -> str:
        return localised(self, "reason")
