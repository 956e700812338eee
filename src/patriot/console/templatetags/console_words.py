"""Small drawings and words of the console's pages."""

from collections.abc import Sequence

from django import template
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from patriot.sensing.equipment.assets import Day

register = template.Library()

WIDTH, GAP, HEIGHT = 4, 1, 20
GOOD, FAIR = 0.95, 0.6
BAR = '<rect class="{}" x="{}" y="{}" width="4" height="{}"><title>{}</title></rect>'
BARS = '<svg class="uptime" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}</svg>'


@register.filter
def percent(share: float | None) -> str:
    """0.984 → 98 %. Rounded down, so that 100 % means all of it."""
    return "–" if share is None else f"{int(share * 100 + 1e-9)} %"


@register.simple_tag
def uptime_bars(days: Sequence[Day]) -> SafeString:
    """Thirty small bars, one a day: high is heard, red is silent, an empty line has no record."""
    bars = format_html_join("", BAR, (_bar(number, day) for number, day in enumerate(days)))
    words = _("{n} days of record").format(n=sum(day.share is not None for day in days))
    width = len(days) * (WIDTH + GAP)
    return format_html(BARS, width, HEIGHT, width, HEIGHT, words, bars)


def _bar(number: int, day: Day) -> tuple[str, int, int, int, str]:
    tall = 2 if day.share is None else max(3, round(day.share * HEIGHT))
    look = (
        "none"
        if day.share is None
        else "good"
        if day.share >= GOOD
        else "fair"
        if day.share >= FAIR
        else "bad"
    )
    words = f"{date_format(day.day, 'j M')}: {percent(day.share)}"
    return f"uptime__{look}", number * (WIDTH + GAP), HEIGHT - tall, tall, words


@register.filter
def rupiah_short(amount: int | None) -> str:
    """4_310_000_000 → Rp 4,3 bn: for a big figure on a card."""
    if amount is None:
        return "–"
    for size, name in ((10**12, _("tn")), (10**9, _("bn")), (10**6, _("m"))):
        if amount >= size:
            return f"Rp {number_format(amount / size, 1 if amount < 100 * size else 0)} {name}"
    return f"Rp {number_format(amount, 0)}"
