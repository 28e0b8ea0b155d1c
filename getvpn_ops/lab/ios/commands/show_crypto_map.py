"""Crypto maps: ``show crypto map`` and ``show crypto map gdoi fail-close``.

No capture has a gdoi entry: its lines are from memory of Cisco's command reference, framed as captures of other maps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi.lists import listed
from getvpn_ops.lab.gdoi.state import Registration
from getvpn_ops.lab.ios.commands.show_gdoi_fields import Look, ace_text, look
from getvpn_ops.lab.ios.interfaces import interfaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.lab.ios.configuration.blocks import Block
    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.lab.ios.session.shell import Shell

Words = tuple[str, ...]
_NAME, _SEQUENCE, _KIND = 2, 3, 4


def show_map(shell: Shell, words: Words, values: Words) -> Iterable[str]:
    """``show crypto map [interface NAME | tag NAME]``."""
    router = shell.router
    applied: dict[str, list[str]] = {}
    for port in interfaces(router):
        if name := port.setting("crypto map"):
            applied.setdefault(name, []).append(port.name)
    entries: dict[str, list[Block]] = {}
    for block in router.running.top.lines:
        if block.opens == "cryptomap":
            entries.setdefault(block.text.split()[_NAME], []).append(block)
    for name, blocks in entries.items():
        if "tag" in words and name != values[0]:
            continue
        if "interface" in words and values[0] not in applied.get(name, []):
            continue
        for number, block in enumerate(blocks):
            yield from _entry(router, name, block)
            if number == len(blocks) - 1:
                yield f"\tInterfaces using crypto map {name}:"
                yield from (f"\t\t{port}" for port in applied.get(name, []))
            yield ""


def _setting(block: Block, start: str) -> str:
    return next((line.text.removeprefix(start) for line in block.lines if line.text.startswith(start)), "")


def _entry(router: Router, name: str, block: Block) -> Iterator[str]:
    words = block.text.split()
    kind = words[_KIND] if len(words) > _KIND else "ipsec-isakmp"
    version = "" if look(router.release) < Look.LATE else "IPv4 "
    yield f'Crypto Map {version}"{name}" {words[_SEQUENCE]} {kind}'
    if kind != "gdoi":
        yield "\tWARNING: This crypto map is in an incomplete state!"
        yield "\t\t(missing peer or access-list definitions)"
        return
    group = _setting(block, "set group ")
    lines = next((item for item in router.running.top.lines if item.opens == "gdoi" and _names(item, group)), None)
    if lines is None:
        yield "\tWARNING: This crypto map is in an incomplete state!"
        yield "\t\t(missing GDOI group)"
    yield f"\tGroup Name: {group}"
    yield f"\t\tidentity number {_setting(lines, 'identity number ')}" if lines else "\t\tidentity number"
    yield from (
        f"\t\t{line.text}" for line in (lines.lines if lines else []) if line.text.startswith("server address ")
    )
    if acl := _setting(block, "match address "):
        yield f"\tExtended IP access list {acl}"
        yield from (f"\t    access-list {acl} {ace_text(entry)}" for entry in listed(router.running, acl))
    local = router.running.find(f"crypto map {name} local-address ")
    if local is not None:
        yield f"\tLocal address: {local.text.split()[-1]}"


def _names(block: Block, group: str) -> bool:
    return block.text.rpartition(" ")[2] == group


def show_fail_close(shell: Shell, _words: Words, values: Words) -> Iterable[str]:
    """``show crypto map gdoi fail-close [NAME]``: whether it is activated, and what still passes.

    The line that says whether it holds now is invented.
    """
    router = shell.router
    for block in router.running.top.lines:
        if block.opens != "failclose" or (values and block.text.split()[_NAME] != values[0]):
            continue
        name = block.text.split()[_NAME]
        active = any(line.text == "activate" for line in block.lines)
        members = [member for member in router.gdoi.members if member.crypto_map[0] == name]
        open_ = {Registration.REGISTERED, Registration.EXPIRED}
        holds = active and any(
            member.registration not in open_ and (member.reverts or not member.ever_registered) for member in members
        )
        acl = _setting(block, "match address ")
        yield f'Crypto Map: "{name}"'
        yield f"    Activate: {'yes' if active else 'no'}"
        if active:
            yield f"    State: {'fail-close mode is in effect' if holds else 'fail-close mode is not in effect'}"
        yield "    Fail-Close Access-List: (Deny = Forward In Clear, Permit = Drop)"
        yield from (f"        access-list {acl} {ace_text(entry)}" for entry in listed(router.running, acl))
        yield ""


SHOWS = {"show-crypto-map": show_map, "show-fail-close": show_fail_close}
