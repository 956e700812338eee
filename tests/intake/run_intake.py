"""The intake process by itself, as `patriot intake` runs it."""

import asyncio
import os

import django

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "patriot.site.settings"
    django.setup()
    from patriot.intake.app import run
    from patriot.kernel.config import Config

    asyncio.run(run(Config.from_env()))
