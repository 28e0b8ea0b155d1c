"""Pre-shared keys -> names of secrets. No secret is ever written; equal ones are told by their fingerprints."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from getvpn_ops.engine.adopt.told import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from getvpn_ops.engine.adopt.groups import FoundGroup, MemberSeat
    from getvpn_ops.engine.adopt.seen import Router
    from getvpn_ops.engine.adopt.told import Remarks
    from getvpn_ops.model.config.crypto import PreSharedKey
    from getvpn_ops.model.config.secret import Secret
    from getvpn_ops.model.values import Address

_ENCRYPTED = "6"  # another text on every router: it tells nothing
_MANY = 2
_WHOLE_MASKS = frozenset({None, "255.255.255.255", "/128"})
_WILDCARD = "0.0.0.0"  # noqa: S104 -- a peer's address
Peer = tuple[str, str | None]
"""Address and mask; the mask of one host is None."""


@dataclass(slots=True)
class Vault:
    """Names of secrets, and what they stand for on each router.

    Attributes:
        seen: secrets that were seen under a name, by the router that has them.
    """

    seen: dict[str, dict[str, Secret]] = field(default_factory=lambda: defaultdict(dict))
    _names: dict[str, str] = field(default_factory=dict)

    def note(self, reference: str, device: str, secret: Secret) -> None:
        """Keep what a router has under a name."""
        self.seen[reference].setdefault(device, secret)
        if (print_ := _print(secret)) is not None:
            self._names.setdefault(print_, reference)

    def keep(self, references: Collection[str]) -> None:
        """Forget names that are used no more."""
        for reference in [name for name in self.seen if name not in references]:
            del self.seen[reference]
        self._names = {print_: name for print_, name in self._names.items() if name in references}
        for reference, held in self.seen.items():
            for device, secret in held.items():
                self.note(reference, device, secret)

    def name_of(self, secret: Secret) -> str | None:
        """The first name under which a secret was seen."""
        print_ = _print(secret)
        return None if print_ is None else self._names.get(print_)

    def secret_on(self, device: str, reference: str) -> Secret | None:
        """What a router has under a name; what another has if it has none."""
        held = self.seen.get(reference, {})
        return held.get(device) or next(iter(held.values()), None)

    def mismatches(self) -> dict[str, list[str]]:
        """Names under which routers have different secrets, with the routers."""
        found = {}
        for reference, held in self.seen.items():
            prints = {print_ for secret in held.values() if (print_ := _print(secret))}
            if len(prints) > 1:
                found[reference] = sorted(held)
        return found


def _print(secret: Secret) -> str | None:
    return None if secret.encryption == _ENCRYPTED else secret.fingerprint


@dataclass(slots=True)
class Keys:
    """The keys of a fleet.

    Attributes:
        patterns: ``ike.psk.reference`` of each group; absent where it is the usual one.
        common: ``member_defaults.psk`` of groups whose members share one key.
        own: ``psk`` and ``keys`` of routers by group: router -> group -> words.
        vault: what the names stand for.
    """

    patterns: dict[str, str] = field(default_factory=dict)
    common: dict[str, str] = field(default_factory=dict)
    own: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(dict)))
    vault: Vault = field(default_factory=Vault)


def keys_of(groups: Iterable[FoundGroup], remarks: Remarks) -> Keys:
    """Name the keys of a fleet.

    Args:
        groups: that authenticate by pre-shared keys.
        remarks: gets common keys, wildcards, keys that differ between two ends.
    """
    reader = _Reader(list(groups), remarks)
    reader.read()
    return reader.keys


class _Reader:
    def __init__(self, groups: list[FoundGroup], remarks: Remarks) -> None:
        self._groups = groups
        self._remarks = remarks
        self.keys = Keys()
        self._reference: dict[tuple[str, str], str] = {}
        self._seats = {(seat.router.name, group.name): seat for group in groups for seat in group.members}

    def read(self) -> None:
        for group in self._groups:
            self._members(group)
        for group in self._groups:
            self._common(group)
        self.keys.vault.keep(set(self._reference.values()))
        for router, places in self._routers():
            self._compare(router, places)
        for reference, devices in self.keys.vault.mismatches().items():
            text = f"{reference}: {', '.join(devices)} do not have the same key"
            self._remarks.add(Kind.FINDING, devices[0], text, "routers with different keys do not authenticate")

    # -- what a member's secret is called

    def _members(self, group: FoundGroup) -> None:
        """A member has one secret; where it has another one in a second group, that gets a name of its own."""
        for seat in group.members:
            name = seat.router.name
            usual = f"psk/{name}"
            secret = self._secret(seat, group)
            if usual in self.keys.vault.seen and secret is not None and not self._is(usual, secret):
                usual = f"psk/{name}-{group.name}"
                self.keys.own[name][group.name]["psk"] = usual
            self._reference[name, group.name] = usual
            if secret is not None:
                self.keys.vault.note(usual, name, secret)

    def _is(self, reference: str, secret: Secret) -> bool:
        return (
            any(
                (mine := _print(held)) is None or (other := _print(secret)) is None or mine == other
                for held in self.keys.vault.seen.get(reference, {}).values()
            )
            or reference not in self.keys.vault.seen
        )

    def _secret(self, seat: MemberSeat, group: FoundGroup) -> Secret | None:
        servers = {str(address) for address in group.key_servers.values()}
        held = _held(seat.router, seat.interfaces[0].vrf)
        exact = next((key.secret for (address, _), key in held.items() if address in servers), None)
        if exact is not None:
            return exact
        for server in group.servers:
            there = _held(server.router, None)
            for address in seat.addresses:
                if (key := there.get((str(address), None))) is not None:
                    return key.secret
        return next((key.secret for (address, _), key in held.items() if address == _WILDCARD), None)

    def _common(self, group: FoundGroup) -> None:
        """One key for all members is told, and gets one name."""
        names = [(seat.router.name, group.name) for seat in group.members]
        secrets = [
            secret
            for name in names
            if (secret := self.keys.vault.secret_on(name[0], self._reference[name])) is not None
        ]
        prints = {_print(secret) for secret in secrets}
        if len(names) < _MANY or len(secrets) < len(names) or len(prints) != 1 or None in prints:
            return
        reason = "who knows it can pass for any of them: give each member a key of its own"
        self._remarks.add(Kind.FINDING, group.name, "one pre-shared key is common to all members", reason)
        common = f"psk/{group.name}"
        for name in names:
            self._reference[name] = common
            self.keys.vault.note(common, name[0], secrets[0])
            own = self.keys.own.get(name[0], {}).get(group.name)
            if own is not None:
                own.pop("psk", None)
        if self._pairs_have(group, next(iter(prints))):
            self.keys.patterns[group.name] = common
        else:
            self.keys.common[group.name] = common

    def _pairs_have(self, group: FoundGroup, print_: str | None) -> bool:
        """Whether the key servers use a secret among each other as well, by address."""
        found = []
        for seat in group.servers:
            held = _held(seat.router, None)
            for name, address in group.key_servers.items():
                if name != seat.router.name:
                    key = held.get((str(address), None))
                    found.append(None if key is None else _print(key.secret))
        return bool(found) and set(found) == {print_}

    # -- whether a router has exactly the keys that the pattern gives

    def _routers(self) -> list[tuple[Router, list[FoundGroup]]]:
        found: dict[str, tuple[Router, list[FoundGroup]]] = {}
        for group in self._groups:
            for router in group.routers:
                found.setdefault(router.name, (router, []))[1].append(group)
        return list(found.values())

    def _compare(self, router: Router, groups: list[FoundGroup]) -> None:
        """Compare the keys of each VRF with those that the groups in it expect."""
        tables: dict[str | None, list[FoundGroup]] = defaultdict(list)
        for group in groups:
            tables[self._table(router, group)].append(group)
        for vrf, those in tables.items():
            held = _held(router, vrf)
            expected: dict[Peer, str] = {}
            for group in those:
                expected |= self._expected(router, group)
            for peer, reference in expected.items():
                if peer in held:
                    self.keys.vault.note(reference, router.name, held[peer].secret)
            if set(expected) == set(held) and not any(self._nameless(router, group) for group in those):
                continue
            if not held:
                self._remarks.add(
                    Kind.FINDING, router.name, "it has no pre-shared key", "it cannot authenticate by one"
                )
            words = [self._word(router, peer, key, expected) for peer, key in held.items()]
            for place, group in enumerate(those):
                self.keys.own[router.name][group.name]["keys"] = [] if place else words

    def _table(self, router: Router, group: FoundGroup) -> str | None:
        seat = self._seats.get((router.name, group.name))
        vrf = seat.interfaces[0].vrf if seat is not None else None
        return vrf if any(item.vrf == vrf for item in router.config.crypto.keyrings) else None

    @staticmethod
    def _nameless(router: Router, group: FoundGroup) -> bool:
        """Whether a key server has members whose addresses nobody knows: no pattern gives keys for those."""
        serves = any(seat.router is router for seat in group.servers)
        everyone = [*(seat.addresses for seat in group.members), *group.absent.values()]
        return serves and any(not addresses for addresses in everyone)

    def _expected(self, router: Router, group: FoundGroup) -> dict[Peer, str]:
        if (router.name, group.name) in self._seats:
            reference = self._reference[router.name, group.name]
            return {_peer(address): reference for address in group.key_servers.values()}
        found: dict[Peer, str] = {}
        for seat in group.members:
            found |= dict.fromkeys(map(_peer, seat.addresses), self._reference[seat.router.name, group.name])
        for name, addresses in group.absent.items():
            reference = self.keys.patterns.get(group.name) or self.keys.common.get(group.name) or f"psk/{name}"
            found |= dict.fromkeys(map(_peer, addresses), reference)
        for name, address in group.key_servers.items():
            if name != router.name:
                pair = self.keys.patterns.get(group.name) or f"psk/{'-'.join(sorted((router.name, name)))}"
                found[_peer(address)] = pair
        return found

    def _word(self, router: Router, peer: Peer, key: PreSharedKey, expected: Mapping[Peer, str]) -> dict[str, Any]:
        """A key with the name of its secret: the expected one, one of the same secret, or a new one."""
        print_ = _print(key.secret)
        reference = expected.get(peer)
        if reference is None:
            reference = self.keys.vault.name_of(key.secret)
        if reference is None:
            reference = f"psk/{peer[0].replace(':', '-')}"
            if print_ is not None and not self._is(reference, key.secret):
                reference = f"psk/{router.name}-{reference.removeprefix('psk/')}"
        self.keys.vault.note(reference, router.name, key.secret)
        if peer[1] is not None or peer[0] == _WILDCARD:
            text = f"pre-shared key for {' '.join(part for part in peer if part)}"
            reason = "one key for every peer in it: give each peer a key of its own"
            self._remarks.add(Kind.FINDING, router.name, text, reason, key.line)
        elif peer not in expected:
            self._remarks.add(
                Kind.NOT_SEEN, router.name, f"pre-shared key for {peer[0]}", "nothing here has that address", key.line
            )
        words = {"address": peer[0], "reference": reference}
        return words if peer[1] is None else {"address": peer[0], "mask": peer[1], "reference": reference}


def _held(router: Router, vrf: str | None) -> dict[Peer, PreSharedKey]:
    """Keys by address of one VRF's keyrings, or of the global table."""
    crypto = router.config.crypto
    rings = [item for item in crypto.keyrings if item.vrf == vrf] if vrf else []
    keys = [key for ring in rings for key in ring.keys] if rings else crypto.isakmp_keys
    return {
        (str(key.address), None if key.mask in _WHOLE_MASKS else key.mask): key
        for key in keys
        if key.address is not None and key.vrf is None
    }


def _peer(address: Address) -> Peer:
    return str(address), None
