"""``runs settle``: an operator's word where no device tells; and no plan meets a step that another run left open."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from line_by_line import LineRouter, step_on
from typer.testing import CliRunner

from getvpn_ops.cli.app import app
from getvpn_ops.cli.kept_plans import KeptPlans
from getvpn_ops.devices.fleet import NornirFleet
from getvpn_ops.devices.inventory import load_inventory
from getvpn_ops.errors import GetvpnOpsError
from getvpn_ops.model.capture import Capture, Trouble, Visit
from getvpn_ops.model.journal import (
    PlanFixed,
    RunBegun,
    RunEnded,
    StepIntended,
    StepOutcome,
    StepReconciled,
    StepResult,
)
from getvpn_ops.model.plan import Fingerprint, Plan, PlannedDevice, Wave
from getvpn_ops.settings import Settings, Workspace
from getvpn_ops.store import Store
from getvpn_ops.workflow.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.inventory import Device

NOW = datetime(2026, 3, 1, 8, 5, tzinfo=UTC)
NAME, OTHER, STEP = "br-1", "br-2", "001-br-1"
PRINT = Fingerprint("a" * 64, "b" * 64, "17.6.5", "FOC1")


class Site:
    """A workspace with a run that was killed while it typed on a router; the router is what a test makes of it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        (root / "inventory").mkdir()
        hosts = "".join(
            f"{name}: {{hostname: 192.0.2.{at}, data: {{role: gm}}}}\n" for at, name in enumerate((NAME, OTHER), 1)
        )
        (root / "inventory" / "hosts.yaml").write_text(hosts)
        (root / "getvpn-ops.yaml").write_text("{schema: 1, inventory: inventory}\n")
        self.workspace = Workspace(root, Settings.model_validate({"inventory": "inventory"}))
        self.routers: dict[str, LineRouter] = {}
        router = LineRouter(NAME)
        self.wave = Wave("members", (step_on(router, NAME),))
        self.first = self.planned("p-1")
        with self.store() as store:
            journal = self.journal(store)
            arguments = {"plan": self.first.plan.id, "digest": self.first.digest}
            self.run = store.begin_run("apply", NOW, arguments=arguments).id
            intended = StepIntended(
                STEP, NAME, "a second key server", tuple(line.text for line in self.wave.steps[0].change().lines)
            )
            for event in (RunBegun("apply", "ops@noc1"), PlanFixed(self.first.digest), intended):
                journal.append(self.run, event)
        monkeypatch.setattr(NornirFleet, "ask", self.ask)

    def planned(self, name: str, *names: str) -> Any:  # noqa: ANN401 -- a KeptPlan
        devices = tuple(PlannedDevice(item, "gm", (), item, PRINT) for item in names or (NAME,))
        print_ = snapshot(load_inventory(self.workspace).inventory)
        ends = datetime.now(UTC) + timedelta(days=1)
        return KeptPlans(self.workspace).keep(
            Plan(name, f"push {name}", NOW, ends, "ops@noc1", print_, devices, (self.wave,))
        )

    def ask(
        self,
        scripts: Mapping[Device, Callable[[], Script]],
        *,
        keep: Callable[[Capture], None],
        progress: object,
    ) -> dict[str, Visit]:
        """What the fleet would; no SSH."""
        del keep, progress
        return {device.name: self._visit(device.name, start()) for device, start in scripts.items()}

    def _visit(self, name: str, script: Script) -> Visit:
        if name not in self.routers:
            return Visit(name, NOW, NOW, trouble=Trouble.UNREACHABLE, reason="no answer within 10 s")
        command = next(script, None)
        while command is not None:
            text = self.routers[name].text(command)
            trouble = Trouble.REFUSED if text is None else None
            try:
                command = script.send(Capture(name, command, f"{text}\n".encode(), NOW, 0.0, "fake", trouble))
            except StopIteration:
                command = None
        return Visit(name, NOW, NOW, "fake", name, 1)

    def store(self) -> Store:
        self.workspace.prepare()
        return Store.open(self.workspace.store_url)

    def journal(self, store: Store) -> Any:  # noqa: ANN401 -- store.journal.Journal
        return store.journal(self.workspace.key(), self.workspace.journal_end, lambda: NOW)

    def type(self, *words: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, [*words, "-w", str(self.root)])
        if isinstance(done.exception, GetvpnOpsError):
            return int(done.exception.exit_code), done.stdout, str(done.exception)
        return done.exit_code, done.stdout, done.stderr

    def settle(self, how: str, *more: str, step: str = STEP, reason: str = "it burnt down") -> tuple[int, str, str]:
        return self.type("runs", "settle", self.run, step, "--as", how, "--reason", reason, *more)

    def shown(self) -> dict[str, Any]:
        code, out, err = self.type("show", self.run, "-o", "json")
        assert code == 0, err
        found: dict[str, Any] = json.loads(out)
        return found


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(tmp_path, monkeypatch)


@pytest.mark.parametrize("how", ["applied", "nothing-sent", "gone"])
def test_a_word_stands_in_the_journal_and_proves_nothing(site: Site, how: str) -> None:
    code, _, err = site.settle(how, "--confirm", f"{NAME} {how}")
    assert code == 0, err
    (step,) = site.shown()["steps"]
    assert (step["result"], step["proven"]) == (how, None)
    assert step["word"]["reason"] == "it burnt down"
    table = site.type("show", site.run, "-o", "table")[1]
    assert f"{how}, by word" in table
    assert "by the word of " in table
    assert site.type("runs", "verify")[0] == 0
    assert site.type("runs", "leases", "-o", "json")[1].count('"id"') == 0, "its lease was given back"
    assert site.settle(how, "--confirm", f"{NAME} {how}")[0] == 2, "it is not in hand any more"


UNTYPED = {
    "not at all": ((), 8, "--confirm 'br-1 gone'"),
    "another device": (("--confirm", "br-2 gone"), 8, "is not 'br-1 gone'"),
    "another result": (("--confirm", "br-1 applied"), 8, "is not 'br-1 gone'"),
}


@pytest.mark.parametrize("name", UNTYPED)
def test_a_word_is_typed_in_full_or_not_taken(site: Site, name: str) -> None:
    more, code, words = UNTYPED[name]
    got, _, err = site.settle("gone", *more)
    assert (got, words in err) == (code, True), err
    assert site.shown()["steps"][0]["result"] == "unknown"


TOLD = {"none of its lines": (0, "nothing-sent"), "a part": (2, "partly"), "all": (4, "applied")}


@pytest.mark.parametrize("how", ["applied", "gone"])
@pytest.mark.parametrize("name", TOLD)
def test_a_router_that_can_be_read_is_read_and_no_word_taken(site: Site, name: str, how: str) -> None:
    stands, result = TOLD[name]
    router = LineRouter(NAME)
    router.router.type(site.wave.steps[0].change().lines[:stands])
    site.routers[NAME] = router
    code, _, err = site.settle(how, "--confirm", f"{NAME} {how}")
    assert code == 4
    assert f"came to {result}; nobody's word is needed" in err
    assert f"getvpn-ops resume {site.run}" in err
    (step,) = site.shown()["steps"]
    assert (step["result"], step["word"]) == (result, None)


@pytest.mark.parametrize(("how", "code"), [("gone", 4), ("applied", 0)])
def test_a_router_that_answers_and_does_not_tell_is_not_gone(site: Site, how: str, code: int) -> None:
    site.routers[NAME] = LineRouter(NAME)
    KeptPlans(site.workspace).folder.joinpath(f"{site.first.plan.id}.json").unlink()
    got, _, err = site.settle(how, "--confirm", f"{NAME} {how}")
    assert got == code, err
    assert ("answers, so it is not gone" in err) is (how == "gone")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no such step": ({"step": "009-br-1"}, f"in hand are: {STEP} on {NAME}"),
    "no such device": ({"more": ("--device", OTHER)}, f"in hand are: {STEP} on {NAME}"),
    "no reason": ({"reason": "  "}, "--reason is one line"),
    "a reason of two lines": ({"reason": "it\x07burnt"}, "--reason is one line"),
    "a reason without end": ({"reason": "x" * 201}, "--reason is one line"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_usage_is_said(site: Site, name: str) -> None:
    said = dict(WRONG[name][0])
    code, _, err = site.settle("gone", *said.pop("more", ()), "--confirm", f"{NAME} gone", **said)
    assert (code, WRONG[name][1] in err) == (2, True), err


def test_a_name_that_stands_for_several_needs_a_device(site: Site) -> None:
    with site.store() as store:
        journal = site.journal(store)
        journal.append(site.run, StepIntended(STEP, OTHER, "the same", ()))
    assert "name one with --device" in site.settle("gone")[2]
    assert site.settle("gone", "--device", OTHER, "--confirm", f"{OTHER} gone")[0] == 0
    assert [step["result"] for step in site.shown()["steps"]] == ["unknown", "gone"]


def test_who_is_told_that_nobody_can_tell_is_told_of_the_way_out(site: Site) -> None:
    with site.store() as store:
        journal = site.journal(store)
        journal.append(site.run, StepReconciled(STEP, NAME, StepResult.UNKNOWN, "no answer"))
        journal.append(site.run, RunEnded(3))
    assert any("runs settle" in command for command in site.shown()["next"])


# -- steps that another run left open

OPEN: dict[str, tuple[Callable[[Site, Any], None], bool]] = {
    "in hand": (lambda _site, _journal: None, True),
    "read, and nobody can tell": (
        lambda site, kept: kept.append(site.run, StepReconciled(STEP, NAME, StepResult.UNKNOWN, "no answer")),
        True,
    ),
    "partly there": (
        lambda site, kept: kept.append(site.run, StepOutcome(STEP, NAME, StepResult.PARTLY, "2 of 4")),
        False,
    ),
}


@pytest.mark.parametrize("name", OPEN)
def test_a_plan_is_refused_before_anything_is_sent(site: Site, name: str) -> None:
    event, is_refused = OPEN[name]
    with site.store() as store:
        event(site, site.journal(store))
    second = site.planned("p-2", OTHER, NAME)
    code, _, err = site.type("apply", second.plan.id, "--yes")
    assert ("nobody knows how far another run came" in err) is is_refused, err
    if not is_refused:
        return
    assert code == 3
    assert all(word in err for word in (NAME, STEP, f"getvpn-ops resume {site.run}", f"runs settle {site.run} {STEP}"))
    with site.store() as store:
        assert len(store.runs("apply")) == 1, "no run was begun"
    assert site.settle("gone", "--confirm", f"{NAME} gone")[0] == 0
    assert "nobody knows how far another run came" not in site.type("apply", second.plan.id, "--yes")[2]


@pytest.mark.parametrize("name", OPEN)
def test_a_plan_that_is_made_says_so(site: Site, name: str) -> None:
    event, is_open = OPEN[name]
    with site.store() as store:
        event(site, site.journal(store))
    site.routers[NAME] = LineRouter(NAME)
    _, out, err = site.type("plan", "action", "save", NAME, "-o", "json")
    assert out, err
    assert (f"(step {STEP} of run {site.run}) came is not known" in out) is is_open
