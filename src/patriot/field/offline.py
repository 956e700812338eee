"""What lets the page live on a phone without a connection: its manifest and its service worker."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """How the page installs itself on a phone."""
    home = reverse("field:home")
    icon = {"src": static("icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}
    told = {
        "name": _("Patriot field"), "short_name": "Patriot", "id": home, "start_url": home, "scope": home,
        "display": "standalone", "orientation": "portrait", "background_color": "#0b0d10",
        "theme_color": "#14171c", "icons": [icon],
    }  # fmt: skip
    return JsonResponse(told, content_type="application/manifest+json")


@require_safe
@never_cache
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker: from this address it may serve everything under `/field/`."""
    return render(request, "field/worker.js", content_type="text/javascript")
