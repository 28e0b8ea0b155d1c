"""What a run that changes devices writes down, event by event; ``model.journal_story`` makes a run of them again.

The plain form is JSON with a version. It holds no secret: lines carry placeholders, and ``store.journal`` refuses a
text in which a secret stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Annotated, ClassVar, Final, Literal, TypeAlias

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter, ValidationError

VERSION: Final = 1
"""Of the plain form; one that is not known is refused, never guessed at."""

_CLOSED = ConfigDict(extra="forbid")


class StepResult(StrEnum):
    """How far a step came on a device."""

    NOTHING_SENT = "nothing-sent"
    """The device is as it was."""
    PARTLY = "partly"
    """Some of its lines are there."""
    APPLIED = "applied"
    """All of it is there."""
    UNKNOWN = "unknown"
    """Nobody can tell before the device is read: nothing else may be sent to it until then (promise P3)."""
    GONE = "gone"
    """Nobody will ever tell: an operator says that the device is gone for good. No device says this of itself."""


class Word(StrEnum):
    """What an operator can take upon himself."""

    ACCEPT_LOSS = "accept-loss"
    """Traffic that the plan says will be lost."""
    APPROVE = "approve"
    """The plan as it was shown."""
    APPROVE_STAGE = "approve-stage"
    """A stage of a playbook that asks for a person; the detail begins with its id and a colon."""
    HOLD = "hold"
    """That a run under way stops after what it has in hand."""
    PROMOTE = "promote"
    """That a soak is over; the detail begins with the id of its stage and a colon. Its gates are still asked."""
    ABORT = "abort"
    """That a run ends for good: nobody resumes it, and what it did stays until it is rolled back."""
    ROLL_BACK = "roll-back"
    """That a run is taken back by another one, whose id stands in the detail: nobody resumes it."""
    CONFIRM = "confirm"
    """What had to be typed in full, such as a clear on a key server."""


class ResourceKind(StrEnum):
    """What one writer at a time may change."""

    DEVICE = "device"
    GROUP = "group"


@dataclass(frozen=True, slots=True, order=True)
class Resource:
    """A device or a GDOI group.

    Attributes:
        kind: which of both.
        name: of the device or the group.
    """

    kind: ResourceKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class RunBegun:
    """A run begins, or is taken up again by another process."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    what: str
    by: str
    resumed: bool = False
    kind: Literal["run-begun"] = "run-begun"


@dataclass(frozen=True, slots=True)
class PlanFixed:
    """The plan that this run applies, by the SHA-256 of its content (hexadecimal)."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    digest: str
    kind: Literal["plan-fixed"] = "plan-fixed"


@dataclass(frozen=True, slots=True)
class StepIntended:
    """What is about to be sent; on disk before the first byte of it goes (promise P2).

    Attributes:
        step: names it within the run; the same step tried again has the same name.
        device: that gets it.
        title: one line for people.
        lines: in the order in which they are typed, secrets as placeholders.
        once: whether it must not be sent twice, such as ``crypto key generate`` or ``crypto gdoi ks rekey`` (P4).
        lease: under which it is sent; empty if the caller holds none.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    step: str
    device: str
    title: str
    lines: tuple[str, ...]
    once: bool = False
    lease: str = ""
    kind: Literal["step-intended"] = "step-intended"


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What the session saw of a step.

    Attributes:
        step: as it was intended.
        device: likewise.
        result: unknown, unless it was seen.
        detail: for people, such as the line that was refused.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    step: str
    device: str
    result: StepResult
    detail: str = ""
    kind: Literal["step-outcome"] = "step-outcome"


@dataclass(frozen=True, slots=True)
class StepReconciled:
    """What reading the device again said about a step that was in hand.

    Attributes:
        step: as it was intended.
        device: likewise.
        result: still unknown where the reading could not tell.
        evidence: what was read, and what it showed.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    step: str
    device: str
    result: StepResult
    evidence: str
    kind: Literal["step-reconciled"] = "step-reconciled"


Sayable: TypeAlias = Literal[StepResult.APPLIED, StepResult.NOTHING_SENT, StepResult.GONE]
"""What an operator can say of a step."""


@dataclass(frozen=True, slots=True)
class StepSettled:
    """What an operator said of a step in hand on a device that cannot be read; it proves nothing.

    Attributes:
        step: as it was intended.
        device: likewise.
        result: applied, nothing sent, or gone.
        by: who, as the operating system says.
        reason: why, in his words.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    step: str
    device: str
    result: Sayable
    by: str
    reason: str
    kind: Literal["step-settled"] = "step-settled"


@dataclass(frozen=True, slots=True)
class StepProven:
    """What the devices themselves showed after a step that was applied: it did what it was for.

    Attributes:
        step: as it was intended.
        device: that was looked at; for a step on a group, its name.
        evidence: what was read, and what it showed.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    step: str
    device: str
    evidence: str
    kind: Literal["step-proven"] = "step-proven"


@dataclass(frozen=True, slots=True)
class StateSeen:
    """What was read before a step, and cannot be read again after it, such as the SPI that a rekey replaces.

    Attributes:
        about: the step that needs it.
        facts: by name; a later one of the same step and name counts.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    about: str
    facts: tuple[tuple[str, str], ...]
    kind: Literal["state-seen"] = "state-seen"


@dataclass(frozen=True, slots=True)
class RunHeld:
    """The run stops here, with everything in a known state, until somebody resumes it.

    Attributes:
        step: before which, or after which, it stops.
        reason: for people.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    step: str
    reason: str
    kind: Literal["run-held"] = "run-held"


@dataclass(frozen=True, slots=True)
class Fence:
    """A resource with the number of its lease: each lease on it has a greater one than those before."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    resource: Resource
    token: int


@dataclass(frozen=True, slots=True)
class LeaseTaken:
    """One writer has these resources until ``ends``, by the store's clock."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    lease: str
    fences: tuple[Fence, ...]
    ends: AwareDatetime
    kind: Literal["lease-taken"] = "lease-taken"


@dataclass(frozen=True, slots=True)
class LeaseRenewed:
    """The writer goes on, until ``ends``, by the store's clock."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    lease: str
    ends: AwareDatetime
    kind: Literal["lease-renewed"] = "lease-renewed"


@dataclass(frozen=True, slots=True)
class LeaseReleased:
    """The writer gives its resources back."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    lease: str
    kind: Literal["lease-released"] = "lease-released"


@dataclass(frozen=True, slots=True)
class LeaseBroken:
    """An operator took the resources from their writer (``unlock``); an event of the run that had them."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    lease: str
    reason: str
    by: str
    kind: Literal["lease-broken"] = "lease-broken"


@dataclass(frozen=True, slots=True)
class OperatorWord:
    """An operator took something upon himself.

    Attributes:
        word: what.
        by: who, as the operating system says.
        detail: what exactly, such as the packets and seconds that were shown.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    word: Word
    by: str
    detail: str = ""
    kind: Literal["operator-word"] = "operator-word"


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run came to an end of its own; one that was killed has none."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    exit_code: int
    detail: str = ""
    kind: Literal["run-ended"] = "run-ended"


StepEvent: TypeAlias = StepIntended | StepOutcome | StepReconciled | StepSettled
Event: TypeAlias = (
    RunBegun
    | PlanFixed
    | StepEvent
    | StepProven
    | StateSeen
    | RunHeld
    | LeaseTaken
    | LeaseRenewed
    | LeaseReleased
    | LeaseBroken
    | OperatorWord
    | RunEnded
)
KINDS: tuple[type[Event], ...] = (
    RunBegun,
    PlanFixed,
    StepIntended,
    StepOutcome,
    StepReconciled,
    StepSettled,
    StepProven,
    StateSeen,
    RunHeld,
    LeaseTaken,
    LeaseRenewed,
    LeaseReleased,
    LeaseBroken,
    OperatorWord,
    RunEnded,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event where it stands in the journal.

    Attributes:
        chain: of the installation that wrote it.
        number: in that chain, from 1 without a gap.
        run: id of the run it belongs to.
        at: when, UTC, by the clock of the run (the lab's, in a lab).
        event: what happened.
        version: of the plain form.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    chain: str
    number: int
    run: str
    at: AwareDatetime
    event: Annotated[Event, Field(discriminator="kind")]
    version: Literal[1] = VERSION

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            msg = f"{self.at} has no time zone"
            raise ValueError(msg)


def to_json(entry: Entry) -> str:
    """The plain form: ASCII, one line."""
    return _adapter().dump_json(entry, ensure_ascii=True).decode("ascii")


def from_json(text: str) -> Entry:
    """An entry of its plain form.

    Raises:
        ValueError: it is none, or of a version that is not known here; the message quotes nothing of it.
    """
    try:
        return _adapter().validate_json(text)
    except ValidationError as exc:
        places = sorted({".".join(str(part) for part in error["loc"]) or "the text" for error in exc.errors()})
        msg = f"no event of version {VERSION}: wrong is {', '.join(places)}"
        raise ValueError(msg) from None


@cache
def _adapter() -> TypeAdapter[Entry]:
    return TypeAdapter(Entry)
