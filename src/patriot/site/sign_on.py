"""Single sign-on at the city's own OpenID Connect issuer, described by the environment."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

PROVIDER = "sso"  # its name in addresses: /accounts/oidc/sso/login/


def single_sign_on(env: Mapping[str, str]) -> dict[str, Any]:
    """allauth's description of the issuer in `PATRIOT_OIDC_ISSUER`, `_CLIENT_ID`, `_CLIENT_SECRET`, `_NAME`.

    Empty when no issuer is named. Raises ValueError when an issuer is named without a client.
    """
    issuer, client = env.get("PATRIOT_OIDC_ISSUER", ""), env.get("PATRIOT_OIDC_CLIENT_ID", "")
    if not issuer:
        return {}
    if not client:
        raise ValueError("PATRIOT_OIDC_ISSUER is set: set PATRIOT_OIDC_CLIENT_ID as well.")
    app = {
        "provider_id": PROVIDER,
        "name": env.get("PATRIOT_OIDC_NAME") or urlsplit(issuer).hostname,
        "client_id": client,
        "secret": env.get("PATRIOT_OIDC_CLIENT_SECRET", ""),
        "settings": {"server_url": issuer},
    }
    return {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}


def sign_on_origins(env: Mapping[str, str]) -> list[str]:
    """Where a sign-in form may lead besides here: browsers hold redirects after a form to `form-action`."""
    issuer = urlsplit(env.get("PATRIOT_OIDC_ISSUER", ""))
    return [f"{issuer.scheme}://{issuer.netloc}"] if issuer.netloc else []
