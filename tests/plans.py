"""Plans of the worked example without a network: its routers' screens are read, and plans are typed on them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from bank import INVENTORY
from fleets import BankClock, BankFleet, Silent
from intents import secret
from screens import Screen

from getvpn_ops.devices.inventory import load_folder
from getvpn_ops.engine.change.planning.push import Asked, plan_push
from getvpn_ops.engine.collect import Collector
from getvpn_ops.engine.config.drift import KeyTerms
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.model.intent import GdoiGroupIntent, MemberIntent
from getvpn_ops.model.plan import Configure
from getvpn_ops.parsing import parse
from getvpn_ops.rendering.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bank import Bank

    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.plan import Plan, PlannedLine


@cache
def _example() -> Inventory:
    return load_folder(INVENTORY).inventory


def example(group: Mapping[str, Any] | None = None, **devices: Mapping[str, Any]) -> Inventory:
    """The worked example's inventory.

    Args:
        group: what WAN should be otherwise, as its file says it.
        devices: what a member has otherwise in WAN, by name with ``_`` for ``-``.
    """
    known = _example()
    kept = dict(known.devices)
    for name, said in devices.items():
        device = kept[name.replace("_", "-")]
        plain = device.member_of["WAN"].model_dump(by_alias=True, exclude_unset=True, mode="json")
        own = MemberIntent.model_validate({**plain, **said})
        kept[device.name] = replace(device, member_of={**device.member_of, "WAN": own})
    return regrouped(replace(known, devices=kept), group or {})


def regrouped(inventory: Inventory, group: Mapping[str, Any]) -> Inventory:
    """The same where WAN should be otherwise, as its file would say it."""
    plain = inventory.gdoi_groups["WAN"].model_dump(by_alias=True, exclude_unset=True, mode="json")
    made = GdoiGroupIntent.model_validate({**plain, **group})
    return replace(inventory, gdoi_groups={**inventory.gdoi_groups, "WAN": made})


def policy(inventory: Inventory, **said: Any) -> dict[str, Any]:  # noqa: ANN401 -- fields of a policy
    """WAN's one policy with other fields, for ``group`` of ``example``; ``exempt`` is that of its list."""
    plain = inventory.gdoi_groups["WAN"].policies
    assert plain is not None
    held = plain[0].model_dump(by_alias=True, exclude_unset=True, mode="json")
    if "exempt" in said:
        held["acl"] = {**held["acl"], "exempt": said.pop("exempt")}
    return {"policies": [{**held, **said}]}


def without(inventory: Inventory, *services: str) -> dict[str, Any]:
    """WAN's policy, in which some services are no longer exempt."""
    policies = inventory.gdoi_groups["WAN"].policies
    assert policies is not None
    kept = [item for item in policies[0].acl.exempt or () if item not in services]
    return policy(inventory, exempt=kept)


def collector_of(bank: Bank, down: Iterable[str] = ()) -> Collector:
    """Asks the bank's routers."""
    silent = Silent()
    return Collector(BankFleet(bank, down), BankClock(bank), silent, silent)


def asked(bank: Bank, **more: Any) -> Asked:  # noqa: ANN401 -- fields of Asked
    """By a test, now."""
    return Asked(run="r-1", what="push WAN", by="someone@jump", now=bank.clock.now(), **more)


def pushed(
    bank: Bank,
    inventory: Inventory,
    names: Iterable[str] = (),
    *,
    down: Iterable[str] = (),
    has_secrets: bool = False,
    **more: Any,  # noqa: ANN401 -- fields of Asked
) -> Plan:
    """Plan a push of some devices; of all that are in a group if none is named."""
    chosen = [inventory.devices[name] for name in names] or [x for x in inventory.devices.values() if x.gdoi_groups]
    intents = Intents(inventory, Secrets(secret) if has_secrets else None)
    return plan_push(
        asked(bank, **more),
        chosen,
        collector=collector_of(bank, down),
        inventory=inventory,
        intents=intents,
        keys=KeyTerms(are_compared=False),
    )


def running(bank: Bank, name: str) -> RunningConfig:
    """What a router prints now."""
    screen = Screen(router=bank.world.routers[name])
    text = screen.enter("show running-config").partition("\r\n")[2].rpartition("\r\n")[0]
    screen.router.sessions.remove(screen.terminal)
    found: RunningConfig = parse("show running-config", text.replace("\r", "")).data
    return found


def typed(bank: Bank, name: str, lines: Iterable[PlannedLine]) -> None:
    """Type lines on a router, each in its mode; none may be refused."""
    screen = Screen(router=bank.world.routers[name])
    for line in lines:
        shown = screen.enter("configure terminal", *line.path, line.text)
        assert "% " not in shown.replace("% NOTE", ""), f"{name}: {line}: {shown}"
        if "[yes/no]" in shown:
            screen.enter("yes")
        screen.enter("end")
    screen.router.sessions.remove(screen.terminal)


def configures(plan: Plan) -> list[tuple[str, Configure]]:
    """The stays in configuration mode, in their order, each with its device."""
    return [(step.device, step.act) for step in plan.steps if isinstance(step.act, Configure)]


def outline(plan: Plan) -> list[str]:
    """Each step in a few words: ``dub-ks1 set``, ``rekey WAN``, ``opo-gm1 registered``, ``save dub-ks1``."""
    texts = []
    for step in plan.steps:
        if isinstance(step.act, Configure):
            texts.append(f"{step.device} {step.act.kind.value}")
        elif step.act.action == "save":
            texts.append(f"save {step.device}")
        elif step.device:
            texts.append(f"{step.device} registered")
        else:
            texts.append(f"rekey {step.act.parameter('group')}")
    return texts
