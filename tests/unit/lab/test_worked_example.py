"""The fleet in ``inventory/``: complete, without contradictions, and as its routers would print it."""

from __future__ import annotations

import re
from functools import cache
from ipaddress import IPv4Address, IPv4Network, collapse_addresses
from itertools import combinations
from pathlib import Path

import pytest
import yaml

from getvpn_ops.lab.inventory import Host, read
from getvpn_ops.lab.ios.router import Router

INVENTORY = Path(__file__).parents[3] / "inventory"
CONFIGURATIONS = INVENTORY / "lab_configs"
HOSTS = {host.name: host for host in read(INVENTORY)}
KEY_SERVERS = [host for host in HOSTS.values() if host.data["role"] == "ks"]
MEMBERS = [host for host in HOSTS.values() if host.data["role"] == "gm"]
OUTSIDERS = [host for host in HOSTS.values() if host.data["role"] == "ce"]
GROUPS = ("PAYMENTS", "WAN")
FILES = {f"{state}-{name}": (state, name) for state in ("clear", "running") for name in HOSTS}
EVERY_FILE = pytest.mark.parametrize(("state", "name"), FILES.values(), ids=FILES)
EVERY_MEMBER = pytest.mark.parametrize("host", MEMBERS, ids=[host.name for host in MEMBERS])
EVERY_KEY_SERVER = pytest.mark.parametrize("host", KEY_SERVERS, ids=[host.name for host in KEY_SERVERS])
EVERY_GROUP = pytest.mark.parametrize("group", GROUPS)

Block = tuple[str, ...]
Ace = tuple[str, str, str, str]
"""Action, protocol, source and destination, each of the latter with its port."""


def text(state: str, name: str) -> str:
    return (CONFIGURATIONS / state / f"{name}.cfg").read_text(encoding="utf-8")


def significant(lines: list[str]) -> list[str]:
    """The lines that say something: no blank ones, no remarks of the router, no frame."""
    return [
        line
        for line in lines
        if line.strip() and line.lstrip()[0] != "!" and line != "end" and not line.startswith("version ")
    ]


@cache
def blocks(name: str, state: str = "running") -> dict[str, Block]:
    """Each line of the global mode with the lines below it, as they are indented."""
    found: dict[str, list[str]] = {}
    head = ""
    for line in significant(text(state, name).splitlines()):
        if line[0] == " ":
            found[head].append(line.rstrip())
        else:
            head = " ".join(line.split())
            found.setdefault(head, [])
    return {key: tuple(lines) for key, lines in found.items()}


def below(name: str, start: str) -> dict[str, list[str]]:
    """The blocks that begin so, by the rest of their first line, with their lines stripped."""
    return {
        head.removeprefix(start): [line.strip() for line in lines]
        for head, lines in blocks(name).items()
        if head.startswith(start)
    }


def values(lines: list[str], start: str) -> list[str]:
    """What stands behind a beginning in the lines that have it."""
    return [line.removeprefix(start) for line in lines if line.startswith(start)]


def access_list(name: str, kind: str, label: str) -> list[str]:
    """Entries of an access list without numbers and remarks."""
    lines = blocks(name)[f"ip access-list {kind} {label}"]
    entries = [re.sub(r"^\d+ ", "", " ".join(line.split())) for line in lines]
    return [entry for entry in entries if not entry.startswith("remark")]


def ace(entry: str) -> Ace:
    """An entry of a group's access list, which has networks, hosts, ``any`` and ``eq PORT``."""
    action, protocol, *words = entry.split()
    ends = []
    for _ in range(2):
        taken = 1 if words[0] == "any" else 2
        if len(words) > taken and words[taken] == "eq":
            taken += 2
        ends.append(" ".join(words[:taken]))
        words = words[taken:]
    assert not words, entry
    return action, protocol, ends[0], ends[1]


def mirror(entry: Ace) -> Ace:
    action, protocol, source, destination = entry
    return action, protocol, destination, source


def network(end: str) -> IPv4Network:
    """``10.61.0.0 0.0.255.255`` or ``any``."""
    return IPv4Network("0.0.0.0/0") if end == "any" else IPv4Network(end.replace(" ", "/"))


def policy(group: str) -> list[Ace]:
    return [ace(entry) for entry in access_list(KEY_SERVERS[0].name, "extended", f"GETVPN_{group}_POLICY")]


def prefixes(hosts: list[Host]) -> set[IPv4Network]:
    return {IPv4Network(prefix) for host in hosts for prefix in host.data["prefixes"]}


def interfaces(name: str) -> dict[str, list[str]]:
    return below(name, "interface ")


def vrf(lines: list[str]) -> str:
    return next(iter(values(lines, "vrf forwarding ") + values(lines, "ip vrf forwarding ")), "")


def addresses(lines: list[str]) -> list[IPv4Address]:
    return [IPv4Address(rest.split()[0]) for rest in values(lines, "ip address ")]


def identities(name: str) -> dict[str, list[tuple[IPv4Address, str]]]:
    """Address and VRF under which a member registers with each of its groups."""
    found: dict[str, list[tuple[IPv4Address, str]]] = {}
    on = interfaces(name)
    for lines in on.values():
        for crypto_map in values(lines, "crypto map "):
            local = next(iter(below(name, f"crypto map {crypto_map} local-address ")), "")
            for group in values(below(name, f"crypto map {crypto_map} ")["10 gdoi"], "set group "):
                found.setdefault(group, []).append((addresses(on[local] if local else lines)[0], vrf(lines)))
    return found


def keys(name: str) -> dict[tuple[str, IPv4Address], str]:
    """Pre-shared keys by VRF and peer."""
    found = {}
    for rest in below(name, "crypto isakmp key "):
        key, _, peer = rest.split()
        found["", IPv4Address(peer)] = key
    for ring, lines in below(name, "crypto keyring ").items():
        for rest in values(lines, "pre-shared-key address "):
            peer, _, key = rest.split()
            found[ring.split(" vrf ")[1], IPv4Address(peer)] = key
    return found


def proposals(name: str) -> set[frozenset[str]]:
    """What a router offers for IKE, without the lifetime, which need not be equal."""
    return {
        frozenset(line for line in lines if not line.startswith("lifetime "))
        for lines in below(name, "crypto isakmp policy ").values()
    }


def test_the_fleet_is_the_one_that_its_readme_describes() -> None:
    assert (len(KEY_SERVERS), len(MEMBERS), len(OUTSIDERS)) == (3, 24, 2)
    assert [host.name for host in HOSTS.values() if host.data.get("manager")] == ["edi-gm1"]
    assert sorted(host.name for host in HOSTS.values() if host.data.get("pilot")) == ["ham-gm1", "ork-gm1"]
    assert sorted(host.name for host in MEMBERS if host.data["gdoi_groups"] != ["WAN"]) == ["bir-gm1", "cph-gm1"]
    assert [host.name for host in MEMBERS if host.release.numbers < (12, 4, 22)] == ["cbr-gm1"]
    assert {family: sum(host.release.family == family for host in MEMBERS) for family in ("12.4", "15", "17")} == {
        "12.4": 6,
        "15": 8,
        "17": 10,
    }
    assert {host.release.text for host in KEY_SERVERS} == {"17.6.5"}
    assert len({host.serial for host in HOSTS.values()}) == len(HOSTS)
    assert all(host.model and host.username == "ops" for host in HOSTS.values())


def test_each_host_has_its_files_and_no_file_is_left_over() -> None:
    for state in ("clear", "running"):
        assert sorted(path.stem for path in (CONFIGURATIONS / state).iterdir()) == sorted(HOSTS)


def test_readme_names_every_site_and_router() -> None:
    readme = (INVENTORY / "README.md").read_text(encoding="utf-8")
    for host in HOSTS.values():
        (row,) = (line.split(" | ") for line in readme.splitlines() if f"| `{host.name}` |" in line)
        assert (row[0], row[3], row[4]) == (f"| {host.data['site']}", host.model, host.release.text)


@EVERY_FILE
def test_a_router_of_the_release_takes_the_file_and_prints_it_back(state: str, name: str) -> None:
    host = HOSTS[name]
    lines = text(state, name).splitlines()
    router = Router(release=host.release, model=host.model, serial=host.serial)
    assert router.load(lines) == []
    printed = significant("\n".join(router.running.lines()).splitlines())
    assert [line.rstrip() for line in printed] == [line.rstrip() for line in significant(lines)]
    assert f"version {host.release.short}" in lines
    assert router.configured_name == name


@EVERY_FILE
def test_management_address_hardware_and_ways_in(state: str, name: str) -> None:
    host = HOSTS[name]
    found = blocks(name, state)
    assert f" ip address {host.address} 255.255.255.255" in found["interface Loopback0"]
    assert [head for head in found if head.startswith("license udi ")] == (
        [] if host.release.family == "12.4" else [f"license udi pid {host.model} sn {host.serial}"]
    )
    for line in ("line vty 0 4", "line vty 5 15"):
        assert {" exec-timeout 5 0", " transport input ssh"} <= set(found[line])


@EVERY_FILE
def test_no_secrets_but_the_invented_keys_of_the_lab(state: str, name: str) -> None:
    written = text(state, name)
    words = "key|key-string|password|secret|community|authentication-key|PRIVATE"
    secrets = re.findall(rf"(?im)^(?! description |snmp-server location ).*\b(?:{words})\s.*$", written)
    peers = [line for line in secrets if re.search(r"\bkey lab-psk-[a-z0-9-]+( address [\d.]+)?$", line)]
    assert secrets == peers
    assert bool(peers) == (state == "running" and HOSTS[name] not in OUTSIDERS)
    assert not re.search(r"(?m)^\s*(username|enable|snmp-server user)\s", written)


ADDED = re.compile(
    r"(crypto |ip tcp adjust-mss 1360$|hold-queue 4096 |ip access-list \w+ (GETVPN|FAIL-CLOSE)[-_]"
    r"|\d* ?permit udp .* 848)"
)


@pytest.mark.parametrize("name", HOSTS)
def test_clear_is_running_without_getvpn(name: str) -> None:
    clear, running = blocks(name, "clear"), blocks(name)
    assert not re.search(r"(?im)^\s*(crypto|.*gdoi|.*isakmp|.*ipsec|.*getvpn)", text("clear", name))
    unnumbered = re.compile(r"^ \d+ ")
    for head, lines in running.items():
        kept = [unnumbered.sub(" ", line) for line in clear.get(head, ())]
        added = [line for line in (unnumbered.sub(" ", line) for line in lines) if line not in kept]
        assert [line for line in (unnumbered.sub(" ", line) for line in lines) if line in kept] == kept
        assert head in clear or ADDED.match(head)
        assert head not in clear or all(ADDED.match(line.strip()) for line in added), (head, added)
    assert set(clear) <= set(running)
    assert (clear == running) == (HOSTS[name] in OUTSIDERS)


def test_no_address_stands_twice() -> None:
    found = [address for name in HOSTS for lines in interfaces(name).values() for address in addresses(lines)]
    assert len(found) > 2 * len(HOSTS)
    assert sorted(found) == sorted(set(found))
    assert len({host.address for host in HOSTS.values()}) == len(HOSTS)


def test_links_to_the_provider_are_not_shared() -> None:
    links = [
        IPv4Network("/".join(rest.split()), strict=False)
        for name in HOSTS
        for lines in interfaces(name).values()
        for rest in values(lines, "ip address 10.254.")
        for rest in [f"10.254.{rest}"]
    ]
    assert len(links) == len(set(links)) == 30
    assert all(link.prefixlen == 30 for link in links)


def test_prefixes_of_different_sites_do_not_overlap() -> None:
    sites: dict[str, set[IPv4Network]] = {}
    for host in HOSTS.values():
        sites.setdefault(host.data["site"], set()).update(prefixes([host]))
    for (one, ours), (other, theirs) in combinations(sites.items(), 2):
        assert not [(mine, its) for mine in ours for its in theirs if mine.overlaps(its)], (one, other)


@pytest.mark.parametrize("name", [host.name for host in (*MEMBERS, *OUTSIDERS)])
def test_prefixes_are_what_stands_on_the_lan(name: str) -> None:
    owned = prefixes([HOSTS[name]])
    lan = [
        address
        for lines in interfaces(name).values()
        for address in addresses(lines)
        if address not in IPv4Network("10.254.0.0/15")
    ]
    assert lan
    assert all(any(address in prefix for prefix in owned) for address in lan)
    assert all(any(address in prefix for address in lan) for prefix in owned)


REFERENCES = {
    "group-of-a-map": (r"^ set group (\S+)", "crypto gdoi group {}"),
    "list-of-a-map": (r"^ match address (\S+)$", "ip access-list extended {}"),
    "list-of-a-group": (r"^   match address ipv4 (\S+)", "ip access-list extended {}"),
    "members-of-a-group": (r"^  authorization address ipv4 (\S+)", "ip access-list standard {}"),
    "profile": (r"^   profile (\S+)", "crypto ipsec profile {}"),
    "transform-set": (r"^ set transform-set (\S+)", "crypto ipsec transform-set {} "),
    "map-of-an-interface": (r"^ crypto map (\S+)", "crypto map {} 10 gdoi"),
    "address-of-a-map": (r"^crypto map \S+ local-address (\S+)", "interface {}"),
    "list-of-an-interface": (r"^ ip access-group (\S+)", "ip access-list extended {}"),
    "list-of-lines": (r"^ access-class ([A-Z]\S+)", "ip access-list standard {}"),
    "numbered-list-of-lines": (r"^ access-class (\d+)", "access-list {} "),
    "list-of-a-class": (r"^ match access-group name (\S+)", "ip access-list extended {}"),
    "service-policy": (r"^ +service-policy (?:output )?(\S+)", "policy-map {}"),
    "class": (r"^ class ((?!class-default)\S+)", "class-map match-"),
    "vrf-17": (r"^ vrf forwarding (\S+)", "vrf definition {}"),
    "vrf-15": (r"^ ip vrf forwarding (\S+)", "ip vrf {}"),
    "vrf-of-a-keyring": (r"^crypto keyring \S+ vrf (\S+)", "@vrf"),
    "route-map": (r"^ neighbor \S+ route-map (\S+)", "route-map {} "),
    "tacacs": (r"^ server name (\S+)", "tacacs server {}"),
    "source": (r"source-interface (\S+)", "interface {}"),
}


@pytest.mark.parametrize(("user", "target"), REFERENCES.values(), ids=REFERENCES)
def test_what_is_referred_to_is_there(user: str, target: str) -> None:
    seen = 0
    for state, name in FILES.values():
        heads = blocks(name, state)
        for label in re.findall(f"(?m){user}", text(state, name)):
            wanted = ("vrf definition {}", "ip vrf {}") if target == "@vrf" else (target,)
            starts = tuple(start.format(label) for start in wanted)
            assert any(
                head.startswith(starts) if starts[0].endswith((" ", "-")) else head in starts for head in heads
            ), (name, label)
            seen += 1
    assert seen


@pytest.mark.parametrize("name", HOSTS)
def test_nothing_is_built_that_nobody_uses(name: str) -> None:
    written = text("running", name)
    for head in blocks(name):
        found = re.match(
            r"(?:ip access-list \w+|crypto ipsec profile|class-map \S+|policy-map|route-map|ip vrf) (\S+)", head
        )
        if found:
            assert len(re.findall(rf"(?<!\S){re.escape(found[1])}(?!\S)", written)) > 1, head


@EVERY_MEMBER
def test_members_ask_the_key_servers_of_the_inventory(host: Host) -> None:
    servers = {key_server.address for key_server in KEY_SERVERS}
    groups = below(host.name, "crypto gdoi group ")
    assert sorted(groups) == sorted(host.data["gdoi_groups"])
    for group, lines in groups.items():
        asked = values(lines, "server address ipv4 ")
        assert set(asked) == servers
        assert len(asked) == len(servers)
        of_key_server = below(KEY_SERVERS[0].name, "crypto gdoi group ")[group]
        assert values(lines, "identity number ") == values(of_key_server, "identity number ")
        assert "passive" not in lines


def test_registrations_are_spread_over_the_key_servers() -> None:
    first = [values(below(host.name, "crypto gdoi group ")["WAN"], "server address ipv4 ")[0] for host in MEMBERS]
    assert all(first.count(key_server.address) >= 6 for key_server in KEY_SERVERS)


@EVERY_MEMBER
def test_both_ends_hold_the_same_key_and_a_common_proposal(host: Host) -> None:
    own = keys(host.name)
    registrations = identities(host.name)
    assert sorted(registrations) == sorted(host.data["gdoi_groups"])
    used = set()
    for group, found in registrations.items():
        assert len(set(found)) == 1
        address, routed = found[0]
        for key_server in KEY_SERVERS:
            peer = routed, IPv4Address(key_server.address)
            used.add(peer)
            assert own[peer] == keys(key_server.name)["", address]
            allowed = access_list(key_server.name, "standard", f"GETVPN_{group}_MEMBERS")
            assert f"permit {address}" in allowed
            assert proposals(host.name) & proposals(key_server.name)
    assert set(own) == used
    assert all(values(lines, "lifetime ") == ["300"] for lines in below(host.name, "crypto isakmp policy ").values())


def test_no_two_members_share_a_key() -> None:
    found = [{key for (routed, _), key in keys(host.name).items() if routed == ""} for host in MEMBERS]
    assert all(len(of_one) == 1 for of_one in found)
    assert len(set().union(*found)) == len(MEMBERS)


@EVERY_GROUP
def test_only_members_may_register(group: str) -> None:
    expected = {str(identities(host.name)[group][0][0]) for host in MEMBERS if group in host.data["gdoi_groups"]}
    allowed = access_list(KEY_SERVERS[0].name, "standard", f"GETVPN_{group}_MEMBERS")
    assert {entry.removeprefix("permit ") for entry in allowed} == expected


@EVERY_KEY_SERVER
def test_key_servers_know_each_other(host: Host) -> None:
    others = [peer for peer in KEY_SERVERS if peer is not host]
    for peer in others:
        assert keys(host.name)["", IPv4Address(peer.address)] == keys(peer.name)["", IPv4Address(host.address)]
    assert "crypto isakmp keepalive 15 periodic" in blocks(host.name)
    for lines in below(host.name, "crypto gdoi group ").values():
        assert values(lines, "address ipv4 ") == [host.address]
        assert sorted(values(lines, "peer address ipv4 ")) == sorted(peer.address for peer in others)


@EVERY_GROUP
def test_key_servers_hold_the_same_policy(group: str) -> None:
    def of_all(name: str) -> list[tuple[str, Block]]:
        own = re.compile(r"  address ipv4 |   local priority |   peer address ")
        return [
            (head, tuple(line for line in lines if not own.match(line)))
            for head, lines in blocks(name).items()
            if re.search(rf"(group|GETVPN[-_]){group}(?![A-Za-z])", head.replace(" ", "")) or "transform-set" in head
        ]

    first, *others = (of_all(host.name) for host in KEY_SERVERS)
    assert len(first) == 5  # the group, its profile, its two lists and the transform set
    assert all(other == first for other in others)
    priorities = [values(below(host.name, "crypto gdoi group ")[group], "local priority ")[0] for host in KEY_SERVERS]
    assert len(set(priorities)) == len(KEY_SERVERS)


@EVERY_GROUP
def test_lifetimes_and_rekey_follow_the_guide(group: str) -> None:
    name = KEY_SERVERS[0].name
    lines = below(name, "crypto gdoi group ")[group]
    (kek,) = values(lines, "rekey lifetime seconds ")
    (tek,) = values(
        below(name, "crypto ipsec profile ")[f"GETVPN-{group}"], "set security-association lifetime seconds "
    )
    assert int(kek) >= 3 * int(tek)
    assert {"rekey transport unicast", "rekey algorithm aes 256", "replay time window-size 5"} <= set(lines)
    assert "sa receive-only" not in lines


@EVERY_GROUP
def test_the_policy_is_symmetric_and_spares_management(group: str) -> None:
    entries = policy(group)
    assert 10 < len(entries) <= 100
    assert len(set(entries)) == len(entries)
    assert all(mirror(entry) in entries for entry in entries)
    actions = [entry[0] for entry in entries]
    assert actions == ["deny"] * actions.count("deny") + ["permit"]
    spared = {(protocol, source, destination) for action, protocol, source, destination in entries if action == "deny"}
    assert ("udp", "any eq 848", "any eq 848") in spared
    for protocol, port in (
        ("tcp", "22"),
        ("tcp", "tacacs"),
        ("tcp", "bgp"),
        ("udp", "ntp"),
        ("udp", "snmp"),
        ("udp", "syslog"),
    ):
        assert (protocol, "any", f"any eq {port}") in spared


@EVERY_GROUP
def test_the_policy_covers_its_members_and_no_other_site(group: str) -> None:
    entries = policy(group)
    (permit,) = (network(entry[2]) for entry in entries if entry[0] == "permit")
    of_members = prefixes([host for host in MEMBERS if group in host.data["gdoi_groups"]])
    assert any(prefix.subnet_of(permit) for prefix in of_members)
    if group == "WAN":
        payments = network(policy("PAYMENTS")[-1][2])
        assert not payments.overlaps(permit)
        assert all(prefix.subnet_of(permit) or prefix.subnet_of(payments) for prefix in of_members)
    denied = [network(entry[2]) for entry in entries if entry[:2] == ("deny", "ip") and entry[3] == "any"]
    for prefix in prefixes(OUTSIDERS):
        assert not prefix.overlaps(permit) or any(prefix.subnet_of(one) for one in denied)
    for prefix in of_members:
        assert not any(prefix.overlaps(one) for one in denied)
    assert not any(IPv4Address(host.address) in permit for host in KEY_SERVERS)
    assert list(collapse_addresses(denied)) == sorted(denied)


def test_local_denies_have_their_mirror_at_the_other_end() -> None:
    found = {host.name: below(host.name, "ip access-list extended GETVPN-LOCAL-DENY").get("") for host in MEMBERS}
    denies = {
        name: ace(access_list(name, "extended", "GETVPN-LOCAL-DENY")[0])
        for name, lines in found.items()
        if lines is not None
    }
    assert sorted(denies) == ["bri-gm1", "rtm-gm1"]
    assert denies["bri-gm1"] == mirror(denies["rtm-gm1"])
    for name, (action, _, source, _) in denies.items():
        assert action == "deny"
        assert network(source) in prefixes([HOSTS[name]])


def test_fail_close_on_one_member_lets_the_ways_back_in_pass() -> None:
    closed = {
        host.name: lines
        for host in MEMBERS
        if (lines := below(host.name, "crypto map GETVPN-MAP gdoi fail-close").get(""))
    }
    assert closed == {"lis-gm1": ["match address FAIL-CLOSE-BYPASS", "activate"]}
    entries = [ace(entry) for entry in access_list("lis-gm1", "extended", "FAIL-CLOSE-BYPASS")]
    assert all(entry[0] == "deny" and mirror(entry) in entries for entry in entries)
    passes = {entry[3] for entry in entries}
    assert {f"any eq {port}" for port in ("848", "22", "tacacs", "bgp", "ntp", "domain")} <= passes


def test_two_circuits_one_map_one_identity() -> None:
    mapped = {
        host.name: sum("crypto map GETVPN-MAP" in lines for lines in interfaces(host.name).values()) for host in MEMBERS
    }
    assert [name for name, count in mapped.items() if count != 1] == ["man-gm1"]
    assert mapped["man-gm1"] == 2
    assert identities("man-gm1")["WAN"] == [(IPv4Address(HOSTS["man-gm1"].address), "")] * 2


@pytest.mark.parametrize("name", ["bir-gm1", "cph-gm1"])
def test_payments_has_its_own_vrf_interface_and_map(name: str) -> None:
    found = identities(name)
    assert [routed for _, routed in found["WAN"]] == [""]
    assert [routed for _, routed in found["PAYMENTS"]] == ["PAYMENTS"]
    behind = [
        address
        for lines in interfaces(name).values()
        if vrf(lines) == "PAYMENTS" and not any(line.startswith("crypto map") for line in lines)
        for address in addresses(lines)
    ]
    permit = network(policy("PAYMENTS")[-1][2])
    assert behind
    assert all(address in permit for address in behind)


def test_old_releases_are_asked_only_for_what_they_know() -> None:
    old = [host for host in MEMBERS if host.release.family == "12.4"]
    assert len(old) == 6
    for host in old:
        assert proposals(host.name) == {frozenset({"encr aes 256", "authentication pre-share", "group 5"})}
    transform = [head for head in blocks(KEY_SERVERS[0].name) if "transform-set" in head]
    assert transform == ["crypto ipsec transform-set AES256-SHA esp-aes 256 esp-sha-hmac"]


def test_the_files_are_plain_nornir_inventory() -> None:
    for name, allowed in (("hosts", {"hostname", "groups", "data"}), ("groups", {"data"})):
        read_back = yaml.safe_load((INVENTORY / f"{name}.yaml").read_text(encoding="utf-8"))
        assert all(set(entry) <= allowed for entry in read_back.values())
    defaults = yaml.safe_load((INVENTORY / "defaults.yaml").read_text(encoding="utf-8"))
    assert defaults == {"username": "ops", "platform": "ios", "port": 22}
