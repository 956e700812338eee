"""One's own account."""

from allauth.account.utils import perform_login
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import check_for_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import set_language as remember_in_cookie

from patriot.kernel.errors import Refused
from patriot.people import actions, queries
from patriot.people.models import User
from patriot.people.rules import face


@login_required
@require_GET
def profile(request: HttpRequest) -> HttpResponse:
    """Who I am here, how I sign in, which machines act for me."""
    user_id = _user(request).pk
    context = {
        "memberships": queries.memberships(user_id),
        "tokens": queries.tokens(user_id),
        "new_token": request.session.pop("new_token", ""),
        "has_totp": is_mfa_enabled(request.user),
        "languages": settings.LANGUAGES,
    }
    return render(request, "people/profile.html", context)


@login_required
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """On to the face where this person works."""
    return redirect(face(queries.viewer(request.user).roles))


@login_required
@require_POST
def create_token(request: HttpRequest) -> HttpResponse:
    """Give out an API token; the profile shows it once."""
    user = _user(request)
    try:
        name = request.POST.get("name", "")
        request.session["new_token"] = actions.create_token(user.pk, name, actor=f"user:{user.pk}")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("account_profile")


@login_required
@require_POST
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """Take one of my API tokens out of use."""
    user = _user(request)
    try:
        actions.revoke_token(token_id, user.pk, actor=f"user:{user.pk}")
    except Refused as refused:
        raise Http404 from refused
    messages.success(request, _("The token no longer works."))
    return redirect("account_profile")


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Switch the language on this device, and for everywhere when signed in."""
    language = request.POST.get("language", "")
    if request.user.is_authenticated and check_for_language(language):
        actions.choose_language(_user(request).pk, language)
    return remember_in_cookie(request)


@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Be one of the demo's simulated people. There is no such page outside a demo."""
    username = request.POST.get("username", "")
    if username not in {login.username for login in queries.demo_logins()}:
        raise Http404
    user = User.objects.get(username=username)
    response: HttpResponse = perform_login(request, user, email_verification="none")
    return response


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # login_required let nobody else in
    return request.user
