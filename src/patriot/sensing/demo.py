"""In a demo every thing of the pack is simulated, and says so."""

from patriot.kernel.pack import Pack
from patriot.sensing.models import Asset, Device, Thing


def load(_pack: Pack) -> list[str]:
    """Mark the pack's things, their devices and its assets as simulated."""
    things = Thing.objects.filter(properties__has_key="code")
    things.update(simulated=True)
    Device.objects.filter(thing__in=things).update(simulated=True)
    Asset.objects.update(simulated=True)
    return []
