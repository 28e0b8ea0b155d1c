"""The tree as hier_config has it, for comparing configurations.

hier_config's own loader drops comments, remarks and ``no ip address``, rewrites access lists, takes a sub-mode that is
printed without indentation for global lines, and raises on a banner whose end it misses or on a line that stands
twice. So the tree is built from ours, line by line, and nothing is rewritten.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hier_config import HConfig, Platform, get_hconfig

from getvpn_ops.model.config.tree import LineKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hier_config import HConfigChild
    from hier_config.platforms.driver_base import HConfigDriverBase

    from getvpn_ops.model.config.tree import ConfigLine

_SECTION_ENDS = re.compile(r"exit(?:-[\w\-]+)?|end", re.IGNORECASE)
_BANNER = re.compile(r"banner\s", re.IGNORECASE)


def to_hconfig(tree: Iterable[ConfigLine], driver: Platform | HConfigDriverBase = Platform.CISCO_IOS) -> HConfig:
    """Build hier_config's tree.

    It holds the true text, secrets included, and its ``repr`` shows them: it is made when two configurations are
    compared, and never kept in a model.

    Args:
        tree: of ``RunningConfig``.
        driver: hier_config's rules for comparing.
    """
    config = get_hconfig(driver)
    _add(config, tree)
    return config


def _add(parent: HConfig | HConfigChild, lines: Iterable[ConfigLine]) -> None:
    for line in lines:
        if line.kind is LineKind.COMMENT or (line.kind is LineKind.COMMAND and _SECTION_ENDS.fullmatch(line.text)):
            continue
        verbatim = [child.true_text for child in line.children if child.kind is LineKind.VERBATIM]
        if verbatim and _BANNER.match(line.text):  # one line, as hier_config has banners
            parent.add_child("\n".join([line.true_text, *verbatim]), return_if_present=True)
            continue
        if line.kind is LineKind.VERBATIM:
            if line.true_text.strip():
                parent.add_child(line.true_text, check_if_present=False)
            continue
        _add(parent.add_child(line.true_text, return_if_present=True), line.children)
