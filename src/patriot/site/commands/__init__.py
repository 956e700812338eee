"""The commands behind `patriot`, a few per module; `site.cli.COMMANDS` lists them."""
