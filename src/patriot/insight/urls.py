"""The executive view's paths."""

from django.urls import path

from patriot.insight import views

app_name = "insight"
urlpatterns = [path("", views.overview, name="overview")]
