"""A change of policy over SSH: a rekey near is waited for, the command is typed once, and who missed it comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from asked import Notes
from fake_hands import FOREVER, Kept, MemoryJournal, MemoryLeases, perform, plan_of
from handed import Handed
from networks import address, key_server, member

from getvpn_ops.engine.change import ks_guard
from getvpn_ops.engine.change.log import RunLog, Settled
from getvpn_ops.engine.change.rekey import ProveRekey, remember
from getvpn_ops.engine.change.scene import Margins, Scene
from getvpn_ops.engine.collect import Collector
from getvpn_ops.errors import ExitCode
from getvpn_ops.lab.background import Background
from getvpn_ops.lab.fleet import Settings
from getvpn_ops.lab.gdoi.variants import Variants
from getvpn_ops.model.change import RekeyEffect, StepKind
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Configure, PlannedLine, PlannedStep
from getvpn_ops.model.receipt import StepOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from getvpn_ops.devices.hand import OpenHand

GROUP = "gdoi-group1"
PATH = (f"crypto gdoi group {GROUP}", "server local")
LINE = "sa receive-only"
SERVERS, MEMBERS = ("ks1", "ks2"), ("gm1", "gm2")
TYPED = (f"crypto gdoi ks group {GROUP} rekey", f"clear crypto gdoi group {GROUP}")
PROOF = perform("009-rekey", "prove-rekey", groups=(GROUP,), group=GROUP)


class Jumping:
    """The lab's clock, which jumps when someone waits."""

    def __init__(self, lab: Background) -> None:
        self._lab = lab

    def now(self) -> datetime:
        return self._lab.call(self._lab.fleet.clock.now)

    def wait_until(self, moment: datetime) -> bool:
        if moment > self.now():
            self._lab.advance(to=moment)
        return True


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Background]:
    folder = tmp_path_factory.mktemp("inventory")
    (folder / "gdoi_groups").mkdir()
    (folder / "gdoi_groups" / f"{GROUP}.yaml").write_text(
        f"schema: 1\nname: {GROUP}\nidentity: 12345\nkey_servers: [{', '.join(SERVERS)}]\n"
    )
    hosts = []
    for name in (*SERVERS, *MEMBERS):
        lines = key_server(name, names=SERVERS) if name in SERVERS else member(name, servers=SERVERS)
        port = ["interface GigabitEthernet0/0/0" if "FastEthernet4" in line else line for line in lines]
        lines = [line.replace("interface GigabitEthernet0/1", "interface GigabitEthernet0/0/1") for line in port]
        (folder / f"{name}.cfg").write_text(f"hostname {name}\n" + "\n".join(lines) + "\n")
        role = "ks" if name in SERVERS else "gm"
        hosts.append(
            f"{name}: {{hostname: {address(name)}, username: ops, data: {{role: {role}, release: 17.6.5, "
            f"serial: S{name}, gdoi_groups: [{GROUP}], gdoi_addresses: [{address(name)}]}}}}\n"
        )
    (folder / "hosts.yaml").write_text("".join(hosts))
    with Background(Settings(folder, folder, seed=5)) as running:
        running.advance(240)
        yield running


class Site:
    """A run on the lab."""

    def __init__(self, lab: Background, root: Path, line: str) -> None:
        self.lab, self.clock = lab, Jumping(lab)
        self.handed = Handed(lab, root, {"now": self.clock.now})
        fleet = self.handed.fleet(now=self.clock.now)
        journal, kept = MemoryJournal(self.clock.now), Kept()
        self.said: list[str] = []
        self.steps = tuple(self.change(name, line) for name in ("ks2", "ks1"))
        self.log = RunLog("run-1", journal, MemoryLeases("run-1", journal), FOREVER)
        self.scene = Scene(
            run="run-1", plan=plan_of(*self.steps, PROOF), inventory=self.handed.loaded.inventory, fleet=fleet,
            hands=self.handed.hands, clock=self.clock, archive=kept, progress=Notes(), log=self.log,
            collector=Collector(fleet, self.clock, kept, Notes()), margins=Margins(poll=5), say=self.said.append,
        )  # fmt: skip

    @staticmethod
    def change(device: str, line: str) -> PlannedStep:
        back = line.removeprefix("no ") if line.startswith("no ") else f"no {line}"
        lines, rollback = (PlannedLine(line, PATH),), (PlannedLine(back, PATH),)
        act = Configure(StepKind.SET, lines, rollback, RekeyEffect.BY_COMMAND)
        return PlannedStep(f"001-{device}", device, line, act, (GROUP,))

    def take(self, step: PlannedStep) -> None:
        """Guard, last look and stay, as a push does them."""
        assert ks_guard.guard_key_server(step, self.scene, policy=True) is None
        assert remember(self.scene, step) is None

        def job(hand: OpenHand) -> bool:
            assert ks_guard.last_look(step, self.scene, hand) is None

            def do() -> Settled:
                assert hand.configure(step.change()).outcome is StepOutcome.APPLIED
                return Settled(StepResult.APPLIED)

            self.log.send(step.id, step.device, step.title, (step.title,), do, once=False)
            return True

        assert self.handed.on(step.device, job)

    def prove(self) -> str:
        performer = ProveRekey()
        assert performer.guard(PROOF, self.scene) is None
        assert performer.act(PROOF, self.scene, None) is None
        assert performer.prove(PROOF, self.scene) is None
        return self.log.proven(PROOF.id) or ""

    def typed(self) -> list[str]:
        """What was sent to do something, by what the journal holds."""
        parts = [self.log.step(f"{PROOF.id}{part}", name) for part, name in PARTS]
        return [f"{part.intended.device}: {part.intended.lines[0]}" for part in parts if part is not None]


PARTS = [(".rekey", name) for name in SERVERS] + [(f".straggler.{name}", name) for name in MEMBERS]


def test_the_command_is_typed_once_and_a_lost_member_comes_back_alone(lab: Background, tmp_path: Path) -> None:
    site = Site(lab, tmp_path, LINE)
    due = lab.call(lambda: lab.router("ks1").gdoi.servers[GROUP].next_tek_rekey)
    assert due is not None
    lab.advance(to=due - timedelta(seconds=60))
    for step in site.steps:
        site.take(step)
    assert site.clock.now() > due
    assert ["is due at" in line for line in site.said] == [True]
    site.handed.arm("gm2", "lose-rekeys")
    evidence = site.prove()
    assert site.typed() == [f"ks1: {TYPED[0]}", f"gm2: {TYPED[1]}"], "\n".join(site.said)
    assert "current keys read on 2 of 2 members" in evidence
    assert "gm2 registered again in" in evidence
    lab.call(lab.fleet.clear, "*", None)


def test_software_that_rekeys_by_itself_gets_no_command(lab: Background, tmp_path: Path) -> None:
    choice = {name: Variants(rekeys_on_leaving=True) for name in SERVERS}
    lab.call(lab.fleet.life.world.variants.update, choice)
    site = Site(lab, tmp_path, f"no {LINE}")
    for step in site.steps:
        site.take(step)
    assert "2 of 2 members acknowledged" in site.prove()
    assert site.typed() == []


def test_a_flipped_election_holds_and_a_split_freezes(lab: Background, tmp_path: Path) -> None:
    site = Site(lab, tmp_path, LINE)
    site.handed.arm("ks2", "election-flip")
    lab.advance(60)
    held = ks_guard.guard_key_server(site.steps[0], site.scene, policy=True)
    assert held is not None
    assert held.code is ExitCode.STALE
    site.handed.arm("ks2", "split")
    lab.advance(300)
    held = ks_guard.guard_key_server(site.steps[0], site.scene, policy=True)
    assert held is not None
    assert (held.code, "frozen" in held.reason) == (ExitCode.FINDINGS, True), held
