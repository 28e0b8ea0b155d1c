"""Faults of GDOI and of the network, put on a world and taken away again.

Each is a function that does the harm and returns how it is undone; what cannot be undone returns None.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from getvpn_ops.lab.gdoi import software
from getvpn_ops.lab.gdoi.paths import What
from getvpn_ops.lab.gdoi.state import MemberRecord
from getvpn_ops.lab.ios.identity import certificates
from getvpn_ops.lab.ios.identity.keys import rsa_key
from getvpn_ops.lab.ios.releases import release
from getvpn_ops.lab.ios.session.shell import Shell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from getvpn_ops.lab.gdoi.key_server import KeyServer
    from getvpn_ops.lab.gdoi.world import World
    from getvpn_ops.lab.ios.router import Router

_ELECTION = 10.0  # seconds until the others have heard who won
_HIGHEST, _LOWEST = 255, 0
_BITS = 2048
_CROWD = IPv4Address("10.64.0.1")  # the first of many members that nobody has seen


class NotPossibleError(ValueError):
    """The device has nothing that this fault could harm."""


def _names(options: Mapping[str, str]) -> list[str]:
    return [name.strip() for name in options.get("with", "").split(",") if name.strip()]


def _block(what: What) -> Callable[[World, str, Mapping[str, str]], Callable[[], None]]:
    def harm(world: World, device: str, options: Mapping[str, str]) -> Callable[[], None]:
        number = world.paths.block(what, [device, *_names(options)])

        def undo() -> None:
            world.paths.unblock(number)

        return undo

    return harm


def mtu(world: World, device: str, options: Mapping[str, str]) -> Callable[[], None]:
    """Packets larger than some bytes are lost without a word on the way to and from a device."""
    number = world.paths.block(What.MTU, [device], mtu=int(options["bytes"]))

    def undo() -> None:
        world.paths.unblock(number)

    return undo


def lose_rekeys(world: World, device: str, _options: Mapping[str, str]) -> Callable[[], None]:
    """No rekey reaches a member."""
    world.deaf.add(device)

    def undo() -> None:
        world.deaf.discard(device)

    return undo


def tbar_skew(world: World, device: str, options: Mapping[str, str]) -> Callable[[], None]:
    """A member's pseudotime is off."""
    world.skew(device, float(options["seconds"]))

    def undo() -> None:
        world.skew(device, 0.0)

    return undo


def kek_lost(world: World, device: str, _options: Mapping[str, str]) -> None:
    """A member cannot read rekeys any more, until it registers again."""
    members = world.machines(device)[1]
    if not members:
        msg = f"{device} is no member"
        raise NotPossibleError(msg)
    for member in members:
        member.lose_keys()


def registration_storm(world: World, device: str, options: Mapping[str, str]) -> None:
    """All members of the groups of a device forget their keys and register at once; key servers are busy for a time."""
    servers, members = world.machines(device)
    identities = {item.state.identity for item in servers.values()} | {item.state.identity for item in members}
    members = [member for identity in sorted(identities) for member in world.members_of(identity)]
    if seconds := float(options.get("seconds", 0)):
        names = {member.router.hostname for member in members}
        key_servers = {name for name in world.routers if world.machines(name)[0]}
        number = world.paths.block(What.GDOI, names, key_servers)

        def ends() -> None:
            world.paths.unblock(number)

        world.clock.after(seconds, ends)
    for member in members:
        member.clear()


def election_flip(world: World, device: str, _options: Mapping[str, str]) -> None:
    """The primary role moves: to a device that is secondary, away from one that is primary."""
    for server in _servers(world, device):
        peers = [world.key_server_at(address, server.intent.identity) for address in server.state.peers]
        primary = next((item for item in [server, *peers] if item is not None and item.is_primary), None)
        if primary is None or not server.state.redundant:
            msg = f"{device} has no primary to take over from"
            raise NotPossibleError(msg)
        held = server.state.priority
        server.state.priority = _LOWEST if primary is server else _HIGHEST
        server.coop.announce()
        primary.coop.clear_role()
        world.clock.after(_ELECTION, lambda server=server, held=held: setattr(server.state, "priority", held))  # type: ignore[misc]


def rsa_key_missing(world: World, device: str, _options: Mapping[str, str]) -> Callable[[], None]:
    """The keys that sign rekeys are gone from a key server."""
    return _change_keys(world, device, replace=False)


def rsa_key_differs(world: World, device: str, _options: Mapping[str, str]) -> Callable[[], None]:
    """A key server signs rekeys with another key of the same label."""
    return _change_keys(world, device, replace=True)


def _change_keys(world: World, device: str, *, replace: bool) -> Callable[[], None]:
    router = world.routers[device]
    labels = {server.intent.label for server in _servers(world, device)} & set(router.keys.held)
    held = {label: router.keys.held[label] for label in labels}
    if not held:
        msg = f"{device} holds no key that signs rekeys"
        raise NotPossibleError(msg)
    for label, key in held.items():
        if replace:
            router.keys.held[label] = rsa_key(label, _BITS, exportable=key.exportable, made=world.clock.now())
        else:
            del router.keys.held[label]
    router.configured()

    def undo() -> None:
        router.keys.held.update(held)
        router.configured()

    return undo


def acl_mismatch(world: World, device: str, options: Mapping[str, str]) -> Callable[[], None]:
    """One line more stands in the group's list on this key server."""
    router = world.routers[device]
    names = sorted({item.acl for server in _servers(world, device) for item in server.intent.associations if item.acl})
    _type(router, *(line for name in names for line in (f"ip access-list extended {name}", options["entry"])))

    def undo() -> None:
        _type(
            router, *(line for name in names for line in (f"ip access-list extended {name}", f"no {options['entry']}"))
        )

    return undo


def policy_mismatch(world: World, device: str, options: Mapping[str, str]) -> Callable[[], None]:
    """The keys of this key server's groups would live for another time."""
    router = world.routers[device]
    profiles = {item.profile: item for server in _servers(world, device) for item in server.intent.associations}

    def lifetime(seconds: Callable[[str], int]) -> None:
        lines = ((f"crypto ipsec profile {name}", seconds(name)) for name in sorted(profiles))
        _type(
            router,
            *(text for head, life in lines for text in (head, f"set security-association lifetime seconds {life}")),
        )

    lifetime(lambda _name: int(options["seconds"]))
    return lambda: lifetime(lambda name: int(profiles[name].lifetime))


def certificate_expired(world: World, device: str, _options: Mapping[str, str]) -> Callable[[], None]:
    """A device's certificates ended yesterday."""
    router = world.routers[device]
    valid = [
        (name, item.kind, item.certificate)
        for name in certificates.trustpoints(router.running)
        if certificates.state(router, name) == "valid"
        for item in certificates.held(router.running, name)
        if item.kind != "ca" and item.certificate is not None
    ]
    if not valid:
        msg = f"{device} has no valid certificate"
        raise NotPossibleError(msg)
    for name, kind, own in valid:
        signer = certificates.authority(world.clock, certificates.url_of(router.running, name) or "")
        begin = world.clock.now() - timedelta(days=signer.days + 1)
        key = own.public_key()
        if isinstance(key, RSAPublicKey):
            certificates.put(router.running, name, kind, signer.sign(own.subject, key, begin))
    router.configured()

    def undo() -> None:
        for name, kind, own in valid:
            certificates.put(router.running, name, kind, own)
        router.configured()

    return undo


def crl_unreachable(world: World, device: str, _options: Mapping[str, str]) -> None:
    """A device cannot fetch the list of revoked certificates of its trustpoints."""
    router = world.routers[device]
    names = [name for name in certificates.trustpoints(router.running) if certificates.held(router.running, name)]
    if not names:
        msg = f"{device} has no certificate"
        raise NotPossibleError(msg)
    for name in names:
        router.log(f"%PKI-3-CRL_FETCH_FAIL: CRL fetch for trustpoint {name} failed")


def coop_stranger(world: World, device: str, options: Mapping[str, str]) -> None:
    """Someone who is no peer speaks COOP to a key server."""
    for server in _servers(world, device):
        server.log("COOP_KS_UNAUTH", peer=options["address"], address=server.state.address)


def clear_injected(world: World, device: str, _options: Mapping[str, str]) -> None:
    """A member receives in clear what its list says must be encrypted."""
    if not world.machines(device)[1]:
        msg = f"{device} is no member"
        raise NotPossibleError(msg)
    world.routers[device].log("%CRYPTO-4-RECVD_PKT_NOT_IPSEC: Rec'd packet not an IPSEC packet.")


def many_members(world: World, device: str, options: Mapping[str, str]) -> Callable[[], None]:
    """The databases of a key server and its peers hold members that nobody has seen."""
    put: list[tuple[KeyServer, IPv4Address]] = []
    for server in _servers(world, device):
        state = server.state
        others = [world.key_server_at(address, state.identity) for address in state.peers]
        for number in range(int(options["count"])):
            address = _CROWD + number
            for holder in (server, *(item for item in others if item is not None)):
                local = holder is server
                holder.state.members[address] = MemberRecord(
                    address, state.address, software.version(server.router.release), local, world.clock.now()
                )
                put.append((holder, address))

    def undo() -> None:
        for holder, address in put:
            holder.state.members.pop(address, None)

    return undo


def other_release(world: World, device: str, options: Mapping[str, str]) -> Callable[[], None]:
    """A device runs another release of its family: a boot that took the wrong image."""
    router = world.routers[device]
    held, found = router.release, release(options["release"])
    if found.family != held.family:
        msg = f"{device} cannot run {found.text}: it runs {held.text}, and its configuration is of that family"
        raise NotPossibleError(msg)
    router.release = found

    def undo() -> None:
        router.release = held

    return undo


def licence_lost(world: World, device: str, options: Mapping[str, str]) -> Callable[[], None]:
    """``show version`` of a device shows no security licence, or one that ends."""
    states = {"missing", "evaluation"}
    if options["state"] not in states:
        msg = f"licence-lost: state is one of {', '.join(sorted(states))}"
        raise NotPossibleError(msg)
    router = world.routers[device]
    if not router.platform.shows_security_licence(router.release):
        msg = f"{device} shows no security licence"
        raise NotPossibleError(msg)
    return lambda: None


def _servers(world: World, device: str) -> list[KeyServer]:
    servers = list(world.machines(device)[0].values())
    if not servers:
        msg = f"{device} is no key server"
        raise NotPossibleError(msg)
    return servers


def _type(router: Router, *lines: str) -> None:
    """Configure a router as someone at its console would."""
    shell = Shell(router, 15, "console")
    for line in ("configure terminal", *lines, "end"):
        for _ in shell.enter(line):
            pass


HARMS: Mapping[str, Callable[[World, str, Mapping[str, str]], Callable[[], None] | None]] = {
    "split": _block(What.ALL),
    "udp-848-blocked": _block(What.GDOI),
    "esp-filtered": _block(What.ESP),
    "mtu": mtu,
    "lose-rekeys": lose_rekeys,
    "tbar-skew": tbar_skew,
    "kek-lost": kek_lost,
    "registration-storm": registration_storm,
    "election-flip": election_flip,
    "rsa-key-missing": rsa_key_missing,
    "rsa-key-differs": rsa_key_differs,
    "acl-mismatch": acl_mismatch,
    "policy-mismatch": policy_mismatch,
    "certificate-expired": certificate_expired,
    "crl-unreachable": crl_unreachable,
    "coop-stranger": coop_stranger,
    "clear-injected": clear_injected,
    "many-members": many_members,
    "other-release": other_release,
    "licence-lost": licence_lost,
}
