"""What citizens say: words, photos, place, privacy, moderation. Its status is its incident's: see `incidents`."""
