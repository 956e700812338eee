"""The wall's paths."""

from django.urls import path

from patriot.wall import stream, views

app_name = "wall"
urlpatterns = [
    path("", views.wall, name="wall"),
    path("stream", stream.stream, name="stream"),
    path("pin/", views.pin, name="pin"),
]
