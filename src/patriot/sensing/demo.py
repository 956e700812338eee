"""In a demo every thing of the pack is simulated, and says so."""

from patriot.kernel.pack import Pack
from patriot.sensing.models import Device, Thing


def load(_pack: Pack) -> list[str]:
    """Mark the pack's things and their devices as simulated."""
    things = Thing.objects.filter(properties__has_key="code")
    things.update(simulated=True)
    Device.objects.filter(thing__in=things).update(simulated=True)
    return []
