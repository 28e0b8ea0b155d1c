"""Keys of IKE in configurations and in the lines of changes."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest

from getvpn_ops.engine.change.planning.key_lines import KeyLine, KeyPlace, after, keys_in, place_of, without
from getvpn_ops.model.change import ChangeLine, ChangeStep, StepKind
from getvpn_ops.parsing import parse

if TYPE_CHECKING:
    from getvpn_ops.engine.change.planning.key_lines import Network

OLD, NEW = "<redacted sha256:0123456789ab>", "<redacted sha256:ba9876543210>"
RING = "crypto keyring RING vrf BLUE"
RING2, PEER = "crypto ikev2 keyring RING2", "peer KS1"
TEXT = f"""hostname r1
crypto isakmp key {OLD} address 10.1.1.1
crypto isakmp key {OLD} address 10.2.0.0 255.255.0.0
crypto isakmp key {OLD} hostname ks.example
crypto isakmp key 6 {OLD} address 0.0.0.0
{RING}
  pre-shared-key address 10.1.1.1 key {OLD}
{RING2}
 {PEER}
  address 10.3.1.1
  pre-shared-key {OLD}
ip access-list extended KEYS
 permit ip any any
end
"""
HELD = keys_in(parse("show running-config", TEXT).data.tree)
PEERS: dict[str, tuple[tuple[str, ...], str, Network | None]] = {
    "one peer": ((), "isakmp-key address 10.1.1.1", ip_network("10.1.1.1")),
    "a network": ((), "isakmp-key address 10.2.0.0 255.255.0.0", ip_network("10.2.0.0/16")),
    "a name": ((), "isakmp-key hostname ks.example", None),
    "anybody": ((), "isakmp-key address 0.0.0.0", ip_network("0.0.0.0/0")),
    "in a keyring": ((RING,), "keyring-key address 10.1.1.1", ip_network("10.1.1.1")),
    "of IKEv2": ((RING2, PEER), "ikev2-peer-key", ip_network("10.3.1.1")),
}


def step(*lines: tuple[str, ...]) -> ChangeStep:
    """Lines with their modes before them; the rollback is what they take away."""
    typed = tuple(ChangeLine(line[-1], line[:-1]) for line in lines)
    back = tuple(ChangeLine(line.text.removeprefix("no "), line.path) for line in typed if line.text.startswith("no "))
    return ChangeStep(StepKind.SET, "t", typed, back)


@pytest.mark.parametrize("case", PEERS.values(), ids=PEERS)
def test_whom_a_key_is_for(case: tuple[tuple[str, ...], str, Network | None]) -> None:
    path, key, peer = case
    assert HELD[KeyPlace(path, key)].peer == peer


def test_nothing_else_is_a_key() -> None:
    assert len(HELD) == len(PEERS)


LINES: dict[str, tuple[tuple[str, ...], KeyPlace | None]] = {
    "one that is set": ((f"crypto isakmp key {NEW} address 10.1.1.1",), KeyPlace((), "isakmp-key address 10.1.1.1")),
    "one that goes": ((f"no crypto isakmp key {NEW} address 10.1.1.1",), KeyPlace((), "isakmp-key address 10.1.1.1")),
    "in a keyring": (
        (RING, f"pre-shared-key address 10.1.1.1 key {NEW}"), KeyPlace((RING,), "keyring-key address 10.1.1.1"),
    ),
    "a keyring": ((f"no {RING}",), None),
    "a mode that nobody knows": (("line vty 0 4", f"pre-shared-key address 10.1.1.1 key {NEW}"), None),
    "something else": (("interface Loopback0", "shutdown"), None),
}  # fmt: skip


@pytest.mark.parametrize("case", LINES.values(), ids=LINES)
def test_which_key_a_line_is_about(case: tuple[tuple[str, ...], KeyPlace | None]) -> None:
    (*path, text), place = case
    assert place_of(ChangeLine(text, tuple(path))) == place


ONE = KeyPlace((), "isakmp-key address 10.1.1.1")
IN_RING, IN_RING2 = KeyPlace((RING,), "keyring-key address 10.1.1.1"), KeyPlace((RING2, PEER), "ikev2-peer-key")
STEPS: dict[str, tuple[ChangeStep, dict[KeyPlace, str | None]]] = {
    "one is changed": (
        step((f"no crypto isakmp key {OLD} address 10.1.1.1",), (f"crypto isakmp key {NEW} address 10.1.1.1",)),
        {ONE: f"crypto isakmp key {NEW} address 10.1.1.1"},
    ),
    "one goes": (step((f"no crypto isakmp key {OLD} address 10.1.1.1",)), {ONE: None}),
    "a keyring goes": (step(("no crypto keyring RING vrf BLUE",)), {IN_RING: None}),
    "a keyring goes by its short name": (step(("no crypto keyring RING",)), {IN_RING: None}),
    "another keyring goes": (step(("no crypto keyring RIN",)), {}),
    "a peer goes": (step((RING2, f"no {PEER}")), {IN_RING2: None}),
}


@pytest.mark.parametrize("case", STEPS.values(), ids=STEPS)
def test_what_steps_do_to_keys(case: tuple[ChangeStep, dict[KeyPlace, str | None]]) -> None:
    typed, changed = case
    then = after(HELD, (typed,))
    assert {place: line.text for place, line in then.items()} == {
        place: text
        for place, line in HELD.items()
        if (text := changed.get(place, line.text) if place in changed else line.text) is not None
    }


def test_a_new_peer_of_ikev2_is_for_the_address_beside_its_key() -> None:
    typed = step(
        (RING2, "peer KS2"), (RING2, "peer KS2", "address 10.3.1.2"), (RING2, "peer KS2", f"pre-shared-key {NEW}")
    )
    place = KeyPlace((RING2, "peer KS2"), "ikev2-peer-key")
    assert after({}, (typed,)) == {place: KeyLine(place, f"pre-shared-key {NEW}", ip_network("10.3.1.2"))}


def test_steps_without_keys_keep_everything_else() -> None:
    mixed = step(
        (f"no crypto isakmp key {OLD} address 10.1.1.1",), (f"crypto isakmp key {NEW} address 10.1.1.1",),
        (f"crypto isakmp key {NEW} address 10.1.1.9",), ("interface Loopback0", "shutdown"),
    )  # fmt: skip
    alone = step((f"no crypto isakmp key {OLD} address 10.1.1.1",))
    (left,) = without((mixed, alone), {ONE})
    assert [line.text for line in left.lines] == [f"crypto isakmp key {NEW} address 10.1.1.9", "shutdown"]
    assert left.rollback == ()
    assert without((mixed, alone), ()) == (mixed, alone)


def test_a_section_stays_where_one_of_its_keys_does() -> None:
    back = (ChangeLine(RING), ChangeLine(f"pre-shared-key address 10.1.1.1 key {OLD}", (RING,)))
    goes = ChangeStep(StepKind.CLEAN_UP, "t", (ChangeLine("no crypto keyring RING"), ChangeLine("no ip pim x")), back)
    (left,) = without((goes,), {IN_RING})
    assert ([line.text for line in left.lines], left.rollback) == (["no ip pim x"], ())
