"""Plans word for word, as they are read on a screen, in a ticket, by a program, and pasted into a router (P18).

To accept a change of words on purpose, run with ``GETVPN_OPS_GOLDEN=write`` and read the difference.
"""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import shown_plans as plans
from rich.console import Console

from getvpn_ops.model.change import StepKind
from getvpn_ops.model.plan import Configure, PlannedLine, PlannedStep, Wave
from getvpn_ops.reports.console import Visible
from getvpn_ops.reports.plan_forms import SCHEMA, PlanForm, plan_document, plan_plain, plans_plain
from getvpn_ops.reports.plan_rows import next_command, verdict
from getvpn_ops.reports.plan_table import plan_text, plan_view, summary_view
from getvpn_ops.reports.rollback_sheet import sheet_text, sheets, typed_by_hand

FOLDER = Path(__file__).parents[2] / "data" / "plans"
DIGEST, SEAL = "0f" * 32, "1e" * 32
PLAN = plans.plan()


def screen(width: int) -> str:
    console = Console(file=io.StringIO(), width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as shown:
        console.print(Visible(plan_view(PLAN, DIGEST, flags=" --lab")))
    return "".join(f"{line.rstrip()}\n" for line in shown.get().splitlines())


GOLDEN = {
    "push.txt": lambda: plan_text(PLAN, DIGEST),
    "push-80.txt": lambda: screen(80),
    "push-all.txt": lambda: plan_text(PLAN, DIGEST, everything=True),
    "push.json": lambda: plan_document(PLAN, DIGEST, SEAL, PlanForm.JSON),
    "push.md": lambda: plan_document(PLAN, DIGEST, SEAL, PlanForm.MARKDOWN),
    "push.sheet": lambda: plan_document(PLAN, DIGEST, SEAL, PlanForm.SHEET),
    "refused.txt": lambda: plan_text(plans.refused(), DIGEST),
    "refused.md": lambda: plan_document(plans.refused(), DIGEST, SEAL, PlanForm.MARKDOWN),
    "empty.txt": lambda: plan_text(plans.plan(waves=(), effects=(), rekeys=()), DIGEST),
    "staged.txt": lambda: plan_text(plans.staged(), DIGEST),
    "staged-all.txt": lambda: plan_text(plans.staged(), DIGEST, everything=True),
    "staged.md": lambda: plan_document(plans.staged(), DIGEST, SEAL, PlanForm.MARKDOWN),
    "list.json": lambda: json.dumps(plans_plain([(PLAN, DIGEST), (plans.refused(), SEAL)]), indent=1) + "\n",
}


@pytest.mark.parametrize("name", GOLDEN)
def test_word_for_word(name: str) -> None:
    path, text = FOLDER / name, GOLDEN[name]()
    if os.environ.get("GETVPN_OPS_GOLDEN") == "write":
        path.write_bytes(text.encode())
    assert text == path.read_bytes().decode()


def test_every_golden_plan_is_held() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(GOLDEN)
    assert plan_plain(PLAN, DIGEST, SEAL)["schema"] == SCHEMA == 1


def test_thousands_of_members_are_read_in_a_minute_and_all_of_them_if_asked_for() -> None:
    many = plans.large(5000)
    text = plan_text(many, DIGEST)
    assert text.count("\n") < 60
    assert "5000 devices: site0000-gm1, " in text
    assert "and 4992 more" in text
    assert "crypto isakmp key <redacted: each device's own> address 10.255.0.1" in text
    assert "<redacted sha256:" not in text
    whole = plan_text(plans.large(40), DIGEST, everything=True)
    assert all(f"<redacted sha256:{number:012x}>" in whole for number in range(40))
    assert all(f"site{number:04}-gm1: set:" in whole for number in range(40))


def test_members_that_differ_are_not_folded_and_no_kind_is_dropped_without_a_word() -> None:
    base = plans.large(200)
    steps = [step for wave in base.waves for step in wave.steps]
    odd = tuple(
        Wave("one", (replace(step, act=Configure(StepKind.SET, (PlannedLine(f"set pfs group{at}", plans.MAP),), ())),))
        for at, step in enumerate(steps)
    )
    text = plan_text(replace(base, waves=odd), DIGEST)
    assert text.count("set pfs group") == 60
    assert "and 140 more kinds of steps: --all shows all of them" in text
    assert plan_text(replace(base, waves=odd), DIGEST, everything=True).count("set pfs group") == 200


def test_a_key_server_always_stands_alone() -> None:
    titles = [line for line in plan_text(PLAN, DIGEST).splitlines() if line.startswith("wave")]
    assert titles[:2] == ["wave 1: key server fal-ks2", "wave 2: key server hub-ks1, the primary"]


VERDICTS = {
    "refused": (plans.refused(), "REFUSED: this plan is never applied", ""),
    "loses": (PLAN, "can be applied; traffic that is lost", f"getvpn-ops apply {PLAN.id} --accept-loss --lab"),
    "empty": (plans.plan(waves=(), effects=()), "nothing to do", ""),
    "typed": (
        plans.plan(confirm="clear", effects=()), "can be applied; what it drops has to be typed",
        f"getvpn-ops apply {PLAN.id} --lab",
    ),
    "hitless": (plans.plan(effects=()), "can be applied, and loses", f"getvpn-ops apply {PLAN.id} --lab"),
}  # fmt: skip


@pytest.mark.parametrize("name", VERDICTS)
def test_a_plan_says_whether_it_can_be_applied_and_how(name: str) -> None:
    plan, words, command = VERDICTS[name]
    assert verdict(plan).startswith(words)
    assert next_command(plan, " --lab") == command


def test_the_summary_has_what_somebody_agrees_to_and_no_lines() -> None:
    console = Console(file=io.StringIO(), width=100, markup=False, emoji=False, highlight=False)
    with console.capture() as shown:
        console.print(summary_view(PLAN, DIGEST))
    assert "loses for 12 s" in shown.get()
    assert "match address" not in shown.get()


def test_a_table_is_no_document() -> None:
    with pytest.raises(ValueError, match="a view"):
        plan_document(PLAN, DIGEST, SEAL, PlanForm.TABLE)


# -- sheets


WAYS = {
    "one mode": ((("set pfs", plans.MAP), ("set x", plans.MAP)), ["crypto map VPN 10 gdoi", " set pfs", " set x"]),
    "back to the global mode": (
        (("shutdown", ("interface Gi0",)), ("no crypto map VPN", ())),
        ["interface Gi0", " shutdown", " exit", "no crypto map VPN"],
    ),
    "a line that opens a mode": (
        (("crypto isakmp policy 10", ()), ("no ip access-list extended OLD", ())),
        ["crypto isakmp policy 10", " exit", "no ip access-list extended OLD"],
    ),
    "deeper modes": (
        (("a", plans.GROUP), ("rekey transport unicast", plans.GROUP[:2]), ("identity number 7", plans.GROUP[:1])),
        [
            "crypto gdoi group WAN", " server local", "  sa ipsec 1", "   a", "   exit", "  rekey transport unicast",
            "  exit", " identity number 7",
        ],
    ),
    "negated lines open nothing": (
        (("no crypto isakmp policy 10", ()), ("no ip x", ())), ["no crypto isakmp policy 10", "no ip x"],
    ),
    "a secret is never pasted as it is shown": (
        (("crypto isakmp key <redacted sha256:0123456789ab> address 192.0.2.1", ()),
         ("pre-shared-key <secret:psk/a>", ("crypto ikev2 keyring K", "peer P"))),
        [
            "! FILL IN: crypto isakmp key <redacted sha256:0123456789ab> address 192.0.2.1", "crypto ikev2 keyring K",
            " peer P", "  ! FILL IN: pre-shared-key <secret:psk/a>",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WAYS)
def test_lines_are_typed_in_their_modes(name: str) -> None:
    lines, typed = WAYS[name]
    assert list(typed_by_hand(PlannedLine(text, path) for text, path in lines)) == typed


def test_every_device_has_its_sheet_and_key_servers_come_last_in_the_order_of_the_plan() -> None:
    assert list(sheets(PLAN)) == ["bat-gm1", "fal-ks2", "hub-ks1"]
    for name, text in sheets(PLAN).items():
        lines = text.splitlines()
        steps = [line for line in lines if line.startswith("! step ")]
        assert steps == sorted(steps, reverse=True), name
        assert lines.count("configure terminal") == lines.count("end") == (1 if name == "bat-gm1" else 2)
        assert "! this plan saved the configuration: when all is as it was, type 'write memory'" in lines


def test_what_no_line_takes_back_is_said() -> None:
    text = sheet_text(plans.refused())
    assert "step 001-hub-ks1-clear, clear crypto gdoi: no line takes this back:\n! nothing leads back" in text
    assert "no line of these takes back step 005-wan-rekey: nothing leads back" in sheet_text(PLAN)
    assert "there is nothing to take back" in sheet_text(plans.plan(waves=()))
    never = PlannedStep("001", "a", "t", Configure(StepKind.SET, (PlannedLine("x"),), ()), way_back="by reload")
    assert "no line takes this back:\n! by reload" in sheet_text(plans.plan(waves=(Wave("w", (never,)),)))
