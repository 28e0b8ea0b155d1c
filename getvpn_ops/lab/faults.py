"""Faults of sessions and of the command line, armed on a router and met when their moment comes.

A fault waits for a line, a step or a time, strikes as often as it was told, and says so in the lab's events. What each
does to a session is decided where it strikes: at login, at a key, at a line, or in the output.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of fault.

    Attributes:
        name: as people write it.
        where: the place where it strikes: ``login``, ``enable``, ``session``, ``key``, ``line``, ``applied``,
            ``output``, or ``now`` for what shows as long as it is armed.
        summary: what happens, for people.
        options: names of its options with their defaults.
        once: whether it strikes once unless told otherwise; else until it is cleared.
    """

    name: str
    where: str
    summary: str
    options: Mapping[str, str] = field(default_factory=dict)
    once: bool = True


KINDS: tuple[Kind, ...] = (
    Kind("refuse-login", "login", "right passwords are refused", once=False),
    Kind("refuse-enable", "enable", "the right enable secret is refused", once=False),
    Kind("vtys-full", "session", "no line is free for a session", once=False),
    Kind("drop-mid-line", "key", "the connection breaks while the line is being typed; nothing of it is applied"),
    Kind("drop-before", "line", "the connection breaks when the line is entered, before it is applied"),
    Kind("drop-after-apply", "applied", "the line is applied, and the connection breaks before the prompt"),
    Kind("reload", "line", "the router reboots instead of applying the line", {"seconds": "90"}),
    Kind("reload-after-apply", "applied", "the line is applied, and the router reboots", {"seconds": "90"}),
    Kind("slow-echo", "line", "every answer waits, as with an authorization server", {"seconds": "7"}, once=False),
    Kind("hang", "line", "the line is never answered, and the connection stays"),
    Kind("not-stored", "line", "the line is accepted without an error, and is not stored"),
    Kind("reject", "line", "the line is answered with an error", {"text": "% Invalid input detected at '^' marker."}),
    Kind("dialog", "line", "a question nobody expects comes before the prompt", {"text": "Are you sure? [confirm]"}),
    Kind("log-between", "line", "log messages come before the answer", {"count": "3"}),
    Kind("truncate", "output", "the output breaks off in the middle", {"share": "0.5"}),
    Kind("huge", "output", "the output goes on for many lines more", {"lines": "100000"}),
    Kind("non-utf8", "output", "bytes that are no text stand in the output"),
    Kind("ansi", "output", "the output is coloured and moves the cursor"),
    Kind(
        "config-locked",
        "now",
        "somebody else holds configuration mode for himself (configure terminal lock)",
        {"user": "other"},
        once=False,
    ),
    Kind("prompt-changed", "now", "the prompt shows another host name", {"name": "elsewhere"}, once=False),
    Kind("host-key-changed", "now", "the router answers with a new host key", once=False),
    Kind("wrong-device", "now", "another device answers behind the port", {"device": ""}, once=False),
    Kind("down", "now", "nothing answers on the port", once=False),
    Kind("split", "now", "nothing passes between these devices and all others", {"with": ""}, once=False),
    Kind("udp-848-blocked", "now", "GDOI does not pass to and from the device", {"with": ""}, once=False),
    Kind("esp-filtered", "now", "ESP does not pass to and from the device, UDP 848 does", {"with": ""}, once=False),
    Kind("mtu", "now", "larger packets vanish on the way to and from the device", {"bytes": "1400"}, once=False),
    Kind("lose-rekeys", "now", "no rekey reaches the member", once=False),
    Kind("tbar-skew", "now", "the member's pseudotime is off", {"seconds": "30"}, once=False),
    Kind("kek-lost", "now", "the member cannot read rekeys until it registers again"),
    Kind(
        "registration-storm",
        "now",
        "all members of the device's groups forget their keys and register at once; the key servers are busy so long",
        {"seconds": "0"},
    ),
    Kind("election-flip", "now", "the primary role moves to this key server, or away from it"),
    Kind("rsa-key-missing", "now", "the keys that sign rekeys are gone from the key server", once=False),
    Kind("rsa-key-differs", "now", "the key server signs rekeys with another key of the same label", once=False),
    Kind(
        "acl-mismatch",
        "now",
        "one line more stands in the key server's list",
        {"entry": "deny ip any host 203.0.113.99"},
        once=False,
    ),
    Kind("certificate-expired", "now", "the device's certificates ended yesterday", once=False),
    Kind("crl-unreachable", "now", "the device's list of revoked certificates cannot be fetched; it logs that once"),
    Kind("coop-stranger", "now", "an unauthorized key server calls; it is logged once", {"address": "203.0.113.9"}),
    Kind("clear-injected", "now", "packets that should be encrypted arrive in clear; it is logged once"),
    Kind("many-members", "now", "the key servers list so many members more", {"count": "4000"}, once=False),
    Kind(
        "version-differs",
        "now",
        "the device's GETVPN software has another version",
        {"version": "2.0.1"},
        once=False,
    ),
    Kind("cpu-high", "now", "the processor has no time", {"percent": "97"}, once=False),
    Kind("engine-full", "now", "the crypto engine is full and refuses requests", {"failed": "12"}, once=False),
    Kind("licence-lost", "now", "the security licence is an evaluation, or missing", {"state": "missing"}, once=False),
    Kind("other-release", "now", "the device has booted another image of its kind", {"release": ""}, once=False),
    Kind("ntp-lost", "now", "no time server answers the device", once=False),
    Kind(
        "policy-mismatch",
        "now",
        "the key server's keys would live for another time",
        {"seconds": "1800"},
        once=False,
    ),
)


class UnknownFaultError(ValueError):
    """There is no such fault, or it has no such option."""


@dataclass(slots=True)
class Fault:
    """A fault that waits.

    Attributes:
        number: names it until the lab ends.
        kind: what it does.
        options: of its kind, all filled in.
        line: what a line must match; any line if absent.
        skip: so many matches pass first.
        left: strikes left; None strikes until it is cleared.
    """

    number: int
    kind: Kind
    options: dict[str, str]
    line: re.Pattern[str] | None = None
    skip: int = 0
    left: int | None = 1

    @property
    def text(self) -> str:
        """One line for people."""
        parts = [self.kind.name]
        if self.line is not None:
            parts.append(f"at a line like {self.line.pattern!r}")
        if self.skip:
            parts.append(f"after {self.skip} more")
        parts += [f"{key}={value}" for key, value in self.options.items()]
        if self.left is None:
            parts.append("until cleared")
        elif self.left > 1:
            parts.append(f"{self.left} times")
        return ", ".join(parts)


_numbers = itertools.count(1)


def kind(name: str) -> Kind:
    """The kind of a name.

    Raises:
        UnknownFaultError: there is none.
    """
    for known in KINDS:
        if known.name == name:
            return known
    msg = f"no fault is called {name!r}; there are {', '.join(known.name for known in KINDS)}"
    raise UnknownFaultError(msg)


def fault(
    name: str,
    *,
    line: str | None = None,
    skip: int = 0,
    times: int | None = None,
    options: Mapping[str, str] | None = None,
) -> Fault:
    """Make a fault.

    Args:
        name: of its kind.
        line: regular expression that a typed line must match.
        skip: matches that pass before it strikes.
        times: strikes; 0 strikes until it is cleared; None as is usual for its kind.
        options: of its kind.

    Raises:
        UnknownFaultError: no such kind or option, or the expression is none.
    """
    found = kind(name)
    unknown = set(options or ()) - set(found.options)
    if unknown:
        known = ", ".join(found.options) or "none"
        msg = f"{name} has no option {min(unknown)!r}; it has {known}"
        raise UnknownFaultError(msg)
    try:
        pattern = re.compile(line, re.IGNORECASE) if line is not None else None
    except re.error as exc:
        msg = f"not a regular expression: {line!r}: {exc}"
        raise UnknownFaultError(msg) from exc
    left = (1 if found.once else None) if times is None else (times or None)
    return Fault(next(_numbers), found, {**found.options, **(options or {})}, pattern, skip, left)


class Faults:
    """The faults of one router."""

    def __init__(self, struck: Callable[[Fault, str], None] = lambda _fault, _line: None) -> None:
        """Start with none.

        Args:
            struck: told of each strike, with the line at which it struck.
        """
        self.armed: list[Fault] = []
        self._waiting: list[tuple[Fault, Callable[[], None]]] = []
        self._struck = struck

    def arm(self, made: Fault) -> None:
        """Let it wait."""
        self.armed.append(made)

    @property
    def every(self) -> list[Fault]:
        """Those that are armed, and those that wait for a line."""
        return [*self.armed, *(made for made, _ in self._waiting)]

    def wait(self, made: Fault, then: Callable[[], None]) -> None:
        """Let a fault that strikes at once wait until its line is typed, and do it right before the line is."""
        self._waiting.append((made, then))

    def clear(self, number: int | None = None) -> int:
        """Take away one, or all; returns how many there were."""
        before = len(self.armed) + len(self._waiting)
        self.armed = [item for item in self.armed if number is not None and item.number != number]
        self._waiting = [item for item in self._waiting if number is not None and item[0].number != number]
        return before - len(self.armed) - len(self._waiting)

    def standing(self, name: str) -> Fault | None:
        """The fault of a kind that shows as long as it is armed."""
        return next((item for item in self.armed if item.kind.name == name), None)

    def meet(self, where: str, line: str = "") -> list[Fault]:
        """The faults that strike here and now; each counts as one strike.

        Args:
            where: the place, as in ``Kind.where``.
            line: what was typed; for ``key`` as far as it was.
        """
        if where == "line" and self._waiting:
            self._come(line)
        if not self.armed:
            return []
        struck = []
        for item in tuple(self.armed):
            if item.kind.where != where or (item.line is not None and not item.line.search(line)):
                continue
            if item.skip:
                item.skip -= 1
                continue
            if item.left is not None:
                item.left -= 1
                if not item.left:
                    self.armed.remove(item)
            struck.append(item)
            self._struck(item, line)
        return struck

    def _come(self, line: str) -> None:
        for item in tuple(self._waiting):
            made, then = item
            if made.line is None or not made.line.search(line):
                continue
            if made.skip:
                made.skip -= 1
                continue
            self._waiting.remove(item)
            then()
