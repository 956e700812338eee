"""What the installation knows about itself."""

from django.db import models


class Heartbeat(models.Model):
    """The last sign of life of one process of a role, with its counters."""

    instance = models.CharField(max_length=120, primary_key=True)  # role@host:pid
    role = models.CharField(max_length=24)
    started_at = models.DateTimeField()
    at = models.DateTimeField(db_index=True)  # the database's clock
    counts = models.JSONField(default=dict)


class Fact(models.Model):
    """Something true of the whole installation: `demo`, and the pack that was loaded last."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.TextField()
