"""Vehicles, devices and the latest position of each. Positions themselves live in `fleet_position`,
plain SQL, one partition a day: see migration 0002 and `statements.py`."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Vehicle(models.Model):
    """An official vehicle."""

    plate = models.CharField(_("plate"), max_length=24, unique=True)
    kind = models.CharField(_("kind"), max_length=32)
    agency = models.CharField(_("agency"), max_length=32, db_index=True)
    callsign = models.CharField(_("call sign"), max_length=40)
    simulated = models.BooleanField(_("simulated"), default=False)

    class Meta:
        verbose_name = _("vehicle")
        verbose_name_plural = _("vehicles")
        ordering = ["callsign"]

    def __str__(self) -> str:
        return f"{self.callsign} ({self.plate})"


class Device(models.Model):
    """A tracker or a phone. Its `uid` is what it calls itself; an unknown one goes to quarantine."""

    uid = models.CharField(_("identifier"), max_length=80, unique=True)
    vehicle = models.ForeignKey(Vehicle, models.SET_NULL, null=True, blank=True, related_name="devices")
    secret_digest = models.CharField(
        _("digest of the secret"), max_length=64, blank=True
    )  # "": uid is enough
    simulated = models.BooleanField(_("simulated"), default=False)

    class Meta:
        verbose_name = _("tracking device")
        verbose_name_plural = _("tracking devices")
        ordering = ["uid"]

    def __str__(self) -> str:
        return self.uid


class Latest(models.Model):
    """Where a device was last. Never older than what stands here: an upsert guards it."""

    device = models.OneToOneField(Device, models.CASCADE, primary_key=True, related_name="latest")
    claimed_at = models.DateTimeField()  # the device's own word for the time of the fix: names a repeat
    fixed_at = models.DateTimeField()
    received_at = models.DateTimeField()
    lon = models.FloatField()
    lat = models.FloatField()
    speed_kmh = models.FloatField(null=True)
    heading = models.FloatField(null=True)
    accuracy_m = models.FloatField(null=True)
    battery_pct = models.FloatField(null=True)

    class Meta:
        verbose_name = _("latest position")
        verbose_name_plural = _("latest positions")


class Quarantined(models.Model):
    """A frame that could not be used, as it came, with the reason."""

    at = models.DateTimeField(_("received at"), db_index=True)
    source = models.CharField(_("source"), max_length=16)
    uid = models.CharField(_("identifier"), max_length=80)
    reason = models.CharField(_("reason"), max_length=40)
    frame = models.TextField(_("frame"))

    class Meta:
        verbose_name = _("quarantined frame")
        verbose_name_plural = _("quarantined frames")
        ordering = ["-at"]
