"""A ranking's reasons, and kinds of units, in the reader's language."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from patriot.dispatch.ranking import Reason

KINDS = {
    "baktor": gettext_lazy("Motor cart"),
    "refuse_truck": gettext_lazy("Refuse truck"),
    "road_crew": gettext_lazy("Road crew"),
    "drainage_crew": gettext_lazy("Drainage crew"),
    "pju_crew": gettext_lazy("Street light crew"),
    "tree_crew": gettext_lazy("Tree crew"),
    "satpolpp": gettext_lazy("Public order patrol"),
    "dishub": gettext_lazy("Traffic crew"),
    "ambulance": gettext_lazy("Ambulance"),
    "fire_engine": gettext_lazy("Fire engine"),
    "rescue_unit": gettext_lazy("Rescue unit"),
    "rescue_boat": gettext_lazy("Rescue boat"),
    "police": gettext_lazy("Police patrol"),
}


def kind(code: str) -> str:
    """A kind of unit for people; a kind the house does not know is shown by its code."""
    return str(KINDS.get(code, code.replace("_", " ")))


def minutes(seconds: float) -> str:
    """A duration in whole minutes, at least one."""
    count = max(1, round(seconds / 60))
    return ngettext("%(count)d minute", "%(count)d minutes", count) % {"count": count}


def age(seconds: float) -> str:
    """How old something is: seconds below two minutes, then minutes, then hours."""
    if seconds < 120:
        return ngettext("%(count)d second", "%(count)d seconds", round(seconds)) % {"count": round(seconds)}
    if seconds < 7200:
        return minutes(seconds)
    hours = round(seconds / 3600)
    return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}


def kilometres(metres: float) -> str:
    """A distance: metres below one kilometre, else kilometres with one decimal."""
    if metres < 1000:
        return _("%(count)d m") % {"count": round(metres, -1)}
    return _("%(count)s km") % {"count": number_format(metres / 1000, 1)}


def say(reason: Reason) -> str:
    """A reason as one short phrase."""
    values = dict(reason.values)
    if "seconds" in values:
        values |= {"minutes": minutes(_float(values["seconds"])), "age": age(_float(values["seconds"]))}
    if "metres" in values:
        values["way"] = kilometres(_float(values["metres"]))
    if "kind" in values:
        values["kind"] = kind(str(values["kind"]))
    return _sentence(reason.code) % values


def _float(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _sentence(code: str) -> str:
    """The words of a code, in the active language. Every code of `ranking` and `queries` stands here."""
    sentences = {
        "needed_first": _("%(kind)s: needed first by the run card"),
        "needed_next": _("%(kind)s: needed after the first by the run card"),
        "reinforcement": _("%(kind)s: the run card's number is already there"),
        "no_run_card": _("no run card: any unit of the agency"),
        "by_road": _("%(minutes)s by road, %(way)s"),
        "straight_line": _("about %(minutes)s, %(way)s, guessed from the straight line"),
        "fix": _("position %(age)s old"),
        "stale_fix": _("position already %(age)s old"),
        "old_fix": _("last seen %(age)s ago: taken to be at its station"),
        "never_seen": _("sends no position: taken to be at its station"),
        "own_agency": _("of the responsible agency"),
        "other_agency": _("of another agency"),
        "wrong_kind": _("%(kind)s: not on the run card"),
        "out_of_service": _("out of service"),
        "off_duty": _("not on shift"),
        "busy": _("busy with %(number)s"),
        "no_road": _("no road leads there"),
        "farther": _("farther away than those named"),
        "no_network": _("There is no road network: times are guessed from straight lines."),
        "off_road": _("The place is far from every known road: times are guessed from straight lines."),
        "indicative_network": _("Times come from the city pack's indicative streets."),
    }
    return sentences[code]
