"""The link that lets the sender of a report, and nobody else, confirm or reopen it. Nothing is stored."""

from django.core.signing import BadSignature, Signer

_SIGNER = Signer(salt="patriot.reports.follow", sep=".")


def issue(number: str) -> str:
    """The token of a report's sender."""
    return _SIGNER.signature(number)


def valid(number: str, token: str) -> bool:
    """True when `token` is this report's; also when signed with a key since retired into the fallbacks."""
    try:
        _SIGNER.unsign(f"{number}.{token}")
    except BadSignature:
        return False
    return True
