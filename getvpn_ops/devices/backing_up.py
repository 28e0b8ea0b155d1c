"""Running configurations of many devices for the backup: NAPALM's ``get_config`` in one session each.

NAPALM takes lines away that it knows as noise, wherever they stand, also in a banner. What it gives is held against
what the device printed, and where it lost anything but noise, the words of the device are taken.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from getvpn_ops.devices.napalm import driver
from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.dialect.volatile import stable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from getvpn_ops.devices.fleet import NornirFleet
    from getvpn_ops.devices.session import Session
    from getvpn_ops.devices.sweep import Watcher
    from getvpn_ops.devices.visit import Script
    from getvpn_ops.model.capture import Capture, Visit
    from getvpn_ops.model.inventory import Device

CONFIGURATION = "show running-config"
_VERSION = "show version"


@dataclass(frozen=True, slots=True)
class Heard:
    """What a device said when its configuration was read.

    Attributes:
        text: its running configuration without readable secrets; None if it did not come whole.
        visit: how the visit went.
        reason: why there is no text, in words.
    """

    text: bytes | None
    visit: Visit
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ConfigurationReader:
    """Reads configurations over the fleet's own sessions.

    Attributes:
        fleet: devices, asked as for everything else: one session each, captures kept without secrets.
        hide: (device, text as printed, text with placeholders) -> text to be backed up; called in the device's own
            thread with the only copy of the true text. None backs up the placeholders.
    """

    fleet: NornirFleet
    hide: Callable[[str, bytes, bytes], bytes] | None = None

    def read(
        self, devices: Iterable[Device], *, keep: Callable[[Capture], None], progress: Watcher
    ) -> Mapping[str, Heard]:
        """Read the running configuration of each device.

        Args:
            devices: whom to ask.
            keep: gets every capture, without secrets, before anything else is done with it.
            progress: is told.

        Returns:
            Exactly one answer for each device, by name.

        Raises:
            DispatchError: there is no device.
        """
        redactor = self.fleet.redactor
        ear = _Ear(redactor, self.hide) if self.hide is not None else None
        fleet = replace(self.fleet, speak=_ByNapalm, redactor=ear or redactor)
        last: dict[str, Capture] = {}
        texts: dict[str, bytes] = {}

        def listen(capture: Capture) -> None:
            keep(capture)
            last[capture.device] = capture
            if capture.command == CONFIGURATION and capture.trouble is None:
                texts[capture.device] = ear.hidden(capture) if ear is not None else capture.text

        visits = fleet.ask({item: _script(item) for item in devices}, keep=listen, progress=progress)
        return {
            name: _heard(visit, texts.get(name) if visit.trouble is None else None, last.get(name))
            for name, visit in visits.items()
        }


def _heard(visit: Visit, text: bytes | None, last: Capture | None) -> Heard:
    if text is not None:
        return Heard(text, visit)
    trouble, reason = visit.trouble, visit.reason
    if trouble is None and last is not None:
        trouble, reason = last.trouble, last.reason
    words = [trouble.value if trouble is not None else "", reason]
    return Heard(None, visit, ": ".join(filter(None, words)) or "it was not asked")


def _script(device: Device) -> Callable[[], Script]:
    def ask() -> Script:
        if device.serial:
            yield _VERSION  # so that no other chassis is written down under this name
        yield CONFIGURATION

    return ask


class _ByNapalm:
    """A session whose configuration NAPALM reads."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def engine(self) -> str:
        return self._session.engine

    @property
    def hostname(self) -> str:
        return self._session.hostname

    def close(self) -> None:
        self._session.close()

    def show(self, command: str) -> bytes:
        """What the device answers; see ``Session.show``."""
        if command != CONFIGURATION:
            return self._session.show(command)
        device = driver(self._session)
        line = _Line(self._session)
        device.device = line
        told = str(device.get_config(retrieve="running", sanitized=False)["running"])
        whole = stable(told) == stable(line.printed)
        return (told if whole else line.printed).encode(errors="surrogateescape")


class _Line:
    """What NAPALM types on; remembers every byte of the answer, also those that are no UTF-8."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.printed = ""

    def send_command(self, command: str) -> str:
        """As Netmiko's."""
        text = self._session.show(command).decode(errors="surrogateescape")
        self.printed = text.replace("\r\n", "\n")
        return self.printed


class _Ear(Redactor):
    """Another redactor, beside which the true text of a configuration is turned into its sealed form."""

    def __init__(self, inner: Redactor, hide: Callable[[str, bytes, bytes], bytes]) -> None:
        super().__init__()
        self._inner = inner
        self._hide = hide
        self._guard = threading.Lock()
        self._made: dict[str, tuple[bytes, bytes]] = {}

    def text(self, text: str) -> str:
        return self._inner.text(text)

    def capture(self, text: bytes, command: str = "", *, device: str = "") -> bytes:
        clean = self._inner.capture(text, command, device=device)
        if command == CONFIGURATION:
            hidden = self._hide(device, text, clean)
            with self._guard:
                self._made[device] = clean, hidden
        return clean

    def hidden(self, capture: Capture) -> bytes:
        """The form that was made of the text of this capture; the text itself if none was."""
        with self._guard:
            clean, hidden = self._made.pop(capture.device, (b"", b""))
        return hidden if clean == capture.text else capture.text
