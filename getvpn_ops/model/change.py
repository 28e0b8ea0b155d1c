"""A change of one router's configuration: ordered steps, each with the lines that undo it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from getvpn_ops.model.config.secret import Secret


class StepKind(StrEnum):
    """What a step does, in the order in which steps of one change stand."""

    BUILD = "build"
    """Makes objects that nothing refers to yet: no effect on traffic or keys."""
    SET = "set"
    """Changes what is in use, or refers to what was built: takes effect when configuration mode is left."""
    CLEAN_UP = "clean-up"
    """Removes what nothing refers to any more; only after the steps before were proven."""


class RekeyEffect(StrEnum):
    """What a line of a key server does to the group's keys."""

    NONE = "none"
    AT_ONCE = "at-once"
    """Leaving configuration mode rekeys (software before 15.2(1)T; guide, "Rekey Triggering")."""
    BY_COMMAND = "by-command"
    """``crypto gdoi ks rekey`` on the primary makes it take effect (15.2(1)T and later)."""
    NEXT_REKEY = "next-rekey"
    """Shows after the next scheduled rekey, such as a TEK lifetime."""
    REGISTRATION = "registration"
    """Shows at the next registration of a member, such as an IKE credential."""


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One line as it is typed, in the mode it belongs to.

    Attributes:
        text: as it may be shown: secrets are placeholders, no indentation.
        path: the lines that open its mode, outermost first; empty in global configuration mode.
        hidden: the text with its secrets, if it has any.
    """

    text: str
    path: tuple[str, ...] = ()
    hidden: Secret | None = field(default=None, repr=False, metadata={"private": True})

    @property
    def true_text(self) -> str:
        """What is sent; never shown."""
        return self.text if self.hidden is None else self.hidden.reveal()


@dataclass(frozen=True, slots=True)
class ChangeStep:
    """What is sent in one stay in configuration mode.

    Attributes:
        kind: of it.
        title: one line for people, such as ``swap the list of group WAN to GETVPN_WAN_POLICY_r2``.
        lines: to send, in order.
        rollback: lines that undo exactly these, in order.
        effect: on the group's keys, on a key server; the strongest of its lines.
        groups: GDOI groups it concerns.
        notes: what a person should know, such as the seconds that a registration costs.
    """

    kind: StepKind
    title: str
    lines: tuple[ChangeLine, ...]
    rollback: tuple[ChangeLine, ...]
    effect: RekeyEffect = RekeyEffect.NONE
    groups: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Everything that makes one router what it should be.

    Attributes:
        device: its name.
        steps: in the order in which they are done; undone in the opposite order.
    """

    device: str
    steps: tuple[ChangeStep, ...] = ()


class DriftKind(StrEnum):
    """How running and intended configuration differ."""

    MISSING = "missing"
    EXTRA = "extra"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference of a managed line.

    Attributes:
        kind: of it.
        path: the lines that open its mode, outermost first.
        running: the line as it is; None if it is missing. Secrets are placeholders.
        intended: the line as it should be; None if it is extra.
    """

    kind: DriftKind
    path: tuple[str, ...]
    running: str | None
    intended: str | None
