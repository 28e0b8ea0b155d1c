"""One change of an intent changes the lines that it must, on the routers that it concerns, and nothing else.

``changes.yaml`` has a change for each field of the schema. A cause is ``ROUTERS - LINE`` or ``ROUTERS + LINE``, each
line with those that it stands under, or ``ROUTERS * BLOCK => BLOCK`` where a block only gets another name.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from intents import fleet, paths, texts
from pydantic import BaseModel

from getvpn_ops.model.intent import access, crypto, group, router

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from getvpn_ops.model.inventory import Inventory

DATA = Path(__file__).parents[2] / "data" / "rendering" / "changes.yaml"
CASES: dict[str, dict[str, Any]] = yaml.safe_load(DATA.read_text())
ROUTERS = {"ks1": "192.0.2.1", "ks2": "192.0.2.2", "gm1": "198.51.100.1", "gm2": "198.51.100.2"}
GROUP = {"identity": 1, "policies": [{"acl": {"exempt": ["gdoi", "ssh"], "encrypt": ["10.0.0.0/8"]}}]}
ELSEWHERE = {
    ("GdoiGroupIntent", "schema_version"): "of the file",
    ("GdoiGroupIntent", "name"): "names of objects follow it: a group with another name is another group",
    ("GdoiGroupIntent", "key_servers"): "test_another_key_server",
    ("GdoiGroupIntent", "members"): "test_another_member",
    ("GdoiGroupIntent", "ip"): "an IPv6 group is another group",
}


def inventory(
    said: Mapping[str, Any], own: Mapping[str, Mapping[str, Any]], names: Iterable[str] = ROUTERS
) -> Inventory:
    routers: dict[str, Mapping[str, Any]] = {}
    for name in names:
        usual = {} if name.startswith("ks") else {"interfaces": ["Serial0/0"]}
        address = ROUTERS.get(name, "198.51.100.77")
        routers[name] = {"addresses": [address], "groups": {"G": {**usual, **own.get(name, {})}}}
    return fleet(routers, {**GROUP, **said})


def renamed(lines: list[str], old: str, new: str) -> list[str]:
    return [" / ".join(new if part == old else part for part in line.split(" / ")) for line in lines]


def causes(before: Mapping[str, str], after: Mapping[str, str], renames: Iterable[str]) -> set[str]:
    """What changed, a line for each router."""
    found = set()
    for name, text in before.items():
        old, new = paths(text), paths(after[name])
        for entry in renames:
            who, _, rest = entry.partition(" * ")
            one, _, other = rest.partition(" => ")
            if name in concerned(who):
                assert any(one in line.split(" / ") for line in old), f"{name} has no {one}"
                old = renamed(old, one, other)
        gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
        found |= {f"{name} - {line}" for line in gone} | {f"{name} + {line}" for line in come}
    return found


def concerned(who: str) -> list[str]:
    return list(ROUTERS) if who == "all" else who.split()


def expected(entries: Iterable[str]) -> set[str]:
    found = set()
    for entry in entries:
        for sign in (" - ", " + "):
            who, parted, line = entry.partition(sign)
            if parted and set(concerned(who)) <= set(ROUTERS):
                found |= {f"{name}{sign}{line}" for name in concerned(who)}
                break
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_change_changes_what_it_must(name: str) -> None:
    case = CASES[name]
    before = texts(inventory(case.get("before", {}), case.get("routers_before", {})))
    after = texts(inventory(case.get("group", {}), case.get("routers", {})))
    renames = [entry for entry in case["causes"] if " => " in entry]
    assert causes(before, after, renames) == expected(entry for entry in case["causes"] if " => " not in entry)


def said(value: object) -> Iterator[tuple[str, str]]:
    """Every field that was written, with its model."""
    if isinstance(value, BaseModel):
        for key in value.model_fields_set:
            yield type(value).__name__, key
            yield from said(getattr(value, key))
    elif isinstance(value, tuple):
        for item in value:
            yield from said(item)


def test_every_field_of_the_schema_is_changed_somewhere() -> None:
    written: set[tuple[str, str]] = set(ELSEWHERE)
    for case in CASES.values():
        made = inventory(case.get("group", {}), case.get("routers", {}))
        intent = made.gdoi_groups["G"]
        written |= set(said(intent)) if case.get("group") else set()
        for device in made.devices.values():
            for own in (*device.member_of.values(), *device.server_of.values()):
                written |= set(said(own))
    models = {
        item
        for module in (access, crypto, group, router)
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, BaseModel) and item.__module__ == module.__name__
    }
    every = {(model.__name__, key) for model in models for key in model.model_fields}
    assert len(every) > 90
    assert every - written == set()


def test_another_member() -> None:
    before = texts(inventory({}, {}))
    after = texts(inventory({}, {}, [*ROUTERS, "gm3"]))
    added = ("crypto isakmp key Key-psk.gm3 address 198.51.100.77", "permit 198.51.100.77")
    assert causes(before, after, ()) == {
        f"{name} + {line}"
        for name in ("ks1", "ks2")
        for line in (added[0], f"ip access-list standard GETVPN_G_MEMBERS / {added[1]}")
    }


def test_another_key_server() -> None:
    before = texts(inventory({"key_servers": ["ks1"]}, {}, ["ks1", "gm1"]))
    after = texts(inventory({}, {}, ["ks1", "ks2", "gm1"]))
    redundancy = "crypto gdoi group G / server local / redundancy"
    assert causes(before, after, ()) == {
        "ks1 + crypto isakmp key Key-psk.ks1-ks2 address 192.0.2.2",
        "ks1 + crypto isakmp keepalive 15 periodic",
        f"ks1 + {redundancy}",
        f"ks1 + {redundancy} / local priority 100",
        f"ks1 + {redundancy} / peer address ipv4 192.0.2.2",
        "gm1 + crypto isakmp key Key-psk.gm1 address 192.0.2.2",
        "gm1 + crypto gdoi group G / server address ipv4 192.0.2.2",
    }


def test_the_order_of_a_list_is_the_order_of_the_intent() -> None:
    said_first = {"policies": [{"acl": {"exempt": ["ssh", "gdoi"], "encrypt": ["10.0.0.0/8"]}}]}
    lines = paths(texts(inventory(said_first, {}))["ks1"])
    entries = [
        line.rpartition(" / ")[2] for line in lines if line.startswith("ip access-list extended") and " / " in line
    ]
    assert entries == [
        "deny tcp any any eq 22",
        "deny tcp any eq 22 any",
        "deny udp any eq 848 any eq 848",
        "permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255",
    ]
