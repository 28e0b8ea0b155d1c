"""How one router's running configuration differs from what it should hold, and what would mend that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from getvpn_ops.engine.config.keys import KeyMatcher, typeable
from getvpn_ops.model.config.tree import LineKind
from getvpn_ops.model.config_diff import Remark, RemarkKind
from getvpn_ops.remediation.compare import compare
from getvpn_ops.remediation.scope import NoteKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from getvpn_ops.engine.config.intended import Intended
    from getvpn_ops.engine.config.keys import UntoldKey
    from getvpn_ops.model.change import ChangeSet, Drift
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.remediation.scope import Note

_KINDS = {
    NoteKind.NOT_MANAGED: RemarkKind.NOT_MANAGED,
    NoteKind.LEFT_ALONE: RemarkKind.LEFT_ALONE,
    NoteKind.CANNOT_TELL: RemarkKind.CANNOT_TELL,
}


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """What may be said of pre-shared keys; the fields are those of ``KeyMatcher``.

    Attributes:
        why_not: why the secret of a name is not known here.
        has_source: whether any source of secrets is set.
        prints_are_ours: whether placeholders on the running side were made here.
        are_compared: False leaves keys out: whoever asks for that gets no remark.
    """

    why_not: Callable[[str], str] = lambda _: "no source of secrets is set"
    has_source: bool = False
    prints_are_ours: bool = True
    are_compared: bool = True


NO_SOURCE = KeyTerms()
"""Keys are names alone."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What comparing one router gave.

    Attributes:
        drifts: every difference of a managed line.
        change: what makes it as it should be; its lines hold placeholders where the running text did.
        remarks: what was not compared, or is not changed.
    """

    drifts: tuple[Drift, ...]
    change: ChangeSet
    remarks: tuple[Remark, ...]

    @property
    def untold(self) -> tuple[Remark, ...]:
        """What keeps a router without drift from being as intended."""
        return tuple(item for item in self.remarks if item.kind is RemarkKind.CANNOT_TELL)


def difference_of(intended: Intended, running: RunningConfig, keys: KeyTerms = NO_SOURCE) -> Difference:
    """Compare a router with what it should hold.

    Args:
        intended: what it should hold.
        running: its configuration, whole (``doubt_of``).
        keys: what may be said of pre-shared keys.
    """
    matcher = KeyMatcher(keys.why_not, keys.has_source, keys.prints_are_ours, [])
    want = replace(intended.read, tree=matcher.intended(running.tree, intended.read.tree))
    have = replace(running, tree=typeable(running.tree))
    found = compare(intended.config.device, have, want, intended.config.release)
    return Difference(found.drifts, found.change, (*_of_keys(matcher.untold, keys), *map(_remark, found.notes)))


def drift_of(intended: Intended, running: RunningConfig, keys: KeyTerms = NO_SOURCE) -> tuple[Drift, ...]:
    """Every difference of a managed line; see ``difference_of``."""
    return difference_of(intended, running, keys).drifts


def change_of(intended: Intended, running: RunningConfig, keys: KeyTerms = NO_SOURCE) -> ChangeSet:
    """The ordered change that ends every difference it can; see ``difference_of``."""
    return difference_of(intended, running, keys).change


def doubt_of(running: RunningConfig, warnings: Iterable[str] = ()) -> str:
    """Why a text may not be a whole running configuration; empty if it is one.

    IOS ends it with the line ``end``. What is absent from a text that was cut off may only be lost.

    Args:
        running: as read.
        warnings: of the parser about the whole text.
    """
    commands = [line for line in running.tree if line.kind is LineKind.COMMAND]
    if not commands or commands[-1].text != "end":
        return "it does not end with the line 'end': it may be cut short"
    return next((text for text in warnings if "has no end" in text or "filtered by" in text), "")


def _of_keys(untold: Iterable[UntoldKey], keys: KeyTerms) -> Iterator[Remark]:
    if not keys.are_compared:
        return
    for item in untold:
        kind = RemarkKind.CANNOT_TELL if item.was_promised else RemarkKind.NOT_COMPARED
        yield Remark(kind, item.path, item.text, item.reason)


def _remark(note: Note) -> Remark:
    """A note of the comparison. An intended line that nobody could compare leaves the device unknown."""
    kind = _KINDS[note.kind]
    if note.kind is NoteKind.NOT_MANAGED and note.reason:
        kind = RemarkKind.CANNOT_TELL
    return Remark(kind, note.path, note.text, note.reason)
