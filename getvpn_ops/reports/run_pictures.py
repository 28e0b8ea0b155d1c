"""The pictures of a run, out of what its journal tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.model.journal import LeaseBroken, LeaseReleased, LeaseRenewed, LeaseTaken
from getvpn_ops.reports.pictures.crowd import crowd
from getvpn_ops.reports.pictures.lanes import lanes
from getvpn_ops.reports.pictures.scale import Scale
from getvpn_ops.reports.pictures.timeline import Bar, timeline
from getvpn_ops.reports.run_seen import UNSEEN

if TYPE_CHECKING:
    from markupsafe import Markup

    from getvpn_ops.reports.run_digest import RunDigest

_ORDER = ("both", "passive", "receive-only", "clear", "clear, not registered", "fail-close, not registered",
          "keys ended", "no answer", UNSEEN)  # fmt: skip
_LANES = 40
_GROUPS = 6
_QUIET = (LeaseTaken, LeaseRenewed, LeaseReleased, LeaseBroken)


def pictures(digest: RunDigest) -> tuple[tuple[str, str, Markup], ...]:
    """Each with a heading and a sentence; none of a run without events.

    Returns:
        heading, what to know of it, and the picture.
    """
    moments = [entry.at for entry in digest.record.entries if not isinstance(entry.event, _QUIET)]
    if not moments:
        return ()
    scale = Scale.over(moments)
    made = []
    if digest.stages:
        made.append(
            ("Timeline", "Point at a mark to read what it stands for. Times are UTC.", _timeline(digest, scale))
        )
    for number, (group, servers) in enumerate(list(digest.seen.roles.items())[:_GROUPS]):
        title = f"COOP roles of group {group}"
        made.append(
            (title, "As the key servers themselves showed them.", lanes(f"roles-{number}", title, servers, scale))
        )
    for number, (group, members) in enumerate(list(digest.seen.modes.items())[:_GROUPS]):
        title = f"Member modes of group {group}"
        said = "As gates read them: between two looks the earlier one counts."
        order = (*_ORDER, *sorted({what for states in members.values() for _, what in states} - set(_ORDER)))
        made.append((title, said, crowd(f"modes-{number}", title, digest.seen.crowd(group), order, scale)))
        if len(members) <= _LANES:
            title = f"Each member of group {group}"
            made.append((title, "", lanes(f"members-{number}", title, dict(sorted(members.items())), scale)))
    return tuple(made)


def _timeline(digest: RunDigest, scale: Scale) -> Markup:
    bars = []
    for stage in digest.stages:
        gates = tuple(
            (told.at, bool(told.is_good), f"{told.title}: {told.text}")
            for told in (*stage.gates, *stage.approvals, *(told for told in stage.evidence if told.is_good is False))
            if told.at is not None
        )
        bars.append(Bar(stage.id, stage.state.value.replace(" ", "-"), tuple(stage.spans), gates))
    holds = [(held.begins, held.ends, held.reason) for held in digest.holds]
    rekeys = [(rekey.at, f"group {rekey.group}: {rekey.text}") for rekey in digest.rekeys if rekey.at is not None]
    return timeline(bars, holds, rekeys, scale)
