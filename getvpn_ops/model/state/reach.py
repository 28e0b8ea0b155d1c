"""Whether something answers (``ping``)."""

from __future__ import annotations

from dataclasses import dataclass

from getvpn_ops.model.values import Address


@dataclass(frozen=True, slots=True)
class Ping:
    """``ping TARGET [repeat N] [size N] [timeout N] [source A] [df-bit]``: one series of echoes.

    Attributes:
        percent: answered.
        received: answers.
        sent: requests, as counted at the end.
        count: requests, as announced.
        df: the words, if requests must not be fragmented.
        marks: one for each request: ``!`` answered, ``.`` not, ``U`` unreachable, ``M`` too large to be sent whole.
        round_trip_ms: shortest, mean and longest.
    """

    percent: int
    received: int | None = None
    sent: int | None = None
    target: Address | None = None
    count: int | None = None
    size_bytes: int | None = None
    timeout_seconds: int | None = None
    source: Address | None = None
    df: str | None = None
    marks: str | None = None
    round_trip_ms: str | None = None

    @property
    def answered(self) -> bool:
        """Whether more came back than was lost: the first request is often lost to ARP."""
        return self.percent > 50  # noqa: PLR2004 -- half
