"""Members that a rekey did not reach: each is registered again alone, while its old SA lives (DOMAIN, "Rekey")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.timing import Timing
from getvpn_ops.checks.held import traffic_keys
from getvpn_ops.engine.assemble import assemble
from getvpn_ops.engine.change.ks_reading import ask_servers, group_view
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.rekey_members import look_at
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.engine.change.waiting import wait_for
from getvpn_ops.errors import EvidenceMissingError, ExitCode, LeaseLostError, StoreError
from getvpn_ops.model.exec import DeclaredReply, ExecCommand, ExecOutcome
from getvpn_ops.model.journal import StepResult

if TYPE_CHECKING:
    from datetime import datetime

    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.rekey_members import Looked
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep

STRAGGLER = ".straggler."
LEAST = 30.0
"""Seconds of the old SA's life with which no registration is begun any more."""
_SURE = DeclaredReply(r"[Aa]re you sure you want to proceed ?\? ?\[yes/no\]", "yes")
_RESULTS = {ExecOutcome.DONE: StepResult.APPLIED, ExecOutcome.UNKNOWN: StepResult.UNKNOWN}


def clear_line(group: str) -> str:
    """The command on a member, for one group, as the member calls it."""
    return f"clear crypto gdoi group {group}"


@dataclass(frozen=True, slots=True)
class Straggler:
    """A member that a rekey did not reach.

    Attributes:
        name: of the device.
        has: what it has in place of the keys, in words.
        end: when the last key ends that it has, UTC; None if it does not tell.
    """

    name: str
    has: str
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stragglers:
    """Registers members again, one by one.

    Attributes:
        step: that proves the rekey.
        scene: of the run.
        group: whose.
        old_end: when the old SA ends, UTC; None if nothing tells.
    """

    step: PlannedStep
    scene: Scene
    group: str
    old_end: datetime | None

    def seconds_left(self, member: Straggler | None = None) -> float | None:
        """Of the old SA, as the key server has it, and the member itself."""
        ends = [end for end in (self.old_end, member.end if member is not None else None) if end is not None]
        return (min(ends) - self.scene.clock.now()).total_seconds() if ends else None

    def help(self, view: GroupView, member: Straggler) -> Hold | str:
        """Register one member again, and wait until it has the keys.

        Args:
            view: of the group on its key servers, just read.
            member: to help.

        Returns:
            For the evidence, in words; or why the run stops.
        """
        name, has = member.name, member.has
        part = f"{self.step.id}{STRAGGLER}{name}"
        known = self.scene.log.step(part, name)
        begun = self.scene.clock.now()
        if known is None or known.result is StepResult.NOTHING_SENT:
            left = self.seconds_left(member)
            if left is None or left < LEAST:
                return self.lost(member)
            cost = f"about {Timing().registration:.0f} s of its traffic where the group drops clear packets"
            self.scene.say(f"{name}: {has}; it registers again, alone, while its old SA lives for {left:.0f} s: {cost}")
            if (held := self._clear(part, name)) is not None:
                return held
        return self._until_it_has(view, name, begun)

    def lost(self, member: Straggler) -> Hold:
        """A member that cannot be helped any more."""
        left = self.seconds_left(member)
        name, has = member.name, member.has
        when = "nothing tells when its old SA ends" if left is None else f"its old SA ends in {left:.0f} s"
        if left is not None and left <= 0:
            when = f"its old SA ended {-left:.0f} s ago"
        reason = f"{name}: the rekey of group {self.group} is not on it: {has}; {when}"
        return Hold(reason, f"getvpn-ops diagnose {name}; clear crypto gdoi on it alone gives it the new keys")

    def _clear(self, part: str, name: str) -> Hold | None:
        scene = self.scene

        def job(hand: Hand) -> Hold | Settled | None:
            held = _keys_in(hand, scene, self.group)
            if isinstance(held, Hold):
                return held
            local, spis = held
            line = clear_line(local)
            scene.log.saw(part, {"keys": ",".join(sorted(spis))})

            def do() -> Settled:
                receipt = hand.command(ExecCommand(line, (_SURE,)))
                result = _RESULTS.get(receipt.outcome, StepResult.NOTHING_SENT)
                return Settled(result, receipt.reason or receipt.said)

            title = f"{name} registers again with group {self.group}, alone"
            return scene.log.send(part, name, title, (line,), do, once=True)

        told = scene.each({scene.device(name): job})[name]
        if isinstance(told.error, LeaseLostError | StoreError):
            raise told.error
        if isinstance(told.value, Hold):
            return told.value
        if told.value is None:
            why = told.reason or (f"{type(told.error).__name__}: {told.error}" if told.error else "no session")
            left = self.seconds_left() or 0.0
            reason = f"{name} lacks the new keys and cannot be reached ({why}); its old SA ends in {left:.0f} s"
            return Hold(reason, told.next_step or f"getvpn-ops doctor {name}")
        settled = told.value
        if settled.result is StepResult.UNKNOWN and (story := scene.log.step(part, name)) is not None:
            settled = settle_straggler(story, self.step, scene, self.group)
            scene.log.reconciled(part, name, settled)
        if settled.result is StepResult.APPLIED:
            return None
        code = ExitCode.UNDETERMINED if settled.result is StepResult.UNKNOWN else ExitCode.FINDINGS
        reason = f"{name}: it lacks the new keys, and did not register again: {settled.detail}"
        return Hold(reason, f"getvpn-ops resume {scene.run}", code)

    def _until_it_has(self, view: GroupView, name: str, begun: datetime) -> Hold | str:
        ends = self.scene.clock.now() + timedelta(seconds=self.scene.margins.register)
        while True:
            now: Looked = look_at(self.scene, view, (name,))
            if name in now.holding:
                seconds = (self.scene.clock.now() - begun).total_seconds()
                return f"{name} registered again in {seconds:.0f} s"
            if self.scene.clock.now() >= ends:
                has = now.lacking.get(name) or now.unread.get(name, "")
                return self.lost(Straggler(name, f"it registered again, and {has}", now.ends.get(name)))
            if (broken := wait_for(self.scene, min(self.scene.margins.poll, LEAST / 6))) is not None:
                return broken


def settle_straggler(part: StepStory, step: PlannedStep, scene: Scene, group: str) -> Settled:
    """Whether ``clear crypto gdoi`` reached a member: it destroys the keys that the member had before, at once."""
    name = part.intended.device
    before = set(filter(None, scene.log.facts(part.intended.step).get("keys", "").split(",")))
    del step
    try:
        view = group_view(ask_servers(scene, (group,)), group)
        looked = look_at(scene, view, (name,))
    except EvidenceMissingError as exc:
        return Settled(StepResult.UNKNOWN, str(exc))
    if name in looked.holding:
        return Settled(StepResult.APPLIED, f"{name} has the keys of its key server")
    if name in looked.unread:
        return Settled(StepResult.UNKNOWN, looked.unread[name])
    kept = sorted(spi for spi in before if spi in looked.lacking[name])
    if kept:
        return Settled(StepResult.NOTHING_SENT, f"{name} still has {', '.join(kept)}, which the command destroys")
    return Settled(StepResult.APPLIED, f"{name} has none of the keys that it had before")


def _keys_in(hand: Hand, scene: Scene, group: str) -> tuple[str, frozenset[str]] | Hold:
    """What the member calls the group, and the keys that it has, in the session that types."""
    now = scene.clock.now()
    captures = [hand.show("show crypto gdoi"), hand.show("show crypto ipsec sa")]
    fleet = assemble(captures, {}, scene.inventory, selected=[scene.device(hand.device)], started=now, ended=now)
    members = group_view(fleet, group).members
    try:
        if not members or not members[0].configured():
            return Hold(f"{hand.device} is no member of group {group}: nothing was sent")
        return members[0].local_name, frozenset(traffic_keys(members[0]).value.hexes.values())
    except EvidenceMissingError as exc:
        return Hold(f"{exc}: nothing was sent", f"getvpn-ops doctor {hand.device}", ExitCode.UNDETERMINED)
