"""Where things of the user are kept. The only module that asks the system for its folders."""

from __future__ import annotations

from pathlib import Path

import appdirs

APPLICATION = "sketch"


def config_folder() -> Path:
    """Settings the person made; made when missing."""
    return _made(appdirs.user_config_dir(APPLICATION, appauthor=False))


def data_folder() -> Path:
    """The person's own blocks; made when missing."""
    return _made(appdirs.user_data_dir(APPLICATION, appauthor=False))


def log_folder() -> Path:
    """Log files; made when missing."""
    return _made(appdirs.user_log_dir(APPLICATION, appauthor=False))


def state_folder() -> Path:
    """Sessions with their journals; made when missing. Never a temporary folder, never beside a model."""
    return _made(appdirs.user_state_dir(APPLICATION, appauthor=False))


def cache_folder() -> Path:
    """What can be made again (thumbnails); made when missing."""
    return _made(appdirs.user_cache_dir(APPLICATION, appauthor=False))


def _made(name: str) -> Path:
    folder = Path(name)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
