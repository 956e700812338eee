"""The officer's phone: a face. It reads and calls, and owns no rules."""
