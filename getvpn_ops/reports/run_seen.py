"""Roles of key servers and modes of members over the time of a run, as its journal has them."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Final

from getvpn_ops.model.observed import COOP_ROLES, MEMBER_MODES, sightings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from getvpn_ops.reports.run_record import RunRecord

UNSEEN: Final = "not seen yet"


class SeenOverTime:
    """What a run saw of its groups."""

    def __init__(self, record: RunRecord) -> None:
        """Nothing is worked out yet."""
        self._entries = record.entries
        self._plan = record.shown.plan

    @cached_property
    def roles(self) -> Mapping[str, Mapping[str, Sequence[tuple[datetime, str]]]]:
        """By group and key server: from when on it was what."""
        return self._seen(COOP_ROLES)

    @cached_property
    def modes(self) -> Mapping[str, Mapping[str, Sequence[tuple[datetime, str]]]]:
        """By group and member: from when on it was what."""
        return self._seen(MEMBER_MODES)

    def _seen(self, about: str) -> dict[str, dict[str, list[tuple[datetime, str]]]]:
        found: dict[str, dict[str, list[tuple[datetime, str]]]] = {}
        for at, group, device, what in sightings(self._entries, about):
            states = found.setdefault(group, {}).setdefault(device, [])
            if not states or states[-1][1] != what:
                states.append((at, what))
        return found

    def members(self, group: str) -> int:
        """Members of a group that the plan is about, and those that were seen beyond it."""
        planned = {d.name for d in self._plan.devices if d.role == "gm" and group in d.groups} if self._plan else set()
        return len(planned | set(self.modes.get(group, {})))

    def crowd(self, group: str) -> tuple[tuple[datetime, Mapping[str, int]], ...]:
        """How many members were what, from when on; those of which nothing is known count as that."""
        now: Counter[str] = Counter({UNSEEN: self.members(group)})
        was: dict[str, str] = {}
        made: list[tuple[datetime, Mapping[str, int]]] = []
        if self._entries:
            made.append((self._entries[0].at, dict(now)))
        for at, of, device, what in sightings(self._entries, MEMBER_MODES):
            if of != group:
                continue
            now[was.get(device, UNSEEN)] -= 1
            now[what] += 1
            was[device] = what
            if made and made[-1][0] == at:
                made.pop()
            made.append((at, {mode: number for mode, number in now.items() if number}))
        return tuple(made)
