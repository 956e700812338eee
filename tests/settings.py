"""The project's settings over a throw-away home: nothing of an installation is read or touched."""

import os
import tempfile

os.environ.setdefault("PATRIOT_HOME", tempfile.mkdtemp(prefix="patriot-test-"))
os.environ.setdefault("PATRIOT_SECRET_KEY", "tests-only")

from patriot.site.settings import *  # noqa: E402, F403
from patriot.site.settings import DATABASES, STATIC_ROOT

DATABASES["default"]["OPTIONS"] = {"options": "-c patriot.allow_truncate=on"}  # Django's flush between tests truncates
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns where there is none
