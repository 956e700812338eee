"""`patriot doctor`: what is wrong with this installation, and what to do about it."""

from argparse import Namespace

from patriot.kernel.config import Config
from patriot.site.doctor import examine


def doctor(config: Config, _args: Namespace) -> int:
    """Print every finding. Exits with 1 when something is wrong."""
    findings = examine(config)
    for finding in findings:
        print(f"{finding.mark} {finding.name:<14} {finding.words}")
    wrong = [finding for finding in findings if finding.wrong]
    print(f"\n{len(wrong)} of {len(findings)} things are wrong." if wrong else "\nNothing is wrong.")
    return 1 if wrong else 0
