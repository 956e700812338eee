"""The citizens' paths."""

from django.urls import path
from django.views.generic import RedirectView

from patriot.portal import alerts, data, follow, home, photos, report, warnings

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
    path("peringatan", RedirectView.as_view(pattern_name="warnings")),
    path("peringatan/", warnings.index, name="warnings"),
    path("peringatan/langganan", alerts.subscribe, name="warnings_subscribe"),
    path("peringatan/langganan/terkirim", alerts.asked, name="warnings_asked"),
    path("peringatan/langganan/push", alerts.by_push, name="warnings_push"),
    path("peringatan/langganan/<str:token>", alerts.own, name="warnings_own"),
    path("peringatan/langganan/<str:token>/berhenti", alerts.stop, name="warnings_stop"),
    path("peringatan/worker.js", alerts.worker, name="warnings_worker"),
    path("peringatan/manifest.webmanifest", alerts.manifest, name="warnings_manifest"),
    path("peringatan/<str:identifier>/", warnings.page, name="warning"),
]
