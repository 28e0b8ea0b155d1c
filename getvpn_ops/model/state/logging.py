"""Where a router logs to, and what its buffer holds."""

from __future__ import annotations

from dataclasses import dataclass

from getvpn_ops.model.syslog import SyslogMessage
from getvpn_ops.model.values import Address


@dataclass(frozen=True, slots=True)
class LogDiscriminator:
    """A message discriminator: a filter with a name.

    Attributes:
        state: ``Active`` or ``Inactive``.
        lines: its name and its conditions, as printed.
    """

    state: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogDestination:
    """Console, monitor, buffer, file, persistent or trap logging.

    Attributes:
        name: ``Console``, ``Monitor``, ``Buffer``, ``File``, ``Persistent`` or ``Trap``.
        state: ``disabled`` (or ``enabled``), where no level is printed.
        level: least urgent severity that is logged.
        logged: messages so far.
        url: where a file goes.
        disk_space_bytes: of persistent logging.
        lines: terminal lines that monitor messages (``Logging to: vty2(13)``).
    """

    name: str
    state: str | None = None
    level: str | None = None
    logged: int | None = None
    rate_limited: int | None = None
    xml: bool | None = None
    filtering: bool | None = None
    discriminator: str | None = None
    url: str | None = None
    disk_space_bytes: int | None = None
    file_size_bytes: int | None = None
    batch_size_bytes: int | None = None
    max_size_bytes: int | None = None
    min_size_bytes: int | None = None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogServer:
    """A syslog server.

    Attributes:
        vrf: ``global`` or the VRF that leads there.
        transport: ``udp``, ``tcp`` or ``tls``.
        link: ``up`` or ``down``, of a TCP connection; always up with UDP.
        logged: messages sent.
        dropped_by_discriminator: messages that the discriminator kept back.
    """

    address: Address | str
    vrf: str | None = None
    transport: str | None = None
    port: int | None = None
    audit: bool | None = None
    authentication: bool | None = None
    encryption: bool | None = None
    link: str | None = None
    logged: int | None = None
    rate_limited: int | None = None
    dropped_by_discriminator: int | None = None
    xml: bool | None = None
    sequence_number: bool | None = None
    filtering: bool | None = None
    discriminator: str | None = None
    tls_profile: str | None = None


@dataclass(frozen=True, slots=True)
class LogSource:
    """``logging source-interface``, for a VRF if one is named."""

    interface: str
    vrf: str | None = None


@dataclass(frozen=True, slots=True)
class LogTlsProfile:
    """A TLS profile for syslog servers (16/17)."""

    profile: str
    ciphersuites: str | None = None
    trustpoint: str | None = None
    tls_version: str | None = None


@dataclass(frozen=True, slots=True)
class Logging:
    """``show logging``.

    Attributes:
        state: of logging as a whole.
        dropped: messages lost because the queue was full; the other counters beside it likewise.
        exception_size_bytes: of the buffer that survives a crash.
        timestamped_counts: ``logging count``.
        esm_dropped: messages dropped by filter modules (12.4).
        filter_modules: active ones.
        buffer_size_bytes: of the log buffer; None if the output was filtered.
        messages: of the buffer, oldest first; a line without ``%FACILITY-N-MNEMONIC`` (debug output, the second line
            of a message) stays text.
    """

    state: str | None = None
    dropped: int | None = None
    rate_limited: int | None = None
    flushes: int | None = None
    overruns: int | None = None
    xml: bool | None = None
    filtering: bool | None = None
    exception: str | None = None
    exception_size_bytes: int | None = None
    timestamped_counts: bool | None = None
    esm_dropped: int | None = None
    filter_modules: tuple[str, ...] = ()
    discriminators: tuple[LogDiscriminator, ...] = ()
    destinations: tuple[LogDestination, ...] = ()
    servers: tuple[LogServer, ...] = ()
    sources: tuple[LogSource, ...] = ()
    tls_profiles: tuple[LogTlsProfile, ...] = ()
    buffer_size_bytes: int | None = None
    messages: tuple[SyslogMessage | str, ...] = ()
