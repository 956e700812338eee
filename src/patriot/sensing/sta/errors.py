"""Why a request of the standard's is refused: a status and words for whoever wrote the request."""


class Fault(Exception):  # noqa: N818 - an answer to the client
    """`status` is the HTTP status, 4xx."""

    def __init__(self, words: object, status: int = 400) -> None:
        super().__init__(str(words))
        self.status = status


def missing(what: str) -> Fault:
    """There is no such thing, or not for this viewer: both sound the same."""
    return Fault(f"There is no {what}.", 404)
