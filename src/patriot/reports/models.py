"""Reports, who sent them (kept apart, erasable), and photos of reports and of crews."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patriot.reports.rules import KIND_LABELS, LONGEST_PLACE, PRIVACY_LABELS, Flag, Moderation


class ServiceRequest(models.Model):
    """One report, as it was said. It has no status of its own: that is its incident's."""

    number = models.CharField(_("number"), max_length=16, unique=True)
    key = models.CharField(
        max_length=64, null=True, unique=True
    )  # the sender's: the same form sent twice is one report
    channel = models.CharField(_("channel"), max_length=24)
    kind = models.CharField(_("kind"), max_length=12, choices=list(KIND_LABELS.items()))
    category = models.CharField(_("category"), max_length=48)
    words = models.TextField(_("words"), blank=True)
    lon = models.FloatField(_("longitude"))
    lat = models.FloatField(_("latitude"))
    accuracy_m = models.FloatField(_("accuracy in metres"), null=True, blank=True)
    place_text = models.CharField(_("place"), max_length=LONGEST_PLACE, blank=True)
    area = models.CharField(_("area"), max_length=16, blank=True)
    privacy = models.CharField(_("privacy"), max_length=12, choices=list(PRIVACY_LABELS.items()))
    moderation = models.CharField(_("moderation"), max_length=12, default=Moderation.UNREVIEWED.value)
    flag = models.CharField(_("flag"), max_length=12, blank=True, default=Flag.NONE.value)
    media_url = models.URLField(_("link to a picture"), max_length=500, blank=True)  # as sent; never fetched
    created_at = models.DateTimeField(_("received at"))
    simulated = models.BooleanField(_("simulated"))

    class Meta:
        verbose_name = _("service request")
        verbose_name_plural = _("service requests")
        indexes = [models.Index(fields=["-created_at", "-id"], name="reports_newest")]

    def __str__(self) -> str:
        return self.number


class Reporter(models.Model):
    """Who sent a report. Personal data: never in the ledger, gone when the person asks."""

    report = models.OneToOneField(ServiceRequest, models.CASCADE, related_name="reporter")
    user_id = models.BigIntegerField(null=True, blank=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)

    class Meta:
        verbose_name = _("reporter")
        verbose_name_plural = _("reporters")

    def __str__(self) -> str:
        return f"reporter of {self.report_id}"


class Photo(models.Model):
    """A picture, re-encoded and free of metadata. Its files are named by its code, one for each size."""

    code = models.CharField(max_length=32, unique=True)
    subject = models.CharField(
        max_length=64, db_index=True
    )  # "report:5", "assignment:7"; "draft:…" until it is sent
    kind = models.CharField(_("kind"), max_length=12)
    agency = models.CharField(
        _("agency"), max_length=32, blank=True
    )  # whose people may see it while it is not public
    public = models.BooleanField(_("public"))
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    created_at = models.DateTimeField(_("received at"))
    simulated = models.BooleanField(_("simulated"))

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")

    def __str__(self) -> str:
        return f"{self.subject} {self.code}"


class Support(models.Model):
    """Somebody else with the same problem. Known by a digest of their browser's token only."""

    report = models.ForeignKey(ServiceRequest, models.CASCADE, related_name="supports")
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "digest"], name="support_once")]

    def __str__(self) -> str:
        return f"{self.report_id}"


class Count(models.Model):
    """How often an address did something in a window of time. The address itself is not kept."""

    key = models.CharField(max_length=64)
    starts_at = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "starts_at"], name="count_once")]

    def __str__(self) -> str:
        return f"{self.count}"
