"""How the rooms' own services are: files and roads."""

import logging
import os
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec

import obstore

from patriot.kernel.config import Config
from patriot.reports.files import store

log = logging.getLogger(__name__)


def files(config: Config) -> tuple[bool, str]:
    """Whether pictures can be kept; a remote store is asked for one name."""
    folder = config.home / "files"
    if not config.files_url:
        nearest = folder if folder.exists() else config.home
        ok = os.access(nearest, os.W_OK)
        return ok, "folder is writable" if ok else f"{nearest} cannot be written by this user"
    try:
        obstore.list(store(), chunk_size=1).collect()
    except Exception as fault:  # whatever the store's driver raises, it means: no files
        log.warning("file store: %s", fault)
        return False, f"the store does not answer: {type(fault).__name__}"
    return True, "store answers"


@lru_cache(maxsize=1)
def _routing() -> object | None:
    return import_module("patriot.places.routing") if find_spec("patriot.places") else None


def roads() -> tuple[bool, str]:
    """Whether routes can be computed, and on which network."""
    routing = _routing()
    if routing is None:
        return False, "no road network"
    try:
        network = routing.network()  # type: ignore[attr-defined]
    except Exception as fault:  # a broken network must not break the look at everything else
        return False, str(fault)
    return True, f"{network.source}, {'indicative' if network.indicative else 'surveyed'}"
