"""Whatever an intent says: its text read back is the same, and no value of it makes a line of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from drawn_intents import fleets
from hypothesis import given, settings
from intents import fleet, secret
from pydantic import ValidationError

from getvpn_ops.engine.config.intended import differences, read_back
from getvpn_ops.errors import DefectError, MistakesError
from getvpn_ops.model.config.secret import Secret
from getvpn_ops.model.plain import to_plain
from getvpn_ops.rendering.plain import plain
from getvpn_ops.rendering.resolve import Resolver
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.rendering.text import text_of, true_text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from getvpn_ops.model.inventory import Inventory

LINE = re.compile(r"|!| {0,3}[!-~](?:[ -~]*[!-~])?")
WRITTEN: dict[str, int] = {"fleets": 0, "routers": 0, "lines": 0}


def foreign(data: object) -> Iterator[object]:
    """Lines that nothing knows."""
    if isinstance(data, dict):
        if data.get("other"):
            yield data["other"]
        for value in data.values():
            yield from foreign(value)
    elif isinstance(data, list):
        for item in data:
            yield from foreign(item)


@given(fleets())
def _read_back_it_says_the_same(inventory: Inventory) -> None:
    resolver = Resolver(inventory, Secrets(secret))
    WRITTEN["fleets"] += 1
    for device in inventory.devices:
        try:
            config = resolver.config(device)
        except MistakesError as exc:
            assert exc.mistakes  # noqa: PT017 -- refusing is an answer, saying nothing is none
            continue
        text = true_text_of(config)
        read = read_back(text)
        assert differences(config, read) == ()
        found: Any = to_plain(read)
        del found["tree"]
        assert list(foreign(found)) == []
        lines = text.splitlines()
        assert [line for line in lines if not LINE.fullmatch(line)] == []
        assert len(lines) == text.count("\n")
        WRITTEN["routers"] += 1
        WRITTEN["lines"] += len(lines)


def test_read_back_they_say_the_same(figure: Callable[[str], None]) -> None:
    _read_back_it_says_the_same()
    figure(f"drawn intents: {WRITTEN}")
    assert WRITTEN["routers"] > WRITTEN["fleets"] / 2


@settings(max_examples=50)
@given(fleets())
def test_the_number_of_lines_depends_on_the_structure_alone(inventory: Inventory) -> None:
    resolver = Resolver(inventory, Secrets(secret))
    for device in inventory.devices:
        try:
            config = resolver.config(device)
        except MistakesError:
            continue
        assert true_text_of(config).count("\n") == text_of(config).count("\n")


INJECTIONS = ["two\nlines", "a\rb", "tab\there", "bell\a", "é", " fore", "aft ", "\u2028", "nul\0"]


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_value_that_leaves_its_line_gets_no_further(text: str) -> None:
    with pytest.raises(DefectError):
        plain((text,), str)


@pytest.mark.parametrize("text", [*INJECTIONS, "what?", "", "<secret:x>", "x" * 128, "two words"])
def test_a_secret_that_cannot_be_typed_is_refused_by_its_name(text: str) -> None:
    secrets = Secrets(lambda _: Secret.of("isakmp-key", text))
    with pytest.raises(MistakesError) as caught:
        secrets.get("psk/gm1")
    assert "psk/gm1" in str(caught.value)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    "entry", ["permit 10.0.0.1\nend", "permit any ?", "permit\tany", "end", "permit ip any any", "10 permit any"]
)
def test_an_own_list_of_members_holds_entries_alone(entry: str) -> None:
    group = {
        "identity": 1,
        "policies": [{"acl": {"encrypt": ["any"]}}],
        "authorization": {"acl": [entry]},
    }
    with pytest.raises((ValidationError, MistakesError), match=r"authorization.acl|GETVPN_G_MEMBERS"):
        Resolver(fleet({"ks1": {"addresses": ["192.0.2.1"]}}, group)).config("ks1")
