"""Warnings of the city and of others, sirens, who is told: personal data stands in `Subscription` only."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patriot.warnings.rules import Category, Certainty, Response, Severity, State, Status, Step, Urgency


class WarningTemplate(models.Model):
    """What a hazard's warning says, with {fields}: operators fill in figures, not sentences. City data."""

    code = models.SlugField(_("code"), max_length=48, unique=True)
    name_id = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=80)
    category = models.CharField(_("category"), max_length=12, choices=Category.choices)
    urgency = models.CharField(_("urgency"), max_length=12, choices=Urgency.choices)
    severity = models.CharField(_("severity"), max_length=12, choices=Severity.choices)
    certainty = models.CharField(_("certainty"), max_length=12, choices=Certainty.choices)
    response = models.CharField(_("what to do"), max_length=12, choices=Response.choices)
    headline_id = models.CharField(_("headline"), max_length=200)
    headline_en = models.CharField(_("headline in English"), max_length=200)
    description_id = models.TextField(_("description"))
    description_en = models.TextField(_("description in English"))
    instruction_id = models.TextField(_("what to do"))
    instruction_en = models.TextField(_("what to do, in English"))
    hours = models.FloatField(_("holds for hours"))
    approval_minutes = models.PositiveSmallIntegerField(_("minutes until leadership is called"))
    agency = models.CharField(_("sends it"), max_length=32)  # whose head may approve, beside leadership
    conditions = models.JSONField(default=list)  # codes of conditions that suggest it: "siaga:3"
    areas = models.JSONField(default=list)  # codes of the areas it mostly concerns
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("warning template")
        verbose_name_plural = _("warning templates")
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.name_id


class PublicWarning(models.Model):
    """One message. An update, withdrawal or all clear is a message of its own that `follows` another.

    `drawn` is GeoJSON in lon, lat; `circle` [lon, lat, km]; `area_codes` of places. `cap` is the XML as
    it was published: it never changes again.
    """

    identifier = models.CharField(max_length=80, unique=True)
    first = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="chain"
    )  # None: it is the first
    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="followers")
    step = models.CharField(max_length=12, choices=Step.choices, default=Step.ALERT)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices)
    with_sirens = models.BooleanField(_("with sirens"), default=False)  # of a drill
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFT)
    template = models.CharField(max_length=48, blank=True)
    agency = models.CharField(_("sends it"), max_length=32, blank=True)
    category = models.CharField(_("category"), max_length=12, choices=Category.choices)
    urgency = models.CharField(_("urgency"), max_length=12, choices=Urgency.choices)
    severity = models.CharField(_("severity"), max_length=12, choices=Severity.choices)
    certainty = models.CharField(_("certainty"), max_length=12, choices=Certainty.choices)
    response = models.CharField(max_length=12, choices=Response.choices, default=Response.NONE)
    event_id = models.CharField(max_length=80)
    event_en = models.CharField(max_length=80)
    headline_id = models.CharField(max_length=200)
    headline_en = models.CharField(max_length=200)
    description_id = models.TextField(blank=True)
    description_en = models.TextField(blank=True)
    instruction_id = models.TextField(blank=True)
    instruction_en = models.TextField(blank=True)
    area_desc = models.CharField(_("where"), max_length=400, blank=True)
    area_codes = models.JSONField(default=list)
    drawn = models.JSONField(null=True)
    circle = models.JSONField(null=True)
    onset = models.DateTimeField(_("begins"), null=True)
    expires = models.DateTimeField(_("holds until"), null=True)
    sent = models.DateTimeField(_("sent"), null=True)
    condition = models.CharField(max_length=80, blank=True)  # what it was drafted from: "siaga:12"
    reason = models.CharField(max_length=300, blank=True)  # of a withdrawal, or why it was sent back
    approval_minutes = models.PositiveSmallIntegerField(default=5)
    drafted_by = models.CharField(max_length=64)
    drafted_at = models.DateTimeField()
    hands = models.JSONField(default=list)  # actors who wrote it: none of them may approve it
    submitted_by = models.CharField(max_length=64, blank=True)
    submitted_at = models.DateTimeField(null=True)
    waits_until = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    called_at = models.DateTimeField(null=True)  # when leadership was written to
    approved_by = models.CharField(max_length=64, blank=True)
    ended_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)  # when everybody who subscribed had been tried
    cap = models.TextField(blank=True)
    simulated = models.BooleanField(_("simulated"), default=False)

    class Meta:
        verbose_name = _("public warning")
        verbose_name_plural = _("public warnings")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["state", "expires"], name="warnings_in_force")]

    def __str__(self) -> str:
        return self.identifier


class Siren(models.Model):
    """A siren of the city's. It hears `siren/<code>` and answers on `siren/<code>/ack`."""

    code = models.SlugField(_("code"), max_length=48, unique=True)
    name = models.CharField(_("name"), max_length=120)
    lon = models.FloatField()
    lat = models.FloatField()
    areas = models.JSONField(_("areas"), default=list)  # codes; empty: the area it stands in
    agency = models.CharField(_("agency"), max_length=32)
    in_use = models.BooleanField(_("in use"), default=True)
    simulated = models.BooleanField(_("simulated"), default=False)

    class Meta:
        verbose_name = _("siren")
        verbose_name_plural = _("sirens")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class SirenOrder(models.Model):
    """What one siren is told because of one message; sent until the broker has it, then answered or not."""

    siren = models.ForeignKey(Siren, models.CASCADE, related_name="orders")
    warning = models.ForeignKey(PublicWarning, models.CASCADE, related_name="siren_orders")
    action = models.CharField(max_length=8)
    until = models.DateTimeField()
    at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["siren", "warning", "action"], name="warnings_one_order")
        ]


class Subscription(models.Model):
    """Somebody who wants to be told of warnings for a place. Deleting the row forgets the person."""

    channel = models.CharField(max_length=8)  # push, email
    address = models.CharField(max_length=600)  # the push service's address of the browser, or an e-mail
    keys = models.JSONField(default=dict)  # push: p256dh, auth
    area = models.CharField(max_length=20, blank=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    radius_m = models.PositiveIntegerField(null=True)
    language = models.CharField(max_length=2, default="id")
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)  # when its e-mail was asked to confirm
    confirmed_at = models.DateTimeField(null=True)  # None: an e-mail nobody has confirmed yet
    simulated = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["area"], name="warnings_sub_area")]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "address", "area", "lon", "lat"], name="warnings_one_subscription",
                nulls_distinct=False,
            )
        ]  # fmt: skip


class Delivery(models.Model):
    """One message on its way to one subscriber. It outlives the subscription, without naming anybody."""

    warning = models.ForeignKey(PublicWarning, models.CASCADE, related_name="deliveries")
    subscription = models.ForeignKey(Subscription, models.SET_NULL, null=True, related_name="deliveries")
    channel = models.CharField(max_length=8)
    state = models.CharField(max_length=8, default="due")  # due, sent, failed, gone, skipped
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(db_index=True)
    done_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["warning", "subscription"], name="warnings_delivered_once")
        ]


class ForeignAlert(models.Model):
    """A warning that somebody else issued and that touches the city."""

    source = models.CharField(max_length=24)  # the connector's name
    identifier = models.CharField(max_length=200)
    sender = models.CharField(max_length=120)
    sender_name = models.CharField(max_length=200, blank=True)
    sent = models.DateTimeField()
    status = models.CharField(max_length=12)
    msg_type = models.CharField(max_length=12)
    urgency = models.CharField(max_length=12)
    severity = models.CharField(max_length=12)
    certainty = models.CharField(max_length=12)
    texts = models.JSONField(default=dict)  # language → event, headline, description, instruction
    area_desc = models.TextField(blank=True)
    geometry = models.JSONField(null=True)
    onset = models.DateTimeField(null=True)
    expires = models.DateTimeField(null=True)
    web = models.CharField(max_length=400, blank=True)
    received_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # cancelled, or replaced by another
    cap = models.TextField()

    class Meta:
        ordering = ["-sent"]
        constraints = [models.UniqueConstraint(fields=["source", "identifier"], name="warnings_foreign_once")]


class AreaForecast(models.Model):
    """The newest weather forecast of an area, as its source gave it."""

    source = models.CharField(max_length=24)
    area = models.CharField(max_length=20)
    issued_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    steps = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "area"], name="warnings_one_forecast")]


class SourceState(models.Model):
    """When a source last spoke, and whether it has fallen silent."""

    source = models.CharField(max_length=24, primary_key=True)
    expects_s = models.PositiveIntegerField(default=600)  # how often it should be heard
    heard_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    silent = models.BooleanField(default=False)
    fault = models.CharField(max_length=200, blank=True)
