"""The configurations of the deployment guide's Appendix A, typed line by line into empty routers."""

from __future__ import annotations

from pathlib import Path

import pytest
from screens import Screen

DATA = Path(__file__).parents[3] / "data" / "lab"
TYPED = sorted(DATA.glob("appendix-a-*.txt"))
# Keywords in another letter case, a line that every router has, and the spaces that IOS leaves behind a gdoi map.
SPELT = {"IPsec": "ipsec"}
NOT_PRINTED = {"version 12.4"}


def typed(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if not line.lstrip().startswith("!")]


def plain(lines: list[str]) -> list[str]:
    """Lines without indentation, and without the separators."""
    words = [" ".join(SPELT.get(word, word) for word in line.split()) for line in lines]
    return sorted(line for line in words if line not in {"!", ""} and line not in NOT_PRINTED)


@pytest.mark.parametrize("path", TYPED, ids=lambda path: path.stem)
def test_is_accepted_whole_and_printed_back(path: Path) -> None:
    screen = Screen("12.4")
    screen.enter("configure terminal")
    for line in typed(path):
        said = screen.enter(line)
        said = said.replace("c880data-universalk9-mz.124-22.T", "").replace("% NOTE: This new crypto map", "")
        assert "%" not in said, line
    assert plain(screen.running()) == plain(typed(path))


def test_where_the_lines_of_the_key_server_stand() -> None:
    screen = Screen("12.4", 15, *typed(DATA / "appendix-a-ks1.txt"))
    lines = screen.running()
    at = lines.index("crypto gdoi group gdoi-group1")
    assert lines[at : at + 18] == [
        "crypto gdoi group gdoi-group1",
        " identity number 1357924680",
        " server local",
        "  rekey algorithm aes 128",
        "  rekey address ipv4 rekey-multicast-group",
        "  rekey lifetime seconds 28800",
        "  rekey retransmit 10 number 3",
        "  rekey authentication mypubkey rsa rekeyrsa",
        "  rekey transport unicast",
        "  sa ipsec 1",
        "   profile profile1",
        "   match address ipv4 getvpn-acl",
        "   replay time window-size 5",
        "  address ipv4 10.32.178.56",
        "  redundancy",
        "   local priority 191",
        "   peer address ipv4 10.32.178.23",
        "   peer address ipv4 10.32.178.57",
    ]
    assert " deny   udp any any eq snmptrap" in lines


# What the guide prints, and what a router of its release answers: the text under which the caret stands, or the answer.
CARET = {
    "a-hyphen-in-multicast": ([], "ip multi-cast routing", "-cast routing"),
    "trap-with-a-hyphen": (["ip access-list extended A"], "deny udp any any eq snmp-trap", "-trap"),
    # The command reference of these releases lists no ssh among the names of TCP ports; no capture shows one either.
    "ssh-is-no-port-name": (["ip access-list extended A"], "deny tcp any any eq ssh", "sh"),
    "ssh-as-source": (["ip access-list extended A"], "deny tcp any eq ssh any", "sh any"),
    "pre-shared": (["crypto isakmp policy 1"], "authentication pre-shared", "d"),
}


@pytest.mark.parametrize(("before", "line", "rest"), CARET.values(), ids=CARET)
def test_a_misprint_is_refused_with_the_caret_under_it(before: list[str], line: str, rest: str) -> None:
    screen = Screen("12.4")
    screen.enter("configure terminal", *before)
    prompt = screen.shown.rpartition("\n")[2]
    said = screen.enter(line).split("\r\n")
    assert said[1] == " " * (len(prompt) + len(line) - len(rest)) + "^"
    assert said[2] == "% Invalid input detected at '^' marker."


def test_a_host_mask_on_the_wan_is_refused() -> None:
    screen = Screen("12.4")
    screen.enter("configure terminal", "interface FastEthernet4")
    assert "Bad mask /32 for address 10.32.178.42\r\n" in screen.enter("ip address 10.32.178.42 255.255.255.255")
    assert screen.running() == ["interface FastEthernet4", " no ip address"]
    assert "Bad" not in screen.enter("interface Loopback0", "ip address 10.32.178.56 255.255.255.255")


ACCEPTED = {
    # A router does not look whether the list is there, nor whether an address is in the multicast range that is meant.
    "list-that-is-not-there": (
        ["crypto map M 1 gdoi", "match address CSM_GET_GM_CRYPT0_ACL_1"],
        ["crypto map M 1 gdoi ", " match address CSM_GET_GM_CRYPT0_ACL_1"],
    ),
    "only-net-224": (
        ["ip access-list extended A", "deny ip any 224.0.0.0 0.255.255.255"],
        ["ip access-list extended A", " deny   ip any 224.0.0.0 0.255.255.255"],
    ),
    "address-printed-inside-sa": (
        ["crypto gdoi group G", "server local", "sa ipsec 1", "profile P", "address ipv4 10.32.178.56"],
        ["crypto gdoi group G", " server local", "  sa ipsec 1", "   profile P", "  address ipv4 10.32.178.56"],
    ),
    "never-times-out": (["line vty 0 4", "exec-timeout 0 0"], ["line vty 0 4", " exec-timeout 0 0"]),
    "weak-policy": (
        ["crypto isakmp policy 1", "encr 3des", "hash sha", "group 2", "lifetime 300"],
        ["crypto isakmp policy 1", " encr 3des", " group 2", " lifetime 300"],
    ),
}


@pytest.mark.parametrize(("lines", "shown"), ACCEPTED.values(), ids=ACCEPTED)
def test_what_a_router_does_not_mind(lines: list[str], shown: list[str]) -> None:
    screen = Screen("12.4")
    assert "%" not in screen.enter("configure terminal", *lines).replace("% NOTE: This new crypto map", "")
    assert screen.running() == shown
