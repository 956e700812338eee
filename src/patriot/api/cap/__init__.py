"""CAP alerts for machines: an Atom feed and single messages, as they were sent."""
