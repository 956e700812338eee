"""`/metrics` for Prometheus: this process's requests, and what the database knows of the rest."""

import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from hmac import compare_digest
from ipaddress import ip_address
from typing import Any

import psycopg
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from patriot.site.health import LAG, connect

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Message, Receive, Send], Awaitable[None]]

REQUESTS = Counter("patriot_http_requests_total", "Requests answered", ["method", "status"])
SECONDS = Histogram("patriot_http_request_seconds", "Time to the first byte of an answer")
STREAMS = Gauge("patriot_http_streams", "Live streams that are open now")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
FIGURES = {
    "patriot_ledger_head": (
        "Number of the newest sealed entry",
        "SELECT coalesce(max(number), 0) FROM ledger_seal",
    ),
    "patriot_ledger_pending": ("Entries without a seal", "SELECT count(*) FROM ledger_pending"),
    "patriot_ledger_lag_seconds": (
        "Age of the oldest entry without a seal",
        LAG,
    ),
    "patriot_database_bytes": ("Size of the database", "SELECT pg_database_size(current_database())"),
}
INCIDENTS = "SELECT state, count(*) FROM incidents_incident GROUP BY state"
PROCESSES = "SELECT role, count(*) FROM patriot_site_heartbeat WHERE at > now() - interval '10 s' GROUP BY 1"
COUNTS = (
    "SELECT role, key, sum(value::bigint) FROM patriot_site_heartbeat, jsonb_each_text(counts) GROUP BY 1, 2"
)


def measured(app: App) -> App:
    """Wrap an ASGI application: count its answers, time their first bytes, know its open streams."""

    async def wrapped(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        request = _Request(scope["method"], send)
        try:
            await app(scope, receive, request.send)
        finally:
            request.close()

    return wrapped


class _Request:
    def __init__(self, method: str, send: Send) -> None:
        self._method = method if method in METHODS else "other"
        self._send = send
        self._began = time.perf_counter()
        self._streams = False

    async def send(self, message: Message) -> None:
        """Pass a message on; the first one tells the status and whether it is a stream."""
        if message["type"] == "http.response.start":
            REQUESTS.labels(self._method, str(message["status"])).inc()
            SECONDS.observe(time.perf_counter() - self._began)
            self._streams = any(
                name.lower() == b"content-type" and value.startswith(b"text/event-stream")
                for name, value in message["headers"]
            )
            STREAMS.inc(self._streams)
        await self._send(message)

    def close(self) -> None:
        """The answer has ended."""
        STREAMS.dec(self._streams)


class Installation(Collector):
    """What the database knows, asked at every scrape; the database being away is a figure too."""

    def describe(self) -> Iterable[Metric]:
        """Nothing is known before the first scrape."""
        return []

    def collect(self) -> Iterable[Metric]:
        """All figures, or only `patriot_database_up 0`."""
        try:
            with connect(settings.CONFIG) as link:
                yield from _figures(link)
        except psycopg.Error:
            yield GaugeMetricFamily("patriot_database_up", "Whether the database answers", 0)


def _figures(link: "psycopg.Connection[tuple[Any, ...]]") -> Iterable[Metric]:
    found: list[Metric] = [GaugeMetricFamily("patriot_database_up", "Whether the database answers", 1)]
    for name, (words, question) in FIGURES.items():
        found.append(GaugeMetricFamily(name, words, link.execute(question).fetchall()[0][0]))
    found.append(
        _labelled("patriot_incidents", "Incidents by state", ["state"], link.execute(INCIDENTS).fetchall())
    )
    found.append(
        _labelled("patriot_processes", "Live processes by role", ["role"], link.execute(PROCESSES).fetchall())
    )
    counts = CounterMetricFamily(
        "patriot_role_events", "What the roles' processes counted", labels=["role", "name"]
    )
    for role, name, value in link.execute(COUNTS).fetchall():
        counts.add_metric([role, name], float(value))
    return [*found, counts]


def _labelled(name: str, words: str, labels: list[str], rows: list[tuple[Any, ...]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=labels)
    for *values, figure in rows:
        family.add_metric([str(value) for value in values], figure)
    return family


REGISTRY.register(Installation())


def _may_read(request: HttpRequest) -> bool:
    """Whoever has the token; without one, this machine itself, unless a proxy speaks for somebody else."""
    token = settings.CONFIG.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and compare_digest(given.encode(), token.encode()):
        return True
    proxied = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return not proxied and ip_address(request.META.get("REMOTE_ADDR") or "0.0.0.0").is_loopback  # noqa: S104


def metrics(request: HttpRequest) -> HttpResponse:
    """The figures as text. 403 for strangers."""
    if not _may_read(request):
        return HttpResponse(
            "Only from this machine, or with PATRIOT_METRICS_TOKEN.\n", status=403, content_type="text/plain"
        )
    return HttpResponse(generate_latest(REGISTRY), content_type="text/plain; version=0.0.4; charset=utf-8")
