"""The officer's phone."""

from django.urls import path

from patriot.field import offline, views

app_name = "field"
urlpatterns = [
    path("", views.home, name="home"),
    path("unit", views.sign_on, name="sign_on"),
    path("unit/leave", views.sign_off, name="sign_off"),
    path("<int:assignment_id>/<slug:step>", views.step, name="step"),
    path("manifest.webmanifest", offline.manifest, name="manifest"),
    path("worker.js", offline.worker, name="worker"),
]
