"""What readings say in people's terms: indices, rivers, lamps, car parks, trees, what comes next."""
