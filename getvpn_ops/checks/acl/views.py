"""What ACL rules look at: one list by itself, a GDOI group with its surroundings, a router's configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lists.covered import useless_lines
from getvpn_ops.analysis.lists.effective import EffectiveList
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.outcome import Finding, Status

if TYPE_CHECKING:
    from getvpn_ops.analysis.lists.covered import Useless
    from getvpn_ops.analysis.lists.effective import Line
    from getvpn_ops.analysis.packets.sets import PacketSet
    from getvpn_ops.checks.acl.services import InUse
    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.outcome import Seen
    from getvpn_ops.model.values import Address, Network

COUNTED = frozenset({"permit", "deny", "evaluate"})
"""Actions of lines that count; a remark says nothing to a router."""


class Use(StrEnum):
    """What a list is for; rules carry it as a tag."""

    POLICY = "policy"
    LOCAL = "local"


@dataclass(frozen=True)
class ListView:
    """One access list.

    Attributes:
        name: for outcomes, such as ``WAN on lds-ks1``.
        use: a key server's policy, or a member's own exceptions.
        entries: as printed, remarks as well.
        device: that has it; empty for a list of a file.
        seen: where.
        missing: why it is not known; empty if it is.
        known: networks that a person recognises, for examples.
        in_use: what the routers of its group use; None if no configuration tells.
    """

    name: str
    use: Use
    entries: tuple[Ace, ...] = ()
    device: str = ""
    seen: tuple[Seen, ...] = ()
    missing: str = ""
    known: tuple[Network, ...] = ()
    in_use: InUse | None = None

    @cached_property
    def aces(self) -> tuple[Ace, ...]:
        """Its lines without remarks.

        Raises:
            EvidenceMissingError: it is not known, or holds no line.
        """
        if self.missing:
            raise EvidenceMissingError(self.missing)
        found = tuple(ace for ace in self.entries if ace.action in COUNTED)
        if not found:
            msg = f"{self.name}: the list holds no line that permits or denies"
            raise EvidenceMissingError(msg)
        return found

    @cached_property
    def effective(self) -> EffectiveList:
        """What it does by itself.

        Raises:
            EvidenceMissingError: as ``aces``.
        """
        if self.use is Use.LOCAL:
            return EffectiveList(local=self.aces)
        return EffectiveList(downloaded=self.aces)

    @property
    def lines(self) -> tuple[Line, ...]:
        """Its lines with what they decide; raises as ``aces``."""
        return self.effective.lines

    @cached_property
    def useless(self) -> tuple[Useless, ...]:
        """Its lines that could go; raises as ``aces``."""
        return tuple(useless_lines(self.lines))

    def finding(
        self,
        good: bool | Status,  # noqa: FBT001 -- the answer itself
        message: str,
        *,
        expected: str = "",
        actual: str = "",
        next_steps: tuple[str, ...] = (),
    ) -> Finding:
        """A finding about it; steps are left out where nothing is wrong."""
        return finding(
            self.name,
            good,
            message,
            expected=expected,
            actual=actual,
            next_steps=next_steps,
            device=self.device,
            seen=self.seen,
        )

    def example(self, packets: PacketSet) -> str:
        """One flow of a set, in words."""
        return str(packets.example(self.known))


def finding(  # noqa: PLR0913 -- the parts of one record
    subject: str,
    good: bool | Status,  # noqa: FBT001 -- the answer itself
    message: str,
    *,
    expected: str = "",
    actual: str = "",
    next_steps: tuple[str, ...] = (),
    device: str = "",
    seen: tuple[Seen, ...] = (),
) -> Finding:
    """One thing examined. True is PASS, False is FAIL."""
    status = good if isinstance(good, Status) else Status.PASS if good else Status.FAIL
    return Finding(
        status=status,
        subject=subject,
        message=message,
        expected=expected,
        actual=actual,
        device=device,
        evidence=seen,
        next_steps=next_steps if status in {Status.FAIL, Status.UNKNOWN} else (),
    )


@dataclass(frozen=True, slots=True)
class MemberLists:
    """A member of a group with its lists; a router has several where its crypto maps have different own lists.

    Attributes:
        device: name.
        prefixes: networks behind it; empty if they are not known.
        local: its own list, empty if it has none; None if that is not known.
        downloaded: what it has of its key server; None if that is not known: then the key server's list stands in.
        missing: why its own list is not known.
        seen: where its lists were seen.
        crypto_map: of which this is the own list; empty if all maps of the router have it. Which of the prefixes lies
            behind which map is not known.
    """

    device: str
    prefixes: tuple[Network, ...] = ()
    local: tuple[Ace, ...] | None = None
    downloaded: tuple[Ace, ...] | None = None
    missing: str = ""
    seen: tuple[Seen, ...] = ()
    crypto_map: str = ""

    @property
    def name(self) -> str:
        """``lon-gm1``, or ``lon-gm1, crypto map RED``."""
        return f"{self.device}, crypto map {self.crypto_map}" if self.crypto_map else self.device


@dataclass(frozen=True, slots=True)
class Outsider:
    """A router that is no member: it sends clear and cannot read ESP.

    Attributes:
        device: name.
        prefixes: networks behind it; empty if they are not known.
    """

    device: str
    prefixes: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True)
class RekeyTransport:
    """Where a key server sends rekeys.

    Attributes:
        addresses: multicast groups; empty for unicast.
        missing: why it is not known; empty if it is.
        seen: where.
    """

    addresses: tuple[Address, ...] = ()
    missing: str = ""
    seen: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another GDOI group that shares routers with this one.

    Attributes:
        policy: its list.
        shared: members of both.
        apart: routers of these where both groups are known to serve different VRFs.
        unclear: routers of these whose VRFs are not known.
    """

    policy: ListView
    shared: tuple[str, ...]
    apart: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()


@dataclass(frozen=True)
class GroupLists:
    """A GDOI group's list with its surroundings.

    Attributes:
        name: of the group.
        policy: the list of its key server.
        members: all of them.
        outsiders: routers of the inventory that are no members; None if there is no inventory.
        rekey: where rekeys go.
        neighbours: other groups on the same routers.
        in_use: what its routers use; None if no configuration tells.
    """

    name: str
    policy: ListView
    members: tuple[MemberLists, ...] = ()
    outsiders: tuple[Outsider, ...] | None = None
    rekey: RekeyTransport = field(default_factory=lambda: RekeyTransport(missing="it is not told where rekeys go"))
    neighbours: tuple[Neighbour, ...] = ()
    in_use: InUse | None = None

    def effective(self, member: MemberLists) -> EffectiveList:
        """What a member does.

        Raises:
            EvidenceMissingError: its own list, or the key server's list, is not known.
        """
        if member.local is None:
            raise EvidenceMissingError(member.missing or f"{member.device}: its own list is not known")
        downloaded = self.policy.aces if member.downloaded is None else member.downloaded
        key = tuple(tuple(ace.text for ace in aces) for aces in (member.local, downloaded))
        return self._made.setdefault(key, EffectiveList(member.local, downloaded))

    @cached_property
    def _made(self) -> dict[tuple[tuple[str, ...], ...], EffectiveList]:
        """Effective lists by their text: most members have the same, and it is worked out once."""
        return {}


@dataclass(frozen=True, slots=True)
class ConfigView:
    """A router's configuration, for the names in it.

    Attributes:
        name: of the device.
        config: it; None if it is not known.
        missing: why it is not known, or not known to be whole; empty if it is whole.
        seen: where.
    """

    name: str
    config: RunningConfig | None = None
    missing: str = ""
    seen: tuple[Seen, ...] = ()
