"""What the page shell needs to know: which faces this viewer may open, which theme was chosen."""

from functools import cache
from typing import Any, NamedTuple

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from patriot.kernel.errors import Refused
from patriot.kernel.pack import Pack, PackError
from patriot.site.city import folder

register = template.Library()


class Face(NamedTuple):
    """One entry of the navigation. No roles: open to everybody."""

    path: str
    label: Promise
    roles: frozenset[str] = frozenset()


CITYWIDE = frozenset({"dispatcher", "operator", "leadership", "administrator"})
FACES = (
    Face("/lapor", gettext_lazy("Report")),
    Face("/lacak", gettext_lazy("Follow a report")),
    Face("/peringatan/", gettext_lazy("Warnings")),
    Face("/stasiun/", gettext_lazy("Stations")),
    Face("/console/", gettext_lazy("Console"), frozenset({"dispatcher", "operator", "administrator"})),
    Face("/desk/", gettext_lazy("Desk"), frozenset({"staff", "head", "administrator"})),
    Face("/field/", gettext_lazy("Field"), frozenset({"officer"})),
    Face("/eksekutif/", gettext_lazy("Executive"), frozenset({"leadership", "administrator"})),
    Face("/wall/", gettext_lazy("Wall"), CITYWIDE),
    Face("/admin/", gettext_lazy("Admin"), frozenset({"administrator"})),
)


@register.simple_tag(takes_context=True)
def faces(context: dict[str, Any]) -> list[dict[str, Any]]:
    """The faces the viewer may open, each with `path`, `label` and whether it is the `current` one."""
    request: HttpRequest = context["request"]
    roles = frozenset(getattr(getattr(request, "viewer", None), "roles", ()))
    return [
        {"path": face.path, "label": face.label, "current": request.path.startswith(face.path.rstrip("/"))}
        for face in FACES
        if not face.roles or face.roles & roles
    ]


@register.simple_tag(takes_context=True)
def theme(context: dict[str, Any], default: str = "") -> str:
    """The chosen theme, `dark` or `light`; `default` when none was chosen."""
    chosen = context["request"].COOKIES.get("theme", "")
    return chosen if chosen in {"dark", "light"} else default


@register.simple_tag
def city() -> str:
    """The name of this installation's city, as its pack has it; empty when the pack cannot be read."""
    return _city_of(settings.CITY)


@cache
def _city_of(pack: str) -> str:
    try:
        return str(Pack(folder(pack)).toml().get("name", ""))
    except (Refused, PackError, OSError):
        return ""


@register.simple_tag
def demo() -> bool:
    """True when this installation shows a simulated city."""
    return bool(settings.DEMO)
