"""The categories as the form shows them."""

from collections import Counter

from patriot.incidents import catalogue
from patriot.portal.suggest import Choice, groups

OFTEN = 6
EMERGENCY = "112"  # the one number for every emergency in Indonesia


def choices() -> list[Choice]:
    """Everything that can be reported, in the active language."""
    return [
        Choice(one.code, one.name, one.group, one.icon, one.priority == "P1", one.keywords)
        for one in catalogue.categories()
    ]


def often(all_choices: list[Choice], counted: Counter[str]) -> list[Choice]:
    """The categories reported most of late, filled up with the first of each group."""
    first = {
        choice.code: -place
        for place, choice in enumerate(choice[0] for _group, choice in groups(all_choices))
    }
    ranked = sorted(all_choices, key=lambda one: (-counted[one.code], -first.get(one.code, -1000)))
    return ranked[:OFTEN]


def others(all_choices: list[Choice], shown: list[Choice]) -> list[tuple[str, list[Choice]]]:
    """The categories that are not shown already, by group."""
    return groups([choice for choice in all_choices if choice not in shown])
