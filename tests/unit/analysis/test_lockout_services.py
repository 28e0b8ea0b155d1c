"""Which packets a router needs, read from its configuration."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from getvpn_ops.analysis.lockout.services_used import services_used
from getvpn_ops.parsing import parse

BASE = """\
version 15.4
hostname sample
vrf definition OPS
 address-family ipv4
 exit-address-family
crypto gdoi group G
 identity number 7
 server address ipv4 192.0.2.200
crypto map M 10 gdoi
 set group G
interface Loopback0
 ip address 10.9.0.1 255.255.255.255
interface GigabitEthernet0/0
 ip address 198.51.100.2 255.255.255.252
 crypto map M
interface GigabitEthernet0/1
 ip address 10.1.0.1 255.255.255.0
interface GigabitEthernet0/2
 vrf forwarding OPS
 ip address 172.16.0.1 255.255.255.0
"""
OURS = "10.9.0.1"
OUT = "198.51.100.2"
CASES: dict[str, tuple[str, list[str]]] = {
    "TACACS+, the old way": (
        "tacacs-server host 10.5.0.1\nip tacacs source-interface Loopback0\n",
        ["TACACS+ tcp 10.9.0.1:49152 -> 10.5.0.1:49 & back"],
    ),
    "TACACS+, the new way, at another port": (
        "tacacs server T1\n address ipv4 10.5.0.1\n port 4949\n",
        [f"TACACS+ tcp {OUT}:49152 -> 10.5.0.1:4949 & back"],
    ),
    "TACACS+ of a group in a VRF": (
        (
            "aaa group server tacacs+ A\n server name T1\n ip vrf forwarding OPS\n"
            "tacacs server T1\n address ipv4 172.16.0.9\n"
        ),
        ["TACACS+ tcp 172.16.0.1:49152 -> 172.16.0.9:49 & back in OPS"],
    ),
    "a private server of a group": (
        "aaa group server tacacs+ A\n server-private 10.5.0.1 port 50\n ip tacacs source-interface Loopback0\n",
        ["TACACS+ tcp 10.9.0.1:49152 -> 10.5.0.1:50 & back"],
    ),
    "RADIUS with its own ports and with the usual ones": (
        "radius server R1\n address ipv4 10.5.0.2 auth-port 1812 acct-port 1813\nradius-server host 10.5.0.3\n",
        [
            f"RADIUS udp {OUT}:49152 -> 10.5.0.2:1812 & back",
            f"RADIUS udp {OUT}:49152 -> 10.5.0.2:1813 & back",
            f"RADIUS udp {OUT}:49152 -> 10.5.0.3:1645 & back",
            f"RADIUS udp {OUT}:49152 -> 10.5.0.3:1646 & back",
        ],
    ),
    "DNS": ("ip name-server 10.5.0.53\n", [f"DNS udp {OUT}:49152 -> 10.5.0.53:53 & back"]),
    "DNS that is off": ("ip name-server 10.5.0.53\nno ip domain lookup\n", []),
    "NTP by name": ("ntp server ntp.example\n", ["NTP ?ntp.example is a name: which address it has is not known here"]),
    "NTP with a source": (
        "ntp source Loopback0\nntp server 10.5.0.11 prefer\nntp peer 10.5.0.12 source GigabitEthernet0/1\n",
        ["NTP udp 10.9.0.1:123 -> 10.5.0.11:123 & back", "NTP udp 10.1.0.1:123 -> 10.5.0.12:123 & back"],
    ),
    "syslog needs no answer": (
        "logging buffered 4096\nlogging host 10.5.0.31\nlogging 10.5.0.32\n",
        [
            f"syslog udp {OUT}:49152 -> 10.5.0.31:514 or udp {OUT}:514 -> 10.5.0.31:514",
            f"syslog udp {OUT}:49152 -> 10.5.0.32:514 or udp {OUT}:514 -> 10.5.0.32:514",
        ],
    ),
    "syslog over TCP": (
        "logging host 10.5.0.31 transport tcp port 601\n",
        [f"syslog tcp {OUT}:49152 -> 10.5.0.31:601 & back"],
    ),
    "traps, and polls by who receives them": (
        (
            "snmp-server group N v3 priv\nsnmp-server host 10.5.0.40 version 3 priv sample\n"
            "snmp-server trap-source Loopback0\n"
        ),
        ["SNMP traps udp 10.9.0.1:49152 -> 10.5.0.40:162", "SNMP udp 10.9.0.1:161 -> 10.5.0.40:49152 & back"],
    ),
    "enrolment and revocation": (
        "crypto pki trustpoint CA\n enrollment url http://10.5.0.80:8080\n revocation-check crl\n",
        [
            f"PKI enrolment tcp {OUT}:49152 -> 10.5.0.80:8080 & back",
            "PKI revocation ?trustpoint CA: where crl is asked stands in certificates only",
        ],
    ),
    "no revocation": (
        "crypto pki trustpoint CA\n enrollment url http://10.5.0.80\n revocation-check none\n",
        [f"PKI enrolment tcp {OUT}:49152 -> 10.5.0.80:80 & back"],
    ),
    "BGP on a link, either side opens": (
        "router bgp 65000\n neighbor 198.51.100.1 remote-as 65001\n",
        [
            (
                f"BGP tcp {OUT}:49152 -> 198.51.100.1:179 & back"
                f" or tcp {OUT}:179 -> 198.51.100.1:49152 & back on GigabitEthernet0/0"
            )
        ],
    ),
    "BGP of a peer group from a loopback": (
        (
            "router bgp 65000\n neighbor RR peer-group\n neighbor RR remote-as 65000\n"
            " neighbor RR update-source Loopback0\n"
            " neighbor 10.9.0.7 peer-group RR\n neighbor 10.9.0.8 remote-as 65000\n neighbor 10.9.0.8 shutdown\n"
        ),
        ["BGP tcp 10.9.0.1:49152 -> 10.9.0.7:179 & back or tcp 10.9.0.1:179 -> 10.9.0.7:49152 & back"],
    ),
    "BGP in a VRF": (
        "router bgp 65000\n address-family ipv4 vrf OPS\n  neighbor 172.16.0.2 remote-as 65001\n exit-address-family\n",
        [
            (
                "BGP tcp 172.16.0.1:49152 -> 172.16.0.2:179 & back or tcp 172.16.0.1:179 -> 172.16.0.2:49152 & back"
                " in OPS on GigabitEthernet0/2"
            )
        ],
    ),
    "OSPF where it speaks": (
        (
            "router ospf 1\n passive-interface GigabitEthernet0/1\n network 10.0.0.0 0.255.255.255 area 0\n"
            " network 198.51.100.0 0.0.0.3 area 0\n"
        ),
        [
            "OSPF ospf 198.51.100.2 -> 224.0.0.5 & back on GigabitEthernet0/0",
            "OSPF ospf 198.51.100.2 -> 198.51.100.1 & back on GigabitEthernet0/0",
        ],
    ),
    "EIGRP, passive but for one": (
        "router eigrp 10\n passive-interface default\n no passive-interface GigabitEthernet0/1\n network 10.0.0.0\n",
        [
            "EIGRP eigrp 10.1.0.1 -> 224.0.0.10 & back on GigabitEthernet0/1",
            "EIGRP eigrp 10.1.0.1 -> 10.1.0.2 & back on GigabitEthernet0/1",
        ],
    ),
}
ALWAYS = [
    "SSH tcp 10.9.0.1:22 -> 10.7.0.9:49152 & back",
    f"GDOI udp {OUT}:848 -> 192.0.2.200:848 & back",
]


def told(text: str) -> list[str]:
    config = parse("show running-config", (BASE + text + "end\n").encode()).data
    found = []
    for need in services_used(config, ip_address(OURS), (ip_address("10.7.0.9"),)):
        options = " or ".join(f"{talk.out}{' & back' if talk.back is not None else ''}" for talk in need.options)
        place = f" in {need.vrf}" * bool(need.vrf) + f" on {need.port}" * bool(need.port)
        found.append(f"{need.service.value} {options or '?' + need.unknown}{place}")
        assert need.unknown or need.options
    return found


@pytest.mark.parametrize("name", CASES)
def test_services_are_read_from_lines(name: str) -> None:
    text, expected = CASES[name]
    found = told(text)
    assert [item for item in found if item not in ALWAYS] == expected
    assert [item for item in found if item in ALWAYS] == ALWAYS


def test_a_need_names_its_line() -> None:
    text = BASE + "ntp server 10.5.0.11\nend\n"
    needs = services_used(parse("show running-config", text.encode()).data)
    line = next(need for need in needs if need.service.value == "NTP")
    assert line.line == "ntp server 10.5.0.11"
    assert line.number is not None
    assert text.splitlines()[line.number - 1] == line.line


def test_several_ways_out_leave_several_sources() -> None:
    text = BASE.replace(
        "interface GigabitEthernet0/1\n ip address 10.1.0.1 255.255.255.0\n",
        "interface GigabitEthernet0/1\n ip address 198.51.100.6 255.255.255.252\n crypto map M\n",
    )
    needs = services_used(parse("show running-config", f"{text}ntp server 10.5.0.11\nend\n".encode()).data)
    (ntp,) = [need for need in needs if need.service.value == "NTP"]
    assert [str(talk.out.source) for talk in ntp.options if talk.out] == [OUT, "198.51.100.6"]
