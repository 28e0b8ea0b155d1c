"""Ways back as plans: of a member to a configuration that was kept, and of a whole run."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from bank import Bank
from plans import asked, collector_of, configures, example, outline, pushed, running, typed, without

from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.engine.change.planning.assembling import assembled
from getvpn_ops.engine.change.planning.changes import Changes
from getvpn_ops.engine.change.planning.reading import read_devices
from getvpn_ops.engine.change.planning.restoring import plan_restore
from getvpn_ops.engine.change.planning.rolling_back import plan_rollback
from getvpn_ops.errors import UsageError
from getvpn_ops.model.change import ChangeLine, ChangeStep, StepKind
from getvpn_ops.model.config.secret import fingerprint
from getvpn_ops.model.journal import StepIntended, StepResult
from getvpn_ops.model.journal_story import RunStory, StepStory
from getvpn_ops.model.plan import Configure, PlannedLine
from getvpn_ops.parsing import parse
from getvpn_ops.workflow.fingerprint import managed_of

if TYPE_CHECKING:
    from getvpn_ops.model.plan import Plan, PlannedStep

MEMBER = "opo-gm1"


def story(*steps: PlannedStep, result: StepResult = StepResult.APPLIED) -> RunStory:
    """A run in which these steps came so far."""
    told = (StepStory(StepIntended(step.id, step.device, step.title, ()), result) for step in steps)
    return RunStory("a-1", steps=tuple(told))


# -- one member


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Bank(minutes=1)


def test_a_member_gets_back_what_it_had(bank: Bank) -> None:
    inventory = example()
    device, kept = inventory.devices[MEMBER], running(bank, MEMBER)
    start = managed_of(kept.tree)
    typed(bank, MEMBER, [
        PlannedLine("passive", ("crypto gdoi group WAN",)),
        PlannedLine("ip tcp adjust-mss 1200", ("interface GigabitEthernet0/1",)),
        PlannedLine("snmp-server location cellar"),
    ])  # fmt: skip
    plan = plan_restore(asked(bank), device, kept, collector=collector_of(bank), inventory=inventory)
    assert set(outline(plan)) == {f"{MEMBER} set", f"save {MEMBER}"}
    assert any("cellar" in text and "not managed" in text for text in plan.notes)
    for name, act in configures(plan):
        typed(bank, name, act.lines)
    assert managed_of(running(bank, MEMBER).tree) == start
    again = plan_restore(asked(bank), device, kept, collector=collector_of(bank), inventory=inventory)
    assert again.waves == ()
    assert [(item.device, item.is_known) for item in again.left_out] == [(MEMBER, True)]


def test_a_key_server_is_never_restored_alone(bank: Bank) -> None:
    inventory = example()
    with pytest.raises(UsageError, match="plan push"):
        plan_restore(
            asked(bank), inventory.devices["ams-ks1"], running(bank, "ams-ks1"), collector=collector_of(bank),
            inventory=inventory,
        )  # fmt: skip


def test_half_a_configuration_restores_nothing(bank: Bank) -> None:
    inventory = example()
    half = parse("show running-config", "version 15.4\nhostname opo-gm1\ncrypto gdoi group WAN\n identity number 1\n")
    with pytest.raises(UsageError, match="not whole"):
        plan_restore(
            asked(bank), inventory.devices[MEMBER], half.data, collector=collector_of(bank), inventory=inventory
        )


def test_a_member_that_does_not_answer_is_not_restored(bank: Bank) -> None:
    inventory, kept = example(), running(bank, MEMBER)
    plan = plan_restore(
        asked(bank), inventory.devices[MEMBER], kept, collector=collector_of(bank, [MEMBER]), inventory=inventory
    )
    assert plan.waves == ()
    assert [(item.device, item.is_known) for item in plan.left_out] == [(MEMBER, False)]


# -- a run


@pytest.fixture(scope="module")
def done() -> tuple[Bank, Plan]:
    """A list swap and a passive member, typed but for the clean-up and the saves."""
    bank = Bank(minutes=1)
    plan = pushed(bank, example(without(example(), "snmp"), opo_gm1={"passive": True}))
    for step in applied(plan):
        assert isinstance(step.act, Configure)
        typed(bank, step.device, step.act.lines)
    return bank, plan


def applied(plan: Plan) -> list[PlannedStep]:
    return [step for step in plan.steps if isinstance(step.act, Configure) and step.act.kind.value != "clean-up"]


def test_a_run_is_undone_from_its_end(done: tuple[Bank, Plan]) -> None:
    bank, plan = done
    found = plan_rollback(asked(bank), plan, story(*applied(plan)), collector=collector_of(bank), inventory=example())
    assert found.refusals == ()
    assert outline(found) == [
        "opo-gm1 set", "dub-ks1 set", "ams-ks1 set", "lds-ks1 set", "rekey WAN", "dub-ks1 clean-up",
        "ams-ks1 clean-up", "lds-ks1 clean-up", "save dub-ks1", "save ams-ks1", "save lds-ks1", "save opo-gm1",
    ]  # fmt: skip
    was = {device.name: device.fingerprint.managed for device in plan.devices}
    for name, state in was.items():
        assert [act.states for device, act in configures(found) if device == name][-1][-1] == state


def test_what_nothing_undoes_is_named(done: tuple[Bank, Plan]) -> None:
    bank, plan = done
    rekey = next(step for step in plan.steps if step.id.endswith("rekey"))
    found = plan_rollback(
        asked(bank), plan, story(*applied(plan), rekey), collector=collector_of(bank), inventory=example()
    )
    assert any(rekey.title in text and "nothing undoes it" in text for text in found.notes)


def test_a_device_that_changed_since_is_not_rolled_back(done: tuple[Bank, Plan]) -> None:
    bank, plan = done
    one = [step for step in applied(plan) if step.device == "dub-ks1"][:1]
    found = plan_rollback(asked(bank), plan, story(*one), collector=collector_of(bank), inventory=example())
    assert found.waves == ()
    assert any("dub-ks1" in text and "changed since" in text for text in found.refusals)


def test_what_is_not_settled_is_settled_first(done: tuple[Bank, Plan]) -> None:
    bank, plan = done
    steps = applied(plan)
    half = story(*steps[:-1])
    last = story(steps[-1], result=StepResult.PARTLY)
    found = plan_rollback(
        asked(bank), plan, replace(half, steps=(*half.steps, *last.steps)), collector=collector_of(bank),
        inventory=example(),
    )  # fmt: skip
    assert any("getvpn-ops resume a-1" in text for text in found.refusals)


def test_a_run_that_configured_nothing_has_no_way_back(done: tuple[Bank, Plan]) -> None:
    bank, plan = done
    with pytest.raises(UsageError, match="nothing to roll back"):
        plan_rollback(asked(bank), plan, story(), collector=collector_of(bank), inventory=example())


# -- keys that the run took away

STRAY = "10.99.1.1"


@pytest.fixture(scope="module")
def cleaned() -> tuple[Bank, Plan]:
    """A push that removed a key too many from a member, which was passive besides."""
    bank = Bank(minutes=1)
    for line in ("crypto isakmp key stray1 address 10.99.1.1", "crypto isakmp key stray2 address 10.99.1.2"):
        typed(bank, MEMBER, [PlannedLine(line)])
    plan = pushed(bank, example(opo_gm1={"passive": True}), [MEMBER])
    for _, act in configures(plan):
        typed(bank, MEMBER, [stray(line) for line in act.lines])
    return bank, plan


def stray(line: PlannedLine) -> PlannedLine:
    """A line as a session would type it."""
    number = line.text[-1]
    return replace(line, text=re.sub(r"<redacted sha256:[0-9a-f]{12}>", f"stray{number}", line.text))


KNOWN = {
    "nowhere": ((), ["no passive"], 2),
    "one in a source": (("stray1",), ["crypto isakmp key <stray1> address 10.99.1.1", "no passive"], 1),
    "both in sources": (
        ("stray1", "stray2"),
        [
            "crypto isakmp key <stray1> address 10.99.1.1",
            "crypto isakmp key <stray2> address 10.99.1.2",
            "no passive",
        ],
        0,
    ),
}


@pytest.mark.parametrize("case", KNOWN.values(), ids=KNOWN)
def test_a_key_comes_back_from_where_it_stands_and_the_rest_comes_back_anyway(
    cleaned: tuple[Bank, Plan], case: tuple[tuple[str, ...], list[str], int]
) -> None:
    bank, plan = cleaned
    values, wanted, lost = case
    steps = [step for step in plan.steps if isinstance(step.act, Configure)]
    prints = frozenset(map(fingerprint, values))
    found = plan_rollback(
        asked(bank, secrets=lambda _: prints), plan, story(*steps), collector=collector_of(bank), inventory=example()
    )
    assert found.refusals == ()
    texts = [line.text for _, act in configures(found) for line in act.lines]
    for value in ("stray1", "stray2"):
        texts = [text.replace(f"<redacted sha256:{fingerprint(value)}>", f"<{value}>") for text in texts]
    assert sorted(texts) == wanted
    words = [text for text in found.notes if "is not put back" in text]
    assert (len(words), all(text.startswith(f"{MEMBER}: '") and "`secrets:`" in text for text in words)) == (lost, True)
    assert [Redactor().text(text) for text in words] == words


def test_a_way_back_of_nothing_but_lost_keys_leaves_the_device_out(cleaned: tuple[Bank, Plan]) -> None:
    bank, plan = cleaned
    steps = [step for step in plan.steps if isinstance(step.act, Configure) and step.act.kind.value == "clean-up"]
    found = plan_rollback(
        asked(bank, secrets=lambda _: ()), plan, story(*steps), collector=collector_of(bank), inventory=example()
    )
    assert found.waves == ()
    assert [(item.device, item.is_known) for item in found.left_out] == [(MEMBER, False)]


def test_a_plan_with_a_line_that_nobody_can_type_is_refused(cleaned: tuple[Bank, Plan]) -> None:
    bank, _ = cleaned
    line = ChangeLine(f"enable secret 9 <redacted sha256:{fingerprint('nowhere')}>")
    bad = ChangeStep(StepKind.SET, "t", (line,), (), groups=("WAN",))
    inventory = example()
    reading = read_devices("r-1", collector_of(bank), inventory, list(inventory.devices.values()))
    for secrets, refused in ((lambda _: (), True), (lambda _: (fingerprint("nowhere"),), False), (None, False)):
        changes = Changes(groups=("WAN",), steps={MEMBER: (bad,)})
        found = assembled(asked(bank, secrets=secrets), inventory, reading, changes)
        words = [text for text in found.refusals if "cannot be typed" in text]
        assert (bool(words), [Redactor().text(text) for text in words]) == (refused, words)
