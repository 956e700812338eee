"""Paths of one's own account."""

from django.urls import include, path

from patriot.people import views

urlpatterns = [
    path("akun/", views.profile, name="account_profile"),
    path("akun/mulai/", views.start, name="account_start"),
    path("akun/bahasa/", views.set_language, name="set_language"),
    path("akun/demo/", views.demo_sign_in, name="demo_sign_in"),
    path("akun/token/", views.create_token, name="create_token"),
    path("akun/token/<int:token_id>/cabut/", views.revoke_token, name="revoke_token"),
    path("accounts/", include("allauth.urls")),
]
