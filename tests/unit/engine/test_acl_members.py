"""A member's own lists, apart by the crypto map that names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from getvpn_ops.analysis.packets.flow import parse_flow
from getvpn_ops.cli.sources import from_captures
from getvpn_ops.engine.acl.answers import decisions_of
from getvpn_ops.engine.acl.groups import acl_views
from getvpn_ops.engine.acl.texts import read_lists
from getvpn_ops.errors import ParseFailure

if TYPE_CHECKING:
    from pathlib import Path

DOWNLOADED = """\
 ACL Downloaded From KS 10.80.0.1:
   access-list   deny udp any port = 848 any port = 848
   access-list   permit ip any any
"""
OTHER = DOWNLOADED.replace("permit ip any any", "permit tcp any any")
RED = "   Map Name: RED-MAP\n   access-list RED deny tcp any any port = 22\n"
BLUE = "   Map Name: BLUE-MAP\n   access-list BLUE deny tcp any any port = 23\n"
SAME = BLUE.replace("23", "22")


def shown(*sections: str) -> str:
    return "".join(f"Group Name: PIER\n{section}" for section in sections)


CONFIG = """\
hostname gm-husum
!
crypto gdoi group PIER
 identity number 9002
 server address ipv4 10.80.0.1
!
crypto map RED-MAP 10 gdoi
 set group PIER
{red}!
crypto map BLUE-MAP 10 gdoi
 set group PIER
{blue}!
interface GigabitEthernet0/0/0
 vrf forwarding RED
 crypto map RED-MAP
!
interface GigabitEthernet0/0/1
 vrf forwarding BLUE
 crypto map BLUE-MAP
!
ip access-list extended RED
 deny tcp any any eq 22
ip access-list extended BLUE
 deny tcp any any eq 23
!
end
"""
ONLY_RED = CONFIG.format(red=" match address RED\n", blue="")
BOTH = CONFIG.format(red=" match address RED\n", blue=" match address BLUE\n")


class Case(NamedTuple):
    """What a member showed, and its own lists by map; None where a list is not known.

    Attributes:
        acl: of ``show crypto gdoi gm acl``; empty if it was not asked.
        config: empty likewise.
        own: crypto map -> lines.
    """

    acl: str
    config: str
    own: dict[str, tuple[str, ...] | None]


SSH, TELNET = "deny tcp any any port = 22", "deny tcp any any port = 23"
CASES = {
    "one list": Case(shown(DOWNLOADED + " ACL Configured Locally: \n" + RED), "", {"": (SSH,)}),
    "none": Case(shown(DOWNLOADED + " ACL Configured Locally: \n"), "", {"": ()}),
    "two maps under one heading": Case(
        shown(DOWNLOADED + " ACL Configured Locally: \n" + RED + BLUE), "", {"RED-MAP": (SSH,), "BLUE-MAP": (TELNET,)}
    ),
    "two maps under two headings": Case(
        shown(DOWNLOADED + " ACL Configured Locally: \n" + RED + " ACL Configured Locally: \n" + BLUE),
        "",
        {"RED-MAP": (SSH,), "BLUE-MAP": (TELNET,)},
    ),
    "two sections of the group": Case(
        shown(DOWNLOADED + " ACL Configured Locally: \n" + RED, DOWNLOADED + " ACL Configured Locally: \n" + BLUE),
        "",
        {"RED-MAP": (SSH,), "BLUE-MAP": (TELNET,)},
    ),
    "two maps with equal lists": Case(shown(DOWNLOADED + " ACL Configured Locally: \n" + RED + SAME), "", {"": (SSH,)}),
    "the other map has none": Case(
        shown(DOWNLOADED + " ACL Configured Locally: \n" + RED), ONLY_RED, {"RED-MAP": (SSH,), "BLUE-MAP": ()}
    ),
    "the other map has one that is not shown": Case(
        shown(DOWNLOADED + " ACL Configured Locally: \n" + RED), BOTH, {"RED-MAP": (SSH,), "BLUE-MAP": None}
    ),
    "by configuration alone": Case(
        "", BOTH, {"RED-MAP": ("deny tcp any any eq 22",), "BLUE-MAP": ("deny tcp any any eq 23",)}
    ),
    "by configuration, one without": Case("", ONLY_RED, {"RED-MAP": ("deny tcp any any eq 22",), "BLUE-MAP": ()}),
    "two lists of key servers": Case(shown(DOWNLOADED, OTHER), "", {"": None}),
}


def captured(folder: Path, case: Case) -> Path:
    """The same as captures."""
    parts = [f"gm-husum#show crypto gdoi gm acl\n{case.acl}"] if case.acl else []
    parts += [f"gm-husum#show running-config\n{case.config}"] if case.config else []
    (folder / "gm-husum.log").write_text("".join([*parts, "gm-husum#\n"]))
    (folder / "inventory").mkdir()
    (folder / "inventory" / "hosts.yaml").write_text(
        "gm-husum: {hostname: 10.81.0.1, data: {role: gm, gdoi_groups: [PIER]}}\n"
    )
    return folder


@pytest.mark.parametrize("name", CASES)
def test_own_lists_are_kept_apart(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    state, _ = from_captures(captured(tmp_path, case), None, None)
    members = next(group for group in acl_views(state).groups if group.name == "PIER").members
    found = {item.crypto_map: None if item.local is None else tuple(ace.text for ace in item.local) for item in members}
    assert found == case.own
    assert all(bool(item.missing) is (item.local is None) for item in members)


def test_a_flow_is_decided_by_each_map(tmp_path: Path) -> None:
    case = CASES["two maps under one heading"]
    state, _ = from_captures(captured(tmp_path, case), None, None)
    found = decisions_of(parse_flow("tcp 10.1.0.1:40000 -> 10.2.0.1:23"), acl_views(state), "gm-husum")
    fates = {item.crypto_map: item.sends.action.value for item in found if item.device and item.sends is not None}
    assert fates == {"RED-MAP": "encrypted", "BLUE-MAP": "clear"}


def test_each_list_is_judged_under_its_own_name(tmp_path: Path) -> None:
    state, _ = from_captures(captured(tmp_path, CASES["two maps under one heading"]), None, None)
    names = [view.name for _, view in acl_views(state).lists]
    assert names[-2:] == [f"PIER, own list of gm-husum, crypto map {name}" for name in ("RED-MAP", "BLUE-MAP")]


FILES = {
    "one": ("one list", {"PIER": (1, 2)}),
    "two": ("two maps under one heading", {"PIER/RED-MAP": (1, 2), "PIER/BLUE-MAP": (1, 2)}),
    "two sections": ("two sections of the group", {"PIER/RED-MAP": (1, 2), "PIER/BLUE-MAP": (1, 2)}),
    "equal": ("two maps with equal lists", {"PIER": (1, 2)}),
    "none": ("none", {"PIER": (0, 2)}),
}


@pytest.mark.parametrize("name", FILES)
def test_the_same_in_a_file(name: str) -> None:
    case, expected = FILES[name]
    found = read_lists(CASES[case].acl)
    assert {item.name: (len(item.local), len(item.downloaded)) for item in found} == expected


def test_two_lists_of_key_servers_in_a_file_are_not_mixed() -> None:
    with pytest.raises(ParseFailure, match="2 different lists"):
        read_lists(CASES["two lists of key servers"].acl)
