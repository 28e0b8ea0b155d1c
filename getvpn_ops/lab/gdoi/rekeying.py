"""A rekey under way: to a few members at a time, again to those that do not acknowledge, given up at last."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ipaddress import IPv4Address

    from getvpn_ops.lab.clock import Event
    from getvpn_ops.lab.gdoi.key_server import KeyServer
    from getvpn_ops.lab.gdoi.messages import Rekey

_BATCH, _PAUSE = 8, 0.25  # members at a time, seconds between
_MISSES = 3  # rekeys in a row without an acknowledgement that drop a member
_SHOWN = 4  # sequence numbers that a screen shows


class Distribution:
    """One rekey on its way to the members of a key server."""

    def __init__(self, server: KeyServer, message: Rekey) -> None:
        """Send it.

        Args:
            server: whose members get it.
            message: what they get.
        """
        self.server, self.message = server, message
        self.begun = server.world.clock.now()
        self.waiting: dict[IPv4Address, None] = {}
        self._period, self._copies = server.intent.retransmit
        self._events: list[Event] = []
        server.state.retransmits = 0
        if message.unicast:
            self.waiting = dict.fromkeys(server.state.members)
            self._send(self.waiting, again=False)
        else:
            self._spread()

    # -- multicast

    def _spread(self) -> None:
        self._events.clear()
        self.server.multicast(self.message)
        if self._copies > 0:
            self._copies -= 1
            self._events = [self.server.world.clock.after(self._period, self._spread_again)]

    def _spread_again(self) -> None:
        self.server.state.retransmits += 1
        self._spread()

    # -- unicast

    def _send(self, addresses: Iterable[IPv4Address], *, again: bool) -> None:
        """In batches; after the last one the acknowledgements have their time."""
        targets = list(addresses)
        clock = self.server.world.clock
        batches = [targets[at : at + _BATCH] for at in range(0, len(targets), _BATCH)]
        self._events = []
        for number, batch in enumerate(batches):
            if number:
                self._events.append(clock.after(number * _PAUSE, lambda batch=batch: self._each(batch, again=again)))  # type: ignore[misc]
            else:
                self._each(batch, again=again)
        self._events.append(clock.after(max(0, len(batches) - 1) * _PAUSE + self._period, self._check))

    def _each(self, batch: list[IPv4Address], *, again: bool) -> None:
        records = self.server.state.members
        for address in batch:
            record = records.get(address)
            if record is None or address not in self.waiting:
                continue
            if again:
                record.rekey_retries += 1
                self.server.state.retransmits += 1
            else:
                record.rekeys_sent += 1
                record.sent = [self.message.sequence, *record.sent][:_SHOWN]
            self.server.unicast(self.message, address)

    def acknowledge(self, address: IPv4Address) -> None:
        """A member has it."""
        if address in self.waiting:
            del self.waiting[address]
            self.server.state.rekey_took = self.server.world.clock.now() - self.begun
            if not self.waiting:
                self._cancel()

    def _check(self) -> None:
        self._events = []
        if self.waiting and self._copies > 0:
            self._copies -= 1
            self._send(self.waiting, again=True)
        else:
            self.finish()

    def _cancel(self) -> None:
        for event in self._events:
            event.cancel()
        self._events = []

    def finish(self) -> None:
        """No more copies: who has not acknowledged has missed it, and the third miss in a row drops a member."""
        self._cancel()
        for address in tuple(self.waiting):
            record = self.server.state.members.get(address)
            if record is None:
                continue
            record.acks_missed += 1
            record.missed_in_a_row += 1
            if record.missed_in_a_row >= _MISSES:
                self.server.eject(address)
        self.waiting = {}
