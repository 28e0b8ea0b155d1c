"""A WAN of two key servers and two members, described whole, with the configurations that its routers would print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from getvpn_ops.devices.inventory import load_folder
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.model.config.secret import Secret
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.rendering.text import true_text_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from getvpn_ops.model.inventory import Inventory

DEVICES: dict[str, dict[str, Any]] = {
    "hub-ks1": {"role": "ks", "release": "17.6.5", "gdoi_addresses": ["10.255.0.1"], "site": "hub"},
    "fal-ks2": {"role": "ks", "release": "15.7(3)M5", "gdoi_addresses": ["10.255.0.2"], "site": "falmouth"},
    "abe-gm1": {
        "role": "gm", "release": "17.6.5", "gdoi_addresses": ["10.254.1.2"], "site": "aberdeen",
        "getvpn": {"WAN": {"interfaces": ["GigabitEthernet0/0/0"], "adjust_mss": {"GigabitEthernet0/0/1": 1360}}},
    },
    "bat-gm1": {
        "role": "gm", "release": "15.2(4)M11", "gdoi_addresses": ["10.254.2.2"], "site": "bath",
        "getvpn": {
            "WAN": {
                "interfaces": ["GigabitEthernet0/0"], "servers": ["fal-ks2", "hub-ks1"],
                "exceptions": {"exempt": ["10.2.9.0/24 -> 10.1.9.0/24"]},
            }
        },
    },
}  # fmt: skip
WAN: dict[str, Any] = {
    "schema": 1,
    "name": "WAN",
    "identity": 51001,
    "key_servers": ["hub-ks1", "fal-ks2"],
    "ike": {"psk": {"reference": "psk/{member}"}},
    "policies": [
        {"acl": {"exempt": ["gdoi", "ssh", "bgp"], "encrypt": ["10.0.0.0/8 -> 10.0.0.0/8"]}},
    ],
}
_AROUND = {
    "hub-ks1": "interface Loopback0\n ip address 10.255.0.1 255.255.255.255\n!\n",
    "fal-ks2": "interface Loopback0\n ip address 10.255.0.2 255.255.255.255\n!\n",
    "abe-gm1": (
        "interface GigabitEthernet0/0/0\n ip address 10.254.1.2 255.255.255.252\n{GigabitEthernet0/0/0}!\n"
        "interface GigabitEthernet0/0/1\n ip address 10.1.0.1 255.255.255.0\n{GigabitEthernet0/0/1}!\n"
    ),
    "bat-gm1": (
        "interface GigabitEthernet0/0\n ip address 10.254.2.2 255.255.255.252\n{GigabitEthernet0/0}!\n"
        "interface GigabitEthernet0/1\n ip address 10.2.0.1 255.255.255.0\n!\n"
    ),
}


def key_of(reference: str) -> str:
    """The pre-shared key behind a name."""
    return f"Kq7-{reference.rpartition('/')[2]}-x"


def secret_of(reference: str) -> Secret:
    """The same as the renderer takes it."""
    return Secret.of("isakmp-key", key_of(reference))


def written(folder: Path, group: Mapping[str, Any] | None = None, **data: Mapping[str, Any]) -> Path:
    """Write the inventory.

    Args:
        folder: where; is made.
        group: the intent in place of the usual one.
        data: of devices, by name with ``_`` for ``-``, over the usual.
    """
    (folder / "gdoi_groups").mkdir(parents=True)
    hosts = {
        name: {
            "hostname": f"10.99.0.{place}",
            "data": {"gdoi_groups": ["WAN"], **said, **data.get(name.replace("-", "_"), {})},
        }
        for place, (name, said) in enumerate(DEVICES.items(), 1)
    }
    for name, content in (
        ("hosts.yaml", hosts), ("groups.yaml", {}), ("defaults.yaml", {}), ("gdoi_groups/WAN.yaml", group or WAN),
    ):  # fmt: skip
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return folder


def loaded(folder: Path, group: Mapping[str, Any] | None = None, **data: Mapping[str, Any]) -> Inventory:
    """The same, as the engine gets it."""
    return load_folder(written(folder, group, **data)).inventory


def running(inventory: Inventory, device: str) -> str:
    """What a router prints that holds what is intended, in a configuration with other lines around it."""
    config = Intents(inventory, Secrets(secret_of)).resolver.config(device)
    blocks = [block.split("\n") for block in true_text_of(config).split("!\n")]
    interfaces = {
        lines[0].removeprefix("interface "): lines[1:] for lines in blocks if lines[0].startswith("interface ")
    }
    others = ["\n".join(lines) for lines in blocks if not lines[0].startswith("interface ") and any(lines)]
    around = _AROUND[device]
    for name, lines in interfaces.items():
        around = around.replace(f"{{{name}}}", "\n".join(lines))
    version = ".".join(inventory.devices[device].release.split("(")[0].split(".")[:2])
    head = (
        f"Building configuration...\n\nCurrent configuration : 4711 bytes\n!\nversion {version}\nhostname {device}\n!\n"
    )
    ours = "!\n".join(others)
    return f"{head}{ours}!\n{around}line vty 0 4\n transport input ssh\n!\nend\n"
