"""A group on its key server: it registers members, makes keys, and sends them out again before they end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi import policy, software
from getvpn_ops.lab.gdoi.cooperation import Cooperation
from getvpn_ops.lab.gdoi.desk import Desk
from getvpn_ops.lab.gdoi.messages import Rekey
from getvpn_ops.lab.gdoi.rekeying import Distribution
from getvpn_ops.lab.gdoi.state import KeyServerState, Role
from getvpn_ops.lab.ios.identity.keys import public_der

if TYPE_CHECKING:
    from datetime import datetime
    from ipaddress import IPv4Address

    from getvpn_ops.lab.clock import Event
    from getvpn_ops.lab.gdoi.intent import Serving
    from getvpn_ops.lab.gdoi.state import Kek
    from getvpn_ops.lab.gdoi.world import World
    from getvpn_ops.lab.ios.router import Router

_SYNC = 7200.0  # seconds between two notes of the pseudotime
_SHOWN = 4
_GENTLE_SHARE = 0.8  # of what is left to the keys: until then removed members have registered again


class KeyServer:
    """The machine of one group on one router."""

    def __init__(self, world: World, router: Router, intent: Serving, handle: int) -> None:
        """The group is configured.

        Args:
            world: where it lives.
            router: on which it runs.
            intent: what the configuration asks for; it is complete.
            handle: number by which screens call the group.
        """
        assert intent.address is not None  # noqa: S101 -- complete
        self.world, self.router, self.intent = world, router, intent
        self.state = KeyServerState(
            intent.group, intent.identity, intent.address, handle, priority=intent.priority, redundant=intent.redundant
        )
        self.shipped: Serving | None = None
        self.keks: list[Kek] = []
        self.sending: Distribution | None = None
        self.needs_own_kek = False
        self._reported: tuple[str, ...] = ()
        self._begun: datetime | None = None
        self._event: Event | None = None
        self.log("KS_GROUP_ADD", address=intent.address)
        self.desk = Desk(self)
        self.coop = Cooperation(self)

    def log(self, name: str, **values: object) -> None:
        """Log something of the group."""
        self.world.log(self.router, name, group=self.state.group, **values)

    @property
    def is_primary(self) -> bool:
        """Whether it makes the keys of the group."""
        return self.state.role is Role.PRIMARY

    def stop(self, *, logged: bool = True) -> None:
        """The group is gone from the configuration, or the router goes down."""
        if logged:
            self.log("KS_GROUP_DELETE", address=self.state.address)
        self._cancel()
        if self.sending is not None:
            self.sending.waiting.clear()
            self.sending.finish()
        self.coop.stop()

    def _cancel(self) -> None:
        if self._event is not None:
            self._event.cancel()
            self._event = None

    # -- configuration

    def configure(self, intent: Serving) -> None:
        """A line was applied. Policy waits until configuration is left; the rest is seen at once."""
        before, self.intent = self.intent, intent
        assert intent.address is not None  # noqa: S101 -- complete
        state = self.state
        state.identity, state.address = intent.identity, intent.address
        state.priority, state.redundant = intent.priority, intent.redundant
        self.note_pending()
        if (before.redundant, before.peers, before.priority) != (intent.redundant, intent.peers, intent.priority):
            self.coop.configure(before)

    def note_pending(self) -> tuple[str, ...]:
        """Compare the configuration with what was shipped."""
        self.state.pending = policy.differences(self.shipped, self.intent) if self.shipped is not None else ()
        return self.state.pending

    def left(self) -> None:
        """Configuration mode was left: a change of policy is sent, or waits for a command."""
        reported, self._reported = self._reported, self.note_pending()
        if not self._reported or not self.is_primary:
            return
        variants = self.world.variants_of(self.router)
        at_once = variants.rekeys_on_leaving
        if software.rekeys_on_leaving(self.router.release) if at_once is None else at_once:
            self.ship(changed=True)
        elif reported != self._reported:
            self.log("POLICY_CHANGE")

    # -- keys

    def signing_keys(self) -> dict[str, tuple[str, int]]:
        """The RSA keys of the router: fingerprint and bits, by label."""
        return {
            label: self.world.fingerprint(public_der(key.private.public_key()), key.private.key_size)
            for label, key in self.router.keys.held.items()
        }

    def _make_kek(self, now: datetime) -> Kek | None:
        label = self.intent.label
        if not label:
            return None
        key = self.signing_keys().get(label)
        if key is None:
            self.log("KS_NO_RSA_KEYS", label=label)
            return None
        made = policy.kek(self.intent, key, now, self.world.chance)
        return replace(made, public=public_der(self.router.keys.held[label].private.public_key()))

    def ensure_keys(self) -> bool:
        """Make the first keys of the group; returns whether there are any now."""
        state, now = self.state, self.world.clock.now()
        if policy.living(state.teks, now):
            return True
        if not self.is_primary:
            return False
        self._begun = self._begun or now
        state.teks = [*policy.teks(self.intent, now, self.world.chance), *policy.kept(state.teks, now)]
        state.kek = self._make_kek(now)
        self.keks = [state.kek] if state.kek is not None else []
        state.sequence = 0
        self._shipped(now)
        self.arm()
        return bool(policy.living(state.teks, now))

    def _shipped(self, now: datetime) -> None:
        """What the configuration asks for is what members have by now, or will."""
        before, self.shipped = self.shipped, self.intent
        state = self.state
        if any(item.excess for item in self.intent.associations):
            self.log("GDOI_ACL_NUM")
        if before is not None and before.receive_only != self.intent.receive_only:
            self.log("KS_CONV_SAS_INGRESS" if self.intent.receive_only else "KS_CONV_SAS_DUPLEX")
        if before is not None and before.unicast != self.intent.unicast:
            self.log("KS_REKEY_TRANS_2_UNI" if self.intent.unicast else "KS_REKEY_TRANS_2_MULTI")
        state.receive_only, state.pending = self.intent.receive_only, ()
        self.note_time(now)

    def note_time(self, now: datetime) -> None:
        """Members are told the pseudotime now, and again in two hours."""
        timed = any(tek.replay is not None and tek.replay[0] == "time" for tek in policy.living(self.state.teks, now))
        self._begun = self._begun or now
        self.state.pseudotime, self.state.timed = (now - self._begun).total_seconds(), now
        self.state.next_sync = now + timedelta(seconds=_SYNC) if timed else None

    def adopt_time(self, pseudotime: float) -> None:
        """Take over the pseudotime of the primary."""
        now = self.world.clock.now()
        self._begun = now - timedelta(seconds=pseudotime)
        self.state.pseudotime, self.state.timed = pseudotime, now

    @property
    def pseudotime(self) -> float:
        """Seconds of the time-based anti-replay at this moment."""
        state = self.state
        return state.pseudotime + (self.world.clock.now() - state.timed).total_seconds() if state.timed else 0.0

    def arm(self) -> None:
        """Work out what is due next; only a primary acts on it."""
        self._cancel()
        state, now = self.state, self.world.clock.now()
        wanted = {item.sequence for item in (self.shipped or self.intent).associations if item.is_complete}
        living = [tek for tek in policy.living(state.teks, now) if tek.sequence in wanted]
        latest = {tek.sequence: tek for tek in reversed(living)}
        dues = [tek.ends - timedelta(seconds=software.early(tek.lifetime.total_seconds())) for tek in latest.values()]
        state.next_tek_rekey = min(dues, default=None)
        state.next_kek_rekey = None
        if state.kek is not None:
            early = software.kek_early(self.router.release, state.kek.lifetime.total_seconds())
            state.next_kek_rekey = state.kek.ends - timedelta(seconds=early)
        if not self.is_primary:
            return
        moments = [
            moment for moment in (state.next_tek_rekey, state.next_kek_rekey, state.next_sync) if moment is not None
        ]
        if moments:
            self._event = self.world.clock.at(max(now + timedelta(seconds=1), min(moments)), self._due)

    def _due(self) -> None:
        state, now = self.state, self.world.clock.now()
        kek_due = state.next_kek_rekey is not None and state.next_kek_rekey <= now
        tek_due = state.next_tek_rekey is not None and state.next_tek_rekey <= now
        self.ship(new_teks=tek_due, new_kek=kek_due)

    def ship(
        self,
        *,
        new_teks: bool = False,
        new_kek: bool = False,
        changed: bool = False,
        replace_now: bool = False,
    ) -> None:
        """Send a rekey with the policy that the configuration asks for at this very moment.

        Args:
            new_teks: they are due.
            new_kek: it is due.
            changed: a change of policy: new keys, and the old ones live on for a while only.
            replace_now: the old keys end at once.
        """
        state, now = self.state, self.world.clock.now()
        changes, known = self.note_pending(), state.kek
        old = policy.living(state.teks, now)
        under = [item for item in self.keks if item.ends > now]
        if changed or new_teks or changes:
            if replace_now:
                old = [replace(tek, ends=now) for tek in old]
            elif changed:
                old = policy.shortened(old, now)
            ended = [tek for tek in state.teks if tek.spi not in {item.spi for item in old}]
            state.teks = policy.kept([*policy.teks(self.intent, now, self.world.chance), *old, *ended], now)
        signed = self._signature(under)
        state.sequence += 1
        other = policy.changes_kek(changes) or self.needs_own_kek
        if new_kek or (under and other) or (state.kek is None and (changes or new_teks)):
            state.kek = self._make_kek(now)
            self.needs_own_kek = False
        self._shipped(now)
        if under and state.kek is not None:
            spis = frozenset(item.spi for item in under)
            teks = tuple(policy.living(state.teks, now))
            way = known if known in under else under[-1]  # members learn of another transport by the one they know
            message = Rekey(
                state.address, state.sequence, spis, signed, state.kek, teks, replace_now, way.unicast, way.address,
                self.pseudotime, now,
            )  # fmt: skip
            if state.kek not in under:
                state.sequence = 0
            self._send(message, "with policy-replace " if replace_now else "")
        self.keks = [*under, state.kek] if state.kek is not None and state.kek not in under else under
        self.coop.announce()
        self.arm()

    def _signature(self, under: list[Kek]) -> str:
        """Who signs: the key that members know, if the router holds it; else the one that is configured."""
        held = self.signing_keys()
        known = {item.sig_fingerprint for item in under}
        by = next((print_ for print_, _ in held.values() if print_ in known), None)
        return by or held.get(self.intent.label, ("", 0))[0]

    def _send(self, message: Rekey, what: str) -> None:
        state = self.state
        if self.sending is not None:
            self.sending.finish()
        state.rekeys_sent += 1
        name = "KS_SEND_UNICAST_REKEY" if message.unicast else "KS_SEND_MCAST_REKEY"
        self.log(name, what=what, address=state.address, sequence=message.sequence, multicast=message.group or "-")
        self.sending = Distribution(self, message)

    def unicast(self, message: Rekey, address: IPv4Address) -> None:
        """A rekey goes to one member."""
        member = self.world.member_by(address, self.state.identity)
        if member is not None:
            self.world.send(self.router, member.router, lambda: member.rekeyed(message, self))

    def multicast(self, message: Rekey) -> None:
        """A rekey goes to whoever has joined the group, if the router can send it at all."""
        if not self.intent.can_multicast or message.group is None:
            return
        for member in self.world.members_of(self.state.identity):
            joined = member.intent.joined
            if (message.group, None) in joined or (message.group, message.source) in joined:
                self.world.send(self.router, member.router, lambda member=member: member.rekeyed(message, self))  # type: ignore[misc]

    def acknowledged(self, address: IPv4Address, sequence: int) -> None:
        """A member has acknowledged a rekey."""
        record = self.state.members.get(address)
        if record is None:
            return
        record.acks_received += 1
        record.missed_in_a_row = 0
        record.received = [sequence, *record.received][:_SHOWN]
        if self.sending is not None and self.sending.message.sequence == sequence:
            self.sending.acknowledge(address)

    def eject(self, address: IPv4Address) -> None:
        """A member has missed three rekeys in a row: it is dropped, also where it registered."""
        record = self.state.members.pop(address, None)
        if record is None:
            return
        self.log("KS_NACK_GM_EJECT", address=address)
        other = None if record.local else self.world.key_server_at(record.server, self.state.identity)
        if other is not None:
            self.world.send(self.router, other.router, lambda: other.dropped(address))
        self.coop.announce()

    def dropped(self, address: IPv4Address) -> None:
        """The primary has dropped a member that registered here."""
        self.state.members.pop(address, None)

    # -- commands

    def clear(self) -> None:
        """``clear crypto gdoi``: keys and registrations are destroyed; members are told to register again."""
        self.log("KS_CLEAR_REGISTER")
        self._tell_deleted(gentle=False)
        self.state.members.clear()
        if self.is_primary:
            self.state.teks, self.state.kek, self.keks, self.shipped = [], None, [], None
            self.state.next_tek_rekey = self.state.next_kek_rekey = self.state.next_sync = None
        self._cancel()
        self.coop.announce()

    def clear_members(self) -> None:
        """``clear crypto gdoi ks members``: as ``clear``, but the keys stay."""
        self._tell_deleted(gentle=self.world.variants_of(self.router).removes_gently)
        self.state.members.clear()
        self.coop.announce()

    def _tell_deleted(self, *, gentle: bool) -> None:
        """Members hear of it one after the other; those that do not will register when their keys end."""
        under = frozenset(item.spi for item in self.keks)
        for number, address in enumerate(tuple(self.state.members)):
            member = self.world.member_by(address, self.state.identity)
            if member is not None:

                def tell(member=member) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
                    self.world.send(
                        self.router, member.router, lambda: member.deleted(under, gentle=gentle, share=_GENTLE_SHARE)
                    )

                self.world.clock.after(number * 0.05, tell)

    def rekey(self, *, replace_now: bool) -> None:
        """``crypto gdoi ks rekey``: on the primary only."""
        if self.is_primary and policy.living(self.state.teks, self.world.clock.now()):
            self.ship(changed=bool(self.note_pending()) or replace_now, new_teks=True, replace_now=replace_now)
