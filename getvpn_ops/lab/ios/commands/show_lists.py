"""Access lists as ``show ip access-lists`` prints them: with sequence numbers, on every release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.configuration.access_lists import AccessList, access_lists

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.lab.ios.session.shell import Shell


def _standard(text: str) -> str:
    """An entry of a standard list: ``permit 10.0.0.0, wildcard bits 0.0.0.255``."""
    action, *words = text.split()
    if len(words) > 1 and words[1][0].isdigit():
        words[:2] = [f"{words[0]}, wildcard bits {words[1]}"]
    return " ".join([action, *words])


def _lines(shown: AccessList) -> Iterator[str]:
    if shown.kind == "ipv6":
        yield f"IPv6 access list {shown.name}"
        yield from (f"    {entry.text} sequence {entry.sequence}" for entry in shown.entries)
        return
    yield f"{shown.kind.capitalize()} IP access list {shown.name}"
    for entry in shown.entries:
        yield f"    {entry.sequence} {_standard(entry.text) if shown.kind == 'standard' else entry.text}"


def show_access_lists(shell: Shell, words: tuple[str, ...], values: tuple[str, ...]) -> Iterable[str]:
    """``show [ip | ipv6] access-lists [NAME]``; a name that is none shows nothing."""
    kinds = {"ip": {"standard", "extended"}, "ipv6": {"ipv6"}}.get(words[1], {"standard", "extended", "ipv6"})
    for shown in access_lists(shell.router.running):
        if shown.kind in kinds and (not values or values[0] == shown.name):
            yield from _lines(shown)


SHOWS = {"show-access-lists": show_access_lists}
