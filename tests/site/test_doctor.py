import socket

from patriot.site.doctor import examine
from tests.site.conftest import Installation


def _wrong(installation: Installation) -> dict[str, str]:
    return {finding.name: finding.words for finding in examine(installation.config) if finding.wrong}


def test_it_finds_a_secret_that_others_can_read(installation: Installation) -> None:
    (installation.home / "secret_key").write_text("secret")
    (installation.home / "secret_key").chmod(0o644)
    assert "chmod 600" in _wrong(installation)["secret_key"]


def test_it_finds_a_port_that_is_taken(installation: Installation) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", installation.config.http_port))
        taken.listen()
        assert "PATRIOT_HTTP_PORT" in _wrong(installation)[f"port {installation.config.http_port}"]


def test_it_warns_of_a_demo_that_strangers_can_reach(installation: Installation) -> None:
    installation.env |= {"PATRIOT_BIND": "0.0.0.0", "PATRIOT_DEMO": "1"}
    assert "known logins" in _wrong(installation)["bind"]


def test_it_warns_of_passwords_that_travel_unencrypted(installation: Installation) -> None:
    installation.env["PATRIOT_BIND"] = "0.0.0.0"
    assert "https" in _wrong(installation)["public URL"]


def test_it_finds_programs_that_are_not_there(installation: Installation) -> None:
    installation.env["PATRIOT_POSTGRES_BIN"] = "/nowhere"
    assert "/nowhere" in _wrong(installation)["PostgreSQL"]
