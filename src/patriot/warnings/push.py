"""Web push: RFC 8030 delivery, RFC 8291 encryption, RFC 8292 (VAPID): push services know who we are."""

import base64
import os
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import http_ece
import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from django.conf import settings

from patriot.warnings.keys import kept

HOSTS = (
    "fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com", "notify.windows.com",
)  # fmt: skip
LARGEST = 3800  # bytes before encryption: what every push service takes
LONGEST_TTL_S = 24 * 3600
TOKEN_S = 12 * 3600
TIMEOUT = httpx.Timeout(10, connect=5)


@dataclass(frozen=True)
class Address:
    """Where a browser is reached: its push service's URL and the keys that only it can open."""

    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True)
class Outcome:
    """`sent`, `gone` (the browser has unsubscribed), `later` (try again after `after_s`) or `failed`."""

    state: str
    words: str = ""
    after_s: int = 0


def is_known(endpoint: str) -> bool:
    """True for an address at a push service: we call no other host because a visitor says so."""
    url = urlsplit(endpoint)
    own = [host for host in settings.CONFIG.env.get("PATRIOT_PUSH_HOSTS", "").split(",") if host]
    host = url.hostname or ""
    if host in own:
        return url.scheme in ("http", "https")
    return url.scheme == "https" and any(host == one or host.endswith(f".{one}") for one in HOSTS)


def public_key() -> str:
    """What browsers subscribe with: the uncompressed point, base64url."""
    return encoded(_point(_key(settings.CONFIG.home).public_key()))


def encoded(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The reverse. Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def check(address: Address) -> None:
    """Raises ValueError for keys that cannot be a browser's, or a host that is no push service."""
    if not is_known(address.endpoint) or len(address.endpoint) > 600:
        raise ValueError("no known push service")
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(address.p256dh))
    if len(decoded(address.auth)) != 16:
        raise ValueError("the auth secret has 16 bytes")


def send(client: httpx.Client, address: Address, data: bytes, *, ttl_s: int, topic: str) -> Outcome:
    """Hand one message to the browser's push service; it replaces an older one of `topic` waiting there."""
    body = encrypt(data[:LARGEST], address)
    headers = {
        "Content-Encoding": "aes128gcm", "Content-Type": "application/octet-stream",
        "TTL": str(max(0, min(ttl_s, LONGEST_TTL_S))), "Urgency": "high", "Topic": topic[:32],
        "Authorization": authorization(address.endpoint),
    }  # fmt: skip
    try:
        answer = client.post(address.endpoint, content=body, headers=headers, timeout=TIMEOUT)
    except httpx.HTTPError as fault:
        return Outcome("later", type(fault).__name__)
    return judged(answer.status_code, answer.headers.get("Retry-After", ""))


def judged(status: int, retry_after: str = "") -> Outcome:
    """What a push service's answer means."""
    if status in (404, 410):
        return Outcome("gone", str(status))
    if 200 <= status < 300:
        return Outcome("sent")
    if status == 429 or status >= 500:
        wait = int(retry_after) if retry_after.isdigit() else 0
        return Outcome("later", str(status), min(wait, 3600))
    return Outcome("failed", str(status))


def encrypt(data: bytes, address: Address) -> bytes:
    """The body as RFC 8291 has it, with a key of its own for each message."""
    body: bytes = http_ece.encrypt(
        data, salt=os.urandom(16), private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=decoded(address.p256dh), auth_secret=decoded(address.auth), version="aes128gcm",
    )  # fmt: skip
    return body


def authorization(endpoint: str) -> str:
    """The VAPID header for a push service."""
    url = urlsplit(endpoint)
    claims = {
        "aud": f"{url.scheme}://{url.netloc}", "exp": int(time.time()) + TOKEN_S,
        "sub": f"mailto:{settings.DEFAULT_FROM_EMAIL}",
    }  # fmt: skip
    token = jwt.encode(claims, _key(settings.CONFIG.home), algorithm="ES256")
    return f"vapid t={token}, k={public_key()}"


@cache
def _key(home: Path) -> ec.EllipticCurvePrivateKey:
    pem = kept(home / "vapid_key.pem", lambda: ec.generate_private_key(ec.SECP256R1()))
    key = load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("vapid_key.pem is no P-256 key")
    return key


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
