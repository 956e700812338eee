"""Subscribers: a browser's push service that opens what it gets, a mail server, people who stop."""

import base64
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from patriot.kernel import clock
from patriot.kernel.errors import Invalid
from patriot.kernel.geometry import Point
from patriot.ledger.models import Entry
from patriot.warnings import actions, jobs, letters, push, queries, subscriptions, tell
from patriot.warnings.models import Delivery, PublicWarning, Subscription
from patriot.warnings.subscriptions import Place
from tests.warnings.conftest import Mailbox
from tests.warnings.makers import MAYOR, OPERATOR, area, draft, published

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Browser:
    """A browser and its push service: opens messages as RFC 8291 says, with nothing of our own code."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"sixteen bytes ok"
    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def address(self) -> push.Address:
        return push.Address(self.url, push.encoded(self.public), push.encoded(self.auth))

    def opened(self) -> list[dict[str, Any]]:
        return [orjson.loads(self.open(body)) for _headers, body in self.got]

    def open(self, body: bytes) -> bytes:
        salt, sender = body[:16], body[21 : 21 + body[20]]
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        shared = self.key.exchange(ec.ECDH(), point)
        secret = self._derive(self.auth, shared, b"WebPush: info\0" + self.public + sender, 32)
        key = self._derive(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
        nonce = self._derive(salt, secret, b"Content-Encoding: nonce\0", 12)
        plain = AESGCM(key).decrypt(nonce, body[21 + body[20] :], None)
        return plain.rstrip(b"\0").removesuffix(b"\2")

    @staticmethod
    def _derive(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
        return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    one = Browser()

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = one.answers.pop(0) if one.answers else 201
            if status == 201:
                one.got.append((dict(self.headers), body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    one.url = f"http://127.0.0.1:{server.server_port}/push/abc"
    monkeypatch.setattr(
        push, "is_known", lambda endpoint: endpoint.startswith(("http://127.0.0.1", "https://"))
    )
    yield one
    server.shutdown()
    server.server_close()


def test_it_reaches_a_browser_that_follows_the_place(browser: Browser) -> None:
    area()
    subscriptions.by_push(browser.address, Place("32.75.09.1004"), "id")
    row = published()
    tell.enqueue(row.pk)
    tell.send_due()
    notice = browser.opened()[0]
    assert row.headline_id in notice["body"]
    assert notice["url"].endswith(f"/peringatan/{row.identifier}/")
    headers = {name.lower(): value for name, value in browser.got[0][0].items()}
    assert (headers["urgency"], headers["content-encoding"]) == ("high", "aes128gcm")
    assert 0 < int(headers["ttl"]) <= 24 * 3600
    token, key = (
        part.split("=", 1)[1] for part in headers["authorization"].removeprefix("vapid ").split(", ")
    )
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), push.decoded(key))
    claims = jwt.decode(token, point, algorithms=["ES256"], audience=browser.url.rsplit("/push", 1)[0])
    assert claims["sub"].startswith("mailto:")
    assert key == push.public_key()
    assert [(one.sent, one.due) for one in queries.delivery_report(row.pk)] == [(1, 0)]


def test_it_tells_each_address_once_however_many_of_its_places_are_touched(browser: Browser) -> None:
    area()
    subscriptions.by_push(browser.address, Place("32.75.09.1004"), "id")
    subscriptions.by_push(browser.address, Place("", Point(106.98, -6.29), 1000), "id")
    row = published()
    tell.enqueue(row.pk)
    tell.enqueue(row.pk)  # the event was delivered twice
    tell.send_due()
    tell.send_due()
    assert len(browser.got) == 1


def test_it_tells_those_near_and_not_those_far(browser: Browser) -> None:
    subscriptions.by_push(browser.address, Place("", Point(106.995, -6.29), 1000), "id")
    far = Browser(url=browser.url + "far")
    subscriptions.by_push(far.address, Place("", Point(106.90, -6.20), 1000), "id")
    assert tell.enqueue(published().pk) == 1


def test_it_tells_nobody_of_a_test(browser: Browser) -> None:
    subscriptions.by_push(browser.address, Place("", Point(106.98, -6.29), 1000), "id")
    assert tell.enqueue(published(status="Test").pk) == 0


def test_it_says_that_a_drill_is_a_drill(browser: Browser) -> None:
    subscriptions.by_push(browser.address, Place("", Point(106.98, -6.29), 1000), "en")
    tell.enqueue(published(status="Exercise").pk)
    tell.send_due()
    assert browser.opened()[0]["title"].startswith("DRILL:")


def test_it_tries_again_later_and_gives_up_at_last(browser: Browser) -> None:
    subscriptions.by_push(browser.address, Place("", Point(106.98, -6.29), 1000), "id")
    row = published()
    tell.enqueue(row.pk)
    browser.answers[:] = [503, 429, 500]
    now = clock.now()
    for seconds in (0, 11, 50, 200, 300):
        with clock.at(now + timedelta(seconds=seconds)):
            tell.send_due()
    assert len(browser.got) == 1
    other = published()
    tell.enqueue(other.pk)
    browser.answers[:] = [500] * 9
    for seconds in (0, 20, 70, 300, 2000, 9000):
        with clock.at(now + timedelta(seconds=seconds)):
            tell.send_due()
    assert Delivery.objects.get(warning=other).state == "failed"


def test_it_forgets_a_browser_that_has_gone(browser: Browser) -> None:
    subscriptions.by_push(browser.address, Place("", Point(106.98, -6.29), 1000), "id")
    row = published()
    tell.enqueue(row.pk)
    browser.answers[:] = [410]
    tell.send_due()
    assert Subscription.objects.count() == 0
    assert [one.gone for one in queries.delivery_report(row.pk)] == [1]


def test_it_does_not_send_what_was_withdrawn_meanwhile(browser: Browser) -> None:
    subscriptions.by_push(browser.address, Place("", Point(106.98, -6.29), 1000), "id")
    row = published()
    tell.enqueue(row.pk)
    last = actions.cancel(row.pk, "Salah", viewer=OPERATOR)
    tell.enqueue(last)
    tell.send_due()
    assert [notice["title"].split(":")[0] for notice in browser.opened()] == ["DICABUT"]


def moved(first: PublicWarning, **where: object) -> PublicWarning:
    """An update in force, for another place."""
    pk = actions.update(first.pk, viewer=OPERATOR)
    actions.edit(pk, draft(**where), viewer=OPERATOR)
    actions.submit(pk, viewer=OPERATOR)
    actions.approve(pk, viewer=MAYOR)
    return PublicWarning.objects.get(pk=pk)


AWAY: dict[str, object] = {"drawn": None, "circle": [106.90, -6.20, 1.0]}


@pytest.mark.parametrize("end", ["all_clear", "cancel"])
def test_it_tells_those_whom_it_warned_however_the_area_moves(browser: Browser, end: str) -> None:
    subscriptions.by_push(browser.address, Place("", Point(106.98, -6.29), 1000), "en")
    row = published()
    tell.enqueue(row.pk)
    tell.send_due()
    for _ in range(2):
        row = moved(row, **AWAY)
        tell.enqueue(row.pk)
        tell.send_due()
    last = getattr(actions, end)(row.pk, "Aman", viewer=OPERATOR)
    assert queries.reach(row) == 1
    tell.enqueue(last)
    tell.send_due()
    titles = [notice["title"].split(":")[0] for notice in browser.opened()]
    assert titles == ["Flood", "UPDATE", "UPDATE", {"all_clear": "ALL CLEAR", "cancel": "WITHDRAWN"}[end]]


def test_it_tells_those_who_are_being_told_of_the_earlier_message_this_second(browser: Browser) -> None:
    subscriptions.by_push(browser.address, Place("", Point(106.98, -6.29), 1000), "id")
    row = published()
    tell.enqueue(row.pk)
    assert tell.enqueue(moved(row, **AWAY).pk) == 1


def test_it_tells_nobody_of_an_update_elsewhere_who_never_heard_of_it(browser: Browser) -> None:
    subscriptions.by_push(browser.address, Place("", Point(106.98, -6.29), 1000), "id")
    browser.answers[:] = [400]
    row, unrelated = published(), published()
    tell.enqueue(row.pk)
    tell.send_due()
    assert tell.enqueue(moved(row, **AWAY).pk) == 0
    tell.enqueue(unrelated.pk)
    tell.send_due()
    assert tell.enqueue(published(**AWAY).pk) == 0


def test_it_tells_each_address_once_of_an_update_also_when_the_event_comes_twice(browser: Browser) -> None:
    subscriptions.by_push(browser.address, Place("", Point(106.98, -6.29), 1000), "id")
    subscriptions.by_push(browser.address, Place("", Point(106.90, -6.20), 1000), "id")
    row = published()
    tell.enqueue(row.pk)
    newer = moved(row, **AWAY)
    assert tell.enqueue(newer.pk) == 1
    Delivery.objects.filter(warning=row).update(state="skipped")
    assert tell.enqueue(newer.pk) == 0


def test_it_counts_the_told_in_the_ledger_without_naming_them(browser: Browser, mailbox: Mailbox) -> None:
    token = subscriptions.by_email("warga@example.id", Place("", Point(106.98, -6.29), 1000), "id")
    subscriptions.confirm(token)
    subscriptions.by_push(browser.address, Place("", Point(106.98, -6.29), 1000), "id")
    row = published()
    tell.enqueue(row.pk)
    tell.send_due()
    tell.send_due()
    bodies = list(Entry.objects.filter(kind="warnings.delivered").values_list("body", flat=True))
    assert bodies == [f'{{"warning":{row.pk},"sent":2,"failed":0,"gone":0}}']
    everything = "".join(Entry.objects.values_list("body", flat=True))
    assert "example.id" not in everything
    assert browser.url not in everything


def test_it_asks_by_letter_before_it_tells_by_letter(mailbox: Mailbox, client: Client) -> None:
    area()
    answer = client.post("/peringatan/langganan", {"email": "Warga@Example.id", "area": "32.75.09.1004"})
    assert answer.status_code == 302
    row = published()
    assert tell.enqueue(row.pk) == 0  # it has not said yes
    jobs.ask_addresses()
    jobs.ask_addresses()
    assert len(mailbox) == 1
    link = next(word for word in mailbox[0].get_content().split() if "/peringatan/langganan/" in word)
    path = "/peringatan" + link.split("/peringatan", 1)[1]
    assert client.get(path).status_code == 200
    assert Subscription.objects.get().confirmed_at is None  # a look confirms nothing: mail scanners look, too
    client.post(path, {"act": "confirm"})
    tell.enqueue(row.pk)
    tell.send_due()
    letter = mailbox[1]
    assert letter["Subject"] == row.headline_id
    assert row.instruction_id in letter.get_content()
    stop = letter["List-Unsubscribe"].strip("<>")
    assert client.post("/peringatan" + stop.split("/peringatan", 1)[1]).status_code == 204
    assert Subscription.objects.count() == 0
    assert client.get(path).status_code == 200  # and says that nothing is kept


def test_it_learns_that_a_mailbox_is_gone(mailbox: Mailbox) -> None:
    mailbox.refusals["gone@example.id"] = "550 5.1.1 no such mailbox"
    token = subscriptions.by_email("gone@example.id", Place("", Point(106.98, -6.29), 1000), "id")
    subscriptions.confirm(token)
    row = published()
    tell.enqueue(row.pk)
    tell.send_due()
    assert [one.gone for one in queries.delivery_report(row.pk)] == [1]
    assert Subscription.objects.count() == 0


def test_it_forgets_addresses_that_never_said_yes() -> None:
    subscriptions.by_email("a@example.id", Place("", Point(106.98, -6.29), 1000), "id")
    with clock.at(clock.now() + timedelta(days=4)):
        assert subscriptions.forget_unconfirmed() == 1


def test_it_stops_everything_of_an_address_at_once() -> None:
    token = subscriptions.by_email("a@example.id", Place("", Point(106.98, -6.29), 1000), "id")
    subscriptions.by_email("a@example.id", Place("", Point(106.99, -6.25), 1000), "id")
    assert subscriptions.stop(token, everywhere=True)
    assert Subscription.objects.count() == 0
    assert not subscriptions.stop(token)


def test_it_calls_no_host_because_a_visitor_says_so(client: Client) -> None:
    area()
    keys = Browser()
    told = {"p256dh": push.encoded(keys.public), "auth": push.encoded(keys.auth), "area": "32.75.09.1004"}
    for endpoint in ("http://169.254.169.254/x", "https://evil.example/x", "https://fcm.googleapis.com.evil.id/x",
                     "file:///etc/passwd", "", "https://fcm.googleapis.com@evil.id/"):  # fmt: skip
        body = orjson.dumps(told | {"endpoint": endpoint})
        answer = client.post("/peringatan/langganan/push", body, content_type="application/json")
        assert answer.status_code == 400
    good = orjson.dumps(told | {"endpoint": "https://fcm.googleapis.com/fcm/send/abc"})
    answer = client.post("/peringatan/langganan/push", good, content_type="application/json")
    assert answer.status_code == 201
    assert subscriptions.mine(answer.json()["token"]) is not None


def test_it_bears_any_body_at_the_push_door(client: Client) -> None:
    for body in (
        b"",
        b"[]",
        b"{",
        b'"x"',
        b'{"endpoint":1}',
        b'{"endpoint":"https://fcm.googleapis.com/x","p256dh":"!","auth":"a"}',
    ):
        answer = client.post("/peringatan/langganan/push", body, content_type="application/json")
        assert answer.status_code == 400
    assert client.post("/peringatan/langganan", {"email": "x", "area": "nowhere"}).status_code == 422
    assert client.get("/peringatan/langganan/1.forged").status_code == 200
    assert client.post("/peringatan/langganan/1.forged/berhenti").status_code == 404


def test_it_lets_one_mailbox_be_asked_a_few_times_only(client: Client) -> None:
    area()
    codes = [
        client.post("/peringatan/langganan", {"email": "a@b.id", "area": "32.75.09.1004"}).status_code
        for _ in range(8)
    ]
    assert codes[:5] == [302] * 5
    assert codes[-1] == 422


def test_it_refuses_a_point_that_is_nowhere() -> None:
    for place in (Place(), Place("nowhere"), Place("", Point(500, 0))):
        with pytest.raises(Invalid):
            subscriptions.by_email("a@example.id", place, "id")


def test_it_decodes_what_browsers_send() -> None:
    data = bytes(range(65))
    assert push.decoded(base64.urlsafe_b64encode(data).rstrip(b"=").decode()) == data
    assert letters.page_url("x").endswith("/peringatan/langganan/x")
