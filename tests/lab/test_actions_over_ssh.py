"""Actions as they are typed: planned, applied over SSH, and proven by the routers of a lab."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hands import configure
from worksites import Worksite, part_of_example

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVERS = ("lds-ks1", "ams-ks1", "dub-ks1")
MEMBER, OTHER = "aar-gm1", "lon-gm1"
GOOD, FINDINGS, REFUSED = 0, 4, 8


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    """Three key servers and two members."""
    root = tmp_path_factory.mktemp("site")
    with Worksite(root / "w", part_of_example(root / "inventory", [*SERVERS, MEMBER, OTHER])) as made:
        yield made


def plan(site: Worksite, *words: str) -> dict[str, Any]:
    """The plan of an action."""
    _, told, _ = site.ask("plan", "action", *words)
    found: dict[str, Any] = told["plan"]
    return found


def apply(site: Worksite, *words: str) -> tuple[int, str]:
    """Apply the plan that was made last; returns the exit code, and all that was said."""
    code, out, err = site.run("apply", "last", "--yes", "--accept-loss", *words, "--lab", "-o", "json")
    return code, out + err


def logged(site: Worksite, name: str, mnemonic: str) -> int:
    """How often a router logged something."""
    return site.lab.call(lambda: sum(mnemonic in line for line in site.lab.router(name).logged))


def primary(site: Worksite) -> str:
    """The one primary of the WAN."""
    (found,) = site.lab.call(
        lambda: [name for name in SERVERS if site.lab.router(name).gdoi.servers["WAN"].role.value == "Primary"]
    )
    return found


def test_member_is_cleared_and_comes_back(site: Worksite) -> None:
    assert plan(site, "clear-member", MEMBER)["effects"][0]["statement"] == "loses"
    code, said = apply(site)
    assert code == GOOD, said
    assert re.search(r"aar-gm1: registered anew within \d+ s, and has 0x[0-9A-F]{8} of lds-ks1", said)
    assert logged(site, MEMBER, "GM_CLEAR_REGISTER") == 1


def test_answer_that_never_came(site: Worksite) -> None:
    """The clear works, and the session breaks before its prompt: the router is read, and nothing is typed again."""
    before = logged(site, OTHER, "GM_CLEAR_REGISTER")
    site.arm(OTHER, "drop-after-apply", "yes")
    plan(site, "clear-member", OTHER)
    code, said = apply(site)
    site.heal()
    assert code == GOOD, said
    assert logged(site, OTHER, "GM_CLEAR_REGISTER") == before + 1


@pytest.mark.parametrize("words", [(), ("--confirm", "clear ams-ks1"), ("--confirm", "yes")], ids=" ".join)
def test_key_server_is_not_cleared_without_its_name(site: Worksite, words: tuple[str, ...]) -> None:
    asked = plan(site, "clear-key-server", "lds-ks1", "--set", "group=WAN")
    assert asked["confirm"] == "clear lds-ks1"
    assert "2 members (aar-gm1, lon-gm1)" in asked["drops"][0]
    code, said = apply(site, *words)
    assert code == REFUSED
    assert "clear lds-ks1" in said
    assert logged(site, "lds-ks1", "KS_CLEAR_REGISTER") == 0


def test_role_is_handed_on(site: Worksite) -> None:
    before = primary(site)
    assert "would be elected again" in plan(site, "role-change", "WAN")["refusals"][0]
    configure(site.lab, before, "crypto gdoi group WAN", "server local", "redundancy", "local priority 10")
    assert plan(site, "role-change", "WAN")["refusals"] == []
    code, said = apply(site)
    assert code == GOOD, said
    assert primary(site) != before
    assert f"{primary(site)} is the one primary of group WAN, and has the keys of before" in said


def test_direction_until_the_next_rekey(site: Worksite) -> None:
    assert "before the test is over" in plan(site, "direction", MEMBER, "--set", "minutes=240")["refusals"][0]
    assert apply(site)[0] == FINDINGS
    assert plan(site, "direction", MEMBER)["refusals"] == []
    code, said = apply(site)
    assert code == GOOD, said
    (member,) = site.lab.call(lambda: list(site.lab.router(MEMBER).gdoi.members))
    assert member.direction.value.casefold() == "inbound optional"


ALL, PEER = ("what=gdoi gm rekey",), ("what=isakmp", "peer=10.255.0.1")
LOST = {
    "before it is switched off": ("drop-before", "undebug all", ALL, GOOD),
    "while it is switched on": ("drop-after-apply", "debug crypto gdoi gm rekey", ALL, FINDINGS),
    "of one peer": (None, "", PEER, GOOD),
    "once the condition is taken": ("drop-after-apply", "debug crypto condition peer ipv4 10.255.0.1", PEER, GOOD),
    "before the condition is taken away": ("drop-before", "debug crypto condition reset", PEER, GOOD),
    "once the condition is taken away": ("drop-after-apply", "debug crypto condition reset", PEER, GOOD),
}


@pytest.mark.parametrize(("fault", "line", "what", "ends"), LOST.values(), ids=LOST.keys())
def test_debugging_ends_although_its_session_is_lost(
    site: Worksite, fault: str | None, line: str, what: tuple[str, ...], ends: int
) -> None:
    if fault is not None:
        site.arm(MEMBER, fault, line)
    plan(site, "debug", MEMBER, *(word for value in what for word in ("--set", value)), "--set", "seconds=10")
    code, said = apply(site)
    site.heal()
    assert code == ends, said
    assert "debugging is off" in said
    state = site.lab.call(lambda: site.lab.router(MEMBER).gdoi)
    assert (state.debugs, state.debug_peers) == (set(), set())


def test_rekey_of_both_members(site: Worksite) -> None:
    shipped = plan(site, "rekey", "WAN")
    assert shipped["rekeys"][0]["group"] == "WAN"
    code, said = apply(site)
    assert code == GOOD, said
    assert logged(site, primary(site), "KS_SEND_UNICAST_REKEY") == 1
