"""Lines that nobody could type are found before anything is sent, and a step that is gone on with asks for no more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fake_hands import Killed
from line_by_line import LineHand, LineRouter, go, staged, step_on

from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.devices.vault import Vault
from getvpn_ops.dialect.secrets import redact
from getvpn_ops.engine.change.planning.typeable import prints_in, untypeable
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.change import ChangeLine
from getvpn_ops.model.config.secret import Secret, fingerprint
from getvpn_ops.model.plan import PlannedLine
from getvpn_ops.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from getvpn_ops.model.change import ChangeStep
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.receipt import StepReceipt

OWN, GIVEN, LOST = (f"<redacted sha256:{fingerprint(text)}>" for text in ("Own-1", "Given-1", "Lost-1"))
TREE = parse("show running-config", f"hostname r1\ncrypto isakmp key {OWN} address 10.1.1.1\nend\n").data.tree


def print_of(shown: str) -> str:
    return shown.removeprefix("<redacted sha256:").removesuffix(">")


LINES = {
    "no key": ("shutdown", True),
    "a key of the device": (f"no crypto isakmp key {OWN} address 10.1.1.1", True),
    "a key that is given": (f"crypto isakmp key {GIVEN} address 10.1.1.1", True),
    "one that is not": (f"crypto isakmp key {LOST} address 10.1.1.1", False),
    "one of each": (f"one {GIVEN} other {LOST}", False),
}


@pytest.mark.parametrize("case", LINES.values(), ids=LINES)
def test_what_can_be_typed(case: tuple[str, bool]) -> None:
    text, can = case
    line, below = PlannedLine(text), PlannedLine("exit", (text,))
    found = untypeable((line, below), prints_in(TREE), lambda: {print_of(GIVEN)})
    assert found == (() if can else (line, below))


def test_sources_are_only_asked_if_need_be() -> None:
    asked: list[int] = []

    def given() -> Collection[str]:
        asked.append(1)
        return ()

    assert untypeable((PlannedLine(f"one {OWN}"),), prints_in(TREE), given) == ()
    assert asked == []
    assert untypeable((PlannedLine(f"one {LOST}"),), prints_in(TREE), given) != ()
    assert asked == [1]


# -- routers with keys


class KeyRouter(LineRouter):
    """Prints its keys as captures have them; the session that types on it knows what it has, and what it is given."""

    @property
    def true(self) -> str:
        return "\n".join(self.router.config.lines())

    @property
    def lines(self) -> str:
        return "\n".join(map(redact, self.true.splitlines()))


@pytest.fixture(autouse=True)
def _vaults(monkeypatch: pytest.MonkeyPatch) -> None:
    configure = LineHand.configure

    def resolving(self: LineHand, step: ChangeStep, *, revert_minutes: int = 0) -> StepReceipt:
        if isinstance(self._held, KeyRouter):
            vault = Vault(self.device, lambda: [Secret.of("line", "Given-1")], Redactor())
            vault.learn(self._held.true)
            step = vault.resolve(step)
        return configure(self, step, revert_minutes=revert_minutes)

    monkeypatch.setattr(LineHand, "configure", resolving)


# -- right before the first byte

NEW = (PlannedLine(f"crypto isakmp key {GIVEN} address 10.1.1.1"),)
BACK = (PlannedLine(f"no crypto isakmp key {GIVEN} address 10.1.1.1"),)
SOURCES: dict[str, tuple[Callable[[Device], Collection[str]] | None, ExitCode]] = {
    "the source has it": (lambda _: {print_of(GIVEN)}, ExitCode.GOOD),
    "no source has it any more": (lambda _: set(), ExitCode.STALE),
    "nobody can say": (None, ExitCode.GOOD),
}


@pytest.mark.parametrize("case", SOURCES)
def test_a_plan_is_stale_where_a_line_cannot_be_typed_any_more(case: str) -> None:
    secrets, code = SOURCES[case]
    routers = {"br-0": LineRouter("br-0"), "br-1": KeyRouter("br-1", "FOC2")}
    stage = staged(routers, [step_on(routers["br-0"], "br-0"), step_on(routers["br-1"], "br-1", lines=NEW, back=BACK)])
    ending = go(replace(stage, scene=replace(stage.scene, secrets=secrets)))
    assert ending.code is code, ending.reason
    assert (NEW[0].text in routers["br-1"].lines) is (code is ExitCode.GOOD)
    if code is ExitCode.STALE:
        assert stage.ledger.typed == [], "not on the other one either"
        assert (NEW[0].text in ending.reason, "br-1" in ending.reason) == (True, True)
        assert Redactor().text(ending.reason) == ending.reason


# -- gone on with

STRAYS = ("Stray-1", "Stray-2", "Stray-3")


@pytest.mark.parametrize("at", range(len(STRAYS)))
def test_keys_that_are_gone_are_not_needed_to_take_the_others_away(at: int) -> None:
    texts = [f"crypto isakmp key {text} address 10.9.1.{number}" for number, text in enumerate(STRAYS)]
    shown = [PlannedLine(redact(text)) for text in texts]
    router = KeyRouter("br-0")
    router.router.type(ChangeLine(text) for text in texts)
    lines = tuple(PlannedLine(f"no {line.text}") for line in shown)
    stage = staged({"br-0": router}, [step_on(router, "br-0", lines=lines, back=tuple(shown[::-1]))])
    stage = replace(stage, scene=replace(stage.scene, secrets=lambda _: ()))
    router.faults[at] = "kill-after"
    with pytest.raises(Killed):
        go(stage)
    ending = go(stage.resumed())
    assert (ending.code, ending.reason) == (ExitCode.GOOD, "")
    assert "isakmp" not in router.lines
    assert sorted(stage.ledger.lines()) == sorted(line.text for line in lines), "none was typed twice"
