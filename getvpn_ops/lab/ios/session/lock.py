"""Configuration mode held by one session alone (``configure terminal lock``, Exclusive Configuration Change Access)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from getvpn_ops.lab.ios.session.shell import Shell

_PROCESS = 331  # a number such as captures show; what it is says nothing


@dataclass(frozen=True, slots=True)
class Lock:
    """Who holds configuration mode.

    Attributes:
        holder: the session.
        user: who is logged in there.
        line: number of its terminal.
    """

    holder: object
    user: str
    line: int


def take(shell: Shell) -> None:
    """Hold configuration mode from now on, until it is left."""
    shell.router.lock = Lock(shell, shell.user, shell.line)


def release(shell: Shell) -> None:
    """Configuration mode was left: whoever held it holds it no longer."""
    lock = shell.router.lock
    if lock is not None and lock.holder is shell:
        shell.router.lock = None


def refusal(shell: Shell) -> str:
    """What the router says to who may not configure now; empty if they may."""
    router = shell.router
    lock = router.lock
    if (fault := router.faults.standing("config-locked")) is not None:
        lock = Lock(fault, fault.options["user"], 2)
    if lock is None or lock.holder is shell:
        return ""
    if router.release.family == "12.4":
        who = f"Configuration mode locked exclusively by user '{lock.user}' process '{_PROCESS}'"
    else:
        who = f"Configuration mode is locked by process '{_PROCESS}' user '{lock.user}'"
    return f"{who} from terminal '{lock.line}'. Please try later.\n"
