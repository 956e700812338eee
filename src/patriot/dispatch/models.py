"""Units, run cards and assignments."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patriot.dispatch.rules import ACTIVE, State, UnitState


class Unit(models.Model):
    """A crew with its vehicle, sent as one."""

    callsign = models.CharField(_("call sign"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=32, db_index=True)
    agency = models.CharField(_("agency"), max_length=32, db_index=True)
    vehicle_id = models.BigIntegerField(_("vehicle"), null=True, blank=True, unique=True)
    station = models.CharField(_("station"), max_length=80, blank=True)
    station_lon = models.FloatField()
    station_lat = models.FloatField()
    crew_size = models.PositiveSmallIntegerField(_("crew"), default=1)
    capabilities = models.JSONField(_("capabilities"), default=list, blank=True)
    around_the_clock = models.BooleanField(_("around the clock"), default=True)  # else: while its crew is
    state = models.CharField(
        _("state"),
        max_length=12,
        default=UnitState.FREE,
        choices=[(state.value, state.label) for state in UnitState],
    )
    simulated = models.BooleanField(_("simulated"), default=False)

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["callsign"]

    def __str__(self) -> str:
        return self.callsign


class Crew(models.Model):
    """Who signed on to which unit, from when to when. One unit at a time."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="crew")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("crew")
        verbose_name_plural = _("crews")
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(until=None), name="one_unit_at_a_time")
        ]


class RunCard(models.Model):
    """What a category of incident needs: at each step, how many units of which kind."""

    category = models.CharField(_("category"), max_length=40)
    step = models.PositiveSmallIntegerField(_("step"))
    kind = models.CharField(_("kind of unit"), max_length=32)
    count = models.PositiveSmallIntegerField(_("number"), default=1)

    class Meta:
        verbose_name = _("run card step")
        verbose_name_plural = _("run cards")
        ordering = ["category", "step"]
        constraints = [models.UniqueConstraint(fields=["category", "step"], name="one_kind_a_step")]

    def __str__(self) -> str:
        return f"{self.category} {self.step}: {self.count} × {self.kind}"


class Assignment(models.Model):
    """One unit on one task. The stamps are raw: percentiles are taken from them, never from averages."""

    task_id = models.BigIntegerField(db_index=True)
    incident_id = models.BigIntegerField(db_index=True)
    number = models.CharField(max_length=24)  # the incident's
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="assignments")
    agency = models.CharField(max_length=32)  # the unit's, at the time
    state = models.CharField(
        _("state"), max_length=12, choices=[(state.value, state.label) for state in State]
    )
    eta_s = models.FloatField(null=True)
    metres = models.FloatField(null=True)
    photo = models.CharField(max_length=300, blank=True)
    assigned_by = models.CharField(max_length=64)
    assigned_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    set_off_at = models.DateTimeField(null=True)
    arrival_suggested_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # finished, declined or cancelled
    reason = models.CharField(_("reason"), max_length=200, blank=True)  # declined, cancelled
    repair = models.CharField(_("repair"), max_length=12, blank=True)
    cost_idr = models.BigIntegerField(_("cost"), null=True)
    notes = models.CharField(_("notes"), max_length=500, blank=True)
    simulated = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["-assigned_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit"], condition=Q(state__in=sorted(ACTIVE)), name="one_assignment_a_unit"
            ),
        ]


class Measurement(models.Model):
    """What the officer measured on the spot, in centimetres."""

    assignment = models.ForeignKey(Assignment, models.CASCADE, related_name="measurements")
    length_cm = models.PositiveIntegerField(_("length"))
    width_cm = models.PositiveIntegerField(_("width"))
    depth_cm = models.PositiveIntegerField(_("depth"), default=0)
    at = models.DateTimeField()
    by = models.CharField(max_length=64)


class Handled(models.Model):
    """A phone's action that was carried out: sent again after a broken connection, it is answered only."""

    key = models.UUIDField(primary_key=True)
    assignment = models.ForeignKey(Assignment, models.CASCADE, related_name="+")
    actor = models.CharField(max_length=64)
    action = models.CharField(max_length=20)
    at = models.DateTimeField()
