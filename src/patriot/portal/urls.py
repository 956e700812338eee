"""The citizens' paths."""

from django.urls import path
from django.views.generic import RedirectView

from patriot.portal import data, follow, home, photos, report

urlpatterns = [
    path("", home.home, name="home"),
    path("tentang", home.about, name="about"),
    path("lapor", report.report, name="report"),
    path("lapor/", RedirectView.as_view(pattern_name="report", query_string=True)),
    path("lapor/usul", report.suggestions, name="report_suggestions"),
    path("lapor/tempat", report.place_candidates, name="report_places"),
    path("lacak/", follow.search, name="follow_search"),
    path("lacak/<str:number>", follow.page, name="follow"),
    path("lacak/<str:number>/keadaan", follow.progress, name="follow_progress"),
    path("lacak/<str:number>/selesai", follow.confirm, name="follow_confirm"),
    path("lacak/<str:number>/buka-lagi", follow.reopen, name="follow_reopen"),
    path("lacak/<str:number>/dukung", follow.support, name="follow_support"),
    path("lacak/<str:number>/lupakan", follow.forget, name="follow_forget"),
    path("lacak/<str:number>/<str:token>", follow.page, name="follow_own"),
    path("foto/<str:code>/<int:size>.jpg", photos.photo, name="photo"),
    path("data", data.page, name="data"),
    path("data/laporan.csv", data.reports_csv, name="data_reports"),
]
