"""Where a name stands in a configuration, in whatever line: what is mentioned anywhere is not removed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from getvpn_ops.model.config.tree import LineKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from getvpn_ops.model.config.tree import ConfigLine

_PROSE = ("description ", "remark ", "banner ")


def mentions(
    tree: Iterable[ConfigLine], name: str, passes: Callable[[ConfigLine], bool] | None = None
) -> Iterator[ConfigLine]:
    """The commands that hold a name as a word of its own.

    Args:
        tree: of a configuration.
        name: of an access list, map, profile ...
        passes: lines that are passed over with everything below them.
    """
    word = re.compile(rf"(?<![\w.\-/:]){re.escape(name)}(?![\w.\-/:])")
    yield from _below(tree, name, word, passes)


def _below(
    lines: Iterable[ConfigLine], name: str, word: re.Pattern[str], passes: Callable[[ConfigLine], bool] | None
) -> Iterator[ConfigLine]:
    for line in lines:
        if line.kind is not LineKind.COMMAND or (passes is not None and passes(line)):
            continue
        text = line.text
        if name in text and not text.startswith(_PROSE) and word.search(text):
            yield line
        if line.children:
            yield from _below(line.children, name, word, passes)
