"""Five tables. Entries and seals are only ever inserted: triggers refuse everything else."""

from django.db import models


class Entry(models.Model):
    """One thing that happened, as its action wrote it."""

    at = models.DateTimeField()
    kind = models.CharField(max_length=64)
    actor = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    agency = models.CharField(max_length=32, blank=True)
    simulated = models.BooleanField()
    body = models.TextField()  # canonical JSON: the very text that is hashed

    class Meta:
        indexes = [models.Index(fields=["subject", "id"], name="ledger_by_subject")]


class Pending(models.Model):
    """An entry that has no number yet. A queue: the sealer empties it within milliseconds of the commit."""

    entry_id = models.BigIntegerField(primary_key=True)


class Seal(models.Model):
    """An entry's place in the chain: its gapless number and the hash of itself and everything before."""

    number = models.BigIntegerField(primary_key=True)
    entry_id = models.BigIntegerField(unique=True)
    hash = models.BinaryField(max_length=32)


class Cursor(models.Model):
    """How far a reaction has read. Moves in the same transaction as what the reaction wrote."""

    reader = models.CharField(max_length=120, primary_key=True)
    number = models.BigIntegerField()


class Parked(models.Model):
    """An event a reaction could not handle, set aside with the reason until somebody has seen to it."""

    reader = models.CharField(max_length=120)
    number = models.BigIntegerField()
    error = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reader", "number"], name="parked_once")]
