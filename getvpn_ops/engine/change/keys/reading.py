"""Which RSA key a router holds under a label, just now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.engine.assemble import evidence_of
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.model.state.keys import RsaKeyPairs
from getvpn_ops.workflow.actions.key_prints import COMMAND, HeldKey, key_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.capture import Capture


@dataclass(frozen=True, slots=True)
class Looked:
    """What a router said.

    Attributes:
        device: its name.
        key: under the label; None: there is none, if ``why_not`` is empty.
        why_not: why nobody can tell.
    """

    device: str
    key: HeldKey | None = None
    why_not: str = ""

    @property
    def hold(self) -> Hold | None:
        """What to say if nobody can tell."""
        if not self.why_not:
            return None
        return Hold(f"{self.device}: its RSA keys were not read: {self.why_not}", "", ExitCode.UNDETERMINED)


def look(scene: Scene, names: Sequence[str], label: str) -> dict[str, Looked]:
    """Ask routers, in sessions that can only read."""
    found: dict[str, Capture] = {}

    def asking(name: str) -> Script:
        found[name] = yield COMMAND

    visits = scene.ask({scene.device(name): lambda name=name: asking(name) for name in names})  # type: ignore[misc]
    answers = {}
    for name in names:
        if name in found:
            answers[name] = _looked(found[name], label)
        else:
            visit = visits[name]
            trouble = visit.trouble.value if visit.trouble is not None else "it gave no answer"
            answers[name] = Looked(name, why_not=f"{trouble}{f': {visit.reason}' if visit.reason else ''}")
    return answers


def look_here(hand: Hand, label: str) -> Looked:
    """Ask in the session in which the key is about to be made."""
    return _looked(hand.show(COMMAND), label)


def _looked(capture: Capture, label: str) -> Looked:
    evidence = evidence_of(capture)
    if evidence is not None and evidence.empty:
        return Looked(capture.device)
    if evidence is None or evidence.parsed is None:
        return Looked(capture.device, why_not=(evidence.reason if evidence is not None else "") or "no answer")
    pairs = evidence.parsed.data
    if not isinstance(pairs, RsaKeyPairs) or evidence.parsed.warnings:
        why_not = next(iter(evidence.parsed.warnings), "what it answered lists no keys")
        return Looked(capture.device, why_not=why_not)
    try:
        return Looked(capture.device, key_of(pairs.keys, label))
    except EvidenceMissingError as missing:
        return Looked(capture.device, why_not=str(missing))
