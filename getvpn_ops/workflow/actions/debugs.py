"""Debugging of Table 4 of the guide, for a bounded time, with the CPU watched, and always switched off again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.plan import LeftOut, PredictedEffect, Statement
from getvpn_ops.model.state.logging import Logging
from getvpn_ops.model.state.system import ProcessesCpu
from getvpn_ops.workflow.actions.parts import Draft, alone, spare_manager, step
from getvpn_ops.workflow.actions.reading import Obstacle
from getvpn_ops.workflow.actions.spec import ActionSpec, Proposal

if TYPE_CHECKING:
    from getvpn_ops.model.fleet import DeviceState
    from getvpn_ops.workflow.actions.spec import World

DEBUGS = "debug"
CONDITION = "debug crypto condition"
"""``show debugging`` tells nothing of conditions, and ``undebug all`` leaves them as they are."""
OFF = "undebug all"
_LEVELS = ("", "all-levels", "detail", "error", "event", "packet", "terse")
_OF_GROUP = (
    "", "all-features", "all-levels", "coop", "detail", "error", "event", "infra", "packet", "registration", "rekey",
    "replay", "terse",
)  # fmt: skip
_OF_MEMBER = ("", "all-features", "registration", "rekey", "replay", "infrastructure")
_OF_SERVER = (*_OF_MEMBER, "coop")
KINDS = frozenset(
    {f"gdoi {word}".rstrip() for word in _OF_GROUP}
    | {" ".join(f"gdoi gm {word} {level}".split()) for word in _OF_MEMBER for level in _LEVELS}
    | {" ".join(f"gdoi ks {word} {level}".split()) for word in _OF_SERVER for level in _LEVELS}
    | {"isakmp", "ipsec"}
)
"""What may be debugged, as it stands behind ``debug crypto``."""
_CONDITIONAL = frozenset({"isakmp", "ipsec"})
"""Only of IKE and IPsec does IOS choose by peer (``debug crypto condition``, since 12.3(2)T)."""


def _kind(text: str) -> str:
    words = " ".join(text.split())
    if words not in KINDS:
        msg = "not in Table 4 of the guide; such as `gdoi`, `gdoi gm rekey`, `gdoi ks coop detail`, `isakmp`, `ipsec`"
        raise ValueError(msg)
    return words


class HowToDebug(FrozenModel):
    """For debugging.

    Attributes:
        what: stands behind ``debug crypto``: ``gdoi``, ``gdoi gm rekey``, ``gdoi ks coop detail``, ``isakmp`` ...
        seconds: that it stays on, at most 300.
        cpu_max: percent of CPU at which it is not begun, or switched off at once.
        peer: IPv4 address of the one peer to tell of; only for ``isakmp`` and ``ipsec``. Empty: all.
        console: whether the console may be flooded: a router that logs debugging there can stand still over it.
    """

    what: Annotated[str, AfterValidator(_kind)] = "gdoi"
    seconds: int = Field(default=60, ge=5, le=300)
    cpu_max: int = Field(default=50, ge=1, le=90)
    peer: str = Field(default="", pattern=r"^(\d{1,3}(\.\d{1,3}){3})?$")
    console: bool = False


def debug(world: World, params: HowToDebug) -> Proposal:
    """``debug crypto ...`` of the guide's Table 4, for some seconds, and then ``undebug all``.

    For what no show command tells, and only for somebody who reads it: debugging can load a router until it fails. Not
    begun above ``cpu_max`` percent of CPU, and switched off at once when the CPU passes it. Goes to the log buffer,
    never to the terminal; refused where the buffer does not take debugging, where the console does, or where somebody
    else is debugging, for ``undebug all`` would end that too. ``peer`` narrows IKE and IPsec down to one peer. It is
    switched off also after a lost session, by a new one, and ``show debugging`` proves that nothing is on. What was
    logged is kept as a capture of ``show logging`` under the run.
    """
    draft = Draft()
    if len(world.targets) > 1:
        draft.refusals.append(f"{len(world.targets)} routers are meant: debug one at a time")
    spare_manager(world.targets, draft)
    if params.peer and params.what not in _CONDITIONAL:
        draft.refusals.append(f"a peer can be chosen for {' and '.join(sorted(_CONDITIONAL))}, not for {params.what}")
    for device in world.targets:
        if device.role not in {Role.KEY_SERVER, Role.MEMBER}:
            draft.left_out.append(LeftOut(device.name, "neither key server nor member", is_known=True))
            continue
        state = world.fleet.devices[device.name]
        draft.refusals += [item.text for item in debug_obstacles(state, params.cpu_max, console=params.console)]
        condition = (f"{CONDITION} peer ipv4 {params.peer}",) if params.peer else ()
        reset = (f"{CONDITION} reset",) if params.peer else ()
        title = f"debug crypto {params.what} on {device.name} for {params.seconds} s"
        text = f"packets pass as before while the CPU is below {params.cpu_max} %"
        draft.effects += [PredictedEffect(name, title, Statement.HITLESS, 0.0, (text,)) for name in device.gdoi_groups]
        draft.waves.append(
            alone(
                step(
                    len(draft.waves) + 1,
                    device,
                    DEBUGS,
                    title,
                    (*condition, f"debug crypto {params.what}", OFF, *reset),
                    groups=device.gdoi_groups,
                    parameters=(
                        ("what", params.what),
                        ("seconds", str(params.seconds)),
                        ("cpu-max", str(params.cpu_max)),
                        ("peer", params.peer),
                        ("console", "yes" if params.console else ""),
                    ),
                    once=False,
                    notes=("what is logged is kept as a capture of `show logging` under the run",),
                    way_back=f"{OFF}, which is part of it",
                )
            )
        )
    return draft.done()


def debug_obstacles(state: DeviceState, cpu_max: int, *, console: bool) -> tuple[Obstacle, ...]:
    """Why a router is not to be debugged now.

    Args:
        state: with its CPU load and its logging.
        cpu_max: percent.
        console: whether the console may take debugging.
    """
    found = []
    try:
        found += [*_load(state, cpu_max), *_places(state, console=console)]
    except EvidenceMissingError as exc:
        found.append(Obstacle(str(exc), is_known=False))
    return tuple(found)


def _load(state: DeviceState, cpu_max: int) -> list[Obstacle]:
    cpu = state.latest(ProcessesCpu).value
    loads = [load for load in (cpu.total_5s, cpu.total_1m) if load is not None]
    if not loads:
        return [Obstacle(f"{state.name}: show processes cpu does not tell its load", is_known=False)]
    if max(loads) >= cpu_max:
        return [Obstacle(f"{state.name}: its CPU is at {max(loads):g} %, and debugging is held below {cpu_max} %")]
    return []


def _places(state: DeviceState, *, console: bool) -> list[Obstacle]:
    logging = state.latest(Logging).value
    places = {item.name.casefold(): item for item in logging.destinations}
    found = []
    buffer = places.get("buffer")
    if buffer is None:
        found.append(Obstacle(f"{state.name}: show logging does not tell of its buffer", is_known=False))
    elif buffer.level != "debugging":
        level = buffer.level or buffer.state or "unknown"
        found.append(
            Obstacle(f"{state.name}: its log buffer takes no debugging ({level}): `logging buffered debugging`")
        )
    terminal = places.get("console")
    if terminal is None:
        found.append(Obstacle(f"{state.name}: show logging does not tell of its console", is_known=False))
    elif terminal.level == "debugging" and not console:
        found.append(
            Obstacle(f"{state.name}: its console logs debugging and may stand still over it: `no logging console`")
        )
    return found


SPECS = (
    ActionSpec(
        id="debug",
        title="debugging of Table 4, for a bounded time, switched off in any case",
        params=HowToDebug,
        propose=debug,
        tags=("diagnosis",),
    ),
)
