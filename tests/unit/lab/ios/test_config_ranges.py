"""Every range in the grammar of GETVPN: its bounds are taken, and what lies beyond them is not."""

from __future__ import annotations

import re

import pytest
from screens import RELEASES

from getvpn_ops.lab.ios.commands import ACTIONS
from getvpn_ops.lab.ios.configuration.config import Configuration
from getvpn_ops.lab.ios.configuration.grammar_file import modes
from getvpn_ops.lab.ios.configuration.rules import RULES
from getvpn_ops.lab.ios.configuration.syntax import Accepted, Invalid
from getvpn_ops.lab.ios.configuration.values import value
from getvpn_ops.lab.ios.releases import release

MODES = ("gdoi", "ks", "ksid", "saipsec", "coop", "cryptomap", "failclose", "isakmp", "ipsecprofile", "keyring")
RANGE = re.compile(r"<(\d+)-(\d+)>")
VALUES = {"WORD": "A-1", "A.B.C.D": "10.1.1.1", "X:X:X:X::X": "2001:DB8::1", "X:X:X:X::X/<0-128>": "2001:DB8::/64",
          "IFNAME": "Loopback0", "LINE": "some words", "WORDS": "some words", "MASK": "255.255.255.0"}  # fmt: skip


def shortest(tokens: list[str], upto: int) -> list[str] | None:
    """Words that lead to a item: the first alternative of every bracket before it, or None if that is not one way."""
    words: list[str] = []
    depth: list[str] = []
    for at, item in enumerate(tokens):
        if at == upto:
            return words
        if item in "[{":
            depth.append(item)
        elif item in "]}":
            depth.pop()
        elif item == "|":
            start = next(n for n in range(at, -1, -1) if tokens[n] in "[{" and is_open(tokens, n, at))
            words = shortest(tokens, start) or []
        elif item not in "/~":
            words.append(item)
    return None


def is_open(tokens: list[str], start: int, at: int) -> bool:
    """Whether the bracket at a place is the innermost one that is open at another."""
    level = 0
    for item in tokens[start + 1 : at]:
        level += (item in "[{") - (item in "]}")
        if level < 0:
            return False
    return level == 0


def ranges() -> list[tuple[str, str, str, tuple[int, int]]]:
    found = []
    for name in sorted(RELEASES):
        for mode in MODES:
            for text, _ in modes(release(RELEASES[name]))[mode].listed:
                tokens = re.findall(r"<\d+-\d+>|[\[\]{}|]|[^\s\[\]{}|]+", text)
                for at, item in enumerate(tokens):
                    bounds = RANGE.fullmatch(item)
                    words = shortest(tokens, at) if bounds is not None else None
                    if bounds is None or words is None:
                        continue
                    typed = " ".join(VALUES.get(word) or (RANGE.sub(r"\1", word)) for word in words)
                    found.append((name, mode, typed, (int(bounds[1]), int(bounds[2]))))
    return found


@pytest.mark.parametrize(("family", "mode", "words", "bounds"), ranges())
def test_bounds(family: str, mode: str, words: str, bounds: tuple[int, int]) -> None:
    low, high = bounds
    syntax = modes(release(RELEASES[family]))[mode].syntax
    for number in (low, high):
        outcome = syntax.read(f"{words} {number}")
        assert not isinstance(outcome, Invalid), (words, number)
        assert str(number) in (outcome.words if isinstance(outcome, Accepted) else getattr(outcome, "words", ()))
    allowed = range_edges(family, mode, words)
    for number in (low - 1, high + 1):
        if number < 0 or any(value(edge, str(number)) is not None for edge in allowed):
            continue  # another alternative begins there
        assert syntax.read(f"{words} {number}") == Invalid(len(words) + 1), (words, number)


def range_edges(family: str, mode: str, words: str) -> list[str]:
    found = modes(release(RELEASES[family]))[mode].syntax.choices(f"{words} ")
    return [word for word in found[0] if RANGE.fullmatch(word) or word == "WORD"] if found else []


def test_there_are_ranges_to_test() -> None:
    assert len(ranges()) > 60


@pytest.mark.parametrize("family", sorted(RELEASES))
def test_every_name_in_the_grammar_is_known(family: str) -> None:
    for mode in modes(release(RELEASES[family])).values():
        assert mode.syntax.choices("") is not None  # which is made only when it is used
        for text, statement in mode.listed:
            assert statement.action is None or statement.action in ACTIONS, text
            assert statement.rule is None or statement.rule in RULES, text


SINCE = {
    "passive": (["crypto gdoi group G"], "passive", "12.4(15)T8", "12.4(22)T2"),
    "gkm": ([], "crypto gkm group G", "15.1(4)M", "15.2(4)M11"),
    "ipv6-server": (["crypto gdoi group G"], "server address ipv6 2001:DB8::1", "15.1(4)M", "15.4(3)M2"),
    "sig-hash": (["crypto gdoi group G", "server local"], "rekey sig-hash algorithm sha256", "12.4(22)T2", "15.4(3)M2"),
    "d3p": (["crypto gdoi group G", "server local"], "sa d3p window sec 5", "15.2(4)M11", "17.6.5"),
    "gikev2": (["crypto gdoi group G", "server local"], "gikev2 P", "12.4(22)T2", "17.6.5"),
    "identifier": (["crypto gdoi group G", "server local"], "identifier", "12.4(22)T2", "17.6.5"),
    "group-size": (["crypto gdoi group G", "server local"], "group size small 8", "12.4(22)T2", "17.6.5"),
    "rekey-days": (["crypto gdoi group G", "server local"], "rekey lifetime days 30", "15.2(4)M11", "17.6.5"),
    "long-rekey": (["crypto gdoi group G", "server local"], "rekey lifetime seconds 86401", "15.2(4)M11", "17.6.5"),
    "sgt": (["crypto gdoi group G", "server local", "sa ipsec 1"], "tag cts sgt", "12.4(22)T2", "15.4(3)M2"),
    "optimize": (
        ["crypto gdoi group G", "server local", "redundancy"],
        "protocol version optimize",
        "12.4(22)T2",
        "17.6.5",
    ),
    "group-14": (["crypto isakmp policy 1"], "group 14", "12.4(22)T2", "15.2(4)M11"),
    "sha256": (["crypto isakmp policy 1"], "hash sha256", "12.4(22)T2", "15.2(4)M11"),
    "gcm": ([], "crypto ipsec transform-set T esp-gcm 256", "12.4(22)T2", "15.4(3)M2"),
    "sha256-hmac": ([], "crypto ipsec transform-set T esp-aes 256 esp-sha256-hmac", "12.4(22)T2", "15.4(3)M2"),
    "ikev2": ([], "crypto ikev2 proposal P", "12.4(22)T2", "15.2(4)M11"),
    "vrf-definition": ([], "vrf definition V", "12.4(22)T2", "15.2(4)M11"),
    "object-group": ([], "object-group network O", "12.4(15)T8", "12.4(22)T2"),
    "fail-close": ([], "crypto map M gdoi fail-close", "12.4(15)T8", "12.4(22)T2"),
}


@pytest.mark.parametrize(("before", "line", "without", "having"), SINCE.values(), ids=SINCE)
def test_what_came_with_which_release(before: list[str], line: str, without: str, having: str) -> None:
    for name, known in ((without, False), (having, True)):
        configuration = Configuration(release(name))
        stack = [configuration.top]
        for text in before:
            assert isinstance(configuration.type_line(stack, text), Accepted)
        assert isinstance(configuration.type_line(stack, line), Accepted) is known, name
