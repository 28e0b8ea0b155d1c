"""Scenes in which a check must fail, pass again, and not know: what is done to a lab's routers, and what must be said.

A place is a lab with some routers of the worked example. Scenes that do not disturb each other share one, so that a lab
is looked at three times for all of them: ill, healed, and silent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from getvpn_ops.model.fleet import Depth
from getvpn_ops.model.outcome import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_SERVERS = ("lds-ks1", "ams-ks1", "dub-ks1")


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of the lab, until all are cleared.

    Attributes:
        device: on which.
        name: of its kind.
        line: at which it strikes; then every time.
        options: of the kind.
    """

    device: str
    name: str
    line: str | None = None
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Typed:
    """Lines typed on a router over SSH, each when the router asked for it."""

    device: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Configured:
    """Lines typed in configuration mode; none may be refused."""

    device: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """The lab's clock jumps."""

    seconds: float


Act = Fault | Typed | Configured | Wait


def fault(device: str, name: str, /, **options: str) -> Fault:
    """A fault with its options."""
    return Fault(device, name, None, tuple(options.items()))


def typed(device: str, *lines: str) -> Typed:
    """Lines at the prompt."""
    return Typed(device, lines)


def configured(device: str, *lines: str) -> Configured:
    """Lines in configuration mode."""
    return Configured(device, lines)


def refused(device: str, *commands: str) -> tuple[Fault, ...]:
    """The router says that it does not know these commands."""
    return tuple(Fault(device, "reject", f"^{command}$") for command in commands)


def garbled(device: str, *commands: str) -> tuple[Fault, ...]:
    """The router answers these commands with words that mean nothing."""
    text = (("text", "kernel: bus error, see the console"),)
    return tuple(Fault(device, "reject", f"^{command}", text) for command in commands)


@dataclass(frozen=True, slots=True)
class Place:
    """A lab.

    Attributes:
        members: its routers beside the key servers.
        before: done once it is up, while all is well.
        ill_after: seconds from the last of the faults to the look at them.
        well_after: seconds from the end of the faults to the look at what is healed.
        interval: seconds between two looks at counters.
        since: whether each look is compared with one before it.
        depth: who is asked.
        doctor: whether the questions of ``doctor`` are put instead of those of ``health``.
        intent: more of what the group WAN should be.
    """

    members: tuple[str, ...] = ()
    before: tuple[Act, ...] = ()
    ill_after: float = 5
    well_after: float = 60
    interval: float = 0
    since: bool = False
    depth: Depth = Depth.FULL
    doctor: bool = False
    intent: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scene:
    """One check in the lab.

    Attributes:
        place: name of the lab.
        subject: as the outcome calls it: a group, a member within one, or a device.
        inject: what makes the check fail.
        says: words that the failures must say.
        heal: what heals beside the end of all faults.
        withhold: what keeps the evidence back.
        misses: words that what is unknown must say.
        healed: status once it is healed.
        unasked: the evidence is withheld by not asking the device at all.
    """

    place: str
    subject: str
    inject: tuple[Act, ...]
    says: tuple[str, ...]
    heal: tuple[Act, ...] = ()
    withhold: tuple[Act, ...] = ()
    misses: str = ""
    healed: Status = Status.PASS
    unasked: bool = False
