"""Time servers: whether they set a router's clock, and what that shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from getvpn_ops.lab.ios.router import Router

SETTLES = timedelta(minutes=5)  # of life, until a router believes its servers
POLL = 64  # seconds between two questions
_ERA = datetime(1900, 1, 1, tzinfo=UTC)


def servers(router: Router) -> list[str]:
    """Addresses of the servers in its configuration, in their order."""
    blocks = [block.text.split() for block in router.running.all("ntp ")]
    found = [
        next((word for word in words[2:] if word[0].isdigit()), "")
        for words in blocks
        if words[1] in {"server", "peer"}
    ]
    return [address for address in found if address]


def is_synchronized(router: Router) -> bool:
    """Whether a server sets its clock now."""
    settled = router.clock.now() - router.booted >= SETTLES
    return bool(servers(router)) and settled and router.faults.standing("ntp-lost") is None


def mark(router: Router) -> str:
    """What stands before each of its times: nothing; a dot if it has lost its servers; a star if it never had any."""
    if is_synchronized(router):
        return ""
    lost = servers(router) and router.clock.now() - router.booted >= SETTLES
    return "." if lost else "*"


def polled(router: Router) -> datetime:
    """When its server answered last."""
    now = router.clock.now()
    return now - timedelta(seconds=(now - router.booted).total_seconds() % POLL)


def hexadecimal(moment: datetime) -> str:
    """A moment as NTP carries it: ``DC34A1B2.9ABCDEF0``."""
    whole, part = divmod((moment - _ERA) // timedelta(microseconds=1), 1_000_000)
    return f"{whole % 2**32:08X}.{part * 2**32 // 1_000_000:08X}"
