"""What must hold of a group before one of its key servers is touched (promise P10). Asks nothing; reads views.

Of a group that runs nowhere yet (no member, no key), nothing is required but that every key server says so: its key
servers become a group by the very steps that are guarded. Of one that runs:

- every key server of the inventory answered;
- each hears each other one, exactly one is primary, and none is in an election;
- all hold the same KEK, TEKs and RSA key;
- those that the plan left with the same lines to type are configured alike: a difference between them is not the
  plan's. Who has lines of it that others no longer have is compared again once they are typed.

A key server that joins is no obstacle: it has no group, or no other one lists it as its peer, and the plan has lines
for them that are not typed yet. Nor is one that leaves, as soon as the plan has begun to take the group from it: the
others are judged without it. Of a group that the plan takes down whole only this is required, that every key server
answered, and that the members which the plan takes out are out: nobody depends on it then.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from getvpn_ops.checks.health import GROUP_CHECKS
from getvpn_ops.checks.health.answers import ask
from getvpn_ops.checks.health.coop import addresses
from getvpn_ops.checks.views import KeyServerView
from getvpn_ops.engine.change.ks_leaving import gone, is_taken_down
from getvpn_ops.engine.change.ks_reading import has_group
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.model.change import StepKind
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.outcome import Status, worst
from getvpn_ops.model.plan import Configure
from getvpn_ops.registry import evaluate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.engine.change.log import RunLog
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.outcome import Outcome
    from getvpn_ops.model.plan import PlannedStep

_PEERS = "coop-peers-alive"
_TOGETHER = (_PEERS, "parity-keys", "parity-rsa-key")
_ALIKE = ("parity-policy", "parity-rekey", "parity-lifetimes", "parity-acl")
ROLES = frozenset({"primary", "secondary"})
_SHOWN = 2
_AND = " and "
"""Between the two ends of a COOP session, in the subject of what is found of it."""


def sound(view: GroupView, step: PlannedStep, scene: Scene, mended: Collection[str] = ()) -> Hold | None:
    """Why no key server of a running group may be touched now; None if it may.

    Args:
        view: of the group.
        step: that is to be taken.
        scene: of the run.
        mended: ids of checks that the step is there to mend, such as an RSA key that is missing.
    """
    silent = _silent(view)
    if silent is not None:
        return silent
    if is_taken_down(scene, view.name, step):
        return _still_in(view.name, scene)
    left = gone(scene, view.name)
    away = left | _joining(view, scene)
    joined = only(view, [server.device for server in view.key_servers if server.device not in away])
    if not joined.key_servers:
        return None
    held = _coop(joined)
    for spec in _TOGETHER:
        if spec in mended or (spec == "parity-rsa-key" and not _has_kek(joined)):
            continue
        outcome = evaluate(GROUP_CHECKS[spec], joined)
        held = held or hold_of(_without(outcome, view, left) if spec == _PEERS else outcome, view.name)
    for names in _classes(joined, scene):
        part = only(joined, names)
        for spec in _ALIKE:
            held = held or hold_of(evaluate(GROUP_CHECKS[spec], part), view.name)
    return held


def hold_of(outcome: Outcome, group: str) -> Hold | None:
    """What a check found, as the reason to stop; None if nothing is wrong. What is not known opens nothing either."""
    if outcome.status.opens_gate:
        return None
    bad = [item for item in outcome.findings if item.status is outcome.status]
    said = [
        f"{item.subject}: {item.message}: {item.actual}{f' (expected: {item.expected})' if item.expected else ''}"
        for item in bad[:_SHOWN]
    ]
    more = f" and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
    reason = "; ".join(said) or outcome.reason or outcome.spec_id
    step = next((text for item in bad for text in item.next_steps), f"getvpn-ops health --group {group}")
    code = ExitCode.FINDINGS if outcome.status is Status.FAIL else ExitCode.UNDETERMINED
    return Hold(f"group {group}: {reason}{more}", step, code)


def only(view: GroupView, names: Collection[str]) -> GroupView:
    """A group as if it had these key servers alone."""
    if len(names) == len(view.key_servers) == len(view.served.expected):
        return view
    inventory = view.fleet.inventory
    left_out = {device.name for device in inventory.key_servers(view.name)} - set(names)
    devices = {name: item for name, item in inventory.devices.items() if name not in left_out}
    intents = dict(inventory.gdoi_groups)
    if (intent := intents.get(view.name)) is not None and intent.key_servers is not None:
        kept = tuple(name for name in intent.key_servers if name in names)
        intents[view.name] = intent.model_copy(update={"key_servers": kept})
    narrowed = replace(inventory, devices=devices, gdoi_groups=intents)
    servers = tuple(server for server in view.key_servers if server.device in names)
    return replace(view, key_servers=servers, fleet=replace(view.fleet, inventory=narrowed))


def open_steps(scene: Scene, device: str, group: str) -> tuple[PlannedStep, ...]:
    """Steps of the plan that still have lines to type on a key server of a group."""
    return tuple(
        step
        for step in scene.plan.steps
        if step.device == device
        and isinstance(step.act, Configure)
        and (group in step.groups or not step.groups)
        and not is_done(scene.log, step)
    )


def is_done(log: RunLog, step: PlannedStep) -> bool:
    """Whether all lines of a step are known to stand on its device."""
    return log.is_applied(step.id, step.device) or log.proven(step.id) is not None


def role_of(server: KeyServerView) -> str:
    """``primary`` or ``secondary``; anything else is an election. Without redundancy it is a primary by itself.

    Raises:
        EvidenceMissingError: it does not tell.
    """
    coop = server.coop().value
    if coop.redundancy_configured is False:
        return "primary"
    if coop.local_role is None:
        msg = f"{server.device}: show crypto gdoi ks coop does not tell its role in group {server.group}"
        raise EvidenceMissingError(msg)
    return coop.local_role.casefold()


# -- parts


def _still_in(group: str, scene: Scene) -> Hold | None:
    """Members of a group that is taken down which the plan takes out first, and which are not known to be out."""
    members = {device.name for device in scene.inventory.members(group)}
    waiting = [
        step
        for step in scene.plan.steps
        if step.device in members
        and scene.device(step.device).role is not Role.KEY_SERVER
        and isinstance(step.act, Configure)
        and step.act.kind is not StepKind.CLEAN_UP
        and group in step.groups
        and not is_done(scene.log, step)
    ]
    if not waiting:
        return None
    names = ", ".join(dict.fromkeys(step.device for step in waiting))
    reason = f"group {group} is taken down, and it is not known that {names} left it: no key server of it was touched"
    return Hold(reason, f"getvpn-ops show {scene.run}; then getvpn-ops resume {scene.run}, or take it out by hand")


def _without(outcome: Outcome, view: GroupView, left: Collection[str]) -> Outcome:
    """What is said of sessions with each other, and not with a key server that leaves: those end, as they should."""
    if not left:
        return outcome
    names = addresses(ask(view, "COOP peers", KeyServerView.coop), view.key_servers)
    words = {*left, *(str(address) for address, name in names.items() if name in left)}
    found = tuple(item for item in outcome.findings if words.isdisjoint(item.subject.split(_AND)))
    if len(found) == len(outcome.findings):
        return outcome
    status = worst(item.status for item in found) if found else Status.PASS
    return outcome.model_copy(update={"findings": found, "status": status})


def _silent(view: GroupView) -> Hold | None:
    here = {server.device: server for server in view.key_servers}
    for name in dict.fromkeys([*view.served.expected, *here]):
        state = here[name].state if name in here else None
        visit = state.visit if state is not None else None
        if visit is None or (visit.trouble is not None and not visit.commands):
            why = f"{visit.trouble}: {visit.reason}" if visit is not None else "it was not asked"
            reason = (
                f"group {view.name}: key server {name} did not answer ({why}): whether the group is sound is not known"
            )
            return Hold(reason, f"getvpn-ops doctor {name}", ExitCode.UNDETERMINED)
    return None


def _joining(view: GroupView, scene: Scene) -> frozenset[str]:
    """Key servers that the plan is about to take into the group."""
    typing = {server.device for server in view.key_servers if open_steps(scene, server.device, view.name)}
    if not typing:
        return frozenset()
    found = {server.device for server in view.key_servers if server.device in typing and _has_none(server)}
    answers = ask(view, "COOP peers", KeyServerView.coop)
    names = addresses(answers, view.key_servers)
    listed = {
        answer.device: {names.get(peer.address) for peer in answer.value.peers if peer.address}
        for answer in answers.told
    }
    for name, peers in listed.items():
        others = [other for other in listed if other != name]
        if peers and typing & set(others) and not any(name in listed[other] for other in others):
            found.add(name)
    return frozenset(found) if len(found) < len(view.key_servers) else frozenset()


def _has_none(server: KeyServerView) -> bool:
    try:
        return not has_group(server)
    except EvidenceMissingError:
        return False


def _coop(view: GroupView) -> Hold | None:
    roles: dict[str, str] = {}
    for server in view.key_servers:
        try:
            roles[server.device] = role_of(server)
        except EvidenceMissingError as exc:
            return Hold(f"group {view.name}: {exc}", f"getvpn-ops doctor {server.device}", ExitCode.UNDETERMINED)
    primaries = [name for name, role in roles.items() if role == "primary"]
    if len(primaries) > 1:
        reason = (
            f"group {view.name} is split: {', '.join(primaries)} are all primary; all writes to the group are frozen"
        )
        return Hold(reason, "is UDP 848 open between the key servers? Then wait for the merge, and plan anew")
    electing = [f"{name} ({role or 'no role'})" for name, role in roles.items() if role not in ROLES]
    if electing or not primaries:
        said = ", ".join(electing) or "none of its key servers is primary"
        return Hold(
            f"group {view.name} is in an election: {said}", f"getvpn-ops resume, once {view.name} has a primary"
        )
    return hold_of(evaluate(GROUP_CHECKS["coop-single-primary"], view), view.name)


def _has_kek(view: GroupView) -> bool:
    """Whether the group has rekeys at all; without them no RSA key signs anything. What is not told counts as yes."""
    for server in view.key_servers:
        try:
            if any(policy.keks for policy in server.policy().certain().value):
                return True
        except EvidenceMissingError:
            return True
    return False


def _classes(view: GroupView, scene: Scene) -> Iterable[list[str]]:
    """Key servers that the plan left with the same lines to type."""
    found: defaultdict[Any, list[str]] = defaultdict(list)
    for server in view.key_servers:
        found[_left(scene, server.device, view.name)].append(server.device)
    return [names for names in found.values() if len(names) > 1]


def _left(scene: Scene, device: str, group: str) -> tuple[object, ...]:
    lines: list[object] = []
    for step in open_steps(scene, device, group):
        known = scene.log.step(step.id, device)
        if known is not None and known.result is not StepResult.NOTHING_SENT:
            lines.append(device)  # some of its lines may stand there: it is like nobody else
        assert isinstance(step.act, Configure)  # noqa: S101 -- asked before
        lines += [(line.path, line.text) for line in step.act.lines]
    return tuple(lines)
