"""Every face's and interface's path."""

from django.contrib import admin
from django.urls import include, path

from patriot.api import live
from patriot.api.map import map_layers
from patriot.site import health, metrics

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics),
    path("live", live.stream),
    path("places/map.json", map_layers, name="map_layers"),
    path("admin/", admin.site.urls),
    path("", include("patriot.people.urls")),
    path("", include("patriot.portal.urls")),
    path("wall/", include("patriot.wall.urls")),
    path("desk/", include("patriot.desk.urls")),
    path("console/", include("patriot.console.urls")),
    path("eksekutif/", include("patriot.insight.urls")),
    path("stasiun/", include("patriot.stations.urls")),
    path("", include("patriot.api.urls")),
    path("field/", include("patriot.field.urls")),
]
handler400 = "patriot.site.errors.bad_request"
handler500 = "patriot.site.errors.server_error"
