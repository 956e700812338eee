"""`patriot up`, `patriot demo`, `patriot version`."""

from argparse import Namespace

import patriot
from patriot.kernel.config import Config
from patriot.site.supervisor import supervise


def up(config: Config, _args: Namespace) -> int:
    """Run everything, for real work."""
    return supervise(config)


def demo(config: Config, _args: Namespace) -> int:
    """Run everything with demo accounts and a simulated city."""
    return supervise(config)


def version(_config: Config, _args: Namespace) -> int:
    """Print the version."""
    print(patriot.__version__)
    return 0
