"""The admin for integrators: Django's own under our name, open to administrators only."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from patriot.people.rules import Role


class PatriotAdminSite(admin.AdminSite):
    """Its door is the role, and signing in is the site's own page, with its second factor."""

    site_title = "Patriot"
    site_header = "Patriot"
    index_title = _("Administration")

    def has_permission(self, request: HttpRequest) -> bool:
        """Administrators only."""
        return bool(request.user.is_active and request.viewer.has(Role.ADMINISTRATOR))  # type: ignore[attr-defined]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send strangers to the one sign-in page; those without the role get the 403 page."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or request.get_full_path())
