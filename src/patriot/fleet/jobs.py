"""The fleet's periodic work."""

from patriot.fleet import actions
from patriot.kernel.jobs import every


@every("17 * * * *")
def prepare_days() -> None:
    """Have the partitions of the coming days ready, and let old quarantine go."""
    actions.ensure_days()
    actions.clear_quarantine()
