"""The API put together: who may call, how refusals are told, which routes there are."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from patriot.api.native import alarms, dispatch, fleet, incidents
from patriot.api.native.auth import Bearer, Session, viewer
from patriot.api.native.schemas import Me, Problem
from patriot.dispatch.queries import unit_of
from patriot.kernel.errors import Invalid, Refused

api = NinjaAPI(
    title="Patriot",
    version="1",
    description=str(gettext_lazy("What the faces can do, for programs.")),
    urls_namespace="native",
    docs_url=None,
    auth=[Bearer(), Session(csrf=True)],
)
api.add_router("", incidents.router)
api.add_router("", dispatch.router)
api.add_router("", fleet.router)
api.add_router("", alarms.router)


@api.get("/me", response=Me, tags=["account"])
def me(request: HttpRequest) -> dict[str, Any]:
    """Who I am to Patriot."""
    asks = viewer(request)
    unit = unit_of(asks)
    return {
        "id": asks.user_id, "name": asks.name, "roles": sorted(asks.roles), "agencies": sorted(asks.agencies),
        "simulated": asks.simulated, "unit": unit.pk if unit else None,
        "callsign": unit.callsign if unit else "",
    }  # fmt: skip


def _problem(
    request: HttpRequest, status: int, words: str, fields: dict[str, str] | None = None
) -> HttpResponse:
    return api.create_response(request, Problem(error=words, fields=fields or {}).dict(), status=status)


@api.exception_handler(Refused)
def refused(request: HttpRequest, why: Refused) -> HttpResponse:
    """An action said no."""
    fields = {name: str(fault) for name, fault in why.fields.items()} if isinstance(why, Invalid) else {}
    return _problem(request, why.status, str(why), fields)


@api.exception_handler(ValidationError)
def unreadable(request: HttpRequest, why: ValidationError) -> HttpResponse:
    """The input is not what the route takes."""
    fields = {str(fault["loc"][-1]): str(fault["msg"]) for fault in why.errors}
    return _problem(request, 400, _("The request cannot be used."), fields)


@api.exception_handler(AuthenticationError)
def stranger(request: HttpRequest, why: AuthenticationError) -> HttpResponse:
    """Neither a session nor a token that is known."""
    answer = _problem(request, 401, _("Sign in, or send a token."))
    answer["WWW-Authenticate"] = "Bearer"
    return answer


@api.exception_handler(HttpError)
def failed(request: HttpRequest, why: HttpError) -> HttpResponse:
    """Anything the framework refuses: a body that is no JSON, a wrong CSRF token."""
    return _problem(request, why.status_code, str(why))
