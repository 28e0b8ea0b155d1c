"""The routers of a lab as GDOI connects them: machines made from configurations, messages carried between them."""

from __future__ import annotations

import hashlib
import random
from functools import lru_cache
from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi import software, syslog
from getvpn_ops.lab.gdoi.commands import Commands
from getvpn_ops.lab.gdoi.ike import End, Verdict, ike, judge
from getvpn_ops.lab.gdoi.intent import joining, serving
from getvpn_ops.lab.gdoi.key_server import KeyServer
from getvpn_ops.lab.gdoi.member import Member
from getvpn_ops.lab.gdoi.messages import Refusal
from getvpn_ops.lab.gdoi.paths import Paths
from getvpn_ops.lab.gdoi.variants import GOOD, Variants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from ipaddress import IPv4Address

    from getvpn_ops.lab.clock import Clock
    from getvpn_ops.lab.gdoi.ike import Ike
    from getvpn_ops.lab.gdoi.messages import Grant
    from getvpn_ops.lab.gdoi.state import MemberState
    from getvpn_ops.lab.ios.router import Router

_FIRST_HANDLE = 0x40000002
_START = (40.0, 55.0)  # seconds from the lab's start to the first registrations, when key servers know their primary
_BOOT = (5.0, 15.0)  # seconds from the end of a boot to the first registration
_APPLY = (0.5, 2.0)  # seconds from a line to the registration that it starts
_WORK = 0.015  # seconds of a key server's processor for a registration


class World:
    """Belongs to the thread of its clock."""

    def __init__(self, clock: Clock, routers: Iterable[Router], seed: str = "0") -> None:
        """Join routers; nothing happens before ``start``.

        Args:
            clock: of the lab.
            routers: by their host names, which are unique.
            seed: of all chance here.
        """
        self.clock = clock
        self.routers = {router.hostname: router for router in routers}
        self.paths = Paths(seed)
        self.chance = random.Random(f"{seed}:gdoi")  # noqa: S311 -- a simulation must be repeatable
        self.observers: list[Callable[[Router, MemberState], None]] = []
        """Told after each change of what a member does to packets."""
        self.variants: dict[str, Variants] = {}
        self.deaf: set[str] = set()
        """Routers that lose every rekey."""
        self._servers: dict[str, dict[str, KeyServer]] = {name: {} for name in self.routers}
        self._members: dict[str, dict[tuple[str, int, str, str], Member]] = {name: {} for name in self.routers}
        self._index: dict[tuple[IPv4Address, str], Member] = {}
        self._by_identity: dict[str, dict[int, Member]] = {}
        self._ike: dict[str, Ike] = {}
        self._busy: dict[str, datetime] = {}

    def start(self) -> None:
        """All routers are up: read their configurations, and listen to them."""
        for router in self.routers.values():
            self._attach(router)
            self.paths.refresh(router)
        for router in self.routers.values():
            self._read(router, _START)

    def _attach(self, router: Router) -> None:
        router.gdoi.handles = Commands(self, router)
        router.applied.append(lambda: self.applied(router))
        router.left.append(lambda: self.left(router))
        router.boots.append(lambda seconds: self._boots(router, seconds))

    # -- what happens to a router

    def applied(self, router: Router) -> None:
        """A line of configuration was applied."""
        if self.paths.up(router.hostname):
            self.paths.refresh(router)
            self._read(router, _APPLY)

    def left(self, router: Router) -> None:
        """Configuration mode was left."""
        if self.paths.up(router.hostname):
            for server in tuple(self._servers[router.hostname].values()):
                server.left()

    def _boots(self, router: Router, seconds: float) -> None:
        """All that lives in memory is gone; the saved configuration begins anew."""
        name = router.hostname
        self._stop(router)
        self.paths.power(name, on=False)
        self.clock.after(seconds, lambda: self._booted(router))

    def _stop(self, router: Router) -> None:
        for server in self._servers[router.hostname].values():
            server.stop(logged=False)
        for member in self._members[router.hostname].values():
            self._unindex(member)
            member.stop(logged=False)
        self._servers[router.hostname] = {}
        self._members[router.hostname] = {}
        router.gdoi.servers.clear()
        router.gdoi.members.clear()

    def _booted(self, router: Router) -> None:
        if self.clock.now() < router.booted:
            return  # it was told to boot again meanwhile
        self.paths.refresh(router)
        self.paths.power(router.hostname, on=True)
        self._read(router, _BOOT)

    def _read(self, router: Router, wait: tuple[float, float]) -> None:
        """Let the machines follow the configuration."""
        self._ike.pop(router.hostname, None)
        self._read_servers(router)
        self._read_members(router, wait)

    def _read_servers(self, router: Router) -> None:
        held = self._servers[router.hostname]
        asked = {intent.group: intent for intent in serving(router.running) if intent.is_complete}
        for name in [name for name in held if name not in asked]:
            held.pop(name).stop()
        for number, (name, intent) in enumerate(asked.items()):
            machine = held.get(name)
            if machine is None:
                held[name] = KeyServer(self, router, intent, _FIRST_HANDLE + number)
            elif machine.intent != intent:
                machine.configure(intent)
        router.gdoi.servers.clear()
        router.gdoi.servers.update((name, held[name].state) for name in asked)

    def _read_members(self, router: Router, wait: tuple[float, float]) -> None:
        held = self._members[router.hostname]
        asked = {intent.key: intent for intent in joining(router)}
        for key in [key for key in held if key not in asked]:
            member = held.pop(key)
            self._unindex(member)
            member.stop()
        fresh = []
        for key, intent in asked.items():
            machine = held.get(key)
            if machine is None:
                fresh.append(key)
                held[key] = machine = Member(self, router, intent, self.between(*wait))
            elif machine.intent != intent:
                self._unindex(machine)
                machine.configure(intent)
            else:
                continue
            self._by_identity.setdefault(intent.identity, {})[id(machine)] = machine
            if intent.address is not None and intent.interfaces:
                self._index[intent.address, intent.identity] = machine
        router.gdoi.members[:] = [held[key].state for key in asked]
        for key in fresh:
            held[key].changed()

    def _unindex(self, member: Member) -> None:
        intent = member.intent
        self._by_identity.get(intent.identity, {}).pop(id(member), None)
        if intent.address is not None and self._index.get((intent.address, intent.identity)) is member:
            del self._index[intent.address, intent.identity]

    # -- what machines ask

    def log(self, router: Router, name: str, **values: object) -> None:
        """Let a router log a message of ``syslog.TEXTS``."""
        router.log(syslog.text(name, **values))

    def between(self, least: float, most: float) -> float:
        """Chance."""
        return self.chance.uniform(least, most)

    @staticmethod
    @lru_cache(maxsize=256)
    def fingerprint(der: bytes, bits: int) -> tuple[str, int]:
        """SHA-256 of a public key, with the bits of its modulus."""
        return hashlib.sha256(der).hexdigest(), bits

    def variants_of(self, router: Router) -> Variants:
        """How a device behaves where nobody knows it."""
        return self.variants.get(router.hostname, GOOD)

    def is_deaf(self, router: Router) -> bool:
        """Whether a router loses rekeys."""
        return router.hostname in self.deaf

    def member_changed(self, member: Member) -> None:
        """A member does other things to packets from now on."""
        for observer in self.observers:
            observer(member.router, member.state)

    def reaches(self, one: Router, other: Router) -> bool:
        """Whether UDP 848 passes between two routers."""
        return self.paths.gdoi_passes(one.hostname, other.hostname)

    def send(self, one: Router, other: Router, action: Callable[[], None]) -> None:
        """A message travels; it is lost if its way is closed when it leaves or its receiver is down when it comes."""
        if not self.reaches(one, other):
            return
        self.clock.after(
            self.paths.delay(one.hostname, other.hostname),
            lambda: action() if self.paths.up(other.hostname) else None,
        )

    def _ike_of(self, router: Router) -> Ike:
        if router.hostname not in self._ike:
            self._ike[router.hostname] = ike(router)
        return self._ike[router.hostname]

    def end(self, router: Router, address: IPv4Address, vrf: str = "") -> End:
        """A router as one end of IKE."""
        return End(router, self._ike_of(router), address, vrf)

    def agree(self, one: Router, from_: IPv4Address, other: Router, to: IPv4Address) -> Verdict:
        """How IKE between two key servers ends."""
        return judge(self.end(one, from_), self.end(other, to))

    def key_server_at(self, address: IPv4Address, identity: str) -> KeyServer | None:
        """The machine of a group behind an address, if the address answers."""
        name = self.paths.owner(address)
        machines = self._servers.get(name, {}).values() if name is not None else ()
        return next((item for item in machines if item.intent.identity == identity), None)

    def member_by(self, address: IPv4Address, identity: str) -> Member | None:
        """The machine of a member by its address, wherever its VRF is."""
        return self._index.get((address, identity))

    def members_of(self, identity: str) -> Iterator[Member]:
        """All members of a group."""
        yield from tuple(self._by_identity.get(identity, {}).values())

    def ask(self, member: Member, server: IPv4Address, answer: Callable[[Grant | Refusal], None]) -> None:
        """A member asks to be registered; who cannot be reached, or does not agree in IKE, does not answer."""
        state = member.state
        name = self.paths.owner(server)
        if (
            name is None
            or name == member.router.hostname
            or state.address is None
            or not self.paths.answers(member.router.hostname, state.address, state.vrf)
        ):
            return
        router = self.routers[name]
        initiator = self.end(member.router, state.address, state.vrf)
        self.send(member.router, router, lambda: self._asked(member, initiator, self.end(router, server), answer))

    def _asked(self, member: Member, initiator: End, responder: End, answer: Callable[[Grant | Refusal], None]) -> None:
        router, group, identity = responder.router, member.state.group, member.intent.identity
        if not self._servers[router.hostname]:
            return  # no key server: nothing listens on UDP 848
        verdict = judge(initiator, responder)
        if verdict is not Verdict.AGREED:
            if verdict is Verdict.KEY:
                self.log(router, "IKMP_BAD_MESSAGE", address=initiator.address)
            else:
                self.log(router, "IKMP_MODE_FAILURE", address=initiator.address)
            return

        def back(result: Grant | Refusal) -> None:
            self.send(router, member.router, lambda: answer(result))

        machine = self.key_server_at(responder.address, identity)
        if machine is None:
            self.log(router, "KS_BAD_ID", group=group, address=initiator.address)
            back(Refusal.IDENTITY)
            return
        now = self.clock.now()
        begins = max(now, self._busy.get(router.hostname, now))
        wait = (begins - now).total_seconds() + _WORK
        self._busy[router.hostname] = self.clock.after(
            wait, lambda: self._register(machine, initiator, member, responder.address, back)
        ).when

    def _register(
        self,
        machine: KeyServer,
        initiator: End,
        member: Member,
        server: IPv4Address,
        back: Callable[[Grant | Refusal], None],
    ) -> None:
        if self._servers[machine.router.hostname].get(machine.state.group) is machine:
            machine.desk.register(initiator, software.version_of(member.router), server, back)

    # -- what others ask

    def machines(self, name: str) -> tuple[dict[str, KeyServer], list[Member]]:
        """The machines of a router: key servers by group, members."""
        return self._servers[name], list(self._members[name].values())

    def member_at(self, name: str, vrf: str = "") -> MemberState | None:
        """What a router does to packets of a VRF; None if it has no crypto map there."""
        return next(
            (item.state for item in self._members[name].values() if item.intent.interfaces and item.state.vrf == vrf),
            None,
        )

    def skew(self, name: str, seconds: float) -> None:
        """A fault: the pseudotime of a router's groups is off until the next rekey or registration."""
        for member in self._members[name].values():
            member.state.skew = seconds
            member.changed()
