"""Devices: what speaks for things. Provision one or many, print their credentials once, rotate, disable."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import segno
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from patriot.console.said import word
from patriot.console.views import OPERATORS
from patriot.kernel.errors import Refused
from patriot.kernel.paging import paged, whole
from patriot.people.guard import requires
from patriot.people.rules import Viewer
from patriot.sensing.equipment import device_csv, device_queries, devices
from patriot.sensing.equipment.device_csv import Line
from patriot.sensing.equipment.devices import Credentials

PAGE = 50
LARGEST_FILE = 512 * 1024
STATES = ("off", "untied", "offline", "secretless")


@dataclass(frozen=True)
class Sheet:
    """What the person at the device needs, shown once: nobody can read the secret afterwards."""

    uid: str
    secret: str
    thing: str
    address: str
    topic: str
    qr: str  # the address as an SVG data URI


@requires(*OPERATORS)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """All devices, and the form for a new one."""
    words, state = word(request.GET, "q"), word(request.GET, "state")
    found = device_queries.devices(words, state if state in STATES else "")
    context = {
        "page": paged(found, whole(request.GET.get("page", ""), 1), PAGE), "words": words, "state": state,
        "things": device_queries.things(), "tab": "devices", "narrowed": bool(words or state),
    }  # fmt: skip
    return render(request, "console/devices.html", context)


@requires(*OPERATORS)
@require_POST
def provision(request: HttpRequest) -> HttpResponse:
    """Make one device; its credentials are shown once."""
    uid, thing = word(request.POST, "uid"), whole(request.POST.get("thing", ""), 0)
    try:
        made = devices.provision(uid, thing=thing or None, actor=_viewer(request).actor)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("console:devices")
    return _sheets(request, [made])


@requires(*OPERATORS)
@require_POST
def rotate(request: HttpRequest, device_id: int) -> HttpResponse:
    """A new secret; the old one no longer opens."""
    try:
        made = devices.rotate(device_id, actor=_viewer(request).actor)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("console:devices")
    return _sheets(request, [made])


@requires(*OPERATORS)
@require_POST
def switch(request: HttpRequest, device_id: int) -> HttpResponse:
    """Let a device in, or keep it out."""
    enabled = request.POST.get("enabled") == "yes"
    try:
        devices.set_enabled(device_id, enabled, actor=_viewer(request).actor)
        messages.success(
            request, _("The device may speak again.") if enabled else _("The device is shut out.")
        )
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("console:devices")


@requires(*OPERATORS)
@require_http_methods(["GET", "HEAD", "POST"])
def many(request: HttpRequest) -> HttpResponse:
    """Provision by CSV: first a preview with every line's fault, then the good lines."""
    text = _text(request)
    lines: list[Line] = []
    fault = ""
    if request.method == "POST":
        try:
            lines = _read(text)
        except ValueError as error:
            fault = str(error)
    good = [line for line in lines if not line.fault]
    if good and "confirmed" in request.POST:
        return _sheets(request, _provision_all(good, _viewer(request).actor))
    context = {"lines": lines, "good": good, "text": text, "fault": fault, "tab": "devices"}
    return render(request, "console/devices_csv.html", context)


def _text(request: HttpRequest) -> str:
    file = request.FILES.get("file")
    if file is not None:
        return bytes(file.read(LARGEST_FILE)).decode("utf-8", "replace").replace("\0", "")
    return request.POST.get("text", "")[:LARGEST_FILE].replace("\0", "")


def _read(text: str) -> list[Line]:
    known = {row.uid for row in device_queries.devices()}
    return device_csv.read(text, known, device_queries.things_by_word())


def _provision_all(lines: Sequence[Line], actor: str) -> list[Credentials]:
    """All of them; somebody may have taken an identifier between the preview and now: that one is left."""
    made = []
    for line in lines:
        try:
            made.append(devices.provision(line.uid, thing=line.thing, actor=actor))
        except Refused:
            continue
    return made


def _sheets(request: HttpRequest, made: Sequence[Credentials]) -> HttpResponse:
    names = {row.id: row.thing_name for row in device_queries.devices()}
    sheets = [_sheet(request, one, names.get(one.device_id, "")) for one in made]
    response = render(request, "console/device_sheets.html", {"sheets": sheets, "tab": "devices"})
    response["Cache-Control"] = "no-store"
    return response


def _sheet(request: HttpRequest, one: Credentials, thing: str) -> Sheet:
    host = request.get_host().rsplit(":", 1)[0]
    login = f"{quote(one.uid)}:{quote(one.secret, safe='')}"
    address = f"mqtt://{login}@{host}:{settings.CONFIG.mqtt_port}/sensing/{one.uid}"
    code = segno.make_qr(address).svg_data_uri(scale=4, border=2)
    return Sheet(
        one.uid, one.secret, thing, f"{host}:{settings.CONFIG.mqtt_port}", f"sensing/{one.uid}/…", code
    )


def _viewer(request: HttpRequest) -> Viewer:
    return request.viewer  # type: ignore[attr-defined, no-any-return]
