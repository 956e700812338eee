"""What the wall announces. Nobody outside needs to know."""

from dataclasses import dataclass

from patriot.kernel.events import announces


@announces("wall.scene_pinned")
@dataclass(frozen=True)
class ScenePinned:
    """A scene was pinned, or let go: `scene` is then "". `display` None speaks to all displays."""

    display: int | None
    scene: str
    incident: int | None


@announces("wall.display_added")
@dataclass(frozen=True)
class DisplayAdded:
    """A screen got its key."""

    display: int
    name: str


@announces("wall.display_removed")
@dataclass(frozen=True)
class DisplayRemoved:
    """A screen's key is no longer good."""

    display: int
    name: str
