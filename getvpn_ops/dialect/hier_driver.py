"""hier_config's driver for GETVPN: what overwrites what, and how a line is taken away, from the table of managed lines.

hier_config is the tree and the differ. Its order is not used: which line stands in which step is decided by
``remediation``, after ``dialect.ordering``.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from hier_config.platforms.driver_base import HConfigDriverBase, HConfigDriverRules

from getvpn_ops.dialect.managed import Change, Found, negated, read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hier_config import HConfigChild

_OVERWRITTEN = frozenset({Change.REPLACE, Change.SECRET})


class GetvpnDriver(HConfigDriverBase):
    """One is made for each comparison: it remembers by which keys the lines of a mode are found.

    Trees that are compared with it hold lines in the spelling of ``dialect.spellings``.
    """

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[int, tuple[object, dict[str, HConfigChild]]] = {}

    @staticmethod
    def _instantiate_rules() -> HConfigDriverRules:
        return _rules()

    def idempotent_for(self, config: HConfigChild, other_children: Iterable[HConfigChild]) -> HConfigChild | None:
        """The line that takes the place of this one by being typed."""
        mode = _mode(config)
        found = read(mode, config.text)
        if found is None or found.type.change not in _OVERWRITTEN:
            return None
        held, keys = self._seen.get(id(other_children), (None, {}))
        if held is not other_children:
            keys = {there.key: other for other in other_children if (there := read(mode, other.text)) is not None}
            self._seen[id(other_children)] = (other_children, keys)
        return keys.get(found.key)

    def negate_with(self, config: HConfigChild) -> str | None:
        """What is typed to take the line away."""
        found = read(_mode(config), config.text)
        return None if found is None else negated(found.type, config.text)


def _mode(config: HConfigChild) -> str:
    """The mode in which a line stands."""
    mode = ""
    for parent in list(config.lineage())[:-1]:
        found = read(mode, parent.text)
        mode = found.type.opens if isinstance(found, Found) else ""
    return mode


@cache
def _rules() -> HConfigDriverRules:
    return HConfigDriverRules(indentation=1)
