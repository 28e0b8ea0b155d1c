"""The table of managed lines is whole, and takes nobody else's lines for ours."""

from __future__ import annotations

import pytest

from getvpn_ops.dialect.config_modes import MODES
from getvpn_ops.dialect.defaults import HIDDEN
from getvpn_ops.dialect.managed import BY_ID, LINES, Change, read
from getvpn_ops.dialect.ordering import BUILD_ORDER, BUILD_PLACES, CLEAN_PLACES, SET_PLACES

_NAMES = {mode.name for mode in MODES} | {""}

FOREIGN = {
    "another map": ("", "crypto map BRANCH 5 ipsec-isakmp"),
    "a map's list of users": ("", "crypto map M client authentication list USERS"),
    "a dynamic map": ("", "crypto dynamic-map D 10"),
    "a route": ("", "ip route 0.0.0.0 0.0.0.0 10.0.0.1"),
    "a policy's number only": ("", "crypto isakmp policy"),
    "other traps": ("", "snmp-server enable traps ipsec"),
    "an address": ("interface", "ip address 10.0.0.1 255.255.255.0"),
    "a priority of PIM": ("interface", "ip pim dr-priority 9"),
    "a tunnel": ("interface", "tunnel protection ipsec profile GETVPN"),
    "a redundant map": ("interface", "crypto map M redundancy GROUP"),
    "a line of another mode": ("isakmp-policy", "set pfs group14"),
    "a password": ("trustpoint", "password 7 0822455D0A16"),
}


def test_ids_are_unique() -> None:
    assert len(BY_ID) == len(LINES) > 100


def test_every_mode_is_one() -> None:
    assert {line.mode for line in LINES} <= _NAMES
    assert {line.opens for line in LINES} <= _NAMES
    assert set(HIDDEN) <= _NAMES


def test_a_section_opens_a_mode_and_nothing_else_does() -> None:
    assert [line.id for line in LINES if bool(line.opens) != (line.change is Change.SECTION)] == []


def test_what_is_referred_to_can_be_named() -> None:
    named = {line.defines for line in LINES} | {"acl"}
    assert {line.refers for line in LINES if line.refers} <= named
    for line in LINES:
        assert not line.refers or "ref" in line.pattern.groupindex, line.id
        assert not line.defines or "name" in line.pattern.groupindex, line.id


def test_places_are_of_lines() -> None:
    assert set(BUILD_PLACES) == set(BUILD_ORDER)
    assert set(BUILD_PLACES) | set(CLEAN_PLACES) | set(SET_PLACES) <= set(BY_ID)


def test_what_is_left_out_is_managed() -> None:
    for mode, lines in HIDDEN.items():
        for text in lines:
            found = read(mode, text)
            assert found is not None, text
            assert found.normal == text


@pytest.mark.parametrize("name", FOREIGN)
def test_not_ours(name: str) -> None:
    mode, text = FOREIGN[name]
    assert read(mode, text) is None
