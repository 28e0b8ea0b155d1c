"""The right of one run to change some devices and groups, for a time (promise P5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from getvpn_ops.model.journal import Fence


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one run to change some resources.

    Attributes:
        id: of it; ``unlock`` needs it.
        run: that has it.
        fences: the resources, each with a number greater than that of any lease on it before.
        ends: by the store's clock, unless it is renewed.
        owner: ``user@host, process N``.
    """

    id: str
    run: str
    fences: tuple[Fence, ...]
    ends: datetime
    owner: str
