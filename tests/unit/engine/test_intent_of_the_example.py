"""The worked example's intent says exactly what its running configurations hold beyond the clear ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from getvpn_ops.devices.inventory import load_folder
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.model.config.secret import Secret
from getvpn_ops.parsing import parse
from getvpn_ops.rendering.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.config import ConfigLine, RunningConfig

EXAMPLE = Path(__file__).parents[3] / "inventory"
LOADED = load_folder(EXAMPLE).inventory
INSIDE = sorted(name for name, device in LOADED.devices.items() if device.gdoi_groups)
NOT_PRINTED = {"mode tunnel", "hash sha", "lifetime 86400", "rekey sig-hash algorithm sha"}
PRINTED_OFF = {"no tag"}
BY_HAND = {"ip access-list extended KS-WAN-IN"}
"""An interface's list, which the migration opened for UDP 848: such lists stay a person's."""
IN_ORDER = ("server address ", "permit ", "deny ", "remark ")
COOP = re.compile(r"(\w+)-ks1-(\w+)-ks1")


def looked_up(reference: str) -> Secret:
    """The lab's keys by the names that the example gives them."""
    name = COOP.sub(r"coop-\1-\2", reference.removeprefix("psk/"))
    return Secret.of("isakmp-key", f"lab-psk-{name}")


def configuration(folder: str, name: str) -> RunningConfig:
    text = (EXAMPLE / "lab_configs" / folder / f"{name}.cfg").read_text(encoding="utf-8")
    read: RunningConfig = parse("show running-config", text).data
    return read


def lines(tree: Iterable[ConfigLine], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every line with those above it, as all releases would print it; what is off, or holds by itself, is left out."""
    found: list[tuple[str, ...]] = []
    for line in tree:
        text = re.sub(r"^\d+ (?=permit|deny|remark)", "", " ".join(line.text.split()))
        if text.startswith("!") or text in NOT_PRINTED | PRINTED_OFF:
            continue
        path = (*above, text)
        found += [path, *lines(line.children, path)]
    return found


@pytest.mark.parametrize("name", INSIDE)
def test_the_intent_is_what_the_migration_added(name: str) -> None:
    clear = set(lines(configuration("clear", name).tree))
    running = lines(configuration("running", name).tree)
    intended = lines(Intents(LOADED, Secrets(looked_up)).of(name).read.tree)
    added = [path for path in running if path not in clear and path[0] not in BY_HAND]
    meant = [path for path in intended if path not in clear]
    assert added
    assert sorted(set(meant) - set(added)) == []
    assert sorted(set(added) - set(meant)) == []
    ordered = [path for path in added if path[-1].startswith(IN_ORDER)]
    assert sorted(ordered, key=lambda path: path[:-1]) == sorted(
        (path for path in meant if path[-1].startswith(IN_ORDER)), key=lambda path: path[:-1]
    )


def test_who_is_inside() -> None:
    assert len(INSIDE) == 27
