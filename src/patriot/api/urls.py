"""What machines speak with."""

from django.urls import include, path

urlpatterns = [
    path("api/", include("patriot.api.native.urls")),
    path("open311/v2/", include("patriot.api.open311.urls")),
    path("sensorthings/v1.1/", include("patriot.api.sensorthings.urls")),
    path("cap/", include("patriot.api.cap.urls")),
]
