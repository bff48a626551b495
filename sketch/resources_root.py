"""Where the resources are: layer files, operators, settings, themes, icons and examples.

A wheel carries them inside the package; a checkout, and an editable install of it, has them beside it.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource_root() -> Path:
    """Return the resources folder; FileNotFoundError when the installation is incomplete."""
    for folder in (_PACKAGE / "resources", _PACKAGE.parent / "resources"):
        if (folder / "layers").is_dir():
            return folder
    raise FileNotFoundError(f"{_PACKAGE}: the resources folder is missing; install Sketch again")
