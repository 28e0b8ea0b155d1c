"""``gdoi_groups/*.yaml``: what each GDOI group should be, checked against the hosts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from getvpn_ops.devices.inventory.intent_values import look_at_intent
from getvpn_ops.model.inventory import GdoiGroupIntent, Role
from getvpn_ops.settings.mistakes import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from getvpn_ops.devices.inventory.hosts import HostData
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.settings.mistakes import Mistakes
    from getvpn_ops.settings.yaml_file import Document

FOLDER = "gdoi_groups"
_LISTS = (("key_servers", Role.KEY_SERVER), ("members", Role.MEMBER))


@dataclass(frozen=True, slots=True)
class GroupFile:
    """One file.

    Attributes:
        intent: what it says.
        document: where it says so.
    """

    intent: GdoiGroupIntent
    document: Document


def read_groups(folder: Path, mistakes: Mistakes) -> dict[str, GroupFile]:
    """Read the files of a folder, which may be absent.

    Args:
        folder: ``gdoi_groups``.
        mistakes: gets what is wrong within the files.

    Returns:
        The groups by name, in the order of the files' names.
    """
    found: dict[str, GroupFile] = {}
    identities: dict[object, GroupFile] = {}
    for path in _files(folder, mistakes):
        document = mistakes.read(path)
        if document is None or document.value is None:  # one of comments alone says nothing yet
            continue
        intent = mistakes.check(GdoiGroupIntent, document.value, document)
        if intent is None:
            continue
        made = GroupFile(intent, document)
        _look_at_lists(made, mistakes)
        look_at_intent(made, mistakes)
        if (other := found.setdefault(intent.name, made)) is not made:
            mistakes.at(document, ("name",), f"{shown(other.document.path)} describes {intent.name!r} already")
        if intent.identity is not None and (other := identities.setdefault(intent.identity, made)) is not made:
            where = shown(other.document.path)
            mistakes.at(document, ("identity",), f"{where} has the identity {intent.identity} already")
    return found


def _files(folder: Path, mistakes: Mistakes) -> list[Path]:
    """The YAML files of a folder, by name; one that cannot be looked into is a mistake, and not empty."""
    try:
        return sorted(
            item
            for item in folder.iterdir()
            if item.suffix.lower() in {".yaml", ".yml"} and not item.name.startswith(".")  # what editors leave
        )
    except FileNotFoundError:
        return []
    except OSError as exc:
        mistakes.say(f"this folder cannot be read: {exc.strerror}", path=folder)
        return []


def _look_at_lists(file: GroupFile, mistakes: Mistakes) -> None:
    intent, document = file.intent, file.document
    for key, _ in _LISTS:
        names = getattr(intent, key) or ()
        for place, name in enumerate(names):
            if name in names[:place]:
                mistakes.at(document, (key, place), f"{name!r} stands twice in this list")


def join_groups(
    files: Mapping[str, GroupFile],
    devices: Mapping[str, Device],
    data: Mapping[str, HostData],
    names: AbstractSet[str],
    mistakes: Mistakes,
) -> dict[str, Device]:
    """Check the groups against the hosts.

    A host that does not say in which groups it is, is in those that list it.

    Args:
        files: what the groups should be.
        devices: the hosts that are right by themselves.
        data: what the inventory says of them.
        names: of all hosts, also those that are wrong.
        mistakes: gets every contradiction.

    Returns:
        The devices, with the groups that only a file says they are in.
    """
    listed: dict[str, list[str]] = defaultdict(list)
    for name, file in files.items():
        for key, role in _LISTS:
            written = getattr(file.intent, key)
            for place, device in enumerate(written or ()):
                listed[device].append(name)
                if device not in names:
                    near = nearest(device, names)
                    hint = f"; did you mean {near}?" if near else ""
                    mistakes.at(file.document, (key, place), f"there is no host {device!r} in the inventory{hint}")
                elif said := _wrong(name, device, role, devices, data):
                    mistakes.at(file.document, (key, place), said)
            if written is not None:
                for device in _left_out(name, role, written, devices):
                    mistakes.at(file.document, (key,), f"{device!r} says that it is in {name} as {role}: list it here")
    return {
        name: replace(device, gdoi_groups=tuple(dict.fromkeys(listed[name])))
        if listed.get(name) and data[name].gdoi_groups is None
        else device
        for name, device in devices.items()
    }


def _wrong(
    group: str, name: str, role: Role, devices: Mapping[str, Device], data: Mapping[str, HostData]
) -> str | None:
    device = devices.get(name)
    if device is None:  # the host is wrong by itself
        return None
    if device.role not in {role, None}:
        return f"{name!r} has role {device.role} in the inventory, and {role} is expected here"
    groups = data[name].gdoi_groups
    if groups is not None and group not in groups:
        return f"the gdoi_groups of {name!r} are {', '.join(groups) or 'none'}, without {group}"
    return None


def _left_out(group: str, role: Role, names: Iterable[str], devices: Mapping[str, Device]) -> list[str]:
    known = set(names)
    return [
        device.name
        for device in devices.values()
        if device.role is role and group in device.gdoi_groups and device.name not in known
    ]
