"""Which services the routers of a group use, by their configurations, and what lint makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from getvpn_ops.cli.sources import from_captures
from getvpn_ops.engine.acl.groups import acl_views, judge
from getvpn_ops.model.outcome import Status

if TYPE_CHECKING:
    from pathlib import Path

    from getvpn_ops.model.outcome import Outcome

INVENTORY = """\
ks-kiel: {hostname: 10.70.0.1, data: {role: ks, gdoi_groups: [COAST], gdoi_addresses: [10.70.0.1]}}
gm-fehmarn: {hostname: 10.71.0.1, data: {role: gm, gdoi_groups: [COAST], prefixes: [10.71.0.0/16]}}
"""
KEY_SERVER = """\
hostname ks-kiel
!
crypto gdoi group COAST
 identity number 9001
 server local
  sa ipsec 1
   match address ipv4 COAST-POLICY
  address ipv4 10.70.0.1
!
interface Loopback0
 ip address 10.70.0.1 255.255.255.255
!
ip access-list extended COAST-POLICY
 deny udp any eq 848 any eq 848
{exempt} permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255
!
{more}end
"""
MEMBER = """\
hostname gm-fehmarn
!
crypto gdoi group COAST
 identity number 9001
 server address ipv4 10.70.0.1
!
crypto map COAST-MAP 10 gdoi
 set group COAST
!
vrf definition MGMT
!
interface GigabitEthernet0/0/0
 ip address 10.64.0.2 255.255.255.252
 crypto map COAST-MAP
!
interface GigabitEthernet0/0/1
 ip address 10.71.0.1 255.255.255.0
!
interface GigabitEthernet0
 vrf forwarding MGMT
 ip address 10.79.0.2 255.255.255.0
!
{more}line vty 0 4
 transport input ssh
!
end
"""


class Case(NamedTuple):
    """What the configurations say, and what comes of one service.

    Attributes:
        member: lines of the member's configuration.
        service: as rules call it.
        generic: what the rule that knows no router says of it.
        used: what ``acl-services`` says of it; None if nothing.
        says: words of one of them.
        exempt: lines of the list.
        server: lines of the key server's configuration.
    """

    member: str
    service: str
    generic: Status
    used: Status | None
    says: str
    exempt: str = ""
    server: str = ""


NTP = " deny udp any any eq ntp\n"
CASES = {
    "used and encrypted": Case(
        "ntp server 10.72.0.9\n", "ntp", Status.NOT_APPLICABLE, Status.FAIL, "by 'ntp server 10.72.0.9'"
    ),
    "used and exempt": Case("ntp server 10.72.0.9\n", "ntp", Status.NOT_APPLICABLE, Status.PASS, "clear", NTP),
    "used beyond what is encrypted": Case(
        "ntp server 192.0.2.9\n", "ntp", Status.NOT_APPLICABLE, Status.PASS, "by 'ntp server 192.0.2.9'"
    ),
    "nobody uses it": Case("", "ntp", Status.NOT_APPLICABLE, None, "nobody uses it"),
    "nobody routes by it": Case("", "ospf", Status.NOT_APPLICABLE, None, "nobody uses it"),
    "it stands in another VRF": Case("ntp server vrf MGMT 10.72.0.9\n", "ntp", Status.NOT_APPLICABLE, None, "nobody"),
    "it stands in the member's own site": Case("ntp server 10.71.9.9\n", "ntp", Status.NOT_APPLICABLE, None, "nobody"),
    "a server by name": Case("ntp server time.example\n", "ntp", Status.FAIL, None, "encrypted"),
    "a line that is not read": Case("ntp master 5\n", "ntp", Status.FAIL, None, "encrypted"),
    "polls by whom nobody says": Case("snmp-server community SECRET ro 20\n", "snmp", Status.FAIL, None, "encrypted"),
    "logging that stays on the router": Case(
        "logging buffered 8192\nlogging trap notifications\n", "syslog", Status.NOT_APPLICABLE, None, "nobody"
    ),
    "a log server by name": Case("logging loghost.example\n", "syslog", Status.FAIL, None, "encrypted"),
    "where the manager stands": Case("", "ssh", Status.FAIL, None, "encrypted"),
    "BGP over the encrypting interface": Case(
        "router bgp 65071\n neighbor 10.64.0.1 remote-as 64999\n!\n", "bgp", Status.NOT_APPLICABLE, Status.FAIL, "10.64"
    ),
    "BGP on the inside": Case(
        "router bgp 65071\n neighbor 10.71.0.8 remote-as 65071\n!\n", "bgp", Status.NOT_APPLICABLE, None, "nobody"
    ),
    "a key server's": Case(
        "",
        "ntp",
        Status.NOT_APPLICABLE,
        Status.UNKNOWN,
        "if a member lies",
        server="ntp source Loopback0\nntp server 10.72.0.9\n",
    ),
}


def judged(folder: Path, **texts: str) -> dict[str, Outcome]:
    """What lint says of the group, by rule."""
    (folder / "inventory").mkdir()
    (folder / "inventory" / "hosts.yaml").write_text(INVENTORY)
    for name, text in texts.items():
        (folder / f"{name.replace('_', '-')}.cfg").write_text(text)
    state, _ = from_captures(folder, None, folder / "inventory")
    return {outcome.spec_id: outcome for outcome, subject in judge(acl_views(state)) if subject.group == "COAST"}


def said(outcome: Outcome, service: str) -> list[tuple[Status, str]]:
    """What one rule says of a service."""
    found = [item for item in outcome.findings if item.message.split()[0] == service]
    return [(item.status, f"{item.message} {item.actual}") for item in found]


@pytest.mark.parametrize("name", CASES)
def test_what_configurations_say_decides(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    found = judged(
        tmp_path,
        ks_kiel=KEY_SERVER.format(exempt=case.exempt, more=case.server),
        gm_fehmarn=MEMBER.format(more=case.member),
    )
    rule = "acl-routing" if case.service in {"bgp", "ospf"} else "acl-management"
    generic, used = said(found[rule], case.service), said(found["acl-services"], case.service)
    assert [status for status, _ in generic] == [case.generic], generic
    assert [status for status, _ in used] == ([] if case.used is None else [case.used]), used
    assert any(case.says in words for _, words in (*generic, *used)), (generic, used)


def test_the_line_of_the_configuration_is_the_evidence(tmp_path: Path) -> None:
    found = judged(
        tmp_path,
        ks_kiel=KEY_SERVER.format(exempt="", more=""),
        gm_fehmarn=MEMBER.format(more="ntp server 10.72.0.9\n"),
    )
    finding = found["acl-services"].findings[0]
    assert (finding.device, finding.evidence[0].device) == ("gm-fehmarn", "gm-fehmarn")
    assert finding.evidence[0].command == "show running-config"


def test_without_the_configuration_of_one_router_nothing_is_not_applicable(tmp_path: Path) -> None:
    found = judged(tmp_path, ks_kiel=KEY_SERVER.format(exempt="", more=""))
    assert {status for status, _ in said(found["acl-management"], "ntp")} == {Status.FAIL}
    assert found["acl-services"].status is Status.NOT_APPLICABLE


def test_what_one_router_surely_uses_counts_although_another_is_not_known(tmp_path: Path) -> None:
    other = INVENTORY + INVENTORY.splitlines()[1].replace("fehmarn", "sylt").replace("10.71.", "10.73.")
    (tmp_path / "all").mkdir()
    texts = {
        "ks-kiel": KEY_SERVER.format(exempt="", more=""), "gm-fehmarn": MEMBER.format(more="ntp server 10.72.0.9\n"),
    }  # fmt: skip
    for name, text in texts.items():
        (tmp_path / f"{name}.cfg").write_text(text)
    (tmp_path / "all" / "hosts.yaml").write_text(other)
    state, _ = from_captures(tmp_path, None, tmp_path / "all")
    found = {outcome.spec_id: outcome for outcome, _ in judge(acl_views(state))}
    assert said(found["acl-management"], "ntp")[0][0] is Status.FAIL
    assert said(found["acl-services"], "ntp")[0][0] is Status.FAIL
