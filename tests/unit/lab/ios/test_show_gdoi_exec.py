"""Commands that act on GDOI ask as routers do and hand on to the world; debugging and traces tell what happens."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from gdoi_states import KS2, key_server, member, shown

from getvpn_ops.lab.gdoi.state import Direction, Role

if TYPE_CHECKING:
    from screens import Screen


@dataclass
class Taken:
    """What the world was asked for."""

    calls: list[tuple[object, ...]] = field(default_factory=list)

    def clear(self, group: str | None) -> None:
        self.calls.append(("clear", group))

    def clear_members(self, group: str | None) -> None:
        self.calls.append(("members", group))

    def clear_role(self, group: str | None) -> None:
        self.calls.append(("role", group))

    def rekey(self, group: str | None, *, replace_now: bool) -> None:
        self.calls.append(("rekey", group, replace_now))

    def direct(self, group: str | None, direction: Direction) -> None:
        self.calls.append(("direct", group, direction))

    def clear_sas(self) -> None:
        self.calls.append(("sas",))


def asked(on: Screen, *lines: str) -> list[tuple[object, ...]]:
    """What lines ask of the world."""
    taken = Taken()
    on.router.gdoi.handles = taken
    on.enter(*lines)
    return taken.calls


COMMANDS = {
    "clear crypto gdoi|yes": [("clear", None)],
    "clear crypto gdoi|no": [],
    "clear crypto gdoi group METRO|y": [("clear", "METRO")],
    "clear crypto gkm group METRO|yes": [("clear", "METRO")],
    "clear crypto gdoi ks members|yes": [("members", None)],
    "clear crypto gdoi ks members now|no": [],
    "clear crypto gdoi ks policy|yes": [("clear", None)],
    "clear crypto gdoi ks coop role": [("role", None)],
    "crypto gdoi ks rekey": [("rekey", None, False)],
    "crypto gdoi ks rekey replace-now": [("rekey", None, True)],
    "crypto gdoi ks rekey group METRO replace-now": [("rekey", "METRO", True)],
    "crypto gkm ks rekey group METRO": [("rekey", "METRO", False)],
    "crypto gdoi ks rekey group OTHER": [],
}


@pytest.mark.parametrize("typed", COMMANDS)
def test_key_server_commands(typed: str) -> None:
    assert asked(key_server("17")[0], *typed.split("|")) == COMMANDS[typed]


DIRECTIONS = {
    "both": Direction.BOTH,
    "inbound only": Direction.INBOUND_ONLY,
    "inbound optional": Direction.INBOUND_OPTIONAL,
}


@pytest.mark.parametrize("release", ["12.4", "15", "17"])
@pytest.mark.parametrize("words", DIRECTIONS)
def test_directions(words: str, release: str) -> None:
    on, _ = member(release)
    assert asked(on, f"crypto gdoi gm ipsec direction {words}") == [("direct", None, DIRECTIONS[words])]
    assert asked(on, f"crypto gdoi gm group METRO ipsec direction {words}") == [("direct", "METRO", DIRECTIONS[words])]


def test_the_question_word_for_word() -> None:
    on, _ = member("17")
    assert on.enter("clear crypto gdoi").split("\r\n")[1:] == [
        "% The Key Server and Group Member will destroy created and downloaded policies.",
        "% All Group Members are required to re-register.",
        "",
        "Are you sure you want to proceed ? [yes/no]: ",
    ]
    assert on.enter("maybe").split("\r\n")[1:] == [
        "% Please answer 'yes' or 'no'.",
        "Are you sure you want to proceed ? [yes/no]: ",
    ]
    assert on.enter("yes").split("\r\n")[1:] == ["BOX#"]


def test_only_a_primary_rekeys() -> None:
    on, state = key_server("17")
    state.role = Role.SECONDARY
    assert asked(on, "crypto gdoi ks rekey") == []
    assert any(line.startswith("%") for line in shown(on, "crypto gdoi ks rekey"))


def test_clearing_all_keys_registers_again() -> None:
    on, state = member("17")
    assert asked(on, "clear crypto sa") == [("sas",)]
    assert asked(on, "clear crypto sa counters") == []
    assert state.counters.encrypted == 0
    state.counters.dropped_replay = 3
    on.enter("clear crypto gdoi replay")
    assert state.counters.dropped_replay == 0


def test_clearing_the_counters_of_peers() -> None:
    on, state = key_server("17")
    on.enter("clear crypto gdoi group OTHER ks coop counters")
    assert state.peers[KS2].ann_sent == 31
    on.enter("clear crypto gdoi ks coop counters")
    assert state.peers[KS2].ann_sent == state.peers[KS2].ann_received == 0


REFUSED = {
    "12.4": ("crypto gdoi ks rekey", "clear crypto gkm", "show monitor event-trace gdoi all"),
    "12.4(15)T8": ("clear crypto gdoi ks coop role", "show crypto map gdoi fail-close"),
    "17": ("clear crypto isakmp sa", "crypto gdoi gm ipsec direction inbound"),
}


@pytest.mark.parametrize(("release", "line"), [(key, line) for key, lines in REFUSED.items() for line in lines])
def test_what_a_release_lacks(release: str, line: str) -> None:
    on, _ = member(release)
    assert asked(on, line) == []
    assert any("% In" in text for text in shown(on, line))


DONE = "%GDOI-5-GM_REGS_COMPL: Registration to KS 10.66.0.1 complete for group METRO using address 10.66.9.2"
REKEY = "%GDOI-5-GM_RECV_REKEY: Received Rekey for group METRO from 10.66.0.2 to 10.66.9.2 with seq # 4"
FAILED = "%GDOI-1-UNAUTHORIZED_IDENTITY: Group METRO received registration from unauthorized identity: x"


def test_debugging_tells_what_was_asked_for() -> None:
    on, _ = member("17")
    assert shown(on, "show debugging")[:1] == [""]
    assert shown(on, "debug crypto gdoi gm rekey") == ["Crypto GDOI GM rekey debugging is on"]
    assert "  Crypto GDOI GM rekey debugging is on" in shown(on, "show debugging")
    on.router.log(DONE)
    on.router.log(REKEY)
    told = [line for line in on.router.logged if "GDOI:REKEY EVENT:(METRO:0):GM: " in line]
    assert len(told) == 1
    assert len(on.router.logged) == 3
    on.enter("undebug all")
    on.router.log(REKEY)
    assert len(on.router.logged) == 4
    on.enter("debug crypto gdoi", "no debug crypto gdoi")
    assert on.router.gdoi.debugs == set()


def test_conditions_of_debugging_outlive_it() -> None:
    on, _ = member("17")
    assert shown(on, "show crypto debug-condition") == ["Crypto conditional debug currently is turned OFF"]
    on.enter("debug crypto condition peer ipv4 10.66.0.1", "debug crypto condition peer ipv4 10.66.0.2")
    on.enter("debug crypto isakmp", "undebug all")
    assert shown(on, "show crypto debug-condition")[-1] == "10.66.0.1 10.66.0.2"
    on.enter("no debug crypto condition peer ipv4 10.66.0.1")
    assert on.router.gdoi.debug_peers == {"10.66.0.2"}
    on.enter("debug crypto condition reset")
    assert on.router.gdoi.debug_peers == set()


def test_a_reload_forgets_traces_and_debugging() -> None:
    on, _ = member("17")
    on.enter("debug crypto gdoi", "debug crypto condition peer ipv4 10.66.0.1", "clear crypto isakmp")
    on.router.log(DONE)
    on.router.reload()
    state = on.router.gdoi
    assert (state.debugs, state.debug_peers, list(state.trace), state.isakmp_cleared) == (set(), set(), [], None)


KINDS = {"all": 3, "registration all": 2, "rekey all": 1, "coop all": 0, "exit all": 1}


@pytest.mark.parametrize("words", KINDS)
def test_the_event_trace(words: str) -> None:
    on, _ = member("17")
    for text in (DONE, "%SYS-5-CONFIG_I: Configured", REKEY, FAILED):
        on.router.log(text)
    on.enter("clear logging", "")
    assert len(shown(on, f"show monitor event-trace gdoi {words}")) == KINDS[words]


def test_an_event_of_the_trace_has_a_layout_of_its_own() -> None:
    on, _ = member("17")
    on.router.log(REKEY)
    on.router.log("%CRYPTO-4-IKMP_BAD_MESSAGE: IKE message from 10.66.0.1 failed its sanity check or is malformed")
    on.router.log(FAILED)
    rekey, failed = shown(on, "show monitor event-trace gdoi all")
    known = "GDOI_REKEY_EVENT: REKEY_RCVD: From 10.66.0.2 to 10.66.9.2 with seq no 4 for the group METRO"
    stamp, _, text = rekey.partition(": ")
    assert text == known
    assert re.fullmatch(r"[*.]?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d\.\d{3}", stamp)
    assert failed.endswith(": GDOI_REG_EVENT: Group METRO received registration from unauthorized identity: x")
