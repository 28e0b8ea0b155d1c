"""A fleet to ask without a network: the real collection over the worked example's simulated screens.

``state_of(bank)`` is what ``collect`` would give. A test changes the bank (faults, time, typing), or the state itself
with ``changed``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from bank import INVENTORY
from screens import Screen

from getvpn_ops.dialect.terminal import refusal
from getvpn_ops.engine.collect import Collector, Wish
from getvpn_ops.lab import inventory as lab_inventory
from getvpn_ops.model.capture import Capture, Trouble, Visit
from getvpn_ops.model.fleet import Depth
from getvpn_ops.model.inventory import Device, GdoiGroupIntent, Inventory, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from bank import Bank

    from getvpn_ops.engine.ports import Progress, Script
    from getvpn_ops.model.fleet import DeviceState, Evidence, FleetState


class BankClock:
    """The bank's time as the engine's clock."""

    def __init__(self, bank: Bank) -> None:
        self._clock = bank.clock

    def now(self) -> datetime:
        return self._clock.now()

    def wait_until(self, moment: datetime) -> bool:
        self._clock.advance(moment)
        return True


class Silent:
    """Nobody watches, nothing is kept."""

    def begin(self, what: str, total: int) -> None: ...
    def asked(self, device: str, command: str) -> None: ...
    def visited(self, visit: Visit) -> None: ...
    def end(self) -> None: ...
    def put_capture(self, run: str, capture: Capture) -> None: ...
    def put_visits(self, run: str, visits: Iterable[Visit]) -> None: ...


class BankFleet:
    """Drives scripts on screens of the bank's routers. ``down`` devices do not answer."""

    def __init__(self, bank: Bank, down: Iterable[str] = ()) -> None:
        self._bank = bank
        self._down = frozenset(down)

    def ask(
        self,
        scripts: Mapping[Device, Callable[[], Script]],
        *,
        keep: Callable[[Capture], None],
        progress: Progress,
    ) -> dict[str, Visit]:
        del progress
        return {device.name: self._visit(device, start(), keep) for device, start in scripts.items()}

    def _visit(self, device: Device, script: Script, keep: Callable[[Capture], None]) -> Visit:
        now = self._bank.clock.now
        started = now()
        if device.name in self._down:
            return Visit(device.name, started, started, trouble=Trouble.UNREACHABLE, reason="no answer within 10 s")
        screen = Screen(router=self._bank.world.routers[device.name])
        commands = 0
        command = next(script, None)
        while command is not None:
            text = screen.enter(command).partition("\r\n")[2].rpartition("\r\n")[0]
            refused = refusal(text)
            capture = Capture(
                device.name, command, f"{text}\r\n".encode() if text else b"", now(), 0.0, "screen",
                Trouble.REFUSED if refused else None, refused or "",
            )  # fmt: skip
            keep(capture)
            commands += 1
            try:
                command = script.send(capture)
            except StopIteration:
                command = None
        screen.router.sessions.remove(screen.terminal)
        return Visit(device.name, started, now(), "screen", device.name, commands)


def bank_inventory(bank: Bank, *intents: GdoiGroupIntent) -> Inventory:
    """The worked example as the product's inventory, with the addresses that its routers register with."""
    devices = {}
    for host in lab_inventory.read(INVENTORY):
        data = host.data
        router = bank.world.routers[host.name]
        addresses = [member.address for member in router.gdoi.members]
        addresses += [server.address for server in router.gdoi.servers.values()]
        devices[host.name] = Device(
            host.name,
            host.address,
            role=Role(data["role"]),
            gdoi_groups=tuple(data.get("gdoi_groups", ())),
            gdoi_addresses=tuple(ip_address(str(item)) for item in dict.fromkeys(addresses) if item),
            site=data["site"],
            release=host.release.text,
            model=host.model,
            serial=host.serial,
            prefixes=tuple(ip_network(item) for item in data.get("prefixes", ())),
            pilot=bool(data.get("pilot")),
            manager=bool(data.get("manager")),
            idle=bool(data.get("idle")),
        )
    wanted = intents or (
        GdoiGroupIntent(name="WAN", identity=41001, key_servers=("lds-ks1", "ams-ks1", "dub-ks1")),
        GdoiGroupIntent(name="PAYMENTS", identity=41002, key_servers=("lds-ks1", "ams-ks1", "dub-ks1")),
    )
    return Inventory(devices, {intent.name: intent for intent in wanted}, "the worked example")


def state_of(  # noqa: PLR0913 -- what may differ
    bank: Bank,
    *,
    devices: Iterable[str] = (),
    down: Iterable[str] = (),
    depth: Depth = Depth.FULL,
    interval: float = 0,
    inventory: Inventory | None = None,
) -> FleetState:
    """Collect from the bank's routers.

    Args:
        bank: the world.
        devices: whom to select; everyone if empty.
        down: who does not answer.
        depth: how many members are asked.
        interval: seconds between two looks at counters; 0 for one look.
        inventory: what is expected; ``bank_inventory`` if not given.
    """
    known = inventory or bank_inventory(bank)
    chosen = tuple(devices) or tuple(known.devices)
    silent = Silent()
    collector = Collector(BankFleet(bank, down), BankClock(bank), silent, silent)
    wish = Wish([known.devices[name] for name in chosen], depth, interval=timedelta(seconds=interval), seed=1)
    return collector.collect("test", known, wish)


def changed(state: FleetState, device: str, /, **fields: Any) -> FleetState:  # noqa: ANN401 -- of the dataclass
    """The same with other fields in one device's state."""
    return replace(state, devices={**state.devices, device: replace(state.devices[device], **fields)})


def without(state: FleetState, device: str, kind: type) -> FleetState:
    """The same where one kind of evidence of a device was withheld."""
    kept = tuple(item for item in state.devices[device].evidence if item.kind is not kind)
    return changed(state, device, evidence=kept)


def edited(state: FleetState, device: str, kind: type, edit: Callable[[Any], Any]) -> FleetState:
    """The same where every state of a kind went through ``edit``, which gives the new state of the dataclass."""

    def one(item: Evidence) -> Evidence:
        if item.kind is not kind or item.parsed is None:
            return item
        return replace(item, parsed=replace(item.parsed, data=edit(item.parsed.data)))

    found: DeviceState = state.devices[device]
    return changed(state, device, evidence=tuple(one(item) for item in found.evidence))
