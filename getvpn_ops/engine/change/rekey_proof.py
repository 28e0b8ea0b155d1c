"""Proof of a rekey: the same new keys on all key servers, and on every registered member before the old ones end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.timing import Timing
from getvpn_ops.checks.health import GROUP_CHECKS
from getvpn_ops.checks.health.verdict import listed
from getvpn_ops.engine.change.ks_conditions import hold_of
from getvpn_ops.engine.change.ks_reading import ask_servers, group_view
from getvpn_ops.engine.change.rekey_marks import marks_of, moved
from getvpn_ops.engine.change.rekey_members import chosen, look_at, roll_of
from getvpn_ops.engine.change.rekey_stragglers import LEAST, Straggler, Stragglers
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.engine.change.storm import storm_of, too_many
from getvpn_ops.engine.change.waiting import wait_for
from getvpn_ops.engine.forecast.predict import timing_of
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.registry import evaluate

if TYPE_CHECKING:
    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.engine.change.rekey_marks import Marks
    from getvpn_ops.engine.change.rekey_members import Looked, Roll
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.plan import PlannedStep

_LEAVES = timedelta(seconds=20)
"""Within which a rekey that was asked for shows on its key server."""


class _Look(Enum):
    """What is not settled may settle by itself."""

    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class _Turn:
    """One look at the whole group.

    Attributes:
        view: of its key servers.
        marks: of its primary.
        how: what moved since before the rekey; empty if nothing did.
        keys: why the keys are not the same on all key servers; None if they are.
        roll: who is registered.
        looked: who has the keys.
    """

    view: GroupView
    marks: Marks
    how: str
    keys: Hold | None
    roll: Roll
    looked: Looked


@dataclass(slots=True)
class Proof:
    """Of one rekey.

    Attributes:
        step: that is proven.
        scene: of the run.
        group: whose keys.
        before: marks before the rekey.
        replaces: whether the old keys ended at once where the rekey came; who lacks it has them for their whole life.
        sent: whether the command was typed.
        holding: members that were seen with the keys of ``spis``; they are not asked again.
        spis: current ones, by the last look.
        notes: for the evidence.
    """

    step: PlannedStep
    scene: Scene
    group: str
    before: Marks
    replaces: bool = False
    sent: bool = False
    holding: set[str] = field(default_factory=set)
    spis: frozenset[str] = frozenset()
    notes: list[str] = field(default_factory=list)

    def run(self) -> Hold | None:
        """Look until everyone has the keys, help those that a rekey did not reach, and write down what was seen."""
        begun = self.scene.clock.now()
        while True:
            late = self.scene.clock.now() - begun
            try:
                turn = self._look()
            except EvidenceMissingError as exc:
                if late.total_seconds() >= self.scene.margins.converge:
                    reason = f"whether the rekey of group {self.group} reached everyone is not known: {exc}"
                    return Hold(reason, f"getvpn-ops resume {self.scene.run}", ExitCode.UNDETERMINED)
                turn = None
            if turn is not None and turn.how:
                ended = self._judge(turn)
                if ended is not _Look.AGAIN:
                    return ended
            elif turn is not None and late >= _LEAVES:
                return self._none(turn)
            if (broken := wait_for(self.scene, min(self.scene.margins.poll, LEAST / 6))) is not None:
                return broken

    # -- looking

    def _look(self) -> _Turn:
        """Ask all key servers, then the members that were not seen with the keys yet.

        Raises:
            EvidenceMissingError: a key server does not tell what the proof rests on.
        """
        view = group_view(ask_servers(self.scene, (self.group,)), self.group)
        marks = marks_of(view)
        if marks.teks != self.spis:
            self.spis = marks.teks
            self.holding.clear()
        roll = roll_of(view, self.before)
        keys = hold_of(evaluate(GROUP_CHECKS["parity-keys"], view, {"settle": 0}), self.group)
        how = moved(self.before, marks)
        wanted = [name for name in chosen(roll, self.scene.run) if name not in self.holding] if how else []
        looked = look_at(self.scene, view, wanted)
        self.holding |= looked.holding
        return _Turn(view, marks, how, keys, roll, looked)

    # -- judging

    def _judge(self, turn: _Turn) -> Hold | _Look | None:
        """None: it is proven."""
        late = turn.roll.unacknowledged or frozenset()
        waits_for_acks = bool(late - self.holding) or (self._is_spreading(turn) and bool(late))
        missing = {**turn.looked.lacking, **turn.looked.unread}
        if not missing and turn.keys is None and not waits_for_acks:
            return self._proven(turn)
        if (storm := storm_of(self.group, turn.looked, self._asked(turn), self.scene.run)) is not None:
            return storm
        if self._is_spreading(turn) and not self._is_short(turn):
            return _Look.AGAIN
        helped = self._help(turn)
        if isinstance(helped, Hold):
            return helped
        if helped:
            return _Look.AGAIN
        if turn.looked.unread:
            return self._unread(turn)
        if self._may_wait(turn):
            return _Look.AGAIN
        if turn.keys is not None:
            return turn.keys
        names = listed(sorted(late - self.holding))
        reason = f"group {self.group}: {names} did not acknowledge the rekey, and cannot be read"
        return Hold(reason, "getvpn-ops inventory check: is it a member?", ExitCode.UNDETERMINED)

    def _asked(self, turn: _Turn) -> int:
        """Members that were looked at since the keys were made."""
        return len(self.holding | turn.looked.lacking.keys() | turn.looked.unread.keys())

    def _help(self, turn: _Turn) -> Hold | bool:
        """Register those again that were read and lack the keys; whether there were any."""
        lacking = turn.looked.lacking
        stragglers = Stragglers(self.step, self.scene, self.group, self._old_end(turn))
        if too_many(len(lacking), turn.roll.count):
            left = stragglers.seconds_left()
            when = "" if left is None else f"; their old SA ends in {max(left, 0.0):.0f} s"
            reason = (
                f"group {self.group}: {len(lacking)} of {turn.roll.count} members lack the new keys: {listed(lacking)}"
            )
            return Hold(f"{reason}{when}; so many are not registered again at once", "getvpn-ops diagnose")
        for name, has in lacking.items():
            told = stragglers.help(turn.view, Straggler(name, has, turn.looked.ends.get(name)))
            if isinstance(told, Hold):
                return told
            self.notes.append(told)
        return bool(lacking)

    def _unread(self, turn: _Turn) -> Hold | _Look:
        """A member that does not tell whether it has the keys: looked at again while there is time."""
        if self._may_wait(turn):
            return _Look.AGAIN
        late = turn.roll.unacknowledged
        name, why = next(iter(turn.looked.unread.items()))
        end = self._old_end(turn)
        left = (end - self.scene.clock.now()).total_seconds() if end is not None else None
        when = "" if left is None else f"; the old SA ends in {max(left, 0.0):.0f} s"
        more = f" and {len(turn.looked.unread) - 1} more" if len(turn.looked.unread) > 1 else ""
        has_it = late is not None and name not in late
        word = (
            "acknowledged the rekey, and its keys were not read" if has_it else "may lack the new keys: it was not read"
        )
        reason = f"group {self.group}: {name}{more} {word}: {why}{when}"
        return Hold(reason, f"getvpn-ops doctor {name}", ExitCode.UNDETERMINED if has_it else ExitCode.FINDINGS)

    def _none(self, turn: _Turn) -> Hold:
        typed = "the command was taken" if self.sent else "configuration mode was left"
        reason = (
            f"group {self.group}: {typed}, and {turn.marks.server} shows no rekey: TEK "
            f"{', '.join(sorted(turn.marks.teks))}, {turn.marks.sent} rekeys sent, as before"
        )
        return Hold(reason, f"show logging on {turn.marks.server}")

    # -- time

    def _born(self, turn: _Turn) -> datetime:
        ring = turn.view.served.rings.get(turn.marks.server)
        born = [key.born for key in ring.current() if key.born is not None] if ring is not None else []
        return max(born, default=self.before.at)

    def _spread(self, turn: _Turn) -> timedelta:
        try:
            timing = timing_of(turn.view)
        except EvidenceMissingError:
            timing = Timing(members=turn.roll.count)
        spread = timing.spread if timing.spread is not None else Timing(members=turn.roll.count).spread
        return timedelta(seconds=spread or 0.0)

    def _is_spreading(self, turn: _Turn) -> bool:
        """Whether a copy of the rekey may still be under way."""
        return self.scene.clock.now() < self._born(turn) + self._spread(turn)

    def _is_short(self, turn: _Turn) -> bool:
        """Whether the old SA ends before stragglers could wait for the last copy and then register."""
        end = self._old_end(turn)
        return end is not None and self.scene.clock.now() + timedelta(seconds=2 * LEAST) > end

    def _may_wait(self, turn: _Turn) -> bool:
        """Whether what is not settled may settle by itself."""
        now = self.scene.clock.now()
        end = self._old_end(turn)
        if end is not None and now + timedelta(seconds=LEAST) > end:
            return False
        return now < self._born(turn) + self._spread(turn) + timedelta(seconds=self.scene.margins.converge)

    def _old_end(self, turn: _Turn) -> datetime | None:
        """When members without the new keys fall silent."""
        if self.replaces:
            return self.before.ends
        ring = turn.view.served.rings.get(turn.marks.server)
        keys = ring.teks if ring is not None else ()
        gone = self.before.teks - turn.marks.teks
        old = [key.ends for key in keys if f"0x{key.spi:08X}" in gone and key.ends]
        if old or not gone or self.before.ends is None:
            return max(old, default=self.before.ends)
        return min(self.before.ends, turn.marks.at)  # it is not listed any more: it has ended

    # -- the end

    def _proven(self, turn: _Turn) -> Hold | None:
        if turn.roll.strangers:
            reason = (
                f"group {self.group}: {listed(turn.roll.strangers)} is registered, and the inventory does not know it: "
                f"whether it has the new keys is not known; {len(self.holding)} members have them"
            )
            return Hold(reason, "add it to the inventory, and resume", ExitCode.UNDETERMINED)
        late = turn.roll.unacknowledged
        now = self.scene.clock.now()
        end = self._old_end(turn)
        acks = (
            "nobody acknowledges here"
            if late is None
            else f"{turn.roll.count - len(late)} of {turn.roll.count} members acknowledged"
        )
        part = "" if len(self.holding) == turn.roll.count else ", a sample and all without acknowledgement"
        said = [
            f"rekey of group {self.group} on {turn.marks.server}: {turn.how}",
            acks,
            f"current keys read on {len(self.holding)} of {turn.roll.count} members{part}",
            f"{max((now - self._born(turn)).total_seconds(), 0.0):.0f} s after they were made",
            f"the same on {len(turn.view.key_servers)} key servers",
            *([f"the old key lives for {(end - now).total_seconds():.0f} s more"] if end and end > now else []),
            *self.notes,
            *([f"not registered anywhere: {listed(turn.roll.absent)}"] if turn.roll.absent else []),
        ]
        self.scene.log.prove(self.step.id, self.group, "; ".join(said))
        self.scene.say("; ".join(said))
        return None
