"""Members at work for tests: two or three sites, one list, keys with a moment of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_network
from typing import TYPE_CHECKING, Any

from getvpn_ops.analysis.lists.effective import EffectiveList
from getvpn_ops.analysis.packets.sets import Flow
from getvpn_ops.analysis.traffic.facts import GOOD, Known
from getvpn_ops.analysis.traffic.fates import Path
from getvpn_ops.analysis.traffic.members import Member, TrafficKey
from getvpn_ops.analysis.traffic.sites import Paths, Site
from getvpn_ops.analysis.traffic.steps import Now, Policy
from getvpn_ops.analysis.traffic.timing import Timing
from getvpn_ops.dialect.ace import parse_ace

if TYPE_CHECKING:
    from getvpn_ops.model.acl import Ace

START = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)
TRANSFORM = ("esp-256-aes", "esp-sha-hmac")
OLD = TrafficKey(0x1001, START + timedelta(seconds=900), TRANSFORM, 5.0)
NEW = TrafficKey(0x1002, START + timedelta(seconds=7200), TRANSFORM, 5.0)
A_PREFIX, B_PREFIX, C_PREFIX = ip_network("10.1.0.0/16"), ip_network("10.2.0.0/16"), ip_network("10.3.0.0/16")
OPEN_WAY = Path(Known.YES, Known.YES, Known.YES, 1500)
WAYS = Paths(OPEN_WAY)


def aces(*texts: str) -> tuple[Ace, ...]:
    return tuple(parse_ace(text) for text in texts)


BASE = aces(
    "deny udp any eq 848 any eq 848",
    "deny tcp any any eq 22",
    "deny tcp any eq 22 any",
    "permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255",
)
CLOSED = aces("deny tcp any any eq 22", "deny tcp any eq 22 any")


def member(name: str = "a1", **fields: Any) -> Member:  # noqa: ANN401 -- of the dataclass
    """A conformant member with one key, unless told otherwise."""
    local, downloaded = fields.pop("local", ()), fields.pop("entries", BASE)
    usual = {"keys": (OLD,), "lists": EffectiveList(local, downloaded), "downloaded": True, "facts": GOOD}
    return Member(name, **{**usual, **fields})


def web(*, back: bool = False) -> Flow:
    """A flow from site a to site b that the list covers; or its answer."""
    asked = Flow(IPv4Address("10.1.0.5"), IPv4Address("10.2.0.9"), 6, 40000, 443)
    return asked.mirrored() if back else asked


def ssh() -> Flow:
    """A flow that the list denies."""
    return Flow(IPv4Address("10.1.0.5"), IPv4Address("10.2.0.9"), 6, 40000, 22)


def sites(*members: Member) -> tuple[Site, ...]:
    """A site for each member: a, b, c."""
    prefixes = (A_PREFIX, B_PREFIX, C_PREFIX)
    return tuple(Site(name, (prefix,), (item,)) for name, prefix, item in zip("abc", prefixes, members, strict=False))


def now(*, receive_only: bool = False, keys: tuple[TrafficKey, ...] = (OLD,), **timing: Any) -> Now:  # noqa: ANN401
    """The moment before a change."""
    times = {"members": 20, "interval": 10.0, "copies": 2, "lifetime": 7200.0, **timing}
    return Now(START, Policy(BASE, keys, receive_only), Timing(**times))
