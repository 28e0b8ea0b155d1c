"""Why something is wrong: symptoms, the causes that may be behind them, and the clues that each cause rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from getvpn_ops.model.outcome import Seen


class Points(StrEnum):
    """Which way a clue points. The words are part of the JSON (P18)."""

    FOR = "for"
    AGAINST = "against"
    MISSING = "missing"


class Weight(IntEnum):
    """How much a clue counts.

    Attributes:
        HINT: fits, and fits much else.
        STRONG: seldom has another reason.
        DECISIVE: nothing else does it; against a cause, it cannot be the one.
    """

    HINT = 1
    STRONG = 3
    DECISIVE = 10


class Likelihood(StrEnum):
    """What clues make of a cause, the surest first. The words are part of the JSON (P18)."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"
    OPEN = "could not look"
    RULED_OUT = "ruled out"

    @property
    def rank(self) -> int:
        """Place in the order; lower is surer."""
        return list(Likelihood).index(self)

    @property
    def is_suspected(self) -> bool:
        """Whether something speaks for it."""
        return self in {Likelihood.CERTAIN, Likelihood.LIKELY, Likelihood.POSSIBLE}


class Complaint(StrEnum):
    """A sort of symptom. The words are part of the JSON (P18)."""

    SERVER_SILENT = "key server does not answer"
    PRIMARIES = "not exactly one primary"
    PEER_DEAD = "key servers do not hear each other"
    NOT_SERVING = "key server does not serve the group"
    NO_KEYS = "key servers have no keys"
    SERVERS_DIFFER = "key servers differ"
    CANNOT_SIGN = "key server cannot sign rekeys"
    LIST_TOO_LONG = "access list is too long"
    NOT_SHIPPED = "changed policy was not sent"
    IN_CLEAR = "group sends in clear"
    STORM = "members register again and again"
    BLOCKED = "key server refuses new members"
    NO_GROUP = "group is not configured as it should be"
    NOT_REGISTERED = "not registered"
    RETRIES = "registrations fail"
    OLD_KEYS = "lacks the keys of the group"
    MISSED_REKEYS = "acknowledges no rekeys"
    NOT_DECRYPTING = "sends encrypted and decrypts nothing"
    DROPS = "drops packets"
    LIST_DIFFERS = "its list is not the key server's"
    ACCEPTS_CLEAR = "accepts clear packets"
    ENGINE = "crypto engine refuses work"
    CERTIFICATE = "certificate is not valid"
    CLOCK = "clock is off"
    PROBE_FAILED = "a probe did not come back"


@dataclass(frozen=True, slots=True)
class Symptom:
    """Something that is wrong, before anyone asks why.

    Attributes:
        complaint: its sort.
        device: who shows it.
        says: what was seen, for a person.
        evidence: where.
    """

    complaint: Complaint
    device: str
    says: str
    evidence: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True)
class Clue:
    """One thing that was looked at for a cause.

    Attributes:
        points: for it, against it, or nowhere since it could not be seen.
        weight: how much it counts; of no meaning where it is missing.
        says: what was seen, for a person.
        evidence: where; empty where it is missing.
    """

    points: Points
    weight: Weight
    says: str
    evidence: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A command that a person may run.

    Attributes:
        device: on which device.
        command: in full.
    """

    device: str
    command: str


@dataclass(frozen=True, slots=True)
class Suspect:
    """A cause after all clues were weighed. Equal ones of several devices are one.

    Attributes:
        cause: id of the cause; ``explain`` knows it.
        title: one line.
        likelihood: what the clues make of it.
        score: weights for less weights against, of the device with the most.
        devices: where it lies.
        clues: of one of them where they are many; those that count most first.
        explains: symptoms that it would account for.
        confirm: what would prove it.
        heal: what mends it, for a person.
        why: of one that is ruled out or could not be looked at; else empty.
    """

    cause: str
    title: str
    likelihood: Likelihood
    score: int
    devices: tuple[str, ...]
    clues: tuple[Clue, ...]
    explains: tuple[Symptom, ...] = ()
    confirm: tuple[Step, ...] = ()
    heal: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A device that the diagnosis rests on.

    Attributes:
        device: its name.
        commands: that gave state.
        taken_at: when the last of them was answered, UTC; None if there is none.
        gaps: what it did not tell, for a person.
        blind: why nobody knows how it stands in the group, so that it may have any symptom; empty if that is known.
    """

    device: str
    commands: tuple[str, ...]
    taken_at: datetime | None
    gaps: tuple[str, ...] = ()
    blind: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A group, or one device in it, diagnosed.

    Attributes:
        subject: the group, or the device.
        group: name of the GDOI group.
        taken_at: end of the run; ages count back from here.
        symptoms: everything that is wrong.
        suspects: causes that something speaks for, the likeliest first.
        ruled_out: causes that something excludes.
        open: causes that could not be looked at: they may be the one.
        unexplained: symptoms that no suspect accounts for.
        looked_at: devices with what they told.
    """

    subject: str
    group: str
    taken_at: datetime
    symptoms: tuple[Symptom, ...]
    suspects: tuple[Suspect, ...]
    ruled_out: tuple[Suspect, ...]
    open: tuple[Suspect, ...]
    unexplained: tuple[Symptom, ...]
    looked_at: tuple[LookedAt, ...]
