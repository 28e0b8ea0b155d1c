"""What a router tells of its load, its clock and its saved configurations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from getvpn_ops.model.values import Address


@dataclass(frozen=True, slots=True)
class RouterTime:
    """A time by a router's clock.

    Attributes:
        time: without time zone: the name of a zone is defined on each router.
        zone: that name, such as ``UTC`` or ``CEST``.
        weekday: as printed.
        mark: ``*`` the clock was never set, ``.`` it was, but is not synchronized now; None: it is authoritative.
    """

    time: datetime
    zone: str | None = None
    weekday: str | None = None
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """``show clock [detail]``.

    Attributes:
        source: ``NTP``, ``user configuration``, ``hardware calendar`` ...; only with ``detail``.
        no_source: the line ``No time source``.
        summer_time_starts: only with ``detail``, where summer time is configured.
    """

    now: RouterTime
    source: str | None = None
    no_source: str | None = None
    summer_time_starts: RouterTime | None = None
    summer_time_ends: RouterTime | None = None


@dataclass(frozen=True, slots=True)
class NtpStatus:
    """``show ntp status``.

    Attributes:
        state: ``synchronized`` or ``unsynchronized``.
        reference: address of the server or peer, or the name of a reference clock such as ``.GPS.``.
        no_reference: the words ``no reference clock``.
        not_running: the answer where NTP is not configured.
        nominal_frequency_hz: of the clock's ticks.
        precision_power: the precision is 2 to this power.
        uptime_ticks: hundredths of a second since NTP started (15.x and later).
        reference_stamp: NTP time stamp of the last update, hexadecimal.
        clock_offset_ms: of the clock to the reference.
        loop_filter: ``CTRL``, ``FREQ``, ``NSET``, ``FSET``, ``SPIK`` ... (15.x and later).
        drift: seconds per second.
        poll_interval: of the system.
        last_update: how long ago.
        never_updated: the words ``never updated``.
    """

    state: str | None = None
    stratum: int | None = None
    reference: Address | str | None = None
    no_reference: str | None = None
    not_running: str | None = None
    nominal_frequency_hz: float | None = None
    actual_frequency_hz: float | None = None
    precision_power: int | None = None
    uptime_ticks: int | None = None
    resolution: int | None = None
    reference_stamp: str | None = None
    reference_time: RouterTime | None = None
    clock_offset_ms: float | None = None
    root_delay_ms: float | None = None
    root_dispersion_ms: float | None = None
    peer_dispersion_ms: float | None = None
    loop_filter: str | None = None
    loop_filter_meaning: str | None = None
    drift: float | None = None
    poll_interval: timedelta | None = None
    last_update: timedelta | None = None
    never_updated: str | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """One row of the process table.

    Attributes:
        runtime_ms: CPU time since start.
        invoked: how often it ran.
        run_average_us: for one run.
        percent_5s: share of the CPU.
    """

    pid: int
    runtime_ms: int
    invoked: int
    run_average_us: int
    percent_5s: float
    percent_1m: float
    percent_5m: float
    tty: int
    name: str


@dataclass(frozen=True, slots=True)
class ProcessesCpu:
    """``show processes cpu [sorted]``; shares are percent.

    Attributes:
        interrupt_5s: the part of ``total_5s`` spent in interrupts.
    """

    total_5s: float | None = None
    interrupt_5s: float | None = None
    total_1m: float | None = None
    total_5m: float | None = None
    processes: tuple[Process, ...] = ()


@dataclass(frozen=True, slots=True)
class ArchivedConfiguration:
    """One slot of the archive; without a name it is empty."""

    number: int
    name: str | None = None
    most_recent: str | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """``show archive``.

    Attributes:
        not_enabled: the answer where no path is configured.
        maximum: how many are kept (15.x and later).
        saved: how many there are.
        next_name: where the next one goes.
    """

    not_enabled: str | None = None
    maximum: int | None = None
    saved: int | None = None
    next_name: str | None = None
    configurations: tuple[ArchivedConfiguration, ...] = ()
