"""What is wrong with a router's configuration outside of what the intent says: remarks of ``config diff``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.checks.config import ROUTER_RULES
from getvpn_ops.checks.config.views import RouterConfig
from getvpn_ops.model.config_diff import Remark, RemarkKind
from getvpn_ops.model.outcome import Status
from getvpn_ops.registry import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.config import RunningConfig


def faults_of(device: str, running: RunningConfig, warnings: Iterable[str] = (), doubt: str = "") -> tuple[Remark, ...]:
    """What rules about configurations find wrong. They say nothing of lines that could not be judged.

    Args:
        device: its name.
        running: its configuration, as far as it is here.
        warnings: of the parser about the text.
        doubt: why the text may not be whole; empty if it is.
    """
    view = RouterConfig(device, running, doubt, tuple(warnings))
    return tuple(
        Remark(
            RemarkKind.FAULT,
            (),
            found.message,
            f"expected {found.expected}, found {found.actual} ({spec.id})",
        )
        for spec in ROUTER_RULES
        for found in evaluate(spec, view).findings
        if found.status is Status.FAIL
    )
