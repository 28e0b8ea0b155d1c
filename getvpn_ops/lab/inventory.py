"""The fleet as the inventory files say it: Nornir's SimpleInventory, read by the lab itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from getvpn_ops.lab.ios.releases import release

if TYPE_CHECKING:
    from pathlib import Path

    from getvpn_ops.lab.ios.releases import Release

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_USUAL_RELEASE = "17.6.5"
_USUAL_USER = "ops"
_FULL_PRIVILEGE = 15


class InventoryError(Exception):
    """The files are no inventory; says all that is wrong with them."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class Host:
    """One device of the inventory, with what its groups and the defaults give it.

    Attributes:
        name: its key in the file, and the name of its configuration file.
        address: management address in the real network; nothing of the lab listens there.
        username: who logs in.
        release: what it runs.
        model: its hardware; empty takes the usual one of the release.
        serial: of its chassis; empty is made up.
        privilege: what its user may do after login.
        data: all of its data, resolved.
    """

    name: str
    address: str
    username: str
    release: Release
    model: str
    serial: str
    privilege: int
    data: dict[str, Any]


def read(folder: Path) -> tuple[Host, ...]:
    """Read ``hosts.yaml``, ``groups.yaml`` and ``defaults.yaml`` of a folder; the latter two may be absent.

    Raises:
        InventoryError: files are missing or malformed, or hosts name groups or releases that there are not.
    """
    mistakes: list[str] = []
    hosts = _file(folder / "hosts.yaml", mistakes, needed=True)
    groups = _file(folder / "groups.yaml", mistakes)
    defaults = _file(folder / "defaults.yaml", mistakes)
    made = []
    for name, raw in hosts.items():
        where = f"{folder / 'hosts.yaml'}: {name}"
        chain = [raw or {}, *_ancestors(raw or {}, groups, where, mistakes), defaults]
        data: dict[str, Any] = {}
        for level in reversed(chain):
            given = level.get("data") or {}
            if isinstance(given, dict):
                data.update(given)
            else:
                mistakes.append(f"{where}: data: expected a mapping, found {given!r}")

        def first(key: str, chain: list[dict[str, Any]] = chain) -> Any:  # noqa: ANN401 -- whatever stands there
            return next((level[key] for level in chain if level.get(key) is not None), None)

        try:
            runs = release(str(data.get("release", _USUAL_RELEASE)))
        except ValueError as exc:
            mistakes.append(f"{where}: data.release: {exc}")
            continue
        privilege = data.get("privilege", _FULL_PRIVILEGE)
        if not isinstance(privilege, int) or not 0 <= privilege <= _FULL_PRIVILEGE:
            mistakes.append(f"{where}: data.privilege: expected 0 to 15, found {privilege!r}")
            continue
        made.append(
            Host(
                str(name),
                str(first("hostname") or name),
                str(first("username") or _USUAL_USER),
                runs,
                str(data.get("model", "")),
                str(data.get("serial", "")),
                privilege,
                data,
            )
        )
    if not mistakes and not made:
        mistakes.append(f"{folder / 'hosts.yaml'}: there is no host in it")
    if mistakes:
        raise InventoryError(mistakes)
    return tuple(made)


def _file(path: Path, mistakes: list[str], *, needed: bool = False) -> dict[str, Any]:
    try:
        read = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 -- a safe loader, in C
    except FileNotFoundError:
        if needed:
            mistakes.append(f"{path}: there is no such file")
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        mistakes.append(f"{path}: {' '.join(str(exc).split())}")
        return {}
    if read is None:
        return {}
    if not isinstance(read, dict) or not all(
        value is None or isinstance(value, dict) for value in _entries(path, read)
    ):
        mistakes.append(f"{path}: expected a mapping of names to mappings")
        return {}
    return read


def _entries(path: Path, read: dict[str, Any]) -> list[Any]:
    return [] if path.name == "defaults.yaml" else list(read.values())


def _ancestors(
    raw: dict[str, Any], groups: dict[str, Any], where: str, mistakes: list[str], seen: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    """The groups of a host or group in the order in which Nornir asks them: each with its own groups behind it."""
    chain: list[dict[str, Any]] = []
    for name in raw.get("groups") or []:
        if name in seen:
            mistakes.append(f"{where}: group {name!r} is a member of itself")
            continue
        if name not in groups:
            mistakes.append(f"{where}: there is no group {name!r} in groups.yaml")
            continue
        group = groups[name] or {}
        chain += [group, *_ancestors(group, groups, where, mistakes, (*seen, name))]
    return chain
