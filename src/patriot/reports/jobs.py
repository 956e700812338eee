"""Sweeping: photos whose report was never sent, and counts of windows long past."""

from datetime import timedelta

from django.db import transaction

from patriot.kernel import clock
from patriot.kernel.jobs import every
from patriot.reports import files
from patriot.reports.models import Count, Photo

KEEP = timedelta(days=1)
BATCH = 200


@every("17 * * * *")
@transaction.atomic
def sweep() -> None:
    """Erase draft photos and counts older than a day."""
    before = clock.now() - KEEP
    Count.objects.filter(starts_at__lt=before).delete()
    left = list(Photo.objects.filter(subject__startswith="draft:", created_at__lt=before)[:BATCH])
    files.delete_photos(left)
