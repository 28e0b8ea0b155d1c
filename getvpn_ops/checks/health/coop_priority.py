"""COOP priorities as key servers show them, against what they should be and what is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.checks.health.answers import ask
from getvpn_ops.checks.health.coop import addresses, alone
from getvpn_ops.checks.health.verdict import not_applicable, untold, verdict
from getvpn_ops.checks.views import KeyServerView
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.outcome import Severity
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.model.outcome import Finding, Seen

_COMMAND = "show crypto gdoi ks coop"


def intended(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """A key server with another priority than planned takes over when it should not, or does not when it should.

    What it shows is held against ``coop: priorities`` of the inventory, and against its own configuration where that is
    at hand. The guide's Appendix A configures 191 and 131, and its output shows 30, 5 and 3. A key server that did not
    tell is judged by what its peers say of it.
    """
    what = "COOP priority"
    answers = ask(group, what, KeyServerView.coop)
    lone = alone(group, answers, what)
    if lone is not None:
        yield lone
        return
    wanted = _wanted(group)
    if not wanted:
        yield from answers.silent
        if answers.told:
            why = "neither the inventory nor a configuration at hand says which it should be"
            yield not_applicable(group, what, why, *answers.seen)
        return
    names = addresses(answers, group.key_servers)
    shown: dict[str, object] = {answer.device: answer.value.local_priority for answer in answers.told}
    for answer in answers.told:
        for peer in answer.value.peers:
            if peer.address is not None and (peer.status or "").casefold() == "alive":
                shown.setdefault(names.get(peer.address, str(peer.address)), peer.priority)
    yield from (finding for finding in answers.silent if finding.device in wanted and finding.device not in shown)
    for name, sources in wanted.items():
        told = shown.get(name)
        if name in shown and not isinstance(told, int):
            yield untold(name, what, f"it is printed as {told}", *answers.seen)
        elif isinstance(told, int):
            yield verdict(
                name,
                all(number == told for number, _, _ in sources),
                what,
                expected=", ".join(dict.fromkeys(f"{number} by {place}" for number, place, _ in sources)),
                actual=f"{told} shown",
                device=name,
                seen=(*answers.seen, *(seen for _, _, seen in sources if seen is not None)),
                next_steps=(f"{_COMMAND} on {name}", f"redundancy / local priority on {name}"),
            )


def _wanted(group: GroupView) -> dict[str, list[tuple[int, str, Seen | None]]]:
    """Of each key server the priorities that it should have, with who says so."""
    found: dict[str, list[tuple[int, str, Seen | None]]] = {}
    intent = group.fleet.inventory.gdoi_groups.get(group.name)
    for name, number in ((intent.coop.priorities or {}) if intent is not None else {}).items():
        found.setdefault(name, []).append((number, "the inventory", None))
    for server in group.key_servers:
        samples = server.state.samples(RunningConfig)
        for item in samples[-1].value.gdoi_groups if samples else ():
            local = item.server_local if item.name == server.local_name else None
            if local is not None and local.redundancy is not None and local.redundancy.priority is not None:
                told = (local.redundancy.priority, "its configuration", samples[-1].seen)
                found.setdefault(server.device, []).append(told)
    return found


GROUP_CHECKS = (
    Spec(
        id="coop-priority-intended",
        title="Every key server shows the priority that it should have",
        severity=Severity.MINOR,
        params=NoParams,
        examine=intended,
        tags=frozenset({"coop"}),
    ),
)
