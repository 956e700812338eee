"""The wall's stream alone: these tests need no other face."""

from django.urls import path

from patriot.wall import stream

urlpatterns = [path("wall/stream", stream.stream)]
