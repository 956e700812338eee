"""How much one address may send. Counted in the database: all web processes count together."""

import hashlib
import hmac

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from patriot.kernel import clock
from patriot.kernel.errors import Refused
from patriot.reports.rules import Limit, window_start

COUNT = """
INSERT INTO reports_count (key, starts_at, count) VALUES (%s, %s, 1)
ON CONFLICT (key, starts_at) DO UPDATE SET count = reports_count.count + 1 RETURNING count
"""


class TooMany(Refused):
    """The address has sent more than its share for now."""

    status = 429


def spend(what: str, address: str, limit: Limit) -> None:
    """Count one `what` (such as "report") from `address`. Raises TooMany beyond the limit.

    The address is kept only as a keyed digest, and only until its window is swept away.
    """
    key = hmac.new(settings.SECRET_KEY.encode(), f"{what} {address}".encode(), hashlib.sha256).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [key, window_start(clock.now(), limit)])
        count = cursor.fetchone()[0]
    if count > limit.count:
        raise TooMany(
            _("Very many reports came from your connection this hour. Try again later; in danger call 112.")
        )
