"""What nobody attests about real devices, and each network measures on its pilot pair, per platform and release.

A prediction that needs one of these facts takes the worse answer while it is not measured, and says which it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Known(StrEnum):
    """Whether something holds."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "not measured"


class Fact(StrEnum):
    """A fact that a prediction may rest on; the words are for people."""

    PASSIVE_AT_ONCE = "(a) passive and no passive act at once on a registered member, without re-registration"
    PASSIVE_ACCEPTS_CLEAR = "(b) passive still accepts clear when the key server says Both"
    TURNS_WITHOUT_GAP = "(c) a change of direction leaves no moment without SA"
    SHOWN_AS_OPTIONAL = "(d) a member shows passive as the direction of its SAs"
    ESP_PASSES = "ESP passes the core between the two"
    PATH_MTU = "the path carries what the sender's link carries"


@dataclass(frozen=True, slots=True)
class Measured:
    """The facts (a) to (d) for one device; pessimistic until measured.

    Attributes:
        passive_at_once: (a) whether ``passive`` and ``no passive`` act at once on a registered member, and without a
            re-registration.
        passive_accepts_clear: (b) whether ``passive`` accepts clear packets when the key server says Both.
        turns_without_gap: (c) whether a change of direction leaves no gap without SA.
        shown_as_optional: (d) whether a member with ``passive`` in effect shows it as the direction of its SAs.
        gap_seconds: the longest gap that was measured where (c) is not so; None if it is not known.
    """

    passive_at_once: Known = Known.UNKNOWN
    passive_accepts_clear: Known = Known.UNKNOWN
    turns_without_gap: Known = Known.UNKNOWN
    shown_as_optional: Known = Known.UNKNOWN
    gap_seconds: float | None = None


UNMEASURED = Measured()
"""Nothing was measured."""
GOOD = Measured(Known.YES, Known.YES, Known.YES, Known.YES)
"""Every answer as a migration wishes it."""
