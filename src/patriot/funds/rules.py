"""Who decides about an amount. Pure."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

HEAD, LEADERSHIP = "head", "leadership"


@dataclass(frozen=True)
class Limits:
    """What a fund allows: whole rupiah."""

    available: int
    small: int
    head: int


@dataclass(frozen=True)
class Ruling:
    """The rule that applied, and who decides: nobody (`goes_to` empty) when it is approved at once."""

    rule: str
    goes_to: str = ""

    @property
    def approved(self) -> bool:
        """True when no person needs to decide."""
        return not self.goes_to


def judge(amount: int, limits: Limits | None) -> Ruling:
    """Small and enough money: at once. Else the head up to the head's limit, beyond that the leadership."""
    if limits is None:
        return Ruling("no_fund", LEADERSHIP)
    if amount > limits.available:
        return Ruling("not_enough", LEADERSHIP)
    if amount <= limits.small:
        return Ruling("small")
    if amount <= limits.head:
        return Ruling("above_small", HEAD)
    return Ruling("above_head", LEADERSHIP)


def rupiah(amount: int) -> str:
    """An amount as Indonesians write it: Rp 1.250.000."""
    return f"Rp {amount:,}".replace(",", ".")


def in_words(rule: str, limits: Limits | None) -> str:
    """The rule, in the active language, with the figures it was applied to."""
    known = limits or Limits(0, 0, 0)
    figures = {name: rupiah(getattr(known, name)) for name in ("available", "small", "head")}
    return _sentences()[rule].format(**figures)


def _sentences() -> dict[str, str]:
    return {
        "small": _("At most {small} and {available} available: approved at once."),
        "above_small": _("More than {small}: the head of the agency decides ({available} available)."),
        "above_head": _("More than {head}: the city's leadership decides ({available} available)."),
        "not_enough": _("Only {available} available: the city's leadership decides."),
        "no_fund": _("The agency has no response fund this year: the city's leadership decides."),
    }
