"""``config diff --from``: configurations that somebody saved, without a device and without a workspace."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
import small_wan

from getvpn_ops.cli.app import main
from getvpn_ops.devices.inventory import load_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an inventory and what its routers hold."""
    source = small_wan.written(tmp_path / "inventory")
    inventory = load_folder(source).inventory
    (tmp_path / "saved").mkdir()
    for device in small_wan.DEVICES:
        text = small_wan.running(inventory, device)
        (tmp_path / "saved" / f"{device}.cfg").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, dict[str, Any], str]]:
    def typed(*words: str) -> tuple[int, dict[str, Any], str]:
        monkeypatch.setattr(sys, "argv", ["getvpn-ops", "config", "diff", "--from", str(place / "saved"), *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), json.loads(out) if out else {}, err

    return typed


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def with_source(place: Path) -> None:
    text = "schema: 1\nsecrets: [{from: file, path: 'keys/{name}'}]\n"
    (place / "getvpn-ops.yaml").write_text(text, encoding="utf-8")
    for name in (*small_wan.DEVICES, "fal-ks2-hub-ks1"):
        path = place / "keys" / "psk" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{small_wan.key_of(name)}\n", encoding="utf-8")
        path.chmod(0o600)


def test_what_is_as_intended_is_good(run: Callable[..., Any]) -> None:
    code, answer, _ = run("-i", "inventory")

    assert (code, answer["counts"]["as intended"]) == (0, 4)


def test_devices_of_which_nothing_was_saved_are_left_out_unless_they_are_named(
    run: Callable[..., Any], place: Path
) -> None:
    (place / "saved" / "abe-gm1.cfg").unlink()

    code, answer, _ = run("-i", "inventory")
    named, known, _ = run("WAN", "-i", "inventory")

    assert (code, len(answer["devices"]), answer["notes"]) == (0, 3, ["no capture of abe-gm1"])
    assert (named, known["counts"]["unknown"]) == (3, 1)


def test_keys_of_plain_configurations_are_right_or_wrong(run: Callable[..., Any], place: Path) -> None:
    with_source(place)
    assert run()[0] == 0

    edit(place / "saved" / "bat-gm1.cfg", "key Kq7-bat-gm1-x address 10.255.0.1", "key other-1 address 10.255.0.1")

    code, answer, err = run()
    assert (code, answer["counts"]["drift"]) == (4, 1)
    assert "other-1" not in json.dumps(answer) + err


def test_a_placeholder_that_came_with_the_captures_proves_nothing_but_the_same(
    run: Callable[..., Any], place: Path
) -> None:
    with_source(place)
    edit(place / "saved" / "bat-gm1.cfg", "key Kq7-bat-gm1-x", "key <redacted sha256:0123456789ab>")

    code, answer, _ = run()

    assert (code, answer["counts"]) == (3, {"as intended": 3, "drift": 0, "unknown": 1})
    assert run("--no-keys")[0] == 0


MISTAKES: dict[str, tuple[tuple[str, ...], str]] = {
    "nothing says what they should hold": ((), "no inventory says what these devices should hold"),
    "a name that is none": (("hub-ks3", "-i", "inventory"), "did you mean hub-ks1?"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_wrong_usage_is_said(name: str, run: Callable[..., Any]) -> None:
    words, message = MISTAKES[name]

    code, answer, err = run(*words)

    assert (code, answer) == (2, {})
    assert message in err


def test_a_group_that_is_not_described_whole_is_said_to_lack_it(run: Callable[..., Any], place: Path) -> None:
    (place / "inventory" / "gdoi_groups" / "WAN.yaml").write_text(
        "schema: 1\nname: WAN\nidentity: 5\n", encoding="utf-8"
    )

    code, _, err = run("WAN", "-i", "inventory")

    assert code == 2
    assert "nothing says what hub-ks1, fal-ks2, abe-gm1, bat-gm1 should hold" in err
    assert "its file has no `policies`" in err


def test_an_intent_that_is_wrong_is_said_before_anything_is_compared(run: Callable[..., Any], place: Path) -> None:
    edit(place / "inventory" / "hosts.yaml", "release: 15.2(4)M11", "release: unheard-of")

    code, _, err = run("-i", "inventory")

    assert code == 2
    assert "bat-gm1" in err
    assert "unheard-of" in err
