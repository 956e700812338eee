"""Warnings and forecasts of others: taken in by connectors, shown with their source, missed when silent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from shapely.geometry import Polygon
from shapely.ops import unary_union

from patriot.kernel import clock
from patriot.ledger import actions as ledger
from patriot.places import queries as places
from patriot.places.shapes import Geometry, polygons
from patriot.warnings import areas, cap, events
from patriot.warnings.models import AreaForecast, ForeignAlert, SourceState

MISSED = 3  # cadences without a word, then it is silent
WARNS, TAKEN = ("Alert", "Update"), ("Alert", "Update", "Cancel")  # an Ack or Error is said between machines


def take_in(source: str, alert: cap.Alert, raw: str, others: Sequence[cap.Alert] = ()) -> int | None:
    """Keep somebody else's warning that touches the city, or ends one that did; returns its id, else None.

    `others` are the same message in other languages. Idempotent; a message already known changes nothing.
    """
    if alert.msg_type not in TAKEN:
        return None
    info = alert.infos[0] if alert.infos else None
    shape = shape_of(alert)
    known_ones = _referenced(source, alert)
    over = info is None or (info.expires is not None and info.expires <= clock.now())
    concerned = not over and alert.scope == "Public" and concerns_us(shape)
    if not known_ones and not concerned:
        return None
    in_force = concerned and alert.msg_type in WARNS
    return _keep(source, alert, raw, [alert, *others], shape, known_ones, in_force)


@transaction.atomic
def _keep(source: str, alert: cap.Alert, raw: str, spoken: Sequence[cap.Alert], shape: Geometry | None,
          ended: list[int], in_force: bool) -> int | None:  # fmt: skip
    info = alert.infos[0] if alert.infos else cap.Info("id", (), "", "Unknown", "Unknown", "Unknown")
    row, is_new = ForeignAlert.objects.get_or_create(
        source=source, identifier=alert.identifier[:200],
        defaults={
            "sender": alert.sender[:120], "sender_name": info.sender_name[:200], "sent": alert.sent,
            "status": alert.status[:12], "msg_type": alert.msg_type[:12], "urgency": info.urgency[:12],
            "severity": info.severity[:12], "certainty": info.certainty[:12], "texts": texts(spoken),
            "area_desc": "; ".join(dict.fromkeys(area.desc for area in info.areas))[:2000],
            "geometry": areas.for_maps(shape), "onset": info.onset or info.effective,
            "expires": info.expires, "web": info.web[:400], "received_at": clock.now(), "cap": raw,
            "ended_at": None if in_force else clock.now(),
        },
    )  # fmt: skip
    if not is_new:
        return None
    ForeignAlert.objects.filter(pk__in=ended, ended_at=None).update(ended_at=clock.now())
    ended = ended if in_force else [*ended, row.pk]  # who follows the ledger shows it as little as we do
    ledger.append(_event(row, ended), actor=f"connector:{source}", subject=f"foreign:{row.pk}")
    return row.pk


def _event(row: ForeignAlert, ended: list[int]) -> events.TakenIn:
    return events.TakenIn(
        alert=row.pk, source=row.source, identifier=row.identifier, sender_name=row.sender_name,
        status=row.status, msg_type=row.msg_type, urgency=row.urgency, severity=row.severity,
        texts=row.texts, places=row.area_desc, sent=row.sent, onset=row.onset, expires=row.expires,
        geometry=row.geometry, ends=ended,
    )  # fmt: skip


def texts(spoken: Sequence[cap.Alert]) -> dict[str, dict[str, str]]:
    """Language → event, headline, description, instruction; the first that speaks a language counts."""
    found: dict[str, dict[str, str]] = {}
    for alert in spoken:
        for info in alert.infos:
            words = {"event": info.event, "headline": info.headline, "description": info.description,
                     "instruction": info.instruction}  # fmt: skip
            found.setdefault(info.language[:2].lower(), words)
    return found


def _referenced(source: str, alert: cap.Alert) -> list[int]:
    names = [name for _sender, name, _sent in alert.references]
    rows = ForeignAlert.objects.filter(source=source, identifier__in=names, ended_at=None)
    return list(rows.values_list("pk", flat=True))


def shape_of(alert: cap.Alert) -> Geometry | None:
    """All its ground as one shape; None when it names no polygon and no circle."""
    parts: list[Any] = []
    for info in alert.infos[:1]:
        for area in info.areas:
            parts += [polygons(Polygon(ring)) for ring in area.polygons]
            parts += [areas.disc(lon, lat, km) for lon, lat, km in area.circles if 0 < km <= 2000]
    sound = [part for part in parts if part is not None]
    return polygons(unary_union(sound)) if sound else None


def concerns_us(shape: Geometry | None) -> bool:
    """True when it touches the city's ground."""
    city = places.shapes([ref.code for ref in places.areas("city")])
    return shape is not None and any(shape.intersects(ground) for ground in city.values())


@transaction.atomic
def keep_forecast(source: str, area: str, issued_at: datetime | None, steps: list[dict[str, Any]]) -> None:
    """The newest weather forecast of an area takes the older one's place. Telemetry: not in the ledger."""
    told = {"issued_at": issued_at, "received_at": clock.now(), "steps": steps}
    AreaForecast.objects.update_or_create(source=source, area=area, defaults=told)


@transaction.atomic
def heard(source: str, fault: str, expects_s: int) -> None:
    """A source was asked: it answered (`fault` is ""), or it did not."""
    now = clock.now()
    row, _new = SourceState.objects.select_for_update().get_or_create(source=source)
    row.tried_at, row.expects_s, row.fault = now, expects_s, fault[:200]
    if not fault:
        row.heard_at = now
    row.save()
    _judge(row, now)


def watch_sources(now: datetime) -> None:
    """Say which sources have fallen silent."""
    for source in SourceState.objects.values_list("source", flat=True):
        with transaction.atomic():
            _judge(SourceState.objects.select_for_update().get(source=source), now)


def _judge(row: SourceState, now: datetime) -> None:
    patience = timedelta(seconds=MISSED * row.expects_s)
    silent = row.heard_at is None or now - row.heard_at > patience
    if silent == row.silent:
        return
    SourceState.objects.filter(pk=row.pk).update(silent=silent)
    event = events.SourceChanged(source=row.source, silent=silent, heard_at=row.heard_at)
    ledger.append(event, actor="system:warnings", subject=f"source:{row.source}")
