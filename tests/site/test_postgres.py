import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from patriot.kernel.config import Config
from patriot.site.account import CAPABILITIES, RUN_AS, _setpriv
from patriot.site.postgres import Postgres, _alive, binaries
from patriot.site.standby import served
from tests.site.conftest import ROOT, Installation

AS_ROOT = os.geteuid() == 0


def _answers(config: Config) -> bool:
    with psycopg.connect(host=str(config.run_folder), user="patriot", dbname="patriot") as link:
        return link.execute("SELECT 1").fetchone() == (1,)


def _server(installation: Installation) -> Postgres:
    return Postgres(installation.config, durable=False)


def test_it_serves_a_database_and_stops_in_good_order(installation: Installation) -> None:
    server = _server(installation)
    with served(server):
        assert _answers(server.config)
        pid = int((server.data / "postmaster.pid").read_text().split()[0])
        assert Path(f"/proc/{pid}").stat().st_uid != 0
    assert not (server.data / "postmaster.pid").exists()


@pytest.mark.skipif(not AS_ROOT, reason="we are an ordinary user already: the test above is this one")
def test_it_serves_an_ordinary_user(installation: Installation) -> None:
    installation.home.chmod(0o777)
    words = "from tests.site.test_postgres import serve_once; serve_once()"
    rights = _setpriv(
        pwd.getpwnam(RUN_AS), CAPABILITIES[0], signal.SIGTERM
    )  # to read Python, wherever it lies
    command = [*rights, sys.executable, "-c", words]
    done = subprocess.run(
        command, env=installation.whole_env, capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.stdout == "serves\n", done.stderr


def serve_once() -> None:
    """Run by the test above in a process of an ordinary user."""
    server = Postgres(Config.from_env(), durable=False)
    with served(server):
        print("serves" if _answers(server.config) else "does not serve")


@pytest.mark.skipif(not AS_ROOT, reason="only root gives up rights")
def test_it_serves_from_a_folder_that_only_root_may_enter(installation: Installation) -> None:
    installation.home.chmod(0o700)
    server = _server(installation)
    with served(server):
        status = Path(f"/proc/{(server.data / 'postmaster.pid').read_text().split()[0]}/status").read_text()
    assert "setpriv" in server.command().argv
    capabilities = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    assert int(capabilities.split()[1], 16).bit_count() == 1


def test_it_begins_again_after_a_half_finished_start(installation: Installation) -> None:
    server = _server(installation)
    unfinished = installation.home / "postgres.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    with served(server):
        assert _answers(server.config)


def test_it_puts_aside_a_data_folder_that_is_not_whole(installation: Installation) -> None:
    server = _server(installation)
    server.data.mkdir()
    (server.data / "PG_VERSION").write_text("18\n")
    with served(server):
        assert _answers(server.config)
    assert len(list(installation.home.glob("postgres.broken-*"))) == 1


def test_it_starts_after_its_process_number_went_to_another_program(installation: Installation) -> None:
    server = _server(installation)
    with served(server):
        pass
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n")
    with served(server):
        assert _answers(server.config)


@pytest.mark.fault
def test_it_ends_a_server_that_an_earlier_start_left_behind(installation: Installation) -> None:
    server = _server(installation)
    with served(server):
        left = int((server.data / "postmaster.pid").read_text().split()[0])
        server.prepare()
        assert not _alive(left)


@pytest.mark.fault
def test_it_starts_after_kill_9(installation: Installation) -> None:
    server = _server(installation)
    server.prepare()
    process = server.start()
    installation.wait_for(lambda: (server.data / "postmaster.pid").exists(), 10)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    with served(server):
        assert _answers(server.config)


def test_it_finds_a_short_way_to_a_home_with_a_long_name(installation: Installation) -> None:
    deep = installation.home / ("a" * 60) / ("b" * 60)
    deep.mkdir(parents=True)
    long = Installation(deep)
    with served(_server(long)):
        assert _answers(long.config)
    long.clear()


def test_it_says_where_it_looked_for_its_programs() -> None:
    with pytest.raises(RuntimeError, match="PATRIOT_POSTGRES_BIN is /nowhere"):
        binaries({"PATRIOT_POSTGRES_BIN": "/nowhere"})


def test_it_refuses_the_data_of_another_version_in_words(installation: Installation) -> None:
    server = _server(installation)
    with served(server):
        pass
    (server.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(RuntimeError, match="was made by PostgreSQL 12"):
        server.prepare()
