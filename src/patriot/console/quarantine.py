"""What devices said that could not be used: look at it, say what it belongs to, or put it away."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from patriot.console.said import word
from patriot.console.views import OPERATORS
from patriot.kernel.errors import Refused
from patriot.kernel.paging import Page, paged, whole
from patriot.people.guard import requires
from patriot.people.rules import Viewer
from patriot.sensing.equipment import device_queries, quarantine
from patriot.sensing.equipment.quarantine import Group

PAGE = 25
SHOWN = 400  # characters of a payload
REASONS = {
    "unknown_device": gettext_lazy("Unknown device"),
    "unknown_datastream": gettext_lazy("The device is known, its datastream is not"),
    "unknown_topic": gettext_lazy("A topic that means nothing here"),
    "malformed": gettext_lazy("Not readable"),
    "empty": gettext_lazy("Empty"),
    "no_number": gettext_lazy("No number in it"),
    "no_time": gettext_lazy("Its time is none"),
    "too_many": gettext_lazy("Too many readings in one message"),
}


@dataclass(frozen=True)
class Shown:
    """A group as the page shows it. `sample`: the newest payload as harmless text."""

    group: Group
    reason: str
    sample: str


@requires(*OPERATORS)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Groups that wait, or with `?resolved=1` those that were resolved."""
    words, reason = word(request.GET, "q"), word(request.GET, "reason", 40)
    resolved = request.GET.get("resolved") == "1"
    found = quarantine.groups(words, reason, resolved=resolved)
    page = paged(found, whole(request.GET.get("page", ""), 1), PAGE)
    shown = [
        Shown(group, str(REASONS.get(group.reason, group.reason)), safe(group.sample)) for group in page.rows
    ]
    context = {
        "page": Page(shown, page.number, page.pages, page.total), "words": words, "reason": reason,
        "resolved": resolved, "tab": "quarantine", "things": device_queries.things(),
        "reasons": [(code, REASONS.get(code, code)) for code in quarantine.reasons()],
        "narrowed": bool(words or reason),
    }  # fmt: skip
    return render(request, "console/quarantine.html", context)


def safe(payload: bytes) -> str:
    """A payload as text that can do no harm: control characters and whatever is no UTF-8 as escapes."""
    text = payload[: SHOWN * 2].decode("utf-8", "backslashreplace")
    clean = "".join(one if one.isprintable() or one == "\n" else f"\\u{ord(one):04x}" for one in text)
    return clean[:SHOWN] + ("…" if len(clean) > SHOWN or len(payload) > SHOWN * 2 else "")


@requires(*OPERATORS)
@require_POST
def replay(request: HttpRequest) -> HttpResponse:
    """Tie the device to a thing and store what it said."""
    thing, key = whole(request.POST.get("thing", ""), 0), word(request.POST, "key", 48)
    try:
        stored, left = quarantine.replay(*_group(request), thing=thing, key=key, actor=_viewer(request).actor)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("console:quarantine")
    words = ngettext("{n} reading stored.", "{n} readings stored.", stored).format(n=stored)
    messages.success(request, words)
    if left:
        more = _("{n} payloads stay here: they still cannot be used.").format(n=left)
        messages.warning(request, more)
    return redirect("console:quarantine")


@requires(*OPERATORS)
@require_POST
def discard(request: HttpRequest) -> HttpResponse:
    """Put a group away, with a reason."""
    try:
        words = word(request.POST, "words", 160)
        count = quarantine.discard(*_group(request), words=words, actor=_viewer(request).actor)
        messages.success(request, _("Discarded: {n}. It can be taken back under “Resolved”.").format(n=count))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("console:quarantine")


@requires(*OPERATORS)
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take a discarded group back."""
    try:
        quarantine.undo(*_group(request), actor=_viewer(request).actor)
        messages.success(request, _("Taken back: it waits again."))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("console:quarantine")


def _group(request: HttpRequest) -> tuple[str, str]:
    return word(request.POST, "uid"), word(request.POST, "reason", 40)


def _viewer(request: HttpRequest) -> Viewer:
    return request.viewer  # type: ignore[attr-defined, no-any-return]
