"""Template tags of the accounts pages."""
