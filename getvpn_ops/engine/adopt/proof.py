"""What was written is rendered again and compared with what runs: only then is it said to be adopted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.engine.adopt.told import Kind
from getvpn_ops.engine.config.drift import KeyTerms, difference_of
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.errors import DefectError, MistakesError, UsageError
from getvpn_ops.model.config_diff import RemarkKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.engine.adopt.seen import Router
    from getvpn_ops.engine.adopt.told import Remarks
    from getvpn_ops.model.change import Drift
    from getvpn_ops.model.config import ConfigLine
    from getvpn_ops.model.inventory import Inventory


@dataclass(frozen=True, slots=True)
class Proof:
    """How a router compares with what was written of it.

    Attributes:
        device: its name.
        drifts: what ``config diff`` will show; empty if it is as written.
        reason: why it could not be compared; empty if it was.
    """

    device: str
    drifts: tuple[Drift, ...] = ()
    reason: str = ""

    @property
    def equal(self) -> bool:
        """Whether it was compared and nothing differs."""
        return not self.drifts and not self.reason


def prove(routers: Iterable[Router], inventory: Inventory, remarks: Remarks) -> tuple[Proof, ...]:
    """Render every router and compare it. Of pre-shared keys it is compared for whom there is one, not what it is.

    Args:
        routers: that are in a group.
        inventory: as written.
        remarks: gets what differs, what is not managed, and what could not be rendered.
    """
    intents = Intents(inventory)
    return tuple(_prove(router, intents, remarks) for router in routers)


def _prove(router: Router, intents: Intents, remarks: Remarks) -> Proof:
    try:
        intended = intents.of(router.name)
    except MistakesError as exc:
        for mistake in exc.mistakes:
            remarks.add(Kind.NOT_PROVEN, router.name, "it cannot be rendered", mistake)
        return Proof(router.name, reason="; ".join(exc.mistakes))
    except UsageError as exc:  # its groups are not described whole: told with them
        return Proof(router.name, reason=str(exc))
    except DefectError as exc:
        remarks.add(Kind.NOT_PROVEN, router.name, "it cannot be rendered", str(exc))
        return Proof(router.name, reason=str(exc))
    found = difference_of(intended, router.config, KeyTerms(are_compared=False))
    tree = router.config.tree
    for drift in found.drifts:
        text, reason = _words(drift)
        line = None if drift.running is None else line_of(tree, drift.path, drift.running)
        if not remarks.has(Kind.DIFFERS, router.name, line):
            remarks.add(Kind.DIFFERS, router.name, text, reason, line)
    for item in found.remarks:
        where = f" in '{item.path[-1]}'" if item.path else ""
        kind = Kind.NOT_PROVEN if item.kind is RemarkKind.CANNOT_TELL else Kind.LEFT_ALONE
        remarks.add(kind, router.name, f"{item.text}{where}", item.reason, line_of(tree, item.path, item.text))
    untold = "; ".join(f"'{item.text}': {item.reason}" for item in found.untold)
    return Proof(router.name, found.drifts, untold)


def _words(drift: Drift) -> tuple[str, str]:
    where = f" in '{drift.path[-1]}'" if drift.path else ""
    if drift.running is None:
        return f"{drift.intended}{where}", "the intent has it and the router has not"
    if drift.intended is None:
        return f"{drift.running}{where}", "the intent cannot say it"
    return f"{drift.running}{where}", f"the intent says: {drift.intended}"


def line_of(tree: Iterable[ConfigLine], path: tuple[str, ...], text: str) -> int | None:
    """Number of a line of a configuration; None if it is not there as it is written."""
    lines, number = tree, None
    for step in (*path, text):
        found = next((line for line in lines if line.text == step), None)
        if found is None:
            return None
        lines, number = found.children, found.line
    return number
