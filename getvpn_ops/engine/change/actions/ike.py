"""``clear crypto isakmp``: the IKE SAs of one router."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.engine.change.actions.looking import Patience, asked
from getvpn_ops.engine.change.actions.typing_lines import OneLine
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.state.isakmp import IsakmpSas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.plan import PlannedStep

_COMMAND = "show crypto isakmp sa"
_SAS = "sas"
_WITHIN = 30.0


class ClearingIke(OneLine):
    """Deletes the IKE SAs of one router."""

    def remember(self, step: PlannedStep, scene: Scene) -> Mapping[str, str] | Hold:
        """Which there are."""
        try:
            return {_SAS: " ".join(sorted(_sas(step, scene)))}
        except EvidenceMissingError as exc:
            reason = f"{step.device}: not cleared, for its IKE SAs could not be read: {exc}"
            return Hold(reason, f"getvpn-ops health {step.device}", ExitCode.UNDETERMINED)

    def settled(self, step: PlannedStep, scene: Scene, facts: Mapping[str, str]) -> Settled:
        """Whether the SAs of before are gone."""
        before = set(facts[_SAS].split())
        try:
            left = _sas(step, scene) & before
        except EvidenceMissingError as exc:
            return Settled(StepResult.UNKNOWN, str(exc))
        if not left:
            return Settled(StepResult.APPLIED, f"none of {len(before)} IKE SAs of before is there")
        if left == before:
            return Settled(StepResult.NOTHING_SENT, f"all {len(before)} IKE SAs of before are there")
        return Settled(StepResult.UNKNOWN, f"{len(left)} of {len(before)} IKE SAs of before are there")

    def proof(self, step: PlannedStep, scene: Scene, facts: Mapping[str, str]) -> str | Hold:
        """None of those that were there is left."""
        before = set(facts[_SAS].split())
        patience = Patience(scene, _WITHIN)
        reason, known = f"{step.device} was not looked at", False
        for _ in patience:
            try:
                left = _sas(step, scene) & before
            except EvidenceMissingError as exc:
                reason, known = str(exc), False
                continue
            if not left:
                return f"none of {len(before)} IKE SAs of before is left"
            reason, known = f"{len(left)} of {len(before)} IKE SAs of before are still there", True
        return patience.held(step, f"{step.device}: {reason}", f"getvpn-ops health {step.device}", is_known=known)


def _sas(step: PlannedStep, scene: Scene) -> set[str]:
    """IKE SAs that live, by what tells them apart.

    Raises:
        EvidenceMissingError: the router did not tell.
    """
    state = asked(scene, scene.device(step.device), _COMMAND)
    if state.silent(IsakmpSas) is not None:
        return set()
    sas = state.whole(IsakmpSas).value.sas
    alive = (item for item in sas if "deleted" not in (item.status or "").casefold())
    return {f"{item.destination}/{item.source}/{item.state}/{item.connection_id}" for item in alive}
