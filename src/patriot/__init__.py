"""Patriot: an open operations center for a city."""

__version__ = "0.1.0"
