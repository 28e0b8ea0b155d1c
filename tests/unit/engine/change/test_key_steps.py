"""RSA keys from key server to key server: at most once whatever happens in between, and never over another key."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import pytest
from acting import planned, staged
from bank import KEY_SERVERS, LABEL, Bank
from fake_hands import BankHand, Fault, Killed
from pydantic import SecretStr

from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.errors import ExitCode
from getvpn_ops.lab.ios.identity.keys import public_der, rsa_key
from getvpn_ops.model.exec import ExecCommand, ExecMode, ExecReceipt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fake_hands import Stage

    from getvpn_ops.engine.change.apply import Ending

_NUMBERS = count(1)


class KeyHand(BankHand):
    """Carries keys from router to router without a screen; what is carried is the label and whose key it is."""

    bank: Bank
    source = ""

    def export_key(
        self, label: str, cipher: str, passphrase: SecretStr, *, seconds: float = 60.0
    ) -> tuple[ExecReceipt, SecretStr | None]:
        del passphrase, seconds
        line = f"crypto key export rsa {label} pem terminal {cipher} <redacted>"
        return self.command(ExecCommand(line, mode=ExecMode.CONFIG)), SecretStr(self.device)

    def import_key(
        self, label: str, pem: SecretStr, passphrase: SecretStr, *, exportable: bool, seconds: float = 60.0
    ) -> ExecReceipt:
        del passphrase, seconds, exportable
        self.source = pem.get_secret_value()
        line = f"crypto key import rsa {label} pem exportable terminal <redacted>"
        return self.command(ExecCommand(line, mode=ExecMode.CONFIG))

    def do(self, command: ExecCommand) -> str:
        words = command.line.split()
        if words[:3] == ["crypto", "key", "export"]:
            return ""
        if words[:3] == ["crypto", "key", "import"]:
            routers = self.bank.world.routers
            routers[self.device].keys.held[words[4]] = routers[self.source].keys.held[words[4]]
            return ""
        if words[:3] == ["crypto", "key", "generate"]:
            router = self.bank.world.routers[self.device]
            router.keys.held[words[6]] = rsa_key(words[6], int(words[8]), exportable=True, made=router.clock.now())
            return ""
        return super().do(command)


@pytest.fixture(scope="module")
def routers() -> Bank:
    """A group that works; each test makes keys of its own."""
    return Bank()


@pytest.fixture
def bank(routers: Bank) -> Iterator[Bank]:
    """The same; its own key is whole again after each test."""
    own = routers.world.routers[KEY_SERVERS[0]].keys.held[LABEL]
    yield routers
    for name in KEY_SERVERS:
        routers.world.routers[name].keys.held[LABEL] = own


@pytest.fixture
def label() -> str:
    """A label that no other test uses."""
    return f"WAN_{next(_NUMBERS) + 1}"


def stage_of(bank: Bank, label: str, *faults: Fault) -> Stage:
    plan = planned(bank, "rsa-key", ["WAN"], label=label, rotate="true", modulus="1024")
    assert plan.refusals == ()
    stage = staged(bank, plan, *faults)
    return with_keys(stage, bank)


def with_keys(stage: Stage, bank: Bank) -> Stage:
    """The same, with hands that carry keys."""
    KeyHand.bank = bank
    stage.hands.make = lambda name, keep: KeyHand(bank, name, stage.ledger, stage.clock.now, keep)
    return stage


def publics(bank: Bank, label: str) -> dict[str, bytes | None]:
    held = {name: bank.world.routers[name].keys.held.get(label) for name in KEY_SERVERS}
    return {name: public_der(key.private.public_key()) if key is not None else None for name, key in held.items()}


def finished(stage: Stage) -> tuple[Stage, Ending, int]:
    """Apply, and go on as often as the run is killed; how often that was."""
    for kills in range(4):
        try:
            return stage, apply_plan(stage.scene, performers()), kills
        except Killed:
            stage = stage.resumed()
    pytest.fail("it is killed again and again")


FAULTS: dict[str, tuple[Fault | None, int]] = {
    "nothing": (None, 0),
    "generate: drop before": (Fault("lds-ks1", "^crypto key generate", "drop-before"), 0),
    "generate: drop after": (Fault("lds-ks1", "^crypto key generate", "drop-after"), 0),
    "generate: kill before": (Fault("lds-ks1", "^crypto key generate", "kill-before"), 1),
    "generate: kill after": (Fault("lds-ks1", "^crypto key generate", "kill-after"), 1),
    "export: kill": (Fault("lds-ks1", "^crypto key export", "kill-after"), 1),
    "import: drop after": (Fault("ams-ks1", "^crypto key import", "drop-after"), 0),
    "import: kill before": (Fault("ams-ks1", "^crypto key import", "kill-before"), 1),
    "import: kill after": (Fault("ams-ks1", "^crypto key import", "kill-after"), 1),
    "save: drop after": (Fault("dub-ks1", "^write memory", "drop-after"), 0),
    "save: kill after": (Fault("dub-ks1", "^write memory", "kill-after"), 1),
}


@pytest.mark.parametrize("case", FAULTS)
def test_whatever_happens_one_key_and_no_line_twice(bank: Bank, label: str, case: str) -> None:
    fault, kills = FAULTS[case]
    stage = stage_of(bank, label, *([replace(fault)] if fault is not None else ()))
    ended, ending, killed = finished(stage)
    if "drop before" in case:
        assert (ending.code, ending.reason.endswith("nothing was sent")) == (ExitCode.UNDETERMINED, True)
        ended, ending, killed = finished(ended.resumed())
    assert ending.code is ExitCode.GOOD, ending
    assert killed == kills
    found = publics(bank, label)
    assert None not in found.values()
    assert len(set(found.values())) == 1
    for name in KEY_SERVERS:
        lines = stage.ledger.lines(name)
        made = [line for line in lines if line.startswith(("crypto key generate", "crypto key import"))]
        assert len(made) == 1, lines
        keys = bank.world.routers[name].keys
        assert keys.is_saved(keys.held[label])
    proven = ended.scene.log.proven(ended.scene.plan.steps[-1].id)
    assert proven is not None
    assert proven.startswith(f"{label} on lds-ks1, ams-ks1, dub-ks1: 1024 bits, SHA-256 ")
    before = len(stage.ledger.typed)
    assert finished(ended.resumed())[1].code is ExitCode.GOOD
    assert len(stage.ledger.typed) == before, "what is proven is not typed again"


def somebodys(bank: Bank, name: str, label: str) -> None:
    router = bank.world.routers[name]
    router.keys.held[label] = rsa_key(label, 1024, exportable=True, made=router.clock.now())


def test_a_key_that_somebody_made_since_the_plan_is_never_overwritten(bank: Bank, label: str) -> None:
    stage = stage_of(bank, label)
    somebodys(bank, "dub-ks1", label)
    theirs = publics(bank, label)["dub-ks1"]
    _, ending, _ = finished(stage)
    assert ending.code is ExitCode.FINDINGS
    assert f"dub-ks1 holds another RSA key {label} (" in ending.reason
    assert "it was not overwritten" in ending.reason
    assert publics(bank, label)["dub-ks1"] == theirs
    assert stage.ledger.lines("dub-ks1") == []


def test_a_label_that_appears_on_the_source_makes_the_plan_stale(bank: Bank, label: str) -> None:
    stage = stage_of(bank, label)
    somebodys(bank, "lds-ks1", label)
    _, ending, _ = finished(stage)
    assert ending.code is ExitCode.STALE
    assert stage.ledger.typed == []


def test_another_key_after_a_kill_is_shown_and_not_overwritten(bank: Bank, label: str) -> None:
    """Whoever imports between a kill and the resumption is not taken for the run itself."""
    stage = stage_of(bank, label, Fault("ams-ks1", "^crypto key import", "kill-before"))
    with pytest.raises(Killed):
        apply_plan(stage.scene, performers())
    somebodys(bank, "ams-ks1", label)
    _, ending, _ = finished(stage.resumed())
    assert ending.code is ExitCode.FINDINGS
    assert f"ams-ks1 holds another RSA key {label} (" in ending.reason
    assert not any("import" in line for line in stage.ledger.lines("ams-ks1"))


def test_unread_keys_hold(bank: Bank, label: str) -> None:
    stage = stage_of(bank, label)
    stage.ledger.down.add("ams-ks1")
    _, ending, _ = finished(stage)
    assert ending.code is ExitCode.UNDETERMINED
    assert stage.ledger.typed == []


def test_a_missing_key_is_mended_though_key_servers_differ(bank: Bank) -> None:
    """The guard of a change of policy holds where the RSA key is missing; here that is what is mended."""
    del bank.world.routers["dub-ks1"].keys.held[LABEL]
    plan = planned(bank, "rsa-key", ["WAN"])
    assert [step.id for step in plan.steps] == ["001-copy-dub-ks1", "002-compare"]
    stage = staged(bank, plan)
    with_keys(stage, bank)
    assert finished(stage)[1].code is ExitCode.GOOD
    assert len(set(publics(bank, LABEL).values())) == 1
