"""Running access lists in the words of the intent, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from getvpn_ops.dialect.ace import parse_ace
from getvpn_ops.dialect.services import SERVICES, service
from getvpn_ops.dialect.spellings import spell_entry
from getvpn_ops.engine.adopt.access import Recognised, recognise
from getvpn_ops.model.config.system import AccessList
from getvpn_ops.model.intent.access import AccessListIntent
from getvpn_ops.rendering.lists import expand
from getvpn_ops.rendering.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Iterable


def running(entries: Iterable[str], name: str = "LIST", kind: str = "extended") -> AccessList:
    return AccessList(name, kind, tuple(parse_ace(text) for text in entries))


def words(entries: Iterable[str], version: int = 4) -> dict[str, Any]:
    found = recognise(running(entries), version)
    assert isinstance(found, Recognised), found
    return {**found.words, **({"services": found.services} if found.services else {})}


CASES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "services, a prefix and any": (
        ("deny udp any eq 848 any eq 848", "deny tcp any any eq 22", "deny tcp any eq 22 any",
         "deny ip any 10.61.0.0 0.0.255.255", "deny ip 10.61.0.0 0.0.255.255 any", "permit ip any any"),
        {"exempt": ["gdoi", "ssh", "10.61.0.0/16"], "encrypt": ["any"]},
    ),
    "the longest service": (
        ("deny udp any any eq domain", "deny udp any eq domain any", "deny tcp any any eq domain",
         "deny tcp any eq domain any", "permit ip any any"),
        {"exempt": ["dns"], "encrypt": ["any"]},
    ),
    "half of the longest service is a shorter one": (
        ("deny udp any any eq 53", "deny udp any eq 53 any", "permit ip any any"),
        {"exempt": ["dns-udp"], "encrypt": ["any"]},
    ),
    "the mirror is missing": (
        ("deny udp any any eq ntp", "permit ip any any"),
        {"exempt": ["deny udp any any eq ntp"], "encrypt": ["any"]},
    ),
    "the mirror stands before": (
        ("deny tcp any eq 22 any", "deny tcp any any eq 22", "permit ip any any"),
        {"exempt": ["deny tcp any eq 22 any", "deny tcp any any eq 22"], "encrypt": ["any"]},
    ),
    "services of one's own": (
        ("deny tcp any any eq 1521", "deny tcp any eq 1521 any", "deny udp any eq 4000 any eq 4000",
         "deny rsvp any any", "permit ip any any"),
        {"exempt": ["tcp-1521", "udp-4000-both", "rsvp"], "encrypt": ["any"],
         "services": {"tcp-1521": ["tcp 1521"], "udp-4000-both": ["udp 4000 both"], "rsvp": ["rsvp"]}},
    ),
    "pairs and the order of their mirrors": (
        ("deny ip 10.1.0.0 0.0.255.255 any", "deny ip any 10.1.0.0 0.0.255.255",
         "deny ip host 10.2.0.1 10.3.0.0 0.0.0.255", "deny ip 10.3.0.0 0.0.0.255 host 10.2.0.1",
         "deny ip 10.4.0.0 0.0.0.255 10.4.0.0 0.0.0.255",
         "permit ip 10.5.0.0 0.0.255.255 10.6.0.0 0.0.255.255", "permit ip 10.6.0.0 0.0.255.255 10.5.0.0 0.0.255.255",
         "permit ip 10.7.0.0 0.0.255.255 10.7.0.0 0.0.255.255"),
        {"exempt": ["10.1.0.0/16 -> any", "10.2.0.1 -> 10.3.0.0/24", "10.4.0.0/24 -> 10.4.0.0/24"],
         "encrypt": ["10.5.0.0/16 -> 10.6.0.0/16", "10.7.0.0/16"]},
    ),
    "a wildcard that is no prefix, and options": (
        ("deny ip 10.0.1.0 0.255.0.255 any", "deny tcp any any eq 22 established", "permit ip any any"),
        {"exempt": ["deny ip 10.0.1.0 0.255.0.255 any", "deny tcp any any eq 22 established"], "encrypt": ["any"]},
    ),
    "a deny behind a permit": (
        ("permit ip host 10.0.0.1 any", "deny tcp any any eq 22", "deny tcp any eq 22 any", "permit ip any any"),
        {"entries": ["permit ip host 10.0.0.1 any", "deny tcp any any eq 22", "deny tcp any eq 22 any",
                     "permit ip any any"]},
    ),
    "remarks stay where they are": (
        ("remark first", "deny ospf any any", "remark then", "permit ip any any"),
        {"exempt": ["remark first", "ospf"], "encrypt": ["remark then", "any"]},
    ),
    "denies alone": (("deny esp any any",), {"exempt": ["esp"], "encrypt": []}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_words_of_a_list(case: str) -> None:
    entries, expected = CASES[case]
    assert words(entries) == {"name": "LIST", **expected}


NOT_WRITTEN: dict[str, str] = {
    "an entry that the schema refuses": "deny tcp any any eq 22 time-range NIGHT(1)",
}


@pytest.mark.parametrize("case", NOT_WRITTEN)
def test_a_list_that_cannot_be_said_is_told(case: str) -> None:
    found = recognise(running([NOT_WRITTEN[case]]), 4)
    assert isinstance(found, str)
    assert NOT_WRITTEN[case] in found


def test_a_list_with_a_line_nobody_understands_is_told() -> None:
    held = AccessList("LIST", "extended", (parse_ace("permit ip any any"),), ("dynamic X permit ip any any",))
    assert "dynamic X" in str(recognise(held, 4))


def test_a_revision_has_the_name_of_its_base() -> None:
    found = recognise(running(["permit ip any any"], "WAN_POLICY_r12"), 4)
    assert isinstance(found, Recognised)
    assert found.words["name"] == "WAN_POLICY"


def test_remarks_that_cannot_be_written_are_told() -> None:
    found = recognise(running(["remark why?", "permit ip any any"]), 4)
    assert isinstance(found, Recognised)
    assert found.lost == ("remark why?",)


@pytest.mark.parametrize("version", [4, 6])
def test_every_service_is_recognised_as_one_that_says_the_same(version: int) -> None:
    for name in SERVICES:
        entries = [f"deny {match}" for match in service(name, version) or ()]
        every = "ip" if version == 4 else "ipv6"
        found = words([*entries, f"permit {every} any any"], version)
        assert len(found["exempt"]) == 1, (name, found)
        assert service(found["exempt"][0], version) == service(name, version)


_PREFIXES = ("any", "host 10.0.0.1", "10.1.0.0 0.0.255.255", "10.2.3.0 0.0.0.255", "10.0.1.0 0.255.0.255")
_PORTS = ("", " eq 22", " eq 123", " eq 1521", " gt 1023", " range 20 30", " eq 22 23")


@st.composite
def _entry(draw: st.DrawFn) -> str:
    action = draw(st.sampled_from(("deny", "permit", "remark")))
    if action == "remark":
        return f"remark {draw(st.sampled_from(('one', 'two', 'three')))}"
    protocol = draw(st.sampled_from(("ip", "tcp", "udp", "ospf", "esp", "rsvp")))
    ported = protocol in {"tcp", "udp"}
    source = draw(st.sampled_from(_PREFIXES)) + (draw(st.sampled_from(_PORTS)) if ported else "")
    target = draw(st.sampled_from(_PREFIXES)) + (draw(st.sampled_from(_PORTS)) if ported else "")
    return f"{action} {protocol} {source} {target}{draw(st.sampled_from(('', '', ' log')))}"


@st.composite
def _lists(draw: st.DrawFn) -> list[str]:
    """Lists in which services, pairs and their mirrors are likely, in any order, each entry once as on a router."""
    services = [f"deny {match}" for name in SERVICES for match in SERVICES[name]]
    drawn = draw(st.lists(_entry(), max_size=8))
    at = draw(st.integers(0, len(services) - 1))
    drawn[draw(st.integers(0, len(drawn))) : 0] = services[at : at + draw(st.integers(0, 6))]
    entries = {spell_entry(text): text for text in drawn}
    return list(entries.values())


@given(_lists())
def test_the_words_give_back_exactly_the_same_list(entries: list[str]) -> None:
    found = recognise(running(entries), 4)
    assert isinstance(found, Recognised), found
    services = {name: tuple(matches) for name, matches in found.services.items()}
    problems = Problems()
    back = expand(AccessListIntent.model_validate(found.words), services, 4, problems, "")
    problems.settle("")
    said = [spell_entry(text) for text in back if not text.startswith("remark")]
    assert said == [spell_entry(text) for text in entries if not text.startswith("remark")]
    remarks = [text for text in back if text.startswith("remark")]
    assert sorted({*remarks, *found.lost}) == sorted({text for text in entries if text.startswith("remark")})
