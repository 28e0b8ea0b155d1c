"""Playbooks on the worked example without a network: routers in memory, secrets resolved as a session would."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from fake_hands import BankHand, bank_stage
from intents import secret
from plans import asked, collector_of, example

from getvpn_ops.engine.change.migrating.staging import Wanted, plan_playbook
from getvpn_ops.engine.change.migrating.targets import pilots_of
from getvpn_ops.engine.config.drift import KeyTerms
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.workflow.playbooks.schema import Playbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pytest
    from bank import Bank
    from fake_hands import Stage

    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.plan import Plan

_STAND_IN = re.compile(r"<redacted sha256:[0-9a-f]{12}>")


def playbook_of(stages: Sequence[Mapping[str, Any]], **more: Any) -> Playbook:  # noqa: ANN401 -- fields of a playbook
    """A playbook of these stages."""
    return Playbook.model_validate({"schema": 1, "name": "move", "title": "a migration", "stages": stages, **more})


def planned(  # noqa: PLR0913 -- what a plan is made of
    bank: Bank,
    inventory: Inventory,
    stages: Sequence[Mapping[str, Any]],
    *,
    options: Mapping[str, str] | None = None,
    down: Iterable[str] = (),
    playbook: Mapping[str, Any] | None = None,
    **more: Any,  # noqa: ANN401 -- fields of Asked
) -> Plan:
    """Plan them for WAN, with the pilots that the inventory marks."""
    wanted = Wanted(
        playbook=playbook_of(stages, **(playbook or {})),
        options=options or {},
        groups=("WAN",),
        pilot=pilots_of(inventory, ("WAN",)),
        intents_of=lambda varied: Intents(varied, Secrets(secret)),
        keys=KeyTerms(are_compared=False),
    )
    return plan_playbook(asked(bank, **more), wanted, collector=collector_of(bank, down), inventory=inventory)


def staged(bank: Bank, plan: Plan, inventory: Inventory, patch: pytest.MonkeyPatch) -> Stage:
    """A scene for a plan; lines with placeholders are typed with the secrets that they stand for."""
    typed = BankHand._typed  # noqa: SLF001 -- the one place where a line reaches a router

    def resolved(hand: BankHand, line: str) -> str:
        return typed(hand, _STAND_IN.sub(lambda found: _secrets().get(found[0], found[0]), line))

    patch.setattr(BankHand, "_typed", resolved)
    return bank_stage(bank, plan, inventory)


@cache
def _secrets() -> Mapping[str, str]:
    intents = Intents(example(), Secrets(secret))
    devices = (device for device in example().devices.values() if device.gdoi_groups)
    lines = (line for device in devices for top in intents.of(device.name).read.tree for line in top.walk())
    found = {}
    for line in lines:
        if line.hidden is not None and (held := _STAND_IN.search(line.text)) is not None:
            behind = len(line.text) - held.end()
            true = line.hidden.reveal()
            found[held[0]] = true[held.start() : len(true) - behind]
    return found
