"""The installation's secret key: given by the environment, or made once and kept for its owner only."""

import os
import secrets

from patriot.kernel.config import Config


def secret_key(config: Config) -> str:
    """`PATRIOT_SECRET_KEY`, or the key kept in `<home>/secret_key`, made at the first call."""
    if given := config.env.get("PATRIOT_SECRET_KEY"):
        return given
    kept = config.home / "secret_key"
    try:
        return kept.read_text().strip()
    except FileNotFoundError:
        return _make(config)


def _make(config: Config) -> str:
    """Write a new key. Two processes starting at once agree on the one that was written first."""
    config.home.mkdir(parents=True, exist_ok=True)
    kept = config.home / "secret_key"
    draft = config.home / f"secret_key.{os.getpid()}"
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(48))
    try:
        os.link(draft, kept)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return kept.read_text().strip()
