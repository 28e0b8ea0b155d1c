"""Exec commands of GDOI that more than one part types or shows."""

from __future__ import annotations

from typing import Final

REPLACE_NOW: Final = "replace-now"


def rekey_command(group: str, *, replace_now: bool = False) -> str:
    """``crypto gdoi ks group NAME rekey [replace-now]`` (IOS security command reference; 15.2(1)T and later).

    Without the name it would rekey every group that the router is primary of.

    Args:
        group: as the key server calls it.
        replace_now: whether the old keys end at once.
    """
    return f"crypto gdoi ks group {group} rekey{f' {REPLACE_NOW}' if replace_now else ''}"
