"""The city's rules about incidents (categories, levels, owners, holidays), and incidents with their tasks."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from patriot.incidents.rules import Priority, State, TaskKind, TaskState


def localised(row: object, field: str) -> str:
    """A bilingual row's text in the active language: `name` reads `name_en` or `name_id`."""
    language = "en" if (get_language() or "id").startswith("en") else "id"
    return str(getattr(row, f"{field}_{language}") or getattr(row, f"{field}_id"))


class Category(models.Model):
    """What a report can be about, who owns it when no rule says otherwise, and what it usually takes."""

    code = models.CharField(_("code"), max_length=48, unique=True)
    name_id = models.CharField(_("name (Indonesian)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    group = models.CharField(_("group"), max_length=60)
    service_class = models.CharField(_("service class"), max_length=32, blank=True)
    agency = models.CharField(_("agency"), max_length=32)
    priority = models.CharField(_("priority"), max_length=2, choices=Priority.choices)
    service_level = models.CharField(_("service level"), max_length=32)
    unit_kind = models.CharField(_("kind of unit"), max_length=32, blank=True)
    icon = models.CharField(_("icon"), max_length=32)
    task_kind = models.CharField(_("kind of task"), max_length=12, choices=TaskKind.choices)
    estimate_idr = models.BigIntegerField(_("usual cost"), default=0)
    keywords_id = models.TextField(_("keywords (Indonesian)"), blank=True)
    keywords_en = models.TextField(_("keywords (English)"), blank=True)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["group", "name_id"]

    def __str__(self) -> str:
        return localised(self, "name")


class ServiceLevel(models.Model):
    """How long one stage of one class may take."""

    code = models.CharField(_("code"), max_length=32)
    name = models.CharField(_("name"), max_length=80)
    stage = models.CharField(_("stage"), max_length=24)
    amount = models.FloatField(_("amount"))
    unit = models.CharField(_("unit"), max_length=8, choices=[("hours", _("hours")), ("days", _("days"))])
    calendar = models.CharField(
        _("calendar"), max_length=8, choices=[("working", _("working time")), ("calendar", _("all days"))]
    )
    source = models.CharField(_("source"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("service level")
        verbose_name_plural = _("service levels")
        constraints = [models.UniqueConstraint(fields=["code", "stage"], name="one_level_a_stage")]

    def __str__(self) -> str:
        return f"{self.name}: {self.stage}"


class OwnerRule(models.Model):
    """Who owns a category in an area or on a road of some authority, from and until when."""

    category = models.CharField(_("category"), max_length=48)
    area = models.CharField(_("area"), max_length=16, blank=True)
    road_authority = models.CharField(_("road authority"), max_length=24, blank=True)
    agency = models.CharField(_("agency"), max_length=32)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("owner rule")
        verbose_name_plural = _("owner rules")

    def __str__(self) -> str:
        return f"{self.category} {self.area or self.road_authority} → {self.agency}"


class Holiday(models.Model):
    """A day on which offices are closed."""

    date = models.DateField(_("date"), unique=True)
    name_id = models.CharField(_("name (Indonesian)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ["date"]

    def __str__(self) -> str:
        return f"{self.date} {localised(self, 'name')}"


class SopStep(models.Model):
    """One step of what to do, for a group of categories."""

    group = models.CharField(_("group"), max_length=60)
    step = models.PositiveSmallIntegerField(_("step"))
    text_id = models.CharField(_("text (Indonesian)"), max_length=300)
    text_en = models.CharField(_("text (English)"), max_length=300)

    class Meta:
        verbose_name = _("SOP step")
        verbose_name_plural = _("SOP steps")
        ordering = ["group", "step"]
        constraints = [models.UniqueConstraint(fields=["group", "step"], name="one_sop_step")]

    def __str__(self) -> str:
        return localised(self, "text")


class ReplyTemplate(models.Model):
    """A friendly answer to a citizen (R21); knows {number} {agency} {respond_due} {resolve_due} {reason}."""

    code = models.CharField(_("code"), max_length=32, unique=True)
    text_id = models.TextField(_("text (Indonesian)"))
    text_en = models.TextField(_("text (English)"))

    class Meta:
        verbose_name = _("reply template")
        verbose_name_plural = _("reply templates")

    def __str__(self) -> str:
        return self.code


class Incident(models.Model):
    """One problem in one place with one owner. Names stand beside codes as they were when it was opened."""

    number = models.CharField(_("number"), max_length=24, unique=True)
    category = models.ForeignKey(Category, models.PROTECT, to_field="code", db_column="category")
    title = models.CharField(_("title"), max_length=120)
    state = models.CharField(_("state"), max_length=12, choices=State.choices)
    priority = models.CharField(_("priority"), max_length=2, choices=Priority.choices)
    agency = models.CharField(_("agency"), max_length=32)
    routed_by = models.CharField(_("routed by"), max_length=200, blank=True)
    lon = models.FloatField()
    lat = models.FloatField()
    place = models.CharField(_("place"), max_length=240, blank=True)
    area = models.CharField(_("kelurahan"), max_length=16, blank=True)
    area_name = models.CharField(max_length=80, blank=True)
    kecamatan = models.CharField(_("kecamatan"), max_length=16, blank=True)
    kecamatan_name = models.CharField(max_length=80, blank=True)
    photo = models.CharField(max_length=200, blank=True)
    secret = models.BooleanField(default=False)  # its position and photos leave the room for staff only
    supporters = models.PositiveIntegerField(_("supporters"), default=0)
    opened_at = models.DateTimeField(_("opened at"))
    respond_due = models.DateTimeField(_("first response due"))
    resolve_due = models.DateTimeField(_("resolution due"))
    responded_at = models.DateTimeField(_("responded at"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    reopened = models.PositiveSmallIntegerField(_("reopened"), default=0)
    temporary = models.BooleanField(_("temporary repair"), default=False)
    escalated = models.BooleanField(_("escalated"), default=False)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="follow_ups")
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged")
    simulated = models.BooleanField(_("simulated"), default=False)

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        indexes = [
            models.Index(fields=["agency", "state", "resolve_due"], name="incident_by_agency"),
            models.Index(fields=["state", "resolve_due"], name="incident_by_state"),
            models.Index(fields=["category", "-opened_at"], name="incident_by_category"),
            models.Index(fields=["-opened_at"], name="incident_newest"),
            models.Index(fields=["closed_at"], name="incident_by_closing"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class IncidentReport(models.Model):
    """Which reports speak of an incident. The first one gave it its number."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="reports")
    report_id = models.BigIntegerField(unique=True)
    number = models.CharField(max_length=24, unique=True)
    attached_at = models.DateTimeField()

    class Meta:
        ordering = ["attached_at"]

    def __str__(self) -> str:
        return self.number


class IncidentAlarm(models.Model):
    """Which alarms led to an incident, or speak of it."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="alarms")
    alarm_id = models.BigIntegerField(db_index=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["incident", "alarm_id"], name="one_link_each")]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.alarm_id}"


class Task(models.Model):
    """One piece of work for one agency."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="tasks")
    kind = models.CharField(_("kind"), max_length=12, choices=TaskKind.choices)
    agency = models.CharField(_("agency"), max_length=32)
    state = models.CharField(_("state"), max_length=16, choices=TaskState.choices)
    estimate_idr = models.BigIntegerField(_("estimate"), default=0)
    commitment_id = models.BigIntegerField(null=True, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    repair = models.CharField(_("repair"), max_length=12, blank=True)
    opened_by = models.CharField(max_length=64)
    opened_at = models.DateTimeField(_("opened at"))
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ["opened_at"]
        indexes = [models.Index(fields=["agency", "state"], name="task_by_agency")]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.kind} {self.state}"


class Note(models.Model):
    """Words that stand beside an event but may name people: they stay here, out of the ledger."""

    class Kind(models.TextChoices):
        """On what occasion."""

        NOTE = "note", _("Note")
        REMIND = "remind", _("Reminder")
        ESCALATE = "escalate", _("Escalation")
        REOPEN = "reopen", _("Reopened")

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="notes")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    words = models.TextField(_("words"), blank=True)
    actor = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["-at"]
        indexes = [models.Index(fields=["incident", "kind", "-at"], name="note_by_incident")]

    def __str__(self) -> str:
        return f"{self.kind} {self.incident_id}"


class DeadlineNotice(models.Model):
    """A deadline that was announced as near or broken: each once, also after a restart."""

    incident = models.ForeignKey(Incident, models.CASCADE)
    stage = models.CharField(max_length=16)
    kind = models.CharField(max_length=8)
    due = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "stage", "kind", "due"], name="one_notice_each")
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.stage} {self.kind}"
