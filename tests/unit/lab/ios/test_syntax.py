"""Lines are understood, and refused, as IOS does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from getvpn_ops.lab.ios.syntax import Accepted, Ambiguous, GrammarError, Incomplete, Invalid, Syntax, interface_name

EXEC = Syntax(
    [
        ("show ip interface brief", "brief"),
        ("show inventory", "inventory"),
        ("show running-config", "running"),
        ("clear crypto isakmp", "isakmp"),
        ("clear crypto session", "session"),
        ("clear crypto gdoi [group WORD]", "gdoi"),
        ("logging A.B.C.D", "logging"),
        ("ping A.B.C.D [{size <36-18024> | source IFNAME}] [repeat <1-100>]", "ping"),
        ("rekey retransmit <10-60> [{number <1-60> | periodic}]", "retransmit"),
        ("description LINE", "description"),
        ("server address {ipv4 A.B.C.D | ipv6 X:X:X:X::X}", "server"),
    ]
)

READ = {
    "in-full": ("show running-config", Accepted("running", ("show", "running-config"), ())),
    "abbreviated": ("sh run", Accepted("running", ("show", "running-config"), ())),
    "capitals": ("SH RUN", Accepted("running", ("show", "running-config"), ())),
    "values": (
        "rekey retr 20 num 3",
        Accepted("retransmit", ("rekey", "retransmit", "20", "number", "3"), ("20", "3")),
    ),
    "option-left-out": ("clear cry gdoi", Accepted("gdoi", ("clear", "crypto", "gdoi"), ())),
    "option": ("clear cry gdoi gr A-1", Accepted("gdoi", ("clear", "crypto", "gdoi", "group", "A-1"), ("A-1",))),
    "rest-of-line": (
        "descr to  the core ",
        Accepted("description", ("description", "to  the core"), ("to  the core",)),
    ),
    "address": (
        "server addr ipv4 10.0.0.1",
        Accepted("server", ("server", "address", "ipv4", "10.0.0.1"), ("10.0.0.1",)),
    ),
    "two-options": (
        "ping 10.0.0.1 so lo0 rep 5",
        Accepted("ping", ("ping", "10.0.0.1", "source", "Loopback0", "repeat", "5"), ("10.0.0.1", "Loopback0", "5")),
    ),
    "ambiguous": ("show i", Ambiguous(("inventory", "ip"))),
    "incomplete": ("rekey retr", Incomplete(("rekey", "retransmit"))),
    "nothing": ("", Incomplete()),
    "first-word": ("xyz", Invalid(0)),
    # the caret stands under the a: an s... keyword exists
    "clear-crypto-isakmp-sa": ("clear crypto sa", Invalid(14)),
    "leading-zero": ("logging 0255.255.1", Invalid(8)),
    "out-of-range": ("rekey retransmit 5", Invalid(17)),
    "wrong-end": ("show running-config foo", Invalid(20)),
    "column-counts-blanks": ("show   foo", Invalid(7)),
}


@pytest.mark.parametrize(("line", "outcome"), READ.values(), ids=READ)
def test_read(line: str, outcome: object) -> None:
    assert EXEC.read(line) == outcome


HELP = {
    "start": ("", (("clear", "description", "logging", "ping", "rekey", "server", "show"), False)),
    "begun": ("s", (("server", "show"), False)),
    "next": ("show ", (("inventory", "ip", "running-config"), False)),
    "may-end": ("rekey retransmit 20 ", (("number", "periodic"), True)),
    "wrong": ("foo bar ", None),
}


@pytest.mark.parametrize(("line", "answer"), HELP.values(), ids=HELP)
def test_help(line: str, answer: object) -> None:
    assert EXEC.choices(line) == answer


@pytest.mark.parametrize("text", ["", "a [b", "a {b | c", "a ]"])
def test_malformed_grammar(text: str) -> None:
    with pytest.raises(GrammarError):
        Syntax([(text, None)])


NAMES = {"gi0/1": "GigabitEthernet0/1", "Gi0/1.20": "GigabitEthernet0/1.20", "lo0": "Loopback0", "fa4": "FastEthernet4",
         "t0": None, "te0/0/1": "TenGigabitEthernet0/0/1", "x1": None, "gi": None}  # fmt: skip


@pytest.mark.parametrize(("typed", "name"), NAMES.items())
def test_interface_names(typed: str, name: str | None) -> None:
    assert interface_name(typed) == name


@given(st.text(max_size=60))
def test_no_line_can_break_it(line: str) -> None:
    outcome = EXEC.read(line)
    if isinstance(outcome, Invalid):
        assert 0 <= outcome.column < len(line)
