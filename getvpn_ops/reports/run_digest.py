"""What the report of a run says, before it has a form: the same sentences make the page and the ticket."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from getvpn_ops.model.journal import OperatorWord, RunBegun, StateSeen, StepIntended, StepProven
from getvpn_ops.model.plan import Configure, Perform, Statement
from getvpn_ops.reports.run_preflight import answered
from getvpn_ops.reports.run_record import DeviceChange
from getvpn_ops.reports.run_seen import SeenOverTime
from getvpn_ops.reports.run_stages import StageState, Told, holds, stages, unfinished, unsaved
from getvpn_ops.reports.story import State, next_commands
from getvpn_ops.reports.sweep_words import listed
from getvpn_ops.reports.words import count, span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from getvpn_ops.reports.run_preflight import Answered
    from getvpn_ops.reports.run_record import RunRecord
    from getvpn_ops.reports.run_stages import Held, StageTold

NAMES = 8
_TRAFFIC = frozenset({"prove-traffic", "test-applications", "measure-passive"})
_REKEY = "prove-rekey"
_SENDS_REKEY = re.compile(r"crypto (?:gdoi|gkm) ks (?:group \S+ )?rekey\b")
_GOOD, _BAD, _OPEN = "pass", "fail", "unknown"
_STATES = {
    State.UNDER_WAY: "under way",
    State.KILLED: "killed",
    State.BROKEN: "lease broken",
    State.HELD: "held",
    State.CHANGES_NOTHING: "changes nothing",
}
_CLASSES = {State.DONE: _GOOD, State.ENDED: _BAD, State.CHANGES_NOTHING: "na"}


@dataclass(frozen=True, slots=True)
class Rekey:
    """A rekey that the plan causes.

    Attributes:
        group: whose keys.
        planned: when, and what it costs, as the plan says.
        at: when it was proven; None if it was not.
        text: what devices showed.
    """

    group: str
    planned: str
    at: datetime | None
    text: str


class RunDigest:
    """A run, worked out for its report."""

    def __init__(self, record: RunRecord) -> None:
        """Nothing is worked out yet."""
        self.record = record
        self.shown = record.shown
        self.plan = record.shown.plan

    # -- the head

    @property
    def what(self) -> str:
        """What the run did."""
        if self.plan is not None:
            return self.plan.what
        return str(self.shown.run.arguments.get("what", "")) or self.shown.run.kind

    @property
    def css(self) -> str:
        """Class of the verdict."""
        return _CLASSES.get(self.shown.state, _OPEN)

    @property
    def state(self) -> str:
        """One or two words."""
        return _STATES.get(self.shown.state, str(self.shown.state))

    @cached_property
    def verdict(self) -> str:
        """The whole in a sentence or two."""
        story = self.shown.story
        if story is None:
            return "It changes nothing."
        done = sum(stage.state is StageState.DONE for stage in self.stages)
        what = "stages" if self.plan is not None and self.plan.stages else "waves"
        so_far = f"{done} of {len(self.stages)} {what} done" if self.stages else f"{len(story.proven)} steps proven"
        if self.shown.state is State.DONE:
            return f"Done: every step was proven by the devices; {so_far}."
        why = (
            story.ended.detail if story.ended is not None and story.held is None else ""
        )  # a hold stands further below
        said = str(self.shown.state).partition(":")[0]
        return f"{said[:1].upper()}{said[1:]}; {so_far}.{f' {why}' if why else ''}"

    @cached_property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Who, what, when."""
        run, story = self.shown.run, self.shown.story
        begun = [entry.event.by for entry in self.record.entries if isinstance(entry.event, RunBegun)]
        operators = list(dict.fromkeys(begun)) or [f"{run.user}@{run.host}"]
        ended = run.ended if run.ended is not None else None
        took = f", {span(_whole(ended - run.started))} after it began" if ended else ""
        digest = f", digest {story.plan}" if story is not None and story.plan else ""
        faults = self.shown.faults
        last = max((entry.at for entry in self.record.entries), default=self.record.made)  # a lab's clock may be ahead
        return (
            ("run", run.id),
            ("operator", listed(operators, NAMES)),
            ("ticket", str(run.arguments.get("ticket", "")) or "none was given"),
            ("began", self.when(run.started)),
            ("ended", f"{self.when(ended)}{took}, exit code {run.exit_code}" if ended else "it did not end"),
            ("devices", f"{len(self._changed)} to be changed by the plan" if self.plan else "not known here"),
            *([("report made", self.when(self.record.made))] if self.record.made >= last else []),
            ("journal", f"{count(self.shown.events, 'event')} looked through, {count(faults, 'fault')}"),
            ("plan", f"{self.plan.id if self.plan else 'not kept here'}{digest}"),
            ("head of the journal", self.shown.head or "none"),
        )

    @property
    def _changed(self) -> list[str]:
        return [device.name for device in self.plan.devices if device.is_changed] if self.plan else []

    def when(self, moment: datetime) -> str:
        """A moment in UTC, and by the clock on the wall of whoever made the report, if that differs."""
        utc = f"{moment:%Y-%m-%d %H:%M:%S} UTC"
        local = moment.astimezone(self.record.zone)
        if local.utcoffset() == moment.utcoffset():
            return utc
        day = "" if local.date() == moment.date() else f"{local:%Y-%m-%d} "
        return f"{utc} ({day}{local:%H:%M:%S %Z})"

    def clock(self, moment: datetime) -> str:
        """A moment, UTC, short: with its day only if the run took more than one."""
        return f"{moment:%m-%d %H:%M:%S}" if self._is_over_days else f"{moment:%H:%M:%S}"

    @cached_property
    def _is_over_days(self) -> bool:
        return len({entry.at.date() for entry in self.record.entries}) > 1

    def at_work(self, stage: StageTold) -> str:
        """``08:06:35 to 08:08:10 UTC, 1m 35s at work``; empty if nothing was done for it."""
        if not stage.spans:
            return ""
        worked = sum((ends - begins for begins, ends in stage.spans), timedelta())
        begins, ends = stage.spans[0][0], stage.spans[-1][1]
        return f"{self.clock(begins)} to {self.clock(ends)} UTC, {span(_whole(worked))} at work"

    # -- what happened

    @cached_property
    def stages(self) -> tuple[StageTold, ...]:
        """In the order of the plan."""
        return stages(self.record)

    @cached_property
    def holds(self) -> tuple[Held, ...]:
        """Every time that the run stood still."""
        return holds(self.record.entries)

    @cached_property
    def words(self) -> tuple[tuple[datetime, OperatorWord], ...]:
        """What operators took upon themselves."""
        return tuple((entry.at, entry.event) for entry in self.record.entries if isinstance(entry.event, OperatorWord))

    @cached_property
    def said(self) -> tuple[tuple[datetime, str, str, str], ...]:
        """Words of operators and holds in their order: when, what, by whom, and what was said."""
        found = [(at, word.word.value, word.by, word.detail) for at, word in self.words]
        for held in self.holds:
            after = f"taken up again at {self.when(held.ends)}" if held.is_over else "nobody went on"
            found.append((held.begins, "held", after, held.reason))
        return tuple(sorted(found))

    @cached_property
    def rekeys(self) -> tuple[Rekey, ...]:
        """That the plan causes, and those that were proven beyond it."""
        proven = {
            entry.event.step: (entry.at, entry.event)
            for entry in self.record.entries
            if isinstance(entry.event, StepProven)
        }
        made: list[Rekey] = []
        steps = {step.id: step for step in self.plan.steps} if self.plan else {}
        named = set()
        for item in self.plan.rekeys if self.plan else ():
            at, event = proven.get(item.step, (None, None))
            named.add(item.step)
            planned = f"{item.when}{f': {item.text}' if item.text else ''}"
            is_asked = isinstance(steps[item.step].act, Perform) if item.step in steps else False
            text = event.evidence if event is not None else "not yet"
            made.append(Rekey(item.group, planned, at, text if is_asked or event is None else f"{item.step}: {text}"))
        for name, (at, event) in proven.items():
            step = steps.get(name)
            is_rekey = step is not None and isinstance(step.act, Perform) and step.act.action == _REKEY
            if is_rekey and name not in named:
                named.add(name)
                made.append(Rekey(event.device, "not foretold by the plan", at, event.evidence))
        for entry in self.record.entries:
            match entry.event:
                case StepIntended(step=name, title=title, lines=lines) if any(map(_SENDS_REKEY.match, lines)):
                    whole = steps.get(name.partition(".")[0])
                    if whole is not None and whole.id not in named:
                        text = proven[whole.id][1].evidence if whole.id in proven else "not yet"
                        made.append(Rekey(", ".join(whole.groups), f"sent by '{title}'", entry.at, text))
        made.sort(key=lambda item: (item.at is None, item.at or self.record.made))
        return tuple(made)

    @cached_property
    def traffic(self) -> tuple[Told, ...]:
        """What was shown about traffic itself."""
        if self.plan is None:
            return ()
        titles = {
            step.title for step in self.plan.steps if isinstance(step.act, Perform) and step.act.action in _TRAFFIC
        }
        return tuple(told for stage in self.stages for told in stage.evidence if told.title in titles)

    @cached_property
    def preflight(self) -> tuple[Answered, ...]:
        """What routers answered beforehand, the worst first."""
        events = (entry.event for entry in self.record.entries)
        return answered((event.about, dict(event.facts)) for event in events if isinstance(event, StateSeen))

    @cached_property
    def predicted(self) -> tuple[tuple[str, Statement], ...]:
        """What the plan said about traffic; parts that lose nothing make one sentence, which is the last."""
        found: Counter[tuple[str, Statement]] = Counter()
        hitless: Counter[str] = Counter()
        for effect in self.plan.effects if self.plan else ():
            if effect.statement is Statement.HITLESS:
                hitless[effect.group] += 1
                continue
            seconds = f", {effect.seconds:g} s" if effect.seconds else ""
            words = f"group {effect.group}, {effect.title}: {effect.statement.value}{seconds}"
            found[words, effect.statement] += 1
        bad = [
            (f"{words}{f' ({number} times)' if number > 1 else ''}", what) for (words, what), number in found.items()
        ]
        good = [
            (f"group {group}: nothing is lost in {count(number, 'part')} of the plan", Statement.HITLESS)
            for group, number in hitless.items()
        ]
        return (*bad, *good)

    @cached_property
    def changes(self) -> tuple[DeviceChange, ...]:
        """Of devices: from backups, else the lines that were typed there and proven."""
        known = {change.device for change in self.record.changes}
        typed: dict[str, list[str]] = {}
        story = self.shown.story
        proven = story.proven if story is not None else {}
        for step in self.plan.steps if self.plan else ():
            if isinstance(step.act, Configure) and step.device not in known and step.id in proven:
                typed.setdefault(step.device, []).extend(_typed(step.act))
        said = "lines that were typed"
        return (
            *self.record.changes,
            *(DeviceChange(name, tuple(found), said, is_diff=False) for name, found in typed.items()),
        )

    @cached_property
    def typed_lines(self) -> int:
        """Lines that were sent, tries included."""
        return sum(len(entry.event.lines) for entry in self.record.entries if isinstance(entry.event, StepIntended))

    # -- what is left

    @cached_property
    def pending(self) -> tuple[str, ...]:
        """Whatever somebody still has to look at."""
        found = (
            [f"the journal is not as it was written: {count(self.shown.faults, 'fault')}"] if self.shown.faults else []
        )
        if self.shown.broken:
            found.append(self.shown.broken)
        found += [
            f"held{f' at {held.step}' if held.step else ''}: {held.reason}" for held in self.holds if not held.is_over
        ]
        found += unfinished(self.record)
        if names := unsaved(self.record):
            found.append(f"not saved, a reload would take it away: {listed(names, NAMES)}")
        if self.shown.waiting and self.shown.state is not State.DONE:
            found.append(f"{count(len(self.shown.waiting), 'step')} not begun, the first is {self.shown.waiting[0]}")
        for item in self.plan.left_out if self.plan else ():
            if not item.is_known:
                found.append(f"{item.device} is not in the plan: {item.reason}")
        return tuple(found)

    @property
    def commands(self) -> tuple[str, ...]:
        """What to run next."""
        return next_commands(self.shown)

    @cached_property
    def seen(self) -> SeenOverTime:
        """Roles and modes, from when on."""
        return SeenOverTime(self.record)


def _typed(act: Configure) -> Iterator[str]:
    """Lines as a configuration has them: what opens their mode once above them."""
    last: tuple[str, ...] = ()
    for line in act.lines:
        shared = next((at for at, text in enumerate(line.path) if last[at : at + 1] != (text,)), len(line.path))
        yield from (f"{' ' * at}{text}" for at, text in enumerate(line.path) if at >= shared)
        yield f"{' ' * len(line.path)}{line.text}"
        last = (*line.path, line.text)


def _whole(value: timedelta) -> timedelta:
    return timedelta(seconds=round(value.total_seconds()))
