"""What the lists of our own routers do to UDP 848, to ESP and to echoes; the provider's network nobody can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.analysis.lockout.crossing import Crossing, Verdict
from getvpn_ops.analysis.lockout.needs import UDP
from getvpn_ops.analysis.lockout.whereabouts import Whereabouts
from getvpn_ops.analysis.packets.flow import Flow
from getvpn_ops.engine.change.migrating.performers.preflight_rows import Row, joined
from getvpn_ops.engine.forecast.lockout import routers_of, situation
from getvpn_ops.model.outcome import Status
from getvpn_ops.workflow.playbooks.preflight import Question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from getvpn_ops.engine.change.migrating.performers.preflight_ends import End
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.values import Address

_GDOI, _ESP, _ICMP = 848, 50, 1


class Ways:
    """Packets between routers, as configurations say."""

    def __init__(self, inventory: Inventory, configs: Mapping[str, RunningConfig]) -> None:
        """Know every router of the inventory; of those that were not read nothing is known."""
        self._where = Whereabouts(routers_of(inventory, situation(configs)))

    def dropped(self, flow: Flow, vrf: str) -> str:
        """The line that drops a packet on its way, or the other way; empty if none certainly does."""
        for packet in (flow, flow.mirrored()):
            answer = Crossing(self._where, vrf).between(packet, opening=True)
            if answer.verdict is Verdict.CUT:
                by = f": {answer.by.text}" if answer.by is not None else ""
                return f"{packet.source} -> {packet.destination}: {answer.reason}{by}"
        return ""

    def gdoi(self, end: End, registered: bool, later: str) -> Row:  # noqa: FBT001 -- told by the caller
        """UDP 848 between a router and its key servers.

        Args:
            end: the router.
            registered: whether it is registered already.
            later: stage in which it registers; empty: none.
        """
        if registered:
            return Row(Question.GDOI, end.name, Status.PASS, "it is registered")
        assert end.address is not None  # noqa: S101 -- for the type checker; such ends are told before
        if not end.servers and not end.is_member:
            return Row(Question.GDOI, end.name, Status.NOT_APPLICABLE, "the only key server")
        found = []
        for name, server in (end.servers or {}).items():
            if cut := self.dropped(Flow(end.address, server, UDP, _GDOI, _GDOI), end.vrf):
                found.append(Row(Question.GDOI, end.name, Status.FAIL, f"{name}: {cut}"))
                continue
            text = "no list of ours drops it; only a registration shows what the network between does"
            found.append(Row(Question.GDOI, end.name, Status.UNKNOWN, text, later))
        return joined(Question.GDOI, end.name, found)

    def esp(self, end: End, others: Sequence[End], decrypted: str, later: str) -> Row:
        """ESP between the networks of members.

        Args:
            end: a member.
            others: members at other sites.
            decrypted: what shows that it comes; empty: nothing does.
            later: stage in which traffic is proven; empty: none.
        """
        if decrypted:
            return Row(Question.ESP, end.name, Status.PASS, decrypted)
        found = []
        for other in others:
            one, two = _inner(end), _inner(other)
            if one is None or two is None or one.version != two.version:
                continue
            if cut := self.dropped(Flow(one, two, _ESP), end.lan_vrf):
                found.append(Row(Question.ESP, end.name, Status.FAIL, f"{other.name}: {cut}"))
                continue
            text = "no list of ours drops it; only encrypted packets show what the network between does"
            found.append(Row(Question.ESP, end.name, Status.UNKNOWN, text, later))
        if not found:
            return Row(Question.ESP, end.name, Status.UNKNOWN, "there is no other site to send to", later)
        return joined(Question.ESP, end.name, found)

    def echo_dropped(self, source: Address, target: Address, vrf: str) -> str:
        """The line that drops echoes; empty if none certainly does."""
        return self.dropped(Flow(source, target, _ICMP), vrf) if source.version == target.version else ""


def _inner(end: End) -> Address | None:
    """ESP has the addresses of the packets that it carries (guide, "IP header preservation")."""
    return end.lan if end.lan is not None else end.address
