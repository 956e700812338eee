import shutil
import socket
from collections import namedtuple

import pytest

from patriot.kernel.config import Config
from patriot.site.preflight import CannotStart, check_machine, is_running, only_one
from tests.site.conftest import Installation

Usage = namedtuple("Usage", "total used free")


def test_it_names_the_taken_port_and_the_variable_that_moves_it(installation: Installation) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", installation.config.mqtt_port))
        taken.listen()
        with pytest.raises(CannotStart, match=f"Port {installation.config.mqtt_port}.*PATRIOT_MQTT_PORT"):
            check_machine(installation.config)


def test_it_does_not_need_the_mqtt_port_when_nats_is_outside(installation: Installation) -> None:
    installation.env["NATS_URL"] = "nats://elsewhere:4222"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", installation.config.mqtt_port))
        taken.listen()
        check_machine(installation.config)


def test_it_says_how_much_room_is_missing(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(1, 1, 7_000_000))
    with pytest.raises(CannotStart, match="Only 7 MB are free"):
        check_machine(installation.config)


def test_it_lets_one_supervisor_have_a_home(installation: Installation) -> None:
    assert not is_running(installation.config)
    with only_one(installation.config):
        assert is_running(installation.config)
        with pytest.raises(CannotStart, match="another PATRIOT_HOME"), only_one(installation.config):
            pass
    assert not is_running(installation.config)


def test_it_says_when_the_home_cannot_be_made() -> None:
    config = Config.from_env({"PATRIOT_HOME": "/proc/nowhere"})
    with pytest.raises(CannotStart, match="Set PATRIOT_HOME"), only_one(config):
        pass
