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
from getvpn_ops.remediation.undoing import chosen
from getvpn_ops.workflow.progress import Place, Tree, home, is_blind, where

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.change import ChangeLine, ChangeStep
    from getvpn_ops.model.exec import ExecReceipt
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep
    from getvpn_ops.model.receipt import LineReceipt, StepReceipt

UNDO = ".undo"
CONFIRM = ".confirm"
_NO_TIMER = "No Rollback Confirmed Change pending"
_RESULTS = {
    StepOutcome.NOTHING_SENT: StepResult.NOTHING_SENT,
    StepOutcome.APPLIED: StepResult.APPLIED,
    StepOutcome.UNDONE: StepResult.NOTHING_SENT,
    StepOutcome.PARTLY: StepResult.PARTLY,
    StepOutcome.UNKNOWN: StepResult.UNKNOWN,
}
_CONFIRMED = {
    ExecOutcome.NOTHING_SENT: StepResult.NOTHING_SENT,
    ExecOutcome.DONE: StepResult.APPLIED,
    ExecOutcome.REFUSED: StepResult.NOTHING_SENT,
    ExecOutcome.UNKNOWN: StepResult.UNKNOWN,
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
        known = self._known(step, scene, tree)
        change = step.change()
        place = where(_of(step), tree)
        if place.lines == len(change.lines):
            return self._end(step, scene, hand)
        if known is None and place.lines != 0:
            return _foreign(step, known)
        if known is not None and known.result is StepResult.APPLIED and (place.lines or not _of(step).revert_minutes):
            return Hold(
                f"{step.device}: '{step.title}' was applied, and somebody took it back since: nothing was sent",
                f"getvpn-ops config diff {step.device}",
                ExitCode.STALE,
            )
        if place.lines is None and not place.home:
            return _foreign(step, known)
        if (held := self._last_look(step, scene, hand)) is not None:
            return held
        if place.lines is None:
            if (held := self._home(step, scene, hand, place.home)) is not None:
                return held
            place = Place(0)
        stood = place.lines or 0
        rest = replace(change, lines=change.lines[stood:])
        if stood:  # its stay undoes its own lines; what stood there before is taken back apart, from what is read then
            others = range(stood, len(change.lines))
            rest = replace(rest, rollback=chosen(change.lines, change.rollback, others, ())[0])
        return self._send(step, scene, hand, rest, stood)

    def _known(self, step: PlannedStep, scene: Scene, tree: Tree) -> StepStory | None:
        """What the journal knows of a step; one that was taken back before the session ended is not applied."""
        known = scene.log.step(step.id, step.device)
        undone = scene.log.step(f"{step.id}{UNDO}", step.device)
        if known is None or undone is None or undone.result is not StepResult.APPLIED:
            return known
        if known.result is StepResult.PARTLY and where(_of(step), tree).lines == 0:
            scene.log.reconciled(step.id, step.device, Settled(StepResult.NOTHING_SENT, "taken back, and read"))
        return scene.log.step(step.id, step.device)

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
        if part.intended.step.endswith(CONFIRM):
            return Settled(StepResult.NOTHING_SENT, "no screen tells; to type it again does no harm")
        if place.lines is None:
            if place.home:
                return Settled(StepResult.PARTLY, f"{len(place.home)} lines of the way back are left to type")
            reason = "its managed lines are in none of the states of this step: others have changed them, too"
            return Settled(StepResult.PARTLY, reason)  # it was read: plans that know this may be made and applied
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

    def _send(self, step: PlannedStep, scene: Scene, hand: Hand, change: ChangeStep, stood: int) -> Hold | None:
        """Type lines of the step; ``stood``: how many of them were there before.

        A revert timer of an earlier try runs on, and covers the rest; where nothing of that try is left, it is ended.
        """
        receipts: list[StepReceipt] = []
        minutes = _of(step).revert_minutes
        if minutes and scene.log.step(step.id, step.device) is not None:
            if stood:
                minutes = 0
            elif (held := self._confirm(step, scene, hand)) is not None:
                return held

        def do() -> Settled:
            receipt = hand.configure(change, revert_minutes=minutes)
            receipts.append(receipt)
            return Settled(_RESULTS[receipt.outcome], told(receipt))

        self.read.pop(step.device, None)
        settled = scene.log.send(step.id, step.device, step.title, shown(change.lines), do, once=False)
        if settled.result is StepResult.APPLIED:
            return self._end(step, scene, hand)
        if settled.result is StepResult.UNKNOWN:
            return Hold(f"{step.device}: {settled.detail}", "", ExitCode.UNDETERMINED)  # the caller reads it again
        if stood:
            self._stands_partly(step, scene, f"{stood} of its {len(step.change().lines)} lines stood there before")
        return self._not_done(step, scene, hand, receipts[0], stood)

    def _stands_partly(self, step: PlannedStep, scene: Scene, why: str) -> None:
        scene.log.reconciled(step.id, step.device, Settled(StepResult.PARTLY, why))

    def _end(self, step: PlannedStep, scene: Scene, hand: Hand) -> Hold | None:
        """Read back; a revert timer ends only when everything stands there."""
        if scene.log.proven(step.id) is not None:
            return None
        tree = self._tree(hand, anew=True)
        if isinstance(tree, Hold):
            return tree
        total = len(step.change().lines)
        if where(_of(step), tree).lines != total:
            return self._not_kept(step, scene, hand, tree)
        if _of(step).revert_minutes:
            if (held := self._confirm(step, scene, hand)) is not None:
                return held
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

    def _confirm(self, step: PlannedStep, scene: Scene, hand: Hand) -> Hold | None:
        """End the revert timer; that none is pending any more is fine, for what stands there is read afterwards."""
        receipts: list[ExecReceipt] = []

        def do() -> Settled:
            receipt = hand.confirm()
            receipts.append(receipt)
            return Settled(_CONFIRMED[receipt.outcome], receipt.reason or receipt.said)

        part = f"{step.id}{CONFIRM}"
        title = f"end the revert timer of: {step.title}"
        settled = scene.log.send(part, step.device, title, ("configure confirm",), do, once=False)
        if settled.result is StepResult.APPLIED or _NO_TIMER in f"{receipts[0].said} {receipts[0].reason}":
            return None
        return Hold(
            f"{step.device}: `configure confirm` was not taken, as far as is known: {settled.detail}; then it "
            f"takes '{step.title}' back within {_of(step).revert_minutes} minutes",
            f"getvpn-ops resume {scene.run}",
            ExitCode.UNDETERMINED,
        )

    def _not_done(self, step: PlannedStep, scene: Scene, hand: Hand, receipt: StepReceipt, stood: int) -> Hold:
        """A line was refused, or the step was not begun: say what stands there now."""
        reason = f"{step.device}: '{step.title}': {told(receipt)}"
        resume = f"getvpn-ops resume {scene.run}"
        code = ExitCode.UNDETERMINED if receipt.hindrance in _LATER else ExitCode.FINDINGS
        if receipt.outcome is StepOutcome.NOTHING_SENT:
            stands = f"; {stood} of its {len(step.change().lines)} lines stand there" if stood else ""
            return Hold(f"{reason}; nothing was sent{stands}", resume, code)
        tree = self._tree(hand, anew=True)
        if isinstance(tree, Hold):
            self._stands_partly(step, scene, "it was not read back")
            return Hold(f"{reason}; {tree.reason}", resume, ExitCode.UNDETERMINED)
        place = where(_of(step), tree)
        if place.lines == 0:
            self._settled_home(step, scene)
            if stood and _of(step).revert_minutes and (held := self._confirm(step, scene, hand)) is not None:
                return Hold(f"{reason}; {held.reason}", held.next_step, held.code)
            return Hold(f"{reason}; the device is as it was before the step", "mend the intent, and plan anew", code)
        stands = "an unknown part" if place.lines is None else str(place.lines)
        stands = f"{stands} of its {len(step.change().lines)} lines stand there"
        self._stands_partly(step, scene, stands)
        if way := place.home or home(_of(step), tree):
            if (held := self._home(step, scene, hand, way)) is None:
                return Hold(f"{reason}; the rest was taken back: the device is as it was before the step", "", code)
            return Hold(f"{reason}; {held.reason}", held.next_step, code)
        return Hold(f"{reason}; {stands}", f"getvpn-ops show {scene.run}, and the rollback sheet of the plan", code)

    def _settled_home(self, step: PlannedStep, scene: Scene) -> None:
        known = scene.log.step(step.id, step.device)
        if known is not None and known.result is not StepResult.NOTHING_SENT:
            scene.log.reconciled(step.id, step.device, Settled(StepResult.NOTHING_SENT, "taken back, and read"))

    def _not_kept(self, step: PlannedStep, scene: Scene, hand: Hand, tree: Tree) -> Hold:
        """Every line was taken, and they do not stand there: take back what does."""
        way = () if is_blind(_of(step)) else home(_of(step), tree)
        reason = f"{step.device}: '{step.title}': its lines were taken, and the configuration read back is another"
        if where(_of(step), tree).lines == 0 and not is_blind(_of(step)):
            self._settled_home(step, scene)
            return Hold(f"{reason}: none of them stands there", "report it as a defect")
        self._stands_partly(step, scene, "read back: not as planned")
        if not way:
            minutes = _of(step).revert_minutes
            timer = f"; its revert timer takes it back within {minutes} minutes" if minutes else ""
            return Hold(f"{reason}{timer}", f"getvpn-ops config diff {step.device}")
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
            self._settled_home(step, scene)
            if _of(step).revert_minutes:  # what others change from now on is not the timer's to take back
                return self._confirm(step, scene, hand)
        return None


def shown(lines: Iterable[ChangeLine]) -> tuple[str, ...]:
    """Lines as the journal keeps them: the mode of a line stands before it."""
    return tuple(" > ".join((*line.path, line.text)) for line in lines)


def told(receipt: StepReceipt) -> str:
    """What came of a stay, for people: the line that was not taken with the device's words and its caret."""
    if receipt.hindrance is None:
        taken = f"{len(receipt.lines)} line{'' if len(receipt.lines) == 1 else 's'} taken"
        return f"{taken} in {receipt.seconds:.1f} s"
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
