"""Accounts, agencies with their dates of validity, roles and shifts."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from patriot.people.rules import Role


class User(AbstractUser):
    """A person or a machine with an account."""

    phone = models.CharField(_("phone"), max_length=32, blank=True)
    language = models.CharField(_("language"), max_length=5, blank=True)
    simulated = models.BooleanField(_("simulated"), default=False)


class Agency(models.Model):
    """A work unit (SKPD), city company or outside partner; merged and renamed ones name their successor."""

    code = models.CharField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=160)
    short = models.CharField(_("short name"), max_length=40)
    kind = models.CharField(_("kind"), max_length=24)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    successor = models.CharField(_("successor"), max_length=32, blank=True)
    integrated_on = models.DateField(_("integrated on"), null=True, blank=True)

    class Meta:
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A role a person holds, in one agency or (citywide roles) in none."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=[(role.value, role.label) for role in Role])

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "agency", "role"], name="one_membership_each", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.role}"


class Shift(models.Model):
    """When a person is on duty."""

    user = models.ForeignKey(User, models.CASCADE, related_name="shifts")
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="shift_ends_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.starts_at:%d.%m. %H:%M}"


class Handover(models.Model):
    """One person's duty passed to the next, with what the next one must know."""

    given_by = models.ForeignKey(User, models.PROTECT, related_name="handovers_given")
    taken_by = models.ForeignKey(User, models.PROTECT, related_name="handovers_taken")
    at = models.DateTimeField(_("at"))
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("handover")
        verbose_name_plural = _("handovers")
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.given_by} → {self.taken_by} {self.at:%d.%m. %H:%M}"


class ApiToken(models.Model):
    """A machine's key to the native API. Only its digest is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name
