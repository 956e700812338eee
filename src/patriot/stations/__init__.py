"""Public pages of the stations."""
