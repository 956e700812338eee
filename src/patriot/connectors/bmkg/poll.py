"""Asking BMKG: its warnings every two minutes, its forecast every three hours. Off unless switched on."""

import logging
import time
from collections import OrderedDict
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from patriot.connectors.bmkg import read
from patriot.kernel import manifest
from patriot.kernel.jobs import every
from patriot.places import queries as places
from patriot.warnings import cap, foreign

log = logging.getLogger(__name__)

MANIFEST = manifest.read(Path(__file__).parent)
NAME = MANIFEST.name
SITE, API = "https://www.bmkg.go.id", "https://api.bmkg.go.id"
MOST_A_RUN = 20  # BMKG allows 60 requests a minute
PAUSE_S = 1.0
LARGEST = 4_000_000
TIMEOUT = httpx.Timeout(15, connect=5)
KEPT = 500

_seen: OrderedDict[str, None] = OrderedDict()  # links that were read already, by this process


def is_on() -> bool:
    """True where the installation asks BMKG."""
    return settings.CONFIG.env.get(MANIFEST.switched_on_by) == "1"


def _base(name: str, default: str) -> str:
    return str(settings.CONFIG.env.get(name) or default).rstrip("/")


@every("*/2 * * * *")
def ask_for_warnings() -> None:
    """Read the list, fetch what is new, keep what concerns the city; tell whether BMKG was heard."""
    if not is_on():
        return
    fault = ""
    try:
        with _client() as client:
            _take(client, _base("PATRIOT_BMKG_URL", SITE))
    except (httpx.HTTPError, ValueError) as trouble:
        fault = f"{type(trouble).__name__}: {trouble}"
        log.warning("BMKG: %s", fault)
    foreign.heard(NAME, fault, MANIFEST.cadence_s)


def _client() -> httpx.Client:
    return httpx.Client(timeout=TIMEOUT, follow_redirects=False, headers={"User-Agent": "Patriot"})


def _take(client: httpx.Client, base: str) -> None:
    fresh = [
        item for item in read.items(_get(client, f"{base}/alerts/nowcast/id"))
        if item.link not in _seen and urlsplit(item.link).netloc == urlsplit(base).netloc
    ]  # fmt: skip
    for item in fresh[:MOST_A_RUN]:
        try:
            _take_one(client, base, item)
        except ValueError as fault:  # one that cannot be read keeps no other away
            log.warning("BMKG's %s cannot be read: %s", item.code, fault)
        _remember(item.link)


def _take_one(client: httpx.Client, base: str, item: read.Item) -> None:
    raw = _get(client, item.link)
    alert = read.alert(raw)
    if not foreign.concerns_us(foreign.shape_of(alert)) and not alert.references:
        return
    others = []
    try:
        english = f"{base}/alerts/nowcast/en/{item.link.rsplit('/', 1)[-1]}"
        others = [read.alert(_get(client, english))]
    except (httpx.HTTPError, ValueError):
        log.info("BMKG's %s has no English text", item.code)
    foreign.take_in(NAME, alert, raw.decode("utf-8", "replace"), others)


def _get(client: httpx.Client, url: str) -> bytes:
    answer = client.get(url)
    answer.raise_for_status()
    if len(answer.content) > LARGEST:
        raise ValueError(f"{url} is larger than {LARGEST} bytes")
    return answer.content


def _remember(link: str) -> None:
    _seen[link] = None
    while len(_seen) > KEPT:
        _seen.popitem(last=False)


@every("7 */3 * * *")
def ask_for_forecasts() -> None:
    """One kelurahan's forecast stands for its kecamatan."""
    if not is_on():
        return
    base = _base("PATRIOT_BMKG_API_URL", API)
    with _client() as client:
        for kecamatan, kelurahan in samples():
            try:
                found = read.forecast(_get(client, f"{base}/publik/prakiraan-cuaca?adm4={kelurahan}"))
            except (httpx.HTTPError, ValueError) as trouble:
                log.warning("BMKG's forecast of %s: %s", kelurahan, trouble)
                continue
            foreign.keep_forecast(NAME, kecamatan, found.issued_at, [_plain(step) for step in found.steps])
            time.sleep(PAUSE_S if base == API else 0)


def samples() -> list[tuple[str, str]]:
    """(kecamatan, its first kelurahan) by code."""
    first: dict[str, str] = {}
    for ref in sorted(places.areas("kelurahan"), key=lambda one: one.code):
        first.setdefault(ref.parent, ref.code)
    return sorted(first.items())


def _plain(step: read.Step) -> dict[str, Any]:
    return asdict(step) | {"at": cap.moment(step.at)}
