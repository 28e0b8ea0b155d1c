"""What exec commands do to GDOI on one router."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from getvpn_ops.lab.gdoi.key_server import KeyServer
    from getvpn_ops.lab.gdoi.member import Member
    from getvpn_ops.lab.gdoi.state import Direction
    from getvpn_ops.lab.gdoi.world import World
    from getvpn_ops.lab.ios.router import Router


class Commands:
    """``state.Handles`` of one router."""

    def __init__(self, world: World, router: Router) -> None:
        self._world, self._name = world, router.hostname

    def _machines(self, group: str | None) -> tuple[list[KeyServer], list[Member]]:
        servers, members = self._world.machines(self._name)
        return (
            [item for item in servers.values() if group in {None, item.state.group}],
            [item for item in members if item.intent.interfaces and group in {None, item.state.group}],
        )

    def clear(self, group: str | None) -> None:
        """``clear crypto gdoi [group NAME]``."""
        servers, members = self._machines(group)
        for server in servers:
            server.clear()
        for member in members:
            member.clear()

    def clear_members(self, group: str | None) -> None:
        """``clear crypto gdoi ks members``."""
        for server in self._machines(group)[0]:
            server.clear_members()

    def clear_role(self, group: str | None) -> None:
        """``clear crypto gdoi ks coop role``."""
        for server in self._machines(group)[0]:
            server.coop.clear_role()

    def rekey(self, group: str | None, *, replace_now: bool) -> None:
        """``crypto gdoi ks rekey [replace-now]``."""
        for server in self._machines(group)[0]:
            server.rekey(replace_now=replace_now)

    def direct(self, group: str | None, direction: Direction) -> None:
        """``crypto gdoi gm ipsec direction ...``."""
        for member in self._machines(group)[1]:
            member.direct(direction)

    def clear_sas(self) -> None:
        """``clear crypto sa``: members register at once to get theirs again."""
        for member in self._machines(None)[1]:
            member.clear_sas()
