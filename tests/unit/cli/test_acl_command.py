"""``acl lint``, ``acl diff`` and ``acl explain`` as people run them, on what people have."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from getvpn_ops.checks.acl import CONFIG_RULES, GROUP_RULES, LIST_RULES
from getvpn_ops.cli.app import main
from getvpn_ops.cli.sources import from_captures
from getvpn_ops.engine.acl.groups import acl_views
from getvpn_ops.model.outcome import Status
from getvpn_ops.registry import evaluate
from getvpn_ops.reports.manual import spec_plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]

BARE = """\
! lines as someone pasted them
deny udp any eq 848 any eq 848
remark management
 deny tcp any any eq 22
 deny tcp any eq 22 any

permit ip 10.0.0.0 0.127.255.255 10.0.0.0 0.127.255.255
"""
SECTION = """\
ip access-list extended GET_r2
 10 deny udp any eq 848 any eq 848
 20 deny tcp any any eq 22
 30 deny tcp any eq 22 any
 40 permit ip 10.0.0.0 0.127.255.255 10.0.0.0 0.127.255.255
"""
NUMBERED = "\n".join(f"access-list 140 {line.split(' ', 2)[2]}" for line in SECTION.splitlines()[1:]) + "\n"
SHOWN = """\
Extended IP access list GET
    10 deny udp any eq 848 any eq 848 (120 matches)
    20 deny tcp any any eq 22
    30 deny tcp any eq 22 any
    40 permit ip 10.0.0.0 0.127.255.255 10.0.0.0 0.127.255.255 (90113 matches)
"""
SERVED = """\
Group Name: NORTH
 Configured ACL:
   access-list GET  deny udp any port = 848 any port = 848
   access-list GET  deny tcp any any port = 22
   access-list GET  deny tcp any port = 22 any
   access-list GET  permit ip 10.0.0.0 0.127.255.255 10.0.0.0 0.127.255.255
"""
HELD = """\
Group Name: NORTH
 ACL Downloaded From KS 10.9.0.1:
   access-list   deny udp any port = 848 any port = 848
   access-list   deny tcp any any port = 22
   access-list   deny tcp any port = 22 any
   access-list   permit ip 10.0.0.0 0.127.255.255 10.0.0.0 0.127.255.255
 ACL Configured Locally:
"""
TEXTS = {"bare": BARE, "section": SECTION, "numbered": NUMBERED, "shown": SHOWN, "served": SERVED, "held": HELD}
"""One list in every form in which people have it."""

KEY_SERVER = """\
hostname ks-hamm
!
crypto gdoi group NORTH
 identity number 8841
 server local
  rekey address ipv4 NORTH-REKEY
  rekey lifetime seconds 21600
  sa ipsec 1
   profile NORTH
   match address ipv4 NORTH-POLICY
  address ipv4 10.9.0.1
!
interface Loopback0
 ip address 10.9.0.1 255.255.255.255
!
ip access-list extended NORTH-REKEY
 permit ip any host 239.192.1.190
ip access-list extended NORTH-POLICY
 deny udp any eq 848 any eq 848
 deny ip any 224.0.0.0 0.255.255.255
 deny pim any host 224.0.0.13
 deny tcp any any eq 22
 deny tcp any eq 22 any
 deny tcp any any eq tacacs
 deny tcp any eq tacacs any
 deny tcp any any eq bgp
 deny tcp any eq bgp any
 deny ospf any any
 deny eigrp any any
 deny udp any any eq ntp
 deny udp any any eq snmp
 deny udp any eq snmp any
 deny udp any any eq snmptrap
 deny udp any any eq syslog
 permit ip any any
!
end
"""
MEMBER = """\
hostname gm-unna
!
crypto gdoi group NORTH
 identity number 8841
 server address ipv4 10.9.0.1
!
crypto map NORTH-MAP 10 gdoi
 set group NORTH
 match address NORTH_CRYPT0_LOCAL
!
interface GigabitEthernet0/0/0
 ip address 10.40.0.2 255.255.255.252
 crypto map NORTH-MAP
!
ip access-list extended NORTH_CRYPTO_LOCAL
 deny ip 10.41.0.0 0.0.0.255 host 10.42.0.23
!
end
"""
"""The lists of the guide's Appendix A, with their faults, on routers of ours."""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Start the command in a folder without a workspace."""
    monkeypatch.chdir(tmp_path)

    def started(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["getvpn-ops", "acl", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err

    return started


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, text in TEXTS.items():
        (tmp_path / f"{name}.txt").write_text(text)
    (tmp_path / "north").mkdir()
    (tmp_path / "north" / "ks-hamm.cfg").write_text(KEY_SERVER)
    (tmp_path / "north" / "gm-unna.cfg").write_text(MEMBER)
    return tmp_path


@pytest.mark.parametrize("old", TEXTS)
def test_one_list_in_every_form_is_equivalent(run: Run, files: Path, old: str) -> None:
    assert (files / f"{old}.txt").exists()
    for new in TEXTS:
        code, out, err = run("diff", f"{old}.txt", f"{new}.txt", "-o", "table")
        assert (code, err) == (0, ""), (old, new)
        assert "equivalent" in out


class Differs(NamedTuple):
    new: str
    code: int
    says: tuple[str, ...]


DIFFERENCES = {
    "an exemption less": Differs(
        BARE.replace(" deny tcp any eq 22 any\n", ""), 4, ("clear -> encrypted", "line 3: deny tcp any eq 22 any")
    ),
    "half of the permit": Differs(
        BARE.replace("0.127.255.255 10.0.0.0", "0.63.255.255 10.0.0.0"),
        4,
        ("encrypted -> clear", "no line (the end of the list)"),
    ),
    "another order of denies": Differs(BARE.replace(" deny tcp any any eq 22\n", "") + "", 4, ("clear -> encrypted",)),
    "what cannot be told": Differs("deny icmp any any unreachable\n" + BARE, 3, ("could not be determined",)),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_difference_is_shown(run: Run, files: Path, name: str) -> None:
    case = DIFFERENCES[name]
    (files / "new.txt").write_text(case.new)
    code, out, _ = run("diff", "bare.txt", "new.txt", "-o", "table")
    assert code == case.code
    assert [words for words in case.says if words not in out] == []


def test_a_difference_as_data(run: Run, files: Path) -> None:
    (files / "new.txt").write_text("permit tcp host 10.0.0.1 host 10.0.0.2 eq 443\n")
    (files / "old.txt").write_text("permit ip host 10.0.0.1 host 10.0.0.2\n")
    code, out, _ = run("diff", "old.txt", "new.txt", "-o", "json")
    said: dict[str, Any] = json.loads(out)
    assert code == 4
    assert said["equivalent"] is False
    assert [(item["before"], item["after"]) for item in said["changes"]] == [("encrypted", "clear")]
    assert said["changes"][0]["headers"] == 3 * 2**32 + 253 - 2**16
    assert said["changes"][0]["lines"][0]["before"]["text"] == "permit ip host 10.0.0.1 host 10.0.0.2"
    assert said["stays"]["encrypted"] == "tcp 10.0.0.1:49152 -> 10.0.0.2:443"


WRONG = {
    "no such file": (("diff", "bare.txt", "none.txt"), 2, "'none.txt' is no file here"),
    "no such file to lint": (("lint", "none.txt"), 2, "'none.txt' is no file here"),
    "no such device": (("diff", "bare.txt", "gm-unna:LIST"), 2, "'gm-unna:LIST' is no file here"),
    "several lists": (("diff", "bare.txt", "north/ks-hamm.cfg:NOWHERE"), 2, "no access list 'NOWHERE'"),
    "a folder": (("diff", "bare.txt", "north"), 2, "is a folder"),
    "no list": (("lint", "empty.txt"), 2, "holds no access list"),
    "not understood": (("lint", "odd.txt"), 3, "line 2"),
    "no flow": (("explain", "tcp any -> 10.0.0.1:22", "bare.txt"), 2, "leaves an address open"),
    "a group that is none": (("lint", "NORHT", "--from", "north"), 2, "did you mean NORTH"),
    "half a list": (("lint", "cut.txt"), 3, "could not be determined"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_asked_is_said(run: Run, files: Path, name: str) -> None:
    (files / "empty.txt").write_text("! nothing\n")
    (files / "odd.txt").write_text("permit ip any any\nallow ip any any\n")
    (files / "cut.txt").write_text(SERVED[:-20])
    arguments, code, words = WRONG[name]
    found, out, err = run(*arguments)
    assert (found, out) == (code, "")
    assert words in err


def _failed(out: str) -> dict[str, list[str]]:
    said = json.loads(out)
    return {
        outcome["spec_id"]: [
            f"{item['message']} {item['actual']}" for item in outcome["findings"] if item["status"] == "fail"
        ]
        for outcome in said["outcomes"]
        if any(item["status"] == "fail" for item in outcome["findings"])
    }


APPENDIX_A = {
    "NTP without mirror": ("acl-deny-mirror", "deny udp any any eq ntp"),
    "traps without mirror": ("acl-deny-mirror", "deny udp any any eq snmptrap"),
    "syslog without mirror": ("acl-deny-mirror", "deny udp any any eq syslog"),
    "a sixteenth of multicast": ("acl-multicast-mask", "deny ip any 224.0.0.0 0.255.255.255"),
    "the rekey address": ("acl-rekey-address", "-> 239.192.1.190"),
    "a zero for a letter": ("acl-dangling", "there is NORTH_CRYPTO_LOCAL"),
}


@pytest.mark.parametrize("name", APPENDIX_A)
def test_the_faults_of_the_guide_are_found(run: Run, files: Path, name: str) -> None:
    code, out, _ = run("lint", "--from", str(files / "north"), "-o", "json")
    assert code == 4
    rule, words = APPENDIX_A[name]
    assert any(words in said for said in _failed(out)[rule])


def test_lines_of_the_guide_that_are_right_are_not_faulted(run: Run, files: Path) -> None:
    _, out, _ = run("lint", "--from", str(files / "north"), "-o", "json")
    mirrors = _failed(out)["acl-deny-mirror"]
    assert len(mirrors) == 3
    assert "acl-udp848" not in _failed(out)


def test_the_same_faults_in_one_configuration(run: Run, files: Path) -> None:
    code, out, _ = run("lint", str(files / "north" / "ks-hamm.cfg"), "-o", "json")
    assert code == 4
    assert {"acl-deny-mirror", "acl-multicast-mask", "acl-rekey-address"} <= _failed(out).keys()


def test_a_bare_list_is_judged_by_itself(run: Run, files: Path) -> None:
    assert files.is_dir()
    code, out, _ = run("lint", "bare.txt", "--fail-on", "major", "-o", "json")
    assert code == 0, _failed(out)
    assert set(_failed(out)) == {"acl-management", "acl-routing", "acl-pmtud"}
    own, out, _ = run("lint", "bare.txt", "--local", "-o", "json")
    assert own == 4
    assert "acl-local-permit" in _failed(out)


def test_lint_on_a_terminal_names_the_lines(run: Run, files: Path) -> None:
    (files / "new.txt").write_text("permit ip any any\ndeny udp any any eq ntp\n")
    code, out, _ = run("lint", "new.txt", "-o", "table")
    assert code == 4
    assert "acl-contradicted" in out
    assert "line 2 'deny udp any any eq ntp'" in out


class Flow(NamedTuple):
    flow: str
    text: str
    code: int
    sends: tuple[str, str | None] | None
    answers: tuple[str, str | None] | None


FLOWS = {
    "encrypted both ways": Flow(
        "tcp 10.1.2.3:40000 -> 10.2.3.4:443",
        "served",
        0,
        ("encrypted", "permit ip 10.0.0.0 0.127.255.255 10.0.0.0 0.127.255.255"),
        ("encrypted", "permit ip 10.0.0.0 0.127.255.255 10.0.0.0 0.127.255.255"),
    ),
    "clear by two lines": Flow(
        "tcp 10.1.2.3:40000 -> 10.2.3.4:22",
        "section",
        0,
        ("clear", "deny tcp any any eq 22"),
        ("clear", "deny tcp any eq 22 any"),
    ),
    "no line": Flow("ip proto 50 192.0.2.1 -> 192.0.2.2", "bare", 0, ("clear", None), ("clear", None)),
    "not to be told": Flow("icmp 10.1.2.3 -> 10.2.3.4", "doubtful", 3, None, None),
}


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_is_explained(run: Run, files: Path, name: str) -> None:
    case = FLOWS[name]
    (files / "doubtful.txt").write_text("deny icmp any any unreachable\npermit ip any any\n")
    code, out, _ = run("explain", case.flow, f"{case.text}.txt", "-o", "json")
    said = json.loads(out)["decisions"]
    assert code == case.code
    assert len(said) == 1
    for key, expected in (("sends", case.sends), ("answers", case.answers)):
        found = said[0][key]
        assert (None if found is None else (found["action"], found["line"])) == expected
    assert bool(said[0]["reason"]) is (case.code == 3)


def test_a_flow_is_explained_for_each_member(run: Run, files: Path) -> None:
    config = files / "north" / "gm-unna.cfg"
    config.write_text(MEMBER.replace("CRYPT0", "CRYPTO"))
    flow = "tcp 10.41.0.9:40000 -> 10.42.0.23:443"
    code, out, _ = run("explain", flow, "NORTH", "--from", "north", "-o", "json")
    said = {item["device"]: item["sends"] for item in json.loads(out)["decisions"]}
    assert code == 0
    assert (said[""]["action"], said[""]["line"]) == ("encrypted", "permit ip any any")
    assert (said["gm-unna"]["action"], said["gm-unna"]["list"], said["gm-unna"]["place"]) == ("clear", "local", 1)
    _, table, _ = run("explain", flow, "NORTH", "--from", "north", "-o", "table")
    assert "local line 1: deny ip 10.41.0.0 0.0.0.255 host 10.42.0.23" in " ".join(table.split())


def test_an_own_list_that_is_not_there_leaves_the_member_undecided(run: Run, files: Path) -> None:
    assert files.is_dir()
    code, out, _ = run("explain", "tcp 10.41.0.9:40000 -> 10.42.0.23:443", "--from", "north", "-o", "json")
    assert code == 3
    member = next(item for item in json.loads(out)["decisions"] if item["device"] == "gm-unna")
    assert member["sends"] is None
    assert "NORTH_CRYPT0_LOCAL" in member["reason"]


def test_lists_of_devices_and_groups_are_compared(run: Run, files: Path) -> None:
    assert files.is_dir()
    assert run("diff", "NORTH", "ks-hamm:NORTH-POLICY", "--from", "north")[0] == 0
    assert run("diff", "NORTH", "bare.txt", "--from", "north")[0] == 4
    code, _, err = run("diff", "NORTH", "ks-hamm:NO-LIST", "--from", "north")
    assert code == 3
    assert "NO-LIST" in err


def test_text_of_a_router_cannot_command_the_terminal(run: Run, files: Path) -> None:
    (files / "new.txt").write_text("remark \x1b[31mred\npermit ip any any log\x1b[2J\n")
    for arguments in (("lint", "new.txt"), ("diff", "bare.txt", "new.txt")):
        for form in ("table", "json"):
            _, out, err = run(*arguments, "-o", form)
            assert "\x1b" not in out + err


INVENTORY = """\
ks-hamm: {hostname: 10.9.0.1, data: {role: ks, gdoi_groups: [NORTH], gdoi_addresses: [10.9.0.1]}}
gm-unna: {hostname: 10.41.0.1, data: {role: gm, gdoi_groups: [NORTH], prefixes: [10.41.0.0/16]}}
gm-soest: {hostname: 10.42.0.1, data: {role: gm, gdoi_groups: [NORTH], prefixes: [10.42.0.0/16]}}
ce-werl: {hostname: 10.43.0.1, data: {role: ce, prefixes: [10.43.0.0/16]}}
"""


def test_a_member_that_nobody_looked_at_is_not_passed(run: Run, files: Path) -> None:
    (files / "inventory").mkdir()
    (files / "inventory" / "hosts.yaml").write_text(INVENTORY)
    (files / "north" / "gm-unna.cfg").write_text(MEMBER.replace("CRYPT0", "CRYPTO"))
    _, out, err = run("lint", "--from", "north", "--inventory", "inventory", "-o", "json")
    assert out, err
    outcomes = {item["spec_id"]: item for item in json.loads(out)["outcomes"] if item["subject"] == "NORTH"}
    assert outcomes["acl-local-mirror"]["status"] == "unknown"
    assert "gm-soest" in str(outcomes["acl-local-mirror"]["findings"])
    assert outcomes["acl-outsiders"]["status"] == "fail"
    assert "10.43.0." in str(outcomes["acl-outsiders"]["findings"])


def test_every_rule_has_a_page() -> None:
    specs = [*LIST_RULES, *GROUP_RULES, *CONFIG_RULES]
    assert len({spec.id for spec in specs}) == len(specs) > 15
    for spec in specs:
        page = spec_plain(spec, "rule")
        assert {param["name"] for param in page["params"] if not param["about"]} == set(), spec.id


def test_explain_knows_the_rules(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["getvpn-ops", "explain", "--list", "-o", "json"])
    with pytest.raises(SystemExit):
        main()
    known = {item.get("id") for item in json.loads(capsys.readouterr().out)}
    assert {spec.id for spec in (*LIST_RULES, *GROUP_RULES, *CONFIG_RULES)} <= known


def test_a_member_that_was_not_selected_is_not_passed_either(files: Path) -> None:
    (files / "inventory").mkdir()
    (files / "inventory" / "hosts.yaml").write_text(INVENTORY)
    (files / "north" / "gm-unna.cfg").write_text(MEMBER.replace("CRYPT0", "CRYPTO"))
    state, _ = from_captures(files / "north", None, files / "inventory")
    selected = {name: device for name, device in state.devices.items() if name != "gm-soest"}
    group = acl_views(replace(state, devices=selected)).groups[0]
    assert {member.device: member.local is None for member in group.members} == {"gm-unna": False, "gm-soest": True}
    outcome = evaluate(GROUP_RULES["acl-local-mirror"], group)
    assert outcome.status is Status.UNKNOWN
    assert "gm-soest was not looked at" in outcome.findings[0].actual
