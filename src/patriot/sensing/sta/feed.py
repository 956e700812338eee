"""What was changed, for those who subscribed to it over MQTT."""

from collections.abc import Sequence

from patriot.sensing.sta.model import Entity


def tell(changes: Sequence[tuple[Entity, int, frozenset[str]]]) -> None:
    """After the commit."""
