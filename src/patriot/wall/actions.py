"""Pinning scenes, and keys for screens."""

from hashlib import sha256

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from patriot.kernel import clock, ids
from patriot.kernel.errors import Invalid, NotAllowed, NotFound
from patriot.ledger.actions import append
from patriot.people.rules import Role, Viewer
from patriot.wall.events import DisplayAdded, DisplayRemoved, ScenePinned
from patriot.wall.models import Display, Pin

SCENES = ("city", "now", "water", "air", "street", "results", "deadlines")
PINNERS = (Role.OPERATOR, Role.DISPATCHER, Role.LEADERSHIP)


@transaction.atomic
def pin_scene(
    scene: str | None, *, viewer: Viewer, incident: int | None = None, display: int | None = None
) -> None:
    """Make one display, or all of them, show a scene and perhaps an incident until it is let go by
    `scene=None`.

    A pin for all takes every display's own away. Raises NotAllowed, NotFound, Invalid.
    """
    if not viewer.has(*PINNERS):
        raise NotAllowed(_("Only operators, dispatchers and the city's leadership steer the wall."))
    if scene is not None and scene not in SCENES:
        raise Invalid({"scene": _("There is no such scene.")})
    if display is not None and not Display.objects.filter(pk=display).exists():
        raise NotFound(_("There is no such display."))
    _put(scene, incident, display)
    event = ScenePinned(display, scene or "", incident if scene else None)
    append(event, actor=viewer.actor, subject=f"wall:{display or 'all'}", simulated=viewer.simulated)


def _put(scene: str | None, incident: int | None, display: int | None) -> None:
    with connection.cursor() as cursor:  # one hand on the wall at a time: the ledger then has the pins' order
        cursor.execute("LOCK TABLE wall_pin IN SHARE ROW EXCLUSIVE MODE")
    replaced = Pin.objects.all() if display is None else Pin.objects.filter(display=display)
    replaced.delete()
    if scene is not None:
        Pin.objects.create(display_id=display, scene=scene, incident=incident)


def add_display(name: str, *, viewer: Viewer) -> str:
    """Register a screen; returns the key for its address, which is shown this once. Raises NotAllowed,
    Invalid.
    """
    key = ids.token()
    _allow_displays(viewer)
    try:
        with transaction.atomic():
            row = Display.objects.create(name=name, digest=digest(key), created_at=clock.now())
            append(DisplayAdded(row.pk, name), actor=viewer.actor, subject=f"wall:{row.pk}")
    except IntegrityError as error:
        raise Invalid({"name": _("A display of this name exists.")}) from error
    return key


@transaction.atomic
def remove_display(display: int, *, viewer: Viewer) -> None:
    """Take a screen's key back; it goes dark within a minute. Raises NotAllowed, NotFound."""
    _allow_displays(viewer)
    row = Display.objects.select_for_update().filter(pk=display).first()
    if row is None:
        raise NotFound(_("There is no such display."))
    row.delete()
    append(DisplayRemoved(display, row.name), actor=viewer.actor, subject=f"wall:{display}")


def digest(key: str) -> str:
    """What is kept of a key. Keys are long and random: one round is enough."""
    return sha256(key.encode()).hexdigest()


def _allow_displays(viewer: Viewer) -> None:
    if not viewer.has(Role.OPERATOR):
        raise NotAllowed(_("Only operators and administrators manage the wall's displays."))
