"""Nornir's files as the lab reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from getvpn_ops.lab.inventory import InventoryError, read

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, hosts: str, groups: str = "", defaults: str = "") -> Path:
    for name, text in (("hosts", hosts), ("groups", groups), ("defaults", defaults)):
        if text:
            (folder / f"{name}.yaml").write_text(text)
    return folder


def test_groups_and_defaults_fill_what_a_host_leaves_open(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        "a: {groups: [branch, old], data: {site: x}}\nb: {hostname: 10.0.0.2, username: eve, data: {release: 17.9.4}}",
        "branch: {groups: [all], data: {role: gm, release: 15.2(4)M11}}\n"
        "old: {data: {release: 12.4(22)T5, model: '2811', serial: S1}}\nall: {data: {site: y, privilege: 1}}",
        "{username: ops, data: {site: z}}",
    )
    first, second = read(folder)
    assert (first.name, first.address, first.username) == ("a", "a", "ops")
    assert (first.release.text, first.model, first.serial, first.privilege) == ("15.2(4)M11", "2811", "S1", 1)
    assert first.data["site"] == "x"
    assert first.data["role"] == "gm"
    assert (second.address, second.username, second.release.text) == ("10.0.0.2", "eve", "17.9.4")
    assert second.data["site"] == "z"
    assert second.privilege == 15


WRONG = {
    "no-file": ({}, "hosts.yaml: there is no such file"),
    "empty": ({"hosts": "{}"}, "hosts.yaml: there is no host in it"),
    "no-yaml": ({"hosts": "a: ["}, "hosts.yaml: while parsing"),
    "no-mapping": ({"hosts": "- a"}, "hosts.yaml: expected a mapping of names to mappings"),
    "no-such-group": ({"hosts": "a: {groups: [b]}"}, "a: there is no group 'b' in groups.yaml"),
    "circle": ({"hosts": "a: {groups: [b]}", "groups": "b: {groups: [b]}"}, "a: group 'b' is a member of itself"),
    "release": ({"hosts": "a: {data: {release: ios}}"}, "a: data.release: not a release of IOS or IOS-XE: 'ios'"),
    "old-release": ({"hosts": "a: {data: {release: 11.2}}"}, "a: data.release: no routers of release '11.2'"),
    "privilege": ({"hosts": "a: {data: {privilege: 16}}"}, "a: data.privilege: expected 0 to 15, found 16"),
    "data": ({"hosts": "a: {data: [1]}"}, "a: data: expected a mapping, found [1]"),
}


@pytest.mark.parametrize(("files", "said"), WRONG.values(), ids=WRONG)
def test_mistakes(tmp_path: Path, files: dict[str, str], said: str) -> None:
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    with pytest.raises(InventoryError) as caught:
        read(tmp_path)
    assert said in str(caught.value)


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    folder = write(tmp_path, "a: {groups: [x]}\nb: {data: {release: ios}}\nc: {data: {privilege: -1}}")
    with pytest.raises(InventoryError) as caught:
        read(folder)
    assert len(caught.value.mistakes) == 3
