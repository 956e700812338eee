"""The intake process by itself, as `patriot intake` runs it."""

import asyncio

from patriot.intake.app import run
from patriot.kernel.config import Config

if __name__ == "__main__":
    asyncio.run(run(Config.from_env()))
