"""Devices and what they sign in with: a name and a secret that is told once and kept as a digest."""

import re
from dataclasses import dataclass
from hashlib import sha256

from django.db import transaction
from django.utils.translation import gettext as _

from patriot.kernel.errors import Conflict, Invalid, NotFound
from patriot.kernel.ids import token
from patriot.ledger import actions as ledger
from patriot.sensing.events import DeviceChanged
from patriot.sensing.models import Device, Thing

UID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
RESERVED = {"device", "patriot", "patriot-system"}  # the broker's own users


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a device signs in with over MQTT. The secret cannot be read again."""

    uid: str
    secret: str
    device_id: int


def digest(secret: str) -> str:
    """What is kept of a secret: SHA-256, hexadecimal. Secrets are 256 random bits and need no salt."""
    return sha256(secret.encode()).hexdigest()


def check_uid(uid: str) -> str:
    """Why a device cannot be called so, "" when it can. The name is a level of its topics."""
    if uid in RESERVED:
        return _("This name belongs to the broker itself.")
    if not UID.fullmatch(uid):
        return _("A device's name has 1 to 64 letters, digits, - or _, and begins with a letter or digit.")
    return ""


@transaction.atomic
def provision(uid: str, *, thing: int | None, actor: str) -> Credentials:
    """Register a device with a secret of its own. Raises Invalid, NotFound or Conflict (taken)."""
    if words := check_uid(uid):
        raise Invalid({"uid": words})
    owner = _thing(thing)
    device, made = Device.objects.get_or_create(
        uid=uid, defaults={"thing": owner, "simulated": bool(owner and owner.simulated)}
    )
    if not made:
        raise Conflict(_("The device %(uid)s is registered already.") % {"uid": uid})
    return _new_secret(device, "provisioned", actor)


@transaction.atomic
def rotate(device_id: int, *, actor: str) -> Credentials:
    """Give a device another secret; whoever is signed in with the old one is put out within seconds."""
    return _new_secret(_locked(device_id), "rotated", actor)


@transaction.atomic
def set_enabled(device_id: int, enabled: bool, *, actor: str) -> None:
    """Let a device in, or keep it out: then what is published in its name goes to quarantine."""
    device = _locked(device_id)
    if Device.objects.filter(pk=device.pk, enabled=not enabled).update(enabled=enabled):
        _announce(device, "enabled" if enabled else "disabled", actor)


def _thing(thing: int | None) -> Thing | None:
    if thing is None:
        return None
    found = Thing.objects.filter(pk=thing).first()
    if found is None:
        raise NotFound(_("There is no thing %(thing)s.") % {"thing": thing})
    return found


def _locked(device_id: int) -> Device:
    device = (
        Device.objects.select_for_update(of=("self",)).select_related("thing").filter(pk=device_id).first()
    )
    if device is None:
        raise NotFound(_("There is no device %(device)s.") % {"device": device_id})
    return device


def _new_secret(device: Device, change: str, actor: str) -> Credentials:
    secret = token()
    Device.objects.filter(pk=device.pk).update(secret_digest=digest(secret))
    _announce(device, change, actor)
    return Credentials(device.uid, secret, device.pk)


def _announce(device: Device, change: str, actor: str) -> None:
    thing = device.thing
    ledger.append(
        DeviceChanged(device.pk, device.uid, change, thing.pk if thing else None),
        actor=actor,
        subject=f"device:{device.uid}",
        agency=thing.agency if thing else "",
        simulated=device.simulated,
    )
