"""Steps that configure: sent from a known state, read back, and taken back where they did not come to their end.

A plan knows the fingerprint of the managed lines before its first line and after each. So whoever reads a device knows
how many lines of the step stand there, whatever happened to the session that typed them (promise P3).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from getvpn_ops.engine.change import ks_guard, rekey
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import CONFIGURATION, Hold, configuration_of
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.change import RekeyEffect
from getvpn_ops.model.exec import ExecOutcome
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Configure
from getvpn_ops.model.receipt import Hindrance, LineState, StepOutcome
from getvpn_ops.workflow.progress import Place, Tree, home, where

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.change import ChangeLine, ChangeStep
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep
    from getvpn_ops.model.receipt import LineReceipt, StepReceipt

UNDO = ".undo"
_RESULTS = {
    StepOutcome.NOTHING_SENT: StepResult.NOTHING_SENT,
    StepOutcome.APPLIED: StepResult.APPLIED,
    StepOutcome.UNDONE: StepResult.NOTHING_SENT,
    StepOutcome.PARTLY: StepResult.PARTLY,
    StepOutcome.UNKNOWN: StepResult.UNKNOWN,
}
_LATER = frozenset({Hindrance.LOCKED, Hindrance.CANCELLED, Hindrance.DEADLINE, Hindrance.SILENT, Hindrance.LOST})
_POLICY = frozenset({RekeyEffect.AT_ONCE, RekeyEffect.BY_COMMAND, RekeyEffect.NEXT_REKEY})
_REKEYS = frozenset({RekeyEffect.AT_ONCE, RekeyEffect.BY_COMMAND})


@dataclass(slots=True)
class Configuring:
    """The performer of ``Configure``.

    Attributes:
        read: the tree that was read last in a session, by device, so that the next step of it need not read again.
    """

    read: dict[str, tuple[Hand, Tree]] = field(default_factory=dict)

    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """On a key server: the group is sound, roles are as planned, no rekey is near; see ``ks_guard``."""
        if scene.device(step.device).role is not Role.KEY_SERVER:
            return None
        effect = step.change().effect
        held = ks_guard.guard_key_server(step, scene, policy=effect in _POLICY)
        if held is None and effect in _REKEYS:
            held = rekey.remember(scene, step)
        return held

    def act(self, step: PlannedStep, scene: Scene, hand: Hand | None) -> Hold | None:
        """Bring the device from wherever it stands in the step to its end, or back to its beginning."""
        if hand is None:
            msg = f"step {step.id} names no device"
            raise ValueError(msg)
        tree = self._tree(hand)
        if isinstance(tree, Hold):
            return tree
        known = scene.log.step(step.id, step.device)
        change = step.change()
        place = where(_of(step), tree)
        if place.lines == len(change.lines) and not _is_told(step, known):
            place = Place(0)
        if place.lines is None:
            if known is None or not place.home:
                return _foreign(step, known)
            if (held := self._home(step, scene, hand, place.home)) is not None:
                return held
            place = Place(0)
        if place.lines == len(change.lines):
            return self._end(step, scene, hand)
        if known is None and place.lines:
            return _foreign(step, known)
        if known is not None and known.result is StepResult.APPLIED and not _of(step).revert_minutes:
            return Hold(
                f"{step.device}: '{step.title}' was applied, and somebody took it back since: nothing was sent",
                f"getvpn-ops config diff {step.device}",
                ExitCode.STALE,
            )
        if (held := self._last_look(step, scene, hand)) is not None:
            return held
        return self._send(step, scene, hand, replace(change, lines=change.lines[place.lines :]))

    def settle(self, part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
        """Read the device: how many lines of the step stand there."""
        found: list[Capture] = []

        def script() -> Script:
            found.append((yield CONFIGURATION))

        visit = scene.ask({scene.device(step.device): script})[step.device]
        if not found:
            return Settled(StepResult.UNKNOWN, f"{step.device} could not be read: {visit.reason or visit.trouble}")
        running = configuration_of(found[0])
        if isinstance(running, str):
            return Settled(StepResult.UNKNOWN, f"{step.device} was not read whole: {running}")
        place = where(_of(step), running.tree)
        total = len(step.change().lines)
        undoing = part.intended.step.endswith(UNDO)
        if place.lines is None:
            if place.home:
                return Settled(StepResult.PARTLY, f"{len(place.home)} lines of the way back are left to type")
            return Settled(StepResult.UNKNOWN, "its managed lines are in none of the states of this step")
        if place.lines in {0, total}:
            done = (place.lines == 0) is undoing
            return Settled(
                StepResult.APPLIED if done else StepResult.NOTHING_SENT,
                f"{CONFIGURATION}: {'all' if place.lines else 'none'} of its {total} lines stand there",
            )
        return Settled(StepResult.PARTLY, f"{CONFIGURATION}: {place.lines} of its {total} lines stand there")

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """It was read back in its own session."""
        if scene.log.proven(step.id) is not None:
            return None
        return Hold(f"{step.device}: '{step.title}' was not read back", "", ExitCode.UNDETERMINED)

    # -- in a session

    def _tree(self, hand: Hand, *, anew: bool = False) -> Tree | Hold:
        known = self.read.get(hand.device)
        if not anew and known is not None and known[0] is hand:
            return known[1]
        self.read.pop(hand.device, None)
        running = configuration_of(hand.show(CONFIGURATION))
        if isinstance(running, str):
            return Hold(f"{hand.device}: its configuration was not read: {running}", "", ExitCode.UNDETERMINED)
        self.read[hand.device] = (hand, running.tree)
        return running.tree

    def _last_look(self, step: PlannedStep, scene: Scene, hand: Hand) -> Hold | None:
        if scene.device(step.device).role is not Role.KEY_SERVER:
            return None
        return ks_guard.last_look(step, scene, hand)

    def _send(self, step: PlannedStep, scene: Scene, hand: Hand, change: ChangeStep) -> Hold | None:
        receipts: list[StepReceipt] = []

        def do() -> Settled:
            receipt = hand.configure(change, revert_minutes=_of(step).revert_minutes)
            receipts.append(receipt)
            return Settled(_RESULTS[receipt.outcome], told(receipt))

        self.read.pop(step.device, None)
        settled = scene.log.send(step.id, step.device, step.title, shown(change.lines), do, once=False)
        if settled.result is StepResult.APPLIED:
            return self._end(step, scene, hand)
        if settled.result is StepResult.UNKNOWN:
            return Hold(f"{step.device}: {settled.detail}", "", ExitCode.UNDETERMINED)  # the caller reads it again
        return self._not_done(step, scene, hand, receipts[0])

    def _end(self, step: PlannedStep, scene: Scene, hand: Hand) -> Hold | None:
        """Read back; a revert timer ends only when everything stands there."""
        if scene.log.proven(step.id) is not None:
            return None
        tree = self._tree(hand, anew=True)
        if isinstance(tree, Hold):
            return tree
        place = where(_of(step), tree)
        total = len(step.change().lines)
        if place.lines != total:
            return self._not_kept(step, scene, hand, tree)
        if _of(step).revert_minutes:
            receipt = hand.confirm()
            if receipt.outcome is ExecOutcome.UNKNOWN:
                return Hold(
                    f"{step.device}: whether `configure confirm` was taken is not known: {receipt.reason}; if not, "
                    f"the device takes '{step.title}' back within {_of(step).revert_minutes} minutes",
                    f"getvpn-ops resume {scene.run}",
                    ExitCode.UNDETERMINED,
                )
            again = self._tree(hand, anew=True)
            if isinstance(again, Hold):
                return again
            if where(_of(step), again).lines != total:
                return Hold(
                    f"{step.device}: the revert timer took '{step.title}' back before it was confirmed",
                    f"getvpn-ops resume {scene.run}",
                    ExitCode.UNDETERMINED,
                )
        scene.log.prove(step.id, step.device, f"{CONFIGURATION}: all {total} lines stand there")
        return None

    def _not_done(self, step: PlannedStep, scene: Scene, hand: Hand, receipt: StepReceipt) -> Hold:
        """A line was refused, or the step was not begun: say what stands there now."""
        reason = f"{step.device}: '{step.title}': {told(receipt)}"
        code = ExitCode.UNDETERMINED if receipt.hindrance in _LATER else ExitCode.FINDINGS
        if receipt.outcome is StepOutcome.NOTHING_SENT:
            return Hold(f"{reason}; nothing was sent", f"getvpn-ops resume {scene.run}", code)
        tree = self._tree(hand, anew=True)
        if isinstance(tree, Hold):
            return Hold(f"{reason}; {tree.reason}", f"getvpn-ops resume {scene.run}", ExitCode.UNDETERMINED)
        place = where(_of(step), tree)
        if place.lines == 0:
            return Hold(f"{reason}; the device is as it was before the step", "mend the intent, and plan anew", code)
        if place.lines is None and place.home:
            if (held := self._home(step, scene, hand, place.home)) is None:
                return Hold(f"{reason}; the rest was taken back: the device is as it was before the step", "", code)
            return Hold(f"{reason}; {held.reason}", held.next_step, code)
        stands = "an unknown part" if place.lines is None else str(place.lines)
        return Hold(
            f"{reason}; {stands} of its {len(step.change().lines)} lines stand there",
            f"getvpn-ops show {scene.run}, and the rollback sheet of the plan",
            code,
        )

    def _not_kept(self, step: PlannedStep, scene: Scene, hand: Hand, tree: Tree) -> Hold:
        """Every line was taken, and they do not stand there: take back what does."""
        way = home(_of(step), tree)
        reason = f"{step.device}: '{step.title}': its lines were taken, and the configuration read back is another"
        if not way:
            scene.log.reconciled(step.id, step.device, Settled(StepResult.PARTLY, "read back: not as planned"))
            return Hold(reason, f"getvpn-ops config diff {step.device}")
        held = self._home(step, scene, hand, way)
        if held is not None:
            return Hold(f"{reason}; {held.reason}", held.next_step)
        return Hold(f"{reason}; it was taken back: the device is as it was before the step", "report it as a defect")

    def _home(self, step: PlannedStep, scene: Scene, hand: Hand, lines: tuple[ChangeLine, ...]) -> Hold | None:
        """Type what is left of the way back, and see that the device is as it was before the step."""
        change = replace(step.change(), title=f"take back: {step.title}", lines=lines, rollback=())

        def do() -> Settled:
            receipt = hand.configure(change)
            return Settled(_RESULTS[receipt.outcome], told(receipt))

        self.read.pop(step.device, None)
        settled = scene.log.send(f"{step.id}{UNDO}", step.device, change.title, shown(lines), do, once=False)
        tree = self._tree(hand, anew=True)
        if isinstance(tree, Hold):
            return tree
        if where(_of(step), tree).lines != 0:
            return Hold(f"taking it back did not lead to its beginning: {settled.detail}", "see its rollback sheet")
        if settled.result is not StepResult.UNKNOWN:  # else the caller reads it, and comes back
            scene.log.reconciled(step.id, step.device, Settled(StepResult.NOTHING_SENT, "taken back, and read"))
        return None


def shown(lines: Iterable[ChangeLine]) -> tuple[str, ...]:
    """Lines as the journal keeps them: the mode of a line stands before it."""
    return tuple(" > ".join((*line.path, line.text)) for line in lines)


def told(receipt: StepReceipt) -> str:
    """What came of a stay, for people: the line that was not taken with the device's words and its caret."""
    if receipt.hindrance is None:
        return f"{len(receipt.lines)} lines taken in {receipt.seconds:.1f} s"
    stuck = next((line for line in receipt.lines if line.state not in {LineState.ACCEPTED, LineState.NOT_SENT}), None)
    parts = [f"{receipt.hindrance}: {receipt.reason}" if receipt.reason else str(receipt.hindrance)]
    if stuck is not None:
        parts.append(f"at the line '{stuck.text}'{_caret(stuck)}")
    if receipt.outcome is StepOutcome.UNDONE:
        parts.append("the lines before it were undone before configuration mode was left")
    if not receipt.left:
        parts.append("the session was ended, so that the device leaves configuration mode by itself")
    return "; ".join(parts)


def _caret(line: LineReceipt) -> str:
    return "" if line.at is None else f", at its character {line.at + 1}"


def _of(step: PlannedStep) -> Configure:
    if not isinstance(step.act, Configure):
        msg = f"step {step.id} configures nothing"
        raise TypeError(msg)
    return step.act


def _is_told(step: PlannedStep, known: StepStory | None) -> bool:
    """Whether the end state is the step's own doing, or tells nothing: then only the journal does."""
    states = _of(step).states
    if states[0] != states[-1]:
        return True
    return known is not None and known.result is StepResult.APPLIED


def _foreign(step: PlannedStep, known: StepStory | None) -> Hold:
    if known is None:
        return Hold(
            f"{step.device}: its configuration changed since the plan was made: nothing of '{step.title}' was sent",
            "make the plan anew",
            ExitCode.STALE,
        )
    return Hold(
        f"{step.device}: its managed lines are in none of the states of '{step.title}': nothing more was sent",
        f"getvpn-ops config diff {step.device}, and the rollback sheet of the plan",
        ExitCode.UNDETERMINED,
    )
