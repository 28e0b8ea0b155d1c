"""A rekey of a group, seen or sent, and proven: the action ``prove-rekey`` (DOMAIN, "Rekey").

Leaving configuration mode rekeys on software before 15.2(1)T; later software waits for ``crypto gdoi ks rekey``. Nobody
has to know which: what the key servers showed before the change is remembered, and the command is typed only if they
show no rekey since, on whoever is primary then, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.checks.told import told_groups
from getvpn_ops.dialect.gdoi_commands import REPLACE_NOW, rekey_command
from getvpn_ops.engine.assemble import assemble
from getvpn_ops.engine.change.ks_guard import guard_key_server
from getvpn_ops.engine.change.ks_reading import COOP, ask_servers, group_view, is_running, served_by
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.rekey_marks import marks_from, marks_of, marks_on, moved, surely_still
from getvpn_ops.engine.change.rekey_proof import Proof
from getvpn_ops.engine.change.rekey_reboot import settled_by_members
from getvpn_ops.engine.change.rekey_stragglers import STRAGGLER, settle_straggler
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.engine.change.waiting import wait_for
from getvpn_ops.errors import EvidenceMissingError, ExitCode, LeaseLostError, StoreError
from getvpn_ops.model.exec import ExecCommand, ExecOutcome
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Configure, Perform

if TYPE_CHECKING:
    from getvpn_ops.checks.views import GroupView, KeyServerView
    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.rekey_marks import Marks
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.exec import ExecReceipt
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep

ACTION = "prove-rekey"
REKEY = ".rekey"
_HOW = "how"
_LEAVES = 15.0
"""Seconds within which a rekey that was asked for has certainly left, and shows in the counters of its key server."""
_LOOKS = 6
"""At key servers that do not tell, such as because another one is taking over."""
_SHOWS = 3.0
"""Seconds after which a rekey that a change has caused by itself shows: the command would send a second one."""


def remember(scene: Scene, step: PlannedStep) -> Hold | None:
    """Write down what a rekey will change, right before a step on a key server that may cause one.

    Facts of a step that is on its device are left alone: they are from before it. A step that was not sent, or not to
    its end, gets new ones: a rekey that came between two tries shipped nothing of it.

    Returns:
        Why the keys could not be read; None if they were, or the group runs nowhere yet.
    """
    if scene.log.is_applied(step.id, step.device):
        return None
    for group in step.groups or served_by(scene, step.device):
        try:
            view = group_view(ask_servers(scene, (group,)), group)
            if is_running(view):
                scene.log.saw(_about(step, group), marks_of(view).facts())
        except EvidenceMissingError as exc:
            return Hold(f"what a rekey would change is not known: {exc}", "getvpn-ops doctor", ExitCode.UNDETERMINED)
    return None


@dataclass(frozen=True, slots=True)
class ProveRekey:
    """The performer of ``prove-rekey``; parameters ``group``, and ``replace-now`` where somebody accepted the loss."""

    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """As for a key server. A rekey that was seen is not waited upon: its old keys are running out."""
        seen = _seen(step, scene)
        if isinstance(seen, Hold):
            return seen
        return None if seen else guard_key_server(step, scene, policy=False)

    def act(self, step: PlannedStep, scene: Scene, hand: Hand | None) -> Hold | None:
        """Type the command on the primary if no rekey was seen since the change."""
        del hand  # it is chosen now
        seen = _seen(step, scene)
        if isinstance(seen, Hold):
            return seen
        if seen:
            return None
        try:
            view = group_view(ask_servers(scene, (_group(step),)), _group(step))
            primary = view.primary()
            marks = marks_of(view)
        except EvidenceMissingError as exc:
            return Hold(f"{exc}: nothing was sent", "getvpn-ops doctor", ExitCode.UNDETERMINED)
        line = _line(step, primary)
        if isinstance(line, Hold):
            return line
        scene.log.saw(step.id, {**marks.facts(), _HOW: ""})
        return _send(step, scene, view, line)

    def settle(self, part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
        """Whether a rekey left, or a member registered again, by what devices show now. Sends nothing."""
        if STRAGGLER in part.intended.step:
            return settle_straggler(part, step, scene, _group(step))
        before = marks_from(scene.log.facts(step.id))
        if before is None:
            return Settled(StepResult.UNKNOWN, "what was there before the command was not written down")
        return _settled(scene, _group(step), part.intended.device, before)

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """New keys on all key servers and on every registered member, before the old ones end."""
        if scene.log.proven(step.id) is not None:
            return None
        facts = scene.log.facts(step.id)
        before = marks_from(facts)
        if before is None:
            return Hold(f"'{step.title}': what was there before is not known", "", ExitCode.UNDETERMINED)
        return Proof(step, scene, _group(step), before, replaces=_replaces(step), sent=not facts.get(_HOW)).run()


# -- what is known already


def _seen(step: PlannedStep, scene: Scene) -> bool | Hold:
    """Whether the rekey is under way or over: it was sent, or the key servers sent one after the change."""
    group = _group(step)
    for device in scene.inventory.key_servers(group):
        known = scene.log.step(f"{step.id}{REKEY}", device.name)
        if known is not None and known.result is StepResult.APPLIED:
            return True
        if known is not None and known.result is not StepResult.NOTHING_SENT:
            reason = f"{device.name}: whether the rekey left is not known: {known.told}"
            return Hold(reason, f"getvpn-ops resume {scene.run}", ExitCode.UNDETERMINED)
    if scene.log.facts(step.id).get(_HOW):
        return True
    found = _moved_since(step, scene, group)
    for _ in range(_LOOKS):
        if not isinstance(found, Hold):
            break
        if (broken := wait_for(scene, scene.margins.poll)) is not None:  # such as in an election
            return broken
        found = _moved_since(step, scene, group)
    if found is None and (broken := wait_for(scene, _SHOWS)) is not None:
        return broken
    found = found or _moved_since(step, scene, group)
    if found is None or isinstance(found, Hold):
        return found or False
    before, how = found
    scene.log.saw(step.id, {**before.facts(), _HOW: how})
    scene.say(f"group {group}: the key servers sent a rekey with the change: {how}; no command is typed")
    return True


def _moved_since(step: PlannedStep, scene: Scene, group: str) -> tuple[Marks, str] | Hold | None:
    """What was there before the change, and what shows a rekey since; None: nothing does."""
    try:
        now = marks_of(group_view(ask_servers(scene, (group,)), group))
    except EvidenceMissingError as exc:
        return Hold(str(exc), "getvpn-ops doctor", ExitCode.UNDETERMINED)
    before = _remembered(step, scene, group, now.server)
    how = moved(before, now) if before is not None else ""
    return (before, how) if before is not None and how else None


def _remembered(step: PlannedStep, scene: Scene, group: str, primary: str) -> Marks | None:
    """The marks right before the last change that the primary of this moment got; else before the last change at all.

    Only steps since the last proof of a rekey of the group count; a change after the marks would be shipped only by a
    later rekey.
    """
    found: dict[str, Marks] = {}
    for other in scene.plan.steps:
        if other.id == step.id:
            break
        if isinstance(other.act, Perform) and other.act.action == ACTION and _group(other) == group:
            found = {}
        marks = marks_from(scene.log.facts(_about(other, group))) if isinstance(other.act, Configure) else None
        if marks is not None and scene.log.is_applied(other.id, other.device):
            found.pop(other.device, None)
            found[other.device] = marks
    return found.get(primary) or next(reversed(found.values()), None)


def _about(step: PlannedStep, group: str) -> str:
    return f"{step.id}.{group}"


def _group(step: PlannedStep) -> str:
    named = step.act.parameter("group") if isinstance(step.act, Perform) else ""
    return named or step.groups[0]


def _replaces(step: PlannedStep) -> bool:
    return isinstance(step.act, Perform) and step.act.parameter(REPLACE_NOW).casefold() in {"yes", "true"}


# -- the command


def _line(step: PlannedStep, primary: KeyServerView) -> str | Hold:
    """The line that the plan shows, if it concerns this group and no other."""
    shown = next(
        (line for line in step.act.lines if isinstance(line, str) and line.endswith((" rekey", REPLACE_NOW))), ""
    )
    wanted = rekey_command(primary.local_name, replace_now=_replaces(step))
    if not shown or shown == wanted:
        return wanted
    others = {item.name for item in told_groups(primary.state) if item.key_server} - {primary.local_name}
    if " group " not in shown and not others:
        return shown
    reason = f"{primary.device}: the plan shows '{shown}', and what is due there is '{wanted}': nothing was sent"
    return Hold(reason, "make the plan anew", ExitCode.STALE)


def _send(step: PlannedStep, scene: Scene, view: GroupView, line: str) -> Hold | None:
    primary = view.primary().device
    receipts: list[ExecReceipt] = []

    def job(hand: Hand) -> Hold | Settled:
        if (reason := _no_primary(scene, hand, view.name)) is not None:
            return Hold(f"{reason}: nothing was sent", f"getvpn-ops resume {scene.run}", ExitCode.UNDETERMINED)

        def do() -> Settled:
            receipts.append(hand.command(ExecCommand(line)))
            return settled_of(receipts[0])

        title = f"rekey group {view.name}"
        return scene.log.send(f"{step.id}{REKEY}", primary, title, (line,), do, once=True)

    told = scene.each({scene.device(primary): job})[primary]
    if isinstance(told.error, LeaseLostError | StoreError):
        raise told.error
    if isinstance(told.value, Hold):
        return told.value
    if told.value is None:
        why = told.reason or (f"{type(told.error).__name__}: {told.error}" if told.error is not None else "no session")
        return Hold(f"{primary}: the rekey was not sent: {why}", told.next_step, ExitCode.UNDETERMINED)
    if told.value.result is StepResult.APPLIED:
        return None
    refused = receipts[0].outcome is ExecOutcome.REFUSED
    reason = f"{primary}: '{line}' was {'refused' if refused else 'not sent'}: {told.value.detail}"
    step_on = (
        "does its software know the command (15.2(1)T and later)?" if refused else f"getvpn-ops resume {scene.run}"
    )
    return Hold(reason, step_on, ExitCode.FINDINGS if refused else ExitCode.UNDETERMINED)


def settled_of(receipt: ExecReceipt) -> Settled:
    """What a receipt of a single command says of how far it came."""
    result = {
        ExecOutcome.DONE: StepResult.APPLIED,
        ExecOutcome.UNKNOWN: StepResult.UNKNOWN,
    }.get(receipt.outcome, StepResult.NOTHING_SENT)
    return Settled(result, receipt.said or receipt.reason or str(receipt.outcome))


def _no_primary(scene: Scene, hand: Hand, group: str) -> str | None:
    """Why the router is not to rekey, by its own word in the session that types; None if it is primary."""
    captures = [hand.show("show crypto gdoi"), hand.show(COOP)]
    for capture in captures:
        if capture.trouble is not None:
            return f"{hand.device}: {capture.command}: {capture.reason or capture.trouble.value}"
    now = scene.clock.now()
    fleet = assemble(captures, {}, scene.inventory, selected=[scene.device(hand.device)], started=now, ended=now)
    try:
        if group_view(fleet, group).primary().device == hand.device:
            return None
    except EvidenceMissingError as exc:
        return str(exc)
    return f"{hand.device} is no longer primary of group {group}"


def _settled(scene: Scene, group: str, device: str, before: Marks) -> Settled:
    """Poll until keys moved, or it is certain that they did not."""
    ends = scene.clock.now() + timedelta(seconds=_LEAVES)
    while True:
        why, still = "", False
        shown: GroupView | None = None
        try:
            view = group_view(ask_servers(scene, (group,)), group)
            for server in view.key_servers:
                try:
                    now = marks_on(server, view)
                except EvidenceMissingError as exc:
                    why = str(exc)
                    continue
                if now.teks and (how := moved(before, now)):
                    return Settled(StepResult.APPLIED, f"{server.device} shows it: {how}")
                if server.device == device:
                    shown, still = view, surely_still(before, now)
        except EvidenceMissingError as exc:
            why = str(exc)
        if scene.clock.now() >= ends:
            if shown is not None and (settled := settled_by_members(scene, shown, device, before)) is not None:
                return settled
            if still:
                reason = f"{device} has sent {before.sent} rekeys, as before the command, for {_LEAVES:.0f} s"
                return Settled(StepResult.NOTHING_SENT, reason)
            return Settled(StepResult.UNKNOWN, why or f"{device} does not show whether it sent one")
        if (broken := wait_for(scene, min(scene.margins.poll, _LEAVES))) is not None:
            return Settled(StepResult.UNKNOWN, broken.reason)
