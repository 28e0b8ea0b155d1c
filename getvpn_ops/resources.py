"""Where the shipped data folders are: inside the wheel, or beside the package in a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from getvpn_ops.errors import ResourceMissingError

_PACKAGE = Path(__file__).resolve().parent


@cache
def data_dir(name: Literal["parsers", "playbooks", "inventory"]) -> Path:
    """Return the folder: the wheel's copy if this is an install, else the checkout's own.

    Raises:
        ResourceMissingError: neither is there.
    """
    installed = _PACKAGE / "_data" / name
    if installed.is_dir():
        return installed
    checkout = _PACKAGE.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    msg = f"{name}/ is missing: looked in {installed} and {checkout / name}"
    raise ResourceMissingError(msg)
