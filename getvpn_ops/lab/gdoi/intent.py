"""What a configuration asks of GDOI: groups to serve, groups to join, and IKE. Pure: no state, no time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi.lists import listed, multicast_group
from getvpn_ops.lab.ios.interfaces import interfaces

if TYPE_CHECKING:
    from getvpn_ops.lab.gdoi.state import Ace
    from getvpn_ops.lab.ios.configuration.blocks import Block
    from getvpn_ops.lab.ios.configuration.config import Configuration
    from getvpn_ops.lab.ios.interfaces import Interface
    from getvpn_ops.lab.ios.router import Router

HONOURED = 100
"""Entries of a group's list that a key server ships; the rest it forgets."""
_TEK_LIFE, _KEK_LIFE, _DAY = 3600, 86400, 86400
_KEK_BITS = {"des-cbc": ("DES", 56), "3des-cbc": ("3DES", 192)}


@dataclass(frozen=True, slots=True)
class Association:
    """An ``sa ipsec``: which packets are to be encrypted, and how.

    Attributes:
        sequence: its number.
        profile: name of the IPsec profile; empty: none yet.
        transform: of the profile's first transform set; empty: it has none.
        lifetime: seconds of a TEK.
        acl: name of the list; empty: none yet.
        entries: of the list that are honoured.
        excess: entries beyond them.
        replay: ``("time", seconds)``, ``("counter", packets)`` or None.
    """

    sequence: int
    profile: str
    transform: tuple[str, ...]
    lifetime: int
    acl: str
    entries: tuple[Ace, ...]
    excess: int
    replay: tuple[str, int] | None

    @property
    def is_complete(self) -> bool:
        """Whether there is enough of it for a TEK."""
        return bool(self.transform and self.acl)


@dataclass(frozen=True, slots=True)
class Serving:
    """A group that a configuration serves.

    Attributes:
        group: its name.
        identity: number or address, as text; empty: none yet.
        address: of the key server in the group; None: none yet.
        algorithm: of the KEK, with its bits.
        kek_lifetime: seconds.
        retransmit: seconds between the copies of a rekey, and how many copies follow the first.
        label: of the RSA key that signs rekeys; empty: rekeys are off.
        unicast: how they travel.
        multicast: where to, if they travel so; None: no list says it.
        can_multicast: the router routes multicast and speaks PIM.
        sig_hash: of the signatures.
        acknowledgement: which ACKs count.
        associations: in their order.
        receive_only: ``sa receive-only``.
        redundant: ``redundancy`` stands there.
        priority: among the key servers.
        peers: the other key servers.
        members_list: list of the addresses that may register; empty: all may.
        members_identity: name of the ``crypto identity`` that may register; empty: all may.
    """

    group: str
    identity: str
    address: IPv4Address | None
    algorithm: tuple[str, int]
    kek_lifetime: int
    retransmit: tuple[int, int]
    label: str
    unicast: bool
    multicast: IPv4Address | None
    can_multicast: bool
    sig_hash: str
    acknowledgement: str
    associations: tuple[Association, ...]
    receive_only: bool
    redundant: bool
    priority: int
    peers: tuple[IPv4Address, ...]
    members_list: str
    members_identity: str

    @property
    def is_complete(self) -> bool:
        """Whether members can be served at all."""
        return bool(self.identity and self.address)


@dataclass(frozen=True, slots=True)
class Joining:
    """A group that a configuration joins by an entry of a crypto map, or names without one.

    Attributes:
        group: its name.
        identity: number or address, as text; empty: none yet.
        servers: in their order.
        passive: ``passive`` stands there.
        crypto_map: name and sequence number of the entry; an empty name: no entry names the group.
        interfaces: where the map is applied, shut down or not.
        up: those of them that are up.
        address: the identity; None: no interface gives one.
        vrf: of the interfaces.
        local: name of the local list; empty: none.
        entries: of it.
        fail_close: the fail-close of the map is activated.
        fail_close_entries: of its list.
        reverts: ``client fail-close revert``.
        joined: multicast groups that the interfaces join, each with its source or None.
    """

    group: str
    identity: str
    servers: tuple[IPv4Address, ...]
    passive: bool
    crypto_map: tuple[str, int]
    interfaces: tuple[str, ...]
    up: tuple[str, ...]
    address: IPv4Address | None
    vrf: str
    local: str
    entries: tuple[Ace, ...]
    fail_close: bool
    fail_close_entries: tuple[Ace, ...]
    reverts: bool
    joined: frozenset[tuple[IPv4Address, IPv4Address | None]]

    @property
    def key(self) -> tuple[str, int, str, str]:
        """Names the machine that does it."""
        return (*self.crypto_map, self.group, self.vrf)


def serving(configuration: Configuration) -> tuple[Serving, ...]:
    """The groups that a configuration serves."""
    found = []
    for block in _groups(configuration):
        server = next((line for line in block.lines if line.opens == "ks"), None)
        if server is not None:
            found.append(_serving(configuration, block, server))
    return tuple(found)


def _groups(configuration: Configuration) -> list[Block]:
    return [block for block in configuration.top.lines if block.opens == "gdoi" and " ipv6 " not in block.text]


def _setting(block: Block, start: str) -> str:
    return next((line.text[len(start) :].strip() for line in block.lines if f"{line.text} ".startswith(start)), "")


def _has(block: Block, text: str) -> bool:
    return any(line.text == text for line in block.lines)


def _identity(group: Block) -> str:
    return _setting(group, "identity ").removeprefix("number ").removeprefix("address ipv4 ")


def _address(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except ValueError:
        return None


def _serving(configuration: Configuration, group: Block, server: Block) -> Serving:
    algorithm = _setting(server, "rekey algorithm ") or "3des-cbc"
    life = _setting(server, "rekey lifetime ").split()
    retransmit = _setting(server, "rekey retransmit ").split()
    coop = next((line for line in server.lines if line.opens == "coop"), None)
    copies = int(retransmit[2]) if len(retransmit) > 2 else 60 if "periodic" in retransmit else 2  # noqa: PLR2004
    multicast = multicast_group(configuration, _setting(server, "rekey address ipv4 "))
    return Serving(
        group=group.text.rpartition(" ")[2],
        identity=_identity(group),
        address=_address(_setting(server, "address ipv4 ")),
        algorithm=_KEK_BITS.get(algorithm) or ("AES", int(algorithm.split()[-1])),
        kek_lifetime=int(life[1]) * (_DAY if life[0] == "days" else 1) if life else _KEK_LIFE,
        retransmit=(int(retransmit[0]), copies) if retransmit else (10, 2),
        label=_setting(server, "rekey authentication mypubkey rsa "),
        unicast=_has(server, "rekey transport unicast"),
        multicast=multicast,
        can_multicast=_routes_multicast(configuration)
        and any(_has_pim(block) for block in configuration.all("interface ")),
        sig_hash=_setting(server, "rekey sig-hash algorithm ") or "sha",
        acknowledgement=_setting(server, "rekey acknowledgement ") or "cisco",
        associations=tuple(
            sorted(
                (_association(configuration, line) for line in server.lines if line.opens == "saipsec"),
                key=lambda item: item.sequence,
            )
        ),
        receive_only=_has(server, "sa receive-only"),
        redundant=coop is not None,
        priority=int(_setting(coop, "local priority ") or 1) if coop else 1,
        peers=tuple(
            IPv4Address(line.text.split()[3])
            for line in (coop.lines if coop else ())
            if line.text.startswith("peer address ipv4 ")
        ),
        members_list=_setting(server, "authorization address ipv4 "),
        members_identity=_setting(server, "authorization identity "),
    )


def _routes_multicast(configuration: Configuration) -> bool:
    return configuration.find("ip multicast-routing") is not None


def _has_pim(block: Block) -> bool:
    return any(line.text.startswith("ip pim ") for line in block.lines)


def _association(configuration: Configuration, block: Block) -> Association:
    profile = _setting(block, "profile ")
    lines = next((item for item in configuration.top.lines if item.text == f"crypto ipsec profile {profile}"), None)
    sets = _setting(lines, "set transform-set ").split() if lines else []
    usual = configuration.find("crypto ipsec security-association lifetime seconds ")
    life = int(usual.text.split()[-1]) if usual else _TEK_LIFE
    if lines is not None:
        if days := _setting(lines, "set security-association lifetime days "):
            life = int(days) * _DAY
        life = int(_setting(lines, "set security-association lifetime seconds ") or life)
    acl = _setting(block, "match address ipv4 ")
    entries = listed(configuration, acl)
    replay = None
    if seconds := _setting(block, "replay time window-size "):
        replay = ("time", int(seconds))
    elif any(line.text.startswith("replay counter") for line in block.lines):
        replay = ("counter", int(_setting(block, "replay counter window-size ") or 64))
    return Association(
        int(block.text.split()[-1]),
        profile,
        _transform(configuration, sets[0]) if sets else (),
        life,
        acl,
        entries[:HONOURED],
        max(0, len(entries) - HONOURED),
        replay,
    )


def _transform(configuration: Configuration, name: str) -> tuple[str, ...]:
    """``esp-aes 256 esp-sha-hmac`` as ``("esp-aes 256", "esp-sha-hmac")``; nothing if there is no such set."""
    block = configuration.find(f"crypto ipsec transform-set {name} ")
    parts: list[str] = []
    for word in block.text.split()[4:] if block else []:
        if word.isdigit() and parts:
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    return tuple(parts)


# -- members


def joining(router: Router, configuration: Configuration | None = None) -> tuple[Joining, ...]:
    """The groups that a router joins: those of applied maps in the maps' order, then the ones without a map."""
    running = configuration or router.running
    groups = {block.text.rpartition(" ")[2]: block for block in _groups(running)}
    ports = interfaces(router, running)
    found: list[Joining] = []
    for entry in (block for block in running.top.lines if block.opens == "cryptomap"):
        words = entry.text.split()
        group = groups.get(_setting(entry, "set group "))
        if words[4:5] != ["gdoi"] or group is None or any(line.opens == "ks" for line in group.lines):
            continue
        applied = [port for port in ports if port.setting("crypto map") == words[2]]
        for vrf in dict.fromkeys(port.vrf for port in applied):
            there = [port for port in applied if port.vrf == vrf]
            found.append(_joining(running, group, entry, there, ports))
    found.sort(key=lambda item: item.crypto_map)
    named = Counter(item.group for item in found)
    return tuple(found) + tuple(
        _joining(running, block, None, [], ports)
        for name, block in groups.items()
        if not named[name] and not any(line.opens == "ks" for line in block.lines)
    )


def _joining(
    running: Configuration, group: Block, entry: Block | None, applied: list[Interface], ports: list[Interface]
) -> Joining:
    words = entry.text.split() if entry else ["", "", "", "0"]
    name, sequence = words[2], int(words[3])
    up = [port for port in applied if not port.shut]
    local_address = running.find(f"crypto map {name} local-address ")
    wanted = _setting(group, "client registration interface ") or (
        local_address.text.split()[-1] if local_address else ""
    )
    source = next((port for port in ports if port.name == wanted), None) if wanted else next(iter(up), None)
    closed = next((block for block in running.top.lines if block.text == f"crypto map {name} gdoi fail-close"), None)
    local = _setting(entry, "match address ") if entry else ""
    multicast = _routes_multicast(running)
    return Joining(
        group=group.text.rpartition(" ")[2],
        identity=_identity(group),
        servers=tuple(
            IPv4Address(line.text.split()[3]) for line in group.lines if line.text.startswith("server address ipv4 ")
        ),
        passive=_has(group, "passive"),
        crypto_map=(name, sequence),
        interfaces=tuple(port.name for port in applied),
        up=tuple(port.name for port in up),
        address=source.addresses[0].ip if source is not None and source.addresses and not source.shut else None,
        vrf=applied[0].vrf if applied else "",
        local=local,
        entries=listed(running, local),
        fail_close=closed is not None and _has(closed, "activate"),
        fail_close_entries=listed(running, _setting(closed, "match address ")) if closed else (),
        reverts=_has(group, "client fail-close revert"),
        joined=frozenset(found for port in up if multicast and port.setting("ip pim") for found in _joins(port)),
    )


def _joins(port: Interface) -> list[tuple[IPv4Address, IPv4Address | None]]:
    """What ``ip igmp join-group GROUP [source KS]`` asks for on an interface."""
    found: list[tuple[IPv4Address, IPv4Address | None]] = []
    for line in port.lines:
        words = line.split()
        if words[:3] == ["ip", "igmp", "join-group"]:
            source = IPv4Address(words[5]) if words[4:5] == ["source"] else None
            found.append((IPv4Address(words[3]), source))
    return found
