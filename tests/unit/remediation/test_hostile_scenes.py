"""Changes that would harm if they were planned carelessly: roles, interfaces, names and orders that swap."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from circle import config, unmanaged, walk_round, walk_round_on_lab, weighed
from samples import MEMBER, PRIMARY

from getvpn_ops.remediation.compare import compare

_SERVER = PRIMARY[PRIMARY.index(" server local\n") : PRIMARY.index("interface Loopback0")]
_AS_MEMBER = " server address ipv4 10.255.0.9\n"
_MAP = "crypto map GETVPN 10 gdoi\n set group WAN\n"
_CORE = " ip address 10.1.255.2 255.255.255.248\n"
_WAN = "interface GigabitEthernet0/0/0\n description to the provider\n ip address 10.254.7.2 255.255.255.252\n"
_WAN += " crypto map GETVPN\n"
_DESKS = " ip address 10.7.0.1 255.255.255.0\n"
_TUNNEL = "interface Tunnel7\n ip address 10.99.0.7 255.255.255.0\n tunnel source Loopback0\n crypto map GETVPN\n"
_SITE = "crypto map SITE 5 ipsec-isakmp\n set peer 192.0.2.9\n match address 177\n"
_WILD = "key first-1 address 10.255.0.1"


@dataclass(frozen=True)
class Case:
    """A router and what it should be, as texts that are replaced in a base.

    Attributes:
        base: of both.
        running: replaced in what the router has.
        intended: replaced in what it should have.
        set: lines of each step that sets something or cleans up, without their modes.
        drifts: running and intended text of each.
        left: parts of notes, each with its line.
        added: to what the router has.
        lab: whether a router of the lab plays it too.
    """

    base: str
    running: dict[str, str] = field(default_factory=dict)
    intended: dict[str, str] = field(default_factory=dict)
    set: tuple[tuple[str, ...], ...] = ()
    drifts: tuple[tuple[str | None, str | None], ...] | None = None
    left: tuple[str, ...] = ()
    added: str = ""
    lab: bool = True


CASES = {
    "a map on an interface that the intent does not name is taken off, and the interface stays": Case(
        MEMBER, intended={_WAN: "", _DESKS: f"{_DESKS} crypto map GETVPN\n"},
        set=(("crypto map GETVPN",), ("no crypto map GETVPN",)),
        drifts=((None, "crypto map GETVPN"), ("crypto map GETVPN", None)),
    ),
    "a map on a tunnel that nobody intends is taken off, and the tunnel stays": Case(
        MEMBER, set=(("no crypto map GETVPN",),), drifts=(("crypto map GETVPN", None),), added=_TUNNEL, lab=False,
    ),
    "a map of our group under another name goes from an interface that the intent does not name": Case(
        MEMBER, running={"crypto map GETVPN": "crypto map OLD"},
        intended={_WAN: "", _DESKS: f"{_DESKS} crypto map GETVPN\n"},
        set=(("crypto map GETVPN",), ("no crypto map OLD",), ("no crypto map OLD 10",)),
        drifts=((None, "crypto map GETVPN 10 gdoi"), (None, "set group WAN"), (None, "crypto map GETVPN"),
                ("crypto map OLD", None), ("crypto map OLD 10 gdoi", None)),
    ),
    "a map moves to another interface: it comes before it goes": Case(
        MEMBER, intended={" crypto map GETVPN\ninterface": "interface", _DESKS: f"{_DESKS} crypto map GETVPN\n"},
        set=(("crypto map GETVPN",), ("no crypto map GETVPN",)),
    ),
    "a key server becomes a member: it serves no more before it names servers": Case(
        PRIMARY, intended={_SERVER: f"{_AS_MEMBER}{_MAP}", _CORE: f"{_CORE} crypto map GETVPN\n"},
        set=(
            ("no server local",), ("server address ipv4 10.255.0.9",), ("crypto map GETVPN",),
            ("no ip access-list standard MEMBERS", "no ip access-list extended POLICY"),
        ),
    ),
    "a member becomes a key server: its map and its servers go before it serves": Case(
        PRIMARY, running={_SERVER: f"{_AS_MEMBER}{_MAP}", _CORE: f"{_CORE} crypto map GETVPN\n"},
        set=(
            ("no crypto map GETVPN",), ("no server address ipv4 10.255.0.9",),
            ("server local", "rekey algorithm aes 256", "rekey authentication mypubkey rsa REKEY",
             "rekey transport unicast", "authorization address ipv4 MEMBERS", "sa ipsec 1", "profile GETVPN",
             "replay time window-size 5", "match address ipv4 POLICY", "redundancy", "local priority 100",
             "peer address ipv4 10.255.0.2"),
            ("address ipv4 10.255.0.1",),
        ),
        left=("crypto map GETVPN 10 gdoi: 'crypto ipsec profile GETVPN' mentions it",),
    ),
    "receive-only comes before another transform set": Case(
        PRIMARY, intended={"esp-sha-hmac": "esp-sha256-hmac",
                           "  rekey algorithm": "  sa receive-only\n  rekey algorithm"},
        set=(("sa receive-only",), ("set transform-set STRONG_r2",), ("no crypto ipsec transform-set STRONG",)),
    ),
    "passive stands alone": Case(
        MEMBER, running={" identity number 4711": " identity number 4711\n passive"},
        intended={" server address ipv4 10.255.0.2": " server address ipv4 10.255.0.3"},
        set=(("server address ipv4 10.255.0.3", "no server address ipv4 10.255.0.2"), ("no passive",)),
    ),
    "a key for everybody is the same with its mask": Case(
        MEMBER, running={_WILD: "key first-1 address 0.0.0.0 0.0.0.0"},
        intended={_WILD: "key first-1 address 0.0.0.0"}, drifts=(), lab=False,
    ),
    "a group that was renamed is not forgotten": Case(
        PRIMARY, intended={"group WAN": "group WIDE"}, set=(("address ipv4 10.255.0.1",),),
        left=("crypto gdoi group WAN: no intent speaks of it",),
    ),
    "an old IKE policy that another VPN may use stays for good": Case(
        MEMBER, intended={" group 14": " group 19"},
        set=(("crypto isakmp policy 11", "encr aes 256", "hash sha256", "authentication pre-share", "group 14",
              "lifetime 1200"), ("group 19",)),
        added=_SITE, lab=False,
    ),
    "an entry of another kind has the number": Case(
        MEMBER, running={_MAP: "", " crypto map GETVPN\n": ""}, set=(),
        drifts=((None, "crypto map GETVPN 10 gdoi"), (None, "crypto map GETVPN")),
        left=("crypto map GETVPN 10 gdoi: 'crypto map GETVPN 10 ipsec-isakmp' has its number",),
        added="crypto map GETVPN 10 ipsec-isakmp\n set peer 192.0.2.9\n match address 177\n", lab=False,
    ),
    "a list whose name differs by its case is another list": Case(
        PRIMARY, running={"ipv4 POLICY": "ipv4 Policy", "extended POLICY": "extended Policy"},
        set=(("match address ipv4 POLICY",), ("no ip access-list extended Policy",)),
    ),
    "a map that holds another tunnel is not taken off": Case(
        MEMBER, running={_DESKS: f"{_DESKS} crypto map GETVPN\n"}, set=(), drifts=(("crypto map GETVPN", None),),
        left=("crypto map GETVPN: its crypto map GETVPN holds entries that are not managed",),
        added="crypto map GETVPN 5 ipsec-isakmp\n set peer 192.0.2.9\n match address 177\n", lab=False,
    ),
    "a group does not become one of IPv6": Case(
        MEMBER, intended={"group WAN\n identity": "group ipv6 WAN\n identity"},
        drifts=(("crypto gdoi group WAN", "crypto gdoi group ipv6 WAN"),),
        left=("crypto gdoi group WAN: a group keeps its IP version",), lab=False,
    ),
}  # fmt: skip

_STAYS = {
    "a group does not become one of IPv6", "an entry of another kind has the number",
    "a map that holds another tunnel is not taken off",
}  # fmt: skip
"""Here a drift stays, which a person has to end."""


def _made(base: str, replaced: dict[str, str], added: str = "") -> str:
    for old, new in replaced.items():
        assert old in base, old
        base = base.replace(old, new)
    return base + added


@pytest.mark.parametrize("name", CASES)
def test_what_is_planned(name: str) -> None:
    case = CASES[name]
    running, intended = _made(case.base, case.running, case.added), _made(case.base, case.intended)
    found = compare("br-1", config(running), config(intended), "17.6.5")
    told = tuple(tuple(line.text for line in step.lines) for step in found.change.steps if step.kind.value != "build")
    assert told == case.set
    if case.drifts is not None:
        assert tuple((drift.running, drift.intended) for drift in found.drifts) == case.drifts
    spoken = [f"{note.text}: {note.reason}" for note in found.notes]
    assert all(any(part in text for text in spoken) for part in case.left), spoken
    assert all(case.base == MEMBER or weighed(step) <= 1 for step in found.change.steps)


@pytest.mark.parametrize("name", [name for name in CASES if name not in _STAYS])
def test_there_and_back(name: str) -> None:
    case = CASES[name]
    running = config(_made(case.base, case.running, case.added))
    walk_round(running, config(_made(case.base, case.intended)))


_OLD = {"   no tag\n": "", " hash sha256\n": "", " group 14\n": " group 5\n", "esp-sha256-hmac": "esp-md5-hmac"}
"""What the oldest release does not take, in words that it does."""


@pytest.mark.parametrize("release", ["12.4(22)T5", "15.2(4)M11", "17.6.5"])
@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].lab])
def test_there_and_back_on_a_router(name: str, release: str) -> None:
    case = CASES[name]
    texts = [_made(case.base, case.running, case.added), _made(case.base, case.intended)]
    if release.startswith("12"):
        for old, new in _OLD.items():
            texts = [text.replace(old, new) for text in texts]
    walk_round_on_lab(texts[0], config(texts[1]), release)


_WHOLE = ("no interface ", "no crypto gdoi group ", "no crypto gkm group ", "no crypto pki trustpoint ")


@pytest.mark.parametrize("name", CASES)
def test_no_interface_group_or_trustpoint_is_ever_removed_forward(name: str) -> None:
    case = CASES[name]
    running = config(_made(case.base, case.running, case.added))
    found = compare("br-1", running, config(_made(case.base, case.intended)), "17.6.5")
    assert not [line for step in found.change.steps for line in step.lines if line.text.startswith(_WHOLE)]
    assert unmanaged(running.tree)


_FLEX = """crypto ikev2 keyring KR
 peer KS
  address 10.255.0.1
  pre-shared-key k-1
crypto ikev2 profile P2
 match identity remote address 10.255.0.1 255.255.255.255
 authentication local pre-share
 authentication remote pre-share
 keyring local KR
"""
_SPOKE = "crypto ipsec profile FLEX\n set ikev2-profile P2\ninterface Tunnel3\n tunnel protection ipsec profile FLEX\n"
SHARED = {
    "by nobody": ("", None),
    "by a tunnel's profile": (_SPOKE, "'set ikev2-profile P2' uses it as well, which is not managed here"),
}


@pytest.mark.parametrize("name", SHARED)
def test_who_else_uses_what_is_changed_is_said(name: str) -> None:
    added, said = SHARED[name]
    intended = _made(MEMBER + _FLEX, {"keyring local KR": "keyring local KR\n lifetime 3600"})
    found = compare("br-1", config(MEMBER + _FLEX + added), config(intended), "17.6.5")
    assert [note for step in found.change.steps for note in step.notes if "uses it" in note] == [said] * bool(said)
