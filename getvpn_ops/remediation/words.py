"""What a person is told of an edit: its title, and what it does to traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.dialect.managed import Trigger

if TYPE_CHECKING:
    from getvpn_ops.remediation.difference import Difference

REGISTERS = "takes effect when IKE is set up again or the member registers again, which costs seconds of its traffic"
FIRST = "the member registers now; until it has, what it sends matches nothing and passes in clear"
ACTIVATE = "only after the member has registered: before, all but what the list denies is dropped"
SWAP = "while the group is live, flows of the difference may be lost until every member has the new list"
KEPT = "the old policy stays under number {number} until the clean-up"
KEPT_FOR = "the old policy stays as number {number} for good: IKE is used by {other} as well"
SHARED = "'{user}' uses it as well, which is not managed here"
CLEAR = "the interface sends and takes clear traffic from now on"
PASSIVE = "the member encrypts what it sends from now on, and still takes clear traffic"
NOT_PASSIVE = "the member does as the key server says from now on: unless that is receive-only, it drops clear traffic"
IDENTITY = "who has the old identity registers no more: key servers and members of the group must change together"
SERVES_NO_MORE = "its members must have another key server by then, and the others must not count on this one"


def title_of(item: Difference) -> str:
    """The title of a step that ends one difference."""
    node = item.any
    within = dict.fromkeys((item.path[0], item.path[-1])) if item.path else ()
    where = "".join(f" in '{line}'" for line in reversed(tuple(within)))
    if item.in_order:
        return f"set the order of '{node.id}'{where}"
    if item.old and item.new:
        return f"set '{item.new[0].text}' in place of '{item.old[0].text}'{where}"
    return f"set '{node.text}'{where}" if item.new else f"remove '{node.text}'{where}"


def notes_of(item: Difference, trigger: Trigger) -> tuple[str, ...]:
    """What one difference does to traffic and keys when it is ended.

    Args:
        item: the difference.
        trigger: of its line, where it takes effect.
    """
    node = item.any
    if node.id in {"interface-map", "interface-ipv6-map"}:
        return (FIRST,) if item.new else (CLEAR,)
    if node.id == "gdoi-passive":
        return (PASSIVE,) if item.new else (NOT_PASSIVE,)
    if node.id == "gdoi-identity":
        return (IDENTITY,)
    if node.id == "gdoi-local-server" and not item.new:
        return (SERVES_NO_MORE,)
    if node.id == "fail-close-activate" and item.new:
        return (ACTIVATE,)
    if node.id in {"sa-match", "map-match"}:
        return (SWAP,)
    return (REGISTERS,) if trigger is Trigger.REGISTRATION else ()
