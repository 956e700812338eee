"""Readings of the past: rollups, the archive, series out of both, import and export."""
