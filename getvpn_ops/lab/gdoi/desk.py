"""Where members register at a key server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi import policy
from getvpn_ops.lab.gdoi.lists import admits
from getvpn_ops.lab.gdoi.messages import Grant, Refusal
from getvpn_ops.lab.gdoi.state import MemberRecord

if TYPE_CHECKING:
    from collections.abc import Callable
    from ipaddress import IPv4Address

    from getvpn_ops.lab.gdoi.ike import End
    from getvpn_ops.lab.gdoi.key_server import KeyServer


class Desk:
    """The registrations of one group."""

    def __init__(self, server: KeyServer) -> None:
        """Open it; it is closed while ``blocked`` says so."""
        self._server = server
        self._waiting: list[Callable[[], None]] = []

    def register(self, end: End, version: str, server: IPv4Address, answer: Callable[[Grant | Refusal], None]) -> None:
        """A member asks; IKE has agreed. It is answered now, later or never.

        Args:
            end: the member's end of IKE.
            version: of its GETVPN software.
            server: address to which it spoke.
            answer: what it gets.
        """
        machine, address = self._server, end.address
        intent, running = machine.intent, machine.router.running
        if intent.members_list and not admits(running, intent.members_list, address):
            machine.log("UNAUTHORIZED_IPADDR", address=address)
            answer(Refusal.UNAUTHORIZED)
        elif intent.members_identity and not self._knows(end):
            named = end.ike.identity == "hostname"
            said = f"FQDN name: {end.ike.name}" if named else f"Dist. name parsing failed. Peer Address: {address}"
            machine.log("UNAUTHORIZED_IDENTITY", identity=said)
            answer(Refusal.UNAUTHORIZED)
        elif machine.state.blocked:
            return
        elif machine.ensure_keys():
            self._grant(address, version, server, answer)
        elif not machine.is_primary:
            self._waiting.append(lambda: self._grant(address, version, server, answer))
            machine.coop.ask_for_keys()

    def _knows(self, end: End) -> bool:
        """Whether ``crypto identity`` names a member."""
        wanted = f"crypto identity {self._server.intent.members_identity}"
        block = next((line for line in self._server.router.running.top.lines if line.text == wanted), None)
        if block is None or end.ike.identity not in {"hostname", "dn"}:
            return False
        name = end.ike.name
        return any(line.text == f"fqdn {name}" or f"hostname={name}" in line.text for line in block.lines)

    def keys_came(self) -> None:
        """A secondary has got keys: who waited for them is answered."""
        waiting, self._waiting = self._waiting, []
        for grant in waiting:
            grant()

    def _grant(
        self, address: IPv4Address, version: str, server: IPv4Address, answer: Callable[[Grant | Refusal], None]
    ) -> None:
        machine, state = self._server, self._server.state
        now = machine.world.clock.now()
        if not state.members:
            machine.log("KS_FIRST_GM", address=address)
        state.members[address] = MemberRecord(address, state.address, version, local=True, registered=now)
        machine.log("KS_REGS_COMPL", address=address)
        answer(Grant(server, state.kek, tuple(policy.living(state.teks, now)), state.sequence, machine.pseudotime))
        machine.coop.members_changed()
