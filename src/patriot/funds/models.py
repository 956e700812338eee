"""Funds and what was asked of them. Money is whole rupiah."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ResponseFund(models.Model):
    """What one agency may spend on quick response in one year, and who may decide how much."""

    agency = models.CharField(_("agency"), max_length=32)
    year = models.PositiveSmallIntegerField(_("year"))
    amount_idr = models.BigIntegerField(_("amount"))
    small_limit_idr = models.BigIntegerField(_("limit without a person's decision"))
    head_limit_idr = models.BigIntegerField(_("limit of the head of agency"))

    class Meta:
        verbose_name = _("response fund")
        verbose_name_plural = _("response funds")
        ordering = ["agency", "-year"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "year"], name="one_fund_a_year"),
            models.CheckConstraint(condition=models.Q(amount_idr__gte=0), name="fund_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.agency} {self.year}"


class Commitment(models.Model):
    """An amount asked of a fund. Approved and spent amounts count against it, the others do not."""

    class State(models.TextChoices):
        """Where a commitment stands."""

        PENDING = "pending", _("Waiting for a decision")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")
        SPENT = "spent", _("Spent")
        RELEASED = "released", _("Released")

    agency = models.CharField(_("agency"), max_length=32)
    year = models.PositiveSmallIntegerField(_("year"))
    amount_idr = models.BigIntegerField(_("amount"))
    purpose = models.CharField(_("purpose"), max_length=200)
    subject = models.CharField(_("subject"), max_length=64)
    state = models.CharField(_("state"), max_length=12, choices=State.choices)
    goes_to = models.CharField(_("decided by"), max_length=16, blank=True)
    rule = models.CharField(_("rule"), max_length=24)
    available_idr = models.BigIntegerField(_("available when asked"))
    requested_by = models.CharField(max_length=64)
    requested_at = models.DateTimeField(_("asked at"))
    decided_by = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    simulated = models.BooleanField(_("simulated"), default=False)

    class Meta:
        verbose_name = _("commitment")
        verbose_name_plural = _("commitments")
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_idr__gt=0), name="commitment_positive")
        ]
        indexes = [
            models.Index(fields=["agency", "year", "state"], name="commitment_by_fund"),
            models.Index(fields=["subject"], name="commitment_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.agency} {self.amount_idr} {self.state}"
