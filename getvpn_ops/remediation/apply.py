"""A configuration as it will be when lines were typed, by the rules of IOS.

What is typed overwrites what has its key; ``no`` takes away what begins so; entries of access lists are appended, or
take the place that their number gives them; a second pre-shared key for a peer is refused. So rollback and intent can
be proven on the tree before anything is sent. The lab's routers, which share no code with this, prove it again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from getvpn_ops.dialect.managed import Change, Found, read
from getvpn_ops.dialect.spellings import spell, spell_entry, split_number
from getvpn_ops.errors import GetvpnOpsError
from getvpn_ops.model.config.tree import ConfigLine, LineKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.change import ChangeLine
    from getvpn_ops.model.config.secret import Secret

_LIST = re.compile(r"(?:ip|ipv6) access-list (?:(?:extended|standard) )?(?P<name>\S+)", re.IGNORECASE)
_STEP = 10
_ON_INTERFACE = re.compile(r"(?:ipv6 )?crypto map (?P<name>\S+)")
_MAP = re.compile(r"no crypto map (?:ipv6 )?(?P<name>\S+)")


class RefusedLineError(GetvpnOpsError):
    """A router would not take a line. A plan that holds such a line has a defect.

    Attributes:
        line: as it may be shown.
        reason: in words.
    """

    def __init__(self, line: str, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(f"{line!r}: {reason}")


@dataclass(slots=True)
class _Line:
    """A line while the tree changes."""

    text: str
    number: int
    kind: LineKind = LineKind.COMMAND
    children: list[_Line] = field(default_factory=list)
    hidden: Secret | None = None
    keys: dict[str, _Line] | None = None
    entries: dict[str, _Line] | None = None
    last: _Line | None = None
    frozen: ConfigLine | None = None


class Typing:
    """A configuration into which lines are typed one by one; a line costs no more than what it touches.

    A top line that no line touched since is the same object in every tree that it stands in.
    """

    def __init__(self, tree: Iterable[ConfigLine]) -> None:
        """Begin with a tree."""
        self._top = _Line("", 0, children=[_thaw(line) for line in tree])

    def type(self, line: ChangeLine) -> None:
        """Type one line.

        Raises:
            RefusedLineError: a router would refuse it.
        """
        _type(self._top, line)

    @property
    def tree(self) -> tuple[ConfigLine, ...]:
        """The configuration as it is now."""
        return tuple([_freeze(line) for line in self._top.children])


def apply(tree: Iterable[ConfigLine], lines: Iterable[ChangeLine]) -> tuple[ConfigLine, ...]:
    """The tree after lines were typed. Line numbers are those of the text that was read; new lines have 0.

    Raises:
        RefusedLineError: a router would refuse a line.
    """
    typing = Typing(tree)
    for line in lines:
        typing.type(line)
    return typing.tree


def _thaw(line: ConfigLine) -> _Line:
    return _Line(line.text, line.line, line.kind, [_thaw(child) for child in line.children], line.hidden, frozen=line)


def _freeze(line: _Line) -> ConfigLine:
    if line.frozen is None:
        children = tuple([_freeze(child) for child in line.children])
        line.frozen = ConfigLine(line.text, line.number, line.kind, children, line.hidden)
    return line.frozen


def _type(top: _Line, line: ChangeLine) -> None:
    block, mode = top, ""
    for opener in line.path:
        block, mode = _enter(block, mode, opener)
        block.frozen = None  # something in it is about to change
    if mode == "acl":
        _entry(block, line.text)
    elif line.text.startswith("no ") and not _is_value(mode, line.text):
        _remove(top, block, mode, line)
    else:
        _put(block, mode, line)


def _is_value(mode: str, text: str) -> bool:
    found = read(mode, text)
    return found is not None and found.is_on


def _enter(block: _Line, mode: str, opener: str) -> tuple[_Line, str]:
    """The block of a mode, made if it is not there."""
    if not mode and _LIST.fullmatch(opener):
        return _named(block, opener) or _append(block, _Line(opener, 0)), "acl"
    found = read(mode, opener)
    if found is None or not found.type.opens:
        raise RefusedLineError(opener, "it opens no mode that is known here")
    held = _held(block, mode, found)
    return held or _append(block, _Line(opener, 0), found), found.type.opens


def _named(block: _Line, opener: str) -> _Line | None:
    if block.last is None or block.last.text != opener:  # names of lists differ by their case
        block.last = next((line for line in block.children if line.text == opener), None)
    return block.last


def _held(block: _Line, mode: str, found: Found) -> _Line | None:
    if block.keys is None:
        block.keys = {}
        for line in block.children:
            there = read(mode, line.text) if line.kind is LineKind.COMMAND else None
            if there is not None:
                block.keys.setdefault(there.key, line)
    return block.keys.get(found.key)


def _append(block: _Line, line: _Line, found: Found | None = None) -> _Line:
    """Put a line behind the last one of its kind, where a router prints it; at the end if it is the first."""
    start = " ".join(line.text.split(" ")[:2])
    at = next(
        (place for place in range(len(block.children), 0, -1) if block.children[place - 1].text.startswith(start)), None
    )
    block.children.insert(len(block.children) if at is None else at, line)
    if block.keys is not None:
        if found is None:
            block.keys = None
        else:
            block.keys[found.key] = line
    return line


def _keep(block: _Line, gone: list[_Line], found: Found | None = None) -> None:
    """Take lines away."""
    block.last = None
    if len(gone) == 1 and found is not None and block.keys is not None:
        one = gone[0]
        block.children = [held for held in block.children if held is not one]
        del block.keys[found.key]
        return
    block.children = [held for held in block.children if not any(held is one for one in gone)]
    block.keys = block.entries = None


def _put(block: _Line, mode: str, line: ChangeLine) -> None:
    if not mode and (_LIST.fullmatch(line.text)):
        _enter(block, mode, line.text)
        return
    if not mode and line.text.startswith("access-list "):
        if not any(spell_entry(held.text) == spell_entry(line.text) for held in block.children):
            _append(block, _Line(line.text, 0))
        return
    found = read(mode, line.text)
    if found is None:
        _append(block, _Line(line.text, 0, hidden=line.hidden))
        return
    _check(block, mode, found, line)
    held = _held(block, mode, found)
    if held is None:
        if found.is_on:
            _append(block, _Line(line.text, 0, hidden=line.hidden), found)
        return
    if found.type.change is Change.SECRET:
        raise RefusedLineError(line.text, "there is a key for this peer: it must be removed before another is typed")
    held.text, held.hidden, held.frozen = line.text, line.hidden, None


def _check(block: _Line, mode: str, found: Found, line: ChangeLine) -> None:
    """What a router refuses for want of what a line refers to. ``block`` is the global mode where that is looked at."""
    if mode or found.type.change is not Change.SECTION or found.type.defines != "crypto-map":
        return
    held = _held(block, mode, found)
    if held is not None and spell(mode, held.text) != found.normal:
        raise RefusedLineError(line.text, "an entry of a map does not change its kind")


def _remove(top: _Line, block: _Line, mode: str, line: ChangeLine) -> None:
    body = line.text.removeprefix("no ")
    found = read(mode, body)
    positive = found.normal if found is not None else spell(mode, body)
    held = None if found is None else _held(block, mode, found)
    if held is not None and found is not None and spell(mode, held.text) == positive:
        gone = [held]
    else:
        found = None
        gone = [
            held
            for held in block.children
            if held.kind is LineKind.COMMAND
            and ((there := spell(mode, held.text)) == positive or there.startswith(f"{positive} "))
        ]
    if not gone and found is None and mode:  # printed as it stands, as a router prints what it is told not to do
        _append(block, _Line(line.text, 0, hidden=line.hidden))
        return
    if not gone:
        raise RefusedLineError(line.text, "there is no such line")
    if not mode and (named := _MAP.match(line.text)) is not None:
        _map_in_use(top, named["name"], gone, line)
    _keep(block, gone, found)


def _map_in_use(top: _Line, name: str, gone: list[_Line], line: ChangeLine) -> None:
    """``no crypto map M``: not while an interface has it, unless entries are left."""
    start = (f"crypto map {name} ", f"crypto map ipv6 {name} ")
    entries = [held for held in top.children if held.text.startswith(start) and held.text.endswith((" gdoi", "isakmp"))]
    left = [held for held in entries if not any(held is one for one in gone)]
    if left or not entries:
        return
    for interface in top.children:
        if interface.text.startswith("interface "):
            for child in interface.children:
                found = _ON_INTERFACE.fullmatch(child.text)
                if found is not None and found["name"] == name:
                    raise RefusedLineError(
                        line.text, f"the map is in use by {interface.text.removeprefix('interface ')}"
                    )


def _entry(block: _Line, text: str) -> None:
    if text.startswith("no "):
        body = text.removeprefix("no ")
        if _one_entry(block, body):
            return
        number = int(body) if body.isdigit() else None
        gone = [held for held in block.children if _is_entry(held, body, number)]
        if not gone:
            raise RefusedLineError(text, "there is no such entry")
        _keep(block, gone)
        return
    if block.entries is None:
        block.entries = {spell_entry(held.text): held for held in block.children}
    said, line = spell_entry(text), _Line(text, 0)
    if said in block.entries and not said.startswith("remark"):
        return
    block.entries[said] = line
    split = split_number(text)
    number = split[0] if split is not None else None
    if number is None:
        block.children.append(line)
        return
    numbers = _numbers(block.children)
    if number in numbers and not said.startswith("remark"):
        raise RefusedLineError(text, "another entry has this number")
    block.children.insert(sum(1 for held in numbers if held <= number), line)


def _one_entry(block: _Line, body: str) -> bool:
    """Take an entry away by its words, if that is all there is to it: lists of members are long."""
    if body.isdigit() or body.startswith("remark"):
        return False
    if block.entries is None:
        block.entries = {spell_entry(held.text): held for held in block.children}
    one = block.entries.pop(spell_entry(body), None)
    if one is None:
        return False
    block.children = [held for held in block.children if held is not one]
    return True


def _is_entry(held: _Line, body: str, number: int | None) -> bool:
    if number is not None:
        split = split_number(held.text)
        return split is not None and split[0] == number
    return spell_entry(held.text) == spell_entry(body)


def _numbers(lines: list[_Line]) -> list[int]:
    """Sequence numbers of entries, in steps of ten where they are not printed."""
    numbers: list[int] = []
    for line in lines:
        split = split_number(line.text)
        printed = split[0] if split is not None else None
        numbers.append(printed if printed is not None else (numbers[-1] if numbers else 0) + _STEP)
    return numbers
