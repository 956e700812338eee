"""A simulated city that speaks only the public interfaces: HTTP, OsmAnd, `/live`. Knows the kernel only."""
