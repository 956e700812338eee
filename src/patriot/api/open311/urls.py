"""GeoReport v2's paths, each in both formats."""

from django.urls import path, register_converter

from patriot.api.open311 import views


class Form:
    """The answer's format, at the path's end."""

    regex = "json|xml"

    def to_python(self, value: str) -> str:
        """As written."""
        return value

    def to_url(self, value: str) -> str:
        """As written."""
        return value


register_converter(Form, "open311_form")

urlpatterns = [
    path("discovery.<open311_form:form>", views.discovery),
    path("services.<open311_form:form>", views.services, name="open311_services"),
    path("services/<str:code>.<open311_form:form>", views.service),
    path("requests.<open311_form:form>", views.requests, name="open311_requests"),
    path("requests/<str:number>.<open311_form:form>", views.one_request),
    path("tokens/<str:number>.<open311_form:form>", views.token),
]
