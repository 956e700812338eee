"""The console's paths."""

from django.urls import path

from patriot.console import views

app_name = "console"
urlpatterns = [
    path("", views.console, name="console"),
    path("queue/", views.queue, name="queue"),
    path("handover/", views.handover, name="handover"),
]
