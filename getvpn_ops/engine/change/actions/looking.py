"""What performers of actions read of devices: a few commands each, of a few devices, as often as it takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.engine.collect import Wish
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.state.logging import Logging
from getvpn_ops.model.syslog import SyslogMessage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.fleet import DeviceState, FleetState
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.plan import PlannedStep

_OF_ANY = ("show version", "show crypto gdoi", "show logging")
_OF_SERVER = (
    "show clock",  # its log is dated by it
    "show crypto gdoi ks policy",
    "show crypto gdoi ks members",
    "show crypto gdoi ks coop",
    "show crypto gdoi ks replay",
)
_OF_MEMBER = ("show crypto map", "show crypto ipsec sa")
_KEEPS_NOTICES = frozenset({"notifications", "informational", "debugging"})
_NONE, _UNDATED = "-", "?"


def look(scene: Scene, devices: Iterable[Device], *more: str) -> FleetState:
    """Ask devices what actions need of their role.

    Args:
        scene: of the run.
        devices: whom to ask.
        more: commands for all of them beside the usual ones.
    """

    def script(device: Device) -> Script:
        own = _OF_SERVER if device.role is Role.KEY_SERVER else _OF_MEMBER
        for command in (*_OF_ANY, *own, *more):  # noqa: UP028 -- a tuple cannot be sent the captures
            yield command

    wish = Wish(tuple(dict.fromkeys(devices)), interval=timedelta(), script=script)
    return scene.collector.collect(scene.run, scene.inventory, wish)


def asked(scene: Scene, device: Device, *commands: str) -> DeviceState:
    """Ask one device these commands and no more."""

    def script(_: Device) -> Script:
        for command in commands:  # noqa: UP028 -- a tuple cannot be sent the captures
            yield command

    wish = Wish((device,), interval=timedelta(), script=script)
    return scene.collector.collect(scene.run, scene.inventory, wish).devices[device.name]


def servers(step: PlannedStep, scene: Scene) -> list[Device]:
    """All key servers of the groups of a step."""
    found = (item for group in step.groups for item in scene.inventory.key_servers(group))
    return list({item.name: item for item in found}.values())


def with_servers(step: PlannedStep, scene: Scene) -> list[Device]:
    """The device of a step, and all key servers of its groups."""
    own = scene.device(step.device)
    return [own, *(item for item in servers(step, scene) if item.name != own.name)]


@dataclass(slots=True)
class Patience:
    """Looks until a time is over: now, and after each pause, once more at the end.

    Attributes:
        scene: whose clock.
        seconds: in all, at most.
        poll: between two looks.
        broken: whether a person asked for the end.
    """

    scene: Scene
    seconds: float
    poll: float = 2.0
    broken: bool = field(default=False, init=False)

    def __iter__(self) -> Iterator[None]:
        clock = self.scene.clock
        end = clock.now() + timedelta(seconds=self.seconds)
        while True:
            yield
            self.scene.log.keep_alive()
            now = clock.now()
            if now >= end:
                return
            if self.scene.stopping() or not clock.wait_until(min(end, now + timedelta(seconds=self.poll))):
                self.broken = True
                return

    def held(self, step: PlannedStep, reason: str, next_step: str, *, is_known: bool) -> Hold:
        """That it did not come in time, or was not waited for."""
        if self.broken:
            why = f"interrupted while '{step.title}' was not proven yet: {reason}"
            return Hold(why, f"getvpn-ops resume {self.scene.run}", ExitCode.INTERRUPTED)
        return Hold(reason, next_step, ExitCode.FINDINGS if is_known else ExitCode.UNDETERMINED)


# -- the log of a router


def log_mark(state: DeviceState, *mnemonics: str) -> str:
    """What tells the last of these messages from the next one; empty if the log of the router proves nothing.

    All of these messages are notices, so that a buffer of that level has them.
    """
    try:
        logging = state.latest(Logging).value
    except EvidenceMissingError:
        return ""
    buffer = next((item for item in logging.destinations if item.name.casefold() == "buffer"), None)
    if buffer is None or buffer.level not in _KEEPS_NOTICES:
        return ""
    found = [item for item in logging.messages if isinstance(item, SyslogMessage) and item.mnemonic in mnemonics]
    if not found:
        return _NONE
    last = found[-1]
    if last.sequence is None and last.stamp is None and last.uptime is None:
        return f"{_UNDATED} {len(found)}"
    return f"{last.sequence or ''} {last.stamp or ''} {last.uptime or ''} {last.text}".strip()


def came(before: str, after: str) -> bool | None:
    """Whether such a message came between two marks; None if the log does not tell."""
    if not before or not after or (after == _NONE and before != _NONE):
        return None  # no log, or one that was overwritten since
    if after != before:
        return True
    return None if after.startswith(_UNDATED) else False
