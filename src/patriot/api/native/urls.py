"""`/api/v1` and its description."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from ninja.openapi.docs import Swagger

from patriot.api.native.app import api


def docs(request: HttpRequest) -> HttpResponse:
    """The description in the browser: Swagger's own files, served by us; no other host is asked."""
    return Swagger().render_page(request, api)


urlpatterns = [
    path("v1/", api.urls),
    path("docs", docs, name="api_docs"),
]
