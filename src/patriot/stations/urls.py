"""The stations' paths."""

from django.urls import path

from patriot.stations import download, stream, views

app_name = "stations"
urlpatterns = [
    path("", views.index, name="index"),
    path("<int:thing_id>/", views.page, name="page"),
    path("<int:thing_id>/seri.json", views.chart_json, name="chart"),
    path("<int:thing_id>/data.csv", download.series_csv, name="csv"),
    path("<int:thing_id>/langsung", stream.stream, name="stream"),
]
