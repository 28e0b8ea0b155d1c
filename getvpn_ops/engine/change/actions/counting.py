"""Counters that begin at zero."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.actions.looking import asked
from getvpn_ops.engine.change.actions.typing_lines import OneLine, perform_of
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.state.coop import KsCoop
from getvpn_ops.model.state.gm_details import GmReplay
from getvpn_ops.model.state.ipsec import IpsecSas

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.plan import PlannedStep

_TOTAL = "total"
_GROUP = re.compile(r" group (\S+)")
_COMMANDS = {
    "coop": "show crypto gdoi ks coop",
    "replay": "show crypto gdoi gm replay",
    "sa": "show crypto ipsec sa",
}


class Counting(OneLine):
    """Sets counters back. To do that twice does no harm, so that a line without an answer is simply typed again."""

    def remember(self, step: PlannedStep, scene: Scene) -> Mapping[str, str] | Hold:
        """What they say before; nothing is lost where they cannot be read, but then nothing can be proven."""
        try:
            return {_TOTAL: str(_total(step, scene))}
        except EvidenceMissingError as exc:
            return Hold(f"{step.device}: its counters were not read: {exc}", "", ExitCode.UNDETERMINED)

    def settled(self, step: PlannedStep, scene: Scene, facts: Mapping[str, str]) -> Settled:
        """Lower than before: it was done."""
        try:
            now = _total(step, scene)
        except EvidenceMissingError as exc:
            return Settled(StepResult.UNKNOWN, str(exc))
        if now < int(facts[_TOTAL]):
            return Settled(StepResult.APPLIED, f"the counters fell from {facts[_TOTAL]} to {now}")
        return Settled(
            StepResult.NOTHING_SENT, f"the counters say {now}, and said {facts[_TOTAL]}; typing it again is safe"
        )

    def proof(self, step: PlannedStep, scene: Scene, facts: Mapping[str, str]) -> str | Hold:
        """Lower than before, or nothing was counted."""
        before = int(facts[_TOTAL])
        if not before:
            return "the counters were at zero before"
        try:
            now = _total(step, scene)
        except EvidenceMissingError as exc:
            return Hold(f"{step.device}: its counters were not read: {exc}", "", ExitCode.UNDETERMINED)
        if now < before:
            return f"the counters fell from {before} to {now}"
        return Hold(f"{step.device}: its counters did not fall: they said {before}, and say {now}")


def _total(step: PlannedStep, scene: Scene) -> int:
    """All counters that the line sets back, added up.

    Raises:
        EvidenceMissingError: they were not read.
    """
    act = perform_of(step)
    which, only = act.parameter("counters"), _GROUP.search(act.lines[0])
    state = asked(scene, scene.device(step.device), "show crypto gdoi", _COMMANDS[which])
    match which:
        case "coop":
            groups = [item for item in state.latest(KsCoop).value.groups if only is None or item.group_name == only[1]]
            return _sum(
                number for group in groups for peer in group.peers for number in (peer.ann_sent, peer.ann_received)
            )
        case "replay":
            counts = [
                item for item in state.latest(GmReplay).value.groups if only is None or item.group_name == only[1]
            ]
            return _sum(n for item in counts for n in (item.input_error_packets, item.output_error_packets))
        case _:
            idents = [ident for _, _, ident in state.latest(IpsecSas).value.idents()]
            return _sum(n for item in idents for n in (item.packets_encapsulated, item.packets_decapsulated))


def _sum(numbers: Iterable[int | None]) -> int:
    return sum(number or 0 for number in numbers)
