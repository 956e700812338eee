"""Who may open which path: the table in which every URL stands, and the walk over the resolver."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from patriot.people.rules import Role

R = Role
PUBLIC = "public"  # strangers too
WAY_IN = "way in"  # leads everybody to the sign-in page
SIGNED_IN = frozenset(Role)
NOBODY: frozenset[Role] = frozenset()
ADMIN = frozenset({R.ADMINISTRATOR})
ROOM = frozenset({R.DISPATCHER, R.OPERATOR, R.ADMINISTRATOR})
CITYWIDE = ROOM | {R.LEADERSHIP}
OFFICER = frozenset({R.OFFICER, R.ADMINISTRATOR})
DESK = frozenset({R.STAFF, R.HEAD, R.ADMINISTRATOR})
WORKERS = DESK | CITYWIDE
DECIDERS = frozenset({R.HEAD, R.LEADERSHIP, R.ADMINISTRATOR})
LEADERS = frozenset({R.LEADERSHIP, R.ADMINISTRATOR})

type Roles = frozenset[Role] | str

# A pattern, or a prefix ending in "**" for a subtree with one rule; the longest match counts.
TABLE: dict[str, Roles] = {
    # the machine's health: metrics answer loopback, or a token
    "healthz": PUBLIC,
    "readyz": PUBLIC,
    "metrics": PUBLIC,
    "live": PUBLIC,  # strangers get the public projection
    "admin/**": ADMIN,
    "admin/logout/": PUBLIC,
    "admin/people/agency/<path:object_id>/delete/": NOBODY,  # agencies end, they are not deleted
    "admin/people/handover/add/": NOBODY,
    "admin/people/handover/<path:object_id>/delete/": NOBODY,
    "admin/people/apitoken/add/": NOBODY,
    "admin/funds/commitment/add/": NOBODY,  # money is asked for by actions
    "admin/funds/commitment/<path:object_id>/delete/": NOBODY,
    "admin/incidents/incident/add/": NOBODY,
    "admin/incidents/incident/<path:object_id>/delete/": NOBODY,
    "admin/incidents/task/add/": NOBODY,
    "admin/incidents/task/<path:object_id>/delete/": NOBODY,
    "admin/incidents/category/<path:object_id>/delete/": NOBODY,
    "admin/fleet/quarantined/add/": NOBODY,
    "admin/sensing/threshold/<path:object_id>/delete/": NOBODY,  # thresholds end, they are not deleted
    "admin/sensing/datastream/add/": NOBODY,
    "admin/sensing/datastream/<path:object_id>/delete/": NOBODY,
    "admin/sensing/thing/add/": NOBODY,
    "admin/sensing/thing/<path:object_id>/delete/": NOBODY,
    "admin/sensing/condition/add/": NOBODY,
    "admin/sensing/condition/<path:object_id>/delete/": NOBODY,
    "admin/procrastinate/procrastinatejob/add/": NOBODY,
    "admin/procrastinate/procrastinatejob/<path:object_id>/delete/": NOBODY,
    # citizens: what they may not see of a report, its pages leave out themselves
    "": PUBLIC,
    "tentang": PUBLIC,
    "lapor": PUBLIC,
    "lapor/**": PUBLIC,
    "lacak/**": PUBLIC,
    "foto/**": PUBLIC,  # private pictures answer as if there were none
    "data": PUBLIC,
    "data/**": PUBLIC,
    "open311/**": PUBLIC,
    "stasiun/**": PUBLIC,  # things that are not public answer as if there were none
    "cap/**": PUBLIC,
    "peringatan": PUBLIC,
    "peringatan/**": PUBLIC,
    "sensorthings/**": PUBLIC,  # strangers read what is public; writing needs a token
    # where people work
    "desk/**": WORKERS,
    "desk/funds/<int:commitment_id>/decide/": DECIDERS,
    "desk/funds/raise/": LEADERS,
    "console/**": ROOM,
    "console/assets/": CITYWIDE,
    "console/assets/<int:asset_id>/": CITYWIDE,
    "console/warnings/**": CITYWIDE | {R.HEAD},
    "console/warnings/new/": ROOM,
    "console/warnings/<int:warning_id>/approve/": DECIDERS,
    "console/warnings/<int:warning_id>/update/": ROOM,
    "console/warnings/<int:warning_id>/cancel/": CITYWIDE,
    "console/warnings/<int:warning_id>/all-clear/": CITYWIDE,
    "eksekutif/": LEADERS,
    "wall/pin/": CITYWIDE,
    "admin/places/area/add/": NOBODY,  # areas and streets come from the city pack
    "admin/places/area/<path:object_id>/delete/": NOBODY,
    "admin/places/facility/add/": NOBODY,
    "admin/places/facility/<path:object_id>/delete/": NOBODY,
    "admin/places/network/add/": NOBODY,
    "admin/places/network/<path:object_id>/delete/": NOBODY,
    # the native API: whoever is signed in may ask, scope decides what there is for them
    "api/v1/**": SIGNED_IN,
    "api/v1/alarms/<int:alarm_id>/incident": ROOM,
    "api/v1/": PUBLIC,  # there is nothing
    "api/v1/openapi.json": PUBLIC,
    "api/docs": PUBLIC,
    "places/map.json": PUBLIC,
    # the wall: outside a demo for those who run the city
    "wall/": CITYWIDE,
    "wall/stream": CITYWIDE,
    # the officers' phones
    "field/**": OFFICER,
    "field/manifest.webmanifest": PUBLIC,
    "field/worker.js": PUBLIC,
    # one's own account
    "akun/": SIGNED_IN,
    "akun/mulai/": SIGNED_IN,
    "akun/bahasa/": PUBLIC,
    "akun/demo/": PUBLIC,
    "akun/token/": SIGNED_IN,
    "akun/token/<int:token_id>/cabut/": SIGNED_IN,
    "accounts/**": PUBLIC,  # signing in, being sent a new password
    "accounts/email/": SIGNED_IN,
    "accounts/password/change/": SIGNED_IN,
    "accounts/password/set/": SIGNED_IN,
    "accounts/reauthenticate/": SIGNED_IN,
    "accounts/2fa/**": SIGNED_IN,
    "accounts/2fa/authenticate/": PUBLIC,
    "accounts/3rdparty/": SIGNED_IN,
    "accounts/3rdparty/login/error/": WAY_IN,  # single sign-on failed: back to the sign-in page
    "accounts/social/connections/": PUBLIC,  # only leads to the one above
}
UNASKING = {"wall/stream"}  # refuses strangers instead of asking them to sign in: a stream cannot ask
SAMPLES = {
    "int": "987654",
    "str": "x",
    "slug": "x",
    "open311_form": "json",
    "path": "x",
    "uuid": "00000000-0000-0000-0000-000000000000",
}
CONVERTER = re.compile(r"<(?:(\w+):)?\w+>")
GROUP = re.compile(r"\(\?P<\w+>([^()]*)\)")
ALTERNATIVES = {"[-:\\w]+": "x", "[0-9A-Za-z]+": "1", ".+": "x", ".*": "nothing-here", "[^/]+": "sso"}
QUERIES = {"admin/autocomplete/": "?app_label=people&model_name=membership&field_name=user"}


@dataclass(frozen=True)
class Place:
    """One URL pattern of the resolver."""

    route: str
    sample: str  # a path it matches, with ids that belong to nothing

    @property
    def roles(self) -> Roles:
        """Who may open it. Raises KeyError when the table does not say."""
        if self.route in TABLE:
            return TABLE[self.route]
        prefixes = [rule for rule in TABLE if rule.endswith("**") and self.route.startswith(rule[:-2])]
        return TABLE[max(prefixes, key=len)]


def places() -> list[Place]:
    """Every pattern of the resolver."""
    return [Place(*pair) for pair in _walk(get_resolver().url_patterns, "", "/")]


def _walk(patterns: list[Any], route: str, sample: str) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        here, path = route + str(pattern.pattern), sample + _sample(pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, here, path)
        elif isinstance(pattern, URLPattern):
            yield here, path


def _sample(pattern: Any) -> str:
    """A path that this piece of a pattern matches."""
    text = str(pattern.pattern)
    if isinstance(pattern.pattern, RegexPattern):
        plain = GROUP.sub(lambda group: ALTERNATIVES.get(group[1], group[1].split("|")[0]), text)
        return plain.strip("^$")
    return CONVERTER.sub(lambda converter: SAMPLES[converter[1] or "str"], text)


def verdict(response: HttpResponse) -> str:
    """`login`, `refused`, `method` or `open`."""
    if response.status_code == 401:
        return "login"
    if response.status_code == 302 and str(response.headers["Location"]).startswith("/accounts/login/?next="):
        return "login"
    if response.status_code >= 500 and response.status_code != 503:  # 503: /readyz says what is missing
        return f"broken ({response.status_code})"
    return {403: "refused", 405: "method"}.get(response.status_code, "open")


def ask(client: Client, place: Place) -> str:
    """What a client gets at a place: by GET, or by an empty POST where GET is not meant."""
    path = place.sample + QUERIES.get(place.route, "")
    response = client.get(path)
    if response.headers.get("Location", "").startswith("/admin/login/"):  # the admin's own door
        response = client.get(response.headers["Location"])
    by_get = verdict(response)
    return by_get if by_get != "method" else verdict(client.post(path))
