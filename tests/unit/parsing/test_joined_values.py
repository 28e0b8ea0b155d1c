"""A Value that is a list, for a field that is one value: the lines are joined."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from getvpn_ops.model.values import RsaPublicKey
from getvpn_ops.parsing import parse
from getvpn_ops.parsing.build import Builder, Damage
from getvpn_ops.parsing.machine import Machine, Run

TEMPLATE = """\
Value NAME (\\S+)
Value List KEY_DATA ([0-9A-F ]+)

Start
  ^Key name -> Continue.Record
  ^Key name: ${NAME}$$
  ^${KEY_DATA}$$
"""


@dataclass(frozen=True, slots=True)
class _Key:
    name: str
    key_data: RsaPublicKey | None = None


@dataclass(frozen=True, slots=True)
class _Keys:
    keys: tuple[_Key, ...] = ()


def _build(lines: list[str]) -> tuple[_Keys, Damage]:
    machine = Machine("keys", TEMPLATE)
    run = Run()
    damage = Damage(unknown=run.unknown)
    return Builder(machine, {"Start": _Key}, _Keys).build(machine.run(lines, run), damage), damage


def test_lines_become_one_value() -> None:
    found, damage = _build(
        [
            "Key name: A",
            "301A300D 06092A86 4886F70D 01010105 000309",
            "00 30060201 11020103",
            "Key name: B",
        ]
    )
    assert [key.name for key in found.keys] == ["A", "B"]
    assert found.keys[0].key_data == RsaPublicKey("301A300D06092A864886F70D01010105000309003006020111020103", 5)
    assert found.keys[1].key_data is None
    assert not damage.lines


def test_every_line_of_a_wrong_value_is_named() -> None:
    found, damage = _build(["Key name: A", "ABC", "DE"])
    assert found.keys[0].key_data is None
    assert sorted(damage.lines) == [2, 3]


def test_part_of_a_key_does_not_pass_for_a_key() -> None:
    found, damage = _build(["Key name: A", "301A300D 06092A86 4886F70D 01010105", "00 30060201 11020103"])
    assert found.keys[0].key_data == RsaPublicKey("301A300D06092A864886F70D01010105003006020111020103", None)
    assert not damage.lines
    text = "Key name: A\n Usage: General Purpose Key\n Key Data:\n  30819F30 0D06092A 864886F7 0D010101\n"
    parsed = parse("show crypto key mypubkey rsa", text)
    assert any("not a whole RSA key" in warning for warning in parsed.warnings)


@pytest.mark.parametrize("place", [2, 3, 4])
def test_a_value_with_a_damaged_line_in_or_beside_it_is_left_out(place: int) -> None:
    lines = ["Key name: A", "AB", "CD", "Key name: B"]
    lines.insert(place - 1, "~")
    found, damage = _build(lines)
    assert found.keys[0].key_data is None
    assert set(damage.lines) == {2, 3, 4} - {place}
