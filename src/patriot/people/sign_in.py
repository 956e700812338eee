"""How people sign in: django-allauth with our rules on top."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from patriot.people.models import User
from patriot.people.queries import may_sign_in


class Backend(AuthenticationBackend):  # type: ignore[misc]
    """User name or e-mail and a password; sessions of those who may no longer sign in end at once."""

    def user_can_authenticate(self, user: User) -> bool:
        """Refuse closed accounts, and simulated people outside a demo."""
        return may_sign_in(user)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's hooks for accounts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Citizens open accounts themselves only where the city wants it; staff accounts are given."""
        return bool(settings.ACCOUNT_SIGNUP_OPEN)

    def pre_login(self, request: HttpRequest, user: User, **rest: Any) -> HttpResponse | None:
        """Stop those who may not sign in, also after a right password: allauth looks at is_active only."""
        if not may_sign_in(user):
            refused: HttpResponse = self.respond_user_inactive(request, user)
            return refused
        allowed: HttpResponse | None = super().pre_login(request, user, **rest)
        return allowed

    def post_login(self, request: HttpRequest, user: User, **rest: Any) -> HttpResponse:
        """Bring the language somebody chose before to the device they sign in on."""
        response: HttpResponse = super().post_login(request, user, **rest)
        if user.language:
            response.set_cookie(settings.LANGUAGE_COOKIE_NAME, user.language, samesite="Lax")
        return response


class SingleSignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """allauth's hooks for the city's own sign-on."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Whoever the city's issuer vouches for gets an account; it opens nothing until a role is granted."""
        return True


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors are kept encrypted: a copy of the database alone does not make codes."""

    def encrypt(self, text: str) -> str:
        """Encrypt with a key derived from the installation's secret key."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Undo `encrypt`."""
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> Fernet:
    return Fernet(urlsafe_b64encode(sha256(f"mfa:{settings.SECRET_KEY}".encode()).digest()))
