"""What is asked of one router: its screens, and echoes to key servers, services and other sites, all in one session."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from getvpn_ops.engine.assemble import evidence_of
from getvpn_ops.model.state.reach import Ping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.values import Address

_SMALL = 100


@dataclass(frozen=True, slots=True)
class Way:
    """Echoes from an address of a router to another one.

    Attributes:
        source: which it sends from; None: as it chooses.
        target: which answers.
        vrf: in which; empty: the global table.
    """

    source: Address | None
    target: Address
    vrf: str = ""

    def line(self, repeat: int, seconds: int, size: int = 0) -> str:
        """As it is typed; with a size, packets must not be fragmented."""
        vrf = f"vrf {self.vrf} " if self.vrf else ""
        large = f" size {size}" if size else ""
        source = f" source {self.source}" if self.source is not None else ""
        df = " df-bit" if size else ""
        return f"ping {vrf}{self.target} repeat {repeat} timeout {seconds}{large}{source}{df}"


@dataclass(slots=True)
class Asked:
    """One router's session.

    Attributes:
        echoes: to whom, whether they come back.
        sized: to whom, how large.
        largest: bytes of the largest echo.
        repeat: echoes of a series.
        came: of ``echoes``: percent that came back, or why nobody can tell.
        passed: of ``sized``: bytes of the largest packet with DF that came back; 0: none; or why nobody can tell.
    """

    echoes: tuple[Way, ...]
    sized: tuple[Way, ...]
    largest: int
    repeat: int
    came: dict[Way, Ping | str] = field(default_factory=dict)
    passed: dict[Way, int | str] = field(default_factory=dict)

    def script(self) -> Script:
        """Type it all; sizes are halved to the byte, or end with the first answer nobody can read."""
        for way in self.echoes:
            self.came[way] = _said((yield way.line(self.repeat, 2)))
        for way in self.sized:
            sizes = _Halving(self.largest)
            for size in sizes:
                ping = _said((yield way.line(2, 1, size)))
                if isinstance(ping, str):
                    self.passed[way] = ping
                    break
                sizes.told(size, answered=ping.percent > 0)
            else:
                self.passed[way] = sizes.passes

    def ended(self, why: str) -> None:
        """The session is over; what was not answered by then is not known."""
        for way in self.echoes:
            self.came.setdefault(way, why)
        for way in self.sized:
            self.passed.setdefault(way, why)

    def answers(self, targets: Iterable[Address]) -> dict[Address, Ping | str]:
        """What came back from some."""
        wanted = set(targets)
        return {way.target: said for way, said in self.came.items() if way.target in wanted}


class _Halving:
    """Sizes to try: the largest, a small one, and then halves of what lies between."""

    def __init__(self, largest: int) -> None:
        self.passes = 0
        self._lost = largest + 1
        self._largest = largest

    def __iter__(self) -> Iterator[int]:
        yield self._largest
        if not self.passes:
            yield _SMALL
        while self.passes and self._lost - self.passes > 1:
            yield (self.passes + self._lost) // 2

    def told(self, size: int, *, answered: bool) -> None:
        if answered:
            self.passes = max(self.passes, size)
        else:
            self._lost = min(self._lost, size)


def _said(capture: Capture) -> Ping | str:
    evidence = evidence_of(capture)
    if evidence is None or evidence.parsed is None or not isinstance(evidence.parsed.data, Ping):
        return f"'{capture.command}': {evidence.reason if evidence is not None else 'its answer is not known here'}"
    return evidence.parsed.data
