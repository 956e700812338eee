"""One call in one transaction, and its faults in words: never a 5xx, but 503 while the database is away."""

from collections.abc import Callable
from urllib.parse import parse_qsl, quote, unquote_plus

from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from psycopg import errors

from patriot.kernel.errors import Refused
from patriot.sensing.sta import feed
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.service import Answer, Call, serve

PATIENCE_MS = 20_000  # how long one question may keep the database
CROWDED = (errors.QueryCanceled, errors.StatementTooComplex, errors.ProgramLimitExceeded)


def pairs(query: str) -> tuple[tuple[str, str], ...]:
    """A query string's pairs. Raises Fault.

    Some clients, and the conformance suites, encode an option as a whole: `%24filter%3Dresult+eq+2`.
    """
    try:
        parts = [part if "=" in part else _encoded_by_part(part) for part in query.split("&") if part]
        return tuple(parse_qsl("&".join(parts), keep_blank_values=True, max_num_fields=50, errors="strict"))
    except (ValueError, UnicodeDecodeError):
        raise Fault("The query cannot be read.") from None


def _encoded_by_part(part: str) -> str:
    name, equals, text = unquote_plus(part, errors="strict").partition("=")
    return quote(name) + equals + quote(text)


def one(call: Call) -> Answer:
    """The answer, in one transaction; who subscribed to what it changed is told after its commit."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE_MS}")
        answer = serve(call)
        if answer.changes:
            transaction.on_commit(lambda: feed.tell(answer.changes))
    return answer


def guarded(work: Callable[[], Answer]) -> Answer:
    """The work's answer, or the fault in words."""
    try:
        return work()
    except Fault as fault:
        return refusal(fault.status, str(fault))
    except Refused as refused:
        return refusal(refused.status if refused.status != 404 else 400, str(refused))
    except IntegrityError:
        return refusal(400, "What it links to is not there.")
    except DataError as fault:
        return refusal(400, f"The database cannot use this: {str(fault).splitlines()[0][:200]}")
    except OperationalError as fault:
        if isinstance(fault.__cause__, CROWDED):
            return refusal(400, "The question takes too long: narrow its filter, or ask for less at once.")
        return refusal(503, "The database is away; nothing was stored. Send it again.")
    except InterfaceError:
        return refusal(503, "The database is away; nothing was stored. Send it again.")
    except (RecursionError, OverflowError):
        return refusal(400, "The request is nested too deeply, or its numbers are too large.")


def refusal(status: int, words: str) -> Answer:
    """The standard's error body."""
    return Answer(status, {"code": status, "type": "error", "message": words})
