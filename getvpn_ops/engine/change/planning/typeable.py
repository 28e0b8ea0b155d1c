"""Whether lines can be typed: what their placeholders stand for must be to be had in the session that types them.

A plan holds placeholders alone. A session resolves them from what its device shows in its running configuration, and
from what it is given: the secrets of the intent, and those of a backup that is restored. A line whose secret stands
nowhere any more cannot be typed, however often it is tried; so that is found while somebody still reads the plan.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from getvpn_ops.model.config.tree import ConfigLine

NOWHERE = (
    "{device}: '{line}' cannot be typed: neither the device nor any source here has what its placeholder stands for: "
    "say under `secrets:` of getvpn-ops.yaml where it is kept"
)
"""Why a plan with such a line is refused."""
_PRINT = re.compile(r"<redacted sha256:([0-9a-f]{12})>")


class Line(Protocol):
    """A line as it is shown, in the mode it belongs to."""

    @property
    def text(self) -> str:
        """Of it; secrets are placeholders."""
        ...

    @property
    def path(self) -> tuple[str, ...]:
        """The lines that open its mode."""
        ...


L = TypeVar("L", bound=Line)


def prints_in(tree: Iterable[ConfigLine]) -> frozenset[str]:
    """Fingerprints of all secrets that stand in a configuration.

    Args:
        tree: its lines; secrets are placeholders.
    """
    return frozenset(found for top in tree for line in top.walk() for found in _PRINT.findall(line.text))


def untypeable(
    lines: Iterable[L], shown: Collection[str], given: Callable[[], Collection[str]] = tuple
) -> tuple[L, ...]:
    """Lines that nobody could type.

    Args:
        lines: to be typed on one device.
        shown: fingerprints of the secrets that the device itself shows.
        given: of those that its sessions are given; asked only if a line needs one that the device does not show.
    """
    wanting = [(line, _needs(line).difference(shown)) for line in lines]
    if not any(needs for _, needs in wanting):
        return ()
    more = frozenset(given())
    return tuple(line for line, needs in wanting if not needs <= more)


def _needs(line: Line) -> frozenset[str]:
    return frozenset(found for text in (*line.path, line.text) for found in _PRINT.findall(text))
