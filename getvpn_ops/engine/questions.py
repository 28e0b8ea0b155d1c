"""What a device is asked: the basics first, then what its role, its release and its own answers call for.

One session a device, one command after the other; a command that the release cannot know is not sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.engine.assemble import evidence_of
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.version import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.inventory import Device

GDOI_CONFIGURATION = "show running-config | section ^crypto (gdoi|gkm) group"
"""Only there ``passive`` shows. The filter keeps keys and passwords on the router."""

EVENT_TRACE = "show monitor event-trace gdoi all"
"""What GDOI did lately, told without debugging; always on since 15.1(3)T (Cisco, technote 118125 on GETVPN)."""


CERTIFICATES = ("show clock detail", "show crypto pki certificates", "show crypto pki trustpoints status")


@dataclass(slots=True)
class Learnt:
    """What a device has told so far.

    Attributes:
        key_server: whether it serves a group; None before it told.
        member: whether it is a member of one; likewise.
        release: major and minor such as (15, 2); None if it is not known.
    """

    key_server: bool | None = None
    member: bool | None = None
    release: tuple[int, int] | None = None

    def at_least(self, major: int, minor: int = 0) -> bool:
        """Whether the release is so new; an unknown release is asked everything, for a refusal costs nothing."""
        return self.release is None or self.release >= (major, minor)


@dataclass(frozen=True, slots=True)
class Question:
    """A command and when to ask it.

    Attributes:
        command: as it is sent.
        when: given what is known.
        counts: whether it is asked a second time, to see counters move.
    """

    command: str
    when: Callable[[Learnt], bool] = lambda _: True
    counts: bool = False


BASICS = (
    Question("show version"),
    Question("show clock detail"),
    Question("show crypto gdoi"),
)
KEYS = Question("show crypto key mypubkey rsa")
OF_KEY_SERVER = (
    Question("show crypto gdoi ks"),
    Question("show crypto gdoi ks policy"),
    Question("show crypto gdoi ks acl"),
    Question("show crypto gdoi ks members"),
    Question("show crypto gdoi ks members summary", lambda learnt: learnt.at_least(15, 2)),
    Question("show crypto gdoi ks coop"),
    Question("show crypto gdoi ks rekey", lambda learnt: learnt.at_least(15, 2)),
    Question("show crypto gdoi ks replay"),
    KEYS,
)
OF_MEMBER = (
    Question("show crypto gdoi gm acl"),
    Question("show crypto gdoi gm rekey detail"),
    Question("show crypto gdoi gm replay", counts=True),
    Question("show crypto gdoi gm pubkey", lambda learnt: learnt.at_least(12, 5)),
    Question("show crypto gdoi gm dataplane counters", lambda learnt: learnt.at_least(15, 2), counts=True),
    Question("show crypto ipsec sa", counts=True),
    Question("show crypto map"),
    Question("show crypto map gdoi fail-close"),
    Question(GDOI_CONFIGURATION),
    Question("show crypto eli"),
)
OF_BOTH = (
    Question("show crypto isakmp sa"),
    Question("show crypto pki certificates"),
    Question("show ntp status"),
    Question("show processes cpu"),
    Question("show logging"),
)


def script(device: Device) -> Script:
    """Everything that health needs of a device."""
    yield from _script(device, ())


def diagnosis_script(device: Device) -> Script:
    """Everything that diagnosis needs of a device: what health does, and its event trace.

    A release that refuses the trace lacks a clue, and nothing else.
    """
    yield from _script(device, (Question(EVENT_TRACE, lambda learnt: learnt.at_least(15, 1)),))


def _script(device: Device, more: Iterable[Question]) -> Script:
    learnt = Learnt()
    for question in BASICS:
        capture = yield question.command
        _learn(learnt, capture)
    rest: list[Question] = []
    if learnt.key_server or (learnt.key_server is None and device.role is Role.KEY_SERVER):
        rest += OF_KEY_SERVER
    elif device.role is Role.KEY_SERVER:  # it is to become one: the RSA key comes before the group
        rest += (KEYS,)
    if learnt.member or (learnt.member is None and device.role is Role.MEMBER):
        rest += OF_MEMBER
    elif device.role is Role.MEMBER:  # it should be one and has no group: look at what is left of it
        rest += (Question("show crypto map"), Question(GDOI_CONFIGURATION))
    for question in (*rest, *OF_BOTH, *more):
        if question.when(learnt):
            yield question.command


def doctor_script(device: Device) -> Script:
    """What ``doctor`` needs: whether the program can work with the device at all."""
    for question in BASICS:
        yield question.command
    commands = ["show ntp status", GDOI_CONFIGURATION]
    if device.role is not Role.KEY_SERVER:
        commands.append("show archive")
    for command in commands:  # noqa: UP028 -- a list cannot be sent the captures
        yield command


def certificate_script(device: Device) -> Script:
    """What ``certificates`` needs of a device: they are judged by its own clock."""
    del device  # every router has a clock, and every release these commands
    for command in CERTIFICATES:  # noqa: UP028 -- a tuple cannot be sent the captures
        yield command


def counter_script(commands: Iterable[str]) -> Script:
    """A second look at counters: the same commands that gave some the first time."""
    for command in commands:  # noqa: UP028 -- a tuple cannot be sent the captures
        yield command


def counting(command: str) -> bool:
    """Whether a command shows counters that are looked at twice."""
    return any(question.counts and question.command == command for question in (*OF_KEY_SERVER, *OF_MEMBER))


def _learn(learnt: Learnt, capture: Capture) -> None:
    evidence = evidence_of(capture)
    if evidence is None or evidence.parsed is None:
        return
    state = evidence.parsed.data
    if isinstance(state, Version):
        found = re.match(r"(\d+)\.(\d+)", state.release or "")
        learnt.release = (int(found[1]), int(found[2])) if found else None
    elif isinstance(state, Gdoi):
        learnt.key_server = any(group.is_key_server for group in state.groups)
        learnt.member = any(not group.is_key_server for group in state.groups)
