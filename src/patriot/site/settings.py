"""Django's settings, derived from `kernel.config.Config`: change the environment, not this file."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.utils.csp import CSP

from patriot.kernel.config import Config
from patriot.site.mail import mailers, sender
from patriot.site.secrets import secret_key
from patriot.site.sign_on import sign_on_origins, single_sign_on

CONFIG = Config.from_env()
PACKAGE = Path(__file__).parent


def database_settings(config: Config) -> dict[str, Any]:
    """Django's description of the database: the embedded server's socket, or the parts of `DATABASE_URL`."""
    if config.embedded_postgres:
        return {"NAME": "patriot", "USER": "patriot", "HOST": str(config.run_folder), "PORT": "5432"}
    url = urlsplit(config.database_url)
    query = dict(parse_qsl(url.query))
    return {
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": query.pop("host", url.hostname or ""),
        "PORT": str(url.port or ""),
        "OPTIONS": query,
    }


def _database() -> dict[str, Any]:
    settings = database_settings(CONFIG)
    pool = {"min_size": 1, "max_size": 16, "timeout": 4}
    options = {"pool": pool, "connect_timeout": 5, **settings.pop("OPTIONS", {})}
    settings |= {"CONN_HEALTH_CHECKS": True, "OPTIONS": options}
    return {"ENGINE": "django.db.backends.postgresql", **settings}


DATABASES = {"default": _database()}
SECRET_KEY = secret_key(CONFIG)
DEBUG = False
DEMO = CONFIG.demo
CITY = CONFIG.city
# the order in which rooms load a city pack
CITY_ROOMS = [
    "people", "places", "funds", "reports", "sensing", "alarms", "incidents", "fleet", "dispatch", "warnings",
]  # fmt: skip
# async context managers that the web process runs in
LIFESPAN = ["patriot.wall.board.running", "patriot.api.sensorthings.live.running"]
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", urlsplit(CONFIG.public_url).hostname or "localhost"]
ALLOWED_HOSTS += [host for host in CONFIG.env.get("PATRIOT_ALLOWED_HOSTS", "").split(",") if host]
CSRF_TRUSTED_ORIGINS = [CONFIG.public_url]

INSTALLED_APPS = [
    "patriot.site",
    "patriot.ledger",
    "patriot.people",
    "patriot.places",
    "patriot.funds",
    "patriot.incidents",
    "patriot.reports",
    "patriot.fleet",
    "patriot.sensing",
    "patriot.alarms",
    "patriot.warnings",
    "patriot.dispatch",
    "patriot.stations",
    "patriot.field",
    "patriot.wall",
    "patriot.portal",
    "patriot.desk",
    "patriot.console",
    "patriot.insight",
    "ninja",
    "patriot.site.admin_app.PatriotAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "procrastinate.contrib.django",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "patriot.people.middleware.viewer",
    "allauth.account.middleware.AccountMiddleware",
    "patriot.site.errors.only_by_its_button",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
SIGNS_OF_LIFE = "patriot.site.heartbeat.ages"
ROOT_URLCONF = "patriot.site.urls"
ASGI_APPLICATION = "patriot.site.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "people.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTHENTICATION_BACKENDS = ["patriot.people.sign_in.Backend"]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/akun/mulai/"
ACCOUNT_ADAPTER = "patriot.people.sign_in.AccountAdapter"
ACCOUNT_FORMS = {"login": "patriot.people.forms.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_SIGNUP_OPEN = CONFIG.env.get("PATRIOT_SIGNUP") == "1"
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Patriot: "
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_PREVENT_ENUMERATION = True
MFA_ADAPTER = "patriot.people.sign_in.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Patriot"
SOCIALACCOUNT_ADAPTER = "patriot.people.sign_in.SingleSignOnAdapter"
SOCIALACCOUNT_PROVIDERS = single_sign_on(CONFIG.env)
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True  # the issuer is the city's own: what it verified is verified
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
MAILERS = mailers(CONFIG)
DEFAULT_FROM_EMAIL = sender(CONFIG)
CSRF_FAILURE_VIEW = "patriot.site.errors.stale_form"

LANGUAGE_CODE = "id"
LANGUAGES = [("id", "Bahasa Indonesia"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
USE_TZ = True
TIME_ZONE = "Asia/Jakarta"
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "/static/"
STATIC_ROOT = CONFIG.home / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = CONFIG.env.get("PATRIOT_DEV") == "1"  # see `make dev`: files built since the start
DATA_UPLOAD_MAX_MEMORY_SIZE = 30 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:", "blob:"],
    "worker-src": [CSP.SELF, "blob:"],
    "connect-src": [CSP.SELF],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.SELF],
    "form-action": [CSP.SELF, *sign_on_origins(CONFIG.env)],
    "frame-ancestors": [CSP.NONE],
}
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
_HTTPS = CONFIG.public_url.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _HTTPS else None

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": CONFIG.env.get("PATRIOT_LOG_LEVEL", "INFO")},
    "loggers": {"httpx": {"level": "WARNING"}, "procrastinate": {"level": "WARNING"}},
}
