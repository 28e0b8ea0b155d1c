"""``show running-config`` and its relatives: text -> ``RunningConfig``."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from getvpn_ops.dialect.config_modes import FOREIGN
from getvpn_ops.dialect.secrets import redact
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.config.crypto import CryptoConfig
from getvpn_ops.model.config.system import MulticastConfig, SystemConfig
from getvpn_ops.model.config.tree import ConfigLine, LineKind
from getvpn_ops.model.parsed import SetAside
from getvpn_ops.parsing.command import Reading
from getvpn_ops.parsing.config import crypto, gdoi, interface, system
from getvpn_ops.parsing.config.fill import apply, nested, rule, table
from getvpn_ops.parsing.config.lines import lex
from getvpn_ops.parsing.config.nest import known, nest

if TYPE_CHECKING:
    from getvpn_ops.parsing.clean import Cleaned

_KNOWN_SHARE = 2
"""A text is a configuration if more than one line of its global mode in so many is known."""

_TOP = table(
    rule(r"hostname (?P<hostname>\S+)"),
    rule(r"version (?P<version>\d\S*)"),
    nested("gdoi_groups", gdoi.read_group, gdoi.OPENER),
    nested("interfaces", interface.read_interface, interface.OPENER),
    nested("vrfs", system.read_vrf, r"(?:vrf definition|ip vrf) (?P<name>\S+)"),
    nested("archive", system.read_archive, "archive"),
)


def read(cleaned: Cleaned) -> Reading:
    """Read a configuration, whole or cut by a filter.

    Secrets are replaced in ``cleaned``, so that nothing that is said about its lines can show one.
    """
    lexed = lex(cleaned)
    tree, repaired = nest(lexed.lines)
    warnings = lexed.warnings
    warnings.extend(
        f"line {number} repeats the line above it"
        for number, (above, line) in enumerate(pairwise(cleaned.lines), 2)
        if line == above and line.strip("! ")
    )
    _redact(cleaned, tree)
    if repaired:
        warnings.append(
            f"the place of {len(repaired)} lines was told by what they say, not by their indentation "
            f"(first: line {repaired[0]})"
        )
    config = _view(tree, warnings, lexed.header)
    commands = [line for line in tree if line.kind is LineKind.COMMAND]
    share = sum(known(line) for line in commands)
    if share * _KNOWN_SHARE <= len(commands) or any(FOREIGN.match(line.text) for line in commands):
        return Reading(None, 0, {}, warnings)
    return Reading(config, len(lexed.lines) + lexed.header_lines, {}, warnings)


def view(tree: tuple[ConfigLine, ...], like: RunningConfig) -> RunningConfig:
    """The typed view of a tree that no router printed, such as of a configuration as it will be.

    Args:
        tree: of it.
        like: a configuration of the same router: what stands above a printed one is taken from there.
    """
    return _view(tree, [], like.header)


def _view(tree: tuple[ConfigLine, ...], doubts: list[str], header: Any) -> RunningConfig:  # noqa: ANN401 -- ConfigHeader
    top: dict[str, Any] = {}
    crypto_values: dict[str, Any] = {}
    multicast: dict[str, Any] = {}
    general: dict[str, Any] = {}
    for line in tree:
        if line.kind is not LineKind.COMMAND:
            continue
        for cls, values, rules in (
            (RunningConfig, top, _TOP),
            (CryptoConfig, crypto_values, crypto.CRYPTO),
            (MulticastConfig, multicast, system.MULTICAST),
            (SystemConfig, general, system.SYSTEM),
        ):
            if apply(cls, values, line, rules, doubts):
                break
    interfaces = top.get("interfaces", ())
    return RunningConfig(
        header=header,
        hostname=top.get("hostname"),
        version=top.get("version"),
        gdoi_groups=top.get("gdoi_groups", ()),
        crypto=CryptoConfig(**crypto_values),
        crypto_maps=crypto.read_maps(tree, interfaces, doubts),
        interfaces=interfaces,
        access_lists=system.read_access_lists(tree, doubts),
        vrfs=top.get("vrfs", ()),
        multicast=MulticastConfig(**multicast),
        system=SystemConfig(**general),
        archive=top.get("archive"),
        tree=tree,
    )


def _redact(cleaned: Cleaned, tree: tuple[ConfigLine, ...]) -> None:
    for top in tree:
        for line in top.walk():
            if line.hidden is not None:
                cleaned.lines[line.line - 1] = cleaned.raw[line.line - 1] = line.text
    cleaned.warnings[:] = [redact(text) for text in cleaned.warnings]  # they may quote what someone typed
    cleaned.set_aside[:] = [SetAside(item.line, item.kind, redact(item.text)) for item in cleaned.set_aside]
