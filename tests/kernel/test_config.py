"""The environment, read and judged."""

from pathlib import Path

import pytest

from patriot.kernel.config import Config


def test_it_has_a_default_for_everything() -> None:
    config = Config.from_env({})
    assert (config.http_port, config.mqtt_port, config.osmand_port) == (8000, 1883, 5055)
    assert config.embedded_postgres
    assert config.embedded_nats


def test_a_second_one_needs_no_port_named_for_clients_of_the_standard() -> None:
    assert Config.from_env({}).sta_port == 1885
    assert Config.from_env({"PATRIOT_MQTT_PORT": "1884"}).sta_port == 1886


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "80.5"])
def test_it_says_which_port_is_wrong(port: str) -> None:
    with pytest.raises(ValueError, match="PATRIOT_MQTT_PORT"):
        Config.from_env({"PATRIOT_MQTT_PORT": port})


def test_it_keeps_sockets_on_a_short_path_however_long_the_home_is(tmp_path: Path) -> None:
    config = Config.from_env({"PATRIOT_HOME": str(tmp_path / ("deep" * 30))})
    assert len(str(config.run_folder / ".s.PGSQL.5432")) <= 107
    assert config.run_folder == Config.from_env({"PATRIOT_HOME": str(config.home)}).run_folder
