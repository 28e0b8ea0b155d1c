"""Nornir's SimpleInventory: the same files and the same objects, but read fast, and with the line of each mistake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from nornir.core.inventory import (
    ConnectionOptions,
    Defaults,
    Group,
    Groups,
    Host,
    Hosts,
    Inventory,
    ParentGroups,
)
from pydantic import BaseModel, ConfigDict, Field

from getvpn_ops.devices.inventory.hosts import DATA_KEYS
from getvpn_ops.devices.inventory.source import Origins
from getvpn_ops.settings.mistakes import nearest
from getvpn_ops.settings.yaml_file import Document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from getvpn_ops.settings.mistakes import Mistakes, Where


class _Options(BaseModel):
    """What Nornir knows of a connection; other keys it leaves out without a word."""

    model_config = ConfigDict(extra="ignore")

    hostname: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    username: str | None = None
    password: str | None = None
    platform: str | None = None


class _Connection(_Options):
    extras: dict[str, Any] | None = None


class _Defaults(_Options):
    data: dict[str, Any] | None = None
    connection_options: dict[str, _Connection] | None = None


class _Element(_Defaults):
    groups: list[str] | None = None


@dataclass(frozen=True, slots=True)
class SimpleFiles:
    """The three files of a SimpleInventory.

    Attributes:
        hosts: must be there.
        groups: may be absent.
        defaults: may be absent.
    """

    hosts: Path
    groups: Path
    defaults: Path

    @classmethod
    def of(cls, folder: Path) -> SimpleFiles:
        """With their usual names."""
        return cls(folder / "hosts.yaml", folder / "groups.yaml", folder / "defaults.yaml")


def read_simple(
    files: SimpleFiles, mistakes: Mistakes, added: Mapping[str, tuple[str, dict[str, Any]]] | None = None
) -> tuple[Inventory, Origins]:
    """Read an inventory as Nornir's SimpleInventory does.

    Args:
        files: where it stands.
        mistakes: gets what is wrong; what is wrong is left out of the result.
        added: hosts that stand in no file yet: their entries, and where else they stand.

    Returns:
        Nornir's inventory, and where its values come from.
    """
    hosts = _mapping(files.hosts, mistakes, needed=added is None)
    groups = _mapping(files.groups, mistakes)
    defaults = _mapping(files.defaults, mistakes)
    _check(_Defaults, defaults.value, defaults, (), mistakes)
    base = Defaults(**_values(defaults.value))
    made_groups = Groups()
    for name, value in _elements(groups, mistakes):
        made_groups[name] = Group(name=name, defaults=base, **_values(value))
    made_hosts = Hosts()
    for name, value in _elements(hosts, mistakes):
        made_hosts[name] = Host(name=name, defaults=base, **_values(value))
    for name, (source, value) in (added or {}).items():
        if mistakes.check(_Element, value, source) is not None:
            made_hosts[name] = Host(name=name, defaults=base, **_values(value))
    origins = Origins(hosts, groups, defaults, {name: source for name, (source, _) in (added or {}).items()})
    _join(made_hosts, made_groups, origins, mistakes)
    return Inventory(hosts=made_hosts, groups=made_groups, defaults=base), origins


def _mapping(path: Path, mistakes: Mistakes, *, needed: bool = False) -> Document:
    document = mistakes.read(path, needed=needed)
    other = path.with_suffix(".yml")
    if document is None and not path.exists() and other.exists():
        mistakes.say(f"expected the name {path.name}: this file would be left out", path=other)
    if document is None or document.value is None:
        return Document(path, {}, "")
    if not isinstance(document.value, dict):
        mistakes.at(document, (), "expected a mapping at the top of the file")
        return Document(path, {}, document.text)
    return document


def _elements(document: Document, mistakes: Mistakes) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for name, value in document.value.items():
        if not isinstance(name, str):
            mistakes.at(document, (str(name),), f"expected a name as the key: put {name} in quotes")
        elif value is None:
            found.append((name, {}))  # stock Nornir fails here with a traceback
        elif _check(_Element, value, document, (name,), mistakes):
            found.append((name, value))
    return found


def _check(model: type[BaseModel], value: object, document: Document, where: Where, mistakes: Mistakes) -> bool:
    if isinstance(value, dict):
        known = [*model.model_fields]
        for key in value:
            if key in known:
                continue
            near = None if key in DATA_KEYS else nearest(key, known)
            hint = f"did you mean {near}?" if near else "does it belong under `data:`?"
            mistakes.at(document, (*where, str(key)), f"Nornir knows no such key, and would leave it out; {hint}")
    return mistakes.check(model, value, document, where) is not None


def _values(value: Mapping[str, Any]) -> dict[str, Any]:
    """What the objects of Nornir take, as the plugin gives it to them."""
    options = {
        name: ConnectionOptions(**{key: (item or {}).get(key) for key in (*_Connection.model_fields,)})
        for name, item in (value.get("connection_options") or {}).items()
    }
    plain = {key: value.get(key) for key in (*_Options.model_fields, "data")}
    named = {"groups": value["groups"]} if value.get("groups") else {}
    return {**plain, **named, "connection_options": options}


def _join(hosts: Hosts, groups: Groups, origins: Origins, mistakes: Mistakes) -> None:
    """Names of groups become the groups themselves; a group within itself is let go of."""
    names = {group.name: _names(group.groups) for group in groups.values()}
    for element in (*groups.values(), *hosts.values()):
        joined = ParentGroups()
        for place, name in enumerate(_names(element.groups)):
            source, where = origins.of(element)
            if name not in groups:
                near = nearest(name, groups)
                hint = f"; did you mean {near}?" if near else ""
                mistakes.at(source, (*where, "groups", place), f"there is no group {name!r} in groups.yaml{hint}")
            elif isinstance(element, Group) and _reaches(name, element.name, names):
                mistakes.at(source, (*where, "groups", place), f"group {element.name!r} would be within itself")
            else:
                joined.append(groups[name])
        element.groups = joined


def _names(groups: Sequence[object]) -> list[str]:
    return [str(item) for item in groups]


def _reaches(start: str, goal: str, names: Mapping[str, Sequence[str]]) -> bool:
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            ahead += names.get(name, ())
    return False
