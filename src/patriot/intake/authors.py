"""What clients of the standard make over MQTT, as those whose API token they signed in with."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from django.db import Error, InterfaceError, OperationalError, connection, transaction

from patriot.intake.creations import FAILED, NOT_CREATED
from patriot.intake.refused import COUNT, KEEP, LONGEST_TOPIC, Gate, Refused
from patriot.kernel.errors import Refused as Denied
from patriot.people import queries as people
from patriot.sensing.sta import mqtt
from patriot.sensing.sta.authors import Author
from patriot.sensing.sta.compiler import Scope
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.topics import ROOT

log = logging.getLogger(__name__)

_threads = ThreadPoolExecutor(4, "authors")  # so many at once
_gate = Gate()


class Away(Exception):  # noqa: N818 - the client sends it again
    """The database is away: nothing was made."""


class Stranger(Exception):  # noqa: N818 - ends the connection
    """The token is not known any more."""


async def scope(token: str) -> Scope:
    """What the token's owner may see. Raises Away, Stranger."""
    return await _work(lambda: _author(token).scope)


async def make(token: str, topic: str, payload: bytes) -> None:
    """Make what was published, or keep it with its reason. `token` "": whoever is on this machine.

    Raises Away, Stranger: then it must not be acknowledged.
    """
    await _work(lambda: _make(token, topic, payload))


async def _work[T](work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_threads, _closing, work)


def _closing[T](work: Callable[[], T]) -> T:
    """In one of the threads, whose connection goes back."""
    try:
        return work()
    except Error as fault:
        raise Away(str(fault)) from None
    finally:
        connection.close()


def _make(token: str, topic: str, payload: bytes) -> None:
    author = _author(token) if token else mqtt.INTAKE
    if reason := _refusal(author, topic, payload):
        name = author.actor if token else "device"
        _keep(Refused(datetime.now(UTC), name, topic[:LONGEST_TOPIC], reason, payload))


def _author(token: str) -> Author:
    user = people.user_for_token(token)
    if user is None:
        raise Stranger("its token is not known, or not any more")
    return Author.of(people.viewer(user))


def _refusal(author: Author, topic: str, payload: bytes) -> str:
    if not topic.startswith(ROOT):
        return NOT_CREATED
    try:
        mqtt.create(topic.removeprefix(ROOT), payload, author)
    except (Fault, Denied) as fault:
        log.debug("nothing was made of a message to %s: %s", topic, fault)
        return NOT_CREATED
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # it must not come again for ever
        log.exception("an entity sent to %s could not be made", topic)
        return FAILED
    return ""


def _keep(one: Refused) -> None:
    kept, counts = _gate.sort([one])
    rows: list[Any] = [*((KEEP, each.row()) for each in kept), *((COUNT, row) for row in counts)]
    with transaction.atomic(), connection.cursor() as cursor:
        for sql, row in rows:
            cursor.execute(sql, row)
