"""Events of the journal -> the run they tell of. Pure, so that to resume a run is to read it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import (
    Entry,
    LeaseBroken,
    LeaseReleased,
    LeaseTaken,
    OperatorWord,
    PlanFixed,
    RunBegun,
    RunEnded,
    RunHeld,
    StateSeen,
    StepEvent,
    StepIntended,
    StepOutcome,
    StepProven,
    StepReconciled,
    StepResult,
    StepSettled,
    Word,
)

_FINAL = {Word.ABORT: "was ended for good", Word.ROLL_BACK: "was taken back"}


@dataclass(frozen=True, slots=True)
class StepStory:
    """A step of a run on one device.

    Attributes:
        intended: what was to be sent, as it was written down last.
        result: unknown as long as nobody wrote down anything else.
        tries: how often it was intended.
        told: what the outcome or the reading says, or the operator.
        word: of the operator on whom the result rests; None if it rests on a device.
    """

    intended: StepIntended
    result: StepResult = StepResult.UNKNOWN
    tries: int = 1
    told: str = ""
    word: StepSettled | None = None


@dataclass(frozen=True, slots=True)
class OpenStep:
    """A step of which nobody knows how far it came.

    Attributes:
        run: it is part of.
        intended: what was to be sent.
    """

    run: str
    intended: StepIntended


@dataclass(frozen=True, slots=True)
class RunStory:
    """A run as its events tell it.

    Attributes:
        run: its id.
        begun: when it began first; None if that event is missing.
        ended: how it ended, if it did since it was begun or resumed last.
        plan: SHA-256 of the plan that it applies; empty if it has none.
        steps: in the order in which they were intended first.
        words: what operators took upon themselves.
        proven: steps that devices showed to have done what they were for, and what they showed.
        seen: what was read before steps, by step and name.
        held: why it was stopped, if nobody went on since.
        leases: ids of those that nobody gave back or broke; they may have run out.
    """

    run: str
    begun: datetime | None = None
    ended: RunEnded | None = None
    plan: str = ""
    steps: tuple[StepStory, ...] = ()
    words: tuple[OperatorWord, ...] = ()
    leases: tuple[str, ...] = ()
    proven: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    held: RunHeld | None = None

    def step(self, name: str, device: str | None = None) -> StepStory | None:
        """One step by its name; on a device, if it is said, for a name may stand for several."""
        found = (item for item in self.steps if item.intended.step == name)
        return next((item for item in found if device is None or item.intended.device == device), None)

    def proof(self, step: StepStory) -> str | None:
        """What devices showed after a step; of a step in parts, such as ``004-wan.rekey``, after the last of them."""
        name = step.intended.step
        whole = name.partition(".")[0]
        last = next((item for item in reversed(self.steps) if item.intended.step.partition(".")[0] == whole), None)
        return self.proven.get(name) or (self.proven.get(whole) if last is step else None)

    @property
    def over(self) -> str:
        """Why nobody goes on with it, in words: it was ended for good, or is taken back; empty: it may be resumed."""
        word = next((item for item in self.words if item.word in _FINAL), None)
        if word is not None:
            return f"{_FINAL[word.word]} by {word.by}: {word.detail}"
        if self.ended is not None and self.ended.exit_code == ExitCode.ABORTED:
            return f"ended for good: {self.ended.detail}"
        return ""

    @property
    def in_hand(self) -> tuple[StepStory, ...]:
        """Steps of which nobody knows how far they came: their devices are read before anything else is sent."""
        return tuple(step for step in self.steps if step.result is StepResult.UNKNOWN)


def fold(run: str, entries: Iterable[Entry]) -> RunStory:
    """The run that these events tell of.

    Args:
        run: its id.
        entries: all events of it, in their order.

    Raises:
        ValueError: an event belongs to another run, or says how a step went that was never intended.
    """
    story = RunStory(run)
    steps: dict[tuple[str, str], StepStory] = {}
    for entry in entries:
        if entry.run != run:
            msg = f"event {entry.number} is of run {entry.run}, not of {run}"
            raise ValueError(msg)
        if isinstance(entry.event, StepEvent):
            place = (entry.event.device, entry.event.step)
            steps[place] = _step(steps.get(place), entry, entry.event)
        else:
            story = _run(story, entry)
    return replace(story, steps=tuple(steps.values()))


def _step(known: StepStory | None, entry: Entry, event: StepEvent) -> StepStory:
    if isinstance(event, StepIntended):
        return StepStory(event, tries=known.tries + 1 if known else 1)
    if known is None:
        msg = f"event {entry.number} says how step {event.step} of {event.device} went, which was never intended"
        raise ValueError(msg)
    return replace(
        known, result=event.result, told=told_of(event), word=event if isinstance(event, StepSettled) else None
    )


def told_of(event: StepOutcome | StepReconciled | StepSettled) -> str:
    """What an event says of how far a step came, in words."""
    if isinstance(event, StepSettled):
        return f"by the word of {event.by}: {event.reason}"
    return event.detail if isinstance(event, StepOutcome) else event.evidence


def _run(story: RunStory, entry: Entry) -> RunStory:
    match entry.event:
        case RunBegun():
            return replace(story, begun=story.begun or entry.at, ended=None, held=None)
        case StepProven(step=step, evidence=evidence):
            return replace(story, proven={**story.proven, step: evidence})
        case StateSeen(about=about, facts=facts):
            return replace(story, seen={**story.seen, about: {**story.seen.get(about, {}), **dict(facts)}})
        case RunHeld() as held:
            return replace(story, held=held)
        case RunEnded() as ended:
            return replace(story, ended=ended)
        case PlanFixed(digest=digest):
            return replace(story, plan=digest)
        case OperatorWord() as word:
            return replace(story, words=(*story.words, word))
        case LeaseTaken(lease=lease):
            return replace(story, leases=(*story.leases, lease))
        case LeaseReleased(lease=lease) | LeaseBroken(lease=lease):
            return replace(story, leases=tuple(other for other in story.leases if other != lease))
        case _:
            return story
