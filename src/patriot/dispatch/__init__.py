"""Units, run cards, recommendations and assignments: who goes, and how it went."""
