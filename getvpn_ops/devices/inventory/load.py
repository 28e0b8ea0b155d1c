"""Inventory files, or another of Nornir's inventory plugins -> devices, groups, and Nornir's own objects."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from getvpn_ops.devices.inventory.gdoi_groups import FOLDER, join_groups, read_groups
from getvpn_ops.devices.inventory.hosts import Access, device_of
from getvpn_ops.devices.inventory.intent_routers import Fleet, look_at_routers, router_notes
from getvpn_ops.devices.inventory.intent_shared import look_at_shared
from getvpn_ops.devices.inventory.intent_values import intent_notes
from getvpn_ops.devices.inventory.intent_weak import weak_notes
from getvpn_ops.devices.inventory.own_words import OwnWordsReader, add_own_words
from getvpn_ops.devices.inventory.plugins import read_plugin
from getvpn_ops.devices.inventory.simple import SimpleFiles, read_simple
from getvpn_ops.devices.inventory.source import names_passwords
from getvpn_ops.model.intent.written import OBJECT_NAME
from getvpn_ops.model.inventory import Inventory, Role
from getvpn_ops.settings.mistakes import Mistakes, shown
from getvpn_ops.settings.yaml_file import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping
    from pathlib import Path

    from nornir.core.inventory import Inventory as NornirInventory

    from getvpn_ops.devices.inventory.source import Origins
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.settings import Workspace

__all__ = ["Access", "LoadedInventory", "load_folder", "load_inventory"]

_WHAT = "the inventory is wrong"


@dataclass(frozen=True, slots=True)
class LoadedInventory:
    """An inventory without mistakes.

    Attributes:
        inventory: devices and groups, as everything but the sessions uses them.
        nornir: the same hosts as Nornir's objects; their names are those of ``inventory.devices``.
        access: how each device is reached, by name.
        notes: what is not wrong and still worth a look, for a person.
        password_files: files of the inventory that hold a password; whoever can read them can log in.
    """

    inventory: Inventory
    nornir: NornirInventory
    access: Mapping[str, Access]
    notes: tuple[str, ...] = ()
    password_files: tuple[Path, ...] = ()


def load_inventory(workspace: Workspace) -> LoadedInventory:
    """The inventory of a workspace: from its folder, or by the plugin that its Nornir configuration names.

    Raises:
        MistakesError: something is wrong; says all of it.
    """
    if workspace.nornir is None:
        return load_folder(workspace.inventory)
    mistakes = Mistakes()
    found = read_plugin(workspace.nornir, mistakes)
    mistakes.settle(_WHAT)
    return _load(*found, workspace.inventory / FOLDER, workspace.nornir, mistakes)


def load_folder(
    folder: Path,
    added: Mapping[str, tuple[str, dict[str, Any]]] | None = None,
    mistakes: Mistakes | None = None,
) -> LoadedInventory:
    """The SimpleInventory of a folder, with its ``gdoi_groups``.

    Args:
        folder: of ``hosts.yaml``, ``groups.yaml`` and ``defaults.yaml``.
        added: hosts that are to be judged as if they stood in it: their entries, and where they stand.
        mistakes: found before, to be told with those of the inventory.

    Raises:
        MistakesError: something is wrong; says all of it.
    """
    mistakes = mistakes or Mistakes()
    found = read_simple(SimpleFiles.of(folder), mistakes, added)
    return _load(*found, folder / FOLDER, folder, mistakes)


def _load(nornir: NornirInventory, origins: Origins, groups: Path, source: Path, mistakes: Mistakes) -> LoadedInventory:
    before = len(mistakes)
    files = read_groups(groups, mistakes)
    all_files = len(mistakes) == before
    _look_at_names(nornir, origins, mistakes)
    devices, access, data = {}, {}, {}
    for host in nornir.hosts.values():
        made = device_of(host, origins, mistakes)
        if made is not None:
            devices[host.name], access[host.name], data[host.name] = made
    if not nornir.hosts and not mistakes:
        mistakes.at(
            origins.hosts, (), "there is no host in it: write one, or take them from a table with inventory import"
        )
    devices = join_groups(files, devices, data, set(nornir.hosts), mistakes)
    _apart(devices, access, nornir, origins, mistakes)
    hosts = {host.name: host for host in nornir.hosts.values()}
    reader = OwnWordsReader(files, origins, mistakes, all_files=all_files)
    devices, words = add_own_words(reader, hosts, devices)
    inventory = Inventory(devices, {name: file.intent for name, file in files.items()}, shown(source))
    fleet = Fleet(_known(inventory), files, words, hosts, origins)
    look_at_routers(fleet, mistakes)
    look_at_shared(fleet, mistakes)
    mistakes.settle(_WHAT)
    notes = (*_notes(inventory), *reader.notes)
    return LoadedInventory(inventory, nornir, access, notes, tuple(_password_files(nornir, origins)))


def _known(inventory: Inventory) -> Inventory:
    """An inventory whose groups list their routers, each once: by name, also where hosts alone say it.

    Names of no host, and hosts that are wrong by themselves, are left out: of them it was told already.
    """

    def there(names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if names is None else tuple(dict.fromkeys(name for name in names if name in inventory.devices))

    right = Inventory(
        inventory.devices,
        {
            name: intent.model_copy(update={"key_servers": there(intent.key_servers), "members": there(intent.members)})
            for name, intent in inventory.gdoi_groups.items()
        },
        inventory.source,
    )
    listed = {
        name: intent.model_copy(
            update={
                "key_servers": tuple(item.name for item in right.key_servers(name)),
                "members": tuple(item.name for item in right.members(name)),
            }
        )
        for name, intent in right.gdoi_groups.items()
    }
    return Inventory(inventory.devices, listed, inventory.source)


def _look_at_names(nornir: NornirInventory, origins: Origins, mistakes: Mistakes) -> None:
    """Names, whichever plugin gave them: they become names of files, and prompts of routers are compared with them.

    Two may not differ in case alone: some file systems hold both for one, and ``--limit`` and ``--from`` take a name in
    capital or small letters.
    """
    seen: dict[str, str] = {}
    for key, host in nornir.hosts.items():
        source, where = origins.of(host)
        name: object = host.name  # a plugin may give anything
        if not isinstance(name, str) or not OBJECT_NAME.fullmatch(name):
            mistakes.at(source, where, f"expected a name of letters, digits and _.:- as the key, found {name!r}")
        elif host.name != key:
            mistakes.at(source, where, f"the inventory calls it {key!r}, too: expected one name")
        elif (first := seen.setdefault(host.name.lower(), host.name)) != host.name:
            mistakes.at(source, where, f"{host.name} differs from {first} in case alone: expected another name")


def _apart(
    devices: Mapping[str, Device],
    access: Mapping[str, Access],
    nornir: NornirInventory,
    origins: Origins,
    mistakes: Mistakes,
) -> None:
    """No two hosts may be one device."""

    def twice(what: str, key: str, of: Callable[[Device], Iterable[Hashable]], *, data: bool = True) -> None:
        seen: dict[Hashable, str] = {}
        for device in devices.values():
            for value in of(device):
                first = seen.setdefault(value, device.name)
                if first != device.name:
                    host = nornir.hosts[device.name]
                    source, where = origins.of_data(host, (key,)) if data else origins.of_attribute(host, key)
                    mistakes.at(source, where, f"{device.name} has {what} of {first}")

    twice(
        "the address and port",
        "hostname",
        lambda item: [(_same(item.hostname), item.port, access[item.name].ssh.jump)],
        data=False,
    )
    twice("the serial number", "serial", lambda item: [item.serial] if item.serial else [])
    twice(
        "a GDOI address",
        "gdoi_addresses",
        lambda item: [(group, address) for group in item.gdoi_groups for address in item.gdoi_addresses],
    )


def _same(hostname: str) -> str:
    """One spelling of an address or DNS name."""
    try:
        return str(ipaddress.ip_address(hostname))
    except ValueError:
        return hostname.lower().rstrip(".")


def _notes(inventory: Inventory) -> Iterable[str]:
    """What a person may have forgotten."""
    devices = inventory.devices.values()
    nowhere = [device.name for device in devices if device.role in {Role.KEY_SERVER, Role.MEMBER}]
    nowhere = [name for name in nowhere if not inventory.devices[name].gdoi_groups]
    if nowhere:
        yield f"in no GDOI group, though a key server or member: {_few(nowhere)}"
    unsaid = [device.name for device in devices if device.role is None]
    if unsaid:
        yield f"no role (ks, gm or ce), so each is asked: {_few(unsaid)}"
    for group in inventory.group_names():
        if group not in inventory.gdoi_groups:
            yield f"GDOI group {group}: no file in {FOLDER}/ says what it should be"
        if not inventory.key_servers(group):
            yield f"GDOI group {group}: no key server in the inventory"
    unknown = [
        device.name
        for device in devices
        if device.role is Role.MEMBER and device.gdoi_groups and not device.gdoi_addresses
    ]
    if unknown:
        yield f"no gdoi_addresses, so key servers' members cannot be told by address: {_few(unknown)}"
    for intent in inventory.gdoi_groups.values():
        yield from intent_notes(intent)
    yield from weak_notes(inventory)
    yield from router_notes(inventory)


def _few(names: list[str], most: int = 5) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def _password_files(nornir: NornirInventory, origins: Origins) -> Iterable[Path]:
    sources = defaultdict(list)
    for element in names_passwords(nornir):
        source, _ = origins.of(element)
        if isinstance(source, Document):
            sources[source.path].append(element)
    return sources
