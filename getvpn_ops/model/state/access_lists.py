"""Access lists with their counters."""

from __future__ import annotations

from dataclasses import dataclass

from getvpn_ops.model.acl import Ace


@dataclass(frozen=True, slots=True)
class AccessList:
    """One access list.

    Attributes:
        kind: ``Extended IP``, ``Standard IP``, ``Reflexive IP``, ``IPv6``, ``Extended MAC`` ...
        name: name or number; the name of a list that IOS made for a session may hold ``#`` and ``/``.
        note: what stands in brackets behind the name, such as ``Compiled`` or ``per-user``.
    """

    kind: str
    name: str
    note: str | None = None
    entries: tuple[Ace, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessLists:
    """``show ip access-lists [NAME]``, ``show ipv6 access-list [NAME]``, ``show access-lists [NAME]``."""

    lists: tuple[AccessList, ...] = ()
