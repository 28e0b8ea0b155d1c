"""What came of a job on one device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from getvpn_ops.model.capture import Trouble

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Told(Generic[T_co]):
    """What came of a job on one device.

    Attributes:
        device: its name.
        value: what the job gave back; None if no session was opened, or it raised.
        trouble: why no session was opened.
        reason: the trouble in words.
        next_step: what a person can do about it.
        error: what the job raised.
    """

    device: str
    value: T_co | None
    trouble: Trouble | None = None
    reason: str = ""
    next_step: str = ""
    error: BaseException | None = None
