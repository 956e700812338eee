"""The one alarm list."""
