"""Importing CSV files: each line ends as a reading, judged like any other, or in quarantine with a reason."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import batched, islice
from pathlib import Path

from django.db import transaction
from django.db.models import Q

from patriot.kernel import clock
from patriot.kernel.errors import Refused
from patriot.sensing import actions
from patriot.sensing.history import csv_reader, marks
from patriot.sensing.history.csv_reader import Fault, Plan, Row
from patriot.sensing.models import Datastream, Quarantined

AT_ONCE = 5000
SAMPLE = 200
SHOWN = 10


@dataclass
class Report:
    """What became of a file's lines. `flagged`: readings that are stored with a flag."""

    stored: int = 0
    flagged: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    lines: int = 1  # the last one that is settled


@dataclass(frozen=True)
class Preview:
    """What would become of a file's first lines."""

    plan: Plan
    rows: list[Row]
    faults: list[Fault]


def open_lines(path: Path) -> Iterator[bytes]:
    """The file's lines, one at a time. Raises Refused when it cannot be read."""
    try:
        with path.open("rb") as file:
            yield from file
    except OSError as fault:
        raise Refused(f"{path}: {fault.strerror}") from None


def planned(path: Path, **declared: object) -> Plan:
    """How to read a file, see `csv_reader.plan`. Raises Refused, in words."""
    first = next(open_lines(path), b"")
    try:
        return csv_reader.plan(csv_reader.decoded(first), **declared)  # type: ignore[arg-type]
    except csv_reader.Unreadable as fault:
        raise Refused(f"{path}: {fault}") from None


def preview(path: Path, plan: Plan) -> Preview:
    """Read the first lines and store nothing."""
    found = list(_checked(csv_reader.read(islice(open_lines(path), 1, SAMPLE), plan), {}))
    rows = [one for one, _ in found if isinstance(one, Row)]
    return Preview(plan, rows[:SHOWN], [one for one, _ in found if isinstance(one, Fault)])


def import_file(path: Path, plan: Plan, *, after: int = 1) -> Report:
    """Store all readings of the lines behind line `after`, a transaction for some thousand of them.

    Raises Refused when more than half of the first lines cannot be used: then the file was misunderstood, and
    nothing is stored.
    """
    sample = preview(path, plan)
    if len(sample.faults) > SAMPLE // 2:
        words = "; ".join(f"line {one.line}: {one.reason}" for one in sample.faults[:3])
        raise Refused(
            f"{path}: more than half of the first lines cannot be used ({words}). Nothing was stored."
        )
    report, known = Report(lines=after), dict[str, int | None]()
    lines = islice(open_lines(path), after, None)
    for some in batched(_checked(csv_reader.read(lines, plan, after + 1), known), AT_ONCE):
        _settle(path.name, list(some), report)
    marks.work_off()
    return report


def _checked(
    found: Iterator[Row | Fault], known: dict[str, int | None]
) -> Iterator[tuple[Row | Fault, int | None]]:
    """Each with its datastream's id; readings of nobody are faults."""
    for one in found:
        if isinstance(one, Fault):
            yield one, None
            continue
        if one.stream not in known:
            known[one.stream] = datastream_id(one.stream)
        stream = known[one.stream]
        if stream is None:
            yield Fault(one.line, "stream", f"{one.stream};{one.at.isoformat()};{one.value}"), None
        else:
            yield one, stream


@transaction.atomic
def _settle(name: str, some: list[tuple[Row | Fault, int | None]], report: Report) -> None:
    readings = [
        actions.Reading(stream, one.value, at=one.at)
        for one, stream in some
        if isinstance(one, Row) and stream is not None
    ]
    faults = [one for one, _ in some if isinstance(one, Fault)]
    stored = actions.store(readings, source="csv")
    now = clock.now()
    Quarantined.objects.bulk_create(
        Quarantined(
            at=now, source="csv", uid=name[:80], topic=f"line {one.line}", reason=one.reason,
            payload=one.text.encode(),
        )
        for one in faults
    )  # fmt: skip
    report.stored += len(readings)
    report.flagged += sum(flags != 0 for flags in stored.flags)
    report.faults.update(one.reason for one in faults)
    report.lines = some[-1][0].line


def datastream_id(ref: str) -> int | None:
    """The datastream that is meant by its number, or by its device's, thing's code or name and its key, such
    as `gauge-p2c/level`. None: nobody, or nobody in particular.
    """
    streams = Datastream.objects.all()
    if ref.isdecimal() and len(ref) < 19:
        found = streams.filter(pk=int(ref))
    else:
        whose, _, key = ref.rpartition("/")
        if not whose:
            whose, key = ref, ""
        named = Q(thing__devices__uid=whose) | Q(thing__properties__code=whose) | Q(thing__name=whose)
        found = streams.filter(named, **({"key": key} if key else {}))
    ids = list(found.values_list("pk", flat=True).distinct()[:2])
    return ids[0] if len(ids) == 1 else None
