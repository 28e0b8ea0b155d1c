"""What the routers of a group use, by their own configurations, against what the list encrypts."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lists.effective import Action
from getvpn_ops.analysis.lockout.needs import CLIENT_PORT, Service
from getvpn_ops.analysis.packets.flow import PORTED, Flow
from getvpn_ops.analysis.packets.match import WIDTH, Bits
from getvpn_ops.analysis.packets.sets import Match, PacketSet
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.outcome import Finding, Severity, Status
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from getvpn_ops.analysis.lists.effective import EffectiveList
    from getvpn_ops.analysis.lockout.needs import Conversation, NeededFlow
    from getvpn_ops.checks.acl.views import GroupLists
    from getvpn_ops.model.outcome import Seen

NAMES = MappingProxyType(
    {
        Service.SSH: "ssh",
        Service.TACACS: "tacacs",
        Service.RADIUS: "radius",
        Service.SNMP: "snmp",
        Service.TRAPS: "snmp-trap",
        Service.SYSLOG: "syslog",
        Service.NTP: "ntp",
        Service.DNS: "dns",
        Service.BGP: "bgp",
        Service.OSPF: "ospf",
        Service.EIGRP: "eigrp",
        Service.ENROLMENT: "pki",
        Service.REVOCATION: "pki",
    }
)
"""What rules call a service. GDOI and COOP are not here: ``acl-udp848`` asks for all of theirs."""
_CLIENTS = ((1024, 65535),)


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a router of a group needs the network for.

    Attributes:
        device: the router.
        needed: what, and which line of its configuration says so.
        seen: that configuration.
        member: whether it is a member; a key server's own packets are encrypted by a member on their way, if at all.
    """

    device: str
    needed: NeededFlow
    seen: Seen
    member: bool = True


@dataclass(frozen=True, slots=True)
class InUse:
    """What the configurations of a group's routers say is in use.

    Attributes:
        needs: by name of the service; what does not leave by the interfaces of the group is left out.
        unclear: by name, why it is not known for some router; under an empty name, why for any service.
    """

    needs: Mapping[str, tuple[Need, ...]] = field(default_factory=dict)
    unclear: Mapping[str, str] = field(default_factory=dict)

    def is_known(self, name: str) -> bool:
        """Whether it is known of every router if and how it uses a service."""
        return name not in self.unclear and "" not in self.unclear


def services(group: GroupLists, _params: NoParams) -> Iterator[Finding]:
    """A service that a router surely uses, and that the list encrypts, is gone with the keys.

    The router's own configuration names the server, and with it the packets: what it sends is held against its own
    list and the key server's, what it gets against the key server's. Whoever must repair the tunnel then comes through
    it (guide: "important control traffic (routing, TACACS, SSH etc.) is exempted"). Services of which no configuration
    tells are the matter of ``acl-management`` and ``acl-routing``.
    """
    needs = group.in_use.needs if group.in_use is not None else {}
    if not needs:
        actual = "no whole configuration here names a server or neighbour"
        yield Finding(status=Status.NOT_APPLICABLE, subject=group.name, message="services in use", actual=actual)
    for name, found in needs.items():
        yield from _service(group, name, found)


def _service(group: GroupLists, name: str, needs: tuple[Need, ...]) -> Iterator[Finding]:
    good: list[Need] = []
    for need in needs:
        status, actual = _judged(group, need)
        if status is Status.PASS:
            good.append(need)
            continue
        yield _finding(group, need, f"{name} of {need.device}", status, actual)
    if good:
        routers = len({need.device for need in good})
        what = f"{name} of {good[0].device}" + (f" and {routers - 1} more" if routers > 1 else "")
        yield _finding(group, good[0], what, Status.PASS, "clear")


def _finding(group: GroupLists, need: Need, message: str, status: Status, actual: str) -> Finding:
    steps = ("exempt it and its mirror on the key server: the service by its name under acl, exempt",)
    return Finding(
        status=status,
        subject=group.name,
        message=f"{message}, by '{need.needed.line}'",
        expected="clear",
        actual=actual,
        device=need.device,
        evidence=(need.seen, *group.policy.seen),
        next_steps=() if status is Status.PASS else steps,
    )


def _judged(group: GroupLists, need: Need) -> tuple[Status, str]:
    try:
        lists = [group.effective(item) for item in group.members if item.device == need.device] if need.member else []
        lists = lists or [group.policy.effective]
        told = [_fate(group, effective, talk) for effective in lists for talk in need.needed.options]
    except EvidenceMissingError as exc:
        return Status.UNKNOWN, str(exc)
    example = next((text for text, _ in told if text), "")
    if all(text for text, _ in told):
        if need.member:
            return Status.FAIL, f"{example} is encrypted where it leaves by an interface with the crypto map"
        return Status.UNKNOWN, f"{example} is encrypted if a member lies on its way"
    if example:
        return Status.UNKNOWN, f"{example} is encrypted, if that is how it goes"
    doubt = next((text for _, text in told if text), "")
    return (Status.UNKNOWN, f"{doubt} hangs on a line without exact meaning") if doubt else (Status.PASS, "")


def _fate(group: GroupLists, effective: EffectiveList, talk: Conversation) -> tuple[str, str]:
    """An example of what is encrypted of a conversation, and one of what cannot be told; empty if there is none.

    What the router sends is decided by its own list and that of the key server; what it gets, by that of the key server
    alone, which every member has that may have sent it.
    """
    sure, unsure = PacketSet.nothing(), PacketSet.nothing()
    for flow, lists in ((talk.out, effective), (talk.back, group.policy.effective)):
        if flow is not None:
            packets = _packets(flow)
            sure |= packets & lists.sure(Action.ENCRYPT)
            unsure |= packets & lists.unsure
    return ("" if sure.is_empty else str(sure.example()), "" if unsure.is_empty else str(unsure.example()))


def _packets(flow: Flow) -> PacketSet:
    """The packets of a flow, from every port that a client may have."""
    if flow.protocol not in PORTED or CLIENT_PORT not in {flow.source_port, flow.destination_port}:
        return PacketSet.of_flow(flow)
    full = (1 << WIDTH[flow.version]) - 1
    source, destination = ((port or 0, port or 0) for port in (flow.source_port, flow.destination_port))
    return PacketSet.of_match(
        Match(
            flow.version,
            Bits(int(flow.source), full),
            Bits(int(flow.destination), full),
            flow.protocol,
            _CLIENTS if flow.source_port == CLIENT_PORT else (source,),
            _CLIENTS if flow.destination_port == CLIENT_PORT else (destination,),
        )
    )


SERVICE_RULES = (
    Spec(
        id="acl-services",
        title="No service that a router uses is encrypted",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=services,
        tags=frozenset({"acl"}),
    ),
)
