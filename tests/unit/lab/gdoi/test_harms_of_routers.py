"""Faults of a router itself: what its screens and its log show while they last, and that nothing stays."""

from __future__ import annotations

from functools import cache

import pytest
from bank import Bank
from screens import Screen

from getvpn_ops.lab.faults import fault
from getvpn_ops.lab.gdoi.harms import HARMS, NotPossibleError

SHOWN = {
    "a processor without time": ("cpu-high", "ork-gm1", {}, "show processes cpu", "five minutes: 97%"),
    "a full engine": ("engine-full", "lis-gm1", {}, "show crypto eli", "40000 active, 40000 max, 12 failed"),
    "no licence on 15.x": ("licence-lost", "ork-gm1", {}, "show version", "security      None          None "),
    "an evaluation on 15.x": ("licence-lost", "ork-gm1", {"state": "evaluation"}, "show version", "EvalRightToUse"),
    "no licence on IOS-XE": ("licence-lost", "edi-gm1", {}, "show version", "securityk9       None  "),
    "another image": ("other-release", "edi-gm1", {"release": "17.3.6"}, "show version", "Version 17.03.06"),
    "no time server": ("ntp-lost", "ork-gm1", {}, "show ntp status", "Clock is unsynchronized"),
    "a clock that lost it": ("ntp-lost", "ork-gm1", {}, "show clock detail", "\n.08:"),
    "another version": ("version-differs", "lds-ks1", {}, "show crypto gdoi", "Local KS Version     : 2.0.1"),
}  # fmt: skip


@cache
def bank() -> Bank:
    return Bank(minutes=10)


def shown(device: str, command: str, of: Bank) -> str:
    screen = Screen(router=of.world.routers[device])
    text = screen.enter(command)
    screen.router.sessions.remove(screen.terminal)
    return text


@pytest.mark.parametrize(("name", "device", "options", "command", "words"), SHOWN.values(), ids=SHOWN)
def test_it_shows_as_long_as_it_lasts(
    name: str, device: str, options: dict[str, str], command: str, words: str
) -> None:
    made = fault(name, options=options)
    faults = bank().world.routers[device].faults
    before = shown(device, command, bank())
    undo = HARMS[name](bank().world, device, made.options) if name in HARMS else None
    faults.arm(made)
    during = shown(device, command, bank())
    faults.clear()
    if undo is not None:
        undo()
    assert words not in before
    assert words in during
    assert shown(device, command, bank()) == before


def test_what_is_logged_once() -> None:
    world = bank().world
    HARMS["coop-stranger"](world, "dub-ks1", {"address": "203.0.113.9"})
    HARMS["clear-injected"](world, "ork-gm1", {})
    assert "%GDOI-4-COOP_KS_UNAUTH: Contact from unauthorized KS 203.0.113.9 in group WAN" in bank().logged("dub-ks1")
    assert "%CRYPTO-4-RECVD_PKT_NOT_IPSEC" in bank().logged("ork-gm1")


def test_many_members_are_on_all_key_servers_and_go() -> None:
    own = Bank()
    undo = HARMS["many-members"](own.world, "ams-ks1", {"count": "300"})
    own.pass_time(seconds=60)
    assert "Group Members            : 324" in shown("dub-ks1", "show crypto gdoi", own)
    assert undo is not None
    undo()
    own.pass_time(seconds=60)
    assert {len(own.server(name).members) for name in ("lds-ks1", "ams-ks1", "dub-ks1")} == {24}


def test_a_version_is_told_to_the_others() -> None:
    own = Bank()
    own.world.routers["lds-ks1"].faults.arm(fault("version-differs"))
    own.pass_time(minutes=1)
    assert "Peer Version: 2.0.1" in shown("dub-ks1", "show crypto gdoi ks coop", own)


WRONG_PLACES = {
    "no certificate": ("crl-unreachable", "ork-gm1", {}),
    "no key server": ("coop-stranger", "ork-gm1", {"address": "203.0.113.9"}),
    "no member": ("clear-injected", "swa-ce1", {}),
    "12.4T shows no licence": ("licence-lost", "nor-gm1", {"state": "missing"}),
    "not such a state": ("licence-lost", "ork-gm1", {"state": "gone"}),
    "an image of another family": ("other-release", "ork-gm1", {"release": "17.6.5"}),
}


@pytest.mark.parametrize(("name", "device", "options"), WRONG_PLACES.values(), ids=WRONG_PLACES)
def test_what_cannot_be_harmed(name: str, device: str, options: dict[str, str]) -> None:
    with pytest.raises(NotPossibleError):
        HARMS[name](bank().world, device, options)


def test_a_crl_that_cannot_be_fetched() -> None:
    own = Bank()
    lines = (
        "configure terminal", "ip domain name lab.example", "crypto pki trustpoint CORP",
        "enrollment url http://192.0.2.62:80", "serial-number none", "ip-address none", "rsakeypair K 1024", "exit",
        "crypto pki authenticate CORP", "yes", "end",
    )  # fmt: skip
    Screen(router=own.world.routers["ham-gm1"]).enter(*lines)
    HARMS["crl-unreachable"](own.world, "ham-gm1", {})
    assert "%PKI-3-CRL_FETCH_FAIL: CRL fetch for trustpoint CORP failed" in own.logged("ham-gm1")
