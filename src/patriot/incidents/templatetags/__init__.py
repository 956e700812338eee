"""Template tags of incidents: deadlines, money and durations in words."""
