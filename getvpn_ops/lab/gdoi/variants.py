"""What nobody attests about real devices, switchable for each: a product must be right under every choice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Takes(Enum):
    """When ``passive`` and ``no passive`` take effect on a registered member."""

    AT_ONCE = "at once"
    NEXT_REKEY = "next rekey"
    REREGISTRATION = "re-registration"


@dataclass(frozen=True, slots=True)
class Variants:
    """The choices for one device; the defaults are the good ones.

    Attributes:
        passive: when a change of ``passive`` takes effect; a re-registration follows at once and destroys the SAs.
        passive_accepts_clear: whether a passive member accepts clear packets when the key server says Both.
        direction_gap: seconds without any SA when the direction changes.
        rekeys_on_leaving: whether leaving configuration mode sends a changed policy; None: as its release does.
        removes_gently: whether ``clear crypto gdoi ks members`` lets SAs live until members have registered again.
    """

    passive: Takes = Takes.AT_ONCE
    passive_accepts_clear: bool = True
    direction_gap: float = 0.0
    rekeys_on_leaving: bool | None = None
    removes_gently: bool = True


GOOD = Variants()
BAD = Variants(passive=Takes.REREGISTRATION, passive_accepts_clear=False, direction_gap=2.0)
