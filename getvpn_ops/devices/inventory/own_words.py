"""``getvpn: {GROUP: {...}}`` in data: what one router has otherwise than its GDOI group, and where each word stands.

Nornir would take the nearest ``getvpn`` whole. Here the nearest word wins field by field: a host's, its host groups',
the defaults', and behind them ``member_defaults`` and ``key_server_defaults`` of the group's file. ``null`` takes a
word back.

What a host says itself must fit it. A host group may also hold routers of another role, or outside a GDOI group: they
leave its words alone, but words that fit none of its routers are a mistake.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from getvpn_ops.devices.inventory.source import chain
from getvpn_ops.model.intent.router import KeyServerIntent, MemberIntent
from getvpn_ops.model.inventory import Role
from getvpn_ops.settings.mistakes import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from nornir.core.inventory import Defaults, Group, Host

    from getvpn_ops.devices.inventory.gdoi_groups import GroupFile
    from getvpn_ops.devices.inventory.source import Origins
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.settings.mistakes import Mistakes, Where
    from getvpn_ops.settings.yaml_file import Document

    Element = Host | Group | Defaults
    Place = tuple[Document | str, Where]
    Intent = MemberIntent | KeyServerIntent

KEY = "getvpn"
_MODELS: Mapping[Role, type[MemberIntent | KeyServerIntent]] = {
    Role.MEMBER: MemberIntent,
    Role.KEY_SERVER: KeyServerIntent,
}
_WHOSE = {Role.MEMBER: "members", Role.KEY_SERVER: "key servers"}


@dataclass(frozen=True, slots=True)
class OwnWords:
    """What one router says of one GDOI group.

    Attributes:
        host: the router.
        group: the GDOI group.
        intent: what it says.
        said_by: who says it, by field.
        origins: where these stand.
    """

    host: Host
    group: str
    intent: Intent
    said_by: Mapping[str, Element]
    origins: Origins

    def place(self, where: Where) -> Place:
        """File and path of something in it."""
        element = self.said_by.get(str(where[0]), self.host) if where else self.host
        return _place(self.origins, element, self.host, (self.group, *where))


class OwnWordsReader:
    """Reads the words of all hosts, and knows at the end which words of host groups fit nobody."""

    def __init__(
        self, files: Mapping[str, GroupFile], origins: Origins, mistakes: Mistakes, *, all_files: bool = True
    ) -> None:
        """For one inventory.

        Args:
            files: the GDOI groups.
            origins: where hosts stand.
            mistakes: gets what is wrong.
            all_files: whether these are all of them; a group whose file is wrong by itself is not known by name.
        """
        self._files = files
        self._all_files = all_files
        self._origins = origins
        self._mistakes = mistakes
        self._shaped: dict[int, Mapping[str, Mapping[str, Any]]] = {}
        self._used: set[tuple[int, str, str]] = set()
        self._idle: dict[tuple[int, str, str], tuple[Element, Host, str]] = {}
        self.notes: list[str] = []

    def read(self, host: Host, device: Device) -> Iterator[OwnWords]:
        """What a host says of each of its GDOI groups; mistakes where that is wrong."""
        layers = [(element, found) for element in chain(host) if (found := self._layer(element, host))]
        for group in dict.fromkeys(name for _, found in layers for name in found):
            role, reason = self._role(group, device)
            if role is None and (self._all_files or group in self._files):
                self._does_not_fit(group, host, layers, reason)
            elif role is not None and (made := self._words(group, role, host, layers)) is not None:
                yield made

    def finish(self) -> None:
        """Tell the words of host groups and defaults that fit none of their routers.

        Of a group that no file describes they are a mistake. Otherwise a note: a host group of hardware may have no
        member left, or none yet, and nothing is wrong with that.
        """
        for key, (element, host, reason) in self._idle.items():
            if key in self._used:
                continue
            _, group, field = key
            if group not in self._files:
                where = (group, field) if field else (group,)
                self._mistakes.at(*_place(self._origins, element, host, where), f"this fits nobody: {reason}")
                continue
            name = getattr(element, "name", "defaults")
            self.notes.append(f"{name}: getvpn.{group}{f'.{field}' if field else ''} fits nobody: {reason}")

    def _layer(self, element: Element, host: Host) -> Mapping[str, Mapping[str, Any]]:
        """The words of one element by GDOI group; without what is no mapping, which is a mistake."""
        if id(element) not in self._shaped:
            given = element.data.get(KEY)
            found: dict[str, Mapping[str, Any]] = {}
            if given is not None and not isinstance(given, dict):
                self._mistakes.add(
                    *_place(self._origins, element, host, ()), "a mapping of GDOI groups to mappings", given
                )
            for name, words in given.items() if isinstance(given, dict) else ():
                if isinstance(name, str) and isinstance(words, dict):
                    found[name] = words
                elif words is not None:
                    self._mistakes.add(*_place(self._origins, element, host, (str(name),)), "a mapping", words)
            self._shaped[id(element)] = found
        return self._shaped[id(element)]

    def _role(self, group: str, device: Device) -> tuple[Role | None, str]:
        """What a router is in a GDOI group; or why it is nothing."""
        file = self._files.get(group)
        if file is None:
            near = nearest(group, self._files)
            return None, f"no file in gdoi_groups/ describes {group!r}{f'; did you mean {near}?' if near else ''}"
        if group not in device.gdoi_groups:
            return None, f"{device.name} is not in {group}"
        if device.role in _MODELS:
            return device.role, ""
        for role, names in ((Role.KEY_SERVER, file.intent.key_servers), (Role.MEMBER, file.intent.members)):
            if names is not None and device.name in names:
                return role, ""
        return None, f"the role of {device.name} is not said"

    def _does_not_fit(
        self, group: str, host: Host, layers: Iterable[tuple[Element, Mapping[str, Mapping[str, Any]]]], reason: str
    ) -> None:
        for element, found in layers:
            if group not in found:
                continue
            if element is host:
                self._mistakes.at(*_place(self._origins, element, host, (group,)), reason)
                continue
            for field in found[group]:
                self._idle.setdefault((id(element), group, field), (element, host, reason))

    def _words(
        self,
        group: str,
        role: Role,
        host: Host,
        layers: Iterable[tuple[Element, Mapping[str, Mapping[str, Any]]]],
    ) -> OwnWords | None:
        model = _MODELS[role]
        others = {field: other for other, its in _MODELS.items() if other is not role for field in its.model_fields}
        merged: dict[str, Any] = {}
        said_by: dict[str, Element] = {}
        for element, found in layers:
            for field, value in found.get(group, {}).items():
                if field in others and field not in model.model_fields:
                    reason = f"{field} is said of {_WHOSE[others[field]]}, and {host.name} is {_a(role)}"
                    if element is host:
                        self._mistakes.at(*_place(self._origins, element, host, (group, field)), reason)
                    else:
                        self._idle.setdefault((id(element), group, field), (element, host, reason))
                    continue
                self._used.add((id(element), group, field))
                if field not in merged:
                    merged[field], said_by[field] = value, element
        if not merged:
            return None

        def place(inner: Where) -> Place:
            element = said_by.get(str(inner[0]), host) if inner else host
            return _place(self._origins, element, host, (group, *inner))

        intent = self._mistakes.check_spread(model, merged, place)
        return None if intent is None else OwnWords(host, group, intent, said_by, self._origins)


def add_own_words(
    reader: OwnWordsReader, hosts: Mapping[str, Host], devices: Mapping[str, Device]
) -> tuple[dict[str, Device], dict[tuple[str, str], OwnWords]]:
    """Read what each router has otherwise than its groups.

    Args:
        reader: of this inventory; it is finished then.
        hosts: by name, with their groups and defaults.
        devices: with the GDOI groups they are in.

    Returns:
        The devices with ``member_of`` and ``server_of``; the words by device and GDOI group.
    """
    made: dict[str, Device] = {}
    words: dict[tuple[str, str], OwnWords] = {}
    for name, device in devices.items():
        found = list(reader.read(hosts[name], device))
        words.update({(name, item.group): item for item in found})
        made[name] = (
            device
            if not found
            else replace(
                device,
                member_of={item.group: item.intent for item in found if isinstance(item.intent, MemberIntent)},
                server_of={item.group: item.intent for item in found if isinstance(item.intent, KeyServerIntent)},
            )
        )
    reader.finish()
    return made, words


def own_place(origins: Origins, host: Host, group: str, where: Where) -> Place:
    """File and path of a host's own word, also of one that it does not say."""
    return _place(origins, host, host, (group, *where))


def _a(role: Role) -> str:
    return "a member" if role is Role.MEMBER else "a key server"


def _place(origins: Origins, element: Element, host: Host, where: Where) -> Place:
    source, path = origins.of(element)
    is_row = element is host and host.name in origins.added
    return source, (*path, *(() if is_row else ("data",)), KEY, *where)
