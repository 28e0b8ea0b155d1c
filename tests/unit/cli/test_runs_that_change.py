"""``show``, ``runs leases``, ``unlock`` and the usage of ``plan`` and ``apply``: no device is called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import shown_plans as plans
from typer.testing import CliRunner

from getvpn_ops.cli.app import app
from getvpn_ops.cli.changing import free_of_the_dead, resources
from getvpn_ops.cli.kept_plans import KeptPlans
from getvpn_ops.cli.who import who
from getvpn_ops.errors import GetvpnOpsError
from getvpn_ops.model.journal import PlanFixed, Resource, ResourceKind, RunBegun
from getvpn_ops.settings import Settings, Workspace
from getvpn_ops.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 3, 1, 8, 6, tzinfo=UTC)
PLAN = plans.plan()
BOTH = [Resource(ResourceKind.DEVICE, "bat-gm1"), Resource(ResourceKind.GROUP, "WAN")]


class Place:
    """A workspace with a run that holds a lease."""

    def __init__(self, root: Path) -> None:
        (root / "getvpn-ops.yaml").write_text("{}\n")
        self.root = root
        self.workspace = Workspace(root, Settings())
        kept = KeptPlans(self.workspace).keep(PLAN)
        with self.store() as store:
            journal = self.journal(store)
            arguments = {"plan": PLAN.id, "digest": kept.digest}
            self.run = store.begin_run("apply", NOW, arguments=arguments)
            self.lease = store.leases(journal).take(self.run.id, BOTH, timedelta(minutes=10)).id
            for event in (RunBegun("apply", "ops@noc1"), PlanFixed(kept.digest)):
                journal.append(self.run.id, event)

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


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_run_under_way_is_shown_with_its_lease(place: Place) -> None:
    code, out, _ = place.type("show", "-o", "json")
    said = json.loads(out)
    assert (code, said["run"]["id"], said["state"]) == (0, place.run.id, "under-way")
    assert [lease["id"] for lease in said["leases"]] == [place.lease]
    assert said["leases"][0]["taken"] == NOW.isoformat()
    assert said["plan"]["id"] == PLAN.id
    assert len(said["waiting"]) == len(PLAN.steps)
    code, out, _ = place.type("show", place.run.id, "-o", "table")
    assert (code, place.lease in out) == (0, True)


def test_a_lease_is_listed_broken_for_a_reason_and_gone(place: Place) -> None:
    code, out, _ = place.type("runs", "leases", "-o", "json")
    (lease,) = json.loads(out)["leases"]
    assert (code, lease["id"], lease["has_ended"]) == (0, place.lease, False)
    assert lease["resources"] == ["device:bat-gm1", "group:WAN"]
    assert place.type("unlock", place.lease, "--reason", " ")[0] == 2
    assert place.type("unlock", place.lease[:-1], "--reason", "it hangs")[0] == 2
    code, _, err = place.type("unlock", place.lease, "--reason", "it hangs")
    assert (code, f"next: getvpn-ops resume {place.run.id}" in err) == (0, True)
    code, out, err = place.type("runs", "leases", "-o", "table")
    assert (code, out, "nobody holds a lease" in err) == (0, "", True)
    assert json.loads(place.type("show", "-o", "json")[1])["state"] == "broken"
    assert "it hangs" in place.type("show", "-o", "table")[1]


def test_a_journal_that_was_tampered_with_shows(place: Place) -> None:
    place.workspace.journal_end.unlink()
    code, out, err = place.type("show", "-o", "json")
    assert (code, json.loads(out)["journal"]["faults"], "runs verify" in err) == (4, 1, True)


def gone() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    return ended.pid


DEAD: dict[str, tuple[Callable[[], str], bool]] = {
    "its process is gone": (lambda: f"{who()}, process {gone()}", True),
    "its process lives": (lambda: f"{who()}, process {os.getpid()}", False),
    "of another machine": (lambda: f"ops@elsewhere, process {gone()}", False),
    "nobody can tell": (lambda: "somebody", False),
}


@pytest.mark.parametrize("name", DEAD)
def test_a_lease_is_only_taken_from_the_dead(place: Place, name: str) -> None:
    owner, is_broken = DEAD[name]
    with place.store() as store:
        with store._database.write("set the owner") as connection:  # noqa: SLF001 -- no method does this
            connection.exec_driver_sql("UPDATE leases SET owner = ?", (owner(),))
        leases = store.leases(place.journal(store))
        free_of_the_dead(leases, place.run)
        assert (leases.held() == ()) is is_broken


def test_a_lease_is_taken_on_everything_that_a_plan_touches_or_rests_on() -> None:
    found = {str(item) for item in resources(PLAN)}
    assert found == {"device:fal-ks2", "device:hub-ks1", "device:bat-gm1", "device:abe-gm1", "group:WAN"}


USAGE = {
    "no such plan": (("apply", "nothing"), 2, "no plan is called 'nothing'"),
    "no such run": (("show", "nothing"), 2, "no run is called"),
    "no action": (("plan", "action"), 2, "name an action"),
    "unknown action": (("plan", "action", "reregistr"), 2, "did you mean reregister?"),
    "no pair": (("plan", "action", "save", "a", "--set", "x"), 2, "expected KEY=VALUE"),
    "twice": (("plan", "action", "save", "a", "--set", "x=1", "--set", "x=2"), 2, "each key once"),
    "no time": (("plan", "push", "WAN", "--expires", "soon"), 2, "expected a time such as 4h"),
    "too long": (("plan", "push", "WAN", "--expires", "8d"), 2, "7d at most"),
    "no time at all": (("plan", "push", "WAN", "--expires", "0s"), 2, "expected a time"),
}


@pytest.mark.parametrize("name", USAGE)
def test_wrong_usage_is_said_before_any_device_is_called(place: Place, name: str) -> None:
    words, code, message = USAGE[name]
    got, out, err = place.type(*words)
    assert (got, out) == (code, "")
    assert message in err


def test_plans_are_listed_and_shown_again(place: Place) -> None:
    code, out, _ = place.type("plan", "list", "-o", "json")
    assert (code, [item["id"] for item in json.loads(out)["plans"]]) == (0, [PLAN.id])
    code, out, _ = place.type("plan", "list", "-o", "table")
    assert (code, "push WAN" in out) == (0, True)
    code, out, _ = place.type("plan", "show", "-o", "markdown")
    assert (code, out.startswith(f"# Plan `{PLAN.id}`")) == (0, True)
    target = place.root / "ticket.md"
    assert place.type("plan", "show", PLAN.id[:6], "-o", "markdown", "--out", str(target)) == (0, "", "")
    assert target.read_text() == out


def test_actions_are_listed() -> None:
    done = CliRunner().invoke(app, ["plan", "action", "--list", "-o", "json"])
    ids = [item["id"] for item in json.loads(done.stdout)["actions"]]
    assert done.exit_code == 0
    assert ids == sorted(ids)
    assert {"save", "rekey", "reregister"} <= set(ids)


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """What a lab leaves that has ended."""
    workspace = Workspace(tmp_path, Settings(), is_lab=True)
    workspace.prepare()
    KeptPlans(workspace).keep(PLAN)
    with Store.open(workspace.store_url) as store:
        store.begin_run("apply", NOW, arguments={"plan": PLAN.id})
    return tmp_path


READING = ("plan list", "plan show", "show last", "runs", "runs leases", "backup list")


@pytest.mark.parametrize("words", READING)
def test_what_a_lab_left_is_read_without_it(left: Path, words: str) -> None:
    done = CliRunner().invoke(app, [*words.split(), "--lab", "-w", str(left), "-o", "json"])
    assert (done.exit_code, bool(json.loads(done.stdout))) == (0, True)
    nothing = CliRunner().invoke(app, [*words.split(), "--lab", "-w", str(left.parent), "-o", "json"])
    assert "no lab is running" in str(nothing.exception)


@pytest.mark.parametrize("words", ["plan push WAN", f"apply {PLAN.id}", "resume last-apply", "backup", "certificates"])
def test_what_asks_routers_needs_a_lab_that_runs(left: Path, words: str) -> None:
    done = CliRunner().invoke(app, [*words.split(), "--lab", "-w", str(left)])
    assert "no lab is running" in str(done.exception)


def test_a_plan_that_expired_is_listed_as_that(place: Place) -> None:
    assert "expired" in place.type("plan", "list", "-o", "table")[1]


def test_every_parameter_of_an_action_is_described() -> None:
    done = CliRunner().invoke(app, ["plan", "action", "--list", "-o", "json"])
    found = {f"{item['id']} {one['name']}": one["description"] for item in json.loads(done.stdout)["actions"]
             for one in item["parameters"]}  # fmt: skip
    assert found
    assert all(found.values())
    table = CliRunner().invoke(app, ["plan", "action", "--list", "-o", "table"]).stdout
    assert all(name.split()[1] in table for name in found)
