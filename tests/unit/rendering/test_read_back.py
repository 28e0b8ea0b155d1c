"""What is written for every feature says, read back, exactly what was meant, and no line of it is foreign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from featured import FEATURES
from intents import XE17, secret

from getvpn_ops.engine.config.intended import Intents, differences, read_back
from getvpn_ops.errors import MistakesError
from getvpn_ops.model.plain import to_plain
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.rendering.text import true_text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.model.config import ConfigLine


def foreign(data: object, where: str = "") -> Iterator[str]:
    """Lines that were kept as text because nothing knows them."""
    if isinstance(data, dict):
        if data.get("other"):
            yield f"{where}: {data['other']}"
        for key, value in data.items():
            yield from foreign(value, f"{where}.{key}")
    elif isinstance(data, list):
        for item in data:
            yield from foreign(item, where)


@pytest.mark.parametrize("name", FEATURES)
def test_the_text_says_what_was_meant(name: str) -> None:
    inventory = FEATURES[name].inventory()
    intents = Intents(inventory, Secrets(secret))
    for device in inventory.devices:
        config = intents.resolver.config(device)
        read = read_back(true_text_of(config))
        assert differences(config, read) == (), device
        plain: Any = to_plain(read)
        del plain["tree"]
        assert list(foreign(plain)) == [], device


@pytest.mark.parametrize("name", [name for name, feature in FEATURES.items() if feature.older is not None])
def test_a_release_that_lacks_it_is_refused(name: str) -> None:
    feature = FEATURES[name]
    assert feature.older is not None
    release, words = feature.older
    for device in feature.names():
        inventory = feature.inventory({device: release})
        with_it = [item for item in feature.names() if _told(inventory, item, device, words, release)]
        if with_it:
            return
    pytest.fail(f"nobody is told that {release} has no {words}")


def _told(inventory: Any, asked: str, device: str, words: str, release: str) -> bool:  # noqa: ANN401 -- an inventory
    try:
        Intents(inventory, Secrets(secret)).of(asked)
    except MistakesError as exc:
        return any(
            device in line and f"{words} came with" in line and f"it runs {release}" in line for line in exc.mistakes
        )
    return False


def test_a_word_that_is_not_the_one_meant_is_seen() -> None:
    inventory = FEATURES["cooperating key servers"].inventory()
    config = Intents(inventory, Secrets(secret)).resolver.config("ks1")
    text = true_text_of(config)
    changes = 0
    for line in {line for line in text.splitlines() if line.strip() not in {"", "!"}}:
        other = text.replace(f"{line}\n", "", 1)
        if differences(config, read_back(other)):
            changes += 1
        else:
            assert line.strip() == "server local", line
    assert changes > 40


def tree_lines(lines: tuple[ConfigLine, ...]) -> int:
    return sum(1 + tree_lines(line.children) for line in lines)


def test_every_line_is_in_the_tree() -> None:
    inventory = FEATURES["basic"].inventory()
    intended = Intents(inventory, Secrets(secret)).of("ks1")
    written = [line for line in intended.text.splitlines() if line.strip() not in {"", "!"}]
    assert tree_lines(intended.read.tree) == len(written)
    assert intended.config.release == XE17
    assert "Key-" not in intended.text
