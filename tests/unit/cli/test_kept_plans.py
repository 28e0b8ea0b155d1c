"""Plans in the state folder: whole or not at all, private, and found as a person names them."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import shown_plans as plans

from getvpn_ops.cli.kept_plans import KeptPlans
from getvpn_ops.cli.plan import list_plans
from getvpn_ops.errors import GetvpnOpsError, StalePlanError, UsageError
from getvpn_ops.reports.parsed import Output
from getvpn_ops.reports.plan_forms import PlanForm, plan_document
from getvpn_ops.settings import Settings, Workspace

if TYPE_CHECKING:
    from pathlib import Path

PLAN = plans.plan()
OTHER = plans.plan(id="p-20260301-090000-aaaa")


@pytest.fixture
def kept(tmp_path: Path) -> KeptPlans:
    made = KeptPlans(Workspace(tmp_path, Settings()))
    for age, plan in ((20, PLAN), (10, OTHER)):
        path = made.keep(plan).path
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    return made


NAMES = {
    "whole id": (PLAN.id, PLAN.id),
    "beginning": ("p-20260301-08", PLAN.id),
    "last": ("last", OTHER.id),
    "blanks": (f" {OTHER.id} ", OTHER.id),
    "ambiguous": ("p-2026", "may be any of"),
    "unknown": ("p-9", "no plan is called"),
    "empty": ("", "no plan is called"),
    "a name that is too long": ("x" * 5000, "no plan is called"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_is_found_as_it_is_named(kept: KeptPlans, name: str) -> None:
    text, expected = NAMES[name]
    if expected.startswith("p-"):
        assert kept.find(text).plan.id == expected
    else:
        with pytest.raises(UsageError, match=expected):
            kept.find(text)


def test_files_are_private_and_whole(kept: KeptPlans) -> None:
    assert stat.S_IMODE(kept.folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in kept.folder.iterdir()] == [0o600, 0o600]
    kept.keep(PLAN)
    assert len(list(kept.folder.iterdir())) == 2
    with pytest.raises(UsageError, match="and it is another one"):
        kept.keep(replace(PLAN, what="something else"))
    assert kept.find(PLAN.id).plan == PLAN


@pytest.mark.parametrize("name", ["../../up", "", ".hidden", "a/b", "a b"])
def test_no_id_leads_out_of_the_folder(kept: KeptPlans, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the id"):
        kept.keep(replace(PLAN, id=name))


def test_a_file_of_a_plan_and_a_report_of_one_are_taken(kept: KeptPlans, tmp_path: Path) -> None:
    found = kept.find(PLAN.id)
    report = tmp_path / "report.json"
    report.write_text(plan_document(PLAN, found.digest, found.seal, PlanForm.JSON), encoding="utf-8")
    assert kept.find(str(report)).plan == kept.find(str(found.path)).plan == PLAN


def changed_line(text: str) -> str:
    return text.replace("WAN_POLICY_r2", "WAN_POLICY_r3")


def changed_budget(text: str) -> str:
    return text.replace('"budget": 0', '"budget": 9')


def without_seal(text: str) -> str:
    said = json.loads(text)
    return json.dumps(said | {"seal": "0" * 64})


CHANGED = {
    "a line": (changed_line, StalePlanError), "a number": (changed_budget, StalePlanError),
    "the seal": (without_seal, StalePlanError), "no JSON": (lambda text: text[:-9], UsageError),
    "another document": (lambda _: "[]", UsageError), "no text": (lambda _: "\x00\ufffd", UsageError),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGED)
@pytest.mark.parametrize("form", ["kept", "report"])
def test_one_changed_byte_and_it_is_not_applied(kept: KeptPlans, tmp_path: Path, form: str, name: str) -> None:
    change, error = CHANGED[name]
    found = kept.find(PLAN.id)
    shown = plan_document(PLAN, found.digest, found.seal, PlanForm.JSON)
    text = found.path.read_text() if form == "kept" else shown
    assert change(text) != text
    path = tmp_path / "plan.json"
    path.write_text(change(text), encoding="utf-8")
    with pytest.raises(error):
        kept.find(str(path))


def test_another_installation_cannot_apply_it(kept: KeptPlans, tmp_path: Path) -> None:
    other = KeptPlans(Workspace(tmp_path / "other", Settings()))
    with pytest.raises(StalePlanError, match="another installation"):
        other.find(str(kept.find(PLAN.id).path))


def test_the_plan_of_a_run_is_that_one_or_none(kept: KeptPlans) -> None:
    digest = kept.find(PLAN.id).digest
    found = kept.with_digest(PLAN.id, digest)
    assert found is not None
    assert found.plan == PLAN
    assert kept.with_digest(PLAN.id, "0" * 64) is None
    assert kept.with_digest("p-gone", digest) is None


def test_all_that_can_be_read_are_listed_and_of_the_others_it_is_said(
    kept: KeptPlans, capsys: pytest.CaptureFixture[str]
) -> None:
    (kept.folder / "broken.json").write_text("{", encoding="utf-8")
    assert {item.plan.id for item in kept.every()} == {PLAN.id, OTHER.id}
    assert "broken.json" in capsys.readouterr().err
    with pytest.raises(GetvpnOpsError):
        kept.find("broken")
    assert KeptPlans(Workspace(kept.folder / "nowhere", Settings())).every() == ()


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_an_id_in_the_list_of_plans_can_be_copied(
    kept: KeptPlans, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: int
) -> None:
    folder = kept.find("last").path.parents[2]
    (folder / "getvpn-ops.yaml").write_text("inventory: .\n", encoding="utf-8")
    monkeypatch.setenv("COLUMNS", str(columns))
    list_plans(output=Output.TABLE, workspace=folder)
    shown = capsys.readouterr().out
    assert PLAN.id in shown
    assert OTHER.id in shown
