"""Screens that need no login, and the scenes somebody pinned."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Display(models.Model):
    """A screen that shows the wall by a key in its address. Only the key's digest is kept."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("wall display")
        verbose_name_plural = _("wall displays")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Pin(models.Model):
    """What one display, or every one without a pin of its own, is made to show instead of going round."""

    display = models.OneToOneField(Display, models.CASCADE, null=True, blank=True)
    scene = models.CharField(max_length=16)
    incident = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(display=None), name="one_pin_for_all"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.display or '*'}: {self.scene}"
