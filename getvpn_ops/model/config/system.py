"""The rest of a configuration that GETVPN depends on: access lists, VRFs, multicast, NAT, time, logging."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from getvpn_ops.model.acl import Ace
from getvpn_ops.model.config.secret import Secret


@dataclass(frozen=True, slots=True)
class ConfigHeader:
    """What stands above a configuration.

    Attributes:
        building: True for ``Building configuration...``.
        size_bytes: of ``Current configuration : N bytes`` or ``Using N out of M bytes``.
        with_defaults: True if ``show running-config all`` printed it.
        nvram_bytes: M of ``Using N out of M bytes`` (startup configuration).
        uncompressed_bytes: size before compression (startup configuration).
        changed: when the configuration was last changed, by the router's clock, without zone.
        changed_by: who changed it.
        unchanged_since_restart: True if the router says so.
        saved: when it was last written to NVRAM.
        saved_by: who wrote it.
        lines: the lines as printed, with weekday and zone.
    """

    building: bool = False
    size_bytes: int | None = None
    with_defaults: bool = False
    nvram_bytes: int | None = None
    uncompressed_bytes: int | None = None
    changed: datetime | None = None
    changed_by: str | None = None
    unchanged_since_restart: bool = False
    saved: datetime | None = None
    saved_by: str | None = None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessList:
    """An access list.

    Attributes:
        name: or number.
        type: ``standard``, ``extended`` or ``ipv6``.
        entries: in order, remarks included.
        other: lines that are no entry this program understands.
        line: where it begins.
    """

    name: str
    type: str
    entries: tuple[Ace, ...] = ()
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class VrfConfig:
    """A VRF, of ``vrf definition`` or of the older ``ip vrf``.

    Attributes:
        name: its name.
        rd: route distinguisher.
        description: as configured.
        address_families: such as ``ipv4``.
        route_targets: such as ``export 65000:1``, of all address families.
        other: lines that have no field here.
        line: where it begins.
    """

    name: str
    rd: str | None = None
    description: str | None = None
    address_families: tuple[str, ...] = ()
    route_targets: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class MulticastConfig:
    """Multicast routing.

    Attributes:
        routing: True if ``ip multicast-routing`` is on (``ip multi-cast routing`` is not a command of IOS).
        routing_vrfs: VRFs it is on for.
        distributed: True for ``distributed``.
        ssm_range: ACL of ``ip pim ssm range``; the word ``default`` stands for 232/8.
        rp_addresses: ``ip pim rp-address`` behind these words.
        igmp_ssm_map: True for ``ip igmp ssm-map enable``.
        igmp_ssm_map_static: ``ip igmp ssm-map static`` behind these words.
    """

    routing: bool | None = None
    routing_vrfs: tuple[str, ...] = ()
    distributed: bool = False
    ssm_range: str | None = None
    rp_addresses: tuple[str, ...] = ()
    igmp_ssm_map: bool | None = None
    igmp_ssm_map_static: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HostConfig:
    """A server the router talks to: NTP or syslog.

    Attributes:
        address: or name, as printed.
        vrf: through which it is reached.
        options: words behind it, such as ``prefer`` or ``source Loopback0``.
        line: where it stands.
    """

    address: str
    vrf: str | None = None
    options: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Buffers:
    """``buffers huge size 64000``: ``pool`` huge, ``setting`` size, ``value`` 64000."""

    pool: str
    setting: str
    value: int
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ArchiveConfig:
    """``archive``.

    Attributes:
        path: where copies are kept; a password in it is replaced.
        write_memory: True if each save makes a copy.
        maximum: copies kept.
        time_period_minutes: between copies.
        log_config: whether changes are logged.
        hidekeys: whether passwords are kept out of that log.
        other: lines that have no field here.
        line: where it begins.
    """

    path: str | None = None
    write_memory: bool | None = None
    maximum: int | None = None
    time_period_minutes: int | None = None
    log_config: bool | None = None
    hidekeys: bool | None = None
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A local user; ``options`` are the words between name and password, such as ``privilege 15``."""

    name: str
    secret: Secret | None = field(default=None, metadata={"kind": "user-password"})
    options: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class SystemConfig:
    """Global lines.

    Attributes:
        domain_name: of ``ip domain name``.
        name_servers: of ``ip name-server``.
        clock_timezone: name and offset, as printed.
        clock_summer_time: as printed.
        ntp_servers: ``ntp server`` and ``ntp peer``, in order.
        logging_hosts: syslog receivers.
        logging_buffered: size and level, as printed.
        snmp_gdoi_traps: ``snmp-server enable traps gdoi`` and ``gkm`` names; empty tuple if none is enabled.
        snmp_gdoi_all: True if ``snmp-server enable traps gdoi`` stands without names: all of them.
        nat_rules: ``ip nat`` lines behind these words.
        buffers: pool settings.
        users: local users.
        enable_secret: of the enable mode.
        service_password_encryption: True if passwords are obfuscated.
        password_encryption_aes: True if keys are stored as type 6.
        cef: False for ``no ip cef``.
        static_routes: ``ip route`` behind these words, also of VRFs.
    """

    domain_name: str | None = None
    name_servers: tuple[str, ...] = ()
    clock_timezone: str | None = None
    clock_summer_time: str | None = None
    ntp_servers: tuple[HostConfig, ...] = ()
    logging_hosts: tuple[HostConfig, ...] = ()
    logging_buffered: str | None = None
    snmp_gdoi_traps: tuple[str, ...] = ()
    snmp_gdoi_all: bool = False
    nat_rules: tuple[str, ...] = ()
    buffers: tuple[Buffers, ...] = ()
    users: tuple[User, ...] = ()
    enable_secret: Secret | None = field(default=None, metadata={"kind": "enable-secret"})
    service_password_encryption: bool | None = None
    password_encryption_aes: bool | None = None
    cef: bool | None = None
    static_routes: tuple[str, ...] = ()
