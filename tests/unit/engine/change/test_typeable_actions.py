"""An action whose lines nobody could type is refused while it is planned, and says where the secret should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import small_bank
import small_wan
from small_bank import SmallBank

from getvpn_ops.engine.change.planning.action import ActionRequest, params_of, plan_action, targets_of
from getvpn_ops.engine.config.diff import Differ
from getvpn_ops.engine.config.drift import KeyTerms
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.model.config.secret import Secret
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.workflow.actions import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.plan import Plan

NEW = Secret.of("isakmp-key", "Kq7-new")


def of_a_member(reference: str) -> Secret:
    return NEW if "abe-gm1" in reference else small_wan.secret_of(reference)


def rotation(folder: Path, given: Callable[[Device], Collection[str]] | None) -> Plan:
    """A plan of ``psk-rotate abe-gm1``, whose new key is known to who plans."""
    inventory = small_bank.inventory(folder / "inventory")
    spec = ACTIONS["psk-rotate"]
    targets, groups = targets_of(inventory, ["abe-gm1"])
    return plan_action(
        "run-1",
        ActionRequest(spec, params_of(spec, {}), targets, groups, "psk-rotate", "me@here"),
        collector=small_bank.collector_of(SmallBank(inventory)),
        inventory=inventory,
        differ=Differ(Intents(inventory, Secrets(of_a_member)), inventory, KeyTerms(has_source=True)),
        given=given,
    )


CASES: dict[str, tuple[Callable[[Device], Collection[str]] | None, set[str]]] = {
    "sessions are given the new key": (lambda _: {NEW.fingerprint}, set()),
    "nobody is given anything": (None, {"abe-gm1", "hub-ks1", "fal-ks2"}),
    "one router's sessions lack it": (
        lambda device: set() if device.name == "hub-ks1" else {NEW.fingerprint},
        {"hub-ks1"},
    ),
    "they are given something else": (lambda _: {"0123456789ab"}, {"abe-gm1", "hub-ks1", "fal-ks2"}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_placeholder_that_nothing_resolves(
    tmp_path: Path, case: tuple[Callable[[Device], Collection[str]] | None, set[str]]
) -> None:
    given, refused = case
    plan = rotation(tmp_path, given)
    found = [text for text in plan.refusals if "cannot be typed" in text]
    assert {text.partition(":")[0] for text in found} == refused
    assert all("say under `secrets:` of getvpn-ops.yaml" in text for text in found)
    assert plan.waves, "what would be typed is shown all the same"
