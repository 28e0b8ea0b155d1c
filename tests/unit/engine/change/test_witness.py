"""What a run notes of roles and modes while it looks: what devices show, once, and nothing that they do not show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bank import Bank
from intents import secret
from migrations import planned, staged
from plans import collector_of, example

from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.engine.change.witness import seen
from getvpn_ops.engine.collect import Wish
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import StateSeen
from getvpn_ops.model.journal_story import fold
from getvpn_ops.model.observed import COOP_ROLES, MEMBER_MODES, sightings
from getvpn_ops.model.run import Run
from getvpn_ops.reports.run_html import run_html
from getvpn_ops.reports.run_markdown import run_markdown
from getvpn_ops.reports.run_record import RunRecord
from getvpn_ops.reports.story import ShownRun

if TYPE_CHECKING:
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Inventory

_SECRET = "Key-"  # noqa: S105 -- of a test
"""What every secret of ``intents.secret`` begins with."""
SERVERS = ("ams-ks1", "dub-ks1", "lds-ks1")
STAGES = (
    {"id": "servers", "action": "configure", "targets": {"who": "key-servers"},
     "params": {"sending": "receive-only", "covers": "pilot"},
     "exit": [{"check": "coop-single-primary", "patience": 10}]},
    {"id": "pilot", "action": "configure", "targets": {"who": "pilot"},
     "params": {"sending": "receive-only", "covers": "pilot"},
     "exit": [{"check": "registration-complete", "patience": 5}]},
    {"id": "passive", "action": "configure", "targets": {"who": "pilot"}, "approval": "go on?",
     "params": {"sending": "receive-only", "covers": "as-it-is", "passive": "on"}},
)  # fmt: skip
"""The last one is never begun: its approval is not given."""


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return example()


def look(bank: Bank, inventory: Inventory, *names: str, down: tuple[str, ...] = ()) -> FleetState:
    wish = Wish(tuple(inventory.devices[name] for name in names))
    return collector_of(bank, down).collect("run-1", inventory, wish)


def test_a_look_at_a_working_group_tells_roles_and_modes(inventory: Inventory) -> None:
    fleet = look(Bank(minutes=2), inventory, *SERVERS, "ham-gm1")
    roles, modes = seen(fleet, ("WAN",))
    assert sorted(roles.values()) == ["primary", "secondary", "secondary"]
    assert modes == {"WAN ham-gm1": "both"}
    assert {name.partition(" ")[0] for name in roles} == {"WAN"}, "the key servers serve another group as well"
    assert seen(fleet, ("WAN",), members=False) == (roles, {})


def test_before_anything_is_configured_a_member_is_clear(inventory: Inventory) -> None:
    roles, modes = seen(look(Bank(minutes=1, configs="clear"), inventory, "ams-ks1", "ham-gm1"), ("WAN",))
    assert roles == {"WAN ams-ks1": "serves nobody yet"}
    assert modes == {"WAN ham-gm1": "clear"}


def test_who_does_not_answer_is_said_not_to(inventory: Inventory) -> None:
    fleet = look(Bank(minutes=2), inventory, "ams-ks1", "dub-ks1", "ham-gm1", down=("dub-ks1", "ham-gm1"))
    roles, modes = seen(fleet, ("WAN",))
    assert roles["WAN dub-ks1"] == "no answer"
    assert modes == {"WAN ham-gm1": "no answer"}


@pytest.fixture(scope="module")
def record(inventory: Inventory) -> RunRecord:
    """A run in memory that waits for a person's word."""
    with pytest.MonkeyPatch.context() as patch:
        bank = Bank(minutes=1, configs="clear")
        plan = planned(bank, inventory, STAGES)
        stage = staged(bank, plan, inventory, patch)
        stage.journal._now = bank.clock.now  # noqa: SLF001 -- events of a report need the time of the run
        done = apply_plan(stage.scene, performers())
    assert done.code is ExitCode.WINDOW, done.reason
    entries = stage.journal.entries(stage.scene.run)
    run = Run(stage.scene.run, "apply", entries[0].at, entries[-1].at, user="ops", host="noc1", exit_code=8)
    return RunRecord(ShownRun(run, fold(run.id, entries), plan, "0" * 64), entries, entries[-1].at)


def test_a_run_notes_what_changes_and_nothing_twice(record: RunRecord) -> None:
    for about in (COOP_ROLES, MEMBER_MODES):
        last: dict[tuple[str, str], str] = {}
        for _, group, device, what in sightings(record.entries, about):
            assert last.get((group, device)) != what, (device, what)
            last[group, device] = what
        assert {group for group, _ in last} == {"WAN"}
        if about == COOP_ROLES:
            assert sorted(last.values()) == ["primary", "secondary", "secondary"]
            assert {device for _, device in last} == set(SERVERS)
        else:
            assert set(last.values()) == {"receive-only"}
    assert sum(isinstance(e.event, StateSeen) and e.event.about == MEMBER_MODES for e in record.entries) <= 3


def test_the_report_of_such_a_run_tells_it_and_no_secret(record: RunRecord) -> None:
    page, text = run_html(record), run_markdown(record)
    for said in (page, text):
        assert "passed for 2 of 2" in said
        assert "go on?" in said
        assert "receive-only" in said
    lines = [line for entry in record.entries for line in getattr(entry.event, "lines", ())]
    assert any("<redacted" in line for line in lines), "nothing with a secret was typed: this test says nothing"
    assert secret("canary").reveal().startswith(_SECRET)
    assert _SECRET not in page + text
