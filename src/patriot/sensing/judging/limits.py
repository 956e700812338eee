"""Setting what readings are checked against and what is abnormal: actions of the admin."""

from typing import Any

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from patriot.kernel.errors import Invalid
from patriot.ledger import actions as ledger
from patriot.sensing.events import ThresholdChanged
from patriot.sensing.judging import combos
from patriot.sensing.judging.quality import Limits
from patriot.sensing.models import Threshold

AS_IT_IS = (
    "code", "level", "name", "value", "clear", "below", "delay_on_s", "delay_off_s", "window_s", "priority",
)  # fmt: skip


@transaction.atomic
def set_threshold(threshold: Threshold, *, actor: str) -> None:
    """Save a new or changed threshold and announce it. Raises Invalid, then nothing is saved."""
    check_threshold(threshold)
    change = "changed" if threshold.pk else "added"
    threshold.save()
    thing = threshold.datastream.thing
    told = {name: getattr(threshold, name) for name in AS_IT_IS}
    event = ThresholdChanged(
        threshold=threshold.pk,
        datastream=threshold.datastream_id,
        thing=thing.pk,
        thing_name=thing.name,
        valid_from=threshold.valid_from.isoformat(),
        valid_to=threshold.valid_to.isoformat() if threshold.valid_to else None,
        source=threshold.source,
        change=change,
        **told,
    )
    ledger.append(
        event, actor=actor, subject=f"thing:{thing.pk}", agency=thing.agency, simulated=thing.simulated
    )


def check_threshold(threshold: Threshold) -> None:
    """Raises Invalid with what is wrong, by field."""
    wrong: dict[str, Any] = {}
    sign = -1 if threshold.below else 1
    if None not in (threshold.clear, threshold.value) and sign * threshold.clear > sign * threshold.value:  # type: ignore[operator]
        wrong["clear"] = _("It must clear on the normal side of its value.")
    if min(threshold.delay_on_s or 0, threshold.delay_off_s or 0) < 0:
        wrong["delay_on_s"] = _("A delay cannot be negative.")
    if threshold.window_s is not None and threshold.window_s <= 0:
        wrong["window_s"] = _("The window must be longer than nothing.")
    if threshold.valid_to and threshold.valid_from and threshold.valid_to <= threshold.valid_from:
        wrong["valid_to"] = _("It must end after it begins.")
    if wrong:
        raise Invalid(wrong)


def check_limits(told: object) -> None:
    """Raises Invalid for limits that nobody could check against."""
    try:
        limits = msgspec.convert(told or {}, Limits)
    except msgspec.ValidationError as fault:
        raise Invalid({"limits": str(fault)}) from fault
    if limits.low is not None and limits.high is not None and limits.low > limits.high:
        raise Invalid({"limits": _("The lowest is above the highest.")})


def check_expression(told: object) -> None:
    """Raises Invalid for what is no expression of conditions."""
    try:
        combos.of(told)
    except ValueError as fault:
        raise Invalid({"expression": str(fault)}) from fault
