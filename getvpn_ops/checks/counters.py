"""Packet counters of a member at two moments.

IOS-XE refreshes the counters of ``show crypto ipsec sa`` late, so a difference of two looks tells and a value does not.
Where the data plane has counters of its own (16/17), those are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.checks.device_view import restarted_since
from getvpn_ops.checks.held import idents
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.state.ipsec import IpsecSas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import timedelta

    from getvpn_ops.checks.views import MemberView
    from getvpn_ops.model.fleet import Sample
    from getvpn_ops.model.outcome import Seen
    from getvpn_ops.model.state.gm_details import DataplaneCounters
    from getvpn_ops.model.state.ipsec import IpsecIdent

DATAPLANE = {
    "encrypted": "packets_encrypted",
    "decrypted": "packets_decrypted",
    "invalid SPI": "packets_invalid_sa_received",
    "no SA": "packets_no_sa_sent",
    "encapsulation failed": "packets_encaps_failed",
    "decapsulation failed": "packets_decaps_failed",
    "not matching the list": "packets_invalid_protocol_received",
    "verification failed": "packets_verify_failed",
    "internal errors sending": "packets_internal_errors_sent",
    "internal errors receiving": "packets_internal_errors_received",
}
IPSEC = {
    "encrypted": "packets_encrypted",
    "decrypted": "packets_decrypted",
    "send errors": "send_errors",
    "receive errors": "receive_errors",
}
DATAPLANE_ERRORS = tuple(name for name in DATAPLANE if name not in {"encrypted", "decrypted", "invalid SPI"})
IPSEC_ERRORS = ("send errors", "receive errors")


@dataclass(frozen=True, slots=True)
class Look:
    """All counters of one kind at one moment.

    Attributes:
        counts: by name; absent if the screen does not print one.
        seen: where.
        parts: what was added up: two looks at other parts cannot be compared.
        doubt: why the text may not be whole; empty if it is.
    """

    counts: Mapping[str, int]
    seen: Seen
    parts: frozenset[object] = frozenset()
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Movement:
    """Two looks at the same counters.

    Attributes:
        first: None if there is one look only.
        last: the newest.
        restarted: whether the router started in between, so that its counters began at 0 again.
    """

    first: Look | None
    last: Look
    restarted: bool = False

    @property
    def seen(self) -> tuple[Seen, ...]:
        """Both."""
        return (self.first.seen, self.last.seen) if self.first is not None else (self.last.seen,)

    @property
    def span(self) -> timedelta | None:
        """Between the two."""
        return self.last.seen.taken_at - self.first.seen.taken_at if self.first is not None else None

    @property
    def cleared(self) -> bool:
        """Whether the counters began again: one that went back tells it of all, for they are cleared together."""
        if self.first is None:
            return False
        before, now = self.first.counts, self.last.counts
        return self.restarted or any(now[name] < count for name, count in before.items() if name in now)

    def moved(self, name: str) -> int | None:
        """By how much a counter grew; None if that is not known, or the counters were cleared in between."""
        if self.first is None or self.first.parts != self.last.parts or self.cleared:
            return None
        if name not in self.first.counts or name not in self.last.counts:
            return None
        return self.last.counts[name] - self.first.counts[name]


def dataplane(member: MemberView) -> Movement | None:
    """The data plane's counters of a group; None if the release has none."""
    looks = [_of_dataplane(sample) for sample in member.dataplane()]
    if len(looks) == 1 and member.earlier is not None:
        looks = [*(_of_dataplane(sample) for sample in member.earlier.dataplane()[-1:]), *looks]
    return _movement(member, looks)


def ipsec(member: MemberView) -> Movement:
    """The counters of the group's IPsec SAs.

    Raises:
        EvidenceMissingError: ``show crypto ipsec sa`` is missing.
    """
    latest = member.state.latest(IpsecSas)
    looks = [_of_ipsec(member, sample) for sample in member.state.samples(IpsecSas)]
    if len(looks) == 1 and (earlier := member.earlier) is not None and earlier.state.has(IpsecSas):
        looks = [_of_ipsec(earlier, earlier.state.latest(IpsecSas)), *looks]
    found = _movement(member, looks)
    if found is None:  # ``latest`` would have raised
        msg = f"{member.device}: {latest.seen.command} gives no counters"
        raise EvidenceMissingError(msg)
    return found


def _movement(member: MemberView, looks: list[Look]) -> Movement | None:
    if not looks:
        return None
    first = looks[0] if len(looks) > 1 else None
    return Movement(first, looks[-1], first is not None and restarted_since(member.state, first.seen.taken_at))


def _of_dataplane(sample: Sample[DataplaneCounters]) -> Look:
    return Look(_summed([sample.value], DATAPLANE, getattr), sample.seen, doubt=_doubt(sample, DATAPLANE))


def _of_ipsec(member: MemberView, sample: Sample[IpsecSas]) -> Look:
    rows = idents(member, sample.value)
    parts = frozenset((port, item.local_network, item.remote_network, item.local_protocol, item.local_port,
                       item.remote_port) for port, item in rows)  # fmt: skip
    counts = _summed([ident for _, ident in rows], IPSEC, getattr)
    return Look(counts, sample.seen, parts, _doubt(sample, IPSEC))


def _doubt(sample: Sample[object], names: Mapping[str, str]) -> str:
    """The first doubt about a text that may concern its counters: a lost line of another kind is none."""
    for doubt in sample.doubts:
        elsewhere = doubt.endswith("was a line lost?") and not any(field in doubt for field in names.values())
        if not elsewhere and not doubt.endswith("counts once"):
            return doubt
    return ""


def _summed(
    items: Iterable[DataplaneCounters | IpsecIdent], names: Mapping[str, str], read: Callable[[object, str], int | None]
) -> dict[str, int]:
    rows = list(items)
    found = {}
    for name, field in names.items():
        values = [value for item in rows if (value := read(item, field)) is not None]
        if values and len(values) == len(rows):  # the sum of some is not the sum
            found[name] = sum(values)
    return found
