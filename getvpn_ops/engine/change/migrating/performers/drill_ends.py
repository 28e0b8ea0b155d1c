"""The two ends of a drill: what must hold before anything is sent, and what is said where it stops midway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.dialect.gdoi_commands import rekey_command
from getvpn_ops.dialect.releases import Feature
from getvpn_ops.engine.change.actions.looking import look
from getvpn_ops.engine.change.actions.registering import not_up
from getvpn_ops.engine.change.actions.typing_lines import perform_of
from getvpn_ops.engine.change.migrating.performers.drill_course import (
    CALLED,
    LOCAL_NAME,
    LOWER,
    LOWERED,
    MEANWHILE,
    MEMBER,
    OTHER,
    PRIMARY,
    PRIORITY,
    RAISE,
    RESTORE,
    rank_of,
)
from getvpn_ops.engine.change.migrating.performers.drill_terms import (
    candidates,
    clear_line,
    priority_line,
    role_line,
    shown,
    turn_of,
)
from getvpn_ops.engine.change.migrating.performers.given import some
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.model.journal import StepResult
from getvpn_ops.workflow.actions.reading import group_named, lacks, member_of, registered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.engine.change.migrating.performers.drill_course import Course


def begin(course: Course) -> Hold | None:
    """Write down who is primary, and how the role is to come back; refused where it could not.

    Everything that may be typed must stand in the plan that was shown (promise P1).
    """
    if PRIMARY in course.facts:
        return None
    scene, group = course.scene, course.group
    targets = perform_of(course.step).parameter("targets").split(",")
    chosen = candidates(scene.inventory, group, targets)
    try:
        fleet = look(scene, [*scene.inventory.key_servers(group), *chosen])
        view = group_named(fleet, group)
        if wrong := list(_unable(view)):
            return Hold(f"drill of group {group}: {some(wrong)}", f"getvpn-ops health {group}")
        ranks = [rank_of(server) for server in view.key_servers]
        turn = turn_of(view.primary().device, ranks)
        listed = frozenset(registered(view).values())
        member = next((item.name for item in chosen if item.name in listed), "")
        reason, is_seen = not_up(fleet, group, member) if member else ("no member is registered that may be", True)
        called = member_of(fleet, group, member).local_name if member else ""
    except EvidenceMissingError as exc:
        return course.unknown(f"{exc}: nothing was sent")
    if reason or turn.priority is None:
        code = ExitCode.FINDINGS if is_seen or turn.priority is None else ExitCode.UNDETERMINED
        what = f"the one to register anew: {member or 'nobody'}: {reason}"
        if turn.priority is None:
            what = f"no priority of {turn.primary.device} lets {turn.wins.device} and then {turn.primary.device} win"
        return Hold(f"drill of group {group}: {what}; nothing was sent", f"getvpn-ops health {group}", code)
    lines = [
        *(shown(*priority_line(turn.primary, value)) for value in (turn.priority, turn.primary.priority)),
        *(role_line(rank.local_name) for rank in ranks),
        *(rekey_command(rank.local_name) for rank in ranks if rank.device != turn.primary.device),
        clear_line(called),
    ]
    unshown = [line for line in dict.fromkeys(lines) if line not in perform_of(course.step).lines]
    if unshown:
        reason = f"drill of group {group}: the plan does not show what is due now: '{some(unshown)}'; nothing was sent"
        return Hold(reason, "make the plan anew", ExitCode.STALE)
    facts = {
        PRIMARY: turn.primary.device,
        PRIORITY: str(turn.primary.priority),
        LOCAL_NAME: turn.primary.local_name,
        OTHER: str(turn.priority),
        LOWERED: "yes" * turn.is_lowered,
        MEMBER: member,
        CALLED: called,
    }
    scene.log.saw(course.about, facts)
    scene.say(
        f"drill of group {group}: {turn.primary.device} is primary, {turn.wins.device} is to take over; "
        f"{member} is the member that registers anew"
    )
    return None


def _unable(view: GroupView) -> Iterator[str]:
    if len(view.key_servers) == 1:
        yield f"{view.key_servers[0].device} is its only key server: nobody else can take over"
    for server in view.key_servers:
        for feature in (Feature.ROLE_CHANGE, Feature.POLICY_REPLACE):  # the rekey by command came with the latter
            if (lacking := lacks(server.state, feature)) is not None:
                yield lacking.text


# -- when it stops midway


def midway(course: Course, held: Hold) -> Hold:
    """Who is primary now, what priority stands, and what to run: nobody must have to look for that."""
    begun = [story for story in course.scene.log.stories if story.intended.step.startswith(f"{course.step.id}.")]
    if not any(story.result is not StepResult.NOTHING_SENT for story in begun) and MEANWHILE not in course.facts:
        return held
    facts, log = course.facts, course.scene.log
    said = [held.reason, course.now()]
    by_hand = ""
    if PRIMARY in facts:
        said.append(f"{facts[PRIMARY]} was primary before the drill")
        changed = any(log.is_applied(course.part(name), facts[PRIMARY]) for name in (LOWER, RAISE))
        if changed and not log.is_applied(course.part(RESTORE), facts[PRIMARY]):
            said.append(f"its priority is {facts[OTHER]} for the time of the drill, in place of {facts[PRIORITY]}")
            by_hand = f"'local priority {facts[PRIORITY]}' on {facts[PRIMARY]}, then "
        by_hand += f"getvpn-ops plan action role-change {course.group}"
    again = f"getvpn-ops resume {course.scene.run} goes on and gives the role back"
    first = f"{held.next_step}; " if held.next_step and "resume" not in held.next_step else ""
    return Hold("; ".join(said), f"{first}{again}{f'; or by hand: {by_hand}' if by_hand else ''}", held.code)
