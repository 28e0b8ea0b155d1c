"""Releases of IOS and IOS-XE: how they are written, compared, and what they change in a router."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_OLD = re.compile(r"(\d+)\.(\d+)\((\d+)[a-z]?\)([A-Z]*)(\d*[a-z]?)")
_XE = re.compile(r"(\d+)\.(\d+)(?:\.(\d+)\w*)?")
_GKM_SINCE = (15, 2, 3)
_FIRST_XE = 16
_FAMILIES = {12: "12.4", 15: "15"}


@dataclass(frozen=True, slots=True)
class Release:
    """A release, such as ``12.4(22)T5``, ``15.2(4)M11`` or ``17.6.5``.

    Attributes:
        text: as the vendor writes it.
        numbers: what is compared; trains and rebuilds do not count.
    """

    text: str
    numbers: tuple[int, int, int]

    @property
    def family(self) -> str:
        """``12.4``, ``15`` or ``17``: the three sorts of routers that the lab knows."""
        return _FAMILIES.get(self.numbers[0], "17")

    @property
    def is_xe(self) -> bool:
        """Whether it is IOS-XE of today's numbering."""
        return self.numbers[0] >= _FIRST_XE

    def has(self, marks: Iterable[str]) -> bool:
        """Whether it has what a line of a grammar file is marked with.

        Args:
            marks: families (``12.4``, ``15``, ``17``) or first releases (``12.4(22)+``, ``17.3+``), with or without
                an ``@``; one of them suffices, and no mark means every release.
        """
        listed = [mark.removeprefix("@") for mark in marks]
        return not listed or any(
            self.numbers >= release(mark.removesuffix("+")).numbers if mark.endswith("+") else mark == self.family
            for mark in listed
        )

    def held(self, marks: Iterable[str]) -> frozenset[str]:
        """The marks among these that it has: what lines of a grammar file are for it."""
        return frozenset(mark for mark in marks if self.has([mark]))

    @property
    def gdoi(self) -> str:
        """The word in the prompts of the group's modes: ``gdoi``, and ``gkm`` since 15.2(3)."""
        return "gkm" if self.numbers >= _GKM_SINCE else "gdoi"

    @property
    def short(self) -> str:
        """As ``version`` stands in the configuration: ``15.2``."""
        return f"{self.numbers[0]}.{self.numbers[1]}"


@cache
def release(text: str) -> Release:
    """Read a release.

    Args:
        text: ``12.4(22)T5``, ``15.2(4)M11``, ``17.06.05``, ``16.9``.

    Raises:
        ValueError: it is none.
    """
    found = _OLD.fullmatch(text.strip()) or _XE.fullmatch(text.strip())
    if found is None:
        msg = f"not a release of IOS or IOS-XE: {text!r} (such as 12.4(22)T5, 15.2(4)M11, 17.6.5)"
        raise ValueError(msg)
    major, minor, third = (int(found[number] or 0) for number in (1, 2, 3))
    if major < min(_FAMILIES):
        msg = f"no routers of release {text!r} are simulated: 12.4, 15.x, 16.x and 17.x are"
        raise ValueError(msg)
    return Release(text.strip(), (major, minor, third))
