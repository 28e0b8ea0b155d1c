"""Changes as they come: what stands in which step, what is drift, and what is left alone."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from circle import LabRouter, after, config, walk_round, walk_round_on_lab, weighed
from samples import MEMBER, PRIMARY

from getvpn_ops.model.change import RekeyEffect, StepKind
from getvpn_ops.remediation.compare import compare
from getvpn_ops.remediation.scope import NoteKind

BUILD, SET, CLEAN = StepKind.BUILD, StepKind.SET, StepKind.CLEAN_UP


@dataclass(frozen=True)
class Scene:
    """A router and what it should be, as texts that are replaced in a base.

    Attributes:
        base: of both.
        running: replaced in what the router has.
        intended: replaced in what it should have.
        steps: kind and lines of each step; a path is left out.
        drifts: kind, running and intended text.
        left: beginnings of lines that notes speak of.
        added: to what the router has.
        lab: whether a router of the lab plays it too.
    """

    base: str
    intended: dict[str, str]
    steps: list[tuple[StepKind, list[str]]]
    drifts: list[tuple[str, str | None, str | None]] | None = None
    running: dict[str, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    added: str = ""
    lab: bool = True


def _made(base: str, replaced: dict[str, str], added: str = "") -> str:
    for old, new in replaced.items():
        assert old in base, old
        base = base.replace(old, new)
    return base + added


_PERMIT = " 20 permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255"
_NTP = " 15 deny udp any any eq ntp\n"
_LIST = "ip access-list extended"
_HALF = "access-list extended POLICY_r2\n 10 deny udp any eq 848 any eq 848\n 15 deny udp any any eq 123\n"
_SECOND = "  sa ipsec 2\n   profile GETVPN\n   match address ipv4 POLICY\n   replay time window-size 5\n"
_OLD_MAP = "crypto map OLD 7 gdoi\n set group WAN\n match address OLD-LOCAL\n"
_OTHER_VPN = (
    "crypto map BRANCH 5 ipsec-isakmp\n set peer 192.0.2.9\n match address BRANCH-LIST\n"
    "ip access-list extended BRANCH-LIST\n permit ip any any\n"
)
_CLOSED = (
    "crypto map GETVPN gdoi fail-close\n match address PASS\n activate\nip access-list extended PASS\n"
    " permit udp any any eq 848\n"
)

SCENES = {
    "a changed list gets a new name, one line is swapped, the old list goes last": Scene(
        PRIMARY, {_PERMIT: f"{_NTP}{_PERMIT}"},
        [
            (BUILD, [f"{_LIST} POLICY_r2", "10 deny udp any eq 848 any eq 848", "15 deny udp any any eq ntp",
                     "20 permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255"]),
            (SET, ["match address ipv4 POLICY_r2"]),
            (CLEAN, [f"no {_LIST} POLICY"]),
        ],
        [("missing", None, "15 deny udp any any eq ntp")],
    ),
    "the next revision comes after the one in use": Scene(
        PRIMARY, {_PERMIT: f"{_NTP}{_PERMIT}"},
        [
            (BUILD, [f"{_LIST} POLICY_r4", "10 deny udp any eq 848 any eq 848", "15 deny udp any any eq ntp",
                     "20 permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255"]),
            (SET, ["match address ipv4 POLICY_r4"]),
            (CLEAN, [f"no {_LIST} POLICY_r3"]),
        ],
        [("missing", None, "15 deny udp any any eq ntp")],
        running={"POLICY": "POLICY_r3"},
    ),
    "a revision that says what is intended is right": Scene(PRIMARY, {}, [], [], running={"POLICY": "POLICY_r3"}),
    "a list that was built before is not built again": Scene(
        PRIMARY, {_PERMIT: f"{_NTP}{_PERMIT}"},
        [(SET, ["match address ipv4 POLICY_r2"]), (CLEAN, [f"no {_LIST} POLICY"])],
        [("missing", None, "15 deny udp any any eq ntp")],
        added=f"ip {_HALF}{_PERMIT}\n",
    ),
    "an old revision that nothing refers to is cleaned up": Scene(
        PRIMARY, {}, [(CLEAN, [f"no {_LIST} POLICY_r2"])], [("extra", f"{_LIST} POLICY_r2", None)],
        added=f"ip {_HALF}",
    ),
    "a list of another name is swapped though it says the same": Scene(
        PRIMARY, {},
        [
            (BUILD, [f"{_LIST} POLICY", "10 deny udp any eq 848 any eq 848",
                     "20 permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255"]),
            (SET, ["match address ipv4 POLICY"]),
            (CLEAN, [f"no {_LIST} getvpn-acl"]),
        ],
        running={"POLICY": "getvpn-acl"},
    ),
    "a list that something else uses stays": Scene(
        PRIMARY, {_PERMIT: f"{_NTP}{_PERMIT}"},
        [
            (BUILD, [f"{_LIST} POLICY_r2", "10 deny udp any eq 848 any eq 848", "15 deny udp any any eq ntp",
                     "20 permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255"]),
            (SET, ["match address ipv4 POLICY_r2"]),
        ],
        left=(f"{_LIST} POLICY",),
        added="class-map match-any CLEAR\n match access-group name POLICY\n",
    ),
    "a list that is referred to and is not there gets another name": Scene(
        PRIMARY, {},
        [
            (BUILD, [f"{_LIST} POLICY_r2", "10 deny udp any eq 848 any eq 848",
                     "20 permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255"]),
            (SET, ["match address ipv4 POLICY_r2"]),
        ],
        running={"ip access-list extended POLICY\n 10 deny udp any eq 848 any eq 848\n" + _PERMIT: ""},
    ),
    "members are let in and out where their list stands": Scene(
        PRIMARY, {" 20 permit 10.254.8.2": " 20 permit 10.254.9.2\n 30 permit 10.254.10.2"},
        [(SET, ["permit 10.254.9.2", "permit 10.254.10.2", "no permit 10.254.8.2"])],
        [("extra", "20 permit 10.254.8.2", None), ("missing", None, "20 permit 10.254.9.2"),
         ("missing", None, "30 permit 10.254.10.2")],
    ),
    "the order of a list of members means nothing": Scene(
        PRIMARY, {" 10 permit 10.254.7.2\n 20 permit 10.254.8.2": " 10 permit 10.254.8.2\n 20 permit 10.254.7.2"}, [],
        [],
    ),
    "a list of members with a deny is no list of permits": Scene(
        PRIMARY, {" 20 permit 10.254.8.2": " 20 deny 10.254.8.2\n 30 permit any"},
        [
            (BUILD, ["ip access-list standard MEMBERS_r2", "10 permit 10.254.7.2", "20 deny 10.254.8.2",
                     "30 permit any"]),
            (SET, ["authorization address ipv4 MEMBERS_r2"]),
            (CLEAN, ["no ip access-list standard MEMBERS"]),
        ],
    ),
    "a transform set in use gets a new name": Scene(
        PRIMARY, {"STRONG esp-aes 256 esp-sha-hmac": "STRONG esp-aes 256 esp-sha256-hmac"},
        [
            (BUILD, ["crypto ipsec transform-set STRONG_r2 esp-aes 256 esp-sha256-hmac"]),
            (SET, ["set transform-set STRONG_r2"]),
            (CLEAN, ["no crypto ipsec transform-set STRONG"]),
        ],
        [("changed", "crypto ipsec transform-set STRONG esp-aes 256 esp-sha-hmac",
          "crypto ipsec transform-set STRONG esp-aes 256 esp-sha256-hmac")],
    ),
    "a profile in use is changed line by line": Scene(
        PRIMARY, {" set security-association lifetime seconds 7200": " set security-association lifetime seconds 3600\n"
                  " set pfs group14"},
        [
            (SET, ["set security-association lifetime seconds 3600"]),
            (SET, ["set pfs group14"]),
        ],
    ),
    "a profile that a tunnel uses too is not changed": Scene(
        PRIMARY, {"lifetime seconds 7200": "lifetime seconds 1800"},
        [
            (BUILD, ["crypto ipsec profile GETVPN_r2", "set security-association lifetime seconds 1800",
                     "set transform-set STRONG"]),
            (SET, ["profile GETVPN_r2"]),
        ],
        left=("crypto ipsec profile GETVPN",),
        added="interface Tunnel5\n tunnel protection ipsec profile GETVPN\n",
    ),
    "another profile takes the place of the old one, which goes with its transform set": Scene(
        PRIMARY,
        {"crypto ipsec profile GETVPN": "crypto ipsec profile SHORT", "   profile GETVPN": "   profile SHORT"},
        [
            (BUILD, ["crypto ipsec profile SHORT", "set security-association lifetime seconds 7200",
                     "set transform-set STRONG"]),
            (SET, ["profile SHORT"]),
            (CLEAN, ["no crypto ipsec profile OLD-P", "no crypto ipsec transform-set OLD-T"]),
        ],
        running={"profile GETVPN": "profile OLD-P", " set transform-set STRONG": " set transform-set OLD-T",
                 "crypto ipsec profile OLD-P":
                 "crypto ipsec transform-set OLD-T esp-3des esp-sha-hmac\ncrypto ipsec profile OLD-P"},
    ),
    "receive-only comes first and goes last": Scene(
        PRIMARY, {"  rekey algorithm aes 256": "  rekey algorithm aes 128\n  sa receive-only"},
        [(SET, ["sa receive-only"]), (SET, ["rekey algorithm aes 128"])],
    ),
    "and goes last": Scene(
        PRIMARY, {"  rekey algorithm aes 256": "  rekey algorithm aes 128"},
        [(SET, ["rekey algorithm aes 128"]), (SET, ["no sa receive-only"])],
        running={"  rekey algorithm aes 256": "  rekey algorithm aes 256\n  sa receive-only"},
    ),
    "lines that change no keys stand in one step": Scene(
        PRIMARY,
        {"local priority 100": "local priority 75", "peer address ipv4 10.255.0.2": "peer address ipv4 10.255.0.3",
         "  rekey algorithm aes 256": "  rekey retransmit 10 number 3\n  rekey algorithm aes 256"},
        [(SET, ["rekey retransmit 10 number 3", "local priority 75", "peer address ipv4 10.255.0.3",
                "no peer address ipv4 10.255.0.2"])],
    ),
    "another SA of a live group is built before it is put to use": Scene(
        PRIMARY,
        {"  address ipv4 10.255.0.1": "  sa ipsec 2\n   profile GETVPN\n   match address ipv4 POLICY\n"
         "  address ipv4 10.255.0.1"},
        [(SET, ["sa ipsec 2", "profile GETVPN"]), (SET, ["match address ipv4 POLICY"])],
    ),
    "a key is removed and typed again in one step": Scene(
        MEMBER, {"first-1": "second-1"},
        [(SET, ["no crypto isakmp key KEY address 10.255.0.1", "crypto isakmp key KEY address 10.255.0.1"])],
    ),
    "a key that is not needed goes last, a new one comes first": Scene(
        MEMBER, {"key first-2 address 10.255.0.2": "key first-3 address 10.255.0.3"},
        [(BUILD, ["crypto isakmp key KEY address 10.255.0.3"]),
         (CLEAN, ["no crypto isakmp key KEY address 10.255.0.2"])],
    ),
    "keys and policies stay if another VPN is there": Scene(
        MEMBER, {"key first-2 address 10.255.0.2": "key first-3 address 10.255.0.3"},
        [(BUILD, ["crypto isakmp key KEY address 10.255.0.3"])],
        added=_OTHER_VPN, left=("crypto isakmp key",),
    ),
    "an encrypted key can not be compared": Scene(
        MEMBER, {}, [], [], running={"key first-1": "key 6 WDaFGXcMVRBRUaHfX"}, left=("crypto isakmp key",), lab=False
    ),
    "a policy that changes stays under a free number until the clean-up": Scene(
        MEMBER, {" group 14": " group 19"},
        [
            (SET, ["crypto isakmp policy 11", "encr aes 256", "hash sha256", "authentication pre-share", "group 14",
                   "lifetime 1200"]),
            (SET, ["group 19"]),
            (CLEAN, ["no crypto isakmp policy 11"]),
        ],
        [("changed", "group 14", "group 19")],
    ),
    "a lifetime alone needs no second policy": Scene(MEMBER, {" lifetime 1200": ""}, [(SET, ["no lifetime 1200"])]),
    "the order of key servers is set without emptying it": Scene(
        MEMBER,
        {" server address ipv4 10.255.0.1\n server address ipv4 10.255.0.2":
         " server address ipv4 10.255.0.3\n server address ipv4 10.255.0.2\n server address ipv4 10.255.0.1"},
        [(SET, ["server address ipv4 10.255.0.3", "no server address ipv4 10.255.0.1",
                "no server address ipv4 10.255.0.2", "server address ipv4 10.255.0.2",
                "server address ipv4 10.255.0.1"])],
    ),
    "the map is applied last, and fail-close after it": Scene(
        MEMBER, {},
        [
            (BUILD, [f"{_LIST} PASS", "permit udp any any eq 848"]),
            (BUILD, ["crypto map GETVPN 10 gdoi", "set group WAN", "crypto map GETVPN gdoi fail-close",
                     "match address PASS"]),
            (SET, ["crypto map GETVPN"]),
            (SET, ["activate"]),
        ],
        running={"crypto map GETVPN 10 gdoi\n set group WAN\n": "", " crypto map GETVPN\n": "", _CLOSED: ""},
    ),
    "fail-close goes first": Scene(
        MEMBER, {_CLOSED: ""},
        [(SET, ["no activate"]), (CLEAN, ["no crypto map GETVPN gdoi fail-close"]), (CLEAN, [f"no {_LIST} PASS"])],
    ),
    "another map takes the place of the old one, which goes with its list": Scene(
        MEMBER, {},
        [
            (BUILD, ["crypto map GETVPN 10 gdoi", "set group WAN"]),
            (SET, ["crypto map GETVPN"]),
            (CLEAN, ["no crypto map OLD 7"]),
            (CLEAN, [f"no {_LIST} OLD-LOCAL"]),
        ],
        running={"crypto map GETVPN 10 gdoi\n set group WAN\n": _OLD_MAP, " crypto map GETVPN\n": " crypto map OLD\n"},
        added=f"{_LIST} OLD-LOCAL\n deny tcp any any eq 22\n",
    ),
    "a map with other tunnels is not replaced": Scene(
        MEMBER, {}, [], [("changed", "crypto map BRANCH", "crypto map GETVPN")],
        running={" crypto map GETVPN\n": " crypto map BRANCH\n"}, added=_OTHER_VPN,
        left=("crypto map BRANCH",), lab=False,
    ),
    "a map where it should not be is taken off": Scene(
        MEMBER, {}, [(SET, ["no crypto map GETVPN"])], [("extra", "crypto map GETVPN", None)],
        running={" ip address 10.7.0.1 255.255.255.0": " ip address 10.7.0.1 255.255.255.0\n crypto map GETVPN"},
    ),
    "a group that the intent does not know is never touched": Scene(
        MEMBER, {}, [], [],
        added="crypto gdoi group GUEST\n identity number 99\ncrypto map GETVPN 30 gdoi\n set group GUEST\n",
        left=("crypto map GETVPN 30 gdoi",),
    ),
    "lines that nobody knows stay in a managed section": Scene(
        MEMBER, {" group 14": " group 19"},
        [
            (SET, ["crypto isakmp policy 11", "encr aes 256", "hash sha256", "authentication pre-share", "group 14",
                   "lifetime 1200"]),
            (SET, ["group 19"]),
            (CLEAN, ["no crypto isakmp policy 11"]),
        ],
        running={" identity number 4711": " identity number 4711\n shade of blue"}, left=("shade of blue",), lab=False,
    ),
    "an interface that is not there is not made": Scene(
        MEMBER, {"interface GigabitEthernet0/0/1": "interface Tunnel9\n ip pim sparse-mode\n"
                 "interface GigabitEthernet0/0/1"},
        [], [("missing", None, "interface Tunnel9"), ("missing", None, "ip pim sparse-mode")],
        left=("interface Tunnel9",), lab=False,
    ),
    "another entry comes into a map in use before the old one goes": Scene(
        MEMBER, {"crypto map GETVPN 10 gdoi": "crypto map GETVPN 20 gdoi"},
        [(SET, ["crypto map GETVPN 20 gdoi", "set group WAN"]), (SET, ["no crypto map GETVPN 10"])],
    ),
    "another SA takes the place of the old one before that goes": Scene(
        PRIMARY, {"sa ipsec 1": "sa ipsec 2"},
        [(SET, ["sa ipsec 2", "profile GETVPN", "replay time window-size 5"]),
         (SET, ["match address ipv4 POLICY"]), (SET, ["no sa ipsec 1"])],
    ),
    "two SAs of a group are changed one after the other": Scene(
        PRIMARY.replace("  address ipv4 10.255.0.1", f"{_SECOND}  address ipv4 10.255.0.1"),
        {"replay time window-size 5": "replay time window-size 9"},
        [(SET, ["replay time window-size 9"]), (SET, ["replay time window-size 9"])],
    ),
    "3600 seconds are no default where the router has another one": Scene(
        PRIMARY, {"lifetime seconds 7200": "lifetime seconds 3600"},
        [(SET, ["set security-association lifetime seconds 3600"])],
        [("missing", None, "set security-association lifetime seconds 3600")],
        running={" set security-association lifetime seconds 7200\n": ""},
        added="crypto ipsec security-association lifetime seconds 7200\n",
    ),
    "multicast routing of others stays": Scene(
        MEMBER, {"no ip domain lookup": "no ip domain lookup\nip multicast-routing distributed\n"
                 "ip pim rp-address 10.255.0.9 GETVPN-GROUPS"},
        [(SET, ["ip multicast-routing distributed"]), (SET, ["ip pim rp-address 10.255.0.9 GETVPN-GROUPS"])],
        added="ip multicast-routing vrf RED distributed\nip pim rp-address 10.7.7.7\n", lab=False,
    ),
    "a revision of a numbered list has a name": Scene(
        MEMBER + "ip pim ssm range 21\naccess-list 21 permit 239.192.0.0 0.0.0.255\n",
        {"239.192.0.0": "239.193.0.0"},
        [
            (BUILD, ["ip access-list standard LIST21_r2", "permit 239.193.0.0 0.0.0.255"]),
            (SET, ["ip pim ssm range LIST21_r2"]),
            (CLEAN, ["no access-list 21"]),
        ],
        [("extra", "permit 239.192.0.0 0.0.0.255", None), ("missing", None, "permit 239.193.0.0 0.0.0.255")],
        lab=False,
    ),
    "a numbered list of members is not edited": Scene(
        PRIMARY, {" 20 permit 10.254.8.2": " 20 permit 10.254.9.2"},
        [
            (BUILD, ["ip access-list standard MEMBERS", "10 permit 10.254.7.2", "20 permit 10.254.9.2"]),
            (SET, ["authorization address ipv4 MEMBERS"]),
            (CLEAN, ["no access-list 44"]),
        ],
        running={"ipv4 MEMBERS": "ipv4 44", "ip access-list standard MEMBERS\n 10 permit 10.254.7.2\n"
                 " 20 permit 10.254.8.2\n": "access-list 44 permit 10.254.7.2\n"},
    ),
}  # fmt: skip


def _texts(scene: Scene) -> tuple[str, str]:
    base = scene.base + (_CLOSED if _CLOSED in {**scene.intended, **scene.running} else "")
    return _made(base, scene.running, scene.added), _made(base, scene.intended)


@pytest.mark.parametrize("name", SCENES)
def test_scene(name: str) -> None:
    scene = SCENES[name]
    running, intended = _texts(scene)
    found = compare("br-1", config(running), config(intended), "17.6.5")
    told = [(step.kind, [_keyless(line.text) for line in step.lines]) for step in found.change.steps]
    assert told == scene.steps
    if scene.drifts is not None:
        assert [(drift.kind.value, drift.running, drift.intended) for drift in found.drifts] == scene.drifts
    spoken = [note.text for note in found.notes if note.kind is not NoteKind.NOT_MANAGED or note.text[:5] == "shade"]
    assert all(any(text.startswith(start) for text in spoken) for start in scene.left), spoken
    for step in found.change.steps:
        assert scene.base == MEMBER or weighed(step) <= 1


def _keyless(text: str) -> str:
    words = text.split()
    if "<redacted" in words:
        at = words.index("<redacted")
        words[at : at + 2] = ["KEY"]
    return " ".join(words)


_WHOLE = [name for name, scene in SCENES.items() if scene.steps or scene.drifts == []]


@pytest.mark.parametrize("name", _WHOLE)
def test_there_and_back_again(name: str) -> None:
    running, intended = _texts(SCENES[name])
    walk_round(config(running), config(intended))


@pytest.mark.parametrize("name", [name for name in _WHOLE if SCENES[name].lab])
def test_scene_on_a_router(name: str) -> None:
    running, intended = _texts(SCENES[name])
    walk_round_on_lab(running, config(intended))


EFFECTS = {
    "12.4(22)T2": (RekeyEffect.AT_ONCE, RekeyEffect.NEXT_REKEY),
    "15.1(4)M12": (RekeyEffect.AT_ONCE, RekeyEffect.NEXT_REKEY),
    "15.2(1)T": (RekeyEffect.BY_COMMAND, RekeyEffect.NEXT_REKEY),
    "03.04.02.S": (RekeyEffect.AT_ONCE, RekeyEffect.NEXT_REKEY),
    "03.05.00.S": (RekeyEffect.BY_COMMAND, RekeyEffect.NEXT_REKEY),
    "17.6.5": (RekeyEffect.BY_COMMAND, RekeyEffect.NEXT_REKEY),
    "": (RekeyEffect.AT_ONCE, RekeyEffect.NEXT_REKEY),
}


@pytest.mark.parametrize("release", EFFECTS)
def test_what_a_step_does_to_the_keys(release: str) -> None:
    intended = _made(PRIMARY, {"rekey algorithm aes 256": "rekey algorithm aes 128", "seconds 7200": "seconds 1800"})
    found = compare("ks-1", config(PRIMARY), config(intended), release)
    by_line = {step.lines[0].text: step for step in found.change.steps}
    policy, lifetime = EFFECTS[release]
    assert by_line["rekey algorithm aes 128"].effect is policy
    assert by_line["set security-association lifetime seconds 1800"].effect is lifetime
    assert all(step.groups == ("WAN",) for step in found.change.steps)


def test_secrets_are_sent_and_never_shown() -> None:
    found = compare("br-1", config(MEMBER), config(_made(MEMBER, {"first-1": "second-1"})), "17.6.5")
    lines = found.change.steps[0].lines
    assert [line.true_text for line in lines] == [
        "no crypto isakmp key first-1 address 10.255.0.1",
        "crypto isakmp key second-1 address 10.255.0.1",
    ]
    assert "second-1" not in repr(found)
    assert "first-1" not in repr(found)


def test_a_placeholder_is_never_sent() -> None:
    redacted = "\n".join(line.text for line in config(MEMBER).tree if "isakmp key" in line.text)
    intended = _made(MEMBER, {
        "crypto isakmp key first-1 address 10.255.0.1\ncrypto isakmp key first-2 address 10.255.0.2":
        redacted.replace("10.255.0.2", "10.255.0.9"),
    })  # fmt: skip
    found = compare("br-1", config(MEMBER), config(intended), "17.6.5")
    assert [note.kind for note in found.notes if note.kind is NoteKind.CANNOT_TELL] == [NoteKind.CANNOT_TELL]
    assert all("<redacted" not in line.true_text for step in found.change.steps for line in step.lines)


def test_a_second_run_has_nothing_to_do_whatever_is_printed() -> None:
    printed = _made(
        PRIMARY,
        {
            "crypto gdoi group": "crypto gkm group", " encr aes 256": " encryption aes 256",
            " set security-association lifetime seconds 7200": "", "rekey transport unicast":
            "rekey transport unicast\n  rekey retransmit 10 number 2\n  rekey lifetime days 1\n  no sa receive-only",
            "eq 848 any eq 848": "eq 848   any  eq 848",
            " mode tunnel": "", " 10 deny udp": " deny   17",
            "   local priority 100\n   peer address ipv4 10.255.0.2": "   peer address ipv4 10.255.0.2\n"
            "   local priority 100",
            "   no tag\n": "",
        },
    )  # fmt: skip
    intended = _made(PRIMARY, {"lifetime seconds 7200": "lifetime seconds 3600"})
    found = compare("ks-1", config(printed), config(intended), "17.6.5")
    assert found.drifts == ()
    assert found.change.steps == ()


def test_a_half_done_change_is_taken_up() -> None:
    running = config(PRIMARY)
    intended = config(_made(PRIMARY, {_PERMIT: f"{_NTP}{_PERMIT}"}))
    first = compare("ks-1", running, intended, "17.6.5")
    half = after(running, first.change.steps[0].lines)
    second = compare("ks-1", half, intended, "17.6.5")
    assert second.change.steps == first.change.steps[1:]


def test_what_can_not_be_brought_back_is_not_removed() -> None:
    held = "crypto isakmp profile IP\n keyring {0}\n match identity address 10.9.0.1 255.255.255.255\n"
    old = config("crypto keyring OLD\n pre-shared-key address 10.9.0.1 key k-1\n").tree[0]
    redacted = f"crypto keyring OLD\n {old.children[0].text}\n"
    new = "crypto keyring NEW\n pre-shared-key address 10.9.0.1 key k-2\n"
    found = compare(
        "br-1",
        config(MEMBER + held.format("OLD") + redacted),
        config(MEMBER + held.format("NEW") + new),
        "17.6.5",
    )
    sent = [line.true_text for step in found.change.steps for line in (*step.lines, *step.rollback)]
    assert "no crypto keyring OLD" not in sent
    assert not any("<redacted" in text for text in sent)
    assert [note.text for note in found.notes if note.kind is NoteKind.CANNOT_TELL] == ["crypto keyring OLD"]


def test_the_way_back_of_a_new_key_server_is_asked_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A router asks before it removes the group of a key server, and nobody answers in configuration mode."""
    monkeypatch.setattr("circle._ASKS", set())  # nobody says yes: what asks does nothing
    (built,) = [
        step
        for step in compare("ks-1", config("hostname ks-1\n"), config(PRIMARY), "17.6.5").change.steps
        if step.title == "build group WAN"
    ]
    assert [line.text for line in built.rollback] == ["no server local", "no crypto gdoi group WAN"]
    router = LabRouter(PRIMARY)
    router.type(built.rollback)
    assert not any("crypto gdoi group" in line.text for line in router.read().tree)
