"""A report being written: its signed key holds its photos across attempts, and lets it be sent only once."""

from datetime import timedelta

from django.core.signing import BadSignature, TimestampSigner

from patriot.kernel.ids import readable_code

LIFE = timedelta(hours=20)  # shorter than photos of drafts are kept
KEY_LENGTH = 26

_SIGNER = TimestampSigner(salt="patriot.portal.draft", sep=".")


def fresh() -> str:
    """A new signed key, for the form's hidden field."""
    return _SIGNER.sign(readable_code(KEY_LENGTH))


def key_of(signed: str) -> str | None:
    """The key inside, or None when the field was made up or is too old."""
    try:
        return _SIGNER.unsign(signed, max_age=LIFE)
    except BadSignature:
        return None


def subject(key: str) -> str:
    """Whose the photos of this draft are, until it is sent."""
    return f"draft:{key}"
