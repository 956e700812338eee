import re
import subprocess
import sys

import patriot
from patriot.site.cli import COMMANDS
from tests.site.conftest import ROOT, Installation


def test_it_prints_its_version(installation: Installation) -> None:
    assert installation.run("version").stdout == f"{patriot.__version__}\n"


def test_it_lists_every_command(installation: Installation) -> None:
    listed = installation.run("--help").stdout
    assert all(re.search(rf"^ +{name} ", listed, re.MULTILINE) for name in COMMANDS)


def test_it_says_which_port_is_none(installation: Installation) -> None:
    port = installation.env["PATRIOT_MQTT_PORT"]
    installation.env["PATRIOT_MQTT_PORT"] = "many"
    done = installation.run("version")
    installation.env["PATRIOT_MQTT_PORT"] = port
    assert done.returncode == 2
    assert "PATRIOT_MQTT_PORT is 'many'" in done.stderr


def test_it_names_the_city_packs_there_are(installation: Installation) -> None:
    done = installation.run("city", "check", "atlantis")
    assert done.returncode == 1
    assert "kota_bekasi" in done.stderr


HANGS = """
import asyncio, os, signal, threading
from patriot.site.commands import roles

async def deaf():
    threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGTERM]).start()
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

roles.LONGEST_GOODBYE = 0.5
roles._until_asked(deaf())
"""


def test_it_ends_a_role_that_does_not_end_by_itself() -> None:
    done = subprocess.run([sys.executable, "-c", HANGS], timeout=30, check=False)
    assert done.returncode == 1


def test_it_is_explained_in_the_runbook() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    assert [name for name in COMMANDS if f"patriot {name}" not in runbook] == []
