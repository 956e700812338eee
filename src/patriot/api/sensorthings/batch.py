"""`$batch`: several requests in one, as multipart/mixed with change sets, or as JSON.

A change set is done as a whole or not at all; `$<content id>` at the beginning of a later path or as an id in
a later body names what an earlier part of it made. What was made or changed is not said again, as the
reference implementation has it, but to a part that says `Prefer: return=representation`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
from django.db import transaction

from patriot.api.sensorthings.calls import guarded, one, pairs
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.service import Answer, Call, read_json

MOST = 1000
BOUNDARY = "patriot_batch"
CHANGES = "patriot_changeset"
REASONS = {200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 401: "Unauthorized",
           403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}  # fmt: skip
_REFERENCE = re.compile(rb'"\$([\w.-]+)"')
CHANGING = ("POST", "PATCH", "PUT", "DELETE")


@dataclass
class Part:
    """One request of a batch. `group`: its change set; "" when it stands alone. `prefers`: its wish."""

    key: str
    call: Call
    group: str = ""
    prefers: str = ""

    def silent(self, answer: Answer) -> bool:
        """Whether the answer's body is only what the client has just sent."""
        sent = answer.location or self.call.method in ("PATCH", "PUT")
        return bool(sent) and answer.status < 300 and "return=representation" not in self.prefers


class Broken(Exception):  # noqa: N818 - undoes a change set
    """A part of a change set failed."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


def serve(call: Call) -> Answer:
    """The batch's answer. Raises Fault when the batch itself cannot be read."""
    if call.content_type.startswith("multipart/"):
        return _multipart(call)
    if "json" in call.content_type:
        return _json(call)
    raise Fault("A batch is multipart/mixed or application/json.", 415)


def _guarded(part: Part, made: dict[str, Answer]) -> Answer:
    return guarded(lambda: one(_resolved(part.call, made)))


def _resolved(call: Call, made: dict[str, Answer]) -> Call:
    """The call with `$1` replaced by what part 1 made."""
    first, slash, rest = call.path.partition("/")
    if first.startswith("$") and first[1:] in made:
        location = made[first[1:]].location
        path = location.removeprefix(f"{call.base}/") if location else first
        call = replace(call, path=path + slash + rest)

    def put(match: re.Match[bytes]) -> bytes:
        answer = made.get(match.group(1).decode())
        found = re.search(r"\((\d+)\)\Z", answer.location) if answer else None
        return found.group(1).encode() if found else match.group()

    return replace(call, body=_REFERENCE.sub(put, call.body))


def _run(parts: Sequence[Part]) -> list[Answer]:
    """Each part's answer; parts of one change set stand or fall together."""
    answers: list[Answer] = []
    at = 0
    while at < len(parts):
        group = parts[at].group
        end = at + 1
        while group and end < len(parts) and parts[end].group == group:
            end += 1
        answers += _change_set(parts[at:end]) if group else [_guarded(parts[at], {})]
        at = end
    return answers


def _change_set(parts: Sequence[Part]) -> list[Answer]:
    made: dict[str, Answer] = {}
    answers: list[Answer] = []
    try:
        with transaction.atomic():
            for part in parts:
                answer = _guarded(part, made)
                if answer.status >= 400:
                    raise Broken(answer)
                made[part.key] = answer
                answers.append(answer)
    except Broken as broken:
        return [broken.answer] * len(parts)
    return answers


def _part(call: Call, method: str, url: str, body: bytes, content_type: str) -> Call:
    split = urlsplit(url)
    path = unquote(split.path)
    root = urlsplit(call.base).path
    for start in (root, root[root.rindex("/") :]):  # the standard's example says /v1.1/Things(1)
        path = path.removeprefix(start) if path.startswith(start + "/") else path
    if path.strip("/") == "$batch":
        raise Fault("A batch holds no batch.")
    return replace(
        call, method=method.upper(), path=path.strip("/"), query=pairs(split.query), body=body,
        content_type=content_type,
    )  # fmt: skip


def _json(call: Call) -> Answer:
    said = read_json(call.body)
    requests = said.get("requests") if isinstance(said, dict) else None
    if not isinstance(requests, list) or len(requests) > MOST:
        raise Fault(f'A JSON batch is {{"requests": […]}} with at most {MOST} of them.')
    parts = [_json_part(call, each) for each in requests]
    answers = _run(parts)
    return Answer(200, {"responses": [_json_answer(*pair) for pair in zip(parts, answers, strict=True)]})


def _json_part(call: Call, said: Any) -> Part:
    if not isinstance(said, dict) or not all(isinstance(said.get(n), str) for n in ("id", "method", "url")):
        raise Fault("Each request of a batch has an id, a method and a url, all of them texts.")
    body = said.get("body")
    raw = b"" if body is None else body.encode() if isinstance(body, str) else orjson.dumps(body)
    sent = said.get("headers")
    headers = {name.lower(): str(text) for name, text in sent.items()} if isinstance(sent, dict) else {}
    kind = headers.get("content-type", "")
    group = said.get("atomicityGroup")
    return Part(
        said["id"], _part(call, said["method"], said["url"], raw, kind or "application/json"),
        group if isinstance(group, str) else "", headers.get("prefer", ""),
    )  # fmt: skip


def _json_answer(part: Part, answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = {"id": part.key, "status": answer.status}
    if answer.location:
        found["location"] = answer.location
        found["headers"] = {"location": answer.location}
    if answer.said is not None and not part.silent(answer):
        found["body"] = answer.said.decode() if isinstance(answer.said, bytes) else answer.said
    return found


def _multipart(call: Call) -> Answer:
    message = _message(call.content_type, call.body)
    parts: list[Part] = []
    for number, each in enumerate(message.iter_parts()):
        if each.get_content_type() == "multipart/mixed":
            group = f"set{number}"
            parts += [
                _http_part(call, inner, f"{number}.{n}", group) for n, inner in enumerate(each.iter_parts())
            ]
        else:
            parts.append(_http_part(call, each, str(number), ""))
    if not parts or len(parts) > MOST:
        raise Fault(f"A batch holds 1 to {MOST} requests.")
    answers = _run(parts)
    return Answer(200, _mixed(parts, answers), f"multipart/mixed; boundary={BOUNDARY}")


def _message(content_type: str, body: bytes) -> EmailMessage:
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    message = BytesParser(policy=policy.HTTP).parsebytes(head + body)
    if not isinstance(message, EmailMessage) or not message.is_multipart():
        raise Fault("The body is not what its boundary says.")
    return message


def _http_part(call: Call, message: Any, key: str, group: str) -> Part:
    raw = message.get_payload(decode=True)
    if not isinstance(raw, bytes):
        raise Fault("Each part of a batch is application/http.")
    head, _, body = raw.replace(b"\r\n", b"\n").lstrip(b"\n").partition(b"\n\n")
    line, *headers = head.decode("utf-8", "replace").split("\n")
    words = line.strip().rsplit(" HTTP/", 1)[0].split(" ", 1)
    if len(words) != 2:
        raise Fault(f"{line[:80]!r} is no request.")
    if group and words[0].upper() not in CHANGING:
        raise Fault("A change set holds requests that change something.")
    said = {name.lower(): text.strip() for name, _, text in (header.partition(":") for header in headers)}
    kind = said.get("content-type", "application/json")
    part = _part(call, words[0], words[1].strip(), body.strip(b"\n"), kind)
    return Part(str(message.get("Content-ID") or key).strip("<>"), part, group, said.get("prefer", ""))


def _mixed(parts: Sequence[Part], answers: Sequence[Answer]) -> bytes:
    lines: list[bytes] = []
    open_set = ""
    for part, answer in zip(parts, answers, strict=True):
        if part.group != open_set:
            lines += _close(open_set)
            if part.group:
                kind = f"Content-Type: multipart/mixed; boundary={CHANGES}"
                lines += [f"--{BOUNDARY}".encode(), kind.encode(), b""]
            open_set = part.group
        lines += [f"--{CHANGES if part.group else BOUNDARY}".encode(), *_http(part, answer)]
    lines += [*_close(open_set), f"--{BOUNDARY}--".encode(), b""]
    return b"\r\n".join(lines)


def _close(group: str) -> list[bytes]:
    return [f"--{CHANGES}--".encode()] if group else []


def _http(part: Part, answer: Answer) -> list[bytes]:
    body = b"" if part.silent(answer) else answer.body
    lines = [b"Content-Type: application/http", b"Content-Transfer-Encoding: binary"]
    if part.group:
        lines.append(f"Content-ID: {part.key}".encode())
    lines += [b"", f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, '')}".rstrip().encode()]
    if answer.location:
        lines.append(f"Location: {answer.location}".encode())
    if body:
        lines.append(f"Content-Type: {answer.content_type}".encode())
    return [*lines, f"Content-Length: {len(body)}".encode(), b"", body]
