"""Running access lists -> what people write: services, prefixes and pairs where they are, entries where not.

The inverse of ``rendering.lists.expand``: what is recognised is expanded again, and if that does not give the list
entry by entry, the list stays as it is (``entries``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from getvpn_ops.dialect.names import PROTOCOLS
from getvpn_ops.dialect.services import SERVICES, own_service, service
from getvpn_ops.dialect.spellings import spell_entry
from getvpn_ops.engine.adopt.checked import base_of
from getvpn_ops.model.intent.access import AccessListIntent
from getvpn_ops.model.values import Sentinel
from getvpn_ops.rendering.lists import expand
from getvpn_ops.rendering.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from getvpn_ops.model.acl import Ace, AceAddress
    from getvpn_ops.model.config.system import AccessList

_DENY, _PERMIT, _REMARK = "deny", "permit", "remark"
_EVERY = frozenset({"ip", "ipv6"})


@dataclass(frozen=True, slots=True)
class Recognised:
    """A list in the words of the intent.

    Attributes:
        words: of an ``AccessListIntent``, with its name.
        services: of one's own that it uses.
        lost: remarks that cannot be written; they say nothing to a router.
    """

    words: dict[str, Any]
    services: dict[str, list[str]]
    lost: tuple[str, ...] = ()


def recognise(held: AccessList, version: int) -> Recognised | str:
    """Say a list in the words of the intent.

    Args:
        held: as it runs.
        version: of IP.

    Returns:
        The words; or why the intent cannot say it.
    """
    if held.other:
        return f"{held.other[0]!r} is no entry that this program understands"
    entries, lost = [], []
    for ace in held.entries:
        if _writable(ace.text):
            entries.append(ace)
        elif ace.action == _REMARK:
            lost.append(ace.text)
        else:
            return f"{ace.text!r} cannot be written"
    name = base_of(held.name)
    reader = _Reader(entries, version)
    found = reader.read()
    texts = [ace.text for ace in entries]
    if found is not None and _expands(found, reader.services, version, texts):
        words = {"name": name, **found}
        return Recognised(words, reader.services, tuple(lost) + _twice(texts))
    return Recognised({"name": name, "entries": texts}, {}, tuple(lost))


def _writable(text: str) -> bool:
    try:
        AccessListIntent.model_validate({"entries": [text]})
    except ValueError:
        return False
    return True


def _twice(texts: Sequence[str]) -> tuple[str, ...]:
    """Remarks that stand a second time: an expanded list has each line once."""
    return tuple(text for place, text in enumerate(texts) if text.startswith(_REMARK) and text in texts[:place])


def _expands(words: Mapping[str, Any], services: Mapping[str, list[str]], version: int, texts: Iterable[str]) -> bool:
    problems = Problems()
    own = {name: tuple(matches) for name, matches in services.items()}
    made = expand(AccessListIntent.model_validate(words), own, version, problems, "")
    return not problems and _entries(made) == _entries(texts)


def _entries(texts: Iterable[str]) -> list[str]:
    return [spell_entry(text) for text in texts if not text.startswith(_REMARK)]


@lru_cache(maxsize=2)
def _services(version: int) -> Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]:
    """First entry of a service -> services that begin with it, the longest first."""
    found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for name in SERVICES:
        spelled = tuple(spell_entry(f"{_DENY} {match}") for match in service(name, version) or ())
        if spelled:
            found.setdefault(spelled[0], []).append((spelled, name))
    return {first: tuple(sorted(those, key=lambda item: -len(item[0]))) for first, those in found.items()}


class _Reader:
    """Reads entries in order."""

    def __init__(self, entries: Sequence[Ace], version: int) -> None:
        self._entries = entries
        self._version = version
        self._spelled = [spell_entry(ace.text) for ace in entries]
        self.services: dict[str, list[str]] = {}

    def read(self) -> dict[str, list[str]] | None:
        """What is exempt and what is encrypted; None if a deny stands behind a permit."""
        actions = [ace.action for ace in self._entries]
        first = actions.index(_PERMIT) if _PERMIT in actions else len(actions)
        if _DENY in actions[first:]:
            return None
        last = max((place for place, action in enumerate(actions) if action == _DENY), default=-1)
        return {"exempt": self._items(0, last + 1), "encrypt": self._items(last + 1, len(actions))}

    def _items(self, at: int, end: int) -> list[str]:
        items = []
        while at < end:
            item, length = self._item(at, end)
            items.append(item)
            at += length
        return items

    def _item(self, at: int, end: int) -> tuple[str, int]:
        ace = self._entries[at]
        found = None
        if ace.action == _DENY:
            found = self._service(at, end) or self._own(at, end)
        return found or self._pair(at, end) or (ace.text, 1)

    def _service(self, at: int, end: int) -> tuple[str, int] | None:
        for entries, name in _services(self._version).get(self._spelled[at], ()):
            if at + len(entries) <= end and tuple(self._spelled[at : at + len(entries)]) == entries:
                return name, len(entries)
        return None

    def _own(self, at: int, end: int) -> tuple[str, int] | None:
        """A port with its mirror, or a whole protocol, that no service of ours is."""
        ace = self._entries[at]
        if not _is_any(ace.source) or not _is_any(ace.destination) or ace.options:
            return None
        protocol = ace.protocol or ""
        port = ace.destination_port
        if port is None and ace.source_port is None and protocol in PROTOCOLS and protocol not in _EVERY:
            matches = {protocol: protocol}
        elif port is not None and port.operator == "eq" and len(port.ports) == 1 and protocol in {"tcp", "udp"}:
            number = port.ports[0]
            matches = {f"{protocol}-{number}": f"{protocol} {number}"}
            if ace.source_port == port:
                matches = {f"{protocol}-{number}-both": f"{protocol} {number} both"}
        else:
            return None
        ((name, match),) = matches.items()
        entries = tuple(spell_entry(f"{_DENY} {text}") for text in own_service(match, self._version) or ())
        if not entries or at + len(entries) > end or tuple(self._spelled[at : at + len(entries)]) != entries:
            return None
        if name in SERVICES:
            return None
        self.services[name] = [match]
        return name, len(entries)

    def _pair(self, at: int, end: int) -> tuple[str, int] | None:
        """Prefixes, with the mirror where there is one."""
        ace = self._entries[at]
        left, right = _whole(ace)
        if left is None or right is None:
            return None
        mirrored = at + 1 < end and self._entries[at + 1].action == ace.action and _whole(self._entries[at + 1]) == (
            right, left,
        )  # fmt: skip
        if ace.action == _PERMIT:
            if left == right:
                return left, 1
            return (f"{left} -> {right}", 2) if mirrored else None
        if left == right:
            return None if left == "any" else (f"{left} -> {right}", 1)
        if not mirrored:
            return None
        return (right, 2) if left == "any" else (f"{left} -> {right}", 2)


def _is_any(address: AceAddress | None) -> bool:
    return address is not None and address.network is Sentinel.ANY


def _whole(ace: Ace) -> tuple[str | None, str | None]:
    """Source and destination of an entry that matches every protocol between two prefixes."""
    if ace.protocol not in _EVERY or ace.source_port or ace.destination_port or ace.options:
        return None, None
    return _prefix(ace.source), _prefix(ace.destination)


def _prefix(address: AceAddress | None) -> str | None:
    if address is None or address.network is None:
        return None
    if isinstance(address.network, Sentinel):
        return "any" if address.network is Sentinel.ANY else None
    network = address.network
    if network.prefixlen == 0:
        return "any"
    return str(network.network_address if network.prefixlen == network.max_prefixlen else network)
