"""A list that stays as it is while something else of the group changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bank import INVENTORY
from plans import example

from getvpn_ops.errors import UsageError
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.parsing import parse
from getvpn_ops.workflow.playbooks.kept_lists import with_kept_lists
from getvpn_ops.workflow.playbooks.stages import ConfigureParams, Covers
from getvpn_ops.workflow.playbooks.variants import varied

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.model.inventory import Inventory

LIST = "GETVPN_WAN_POLICY"


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return example()


def running(name: str, folder: str = "running") -> RunningConfig:
    text = Path(INVENTORY / "lab_configs" / folder / f"{name}.cfg").read_text(encoding="utf-8")
    made = parse("show running-config", text).data
    assert isinstance(made, RunningConfig)
    return made


@pytest.fixture(scope="module")
def served() -> RunningConfig:
    return running("lds-ks1")


def test_the_list_is_the_one_that_is_served_whatever_is_intended(inventory: Inventory, served: RunningConfig) -> None:
    entries = tuple(entry.text for item in served.access_lists if item.name == LIST for entry in item.entries)
    assert entries
    changed = varied(inventory, "WAN", ConfigureParams(covers=Covers.AS_IT_IS), (), (), served=served)
    (policy,) = changed.gdoi_groups["WAN"].policies or ()
    (intended,) = inventory.gdoi_groups["WAN"].policies or ()
    assert policy.acl.entries == entries
    assert policy.acl.name == intended.acl.name
    assert policy.model_copy(update={"acl": intended.acl}) == intended


def without_list(config: RunningConfig) -> RunningConfig:
    return replace(config, access_lists=tuple(item for item in config.access_lists if item.name != LIST))


def with_odd_line(config: RunningConfig) -> RunningConfig:
    held = (replace(item, other=("permit what",)) if item.name == LIST else item for item in config.access_lists)
    return replace(config, access_lists=tuple(held))


REFUSED: dict[str, tuple[Callable[[RunningConfig], RunningConfig | None], str]] = {
    "nobody is known to serve it": (lambda _: None, "no key server serves it"),
    "no key server": (lambda _: running("lds-ks1", "clear"), "no key server serves it"),
    "another group": (lambda _: running("ham-gm1"), "no key server serves it"),
    "no list": (without_list, "`sa ipsec 1` is served without a list"),
    "a line that is not understood": (with_odd_line, "holds a line that is not understood: permit what"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_known_cannot_stay(case: str, inventory: Inventory, served: RunningConfig) -> None:
    change, said = REFUSED[case]
    with pytest.raises(UsageError, match=said):
        with_kept_lists(inventory.gdoi_groups["WAN"], change(served))
