"""Facts about the whole installation, kept in its database."""

from patriot.site.models import Fact

DEMO = "demo"  # "yes" or "no", decided at the first start
PACK = "pack"  # name and digest of the city pack that was loaded last


def fact(name: str) -> str | None:
    """A fact's value, or None when it was never set."""
    return Fact.objects.filter(name=name).values_list("value", flat=True).first()


def set_fact(name: str, value: str) -> None:
    """Set a fact."""
    Fact.objects.update_or_create(name=name, defaults={"value": value})
