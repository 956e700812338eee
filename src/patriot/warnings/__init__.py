"""Public warnings."""
