"""Plans out of playbooks, and the way back of a run that applied one: their composition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.cli.planning import Limits, asked_of, planned
from getvpn_ops.cli.playbook_files import PlaybookFiles, load_playbook
from getvpn_ops.devices.named_secrets import NamedSecrets
from getvpn_ops.engine.change.migrating.staging import Wanted, plan_playbook
from getvpn_ops.engine.change.migrating.targets import needs_pilot, pilots_of
from getvpn_ops.engine.config.drift import NO_SOURCE, KeyTerms
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.errors import UsageError
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.settings.mistakes import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from getvpn_ops.cli.wiring import Wiring
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.plan import Plan
    from getvpn_ops.workflow.playbooks.schema import Playbook


@dataclass(frozen=True, slots=True)
class Said:
    """What the command line says of a playbook.

    Attributes:
        name: of it, or a path.
        groups: GDOI groups that it is run for.
        pilots: members that go first; empty: those that the inventory marks.
        options: choices, by option.
    """

    name: str
    groups: Sequence[str]
    pilots: Sequence[str]
    options: Mapping[str, str]


def playbook_plan(tools: Wiring, said: Said, limits: Limits) -> Plan:
    """Plan a playbook.

    Raises:
        UsageError: a playbook, group, pilot, option or choice is not known.
        MistakesError: the playbook is wrong; says all of it.
    """
    playbook = load_playbook(PlaybookFiles(tools.workspace.root).find(said.name))
    inventory = tools.loaded.inventory
    groups = tuple(dict.fromkeys(said.groups))
    _must_be_groups(inventory, groups)
    options = _choices(playbook, said.options)
    pilot = pilots_of(inventory, groups, said.pilots) if said.pilots or needs_pilot(playbook) else ()
    secrets = NamedSecrets(tools.workspace, tools.redactor)
    keys = KeyTerms(secrets.why_not, has_source=True) if secrets.is_asked else NO_SOURCE
    wanted = Wanted(
        playbook=playbook,
        options=options,
        groups=groups,
        pilot=pilot,
        intents_of=lambda varied: Intents(varied, Secrets(secrets.resolve)),
        keys=keys,
    )
    chosen = (f"{name}={choice}" for name, choice in options.items() if choice != playbook.options[name].default)
    what = " ".join(("playbook", playbook.name, *groups, *chosen))
    devices = [
        item
        for item in inventory.devices.values()
        if any(item in inventory.key_servers(group) or item in inventory.members(group) for group in groups)
    ]

    def make(run: str) -> Plan:
        asked = asked_of(tools, run, what, limits)
        return plan_playbook(asked, wanted, collector=tools.collector, inventory=inventory)

    return planned(tools, what, devices, make)


def _must_be_groups(inventory: Inventory, groups: Sequence[str]) -> None:
    known = inventory.group_names()
    for group in groups:
        if group not in known:
            near = nearest(group, known)
            hint = f"; did you mean {near}?" if near else f"; there are {', '.join(known)}"
            msg = f"{group!r} is no GDOI group of the inventory{hint}"
            raise UsageError(msg)


def _choices(playbook: Playbook, said: Mapping[str, str]) -> dict[str, str]:
    for name, choice in said.items():
        option = playbook.options.get(name)
        if option is None:
            there = ", ".join(playbook.options) or "none"
            msg = f"playbook {playbook.name} has no option {name!r}; there are: {there}"
            raise UsageError(msg)
        if choice not in option.choices:
            msg = f"option {name} of playbook {playbook.name} is one of {', '.join(option.choices)}, not {choice!r}"
            raise UsageError(msg)
    return {name: said.get(name, option.default) for name, option in playbook.options.items()}
