"""`patriot sensing import|export|archive|rebuild`."""

import csv
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from patriot.kernel import clock
from patriot.kernel.clock import WIB
from patriot.kernel.config import Config
from patriot.kernel.errors import Refused
from patriot.sensing import queries
from patriot.sensing.history import archive, export, importing, marks, rollups
from patriot.sensing.history.series import STEPS
from patriot.sensing.models import Datastream


def sensing_arguments(parser: ArgumentParser) -> None:
    """Its actions."""
    actions = parser.add_subparsers(dest="action", required=True)
    taken = actions.add_parser("import", help="store the readings of a CSV file")
    taken.add_argument("file", type=Path)
    taken.add_argument("--time", default="", metavar="COLUMN", help="which column is the time")
    taken.add_argument(
        "--column", action="append", default=[], type=_pair, metavar="COLUMN=STREAM",
        help="a column of values and whose they are: a number, or gauge-p2c/level; several times",
    )  # fmt: skip
    taken.add_argument("--stream", default="", metavar="DATASTREAM", help="whose the value column is")
    taken.add_argument("--zone", type=_zone, default=WIB, help="of times without one (Asia/Jakarta)")
    taken.add_argument("--after", type=int, default=1, metavar="LINE", help="go on behind this line")
    taken.add_argument("--preview", action="store_true", help="only say how the file would be read")
    given = actions.add_parser("export", help="write a series as CSV or Parquet")
    given.add_argument("stream", metavar="DATASTREAM")
    given.add_argument("file", type=Path, help="its name ends in .csv or .parquet")
    given.add_argument("--from", dest="since", type=_moment, help="default: a day ago")
    given.add_argument("--to", dest="until", type=_moment, help="default: now")
    given.add_argument("--step", choices=STEPS, help="buckets instead of readings")
    filed = actions.add_parser("archive", help="move closed days into Parquet files")
    filed.add_argument("--before", type=date.fromisoformat, help="default: as PATRIOT_RAW_DAYS says")
    filed.add_argument("--verify", action="store_true", help="only compare the files with their checksums")
    anew = actions.add_parser("rebuild", help="roll up days anew, from the readings in tables")
    anew.add_argument("first", type=date.fromisoformat)
    anew.add_argument("last", type=date.fromisoformat)


def sensing(_config: Config, args: Namespace) -> int:
    """Do one of them."""
    return {"import": _import, "export": _export, "archive": _archive, "rebuild": _rebuild}[args.action](args)


def _import(args: Namespace) -> int:
    """Exits with 1 when lines went to quarantine."""
    plan = importing.planned(
        args.file, time=args.time, values=dict(args.column), stream=args.stream, zone=args.zone
    )
    if args.preview:
        return _preview(importing.preview(args.file, plan))
    report = importing.import_file(args.file, plan, after=args.after)
    print(f"{report.stored} readings stored, {report.flagged} of them flagged, up to line {report.lines}.")
    for reason, count in report.faults.most_common():
        print(f"{count} lines are in quarantine: {reason}", file=sys.stderr)
    return 1 if report.faults else 0


def _preview(seen: importing.Preview) -> int:
    plan = seen.plan
    whose = ", ".join(f"{column} → {ref}" for column, ref in plan.values.items())
    named = " and ".join(filter(None, (plan.stream, plan.key)))
    print(f"Time: {plan.time}. Values: {whose or f'{plan.value}, of the datastream in {named}'}.")
    for row in seen.rows:
        print(f"line {row.line}: {row.stream} {row.at.astimezone(WIB):%Y-%m-%d %H:%M:%S} WIB {row.value}")
    for fault in seen.faults[:20]:
        print(f"line {fault.line}: {fault.reason}: {fault.text[:80]}", file=sys.stderr)
    return 1 if seen.faults else 0


def _export(args: Namespace) -> int:
    stream_id = importing.datastream_id(args.stream)
    if stream_id is None:
        raise Refused(f"There is no datastream {args.stream!r}, or there are several.")
    until = args.until or clock.now()
    since = args.since or until - timedelta(days=1)
    found = queries.series(stream_id, since, until, args.step)
    if args.file.suffix == ".parquet":
        export.write_parquet(args.file, found)
    else:
        stream = Datastream.objects.get(pk=stream_id)
        with args.file.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(export.COLUMNS)
            writer.writerows(export.csv_rows(stream.key, stream.unit_symbol or "", found))
    print(f"{len(found)} rows in {args.file}")
    return 0


def _archive(args: Namespace) -> int:
    """Exits with 1 when a file is not what was written."""
    if args.verify:
        broken = archive.damaged()
        for file in broken:
            print(f"{file.path} is missing or not what was written", file=sys.stderr)
        print(f"{sum(archive.days().values())} readings of {len(archive.days())} days are in files.")
        return 1 if broken else 0
    for done in filter(lambda one: one.rows, archive.archive(args.before, actor="system:cli")):
        print(f"{done.day}: {done.rows} readings, {done.bytes / 1e6:.1f} MB in {done.parts} files")
    return 0


def _rebuild(args: Namespace) -> int:
    first = datetime(args.first.year, args.first.month, args.first.day, tzinfo=UTC)
    for n in range((args.last - args.first).days + 1):
        day = first + timedelta(days=n)
        print(f"{day:%Y-%m-%d}: {rollups.rebuild(day, day + timedelta(days=1))} buckets")
    marks.work_off()
    return 0


def _pair(text: str) -> tuple[str, str]:
    column, equals, ref = text.rpartition("=")
    if not (column and equals and ref):
        raise ArgumentTypeError(f"{text!r} is not COLUMN=DATASTREAM")
    return column, ref


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError):
        raise ArgumentTypeError(f"{text!r} is no time zone") from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no time such as 2026-11-22T07:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=WIB)
