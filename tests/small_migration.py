"""A migration of two key servers and three members, in stages of every kind, and all that its plan lets be typed."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from flowing import FlowingBank
from intents import secret
from plans import asked, collector_of, example, regrouped

from getvpn_ops.engine.change.migrating.staging import Wanted, plan_playbook
from getvpn_ops.engine.change.migrating.targets import pilots_of
from getvpn_ops.engine.config.drift import KeyTerms
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.model.plan import Configure
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.workflow.playbooks.schema import Playbook
from getvpn_ops.workflow.playbooks.variants import without_groups

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from getvpn_ops.model.config.secret import Secret
    from getvpn_ops.model.intent import MemberIntent
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.plan import Plan

SERVERS = ("lds-ks1", "ams-ks1")
MEMBERS = ("ham-gm1", "ork-gm1", "man-gm1")
ROUTERS = (*SERVERS, *MEMBERS)
ASKS = "passive"
"""The stage that asks for a person, and has a soak."""
_KS, _GM, _PILOT = {"who": "key-servers"}, {"who": "members"}, {"sending": "receive-only", "covers": "pilot"}
_CAME = [{"check": "registration-complete", "patience": 10}]
_ONE = [{"check": "coop-single-primary", "patience": 10}]
STAGES: tuple[dict[str, Any], ...] = (
    {"id": "keys", "action": "rsa-key", "targets": _KS},
    {"id": "servers", "action": "configure", "targets": _KS, "params": _PILOT, "exit": _ONE},
    {"id": "pilot", "action": "configure", "targets": {"who": "pilot"}, "params": _PILOT, "exit": _CAME},
    {"id": "drill", "action": "drill", "params": {"by": "role-change"}, "targets": _KS, "exit": _ONE},
    {"id": "rest", "action": "configure", "targets": {"who": "rest"}, "params": _PILOT, "exit": _CAME},
    {"id": "swap", "action": "configure", "targets": _KS, "params": {"sending": "receive-only"}, "enter": _ONE},
    {
        "id": ASKS, "action": "configure", "targets": _GM, "params": {"sending": "receive-only", "passive": "on"},
        "approval": "does the pilot work?", "batch": {"at_once": 2, "soak": 30}, "exit": _CAME,
    },
    {"id": "both", "action": "configure", "targets": _KS, "enter": _ONE},
    {"id": "conformant", "action": "configure", "targets": _GM, "params": {"passive": "off"}, "exit": _CAME},
)  # fmt: skip
NAMES = tuple(stage["id"] for stage in STAGES)
_CONTROL = re.compile(
    "end|exit|configure terminal( revert timer [0-9]+)?|configure (confirm|revert .*)|write memory|terminal .*|show .*|"
)
_KEY = re.compile("crypto key (generate|export|import) rsa .*|quit|-----.*|[A-Za-z0-9+/=]+")
_HIDDEN = re.compile(r"<redacted [^>]*>")


@cache
def inventory() -> Inventory:
    """The worked example with these routers alone."""
    alone = without_groups(example(), {"PAYMENTS"})
    devices = {}
    for name in ROUTERS:
        device = alone.devices[name]
        own = {key: _of_two(held) for key, held in device.member_of.items()}
        devices[name] = replace(device, member_of=own)
    made = replace(alone, devices=devices)
    return regrouped(made, {"key_servers": SERVERS, "coop": {"priorities": {"lds-ks1": 100, "ams-ks1": 75}}})


def _of_two(own: MemberIntent) -> MemberIntent:
    """What a member has, with the key servers that there are."""
    kept = tuple(name for name in own.servers or () if name in SERVERS)
    return own.model_copy(update={"servers": kept}) if kept else own


@cache
def secrets() -> Mapping[str, tuple[Secret, ...]]:
    intents = Intents(inventory(), Secrets(secret))
    return {
        name: tuple(line.hidden for top in intents.of(name).read.tree for line in top.walk() if line.hidden is not None)
        for name in ROUTERS
    }


@cache
def migration() -> Plan:
    """Planned on routers in clear; each room begins where this did."""
    bank = FlowingBank(configs="clear", only=ROUTERS)
    wanted = Wanted(
        playbook=Playbook.model_validate({"schema": 1, "name": "move", "title": "a migration", "stages": STAGES}),
        options={},
        groups=("WAN",),
        pilot=pilots_of(inventory(), ("WAN",)),
        intents_of=lambda varied: Intents(varied, Secrets(secret)),
        keys=KeyTerms(are_compared=False),
    )
    plan = plan_playbook(asked(bank), wanted, collector=collector_of(bank), inventory=inventory())
    assert (plan.refusals, plan.lockouts, plan.left_out) == ((), (), ())
    return plan


def allowed(plan: Plan) -> Iterator[re.Pattern[str]]:
    """What a plan shows: lines, those that lead back, and the modes that they stand in."""
    yield _CONTROL
    yield _KEY
    seen: set[str] = set()
    for step in plan.steps:
        if isinstance(step.act, Configure):
            for line in (*step.act.lines, *step.act.rollback):
                seen |= {line.text, *line.path}
        else:
            seen |= {part.strip() for line in step.act.lines for part in line.split(" > ")}
    yield from (re.compile(_shown(text)) for text in seen)


def _shown(text: str) -> str:
    return ".*".join(re.escape(part) for part in _HIDDEN.split(text.strip()))
