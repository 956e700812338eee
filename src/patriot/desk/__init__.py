"""The agency's face: its queue, its incidents, its money, its figures. Reads and calls; owns no rules."""
