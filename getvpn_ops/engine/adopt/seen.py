"""What each router told, as far as adoption needs it."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from getvpn_ops.dialect.releases import release_of
from getvpn_ops.engine.adopt.told import Kind, Remarks
from getvpn_ops.engine.config.drift import doubt_of
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.state.coop import KsCoop
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.fleet import DeviceState, FleetState
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.values import Address

_CONFIGURATION = "show running-config"
_UDI = re.compile(r"license udi pid (?P<model>\S+) sn (?P<serial>\S+)")
_IMAGE = re.compile(
    r"boot system .*?(?:\.(?P<xe>1[67]\.\d{2}\.\d{2}[a-z]?)\.SPA"
    r"|[.](?P<major>1[25])(?P<minor>\d)-(?P<maintenance>\d+)[a-z]?(?:\.)?(?P<train>[A-Z]+)?(?P<rebuild>\d+)?[a-z]?(?=\.|\s|$))",
    re.IGNORECASE,
)
"""``isr4300-universalk9.16.09.08.SPA.bin``, ``c2900-universalk9-mz.SPA.155-3.M9.bin``, ``...-mz.124-22.T5.bin``."""


@dataclass(frozen=True, slots=True)
class Router:
    """One router.

    Attributes:
        device: what the inventory says of it; its name alone if it says nothing.
        config: its running configuration.
        release: of IOS; empty if it is not known.
        model: of the hardware; likewise.
        serial: of the chassis; likewise.
        addresses: that it says it registered with, by the local name of the group.
        peers: priorities of the other key servers that this one knows, by the local name of the group.
    """

    device: Device
    config: RunningConfig
    release: str = ""
    model: str = ""
    serial: str = ""
    addresses: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)
    peers: Mapping[str, Mapping[Address, int]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """In the inventory."""
        return self.device.name


def adopt_script(device: Device) -> Script:
    """What each device is asked: nothing but what it is and how it is configured."""
    del device
    yield "show version"
    yield "show crypto gdoi"
    capture = yield _CONFIGURATION
    if b"server local" in capture.text:
        yield "show crypto gdoi ks coop"


def routers_of(state: FleetState, remarks: Remarks) -> tuple[Router, ...]:
    """The routers whose configuration was read; every other one is told.

    Args:
        state: of the fleet.
        remarks: gets what was not read, or may not be whole.
    """
    found = (_router(item, remarks) for item in state.devices.values())
    return tuple(router for router in found if router is not None)


def _router(state: DeviceState, remarks: Remarks) -> Router | None:
    asked = [item for item in state.evidence if item.kind is RunningConfig and item.command == _CONFIGURATION]
    last = asked[-1] if asked else None
    if last is None or last.parsed is None:
        if last is not None:
            reason = last.reason
        elif state.visit is not None and state.visit.trouble is not None:
            reason = f"{state.visit.trouble.value}: {state.visit.reason}"
        else:
            reason = state.why_not or "there is no running configuration of it"
        remarks.add(Kind.NOT_SEEN, state.name, _CONFIGURATION, reason)
        return None
    config: RunningConfig = last.parsed.data
    doubt = doubt_of(config, last.parsed.warnings)
    if doubt:
        remarks.add(Kind.NOT_SEEN, state.name, _CONFIGURATION, doubt)
    for warning in last.parsed.warnings:
        if warning != doubt:
            remarks.add(Kind.FINDING, state.name, _CONFIGURATION, warning)
    version = state.latest(Version).value if state.has(Version) else None
    model, serial = _udi(config)
    if version is not None:
        model = next((udi.product_id for udi in version.udis), "") or version.platform or model
        serial = next((udi.serial_number for udi in version.udis), "") or version.board_id or serial
    return Router(
        state.device,
        config,
        release=(version.release if version else None) or _release(config, state, remarks),
        model=model,
        serial=serial,
        addresses=_told(state),
        peers=_peers(state),
    )


def _told(state: DeviceState) -> dict[str, tuple[Address, ...]]:
    found: dict[str, list[Address]] = defaultdict(list)
    if state.has(Gdoi):
        for group in state.latest(Gdoi).value.groups:
            found[group.group_name] += [item.address for item in group.members if item.address is not None]
    return {name: tuple(dict.fromkeys(those)) for name, those in found.items()}


def _peers(state: DeviceState) -> dict[str, dict[Address, int]]:
    groups = state.latest(KsCoop).value.groups if state.has(KsCoop) else ()
    return {
        group.group_name: {
            peer.address: peer.priority
            for peer in group.peers
            if peer.address is not None and isinstance(peer.priority, int)
        }
        for group in groups
    }


def _udi(config: RunningConfig) -> tuple[str, str]:
    for line in config.tree:
        if found := _UDI.match(line.text):
            return found["model"], found["serial"]
    return "", ""


def _release(config: RunningConfig, state: DeviceState, remarks: Remarks) -> str:
    """The release of a configuration: of the image that it boots if that fits its ``version``, else that alone."""
    known = config.version or ""
    short = release_of(known)
    if short is None:
        return state.device.release
    for text in _images(config):
        image = release_of(text)
        if image is not None and image.number[:2] == short.number[:2]:
            remarks.add(Kind.FINDING, state.name, "release", "taken from the image that it boots: no show version")
            return text
    said = release_of(state.device.release)
    if said is not None and said.number[:2] == short.number[:2]:
        return state.device.release
    reason = "only major and minor are known: what it can do depends on the rest, which show version tells"
    remarks.add(Kind.NOT_SEEN, state.name, "release", reason)
    return known


def _images(config: RunningConfig) -> Iterator[str]:
    for line in (inner for top in config.tree for inner in top.walk()):
        if not (found := _IMAGE.match(line.text)):
            continue
        if found["xe"]:
            yield ".".join(part.lstrip("0") or "0" for part in found["xe"].split("."))
        else:
            train = f"{found['train'] or ''}{found['rebuild'] or ''}"
            yield f"{found['major']}.{found['minor']}({found['maintenance']}){train.upper()}"
