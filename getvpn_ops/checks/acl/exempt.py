"""What must, or should, stay out of encryption: GDOI itself, management, routing, path MTU discovery."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from getvpn_ops.analysis.lists.effective import Action
from getvpn_ops.analysis.packets.sets import Match, PacketSet
from getvpn_ops.checks.acl.form import POLICY
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.outcome import Severity, Status
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.acl.views import ListView
    from getvpn_ops.model.outcome import Finding

TCP, UDP = 6, 17
_GDOI = ((848, 848),)
_IN_USE = "acl-services"
Management = Literal["ssh", "tacacs", "radius", "snmp", "snmp-trap", "syslog", "ntp", "dns"]
Routing = Literal["bgp", "ospf", "eigrp", "rip", "pim"]
SERVICES = MappingProxyType(
    {
        "ssh": ((TCP, 22),),
        "tacacs": ((TCP, 49),),
        "radius": ((UDP, 1645), (UDP, 1646), (UDP, 1812), (UDP, 1813)),
        "snmp": ((UDP, 161),),
        "snmp-trap": ((UDP, 162),),
        "syslog": ((UDP, 514),),
        "ntp": ((UDP, 123),),
        "dns": ((UDP, 53), (TCP, 53)),
        "bgp": ((TCP, 179),),
        "ospf": ((89, None),),
        "eigrp": ((88, None),),
        "rip": ((UDP, 520),),
        "pim": ((103, None),),
    }
)
"""Name -> IP protocol and server port; None where the protocol has no ports."""


class ManagementParams(FrozenModel):
    """Which management traffic routers of this network use.

    Attributes:
        services: by name; leave out what is not used.
    """

    services: tuple[Management, ...] = ("ssh", "tacacs", "radius", "snmp", "snmp-trap", "syslog", "ntp", "dns")


class RoutingParams(FrozenModel):
    """Which routing protocols cross the encrypting interfaces.

    Attributes:
        services: by name; leave out what is not used.
    """

    services: tuple[Routing, ...] = ("bgp", "ospf", "eigrp")


def udp848(view: ListView, _params: NoParams) -> Iterator[Finding]:
    """GDOI itself must never be encrypted: registrations and rekeys travel on UDP 848.

    A member without a key cannot register through a tunnel that needs the key, and a rekey that is encrypted with the
    old key is lost where the old key is gone (guide: the first line of its ACL is ``deny udp any eq 848 any eq 848``).
    Policies that do not cover the addresses of routers pass too: what counts is that nothing encrypts it.
    """
    gdoi = PacketSet.of_matches(Match(v, protocol=UDP, source_ports=_GDOI, destination_ports=_GDOI) for v in (4, 6))
    yield _exempt(view, "UDP 848", gdoi, ("deny udp any eq 848 any eq 848 as the first line",))


def management(view: ListView, params: ManagementParams) -> Iterator[Finding]:
    """Whoever must repair the tunnel should not come through it.

    SSH, AAA, SNMP, syslog, NTP and DNS that are encrypted are gone with the keys, and so is the way to the router
    (guide: "important control traffic (routing, TACACS, SSH etc.) is exempted"). Where the whole configurations of all
    routers are at hand, they say which of them are in use: ``acl-services`` judges these, and the others do not matter.
    Else it is not known, so this is a warning: name those in use with the parameter, and waive the rest.
    """
    for name in params.services:
        yield _service(view, name)


def routing(view: ListView, params: RoutingParams) -> Iterator[Finding]:
    """Encrypted routing protocols lose their neighbours, and the network with them.

    The provider's router is no member: it cannot read what is encrypted (guide: BGP, OSPF and EIGRP are denied in its
    ACL). Which protocol runs is known from whole configurations of all routers (see ``acl-services``); else it is not,
    and this is a warning: name those in use with the parameter.
    """
    for name in params.services:
        yield _service(view, name)


def _service(view: ListView, name: str) -> Finding:
    if view.in_use is not None and view.in_use.is_known(name):
        used = (
            f"in use, and judged by its own packets ({_IN_USE})" if name in view.in_use.needs else "nobody uses it here"
        )
        return view.finding(Status.NOT_APPLICABLE, name, expected="clear", actual=used)
    to_it, from_it = PacketSet.nothing(), PacketSet.nothing()
    steps = []
    for protocol, port in SERVICES[name]:
        ports = ((port, port),) if port is not None else ((0, 65535),)
        for version in (4, 6):
            to_it |= PacketSet.of_match(Match(version, protocol=protocol, destination_ports=ports))
            from_it |= PacketSet.of_match(Match(version, protocol=protocol, source_ports=ports))
        if port is None:
            steps.append(f"deny {name} any any")
        else:
            word = "tcp" if protocol == TCP else "udp"
            steps.append(f"deny {word} any any eq {port} and deny {word} any eq {port} any")
    one_way = _one_way(view, to_it, from_it)
    return _exempt(view, name, to_it | from_it, tuple(steps), one_way)


def _one_way(view: ListView, to_it: PacketSet, from_it: PacketSet) -> str:
    """Whether just one direction is exempt, in words."""
    if to_it == from_it:
        return ""
    encrypted = view.effective.sure(Action.ENCRYPT)
    out, back = (encrypted & to_it).is_empty, (encrypted & from_it - to_it).is_empty
    if out == back:
        return ""
    return "; only what goes to the server is clear" if out else "; only what comes from the server is clear"


def _exempt(view: ListView, name: str, packets: PacketSet, steps: tuple[str, ...], more: str = "") -> Finding:
    encrypted = packets & view.effective.sure(Action.ENCRYPT)
    unsure = packets & view.effective.unsure
    if not encrypted.is_empty:
        status, actual = Status.FAIL, f"encrypted, such as {view.example(encrypted)}{more}"
    elif not unsure.is_empty:
        status, actual = Status.UNKNOWN, f"{view.example(unsure)} hangs on a line without exact meaning"
    else:
        status, actual = Status.PASS, "clear"
    return view.finding(status, name, expected="clear", actual=actual, next_steps=steps)


def path_mtu(view: ListView, _params: NoParams) -> Iterator[Finding]:
    """Members drop clear ICMP that a core router sends, if the list encrypts ICMP: path MTU discovery fails silently.

    The guide asks for ``deny icmp any any unreachable`` and ``time-exceeded`` on the key server or on members
    (PMTUD), and says elsewhere that end-to-end PMTU does not work in GETVPN. An ICMP type is no field that GDOI is
    known to carry (``acl-fields``), so with these lines the answer is UNKNOWN until a member shows what it received.
    Without them, ICMP as a whole should be clear, or ``ip tcp adjust-mss`` keep packets small enough that nobody
    asks.
    """
    icmp = PacketSet.of_matches((Match(4, protocol=1), Match(6, protocol=58)))
    steps = ("deny icmp any any unreachable on members, or ip tcp adjust-mss 1360 towards the sites",)
    yield _exempt(view, "ICMP, with it 'fragmentation needed'", icmp, steps)


EXEMPTION_RULES = (
    Spec(
        id="acl-udp848",
        title="GDOI itself is not encrypted",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=udp848,
        tags=POLICY,
    ),
    Spec(
        id="acl-management",
        title="Management traffic is not encrypted",
        severity=Severity.MINOR,
        params=ManagementParams,
        examine=management,
        tags=POLICY,
    ),
    Spec(
        id="acl-routing",
        title="Routing protocols are not encrypted",
        severity=Severity.MINOR,
        params=RoutingParams,
        examine=routing,
        tags=POLICY,
    ),
    Spec(
        id="acl-pmtud",
        title="Path MTU discovery is not encrypted",
        severity=Severity.INFO,
        params=NoParams,
        examine=path_mtu,
        tags=POLICY,
    ),
)
