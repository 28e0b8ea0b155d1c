"""What a router is and what it runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from getvpn_ops.model.state.system import RouterTime

_RELEASE = re.compile(r"(?P<main>\d+\.\d+)(?:\((?P<maintenance>[^)]*)\)(?P<train>[A-Z]+)?|\.\w+)?")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A count of hardware, such as 3 ``Gigabit Ethernet interfaces``."""

    count: int
    what: str


@dataclass(frozen=True, slots=True)
class Storage:
    """A memory, such as 255 KiB of ``non-volatile configuration memory``."""

    size_kib: int
    what: str


@dataclass(frozen=True, slots=True)
class Udi:
    """Unique device identifier, from the licence part (15.x).

    Attributes:
        device: number; ``*`` before it marks the active one.
    """

    device: str
    product_id: str
    serial_number: str


@dataclass(frozen=True, slots=True)
class PackageLicense:
    """A row of a technology package table.

    Attributes:
        technology: ``security``, ``ipbase`` ...; None in the tables that name packages only.
        current: package in use, or ``None`` as IOS writes it.
        license_type: ``Permanent``, ``EvalRightToUse``, ``Smart License`` ...
        next_reboot: package after the next reload.
    """

    current: str
    license_type: str
    next_reboot: str
    technology: str | None = None


@dataclass(frozen=True, slots=True)
class SuiteLicense:
    """A row of the suite table (ISR 4000), with the packages that the suite holds."""

    suite: str
    current: str
    license_type: str
    next_reboot: str
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """``show version``.

    Attributes:
        release: IOS release such as ``12.4(22)T2`` or ``17.3.4a``; None only if the output was filtered.
        release_kind: ``RELEASE SOFTWARE (fc3)`` and the like.
        codename: of IOS-XE 16/17: ``Amsterdam``, ``Fuji`` ...
        software: ``2800``, ``Virtual XE``, ``ISR`` ...
        image: name of the image, such as ``C2800NM-ADVENTERPRISEK9-M``.
        image_file: what was booted.
        xe_release: IOS-XE's own number, such as ``17.03.04a`` or ``03.16.04b.S``.
        xe_support: behind it, such as ``Extended Support Release``.
        control_processor_uptime: since this processor runs.
        active_for: since it became the active one of two.
        returned_by: why it last came back to ROM monitor or boot: ``reload``, ``power-on``, ``Reload Command`` ...
        returned_at: when that was.
        returned_note: in brackets behind it, such as ``SP by power-on``.
        restarted_at: when IOS began to run.
        last_reset_from: hardware's view of the same.
        platform: model, such as ``CISCO2911/K9``, ``2821`` or ``C8000V``.
        platform_note: in brackets behind it: ``VXE``, ``1RU``, ``R7000`` ...
        board_id: serial number of the chassis or its processor board.
        hardware: counted interfaces, modules and ports, in order.
        storage: memories with a name, in order.
        config_register_next: value after the next reload, where it differs.
        license_for: module or platform that the licence tables speak of.
        notices: whole sentences of the router, such as those on its PCI buses.
        legal_notices: sentences among the legal text that no known release prints there.
    """

    hostname: str | None = None
    uptime: timedelta | None = None
    release: str | None = None
    release_kind: str | None = None
    codename: str | None = None
    software: str | None = None
    image: str | None = None
    image_file: str | None = None
    xe_release: str | None = None
    xe_support: str | None = None
    xe_copyright: str | None = None
    copyright: str | None = None
    support_url: str | None = None
    compiled: RouterTime | None = None
    compiled_by: str | None = None
    text_base: str | None = None
    data_base: str | None = None
    rom: str | None = None
    boot_loader: str | None = None
    active_for: timedelta | None = None
    control_processor_uptime: timedelta | None = None
    returned_by: str | None = None
    returned_at: RouterTime | None = None
    returned_note: str | None = None
    restarted_at: RouterTime | None = None
    last_reload_type: str | None = None
    last_reload_reason: str | None = None
    last_reset_from: str | None = None
    platform: str | None = None
    platform_note: str | None = None
    revision: str | None = None
    processor_memory_kib: int | None = None
    io_memory_kib: int | None = None
    board_id: str | None = None
    cpu: str | None = None
    processor_part: str | None = None
    operating_mode: str | None = None
    dram: str | None = None
    hardware: tuple[Quantity, ...] = ()
    storage: tuple[Storage, ...] = ()
    extra_software: tuple[str, ...] = ()
    config_register: str | None = None
    config_register_next: str | None = None
    license_for: tuple[str, ...] = ()
    license_level: str | None = None
    license_type: str | None = None
    license_level_next: str | None = None
    addon_license_level: str | None = None
    addon_license_type: str | None = None
    addon_license_level_next: str | None = None
    throughput: str | None = None
    crypto_throughput: str | None = None
    smart_licensing: str | None = None
    installation_mode: str | None = None
    udis: tuple[Udi, ...] = ()
    packages: tuple[PackageLicense, ...] = ()
    suites: tuple[SuiteLicense, ...] = ()
    notices: tuple[str, ...] = ()
    legal_notices: tuple[str, ...] = ()

    @property
    def train(self) -> str | None:
        """Release train: ``12.4T`` of 12.4(22)T2, ``15.5S`` of 15.5(3)S4b, ``15.4`` of 15.4(3), ``17.3`` of 17.3.4a."""
        found = _RELEASE.match(self.release or "")
        return found["main"] + (found["train"] or "") if found else None
