"""What machines speak with."""

from django.urls import include, path

urlpatterns = [
    path("api/", include("patriot.api.native.urls")),
    path("open311/v2/", include("patriot.api.open311.urls")),
]
