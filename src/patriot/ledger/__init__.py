"""The one append-only, hash-chained log of everything that happened: audit, live feed and replay at once."""
