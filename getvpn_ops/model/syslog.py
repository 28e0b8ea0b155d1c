"""A log message of a router, wherever it was read: a terminal, ``show logging`` or the file of a syslog server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from getvpn_ops.model.values import Address


@dataclass(frozen=True, slots=True)
class SyslogMessage:
    """One ``%FACILITY-SEVERITY-MNEMONIC: text`` with the stamps in front of it.

    Attributes:
        facility: such as ``GDOI`` or ``CRYPTO``; it varies by release for one and the same message.
        severity: 0 (emergency) to 7 (debugging); it varies likewise.
        mnemonic: as printed, misspellings included (``GM_REGSTER``).
        text: behind the mnemonic, single blanks.
        entry: mnemonic under which the syslog catalogue explains the message, or None if it does not.
        group: GDOI group that the text names.
        addresses: that the text names, in order, each once.
        sequence: number of ``service sequence-numbers`` (the last, if there are several numbers).
        mark: ``*`` the router's clock is not set, ``.`` it was, but has lost its NTP server; None: the clock is good.
        stamp: time of the router; text such as ``Mar 1 00:01:02.123`` where it has no year.
        zone: name of the time zone, which each router defines for itself.
        uptime: in place of a time under ``service timestamps log uptime``.
    """

    facility: str
    severity: int
    mnemonic: str
    text: str
    entry: str | None = None
    group: str | None = None
    addresses: tuple[Address, ...] = ()
    sequence: int | None = None
    mark: str | None = None
    stamp: datetime | str | None = None
    zone: str | None = None
    uptime: timedelta | None = None


@dataclass(frozen=True, slots=True)
class CollectedMessage(SyslogMessage):
    """A message from the file of a syslog server, or as it was sent to one.

    Attributes:
        priority: ``<189>`` of the syslog protocol: facility times 8 plus severity.
        received: stamp of the syslog server, as it wrote it.
        origin: what else stands before the router's own stamps: name or address of the router, words of the server.
        other_sequences: numbers before ``sequence``: message counters of the router or of the server.
    """

    priority: int | None = None
    received: str | None = None
    origin: str | None = None
    other_sequences: tuple[int, ...] = ()
