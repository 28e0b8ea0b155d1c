"""The worked example of ``inventory/``: everything that its files say is written, and read back it is the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from intents import secret

from getvpn_ops.devices.inventory.load import load_folder
from getvpn_ops.engine.config.intended import Intents, differences, read_back
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.rendering.text import text_of, true_text_of

FOLDER = Path(__file__).parents[3] / "inventory"
INVENTORY = load_folder(FOLDER).inventory
MANAGED = [name for name, device in INVENTORY.devices.items() if device.gdoi_groups]


@pytest.mark.parametrize("name", MANAGED)
def test_a_router_of_the_worked_example(name: str) -> None:
    config = Intents(INVENTORY, Secrets(secret)).resolver.config(name)
    assert differences(config, read_back(true_text_of(config))) == ()
    assert "Key-" not in text_of(config)


def test_all_of_them_were_seen() -> None:
    assert len(MANAGED) == 27
    assert set(INVENTORY.gdoi_groups) == {"WAN", "PAYMENTS"}
