"""Numbers and tokens people and devices use."""

import secrets

READABLE = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0/O, 1/I: read out over the phone


def readable_code(length: int) -> str:
    """A random code a person can read out, `length` characters of 32: 5 bits each."""
    return "".join(secrets.choice(READABLE) for _ in range(length))


def token() -> str:
    """A 256-bit secret for devices and API users."""
    return secrets.token_urlsafe(32)
