"""What makes a plan stale (P1): each thing apart, whether it holds the whole plan or one member, and in which words."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest
import small_bank
from fake_hands import bank_stage

from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.staleness import held_back
from getvpn_ops.errors import ExitCode, StalePlanError, UsageError
from getvpn_ops.lab.faults import fault
from getvpn_ops.lab.ios.releases import release
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Configure
from getvpn_ops.workflow.plan_file import from_text, to_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bank import Bank
    from fake_hands import Stage

    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.plan import Plan

KEY_SERVER, MEMBER, OTHER = "fal-ks2", "abe-gm1", "bat-gm1"
MANAGED = ("interface GigabitEthernet0/0/1", " ip tcp adjust-mss 1300")
MANAGED_THERE = ("interface GigabitEthernet0/1", " ip tcp adjust-mss 1300")
LIST = ("ip access-list extended STRAY", " permit ip any any")
ELSE = ("snmp-server location pier",)
KEY = b"k" * 32
STALE, UNDETERMINED = ExitCode.STALE, ExitCode.UNDETERMINED


@dataclass
class Made:
    """A plan on two members, and the routers that it was made of."""

    bank: small_bank.SmallBank
    wanted: Inventory
    stage: Stage

    def router(self, name: str) -> Router:
        return self.bank.world.routers[name]

    @property
    def plan(self) -> Plan:
        return self.stage.scene.plan

    def other(self, **scene: object) -> None:
        """Another plan or inventory in the scene."""
        self.stage = replace(self.stage, scene=replace(self.stage.scene, **scene))  # type: ignore[arg-type]

    def first(self) -> tuple[str, Configure]:
        """The step of the member."""
        step = next(step for step in self.plan.steps if step.device == MEMBER)
        assert isinstance(step.act, Configure)
        return step.id, step.act


def intended(folder: Path, size: int = 1344) -> Inventory:
    there = {"interfaces": ["GigabitEthernet0/0"], "servers": ["fal-ks2", "hub-ks1"]}
    return small_bank.inventory(
        folder,
        abe_gm1={
            "getvpn": {"WAN": {"interfaces": ["GigabitEthernet0/0/0"], "adjust_mss": {"GigabitEthernet0/0/1": size}}}
        },
        bat_gm1={"getvpn": {"WAN": {**there, "adjust_mss": {"GigabitEthernet0/1": size}}}},
    )


@pytest.fixture
def made(tmp_path: Path) -> Made:
    bank = small_bank.SmallBank(intended(tmp_path / "was", 1360))
    wanted = intended(tmp_path / "wanted")
    plan = small_bank.pushed(bank, wanted, (MEMBER, OTHER))
    assert {device.name for device in plan.devices} == {"hub-ks1", KEY_SERVER, MEMBER, OTHER}
    return Made(bank, wanted, bank_stage(cast("Bank", bank), plan, wanted))


def typed(name: str, *lines: str) -> Callable[[Made], None]:
    def load(made: Made) -> None:
        made.router(name).running.load(lines)

    return load


def both(*happens: Callable[[Made], None]) -> Callable[[Made], None]:
    def each(made: Made) -> None:
        for one in happens:
            one(made)

    return each


def serial(name: str, number: str) -> Callable[[Made], None]:
    return lambda made: setattr(made.router(name), "serial", number)


def image(name: str, text: str) -> Callable[[Made], None]:
    return lambda made: setattr(made.router(name), "release", release(text))


def down(name: str) -> Callable[[Made], None]:
    return lambda made: made.stage.ledger.down.add(name)


def faulty(name: str, kind: str, line: str, **options: str) -> Callable[[Made], None]:
    return lambda made: made.router(name).faults.arm(fault(kind, line=line, times=0, options=options))


def late(made: Made) -> None:
    made.bank.pass_time(seconds=(made.plan.expires - made.bank.clock.now()).total_seconds() + 1)


def nearly_late(made: Made) -> None:
    made.bank.pass_time(seconds=(made.plan.expires - made.bank.clock.now()).total_seconds() - 1)


def begun(made: Made, *lines: str) -> None:
    """The step of the member was sent, and is on it; then the plan expires."""
    name, _ = made.first()
    log = made.stage.scene.log
    log.send(name, MEMBER, "a step", ("x",), lambda: Settled(StepResult.APPLIED), once=False)
    made.router(MEMBER).running.load(lines or (MANAGED[0], " ip tcp adjust-mss 1344"))
    late(made)


def proven(made: Made, *lines: str) -> None:
    begun(made, *lines)
    made.stage.scene.log.prove(made.first()[0], MEMBER, "read")


def booted(name: str, *saved: str) -> Callable[[Made], None]:
    """A router that boots five minutes behind the plan, with other lines saved."""

    def boot(made: Made) -> None:
        router = made.router(name)
        if saved:
            router.running.load(saved)
            router.startup = router.running.copy()
        made.bank.pass_time(minutes=5)
        router.reload("power", 60.0)
        made.bank.pass_time(minutes=5)

    return boot


def nothing(made: Made) -> None:
    del made


def another_intent(made: Made) -> None:
    data = made.wanted.gdoi_groups["WAN"].model_copy(update={"identity": 51002})
    made.other(inventory=replace(made.wanted, gdoi_groups={"WAN": data}))


def another_device(made: Made) -> None:
    device = replace(made.wanted.devices[OTHER], site="elsewhere")
    made.other(inventory=replace(made.wanted, devices={**made.wanted.devices, OTHER: device}))


def without_snapshot(made: Made) -> None:
    made.other(plan=replace(made.plan, inventory="0" * 64))


Expected = tuple[ExitCode | None, dict[str, ExitCode], str]
GOES: Expected = (None, {}, "")
CASES: dict[str, tuple[Callable[[Made], None], Expected]] = {
    "nothing changed": (nothing, GOES),
    "a second before it expires": (nearly_late, GOES),
    "expired": (late, (STALE, {}, "expired at 2026-03-03 12:")),
    "expired when it was begun": (begun, GOES),
    "another intent": (another_intent, (STALE, {}, "the inventory or an intent changed")),
    "another device in the inventory": (another_device, (STALE, {}, "the inventory or an intent changed")),
    "another digest of the inventory": (without_snapshot, (STALE, {}, "the inventory or an intent changed")),
    "a managed line of a key server": (typed(KEY_SERVER, *LIST), (STALE, {}, f"{KEY_SERVER}: a managed line changed")),
    "another line of a key server": (typed(KEY_SERVER, *ELSE), (STALE, {}, "in lines that the plan leaves alone")),
    "the serial number of a key server": (serial(KEY_SERVER, "FOC9"), (STALE, {}, "answers with serial number FOC9")),
    "the release of a key server": (image(KEY_SERVER, "15.4(3)M10"), (STALE, {}, f"{KEY_SERVER}: runs 15.4(3)M10")),
    "a key server that is not reached": (down(KEY_SERVER), (UNDETERMINED, {}, "was not read: no answer")),
    "a key server that tells half": (
        faulty(KEY_SERVER, "truncate", "running-config"), (UNDETERMINED, {}, f"{KEY_SERVER} was not read")
    ),
    "a key server that booted and lost nothing": (booted(KEY_SERVER), GOES),
    "a key server that booted with other lines": (
        booted(KEY_SERVER, *LIST), (STALE, {}, "a managed line changed since the plan was made: it reloaded at about")
    ),
    "a managed line of a member": (typed(MEMBER, *MANAGED), (STALE, {}, f"{MEMBER}: a managed line changed")),
    "a managed line that was begun, and is not proven": (lambda made: begun(made, *MANAGED), GOES),
    "a managed line that was proven, and changed since": (
        lambda made: proven(made, *MANAGED), (STALE, {}, "a managed line changed since this run left it")
    ),
    "a managed line that was proven": (proven, GOES),
    "another line of a member": (typed(MEMBER, *ELSE), (None, {MEMBER: STALE}, "in lines that the plan leaves alone")),
    "another line of a member, when it was begun": (both(begun, typed(MEMBER, *ELSE)), GOES),
    "the serial number of a member": (
        serial(MEMBER, "FOC9"), (None, {MEMBER: STALE}, "answers with serial number FOC9; the plan is for FOC-abe-gm1")
    ),
    "the release of a member": (
        image(OTHER, "15.4(3)M10"), (None, {OTHER: STALE}, "runs 15.4(3)M10; the plan is for 15.2(4)M11")
    ),
    "a member that is not reached": (down(OTHER), (None, {OTHER: UNDETERMINED}, "was not read: no answer")),
    "a member that tells half": (
        faulty(OTHER, "truncate", "running-config"), (None, {OTHER: UNDETERMINED}, f"{OTHER} was not read")
    ),
    "a member that does not tell its release": (
        faulty(OTHER, "reject", "show version"), (None, {OTHER: UNDETERMINED}, "`show version` was not read")
    ),
    "a member that booted and lost nothing": (booted(MEMBER), GOES),
    "a member that booted with other managed lines": (
        booted(MEMBER, *MANAGED), (None, {MEMBER: STALE}, "it reloaded at about")
    ),
    "two members, each for itself": (
        both(typed(MEMBER, *ELSE), down(OTHER)),
        (None, {MEMBER: STALE, OTHER: UNDETERMINED}, "in lines that the plan leaves alone"),
    ),
    "a member alone, and a key server": (
        both(typed(MEMBER, *ELSE), typed(KEY_SERVER, *LIST)),
        (STALE, {}, f"{KEY_SERVER}: a managed line changed"),
    ),
}  # fmt: skip
"""What happens behind the plan, and who is held for it: the whole, or members alone; words of the first reason."""


@pytest.mark.parametrize(("happens", "expected"), CASES.values(), ids=CASES)
def test_what_changed_since_the_plan_was_made(made: Made, happens: Callable[[Made], None], expected: Expected) -> None:
    happens(made)
    sent = list(made.stage.ledger.typed)
    held = held_back(made.stage.scene)
    whole, alone, words = expected
    assert (held.whole.code if held.whole else None) == whole, held
    if whole is None:
        assert {name: hold.code for name, hold in held.alone.items()} == alone, held
    hold = held.whole or held.alone.get(next(iter(alone), ""))
    assert words in (hold.reason if hold else ""), held
    if hold is not None:
        assert hold.next_step or hold.code is UNDETERMINED
    assert made.stage.ledger.typed == sent, "a look sends nothing"


def test_who_is_out_already_is_not_asked(made: Made) -> None:
    down(OTHER)(made)
    held = held_back(made.stage.scene, {OTHER})
    assert (held.whole, dict(held.alone)) == (None, {})


def test_a_reload_that_lost_nothing_is_said(made: Made) -> None:
    booted(MEMBER)(made)
    held_back(made.stage.scene)
    assert f"{MEMBER}: it reloaded at about 08:1" in " ".join(made.stage.said)


# -- the file of a plan


def test_one_byte_of_a_plan(made: Made) -> None:
    """Wherever it is: nothing of it is applied. Spaces between values are no part of what a plan says."""
    text = to_text(made.plan, KEY)
    assert from_text(text, KEY) == made.plan
    body = text.index('"plan"')
    places = range(body, len(text) - 1, max(1, (len(text) - body) // 300))
    changed = 0
    for at in places:
        other = "0" if text[at] != "0" else "1"
        edited = text[:at] + other + text[at + 1 :]
        if text[at].isspace() or _same(text, edited):
            continue
        with pytest.raises((StalePlanError, UsageError)):
            from_text(edited, KEY)
        changed += 1
    assert changed > len(places) // 3


def _same(text: str, edited: str) -> bool:
    try:
        return bool(json.loads(text) == json.loads(edited))
    except ValueError:
        return False


OTHER_FILES: dict[str, Callable[[Plan], str]] = {
    "the key of another installation": lambda plan: to_text(plan, b"o" * 32),
    "a later end, with the digest of the former": lambda plan: _sealed_as(
        plan, replace(plan, expires=plan.expires + timedelta(hours=1))
    ),
    "no seal": lambda plan: _without(plan, "seal"),
    "no digest": lambda plan: _without(plan, "digest"),
}


def _sealed_as(plan: Plan, other: Plan) -> str:
    said, shown = (json.loads(to_text(item, KEY)) for item in (plan, other))
    return json.dumps({**said, "plan": shown["plan"]})


def _without(plan: Plan, section: str) -> str:
    said = json.loads(to_text(plan, KEY))
    del said[section]
    return json.dumps(said)


@pytest.mark.parametrize("case", OTHER_FILES)
def test_a_plan_that_was_not_made_here_so(made: Made, case: str) -> None:
    with pytest.raises((StalePlanError, UsageError)):
        from_text(OTHER_FILES[case](made.plan), KEY)
