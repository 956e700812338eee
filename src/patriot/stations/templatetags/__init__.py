"""Template filters of the stations' pages."""
