"""How agencies and devices speak to the center: one folder each, found by its manifest."""
