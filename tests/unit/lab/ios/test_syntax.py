"""Lines are understood, and refused, as IOS does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from getvpn_ops.lab.ios.configuration.syntax import (
    Accepted,
    Ambiguous,
    GrammarError,
    Incomplete,
    Invalid,
    Syntax,
    interface_name,
)
from getvpn_ops.lab.ios.configuration.values import value

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


VALUES = {
    "a-mask": ("MASK", "255.255.254.0", "255.255.254.0"),
    "no-mask": ("MASK", "255.0.255.0", None),
    "prefix": ("A.B.C.D/NN", "10.0.0.0/8", "10.0.0.0/8"),
    "prefix-too-long": ("A.B.C.D/NN", "10.0.0.0/33", None),
    "as": ("ASN", "65001", "65001"),
    "as-with-a-dot": ("ASN", "65001.7", "65001.7"),
    "as-too-big": ("ASN", "4294967296", None),
    "as-half-too-big": ("ASN", "1.65536", None),
    "distinguisher": ("ASN:NN", "65001:7", "65001:7"),
    "no-distinguisher": ("ASN:NN", "65001", None),
    "list-of-numbers": ("N,N-N", "1,10-20", "1,10-20"),
    "hexadecimal": ("HEX", "0aF9", "0aF9"),
    "no-hexadecimal": ("HEX", "0xF9", None),
    "six": ("X:X:X:X::X/<0-128>", "2001:db8::1/64", "2001:DB8::1/64"),
}


@pytest.mark.parametrize(("kind", "typed", "kept"), VALUES.values(), ids=VALUES)
def test_kinds_of_values(kind: str, typed: str, kept: str | None) -> None:
    assert value(kind, typed) == kept


ORDERED = Syntax(
    [
        ("vrf WORD / [{a | b}]", "vrf"),
        ("map WORD ~ <1-9> gdoi", "map"),
        ("group [ipv6] WORD", "group"),
        ("log {A.B.C.D | host WORD | LINE}", "log"),
        ("interface IFNAME [shut]", "interface"),
    ]
)


def test_the_slash_ends_the_name_of_a_setting() -> None:
    found = ORDERED.read("vrf RED a")
    assert isinstance(found, Accepted)
    assert found.key == 2


NEGATED = {
    "at-the-slash": ("vrf RED", True),
    "at-the-tilde": ("map M", True),
    "nowhere": ("map", False),
    "behind": ("map M 3", False),
}


@pytest.mark.parametrize(("line", "may"), NEGATED.values(), ids=NEGATED)
def test_where_a_no_may_end(line: str, may: bool) -> None:  # noqa: FBT001 -- a parameter of the case
    found = ORDERED.read(line)
    assert (isinstance(found, Accepted) or (isinstance(found, Incomplete) and bool(found.meanings))) is may


WAYS = {
    "a-value-that-begins-a-keyword": ("group ip", ("group", "ip")),
    "the-keyword-in-full": ("group ipv6 G", ("group", "ipv6", "G")),
    "the-rest-of-the-line": ("log 10.0.0", ("log", "10.0.0")),
    "an-interface-in-two-words": ("interface gi 0/1.7 shut", ("interface", "GigabitEthernet0/1.7", "shut")),
}


@pytest.mark.parametrize(("line", "words"), WAYS.values(), ids=WAYS)
def test_a_line_takes_the_way_that_leads_on(line: str, words: tuple[str, ...]) -> None:
    found = ORDERED.read(line)
    assert isinstance(found, Accepted)
    assert found.words == words
