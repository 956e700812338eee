"""Where things are: areas, streets, waters, facilities, and the way from here to there."""
