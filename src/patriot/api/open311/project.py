"""From reports and their incidents' status to GeoReport v2's records: one status, seen from here (law 6)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from patriot.api.open311.encode import Record
from patriot.incidents import catalogue
from patriot.incidents import queries as incidents
from patriot.incidents.catalogue import CategoryRef
from patriot.incidents.requests import DONE
from patriot.reports import queries as reports
from patriot.reports.queries import PublicReport
from patriot.reports.rules import KIND_LABELS, PRIVACY_LABELS

VERSION = datetime.fromisoformat("2026-11-21T00:00:00+07:00")


def services() -> list[Record]:
    """`GET services`: every category as a service."""
    return [_service(category) for category in catalogue.categories()]


def _service(category: CategoryRef) -> Record:
    return {
        "service_code": category.code, "service_name": category.name,
        "description": category.description or category.name, "metadata": True, "type": "realtime",
        "keywords": ",".join(category.keywords), "group": category.group,
    }  # fmt: skip


def definition(category: CategoryRef) -> Record:
    """`GET services/<code>`: what may be sent besides. Nothing of it is required."""
    choices: dict[str, tuple[str, Mapping[Any, Any]]] = {
        "privacy": (_("Who may know?"), PRIVACY_LABELS),
        "kind": (_("What kind of report it is"), KIND_LABELS),
    }
    attributes = [
        {
            "variable": True, "code": code, "datatype": "singlevaluelist", "required": False,
            "datatype_description": words, "order": order, "description": words,
            "values": [{"key": str(key), "name": str(name)} for key, name in labels.items()],
        }
        for order, (code, (words, labels)) in enumerate(choices.items(), 1)
    ]  # fmt: skip
    return {"service_code": category.code, "attributes": attributes}


def requests(found: Iterable[PublicReport], root: str) -> list[Record]:
    """Reports as service requests, in their order. `root` is the site's address, for links to pictures."""
    found = list(found)
    statuses = incidents.statuses(one.number for one in found)
    covers = reports.covers(one.id for one in found)
    names = {category.code: category.name for category in catalogue.categories()}
    return [
        _request(one, statuses[one.number], names, f"{root}{covers[one.id]}" if one.id in covers else "")
        for one in found if one.number in statuses
    ]  # fmt: skip


def _request(one: PublicReport, status: incidents.Status, names: dict[str, str], photo: str) -> Record:
    return {
        "service_request_id": one.number, "status": "closed" if status.state in DONE else "open",
        "status_notes": status.state_label, "service_name": names.get(one.category, one.category),
        "service_code": one.category, "description": one.words, "agency_responsible": status.agency_name,
        "service_notice": _("Late") if status.late else "", "requested_datetime": one.at,
        "updated_datetime": status.closed_at or status.resolved_at or one.at,
        "expected_datetime": status.resolve_due, "address": status.place, "address_id": "", "zipcode": "",
        "lat": one.lat, "long": one.lon, "media_url": photo or one.media_url, "simulated": one.simulated,
    }  # fmt: skip


def discovery(root: str) -> Record:
    """`GET discovery`: where this speaks what."""
    endpoint = {
        "specification": "http://wiki.open311.org/GeoReport_v2", "url": f"{root}/open311/v2",
        "changeset": VERSION, "type": "production",
        "formats": ["application/json", "text/xml"],
    }  # fmt: skip
    return {
        "changeset": VERSION, "contact": f"{root}/tentang",
        "key_service": _("No key is needed to report. The center gives keys to applications that send much."),
        "endpoints": [endpoint],
    }  # fmt: skip
