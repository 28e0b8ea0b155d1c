"""What a drill watches: a primary that a person takes away and brings back, and where a member registered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from getvpn_ops.checks.views import gdoi_addresses
from getvpn_ops.engine.change.actions.looking import Patience, look
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.workflow.actions.reading import Obstacle, cooperation, group_named, member_of

if TYPE_CHECKING:
    from getvpn_ops.checks.views import GroupView, MemberView
    from getvpn_ops.engine.change.migrating.performers.drill_course import Course

_GONE_BY, _BACK_BY = "gone by", "back by"
"""Facts: until when a person has time, so that a killed run does not begin to count anew."""
_POLL = 20.0


def until_taken(course: Course, minutes: int) -> str | Hold:
    """Say what to do, and look at the other key servers until one of them is primary; gives its name."""
    scene, group, primary = course.scene, course.group, course.primary
    others = course.without(primary)
    left = _left(course, _GONE_BY, minutes)
    scene.say(
        f"drill of group {group}: take {primary} off its peers now, by its power or by its link: UDP 848 must no "
        f"longer reach it; another key server is waited for, for {left / 60:.0f} min at most"
    )
    patience = Patience(scene, left, _POLL)
    why, is_known = f"nobody was asked in place of {primary}", False
    for _ in patience:
        try:
            view = others.view()
            roles = [(server.device, (server.coop().value.local_role or "").casefold()) for server in view.key_servers]
        except EvidenceMissingError as exc:
            why, is_known = str(exc), False
            continue
        taken = [name for name, role in roles if role == "primary"]
        if len(taken) == 1:
            return taken[0]
        why = f"no other key server is primary: {', '.join(f'{name} is {role}' for name, role in roles)}"
        is_known = True
    held = patience.held(course.step, f"{primary} was not taken away in time: {why}", "", is_known=is_known)
    if held.code is not ExitCode.FINDINGS:
        return held
    again = f"getvpn-ops resume {scene.run}, when somebody is there to do it"
    _forget(course, _GONE_BY)
    return Hold(held.reason, again, ExitCode.WINDOW)


def until_back(course: Course, minutes: int) -> Hold | None:
    """Say that the primary is to come back, and wait until all key servers hear each other again."""
    scene, group, primary = course.scene, course.group, course.primary
    left = _left(course, _BACK_BY, minutes)
    scene.say(
        f"drill of group {group}: bring {primary} back now; it is waited for, for {left / 60:.0f} min at most, "
        "and gets its role back by command"
    )
    patience = Patience(scene, left, _POLL)
    found: Obstacle | None = Obstacle(f"{primary} was not asked", is_known=False)
    for _ in patience:
        try:
            found = next(cooperation(course.view()), None)
        except EvidenceMissingError as exc:
            found = Obstacle(str(exc), is_known=False)
        if found is None:
            return None
    text = f"{primary} did not come back in time: {found.text if found is not None else ''}"
    held = patience.held(course.step, text, f"bring {primary} back", is_known=True)
    if held.code is not ExitCode.INTERRUPTED:
        _forget(course, _BACK_BY)
    return held


def _left(course: Course, fact: str, minutes: int) -> float:
    """Seconds that a person still has; counted from the first time that it was said."""
    now = course.scene.clock.now()
    said = course.facts.get(fact)
    if not said:
        said = (now + timedelta(minutes=minutes)).isoformat()
        course.scene.log.saw(course.about, {fact: said})
    return max((datetime.fromisoformat(said) - now).total_seconds(), 0.0)


def _forget(course: Course, fact: str) -> None:
    """Whoever resumes gets the whole time again."""
    course.scene.log.saw(course.about, {fact: ""})


def registered_elsewhere(course: Course, primary: str) -> str | Hold:
    """That a member registered with another key server than the old primary, or that another one knows it.

    A key server that gave its role away still serves registrations, and tells the new primary of them. So where a
    member has it first in its list, the databases of the others say that the group goes on with the new primary.

    Args:
        course: whose member was cleared; its inventory may lack the old primary.
        primary: that had the role before.
    """
    name, group = course.clear().device, course.group
    scene = course.scene
    patience = Patience(scene, scene.margins.register)
    why = f"{name} was not looked at"
    is_known = False
    for _ in patience:
        try:
            fleet = look(scene, [scene.device(name), *scene.inventory.key_servers(group)])
            view = group_named(fleet, group)
            member = member_of(fleet, group, name)
            server = _server_of(member, view, course, primary)
            others = [item for item in view.key_servers if item.device != primary]
            knows = [item.device for item in others if _lists(item.members().value, member)]
        except EvidenceMissingError as exc:
            why, is_known = str(exc), False
            continue
        if knows:
            return (
                f"{name} registered anew with {server or 'an unnamed key server'}, and is known on {', '.join(knows)}"
            )
        why = f"{name} registered with {server or 'nobody knows whom'}, and no key server but {primary} knows it"
        is_known = True
    return patience.held(course.step, why, f"getvpn-ops diagnose {name}", is_known=is_known)


def _lists(rows: tuple[object, ...], member: MemberView) -> bool:
    own = gdoi_addresses(member.state) | {item.address for item in member.members().value}
    return any(getattr(row, "address", None) in own for row in rows)


def _server_of(member: MemberView, view: GroupView, course: Course, primary: str) -> str:
    """Name of the key server that a member registered with; empty if it does not tell, or nobody has that address."""
    group = member.gdoi().value
    said = [item.registered_with for item in group.members if item.registered_with is not None]
    address = next(iter(said), group.active_server)
    known = dict(view.served.devices_by_address)
    known |= dict.fromkeys(course.scene.device(primary).gdoi_addresses, primary)
    return known.get(address, "")
