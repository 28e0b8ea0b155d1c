"""Access lists out of a text that a person has: bare lines, a configuration, or what a show command printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from getvpn_ops.analysis.lists.effective import EffectiveList
from getvpn_ops.dialect.ace import parse_ace
from getvpn_ops.engine.acl.configs import used_by_servers, used_locally
from getvpn_ops.engine.acl.members import own_by_map
from getvpn_ops.errors import ParseFailure
from getvpn_ops.parsing import parse
from getvpn_ops.parsing.clean import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.state.access_lists import AccessLists
    from getvpn_ops.model.state.gdoi import Gdoi
    from getvpn_ops.model.state.gm_details import GmAcl
    from getvpn_ops.model.state.ks import KsAcl

_SHOWN = re.compile(r"^\s*(?:Extended|Standard|Reflexive) IP access list \S|^\s*IPv6 access list \S", re.MULTILINE)
_OF_SERVER = re.compile(r"^\s*Configured ACL:|^\s*Group Name\s*:.*\n\s*Configured ACL", re.MULTILINE)
_OF_MEMBER = re.compile(r"^\s*ACL (?:Downloaded|Received) From KS|^\s*ACL Configured Locally", re.MULTILINE)
_OF_GROUP = re.compile(r"^\s*GROUP INFORMATION\s*$", re.MULTILINE)
_CONFIGURED = re.compile(
    r"^\s*(?:ip|ipv6) access-list \S|^\s*access-list \d+ (?:permit|deny|remark)|^hostname \S|^version \d", re.MULTILINE
)
_COMMENT = re.compile(r"\s*(?:!.*)?")
_ACTIONS = (["permit"], ["deny"], ["remark"], ["evaluate"], ["dynamic"])
_STEP, _LAST = 10, 2**31 - 1
_LONG = 120  # characters of a text that a message repeats


@dataclass(frozen=True, slots=True)
class Listed:
    """One list of a text, or the pair that a member has.

    Attributes:
        name: of the list, or of the group; empty for bare lines.
        local: lines that a member has of its own.
        downloaded: lines of a key server, or of any list whose place nothing tells.
        used: whether GETVPN names it; None if the text does not tell.
    """

    name: str
    local: tuple[Ace, ...] = ()
    downloaded: tuple[Ace, ...] = ()
    used: bool | None = None

    @property
    def effective(self) -> EffectiveList:
        """What a member with these lines does."""
        return EffectiveList(self.local, self.downloaded)


def read_lists(text: str | bytes) -> tuple[Listed, ...]:
    """Every access list of a text.

    Understood are lines alone, ``ip access-list`` sections, configurations, ``show access-lists``, and the ``acl``
    outputs of ``show crypto gdoi ks`` and ``gm``.

    Raises:
        ParseFailure: a line is not understood, or the text may not be whole: a lost line would change what all behind
        it
            do.
    """
    words = decode(text)[0] if isinstance(text, bytes) else text
    if _OF_GROUP.search(words):
        return tuple(_of_member(_whole("show crypto gdoi", words)))
    if _OF_MEMBER.search(words):
        return tuple(_of_member(_whole("show crypto gdoi gm acl", words)))
    if _OF_SERVER.search(words):
        return tuple(_of_server(_whole("show crypto gdoi ks acl", words)))
    if _SHOWN.search(words):
        shown: AccessLists = _whole("show access-lists", words)
        return tuple(Listed(item.name, (), item.entries) for item in shown.lists)
    if _CONFIGURED.search(words):
        return tuple(_of_config(words))
    return (Listed("", (), as_typed(list(_bare(words)), "the list")),)


def _whole(command: str, text: str) -> Any:  # noqa: ANN401 -- the state of that command
    parsed = parse(command, text)
    if parsed.unrecognized:
        first = parsed.unrecognized[0]
        raise ParseFailure(parsed.command, f"not understood: {_cut(first.text)!r}", first.line)
    if parsed.warnings:
        raise ParseFailure(parsed.command, f"the text may not be whole: {parsed.warnings[0]}")
    return parsed.data


def _of_member(shown: GmAcl | Gdoi) -> Iterator[Listed]:
    """One for each group, or for each crypto map where these have different own lists.

    Raises:
        ParseFailure: a group has several lists of key servers: which of them goes with which own list is not told.
    """
    for name in dict.fromkeys(group.group_name for group in shown.groups):
        groups = [group for group in shown.groups if group.group_name == name]
        downloads = {item.entries for group in groups for item in group.acl_downloads if item.entries}
        if len(downloads) > 1:
            raise ParseFailure("access list", f"group {name} has {len(downloads)} different lists of key servers here")
        downloaded = next(iter(downloads), ())
        own = own_by_map(item for group in groups for item in group.local_acls if item.entries)
        apart = len(set(own.values())) > 1
        for crypto_map, local in list(own.items())[: None if apart else 1]:
            yield Listed(f"{name}/{crypto_map}" if apart else name, local, downloaded, used=True)
        if downloaded and not own:
            yield Listed(name, (), downloaded, used=True)


def _of_server(shown: KsAcl) -> Iterator[Listed]:
    for group in shown.groups:
        yield Listed(group.group_name, (), tuple(entry.ace for entry in group.entries), used=True)


def _of_config(text: str) -> Iterator[Listed]:
    parsed = parse("show running-config", text)
    config: RunningConfig = parsed.data
    local, served = used_locally(config), used_by_servers(config)
    tells = bool(local or served)
    for item in config.access_lists:
        if item.other:
            raise ParseFailure("access list", f"{_cut(item.name)}: not understood: {_cut(item.other[0])!r}", item.line)
        entries = as_typed(item.entries, item.name)
        if item.name in local and item.name not in served:
            yield Listed(item.name, entries, (), used=True)
        else:
            yield Listed(item.name, (), entries, used=item.name in served if tells else None)


def _bare(text: str) -> Iterator[Ace]:
    for number, line in enumerate(text.splitlines(), 1):
        if _COMMENT.fullmatch(line):
            continue
        try:
            yield parse_ace(line)
        except ValueError as exc:
            raise ParseFailure("access list", _why(line, str(exc)), number) from exc


def _why(line: str, reason: str) -> str:
    """Why a line is not understood; one that is no line of a list may hold a secret, and only its first word is said.

    Both are cut: a file may be anything.
    """
    words = line.split()
    said = line.strip() if words and words[int(words[0].isdigit()) :][:1] in _ACTIONS else (words or [""])[0]
    return f"{_cut(said)!r}: {_cut(reason)}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[:_LONG]}..."


def as_typed(entries: Sequence[Ace], name: str) -> tuple[Ace, ...]:
    """The order in which a router has lines that are typed into it: by their numbers.

    A line without a number comes behind the last so far, by ten (IOS command reference, ``ip access-list``).

    Args:
        entries: as they stand in the text, remarks as well.
        name: of the list.

    Raises:
        ParseFailure: a number stands twice: the router refuses the second line, or it is another list; or it is beyond
            1-2147483647.
    """
    if all(entry.sequence is None for entry in entries):
        return tuple(entries)
    last, placed, taken = 0, [], set()
    for entry in entries:
        place = entry.sequence if entry.sequence is not None else last + _STEP
        if not 0 < place <= _LAST:
            raise ParseFailure("access list", f"{_cut(name)}: {_cut(str(place))} is no number of a line")
        if entry.action != "remark":
            if place in taken:
                raise ParseFailure("access list", f"{_cut(name)}: number {place} stands twice")
            taken.add(place)
        last = max(last, place)
        placed.append((place, entry))
    return tuple(entry for _, entry in sorted(placed, key=itemgetter(0)))
