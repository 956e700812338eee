"""The endpoints. `form` is "json" or "xml", out of the path's ending."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from patriot.api.open311 import ask, encode, project, receive
from patriot.api.open311.encode import Fault, Record
from patriot.incidents import catalogue
from patriot.incidents import queries as incidents
from patriot.incidents.requests import report_numbers
from patriot.kernel.errors import Invalid, Refused
from patriot.reports import queries as reports

type View = Callable[..., HttpResponse]
LONGEST_ID = 40


def speaks(*methods: str) -> Callable[[View], View]:
    """View decorator: these methods only; every fault leaves as the standard's list of errors."""

    def tell(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def told(request: HttpRequest, form: str, **named: str) -> HttpResponse:
            try:
                if request.method not in methods:
                    raise Fault(405, _("This address answers %(methods)s.") % {"methods": ", ".join(methods)})
                return view(request, form, **named)
            except Fault as fault:
                return encode.refusal(form, [fault])
            except Invalid as refused:
                return encode.refusal(form, receive.faults(refused))
            except Refused as refused:
                return encode.refusal(form, [Fault(refused.status, refused)])

        return told

    return tell


@speaks("GET", "HEAD")
def discovery(request: HttpRequest, form: str) -> HttpResponse:
    """What is spoken where."""
    return encode.answer(form, encode.DISCOVERY, [project.discovery(settings.CONFIG.public_url)])


@speaks("GET", "HEAD")
def services(request: HttpRequest, form: str) -> HttpResponse:
    """Everything that can be reported."""
    return encode.answer(form, encode.SERVICES, project.services())


@speaks("GET", "HEAD")
def service(request: HttpRequest, form: str, code: str) -> HttpResponse:
    """What may be sent with a report of one service."""
    category = catalogue.category(code) if _is_id(code) else None
    if category is None:
        raise Fault(404, _("There is no service with this service_code. GET services lists them."))
    return encode.answer(form, encode.DEFINITION, [project.definition(category)])


@speaks("GET", "HEAD", "POST")
def requests(request: HttpRequest, form: str) -> HttpResponse:
    """Reports, newest first; or, by POST, a new one."""
    return _receive(request, form) if request.method == "POST" else _list(request, form)


def _list(request: HttpRequest, form: str) -> HttpResponse:
    wanted = ask.filters(request.GET)
    if wanted.numbers:
        numbers = [number for number in wanted.numbers if _is_id(number)]
    else:
        done = {"open": False, "closed": True}.get(wanted.status)
        categories = [code for code in wanted.categories if _is_id(code)]
        if wanted.categories and not categories:
            return encode.answer(form, encode.REQUESTS, [])
        numbers = report_numbers(
            start=wanted.start, end=wanted.end, categories=categories, done=done, limit=wanted.size,
            offset=(wanted.page - 1) * wanted.size,
        )  # fmt: skip
    found = reports.search(numbers=numbers, limit=max(1, len(numbers)))
    return encode.answer(form, encode.REQUESTS, project.requests(found, settings.CONFIG.public_url))


def _receive(request: HttpRequest, form: str) -> HttpResponse:
    received = receive.receive(request, ask.fields(request))
    status = incidents.by_number(received.number)
    notice = _("In charge: %(agency)s. Follow it at %(link)s") % {
        "agency": status.agency_name if status else "",
        "link": f"{settings.CONFIG.public_url}/lacak/{received.number}",
    }
    row: Record = {
        "service_request_id": received.number, "service_notice": notice, "account_id": "",
    }  # fmt: skip
    return encode.answer(form, encode.REQUESTS, [row], status=201)


@speaks("GET", "HEAD")
def one_request(request: HttpRequest, form: str, number: str) -> HttpResponse:
    """One report."""
    found = reports.search(numbers=[number]) if _is_id(number) else []
    rows = project.requests(found, settings.CONFIG.public_url)
    if not rows:
        raise Fault(404, _("There is no service request with this id."))
    return encode.answer(form, encode.REQUESTS, rows)


@speaks("GET", "HEAD")
def token(request: HttpRequest, form: str, number: str) -> HttpResponse:
    """The request behind a token. Every report has its number at once, so tokens are numbers."""
    if not _is_id(number) or reports.public(number) is None:
        raise Fault(404, _("There is no service request with this token."))
    row: Record = {"service_request_id": number, "token": number}
    return encode.answer(form, encode.REQUESTS, [row])


def _is_id(text: str) -> bool:
    return 0 < len(text) <= LONGEST_ID and text.isprintable()
