"""Every exception this package raises on purpose, and the exit code each one ends with."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """How ``getvpn-ops`` ends; part of the public interface (promise P18)."""

    GOOD = 0
    INTERNAL = 1
    USAGE = 2
    UNDETERMINED = 3
    FINDINGS = 4
    ABORTED = 5
    LOCKED = 6
    STALE = 7
    WINDOW = 8
    INTERRUPTED = 130


class GetvpnOpsError(Exception):
    """Base of the tree; the command line maps it to its exit code."""

    exit_code: ClassVar[ExitCode] = ExitCode.INTERNAL


class DefectError(GetvpnOpsError):
    """Something that cannot happen did; the message holds no secret."""


class UsageError(GetvpnOpsError):
    """What was asked for cannot be asked for."""

    exit_code = ExitCode.USAGE


class NoWorkspaceError(UsageError):
    """There is no workspace here, or no lab in it."""


class UnknownCommandError(UsageError):
    """No template knows this show command.

    Attributes:
        command: what was typed.
        nearest: known commands that resemble it, best first.
    """

    def __init__(self, command: str, nearest: tuple[str, ...] = ()) -> None:
        self.command = command
        self.nearest = nearest
        super().__init__(f"unknown command {command!r}")


class NoSuchPageError(UsageError):
    """The manual has no page of this name.

    Attributes:
        name: what was asked for.
        nearest: pages with a similar name, best first.
    """

    def __init__(self, name: str, nearest: tuple[str, ...] = ()) -> None:
        self.name = name
        self.nearest = nearest
        super().__init__(f"the manual has no page {name!r}")


class RegistryError(GetvpnOpsError):
    """A spec id is unknown, or stands twice."""


class ResourceMissingError(GetvpnOpsError):
    """A shipped data folder or file is neither in the package nor beside it."""


class TemplateError(GetvpnOpsError):
    """A template, its index or its models disagree: a defect of this package, found when it loads."""


class MistakesError(UsageError):
    """Files that people wrote are wrong; says everything that is wrong with them at once.

    Attributes:
        mistakes: one a line, each with file, path, value and what was expected.
    """

    def __init__(self, what: str, mistakes: tuple[str, ...]) -> None:
        self.what = what
        self.mistakes = mistakes
        super().__init__(f"{what}\n" + "\n".join(f"  {mistake}" for mistake in mistakes))


class DispatchError(GetvpnOpsError):
    """A task could not be run over exactly the devices selected."""

    exit_code = ExitCode.USAGE


class NotAllowedError(UsageError):
    """A line may not go to a device under the list it was sent under.

    Attributes:
        line: as it was to be sent, secrets replaced, with whatever is unseen as an escape.
        reason: why not, for a person.
    """

    def __init__(self, line: str, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(f"'{line}' was not sent: {reason}")


class StoreError(GetvpnOpsError):
    """The store cannot be opened, read or written, or is of another version of this program."""

    exit_code = ExitCode.UNDETERMINED


class BackupError(GetvpnOpsError):
    """The repository of backups cannot be used, or a backup cannot be read; what was in it is still in it."""

    exit_code = ExitCode.UNDETERMINED


class BackupLockedError(BackupError):
    """Another process is writing backups, or one left its lock."""

    exit_code = ExitCode.LOCKED


class LeaseHeldError(GetvpnOpsError):
    """Another run may change the device or the group now.

    Attributes:
        leases: ids of what stands in the way.
    """

    exit_code = ExitCode.LOCKED

    def __init__(self, message: str, leases: tuple[str, ...] = ()) -> None:
        self.leases = leases
        super().__init__(message)


class LeaseLostError(GetvpnOpsError):
    """The own right to change devices ended: it ran out, was broken, or ends before the next transaction would."""

    exit_code = ExitCode.LOCKED


class StepRefusedError(GetvpnOpsError):
    """A step may not be sent: one before it is not reconciled, or it was sent already and must not be sent twice."""

    exit_code = ExitCode.UNDETERMINED


class EvidenceMissingError(GetvpnOpsError):
    """A check asked for state that was not collected or did not parse."""

    exit_code = ExitCode.UNDETERMINED


class ParseFailure(GetvpnOpsError):  # noqa: N818 -- the field says "parse failure"; it is an answer, not a defect
    """A text gives no state: it is empty, truncated, foreign, or lacks what is essential.

    Attributes:
        command: the canonical command, such as ``show crypto gdoi ks members``.
        reason: what is wrong, for a person.
        line: number of the line that shows it (1 is the first), or None if it is the whole text.
    """

    exit_code = ExitCode.UNDETERMINED

    def __init__(self, command: str, reason: str, line: int | None = None) -> None:
        self.command = command
        self.reason = reason
        self.line = line
        super().__init__(f"{command}: {f'line {line}: ' if line else ''}{reason}")


class StalePlanError(GetvpnOpsError):
    """A plan is not as it was shown, too old, or of devices or an inventory that are not as they were."""

    exit_code = ExitCode.STALE


class PlanRefusedError(GetvpnOpsError):
    """A plan would lock somebody out or lose traffic that nobody accepted, or a guard refuses it."""

    exit_code = ExitCode.FINDINGS


class ApprovalMissingError(GetvpnOpsError):
    """What had to be typed or approved was not."""

    exit_code = ExitCode.WINDOW
