"""Key servers that a plan takes out of a group, one or all of them: what is still asked before each of their steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fake_hands import bank_stage, network_inventory, plan_of
from networks import Network, address, registered

from getvpn_ops.engine.change.ks_guard import guard_key_server, last_look
from getvpn_ops.engine.change.ks_leaving import gone, is_taken_down, leaving
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.change import RekeyEffect, StepKind
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Configure, PlannedLine, PlannedStep

if TYPE_CHECKING:
    from fake_hands import Stage

    from getvpn_ops.engine.change.scene import Hold

GROUP = "gdoi-group1"
TOP = f"crypto gdoi group {GROUP}"
COOP = "show crypto gdoi ks coop"
MEMBERS, SERVERS = ("gm1", "gm2"), ("ks3", "ks2", "ks1")


def step(name: str, kind: StepKind, *lines: tuple[str, ...], effect: RekeyEffect = RekeyEffect.NONE) -> PlannedStep:
    """One on the device that the name ends with."""
    typed = tuple(PlannedLine(line[-1], line[:-1]) for line in lines)
    return PlannedStep(name, name[4:], name, Configure(kind, typed, (), effect), (GROUP,))


def out(number: int, name: str) -> PlannedStep:
    return step(f"{number:03d}-{name}", StepKind.SET, ("interface FastEthernet4", "no crypto map gdoimap"))


def closes(number: int, name: str) -> PlannedStep:
    line = (TOP, "server local", f"no address ipv4 {address(name)}")
    return step(f"{number:03d}-{name}", StepKind.SET, line, effect=RekeyEffect.REGISTRATION)


def removes(number: int, name: str) -> PlannedStep:
    return step(f"{number:03d}-{name}", StepKind.CLEAN_UP, (TOP, "no server local"), (f"no {TOP}",))


def forgets(number: int, name: str, peer: str) -> PlannedStep:
    line = (TOP, "server local", "redundancy", f"no peer address ipv4 {address(peer)}")
    return step(f"{number:03d}-{name}", StepKind.SET, line)


BEFORE = step("000-ks2", StepKind.SET, (TOP, "server local", "rekey retransmit 10 number 5"))
OUT = tuple(out(at, name) for at, name in enumerate(MEMBERS, 1))
CLOSED = tuple(closes(at, name) for at, name in enumerate(SERVERS, 3))
REMOVED = tuple(removes(at, name) for at, name in enumerate(SERVERS, 6))
ALL = (BEFORE, *OUT, *CLOSED, *REMOVED)
ONE = (closes(1, "ks3"), forgets(2, "ks2", "ks3"), forgets(3, "ks1", "ks3"), removes(4, "ks3"))


def staged(made: Network, *steps: PlannedStep) -> Stage:
    return bank_stage(made, plan_of(*steps), network_inventory(made))


def done(stage: Stage, made: Network, *steps: PlannedStep) -> None:
    """Type steps, as far as the run knows."""
    for item in steps:
        for line in item.act.lines:
            made.configure(item.device, *line.path, line.text)  # type: ignore[union-attr]
        stage.scene.log.send(item.id, item.device, "", (), lambda: Settled(StepResult.APPLIED), once=False)


def looked(stage: Stage, at: PlannedStep) -> Hold | None:
    """What is said before a step, and once more in its session."""
    held = guard_key_server(at, stage.scene, policy=at.act.effect is not RekeyEffect.NONE)  # type: ignore[union-attr]
    if held is None:
        with stage.hands.opened(at.device) as hand:
            held = last_look(at, stage.scene, hand)
    assert stage.ledger.typed == []
    return held


def test_a_whole_group_is_taken_down_key_server_by_key_server() -> None:
    made = registered(2)
    stage = staged(made, *ALL)
    assert leaving(stage.scene.plan, stage.scene.inventory, GROUP) == set(SERVERS)
    done(stage, made, *OUT)
    for item in (*CLOSED, *REMOVED):
        assert looked(stage, item) is None, item.id
        done(stage, made, item)
        made.run(60)
    assert stage.said == []


def test_a_key_server_stays_until_members_are_known_to_be_out() -> None:
    made = registered(2)
    stage = staged(made, *ALL)
    done(stage, made, OUT[0])
    held = looked(stage, CLOSED[0])
    assert held is not None
    assert (held.code, "gm2 left it" in held.reason, "gm1" in held.reason) == (ExitCode.FINDINGS, True, False)


def test_who_does_not_answer_is_unknown_also_where_all_is_taken_down() -> None:
    made = registered(2)
    stage = staged(made, *ALL)
    done(stage, made, *OUT)
    stage.ledger.down.add("ks1")
    held = looked(stage, CLOSED[0])
    assert held is not None
    assert held.code is ExitCode.UNDETERMINED


@pytest.fixture(scope="module")
def sound() -> Network:
    """Tests only rewrite what its screens say."""
    return registered(2)


def dead(text: str) -> str:
    """A screen on which all peers are."""
    assert "Peer KS Status: Alive" in text
    return text.replace("Peer KS Status: Alive", "Peer KS Status: Dead ")


def test_before_the_first_of_them_closes_the_group_is_one_like_any_other(sound: Network) -> None:
    stage = staged(sound, *ALL)
    assert not is_taken_down(stage.scene, GROUP, BEFORE)
    assert is_taken_down(stage.scene, GROUP, CLOSED[0])
    assert looked(stage, BEFORE) is None
    stage.ledger.rewrites["ks2", COOP] = dead
    held = looked(stage, BEFORE)
    assert held is not None
    assert "COOP session" in held.reason


def test_a_plan_that_keeps_the_group_somewhere_takes_none_down(sound: Network) -> None:
    stage = staged(sound, *CLOSED, *REMOVED[:2])
    assert leaving(stage.scene.plan, stage.scene.inventory, GROUP) == set(SERVERS[:2])
    assert not is_taken_down(stage.scene, GROUP, REMOVED[1])


def test_one_key_server_leaves_and_the_others_are_judged_without_it() -> None:
    made = registered(2)
    stage = staged(made, *ONE)
    assert looked(stage, ONE[0]) is None
    assert gone(stage.scene, GROUP) == set()
    done(stage, made, ONE[0])
    assert gone(stage.scene, GROUP) == {"ks3"}
    made.run(120)
    for item in ONE[1:]:
        assert looked(stage, item) is None, item.id
        done(stage, made, item)
        made.run(60)


def test_the_others_must_be_sound_among_themselves() -> None:
    made = registered(2)
    stage = staged(made, *ONE)
    done(stage, made, ONE[0])
    made.run(120)
    stage.ledger.rewrites["ks2", COOP] = dead
    held = looked(stage, ONE[1])
    assert held is not None
    assert ("ks1 and ks2" in held.reason, "ks3" in held.reason) == (True, False)


def test_a_dead_peer_that_has_not_begun_to_leave_is_a_dead_peer(sound: Network) -> None:
    stage = staged(sound, *ONE)
    stage.ledger.rewrites["ks2", COOP] = dead
    held = looked(stage, ONE[0])
    assert held is not None
    assert held.code is ExitCode.FINDINGS
