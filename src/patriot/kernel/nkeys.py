"""NATS's own keys and signed claims, as much of them as a house needs that lets devices in.

Formats: https://docs.nats.io (nkeys: base32 of prefix, 32 bytes, CRC-16/XMODEM; claims: a JWT whose algorithm
is `ed25519-nkey`).
"""

import base64
import hashlib
import time
from binascii import crc_hqx
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SEED, ACCOUNT = 18 << 3, 0  # prefixes: S and A
HEAD = '{"typ":"JWT","alg":"ed25519-nkey"}'


def _written(raw: bytes) -> str:
    checked = raw + crc_hqx(raw, 0).to_bytes(2, "little")
    return base64.b32encode(checked).decode().rstrip("=")


def new_seed() -> str:
    """A fresh account's secret, "SA…"."""
    raw = Ed25519PrivateKey.generate().private_bytes_raw()
    return _written(bytes([SEED | ACCOUNT >> 5, (ACCOUNT & 31) << 3]) + raw)


class Issuer:
    """An account that signs claims. Raises ValueError for a seed that is none."""

    def __init__(self, seed: str) -> None:
        text = seed.strip()
        try:
            raw = base64.b32decode(text + "=" * (-len(text) % 8))
        except ValueError as fault:
            raise ValueError("this is not a NATS account seed (SA…)") from fault
        if len(raw) != 36 or raw[0] != SEED or crc_hqx(raw[:-2], 0).to_bytes(2, "little") != raw[-2:]:
            raise ValueError("this is not a NATS account seed (SA…)")
        self._key = Ed25519PrivateKey.from_private_bytes(raw[2:34])
        self.public = _written(bytes([ACCOUNT]) + self._key.public_key().public_bytes_raw())

    def sign(self, subject: str, audience: str, claims: dict[str, Any], name: str = "") -> str:
        """A signed claim about `subject`, for `audience`."""
        body = {"iss": self.public, "iat": int(time.time()), "sub": subject, "aud": audience, "name": name,
                "nats": {**claims, "version": 2}}  # fmt: skip
        body["jti"] = base64.b32encode(hashlib.sha256(orjson.dumps(body)).digest()).decode().rstrip("=")
        text = f"{_url(HEAD.encode())}.{_url(orjson.dumps(body))}"
        return f"{text}.{_url(self._key.sign(text.encode()))}"


def claims(token: bytes) -> dict[str, Any]:
    """What a claim says; its signature is not looked at (it came over a connection of our own).

    Raises ValueError.
    """
    parts = token.split(b".")
    if len(parts) != 3:
        raise ValueError("this is not a claim")
    found: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(parts[1] + b"=" * (-len(parts[1]) % 4)))
    return found


def _url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
