"""What must hold in the database after all, whatever was killed when: nothing twice, nothing by halves."""

from collections import Counter
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import psycopg

from tests.faults.load import Acknowledged

type Link = "psycopg.Connection[tuple[Any, ...]]"

# Each query finds what may not be. The names are the sentences a failure shows.
HALVES = {
    "an incident was announced as opened other than once": """
        SELECT id FROM incidents_incident i WHERE (SELECT count(*) FROM ledger_entry e
        WHERE e.kind = 'incident.opened' AND e.subject = 'incident:' || i.id) <> 1""",
    "an opening was announced of an incident that is not there": """
        SELECT e.id FROM ledger_entry e WHERE e.kind = 'incident.opened' AND NOT EXISTS
        (SELECT 1 FROM incidents_incident i WHERE e.subject = 'incident:' || i.id)""",
    "a report was announced other than once": """
        SELECT r.id FROM reports_servicerequest r WHERE (SELECT count(*) FROM ledger_entry e
        WHERE e.kind = 'report.received' AND e.body::jsonb->>'number' = r.number) <> 1""",
    "a report belongs to no incident": """
        SELECT r.id FROM reports_servicerequest r WHERE NOT EXISTS
        (SELECT 1 FROM incidents_incidentreport a WHERE a.report_id = r.id)""",
    "a task was announced as opened other than once": """
        SELECT t.id FROM incidents_task t WHERE (SELECT count(*) FROM ledger_entry e
        WHERE e.kind = 'task.opened' AND (e.body::jsonb->>'task')::bigint = t.id) <> 1""",
    "a task has money that nobody knows of": """
        SELECT t.id FROM incidents_task t WHERE t.commitment_id IS NOT NULL AND NOT EXISTS
        (SELECT 1 FROM funds_commitment c WHERE c.id = t.commitment_id AND c.subject = 'task:' || t.id)""",
    "money is set aside for a task that is not there": """
        SELECT c.id FROM funds_commitment c WHERE c.subject LIKE 'task:%' AND NOT EXISTS
        (SELECT 1 FROM incidents_task t WHERE c.subject = 'task:' || t.id)""",
    "a unit is busy without a call, or has a call and is free": """
        SELECT u.id FROM dispatch_unit u WHERE (u.state = 'assigned') <> EXISTS
        (SELECT 1 FROM dispatch_assignment a WHERE a.unit_id = u.id
         AND a.state IN ('assigned', 'accepted', 'en_route', 'on_scene'))""",
    "a task is under way without a crew, or has a crew and is not": """
        SELECT t.id FROM incidents_task t WHERE (t.state = 'dispatched') <> EXISTS
        (SELECT 1 FROM dispatch_assignment a WHERE a.task_id = t.id
         AND a.state IN ('assigned', 'accepted', 'en_route', 'on_scene'))""",
    "a call was announced other than once": """
        SELECT a.id FROM dispatch_assignment a WHERE (SELECT count(*) FROM ledger_entry e
        WHERE e.kind = 'dispatch.assigned' AND (e.body::jsonb->>'assignment')::bigint = a.id) <> 1""",
    "a step of a call was announced twice": """
        SELECT e.body::jsonb->>'assignment', e.body::jsonb->>'state' FROM ledger_entry e
        WHERE e.kind = 'dispatch.state_changed' GROUP BY 1, 2 HAVING count(*) > 1""",
    "a call stands elsewhere than its last announcement says": """
        SELECT a.id FROM dispatch_assignment a WHERE a.state <> (SELECT e.body::jsonb->>'state'
        FROM ledger_entry e WHERE e.kind IN ('dispatch.assigned', 'dispatch.state_changed')
        AND (e.body::jsonb->>'assignment')::bigint = a.id ORDER BY e.id DESC LIMIT 1)""",
    "an entry of the ledger has no number": """
        SELECT id FROM ledger_entry e WHERE NOT EXISTS
        (SELECT 1 FROM ledger_seal s WHERE s.entry_id = e.id)""",
    "the ledger's numbers have a gap": """
        SELECT max(number) FROM ledger_seal HAVING max(number) <> count(*)""",
    "a reaction gave up on an event": "SELECT reader, number, error FROM ledger_parked",
    "two positions of one device have one time": """
        SELECT device_id, claimed_at FROM fleet_position GROUP BY 1, 2 HAVING count(*) > 1""",
}


def halves(link: Link) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that is there twice or by halves, under what is wrong with it."""
    found = {what: link.execute(query).fetchall() for what, query in HALVES.items()}
    return {what: rows for what, rows in found.items() if rows}


def missing(link: Link, given: Acknowledged, sent: set[str]) -> list[str]:
    """Everything that was promised and is not there exactly once."""
    promised = (_reports(link, given, sent), _positions(link, given), _tasks(link, given))
    return [*chain.from_iterable(promised), *_assignments(link, given)]


def _reports(link: Link, given: Acknowledged, sent: set[str]) -> list[str]:
    rows = link.execute("SELECT right(words, 32), number FROM reports_servicerequest").fetchall()
    stored = Counter(mark for mark, _number in rows)
    numbers: dict[Any, Any] = dict(rows)
    lost = [f"report {number}" for mark, number in given.reports.items() if numbers.get(mark) != number]
    return lost + [f"report {mark}: {stored[mark]} times" for mark in sent if stored[mark] > 1]


def _positions(link: Link, given: Acknowledged) -> list[str]:
    rows = link.execute(
        "SELECT d.uid, p.claimed_at FROM fleet_position p JOIN fleet_device d ON d.id = p.device_id"
    )
    stored = Counter((str(uid), at) for uid, at in rows)
    times = [(uid, at, stored[uid, datetime.fromtimestamp(at / 1000, UTC)]) for uid, at in given.positions]
    return [f"position of {uid} at {at}: {found} times" for uid, at, found in times if found != 1]


def _tasks(link: Link, given: Acknowledged) -> list[str]:
    stored: dict[Any, Any] = dict(link.execute("SELECT id, incident_id FROM incidents_task").fetchall())
    return [f"task {task}" for task, incident in given.tasks.items() if stored.get(task) != incident]


def _assignments(link: Link, given: Acknowledged) -> list[str]:
    stored: dict[Any, Any] = dict(link.execute("SELECT id, task_id FROM dispatch_assignment").fetchall())
    announced = Counter(
        link.execute(
            "SELECT (body::jsonb->>'assignment')::bigint, body::jsonb->>'state' FROM ledger_entry "
            "WHERE kind = 'dispatch.state_changed'"
        ).fetchall()
    )
    lost = [f"assignment {one}" for one, task in given.assignments.items() if stored.get(one) != task]
    return lost + [f"step {step}: {announced[step]} times" for step in given.steps if announced[step] != 1]
