"""A group on a member: it registers, takes rekeys, registers again before its keys end, and drops when they have."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi import policy, software
from getvpn_ops.lab.gdoi.registration import Registrar
from getvpn_ops.lab.gdoi.state import Direction, MemberState, Registration
from getvpn_ops.lab.gdoi.variants import Takes

if TYPE_CHECKING:
    from datetime import datetime

    from getvpn_ops.lab.clock import Event
    from getvpn_ops.lab.gdoi.intent import Joining
    from getvpn_ops.lab.gdoi.key_server import KeyServer
    from getvpn_ops.lab.gdoi.messages import Grant, Rekey
    from getvpn_ops.lab.gdoi.state import Kek, Tek
    from getvpn_ops.lab.gdoi.world import World
    from getvpn_ops.lab.ios.router import Router

_LEAST, _FROM, _TO = 60.0, 0.03, 0.06  # re-registration: seconds, and shares of the lifetime, before the end
_AGAIN = 30.0  # seconds between two registrations at least
_WITHOUT_KEYS = 60.0  # seconds until a member asks again that was registered without getting any
_AFTER_CLEAR = (0.5, 2.0)
_AFTER_DELETE = (0.5, 5.0)
_LARGE = 1.0  # seconds by which a pseudotime may be off without a word


class Member:
    """The machine of one group and crypto map on one router."""

    def __init__(self, world: World, router: Router, intent: Joining, wait: float) -> None:
        """The group is configured, and its map applied or not.

        Args:
            world: where it lives.
            router: on which it runs.
            intent: what the configuration asks for.
            wait: seconds until it registers for the first time.
        """
        self.world, self.router, self.intent = world, router, intent
        self.state = MemberState(
            intent.group,
            intent.identity,
            intent.interfaces,
            intent.crypto_map,
            intent.address,
            version=software.version_of(router),
        )
        self._last: Rekey | None = None
        self._event: Event | None = None
        self._gap: Event | None = None
        self._lives = False  # it has keys, so that a change of direction is one
        self.registrar = Registrar(self)
        self._adopt()
        self.state.passive = intent.passive
        if intent.interfaces:
            self.log("GM_CM_ATTACH")
            if intent.up:
                self.registrar.begin(wait)

    def log(self, name: str, **values: object) -> None:
        """Log something of the group."""
        self.world.log(self.router, name, group=self.state.group, **values)

    def changed(self) -> None:
        """Packets may meet another fate from now on."""
        self.world.member_changed(self)

    def stop(self, *, logged: bool = True) -> None:
        """The map or the group is gone from the configuration, or the router goes down."""
        self.registrar.stop()
        for event in (self._event, self._gap):
            if event is not None:
                event.cancel()
        if logged and self.intent.interfaces:
            self.log("GM_CM_DETACH")
        self._forget()
        self.state.interfaces = ()
        self.changed()

    def _forget(self) -> None:
        """The downloaded policy is destroyed: as if it had never registered."""
        state = self.state
        state.registration, state.server, state.kek, state.teks = Registration.NONE, None, None, []
        state.downloaded, state.ever_registered, state.reregisters, state.gap = (), False, None, False
        state.direction, state.commanded, state.passive = Direction.BOTH, False, self.intent.passive
        state.registered = None
        self._lives = False

    # -- configuration

    def _adopt(self) -> None:
        """What of the configuration holds at once."""
        state, intent = self.state, self.intent
        state.identity, state.interfaces, state.servers = intent.identity, intent.interfaces, intent.servers
        state.crypto_map, state.vrf, state.address = intent.crypto_map, intent.vrf, intent.address
        state.local_entries, state.fail_close = intent.entries, intent.fail_close
        state.bypass, state.reverts = intent.fail_close_entries, intent.reverts

    def configure(self, intent: Joining) -> None:
        """A line was applied."""
        before, self.intent = self.intent, intent
        self._adopt()
        if intent.entries != before.entries:
            self._merged()
        if intent.interfaces and not before.interfaces:
            self.log("GM_CM_ATTACH")
        if before.interfaces and not intent.interfaces:
            self.log("GM_CM_DETACH")
            self.registrar.stop()
            self._forget()
        elif intent.identity != before.identity and before.identity:
            self._restart()
        elif intent.up and self._starts(before):
            self.registrar.begin(self.world.between(*_AFTER_CLEAR))
        if intent.passive != before.passive:
            self._passive()
        self.changed()

    def _starts(self, before: Joining) -> bool:
        """Whether a change lets it register, or makes it register with another identity."""
        wants = (self.intent.address, bool(self.intent.servers), bool(self.intent.identity), bool(self.intent.up))
        had = (before.address, bool(before.servers), bool(before.identity), bool(before.up))
        return wants != had and all(wants)

    def _merged(self) -> None:
        if self.state.downloaded:
            self.log("GM_ACL_MERGE")
        if any(entry.permit for entry in self.intent.entries):
            self.log("GM_ACL_PERMIT")

    def _passive(self) -> None:
        takes = self.world.variants_of(self.router).passive
        if self.state.registration is not Registration.REGISTERED or takes is Takes.AT_ONCE:
            self.state.passive = self.intent.passive
            self._turn()
        elif takes is Takes.REREGISTRATION:
            self._restart()

    # -- direction

    def _turn(self) -> None:
        """Set the direction by key server, passive and command; a change may leave a gap."""
        state, variants = self.state, self.world.variants_of(self.router)
        receive_only = bool(state.teks) and state.teks[0].receive_only
        wanted = Direction.INBOUND_ONLY if receive_only else Direction.BOTH
        if state.passive and (receive_only or variants.passive_accepts_clear):
            wanted = Direction.INBOUND_OPTIONAL
        state.refuses_clear = not variants.passive_accepts_clear
        if not state.commanded:
            self._direct(wanted)

    def _direct(self, wanted: Direction) -> None:
        state = self.state
        if wanted is state.direction:
            return
        state.direction = wanted
        seconds = self.world.variants_of(self.router).direction_gap
        if seconds and self._lives and state.teks:
            state.gap = True
            self._gap = self.world.clock.after(seconds, self._filled)

    def _filled(self) -> None:
        self.state.gap = False
        self.changed()

    def direct(self, direction: Direction) -> None:
        """``crypto gdoi gm ipsec direction ...``: holds until the next rekey."""
        state = self.state
        if state.registration is not Registration.REGISTERED or not software.has_passive(self.router.release):
            return
        state.commanded = True
        self._direct(direction)
        if direction is not Direction.INBOUND_ONLY:
            self.log("GM_CONV_SA_DUPLEX_LOCAL")
        self.changed()

    # -- registration

    def granted(self, grant: Grant) -> None:
        """A key server has registered it."""
        state, now = self.state, self.world.clock.now()
        first = not state.ever_registered
        state.registration, state.server, state.ever_registered = Registration.REGISTERED, grant.server, True
        state.successes += 1
        state.registered = now
        state.rekeys_since, state.commanded, state.passive = 0, False, self.intent.passive
        state.last_sequence = grant.sequence
        state.pseudotime, state.synced = grant.pseudotime, now
        self._take(grant.kek, list(grant.teks), now)
        if first:
            self.world.log(self.router, "GDOI_ON_OFF", what="ON")
        self.log("GM_REGS_COMPL", server=grant.server, address=state.address)
        if state.teks and state.teks[0].receive_only:
            self.log("GM_SA_INGRESS", server=grant.server)
        if self.intent.entries:
            self._merged()
        self.changed()

    def _take(self, kek: Kek | None, teks: list[Tek], now: datetime) -> None:
        """Keys have come."""
        state = self.state
        state.kek = kek
        state.teks = policy.living(teks, now)
        newest = self._newest()
        if newest:
            state.downloaded = tuple(entry for number in sorted(newest) for entry in newest[number].entries)
        skew, state.skew = state.skew, 0.0
        if abs(skew) > _LARGE:
            self.log("PSEUDO_TIME_LARGE", expected=0, own=round(skew))
        self._turn()
        self._lives = bool(state.teks)
        self._plan()

    def _plan(self, again: datetime | None = None) -> None:
        """Work out when to register again: before the first key ends that no newer one follows, or the KEK."""
        state, now = self.state, self.world.clock.now()
        newest = self._newest()
        moments = [tek.ends - self._margin(tek.lifetime) for tek in newest.values()]
        if state.kek is not None:
            old = software.rekeys_on_leaving(self.router.release)
            moments.append(state.kek.ends - (timedelta() if old else self._margin(state.kek.lifetime)))
        due = again or min(moments, default=now + timedelta(seconds=_WITHOUT_KEYS))
        state.reregisters = max(due, now + timedelta(seconds=_AGAIN)) if state.teks else due
        self._arm()

    def _newest(self) -> dict[int, Tek]:
        """The keys that came last, one for each ``sa ipsec``; others have followers, or their policy is gone."""
        teks = self.state.teks
        return {tek.sequence: tek for tek in teks if tek.born == teks[0].born}

    def _margin(self, lifetime: timedelta) -> timedelta:
        share = self.world.between(_FROM, _TO)
        return timedelta(seconds=max(_LEAST, share * lifetime.total_seconds()))

    def _arm(self) -> None:
        if self._event is not None:
            self._event.cancel()
        state = self.state
        moments = [tek.ends for tek in state.teks]
        if state.kek is not None:
            moments.append(state.kek.ends)
        if state.reregisters is not None and not self.registrar.is_busy:
            moments.append(state.reregisters)
        self._event = self.world.clock.at(min(moments), self._tick) if moments else None

    def _tick(self) -> None:
        """A key ends, or it is time to register again."""
        state, now = self.state, self.world.clock.now()
        before = len(state.teks)
        state.teks = policy.living(state.teks, now)
        if state.kek is not None and state.kek.ends <= now:
            state.kek = None
        if before and not state.teks:
            state.registration = Registration.EXPIRED
        due = state.reregisters is not None and state.reregisters <= now
        if (due or not state.teks) and not self.registrar.is_busy:
            self.log("GM_RE_REGISTER")
            self.registrar.begin()
        if len(state.teks) != before:
            self.changed()
        self._arm()

    def _restart(self) -> None:
        """Everything downloaded is destroyed, and it registers anew."""
        self._forget()
        self._arm()
        if self.intent.up:
            self.registrar.begin(self.world.between(*_AFTER_CLEAR))
        self.changed()

    def clear(self) -> None:
        """``clear crypto gdoi``."""
        self.log("GM_CLEAR_REGISTER")
        self._restart()

    def clear_sas(self) -> None:
        """``clear crypto sa``: the SAs go, and it registers at once to get them again; the list stays."""
        if self.state.registration is Registration.REGISTERED:
            self.state.teks, self.state.registration = [], Registration.EXPIRED
            self.log("GM_RE_REGISTER")
            self.registrar.begin(self.world.between(*_AFTER_CLEAR))
            self.changed()

    # -- what key servers send

    def rekeyed(self, message: Rekey, server: KeyServer) -> None:
        """A rekey has come."""
        state = self.state
        if (
            not self.world.paths.answers(self.router.hostname, state.address, state.vrf)
            or self.world.is_deaf(self.router)
            or state.kek is None
        ):
            return
        if message is self._last:  # a copy: the acknowledgement was lost
            self._acknowledge(message, server)
            return
        if state.kek.spi not in message.under:
            return
        if message.signed != state.kek.sig_fingerprint:
            self.log("GDOI_REKEY_FAILURE", address=state.address, server=message.source)
            return
        if message.sequence <= state.last_sequence and message.kek.spi == state.kek.spi:
            return
        self._last = message
        self._apply(message)
        self._acknowledge(message, server)

    def _apply(self, message: Rekey) -> None:
        state, now = self.state, self.world.clock.now()
        fresh = state.kek is None or message.kek.spi != state.kek.spi
        state.rekeys_total += 1
        state.rekeys_since += 1
        state.last_rekey, state.last_rekey_from = now, message.source
        age = (now - message.made).total_seconds() if message.made is not None else 0.0
        state.pseudotime, state.synced = message.pseudotime + age, now
        state.last_sequence = 0 if fresh else message.sequence
        if message.unicast != message.kek.unicast:
            self.log("GM_REKEY_TRANS_2_UNI" if message.kek.unicast else "GM_REKEY_TRANS_2_MULTI")
        was_receive_only = bool(state.teks) and state.teks[0].receive_only
        brought = {tek.spi for tek in message.teks}
        kept = [] if message.replaces else [tek for tek in state.teks if tek.spi not in brought]
        state.commanded = False
        if self.world.variants_of(self.router).passive is Takes.NEXT_REKEY:
            state.passive = self.intent.passive
        state.registration = Registration.REGISTERED
        self.registrar.stop()
        self.log("GM_RECV_REKEY", server=message.source, address=state.address, sequence=message.sequence)
        self._take(message.kek, [*message.teks, *kept], now)
        receive_only = bool(state.teks) and state.teks[0].receive_only
        if receive_only and not was_receive_only:
            self.log("GM_SA_INGRESS", server=message.source)
        elif was_receive_only and not receive_only:
            self.log("GM_CONV_SA_DUPLEX")
        self.changed()

    def _acknowledge(self, message: Rekey, server: KeyServer) -> None:
        state = self.state
        if message.unicast and state.address is not None:
            state.acks_sent += 1
            address = state.address
            self.world.send(self.router, server.router, lambda: server.acknowledged(address, message.sequence))

    def deleted(self, under: frozenset[bytes], *, gentle: bool, share: float) -> None:
        """A key server removes it from the group."""
        state, now = self.state, self.world.clock.now()
        if state.kek is None or state.kek.spi not in under:
            return
        self.log("GM_RECV_DELETE")
        if not gentle or not software.has_removal(self.router.release):
            self._forget()
            self._arm()
            self.registrar.begin(self.world.between(*_AFTER_DELETE))
        else:
            state.teks = policy.shortened(state.teks, now)
            left = min((tek.ends - now).total_seconds() for tek in state.teks) if state.teks else 0.0
            self._plan(now + timedelta(seconds=self.world.between(1.0, max(2.0, share * left))))
        self.changed()

    def lose_keys(self) -> None:
        """A fault: the KEK is gone, and no rekey can be read."""
        if self.state.kek is not None:
            self.state.kek = replace(self.state.kek, spi=bytes(16))
