"""How letters leave: by the mail server of the environment, or kept in a folder for the administrator."""

from typing import Any
from urllib.parse import urlsplit

from patriot.kernel.config import Config

PATIENCE_S = 10  # with a mail server that does not answer


def mailers(config: Config) -> dict[str, Any]:
    """Django's `MAILERS` from `PATRIOT_SMTP_HOST`, `_PORT`, `_USER`, `_PASSWORD`, `_TLS`; without a host,
    letters are written into `<home>/mail`.
    """
    env = config.env
    if not env.get("PATRIOT_SMTP_HOST"):
        folder = {"file_path": str(config.home / "mail")}
        return {"default": {"BACKEND": "django.core.mail.backends.filebased.EmailBackend", "OPTIONS": folder}}
    server = {
        "host": env["PATRIOT_SMTP_HOST"],
        "port": int(env.get("PATRIOT_SMTP_PORT") or 587),
        "username": env.get("PATRIOT_SMTP_USER", ""),
        "password": env.get("PATRIOT_SMTP_PASSWORD", ""),
        "use_tls": env.get("PATRIOT_SMTP_TLS", "1") == "1",
        "timeout": PATIENCE_S,
    }
    return {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": server}}


def sender(config: Config) -> str:
    """Whom letters come from: `PATRIOT_MAIL_FROM`, or patriot@ the public host."""
    return config.env.get("PATRIOT_MAIL_FROM") or f"patriot@{urlsplit(config.public_url).hostname}"
