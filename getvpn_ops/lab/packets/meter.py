"""Counters that move by rates, and what a screen shows of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.lab.packets.ledger import PACKET

if TYPE_CHECKING:
    from datetime import datetime

    from getvpn_ops.lab.gdoi.state import Counters

LATE = 10
"""Seconds between two refreshes of what screens of IOS-XE show."""
_MICROSECOND = timedelta(microseconds=1)


class Meter:
    """Moves the counters of one member by the rates of its flows."""

    __slots__ = ("_rates", "_shown", "_since", "counters")

    def __init__(self, counters: Counters, now: datetime) -> None:
        """Start at a moment.

        Args:
            counters: what it moves.
            now: the moment.
        """
        self.counters = counters
        self._rates: dict[str, int] = {}
        self._since = now
        self._shown = replace(counters)

    def accrue(self, now: datetime) -> None:
        """Bring the counters up to a moment."""
        if now <= self._since:
            return
        last = _refresh(now)
        if last > self._since:
            self._shown = self._at(last)
        for name, rate in self._rates.items():
            moved = rate * ((now - self._since) // _MICROSECOND) / PACKET
            setattr(self.counters, name, getattr(self.counters, name) + moved)
        if last == now:
            self._shown = replace(self.counters)
        self._since = now

    def _at(self, moment: datetime) -> Counters:
        found = replace(self.counters)
        for name, rate in self._rates.items():
            moved = rate * ((moment - self._since) // _MICROSECOND) / PACKET
            setattr(found, name, getattr(found, name) + moved)
        return found

    def turn(self, name: str, rate: int) -> None:
        """Change the rate of a counter by some thousandths of a packet per second."""
        self._rates[name] = self._rates.get(name, 0) + rate

    def shown(self, now: datetime) -> Counters:
        """What a late screen shows: the counters as they were at the last refresh."""
        self.accrue(now)
        return replace(self._shown)


def _refresh(now: datetime) -> datetime:
    """The last moment at which late screens were refreshed."""
    return now.replace(second=now.second - now.second % LATE, microsecond=0)
