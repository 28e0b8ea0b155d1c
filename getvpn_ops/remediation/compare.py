"""The door: running and intended configuration -> what differs, and the change set that ends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.dialect.managed import read
from getvpn_ops.model.change import ChangeSet, Drift
from getvpn_ops.model.config.tree import LineKind
from getvpn_ops.remediation.apply import apply
from getvpn_ops.remediation.cleanup import CleanUp
from getvpn_ops.remediation.difference import differences
from getvpn_ops.remediation.drift import DriftReader
from getvpn_ops.remediation.names import of_family, settle
from getvpn_ops.remediation.nodes import has_lifetime
from getvpn_ops.remediation.plan import Planner
from getvpn_ops.remediation.scope import Note, NoteKind, choose
from getvpn_ops.remediation.serving import Serving
from getvpn_ops.remediation.side import Side, read_side
from getvpn_ops.remediation.steps import steps_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.model.config import RunningConfig

_LISTS = ("ip access-list ", "ipv6 access-list ", "access-list ")


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a router differs from what it should be.

    Attributes:
        drifts: every difference of a managed line.
        change: what makes it as it should be; no steps if nothing has to be done, or nothing can be.
        notes: lines that were not compared or are not changed, with the reason. A router is as intended only if there
            is no drift; what a note cannot tell is neither right nor wrong.
    """

    drifts: tuple[Drift, ...]
    change: ChangeSet
    notes: tuple[Note, ...]


def compare(device: str, running: RunningConfig, intended: RunningConfig, release: str) -> Comparison:
    """Compare two configurations and plan the way from one to the other. Only their trees are read.

    Args:
        device: its name.
        running: of the device.
        intended: what this program would write; anything else in it is noted and not planned.
        release: of its software, such as ``15.2(4)M11``; empty if not known: then a change of policy is taken to rekey
            at once.
    """
    lifetime = has_lifetime(running.tree) or has_lifetime(intended.tree)
    here, base = read_side(running.tree, own_lifetime=lifetime), read_side(intended.tree, own_lifetime=lifetime)
    settled, names = settle(here, base)
    scoped = choose(here, settled)
    found, untold = differences(scoped.running, scoped.intended)
    planner = Planner(here, settled, Serving(here, settled))
    edits = [*planner.lists(names.edited), *planner.edits(found)]
    steps = steps_of(edits, release)
    tree = apply(running.tree, (line for step in steps for line in step.lines)) if steps else running.tree
    clean = CleanUp(here, base, settled, scoped.running, tree)
    removals = list(clean.edits())
    if removals:
        steps = steps_of([*edits, *removals], release)
    drifts = (*scoped.drifts, *DriftReader(here, base, settled).drifts(found, removals))
    notes = (*scoped.notes, *untold, *clean.notes, *_unplanned(base, settled))
    return Comparison(drifts, ChangeSet(device, steps), notes)


def _unplanned(base: Side, settled: Side) -> Iterator[Note]:
    """Intended lines that the table of managed lines does not know: nobody compares them."""
    for name, held in base.lists.items():
        if not any(of_family(name, used) for used in settled.lists):
            reason = "no intended line that this program sets refers to it"
            yield Note(NoteKind.NOT_MANAGED, (), held.opener or f"access-list {name}", reason)
    for line in base.tree:
        if line.kind is not LineKind.COMMAND or line.text == "end" or line.text.startswith(_LISTS):
            continue
        if read("", line.text) is None:
            yield Note(NoteKind.NOT_MANAGED, (), line.text, "it is intended, and this program cannot set it")
    for node in base.nodes:
        for inner in node.walk():
            for line in inner.others:
                yield Note(NoteKind.NOT_MANAGED, (inner.text,), line.text, "it is intended, and cannot be set")
