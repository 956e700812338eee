"""Why an action did not happen, in words for the person who asked. Faces show them; APIs map them to a
status.
"""

from collections.abc import Mapping


class Refused(Exception):  # noqa: N818 - not an accident: an answer
    """An action was refused and nothing was changed. Its text is for the person who asked."""

    status = 400


class Invalid(Refused):
    """What was sent cannot be used. `fields` maps a field's name to what is wrong with it."""

    status = 400

    def __init__(self, fields: Mapping[str, object]) -> None:
        super().__init__(" ".join(str(fault) for fault in fields.values()))
        self.fields = dict(fields)


class NotAllowed(Refused):
    """The viewer lacks the role or the scope."""

    status = 403


class NotFound(Refused):
    """No such thing, or none that the viewer may know of."""

    status = 404


class Conflict(Refused):
    """Somebody was faster, or the thing has moved on: the state is not the one the action starts from."""

    status = 409
