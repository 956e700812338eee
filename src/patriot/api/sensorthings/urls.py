"""Every path below the root is the standard's own affair."""

from django.urls import path

from patriot.api.sensorthings import views

urlpatterns = [
    path("", views.resource, name="sensorthings"),
    path("<path:path>", views.resource),
]
