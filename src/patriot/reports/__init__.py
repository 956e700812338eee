"""What citizens say: words, photos, place, privacy, moderation. Status is its incident's: see `incidents`."""
