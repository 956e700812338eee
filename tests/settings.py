"""The project's settings over a throw-away home: nothing of an installation is read or touched."""

import os
import tempfile

OWN_HOME = "PATRIOT_TEST_HOME"  # set by the first process of a run: its children share its home
OURS = ("PATRIOT_SHARED_DATA", "PATRIOT_FAULT_")  # what the tests themselves ask for
OUTSIDE = ("PATRIOT_", "DATABASE_URL", "NATS_URL")  # whoever has these set for an installation keeps it

if OWN_HOME not in os.environ:
    for name in [name for name in os.environ if name.startswith(OUTSIDE) and not name.startswith(OURS)]:
        del os.environ[name]
    os.environ[OWN_HOME] = tempfile.mkdtemp(prefix="patriot-test-")
os.environ["PATRIOT_HOME"] = os.environ[OWN_HOME]
os.environ.setdefault("PATRIOT_SECRET_KEY", "tests-only")

from patriot.site.settings import *  # noqa: E402, F403
from patriot.site.settings import DATABASES, STATIC_ROOT  # noqa: E402

DATABASES["default"]["OPTIONS"] = {"options": "-c patriot.allow_truncate=on"}  # Django's flush truncates
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns where there is none
