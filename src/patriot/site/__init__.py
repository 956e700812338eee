"""Where the house is put together: settings, urls, command line, supervisor. Nothing imports it."""
