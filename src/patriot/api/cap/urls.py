"""CAP's paths."""

from django.urls import path

from patriot.api.cap import views

urlpatterns = [
    path("", views.feed, name="cap_feed"),
    path("sirene.pem", views.siren_key, name="cap_siren_key"),
    path("<str:identifier>.xml", views.alert, name="cap_alert"),
]
