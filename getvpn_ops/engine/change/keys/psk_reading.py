"""What is read of a member before and while it registers with another key."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from getvpn_ops.checks.health import MEMBER_CHECKS
from getvpn_ops.engine.assemble import evidence_of
from getvpn_ops.engine.change.ks_conditions import hold_of
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.model.plan import Configure, Perform
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.isakmp import IsakmpSas
from getvpn_ops.registry import evaluate
from getvpn_ops.workflow.actions.reading import member_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.plan import PlannedStep

STARTUP = "show startup-config"
GDOI, SAS = "show crypto gdoi", "show crypto isakmp sa"
REGISTERED = "registered"
_CHECKS = ("registration-complete", "convergence-tek")
_PLACEHOLDER = re.compile(r"<redacted sha256:[0-9a-f]{12}>")


def work_of(step: PlannedStep) -> Perform:
    """What a step of the rotation does.

    Raises:
        TypeError: the step is no action.
    """
    if not isinstance(step.act, Perform):
        msg = f"step {step.id} is no action"
        raise TypeError(msg)
    return step.act


def keys_of(step: PlannedStep, scene: Scene) -> tuple[tuple[PlannedStep, Configure], ...]:
    """The steps that set the new key of the member that this step registers, in their order."""
    wanted = work_of(step).parameter("undo").split(",")
    return tuple(
        (other, other.act) for other in scene.plan.steps if other.id in wanted and isinstance(other.act, Configure)
    )


def registration_of(step: PlannedStep, scene: Scene) -> PlannedStep:
    """The step that registers the member which this step looks at.

    Raises:
        ValueError: the plan has none.
    """
    mine = work_of(step)
    for other in scene.plan.steps:
        act = other.act
        if not isinstance(act, Perform) or act.action != mine.action or not act.parameter("undo"):
            continue
        if act.parameter("member") == mine.parameter("member"):
            return other
    msg = f"no step registers {mine.parameter('member')}"
    raise ValueError(msg)


# -- the member


def sound(step: PlannedStep, scene: Scene) -> Hold | None:
    """Why a member is not registered with the current key in each of its groups, by the checks of health."""
    member = work_of(step).parameter("member")
    servers = (server for group in step.groups for server in scene.inventory.key_servers(group))
    fleet = scene.state((scene.device(member), *dict.fromkeys(servers)))
    for group in step.groups:
        try:
            view = member_of(fleet, group, member)
        except EvidenceMissingError as missing:
            return Hold(f"{member}: {missing}", f"getvpn-ops doctor {member}", ExitCode.UNDETERMINED)
        for check in _CHECKS:
            held = hold_of(evaluate(MEMBER_CHECKS[check], view), group)
            if held is not None:
                return held
    return None


def has_time(member: str, scene: Scene) -> Hold | None:
    """Why it may register by itself while key servers have the new key, and it has the old one."""
    looked = gdoi_of(member, scene)
    if isinstance(looked, str):
        return Hold(f"{member} was not read: {looked}", f"getvpn-ops doctor {member}", ExitCode.UNDETERMINED)
    needed = timedelta(seconds=scene.margins.before_rekey + scene.margins.register)
    for item in (item for group in looked.groups for item in group.members):
        if isinstance(item.reregisters_in, timedelta) and item.reregisters_in < needed:
            left = int(item.reregisters_in.total_seconds())
            reason = f"{member} registers by itself in {left} s, which is too near to change its key"
            return Hold(reason, f"getvpn-ops resume {scene.run}, after that", ExitCode.UNDETERMINED)
    return None


def gdoi_of(member: str, scene: Scene) -> Gdoi | str:
    """``show crypto gdoi`` of a member, or why it was not read."""
    found, why = _ask((member,), GDOI, scene)
    if member not in found:
        return why[member]
    evidence = evidence_of(found[member])
    if evidence is None or evidence.parsed is None:
        return (evidence.reason if evidence is not None else "") or "it gave no answer"
    return evidence.parsed.data if isinstance(evidence.parsed.data, Gdoi) else "it answered something else"


def not_yet(gdoi: Gdoi) -> str:
    """Why a member is not registered, by the status that it prints; empty: it is, or its release prints none."""
    for group in gdoi.groups:
        for item in group.members:
            if item.registration_status is not None and item.registration_status.casefold() != REGISTERED:
                return f"group {group.group_name}: {item.registration_status}"
    return ""


def facts_of(gdoi: object) -> dict[str, str]:
    """What of a member changes when it registers."""
    members = [item for group in gdoi.groups for item in group.members] if isinstance(gdoi, Gdoi) else []
    status = {(item.registration_status or REGISTERED).casefold() for item in members}
    counts = [f"{item.succeeded_registrations}/{item.attempted_registrations}" for item in members]
    return {"status": REGISTERED if status <= {REGISTERED} else ", ".join(sorted(status)), "counts": " ".join(counts)}


def sessions_of(capture: Capture, step: PlannedStep, scene: Scene) -> tuple[int, ...] | str:
    """Numbers of a member's IKE sessions with the key servers of its groups, or why they were not read."""
    evidence = evidence_of(capture)
    if evidence is not None and evidence.empty:
        return ()
    if evidence is None or evidence.parsed is None:
        return (evidence.reason if evidence is not None else "") or "it gave no answer"
    sas = evidence.parsed.data
    if not isinstance(sas, IsakmpSas):
        return "it answered something else"
    return tuple(_with(sas, {str(item) for item in _addresses(step, scene)}))


def made_sessions(step: PlannedStep, member: str, scene: Scene) -> tuple[int, ...] | str:
    """The same, asked for."""
    found, why = _ask((member,), SAS, scene)
    return sessions_of(found[member], step, scene) if member in found else why[member]


def _with(sas: IsakmpSas, servers: set[str]) -> Iterator[int]:
    for sa in sas.sas:
        is_live = sa.state == "GDOI_IDLE" and "deleted" not in (sa.status or "")
        if is_live and {str(sa.destination), str(sa.source)} & servers:
            yield sa.connection_id


def _addresses(step: PlannedStep, scene: Scene) -> Iterator[object]:
    for group in step.groups:
        for server in scene.inventory.key_servers(group):
            yield from server.gdoi_addresses


# -- the way back


def way_back(step: PlannedStep, scene: Scene) -> Hold | None:
    """Why the old keys could not be typed again.

    They stand in the startup configurations, for nothing is saved before the new ones are proven: whoever comes back
    reads them there, also another process after a kill.
    """
    todo = {key.device: act for key, act in keys_of(step, scene) if not scene.log.is_applied(key.id, key.device)}
    found, why = _ask(tuple(todo), STARTUP, scene)
    for name, act in todo.items():
        text = found[name].text.decode(errors="replace") if name in found and found[name].trouble is None else ""
        lines = " ".join(line.text for line in act.rollback if not line.text.startswith("no "))
        if not all(key in text for key in _PLACEHOLDER.findall(lines)):
            reason = f"{name}: its startup configuration does not show the key that runs"
            reason += f" ({why[name]})" if name in why else ""
            then = f"getvpn-ops plan action save {name}, then getvpn-ops resume {scene.run}"
            return Hold(f"{reason}: it could not be put back; nothing was sent", then, ExitCode.UNDETERMINED)
    return None


def _ask(names: Iterable[str], command: str, scene: Scene) -> tuple[dict[str, Capture], dict[str, str]]:
    """One question to some devices: answers, and why there is none."""
    found: dict[str, Capture] = {}

    def asking(name: str) -> Script:
        found[name] = yield command

    devices = {scene.device(name): partial(asking, name) for name in names}
    visits = scene.ask(devices) if devices else {}
    why = {
        name: visit.reason or (visit.trouble.value if visit.trouble is not None else "it gave no answer")
        for name, visit in visits.items()
        if name not in found
    }
    return found, why
