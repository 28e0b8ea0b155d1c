"""Whether the key servers of a group may be changed at all, and who of them is primary (promise P10).

What is looked at here is looked at again right before each step (``engine.change.ks_guard``): a plan that would be held
there is refused while somebody still reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.checks.health import GROUP_CHECKS
from getvpn_ops.checks.views import group_views
from getvpn_ops.engine.change.planning.shipping import policy_on
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.outcome import Status
from getvpn_ops.model.state.keys import RsaKeyPairs
from getvpn_ops.registry import evaluate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.engine.change.planning.reading import Reading
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Inventory

_SOUND = ("coop-single-primary", "coop-peers-alive")
_KEYS = ("parity-keys",)
_PARITY = ("parity-policy", "parity-rekey", "parity-lifetimes", "parity-acl")
_SHOWN = 3


def primaries(fleet: FleetState) -> dict[str, str]:
    """The primary of each group that has exactly one, by the group's name in the inventory."""
    found = {}
    for view in group_views(fleet):
        names = view.served.primaries
        if len(names) == 1:
            found[view.name] = names[0]
    return found


def priority(config: RunningConfig) -> int:
    """The highest COOP priority of a key server in any of its groups; 1 is what IOS takes where none stands."""
    said = [
        group.server_local.redundancy.priority
        for group in config.gdoi_groups
        if group.server_local is not None and group.server_local.redundancy is not None
    ]
    return max((item for item in said if item is not None), default=1)


def runs(view: GroupView) -> bool:
    """Whether a key server says anything of the group: one that does not run yet needs no sound group."""
    return any(server.told() for server in view.key_servers)


def refusals(  # noqa: PLR0913 -- what the condition of a group rests on
    group: str,
    reading: Reading,
    inventory: Inventory,
    after: Mapping[str, RunningConfig],
    covered: Collection[str],
    *,
    has_key: bool = True,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Why no key server of a group may be changed now.

    A group that none of them serves any more when the plan is done need not be sound: it is taken down.

    Args:
        group: its name in the inventory.
        reading: of all key servers of the group.
        inventory: of them.
        after: configurations of its key servers when the plan is done.
        covered: key servers that are as intended once the plan is done: where they all are, a difference between them
            is one that this very plan ends.
        has_key: whether the RSA key must be there already; an earlier stage of the same plan may make and prove it.

    Returns:
        Reasons to refuse the plan, and notes.
    """
    servers = [device.name for device in inventory.key_servers(group)]
    unread = [name for name in servers if name not in reading.configs]
    if unread:
        return tuple(
            f"group {group}: key server {name} was not read: {reading.why_not.get(name, 'it was not asked')}: "
            "no key server is changed while another is unknown"
            for name in unread
        ), ()
    refused: list[str] = []
    notes: list[str] = []
    view = next((item for item in group_views(reading.fleet) if item.name == group), None)
    is_over = all(name in after and policy_on(after[name], group, inventory) is None for name in servers)
    if view is not None and runs(view) and not is_over:
        refused += _failing(view, _SOUND)
        refused += _failing(view, _KEYS)
        uneven = _failing(view, _PARITY)
        if set(servers) <= set(covered):
            notes += [f"{text}: this plan ends it" for text in uneven]
        else:
            refused += uneven
    refused += [
        f"group {group}: key server {name} is not in this plan and is not as intended: key servers would differ: "
        f"getvpn-ops plan push {group}"
        for name in servers
        if name not in covered
    ]
    if has_key:
        refused += _signing(group, reading, {name: after.get(name, reading.configs[name]) for name in servers})
    return tuple(refused), tuple(notes)


def _failing(view: GroupView, ids: Iterable[str]) -> list[str]:
    """What checks find wrong, or cannot tell: unknown is never passed."""
    found = []
    for spec_id in ids:
        outcome = evaluate(GROUP_CHECKS[spec_id], view)
        if outcome.status.opens_gate:
            continue
        bad = [item for item in outcome.findings if item.status is outcome.status]
        texts = [
            f"{item.subject}: {item.message}: {item.actual or item.status.value}"
            + (f", expected {item.expected}" if item.expected else "")
            for item in bad
        ]
        if outcome.reason:
            texts.append(outcome.reason)
        word = "" if outcome.status is Status.FAIL else "cannot be told: "
        shown = "; ".join(texts[:_SHOWN]) + (f"; and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else "")
        found.append(f"group {view.name}: {word}{shown} ({spec_id})")
    return found


def _signing(group: str, reading: Reading, configs: Mapping[str, RunningConfig]) -> Iterator[str]:
    """The RSA key that signs rekeys must be there, and be the same key everywhere: labels say nothing."""
    hint = f"getvpn-ops plan action rsa-key {group}"
    told: dict[str, str] = {}
    for name, config in configs.items():
        for label in _labels(config, group, reading):
            try:
                pairs = reading.fleet.devices[name].latest(RsaKeyPairs).value.keys
            except EvidenceMissingError as missing:
                if reading.fleet.devices[name].silent(RsaKeyPairs) is None:
                    yield f"group {group}: whether {name} holds the RSA key {label} is not known: {missing}"
                    continue
                pairs = ()
            pair = next((item for item in pairs if item.key_name == label), None)
            if pair is None:
                yield f"group {group}: {name} holds no RSA key {label}, which signs rekeys: {hint}"
            elif pair.key_data is None:
                yield f"group {group}: the public key of {label} on {name} was not read"
            else:
                told[name] = pair.key_data.hex
    if len(set(told.values())) > 1:
        names = ", ".join(told)
        yield f"group {group}: key servers {names} hold different RSA keys for rekeys: {hint}"


def _labels(config: RunningConfig, group: str, reading: Reading) -> Iterator[str]:
    intent = reading.fleet.inventory.gdoi_groups.get(group)
    identity = str(intent.identity) if intent is not None and intent.identity is not None else ""
    for item in config.gdoi_groups:
        own = str(item.identity_number if item.identity_number is not None else item.identity_address or "")
        if item.server_local is None or (own != identity if identity else item.name != group):
            continue
        label = item.server_local.rekey.authentication_key
        if label:
            yield label
