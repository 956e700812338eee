"""`GET /places/map.json`: the city's areas, streets, waters and facilities, for every map. Public."""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from patriot.places.queries import map_file


@require_safe
def map_layers(request: HttpRequest) -> HttpResponse:
    """The layers, compressed where the browser can; 304 when it has them already."""
    file = map_file()
    tag = f'"{file.tag}"'
    answer = HttpResponse(content_type="application/geo+json")
    answer["ETag"] = tag
    answer["Cache-Control"] = "public, max-age=0, must-revalidate"
    patch_vary_headers(answer, ["Accept-Encoding"])
    if tag in request.headers.get("If-None-Match", "").replace("W/", ""):
        answer.status_code = 304
        return answer
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    answer.content = file.gzipped if packed else file.json
    if packed:
        answer["Content-Encoding"] = "gzip"
    return answer
