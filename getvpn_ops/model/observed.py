"""What a run saw of a group as it went: roles of key servers and modes of members, as facts of its journal.

The facts are ``StateSeen`` events about ``COOP_ROLES`` and ``MEMBER_MODES``, named ``GROUP DEVICE``; only what differs
from the look before is written, so that a run over thousands of members stays short. No name holds a blank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from getvpn_ops.model.journal import StateSeen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from getvpn_ops.model.journal import Entry

COOP_ROLES: Final = "coop-roles"
"""What the facts about key servers are about."""
MEMBER_MODES: Final = "member-modes"
"""What the facts about members are about."""


def fact_of(group: str, device: str) -> str:
    """Name of the fact about a device in a group."""
    return f"{group} {device}"


def sightings(entries: Iterable[Entry], about: str) -> Iterator[tuple[datetime, str, str, str]]:
    """What was seen, and when.

    Args:
        entries: of a run, in their order.
        about: ``COOP_ROLES`` or ``MEMBER_MODES``.

    Yields:
        moment, group, device, and what it was from then on as far as the run knows.
    """
    for entry in entries:
        if isinstance(entry.event, StateSeen) and entry.event.about == about:
            for name, value in entry.event.facts:
                group, _, device = name.partition(" ")
                yield entry.at, group, device, value
