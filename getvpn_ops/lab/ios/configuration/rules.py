"""What a router looks at, beyond the grammar, when a configuration line is typed.

A rule is named behind ``&`` in the grammar file. It returns None where the line is to be stored as any other.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.configuration import access_lists, crypto_rules
from getvpn_ops.lab.ios.configuration.blocks import Block
from getvpn_ops.lab.ios.configuration.rulings import Ruling
from getvpn_ops.lab.ios.configuration.syntax import Accepted
from getvpn_ops.lab.ios.configuration.values import interface_name
from getvpn_ops.lab.ios.identity import accounts

if TYPE_CHECKING:
    from getvpn_ops.lab.ios.configuration.config import Configuration
    from getvpn_ops.lab.ios.configuration.grammar_file import Reading

Rule = Callable[["Configuration", "Block", "Reading"], Ruling | None]
_HOST_LENGTH, _PAIR_LENGTH = 32, 31
_SHARED = ("GigabitEthernet", "FastEthernet", "TenGigabitEthernet", "Ethernet", "Vlan", "BVI", "BDI", "Port-channel")
_DISABLED = (
    "% NOTE: This new crypto map will remain disabled until a peer",
    "        and a valid access list have been configured.",
)
_PORTS = (
    *("Ethernet", "FastEthernet", "GigabitEthernet", "TwoGigabitEthernet", "FiveGigabitEthernet"),
    *("TenGigabitEthernet", "TwentyFiveGigE", "FortyGigabitEthernet", "HundredGigE", "AppGigabitEthernet"),
    *("Serial", "ATM", "POS", "Cellular"),
)
"""Interfaces that are hardware."""
_NO_GROUP = (  # wording from memory
    "% NOTE: This new crypto map will remain disabled until a valid",
    "        group has been configured.",
)
_NOTES = {"ipsec-isakmp": _DISABLED, "gdoi": _NO_GROUP}
_SHORT = {"TenGigabitEthernet": "Te", "Port-channel": "Po"}


def nothing(_configuration: Configuration, _block: Block, _reading: Reading) -> Ruling:
    """A line that the router takes and does not keep, such as ``version 12.4``."""
    return Ruling()


@lru_cache(maxsize=16384)
def bad_mask(address: str, mask: str) -> str | None:
    """Why an address does not go with a mask on a network that several share; None if it does."""
    bits = int(ipaddress.IPv4Address(mask))
    inverse = bits ^ 0xFFFFFFFF
    if inverse & (inverse + 1):
        return f"Bad mask 0x{bits:08X} for address {address}"
    length = 32 - inverse.bit_length()
    host = int(ipaddress.IPv4Address(address)) & inverse
    if length == _HOST_LENGTH or (length < _PAIR_LENGTH and host in {0, inverse}):
        return f"Bad mask /{length} for address {address}"
    return None


def ip_address(configuration: Configuration, block: Block, reading: Reading) -> Ruling | None:
    """``ip address``: the mask must fit, and no other interface of the same VRF may hold a part of the network."""
    if reading.negated or not isinstance(reading.outcome, Accepted) or len(reading.outcome.values) != 2:  # noqa: PLR2004
        return None
    address, mask = reading.outcome.values
    shared = block.text.split(" ")[1].startswith(_SHARED)
    fault = bad_mask(address, mask)
    if fault is not None and (shared or not fault.startswith("Bad mask /")):
        return Ruling((fault,), refused=True)
    if configuration.loading:
        return None
    network = ipaddress.IPv4Network(f"{address}/{mask}", strict=False)
    for other in configuration.all("interface "):
        if other is block or _vrf(other) != _vrf(block) or _is_down(other) or _is_down(block):
            continue
        for line in other.lines:
            words = line.text.split(" ")
            if words[:2] == ["ip", "address"] and len(words) >= 4:  # noqa: PLR2004 -- ip address A M
                held = ipaddress.IPv4Network(f"{words[2]}/{words[3]}", strict=False)
                if held.overlaps(network):
                    return Ruling((f"% {held.network_address} overlaps with {other.text.split(' ')[1]}",), refused=True)
    return None


def _vrf(block: Block) -> str:
    return next((line.text.rpartition(" ")[2] for line in block.lines if "vrf forwarding " in line.text), "")


def _is_down(block: Block) -> bool:
    return any(line.text == "shutdown" for line in block.lines)


def vrf_forwarding(configuration: Configuration, block: Block, reading: Reading) -> Ruling | None:
    """``vrf forwarding``: the VRF must be there, and the interface loses its addresses."""
    if configuration.loading or not isinstance(reading.outcome, Accepted):
        return None
    name = reading.outcome.values[0]
    known = {f"vrf definition {name}", f"ip vrf {name}"}
    if not reading.negated and not any(item.text in known for item in configuration.top.lines):
        return Ruling((f"% VRF {name} does not exist or is not configured",), refused=True)
    interface = block.text.split(" ")[1]
    why = f"{'disabling' if reading.negated else 'enabling'} VRF {name}"
    said = []
    if any(line.text.startswith("ip address ") for line in block.lines):
        said = [f"% Interface {interface} IPv4 disabled and address(es) removed due to {why}"]
    block.keep([line for line in block.lines if not line.text.startswith("ip address ")])
    (configuration.remove if reading.negated else configuration.put)(block, reading)
    return Ruling(tuple(said))


def map_entry(configuration: Configuration, block: Block, reading: Reading) -> Ruling | None:
    """``crypto map M N ...``: one kind of entry for each number; a new one waits for its peer and list."""
    if reading.negated:
        return map_removed(configuration, block, reading)
    if not isinstance(reading.outcome, Accepted):
        return None
    words = reading.outcome.words
    number = 4 if words[2] == "ipv6" else 3
    held = block.named(words[: number + 1])
    kind = words[number + 1 : number + 2]
    if not kind:
        return Ruling(opened=held) if held is not None else Ruling(("% Incomplete command.", ""), refused=True)
    if held is not None and held.text.split(" ")[number + 1] != kind[0]:
        other = held.text.split(" ")[number + 1]
        return Ruling((f"% Crypto map entry is of another type: {other}",), refused=True)  # wording from memory
    is_new = held is None and "dynamic" not in words and not configuration.loading
    opened = configuration.put(block, reading)
    return Ruling(_NOTES.get(kind[0], ()) if is_new else (), opened=opened)


def map_removed(configuration: Configuration, block: Block, reading: Reading) -> Ruling | None:
    """``no crypto map M``: not while an interface has it, unless entries are left."""
    name = next((word for word in reading.text.split(" ")[2:] if word != "ipv6"), "")
    start = f"{reading.text} "
    held = [line for line in block.lines if line.opens == "cryptomap" and _map_name(line) == name]
    left = [line for line in held if not f"{line.text} ".startswith(start)]
    if left or not held:
        return None
    users = [
        _short(item.text.split(" ")[1])
        for item in configuration.all("interface ")
        if any(line.text.removeprefix("ipv6 ") == f"crypto map {name}" for line in item.lines)
    ]
    if not users:
        return None
    return Ruling((f"% Crypto-map {name} is in use by interface(s): {', '.join(users)}",), refused=True)


def _map_name(line: Block) -> str:
    words = line.text.split(" ")
    return words[3] if words[2] == "ipv6" else words[2]


def _short(name: str) -> str:
    found = re.fullmatch(r"(\D+)(.*)", name)
    return name if found is None else f"{_SHORT.get(found[1], found[1][:2])}{found[2]}"


def set_group(configuration: Configuration, block: Block, reading: Reading) -> Ruling | None:
    """``set group``: the group may come later, but must be of the address family of the map."""
    if reading.negated or configuration.loading or not isinstance(reading.outcome, Accepted):
        return None
    name = reading.outcome.values[0]
    groups = (item for item in configuration.top.lines if item.opens == "gdoi")
    group = next((item for item in groups if item.text.rpartition(" ")[2] == name), None)
    if group is None:
        configuration.put(block, reading)
        return Ruling((f"% group {name} doesn't yet exist.",))
    is_six, map_six = " ipv6 " in group.text, block.text.startswith("crypto map ipv6 ")
    if is_six == map_six:
        return None
    one, other = ("IPv6", "IPv4") if is_six else ("IPv4", "IPv6")
    said = f"Group {name} is an {one} group and Crypto map is for {other}.Please set an {other} group."
    return Ruling((said,), refused=True)


def transform_sets(configuration: Configuration, _block: Block, reading: Reading) -> Ruling | None:
    """``set transform-set``: each must be there."""
    if reading.negated or configuration.loading or not isinstance(reading.outcome, Accepted):
        return None
    known = {line.text.split(" ")[3] for line in configuration.all("crypto ipsec transform-set ")}
    missing = next((name for name in reading.outcome.values if name not in known), None)
    if missing is None:
        return None
    return Ruling((f'ERROR: transform set with tag "{missing}" does not exist.',), refused=True)  # from memory


def group_removed(_configuration: Configuration, block: Block, reading: Reading) -> Ruling | None:
    """``no crypto gdoi group G``: a key server asks first."""
    if not reading.negated or _configuration.loading:
        return None
    held = next((line for line in block.lines if line.opens == "gdoi" and line.text == reading.text), None)
    if held is None or not any(line.opens == "ks" for line in held.lines):
        return None
    return Ruling(action="no-crypto-group")


def route_map(configuration: Configuration, block: Block, reading: Reading) -> Ruling | None:
    """``route-map NAME``: permits, and is number 10, unless it says otherwise."""
    if reading.negated or not isinstance(reading.outcome, Accepted):
        return None
    words = reading.outcome.words
    if len(words) == 4:  # noqa: PLR2004 -- route-map NAME permit 10
        number = f" {words[3]}"
        named = (line for line in block.lines if line.text.split(" ")[:2] == list(words[:2]))
        held = next((line for line in named if line.text.endswith(number)), None)
        if held is not None and held.text != reading.text:
            held.text, held.key = reading.text, reading.key
            block.keep(block.lines)
            return Ruling(opened=held)
        return None
    kind = next((word for word in words[2:] if word in {"permit", "deny"}), "permit")
    number = words[-1] if words[-1].isdigit() and len(words) > 2 else "10"  # noqa: PLR2004 -- the name stands before it
    _, opened = configuration.enter(block, f"route-map {words[1]} {kind} {number}", loading=configuration.loading)
    return Ruling(opened=opened)


def static_route(_configuration: Configuration, block: Block, reading: Reading) -> Ruling | None:
    """``no ip route``: there must be one to delete."""
    if not reading.negated or any(f"{line.text} ".startswith(f"{reading.text} ") for line in block.lines):
        return None
    return Ruling(("%No matching route to delete",), refused=True)


def interface_range(configuration: Configuration, block: Block, reading: Reading) -> Ruling | None:
    """``interface range GigabitEthernet0/1 - 3 , Vlan5``: what follows is typed on each of them."""
    if not isinstance(reading.outcome, Accepted):
        return None
    names: list[str] = []
    for part in reading.outcome.values[0].split(","):
        start, _, last = part.strip().partition("-")
        name = interface_name("".join(start.split()))
        if name is None or (last.strip() and not last.strip().isdigit()):
            return Ruling(("% Invalid input detected at '^' marker.", ""), refused=True)
        head, number = name.rstrip("0123456789"), int(re.findall(r"\d+$", name)[0])
        names += [f"{head}{at}" for at in range(number, int(last or number) + 1)]
    for name in names:
        configuration.enter(block, f"interface {name}", loading=configuration.loading)
    return Ruling(opened=Block(f"interface range {','.join(names)}", opens="ifrange"))


def interface_removed(configuration: Configuration, block: Block, reading: Reading) -> Ruling | None:
    """``no interface``: not a port; ``default interface`` empties it."""
    if not reading.negated or configuration.loading or not isinstance(reading.outcome, Accepted):
        return None
    name = reading.outcome.values[0]
    if reading.resets:
        held = block.named(reading.key)
        if held is not None:
            held.keep([])
        return Ruling((f"Interface {name} set to default configuration",))
    if "." not in name and name.startswith(_PORTS):
        return Ruling(("% Removal of physical interfaces is not permitted",), refused=True)
    return None


def one_each_way(configuration: Configuration, block: Block, reading: Reading) -> Ruling | None:
    """``ip access-group LIST in``: one list for each direction."""
    if reading.negated or not isinstance(reading.outcome, Accepted):
        return None
    words = reading.outcome.words
    at = next(number for number, word in enumerate(words) if word in {"in", "out"} and number > 1)
    start, way = " ".join(words[: at - 1]) + " ", words[at]
    others = [line for line in block.lines if line.text.startswith(start) and way in line.text.split(" ")[at:]]
    if others:
        block.keep([line for line in block.lines if not any(line is other for other in others)])
    configuration.put(block, reading)
    return Ruling()


RULES: Mapping[str, Rule] = {
    "nothing": nothing,
    "ip-address": ip_address,
    "vrf-forwarding": vrf_forwarding,
    "map-entry": map_entry,
    "map-removed": map_removed,
    "set-group": set_group,
    "transform-sets": transform_sets,
    "group-removed": group_removed,
    "ace": access_lists.ace,
    "secret": accounts.keep_secret,
    "user": accounts.user,
    "trustpoint": accounts.trustpoint,
    "master-key": accounts.master_key,
    "open-list": access_lists.open_list,
    "numbered-ace": access_lists.numbered_ace,
    "route-map": route_map,
    "static-route": static_route,
    "transform-set": crypto_rules.transform_set,
    "replay": crypto_rules.replay,
    "interface-map": crypto_rules.interface_map,
    "interface-range": interface_range,
    "interface-removed": interface_removed,
    "one-each-way": one_each_way,
    "resequence": access_lists.resequence,
}
