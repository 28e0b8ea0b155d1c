"""How a member asks its key servers: in their order, again when none answers, less and less often when refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi.messages import Grant, Refusal
from getvpn_ops.lab.gdoi.state import Registration

if TYPE_CHECKING:
    from getvpn_ops.lab.clock import Event
    from getvpn_ops.lab.gdoi.member import Member

_TIMEOUT = 40.0  # seconds until the next server is tried
_PAUSE, _LONGEST_PAUSE = 10.0, 60.0  # seconds after a round without an answer
_PAIR = 50.0  # seconds between the two attempts of a pair
_GAPS = (20.0, 90.0, 230.0, 430.0)  # seconds between pairs, as captures show them


class Registrar:
    """The registration of one member."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self._event: Event | None = None
        self._turn = 0
        self._rounds = 0
        self._refusals = 0
        self._number = 0

    @property
    def is_busy(self) -> bool:
        """Whether it is asking, or waits to ask again."""
        return self._event is not None

    def begin(self, wait: float = 0.0) -> None:
        """Ask from the first server on, in some seconds."""
        self._turn = self._rounds = self._refusals = 0
        self._after(wait)

    def stop(self) -> None:
        """Ask no more; what is on its way is not awaited."""
        self._number += 1
        if self._event is not None:
            self._event.cancel()
            self._event = None

    def _after(self, seconds: float) -> None:
        self.stop()
        self._event = self.member.world.clock.after(seconds, self._ask)

    def _ask(self) -> None:
        member, world = self.member, self.member.world
        intent, state = member.intent, member.state
        self.stop()
        if not (intent.identity and intent.servers):
            member.log("GM_INCOMPLETE_CFG")
            return
        if intent.address is None or not intent.up:
            return
        server = intent.servers[self._turn % len(intent.servers)]
        state.attempts += 1
        if state.registration is Registration.NONE:
            state.registration = Registration.REGISTERING
            member.changed()
        member.log("GM_REGSTER", server=server, address=intent.address)
        self._number += 1
        number = self._number
        self._event = world.clock.after(_TIMEOUT, self._unanswered)
        world.ask(member, server, lambda result: self._answered(number, result))

    def _next(self) -> bool:
        """Go on to the next server; returns whether all have been asked."""
        self._turn += 1
        return not self._turn % max(1, len(self.member.intent.servers))

    def _unanswered(self) -> None:
        self._event = None
        if self._next():
            self._rounds += 1
            self._after(min(_LONGEST_PAUSE, self._rounds * _PAUSE))
        else:
            self._ask()

    def _answered(self, number: int, result: Grant | Refusal) -> None:
        if number != self._number:
            return
        self.stop()
        if isinstance(result, Grant):
            self.member.granted(result)
            return
        self._next()  # refused; what it has lives on
        self._refusals += 1
        pair, second = divmod(self._refusals, 2)
        self._after(_PAIR if second else _GAPS[min(pair, len(_GAPS)) - 1])
