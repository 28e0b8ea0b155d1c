"""Key servers of one group among each other: announcements, elections, one database, a split and its end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi import policy, software
from getvpn_ops.lab.gdoi.ike import Verdict
from getvpn_ops.lab.gdoi.messages import Announcement, Registered
from getvpn_ops.lab.gdoi.state import MemberRecord, Peer, PeerStatus, Role

if TYPE_CHECKING:
    from datetime import datetime
    from ipaddress import IPv4Address

    from getvpn_ops.lab.clock import Event
    from getvpn_ops.lab.gdoi.intent import Serving
    from getvpn_ops.lab.gdoi.key_server import KeyServer

PERIOD, CHECK = 20.0, 30.0
"""Seconds between announcements of a primary, and between a secondary's looks at its primary."""
_ELECTION = 5.0  # seconds in which key servers hear each other out
_PATIENCE = 2  # looks without the primary before an election; the first one asks it
_LOST, _LOST_SLOW = 2, 5  # announcements without an answer until a peer is dead, with and without keepalives
_GATHER = 0.5  # seconds in which news of members are gathered
_COMPLAIN = 120.0  # seconds between two complaints of the same


class Cooperation:
    """The part of a key server's machine that speaks with its peers."""

    def __init__(self, server: KeyServer) -> None:
        """Without ``redundancy`` it is the primary at once; with it, it listens first."""
        self.server = server
        self.primary: IPv4Address | None = None
        self.retries = 0
        self._electing = False
        self._established: set[IPv4Address] = set()
        self._complained: dict[IPv4Address, datetime] = {}
        self._event: Event | None = None
        self._news: Event | None = None
        self._word: datetime | None = None
        self._mismatched: set[IPv4Address] = set()
        state = server.state
        for address in server.intent.peers:
            state.peers[address] = Peer(address)
            server.log("COOP_KS_ADD", peer=address)
        self._begin()

    def _begin(self) -> None:
        state = self.server.state
        if state.redundant:
            state.role, state.blocked = Role.SECONDARY, True
            self._after(CHECK, self._look)
        else:
            state.role, state.blocked = Role.PRIMARY, False

    def stop(self) -> None:
        """The group or its router is gone."""
        self._cancel()
        if self._news is not None:
            self._news.cancel()
            self._news = None

    def _cancel(self) -> None:
        if self._event is not None:
            self._event.cancel()
            self._event = None

    def _after(self, seconds: float, action: object) -> None:
        self._cancel()
        self._event = self.server.world.clock.after(seconds, action)  # type: ignore[arg-type]

    def next_action(self) -> datetime | None:
        """When it announces or looks again."""
        return self._event.when if self._event is not None else None

    def configure(self, before: Serving) -> None:
        """Peers or ``redundancy`` came or went."""
        intent, state = self.server.intent, self.server.state
        for address in set(before.peers) - set(intent.peers):
            state.peers.pop(address, None)
            self._established.discard(address)
            self.server.log("COOP_KS_REMOVE", peer=address)
        for address in intent.peers:
            if address not in state.peers:
                state.peers[address] = Peer(address)
                self.server.log("COOP_KS_ADD", peer=address)
        if before.redundant != intent.redundant:
            self._cancel()
            had_keys = state.role is Role.PRIMARY and bool(state.teks)
            self._begin()
            if intent.redundant and had_keys:  # a group that lives does not stop for its second key server
                self._become_primary(None)
            elif not intent.redundant:
                self.server.arm()

    # -- speaking

    def _own(self, *, relinquishes: bool = False, merging: bool = False) -> Announcement:
        server, state, now = self.server, self.server.state, self.server.world.clock.now()
        shared = server.is_primary or merging or self._electing
        members = tuple(
            Registered(record.address, record.server, record.version, record.registered)
            for record in state.members.values()
            if shared or record.local or record.server == state.address
        )
        return Announcement(
            source=state.address,
            priority=state.priority,
            role=state.role,
            version=software.version_of(server.router),
            electing=self._electing,
            relinquishes=relinquishes,
            merging=merging,
            kek=state.kek if shared else None,
            keks=tuple(item for item in server.keks if item.ends > now) if shared else (),
            teks=tuple(policy.living(state.teks, now)) if shared else (),
            sequence=state.sequence,
            members=members,
            shipped=server.shipped if shared else None,
            policy=hash((server.intent.associations, server.intent.receive_only, server.intent.algorithm)),
            pseudotime=server.pseudotime,
        )

    def announce(self) -> None:
        """Tell all peers how it stands; only a primary or an election has something to tell."""
        if self.server.is_primary and self.server.state.redundant:
            self._tell_all(self._own())

    def _tell_all(self, message: Announcement) -> None:
        for peer in self.server.state.peers.values():
            self._tell(peer, message)

    def _tell(self, peer: Peer, message: Announcement) -> None:
        server = self.server
        peer.ann_sent += 1
        peer.bytes_sent += message.size
        peer.replies_lost += 1
        other = server.world.key_server_at(peer.address, server.state.identity)
        if other is None or not self._speaks(peer, other):
            peer.sent_drops += 1
        else:
            server.world.send(server.router, other.router, lambda: other.coop.heard(message, server))
        keepalive = server.router.running.find("crypto isakmp keepalive ") is not None
        if peer.replies_lost > (_LOST if keepalive else _LOST_SLOW):
            self._lost(peer)

    def _speaks(self, peer: Peer, other: KeyServer) -> bool:
        """Whether there is IKE with a peer; what was agreed stays until the peer is lost."""
        if peer.address in self._established:
            return True
        server = self.server
        if not server.world.reaches(server.router, other.router):
            return False
        verdict = server.world.agree(server.router, server.state.address, other.router, other.state.address)
        if verdict is Verdict.AGREED:
            self._established.add(peer.address)
            return True
        now = server.world.clock.now()
        if verdict is Verdict.KEY and now - self._complained.get(peer.address, now - timedelta(1)) > timedelta(
            seconds=_COMPLAIN
        ):
            self._complained[peer.address] = now
            server.world.log(other.router, "IKMP_BAD_MESSAGE", address=server.state.address)
        return False

    def _lost(self, peer: Peer) -> None:
        self._established.discard(peer.address)
        if peer.status is PeerStatus.DEAD:
            return
        was_alive = peer.status is PeerStatus.ALIVE
        peer.status, peer.role = PeerStatus.DEAD, Role.UNKNOWN
        if was_alive:
            self.server.log("COOP_KS_UNREACH", peer=peer.address)

    # -- hearing

    def heard(self, message: Announcement, sender: KeyServer) -> None:
        """An announcement has come."""
        server, state, world = self.server, self.server.state, self.server.world
        peer = state.peers.get(message.source)
        if peer is None:
            server.log("COOP_KS_UNAUTH", peer=message.source, address=state.address)
            return
        peer.ann_received += 1
        peer.bytes_received += message.size
        self._alive(peer)
        peer.priority, peer.role, peer.version = message.priority, message.role, message.version
        world.send(server.router, sender.router, lambda: sender.coop.answered(state.address))
        self._compare(message)
        if message.relinquishes and not self._electing:
            self.primary = None
            self._elect(message.source)
        elif message.merging or (message.role is Role.PRIMARY and server.is_primary):
            self._meet(message, peer)
        elif message.role is Role.PRIMARY:
            self._follow(message)
        else:
            if message.teks or not message.electing:  # who has just booted knows of no members
                self._note_members(message)
            if message.teks and not policy.living(state.teks, world.clock.now()):
                self._adopt(message)  # it has booted, and others still hold the keys
            if message.electing and not self._electing:
                self._reply_to_election(peer)

    def answered(self, address: IPv4Address) -> None:
        """A peer has confirmed an announcement."""
        peer = self.server.state.peers.get(address)
        if peer is not None:
            self._alive(peer)
            if peer.role is Role.UNKNOWN:
                peer.role = Role.SECONDARY if self.server.is_primary else Role.UNKNOWN

    def _alive(self, peer: Peer) -> None:
        if peer.status is PeerStatus.DEAD:
            self.server.log("COOP_KS_REACH", peer=peer.address)
        peer.status, peer.heard, peer.replies_lost = PeerStatus.ALIVE, self.server.world.clock.now(), 0

    def _compare(self, message: Announcement) -> None:
        """Key servers cannot make their configurations equal, but they see that they differ."""
        own = hash((self.server.intent.associations, self.server.intent.receive_only, self.server.intent.algorithm))
        if own == message.policy:
            self._mismatched.discard(message.source)
        elif message.source not in self._mismatched:
            self._mismatched.add(message.source)
            self.server.log("COOP_CONFIG_MISMATCH")

    def _reply_to_election(self, peer: Peer) -> None:
        if self.server.is_primary:
            self._tell(peer, self._own())
        elif self.primary in {None, peer.address}:  # nobody, or someone who has booted and is it no longer
            previous, self.primary = self.primary, None
            self._elect(previous)
        else:
            self._tell(peer, self._own())

    def _follow(self, message: Announcement) -> None:
        """The primary speaks: take its keys and its database."""
        server, state = self.server, self.server.state
        current = state.peers.get(self.primary) if self.primary is not None else None
        if (
            current is not None
            and current.address != message.source
            and self._hears_primary()
            and (current.priority or 0, current.address) > message.rank
        ):
            return  # two primaries: the better one will win
        self._word = server.world.clock.now()
        self.primary, self.retries, self._electing, state.blocked = message.source, 0, False, False
        if state.role is not Role.SECONDARY or self._event is None:
            state.role = Role.SECONDARY
        self._after(CHECK, self._look)
        self._adopt(message)
        server.needs_own_kek = False
        self._note_members(message)
        server.arm()
        if message.teks:
            server.desk.keys_came()

    def _adopt(self, message: Announcement) -> None:
        """Take the keys of another key server; of one's own only the ended ones stay, for screens."""
        server, state = self.server, self.server.state
        known, now = {tek.spi for tek in message.teks}, server.world.clock.now()
        ended = [tek for tek in state.teks if tek.ends <= now and tek.spi not in known]
        state.teks = policy.kept([*message.teks, *ended], now)
        state.kek, server.keks, state.sequence = message.kek, list(message.keks), message.sequence
        if message.teks:
            state.receive_only = message.teks[0].receive_only
        server.adopt_time(message.pseudotime)
        server.shipped = message.shipped
        server.note_pending()

    def _note_members(self, message: Announcement) -> None:
        """Members that registered elsewhere; a primary tells all that it knows, others their own."""
        state = self.server.state
        told = {item.address: item for item in message.members}
        for address, record in tuple(state.members.items()):
            theirs = not record.local and (message.role is Role.PRIMARY or record.server == message.source)
            if theirs and address not in told:
                del state.members[address]
        for address, item in told.items():
            held = state.members.get(address)
            if held is None or held.registered < item.when:
                state.members[address] = MemberRecord(address, item.server, item.version, False, item.when)  # noqa: FBT003

    def members_changed(self) -> None:
        """A member registered here: the others are told, of all that register within a moment together."""
        if self._news is None and self.server.state.redundant:
            self._news = self.server.world.clock.after(_GATHER, self._tell_members)

    def _tell_members(self) -> None:
        self._news = None
        server = self.server
        if server.is_primary:
            self.announce()
        elif self.primary is not None and (peer := server.state.peers.get(self.primary)) is not None:
            self._tell(peer, self._own())

    def ask_for_keys(self) -> None:
        """A member waits at a secondary, and there are no keys yet."""
        server = self.server
        if self.primary is None:
            return
        other = server.world.key_server_at(self.primary, server.state.identity)
        if other is not None and self.primary in self._established | {self.primary}:
            server.world.send(server.router, other.router, other.coop.asked_for_keys)

    def asked_for_keys(self) -> None:
        """A secondary needs keys."""
        if self.server.is_primary and self.server.ensure_keys():
            self.announce()

    # -- who is the primary

    def _speak(self) -> None:
        """The primary announces."""
        self.announce()
        self._after(PERIOD, self._speak)

    def _hears_primary(self) -> bool:
        """Whether the primary has announced itself lately; that it confirms what it is told is not enough."""
        now = self.server.world.clock.now()
        return self._word is not None and now - self._word <= timedelta(seconds=CHECK)

    def _look(self) -> None:
        """A secondary looks whether it has heard its primary."""
        server = self.server
        peer = server.state.peers.get(self.primary) if self.primary is not None else None
        if peer is not None and self._hears_primary():
            self.retries = 0
            self._after(CHECK, self._look)
            return
        self.retries += 1
        if peer is not None and self.retries < _PATIENCE:
            self._tell(peer, self._own())
            self._after(CHECK, self._look)
            return
        if peer is not None:
            self._lost(peer)
            server.needs_own_kek = True
        previous, self.primary = self.primary, None
        self._elect(previous)

    def _elect(self, previous: IPv4Address | None) -> None:
        server = self.server
        self._electing, self._previous = True, previous
        self._since = server.world.clock.now()
        server.log("COOP_KS_ELECTION", previous=previous or "NONE")
        self._tell_all(self._own())
        self._after(_ELECTION, self._decide)

    def _decide(self) -> None:
        """The best of those that were heard becomes the primary; the others wait for its word."""
        state = self.server.state
        if not self._electing:
            return
        self._electing = False
        rivals = [
            (peer.priority or 0, peer.address)
            for peer in state.peers.values()
            if peer.heard is not None and peer.heard >= self._since and peer.priority is not None
        ]
        if all((state.priority, state.address) > rival for rival in rivals):
            self._become_primary(self._previous)
        else:
            self._after(CHECK, self._look)

    def _become_primary(self, previous: IPv4Address | None) -> None:
        server, state = self.server, self.server.state
        state.role, state.blocked, self.primary, self.retries = Role.PRIMARY, False, None, 0
        server.log("COOP_KS_TRANS_TO_PRI", address=state.address, previous=previous or "NONE")
        for record in state.members.values():
            record.missed_in_a_row = 0
        server.note_time(server.world.clock.now())
        server.arm()
        self._speak()

    def clear_role(self) -> None:
        """``clear crypto gdoi ks coop role``: a primary stands for election again; others do nothing."""
        state = self.server.state
        if not self.server.is_primary or not state.redundant:
            return
        state.role = Role.SECONDARY
        self.server.arm()
        self._electing, self._previous = True, state.address
        self._since = self.server.world.clock.now()
        self.server.log("COOP_KS_ELECTION", previous=state.address)
        self._tell_all(self._own(relinquishes=True))
        self._after(_ELECTION, self._decide)

    def _meet(self, message: Announcement, peer: Peer) -> None:
        """Two primaries meet after a split: the lesser one gives way, and all keys live on."""
        server, state = self.server, self.server.state
        if not server.is_primary:
            return
        if message.role is Role.PRIMARY and message.rank > (state.priority, state.address):
            handed = self._own(merging=True)
            state.role = Role.SECONDARY
            server.arm()
            self._tell(peer, handed)
            self._follow(message)
            return
        known = {tek.spi for tek in state.teks}
        theirs = [tek for tek in message.teks if tek.spi not in known]
        keks = [item for item in message.keks if item not in server.keks]
        self._note_members(message)
        if theirs or keks:
            state.teks = policy.kept([*state.teks, *theirs], server.world.clock.now())
            server.keks += keks
            server.ship()
        else:
            self._tell(peer, self._own())
