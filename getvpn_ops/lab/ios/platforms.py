"""Hardware: what ``show version``, ``show inventory`` and ``dir`` say of it.

The texts follow real outputs of these models; sizes of memory and flash are those of a usual box, not of a certain one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from getvpn_ops.lab.ios.releases import Release

_MB = 1024


@dataclass(frozen=True, slots=True)
class Part:
    """An entry of the inventory.

    Attributes:
        name: where it sits.
        text: what it is.
        pid: product number; the chassis' own if empty.
        vid: version; may be empty.
        has_serial: whether the chassis' serial number stands with it.
    """

    name: str
    text: str
    pid: str = ""
    vid: str = ""
    has_serial: bool = False


@dataclass(frozen=True, slots=True)
class Platform:
    """A sort of router.

    Attributes:
        model: product number, as it is ordered.
        software: the name of its software as the first line of ``show version`` has it.
        image: name of the image.
        processor: how the line with the memory calls it, up to ``with``.
        memory: kilobytes of the processor, and of input and output.
        rom: what follows ``ROM:``.
        nvram: bytes of the configuration memory.
        flash: name of the file system that holds the image.
        flash_kilobytes: its size.
        flash_text: how ``show version`` calls it, behind the size.
        file_start: how the name of the image file begins.
        first_vty: absolute number of the line ``vty 0``.
        dram: what ``show version`` says of the width of the memory; empty on IOS-XE.
        has_vpn_module: whether it lists its cryptographic hardware.
        physical: kilobytes that IOS-XE calls physical memory.
        ethernet: hardware of a port, by the first letter of its kind.
        parts: the inventory.
    """

    model: str
    software: str
    image: str
    processor: str
    memory: tuple[int, int]
    rom: str
    nvram: int
    flash: str
    flash_kilobytes: int
    flash_text: str
    file_start: str
    first_vty: int
    dram: str = ""
    has_vpn_module: bool = True
    physical: int = 0
    ethernet: str = "CN Gigabit Ethernet"
    parts: tuple[Part, ...] = ()

    @property
    def short(self) -> str:
        """The model without its decoration: ``2911``, ``ISR4331``."""
        return plain(self.model)

    def shows_security_licence(self, release: Release) -> bool:
        """Whether ``show version`` tells of the licence for encryption as a package of its own."""
        packages = self.software in {"ISR Software", "ASR1000 Software"} if release.is_xe else self.short != "881"
        return release.family != "12.4" and packages

    @property
    def is_virtual(self) -> bool:
        """Whether it is a router without a chassis."""
        return self.model == "C8000V"

    def image_file(self, release: Release) -> str:
        """The name of the file it boots, without the file system."""
        if release.is_xe:
            return f"{self.file_start}-universalk9.{release_padded(release)}.SPA.bin"
        number = re.sub(r"[()]", "-", release.text.replace(".", "", 1)).strip("-")
        number = re.sub(r"^(\d+)-(\d+[a-z]?)-?(.*)$", lambda m: f"{m[1]}-{m[2]}{'.' if m[3] else ''}{m[3]}", number)
        signed = ".SPA" if release.family != "12.4" else ""
        return f"{self.file_start}-mz{signed}.{number}.bin"


def release_padded(release: Release) -> str:
    """A release of IOS-XE as its first line writes it: ``17.06.05``, ``17.06.03a``."""
    letters = re.sub(r"^[\d.]+", "", release.text)
    return ".".join(f"{number:02d}" for number in release.numbers) + letters


def release_plain(release: Release) -> str:
    """A release as the line of IOS writes it: ``17.6.5``, ``15.2(4)M11``."""
    if not release.is_xe:
        return release.text
    letters = re.sub(r"^[\d.]+", "", release.text)
    return ".".join(str(number) for number in release.numbers) + letters


def plain(model: str) -> str:
    """A product number as people say it: ``CISCO2911/K9`` is ``2911``."""
    return re.sub(r"^CISCO|/K9$|-K9$|-CHASSIS$", "", model.upper())


def _chassis(text: str, vid: str) -> tuple[Part, ...]:
    return (Part(text, text, vid=vid, has_serial=True),)


def _generation_2(model: str, *, memory: tuple[int, int], vid: str, power: str = "") -> Platform:
    """A router of the 1900, 2900 and 3900 series."""
    number = plain(model)
    wide = number in {"2951", "3945"}
    series = {"2951": "2951", "3945": "3900"}.get(number, f"{number[:2]}00")
    parts: tuple[Part, ...] = (
        Part(model, f"{model} chassis, Hw Serial#: {{serial}}, Hw Revision: 1.0", vid=vid, has_serial=True),
    )
    if power:
        parts = (*parts, Part(f"C{number} AC Power Supply", f"C{number} AC Power Supply", power, "V03"))
    return Platform(
        model=model,
        software=f"C{series} Software",
        image=f"C{series}-UNIVERSALK9-M",
        processor=f"Cisco {model} (revision 1.0)",
        memory=memory,
        rom="System Bootstrap, Version 15.0(1r)M16, RELEASE SOFTWARE (fc1)",
        nvram=262136,
        flash="flash0:",
        flash_kilobytes=250880,
        flash_text="ATA System CompactFlash 0 (Read/Write)",
        file_start=f"c{series}-universalk9",
        first_vty=514 if wide else 388,
        dram=f"{72 if wide else 64} bits wide with parity {'enabled' if number != '1941' else 'disabled'}",
        parts=parts,
    )


def _generation_1(model: str, processor: str, image: str, *, memory: tuple[int, int], first_vty: int) -> Platform:
    """A router of the 2800 and 3800 series."""
    number = plain(model)
    series = f"{number[:2]}00"
    return Platform(
        model=model,
        software=f"{series} Software",
        image=f"{image}-ADVENTERPRISEK9-M",
        processor=processor,
        memory=memory,
        rom="System Bootstrap, Version 12.4(13r)T, RELEASE SOFTWARE (fc1)",
        nvram=245752 if series == "2800" else 491512,
        flash="flash:",
        flash_kilobytes=62720 if series == "2800" else 125952,
        flash_text=f"ATA {'System ' if series == '3800' else ''}CompactFlash (Read/Write)",
        file_start=f"{image.lower()}-adventerprisek9",
        first_vty=first_vty,
        dram="64 bits wide with parity enabled",
        ethernet="MV96340 Ethernet" if number == "2811" else "BCM1125 Internal MAC",
        parts=_chassis(f"{number} chassis", "V05"),
    )


def _isr4000(number: str, *, fan: str, memory: int, power: str, ports: int) -> Platform:
    model = f"ISR{number}/K9"
    series = f"{number[:2]}00"
    family = f"{number[:3]}0"
    front = f"ISR{number}-{ports}x1GE"
    return Platform(
        model=model.replace("4451", "4451-X"),
        software="ISR Software",
        image="X86_64_LINUX_IOSD-UNIVERSALK9-M",
        processor=f"cisco {model.replace('4451', '4451-X')} ({'2RU' if number == '4451' else '1RU'}) processor",
        memory=(memory, 6147 if number != "4321" else 3071),
        rom="16.12(2r)",
        nvram=33554432,
        flash="bootflash:",
        flash_kilobytes=3207167 if number != "4451" else 7341807,
        flash_text="flash memory at bootflash:",
        file_start=f"isr{series}",
        first_vty=2,
        physical=4194304 if number != "4321" else 8388608,
        ethernet=front,
        parts=(
            Part("Chassis", f"Cisco ISR{number} Chassis", vid="V04", has_serial=True),
            Part("Power Supply Module 0", f"{power} AC Power Supply for Cisco ISR {family}", f"PWR-{family}-AC", "V03"),
            Part("Fan Tray", f"Cisco ISR{family} Fan Assembly", fan),
            Part("module 0", f"Cisco ISR{number} Built-In NIM controller"),
            Part("NIM subslot 0/0", f"Front Panel {ports} ports Gigabitethernet Module", front, "V01"),
            Part("module R0", f"Cisco ISR{number} Route Processor", vid="V04", has_serial=True),
            Part("module F0", f"Cisco ISR{number} Forwarding Processor"),
        ),
    )


def _catalyst_8000(model: str, *, ports: str, vid: str) -> Platform:
    series = model.partition("-")[0]
    return Platform(
        model=model,
        software="c8000be Software",
        image="X86_64_LINUX_IOSD-UNIVERSALK9-M",
        processor=f"cisco {model} (1RU) processor",
        memory=(3763577, 6147),
        rom="17.3(4.1r)",
        nvram=33554432,
        flash="bootflash:",
        flash_kilobytes=7573503,
        flash_text="flash memory at bootflash:",
        file_start="c8000be",
        first_vty=2,
        physical=8388608,
        ethernet=ports,
        parts=(
            Part("Chassis", f"Cisco {model} Chassis", vid=vid, has_serial=True),
            Part("Power Supply Module 0", "250W AC Power Supply", "PWR-CC1-250WAC", "V01"),
            Part("Fan Tray", f"Cisco {series} 1RU Fan Assembly", f"{series}-FAN-1R"),
            Part("module 0", f"Cisco {model} Built-In NIM controller"),
            Part("module R0", f"Cisco {model} Route Processor", vid=vid, has_serial=True),
            Part("module F0", f"Cisco {model} Forwarding Processor"),
        ),
    )


_2911 = _generation_2("CISCO2911/K9", memory=(483328, 40960), vid="V06", power="PWR-2911-AC")
_C8300 = _catalyst_8000("C8300-1N1S-4T2X", ports="4x1G-2xSFP+", vid="V01")

PLATFORMS: tuple[Platform, ...] = (
    _generation_1("CISCO2811", "Cisco 2811 (revision 53.50)", "C2800NM", memory=(247808, 14336), first_vty=194),
    _generation_1("CISCO2821", "Cisco 2821 (revision 53.51)", "C2800NM", memory=(512000, 12288), first_vty=194),
    _generation_1("CISCO3845", "Cisco 3845 (revision 1.0)", "C3845", memory=(484352, 39936), first_vty=514),
    replace(
        _2911,
        model="CISCO881-K9",
        software="C880 Software",
        image="C880DATA-UNIVERSALK9-M",
        processor="Cisco 881 (MPC8300) processor (revision 1.0)",
        memory=(236544, 25600),
        rom="System Bootstrap, Version 12.4(22r)YB5, RELEASE SOFTWARE (fc1)",
        flash="flash:",
        flash_kilobytes=126000,
        flash_text="ATA CompactFlash (Read/Write)",
        file_start="c880data-universalk9",
        first_vty=2,
        dram="",
        ethernet="PQII_PRO_UEC",
        parts=(Part("881 chassis", "881 chassis", vid="V01", has_serial=True),),
    ),
    _generation_2("CISCO1941/K9", memory=(491520, 32768), vid="V05"),
    _2911,
    _generation_2("CISCO2951/K9", memory=(1007616, 40960), vid="V05", power="PWR-2921-51-AC"),
    _generation_2("CISCO3945-CHASSIS", memory=(1005568, 43008), vid="V03", power="PWR-3900-AC"),
    _isr4000("4321", fan="ACS-4320-FANASSY", memory=1647778, power="125W", ports=2),
    _isr4000("4331", fan="ACS-4330-FANASSY", memory=1795979, power="250W", ports=3),
    _isr4000("4451", fan="ACS-4450-FANASSY", memory=1793375, power="450W", ports=4),
    Platform(
        model="ASR1001-X",
        software="ASR1000 Software",
        image="X86_64_LINUX_IOSD-UNIVERSALK9-M",
        processor="cisco ASR1001-X (1NG) processor (revision 1NG)",
        memory=(3753591, 6147),
        rom="17.3(1r)",
        nvram=33554432,
        flash="bootflash:",
        flash_kilobytes=6684671,
        flash_text="eUSB flash at bootflash:",
        file_start="asr1001x",
        first_vty=2,
        physical=8388608,
        ethernet="6XGE-BUILT-IN",
        parts=(
            Part("Chassis", "Cisco ASR1001-X Chassis", vid="V08", has_serial=True),
            Part("Power Supply Module 0", "Cisco ASR1001-X AC Power Supply", "ASR1001-X-PWR-AC", "V03"),
            Part("Fan Tray 0", "Cisco ASR1001-X Fan Tray", "ASR1001-X-FANTRAY"),
            Part("module 0", "Cisco ASR1001-X SPA Interface Processor"),
            Part("SPA subslot 0/0", "6-port Built-in GE SPA", "BUILT-IN-2T+6X1GE"),
            Part("module R0", "Cisco ASR1001-X Route Processor", vid="V08", has_serial=True),
            Part("module F0", "Cisco ASR1001-X Embedded Services Processor"),
        ),
    ),
    _catalyst_8000("C8200-1N-4T", ports="C8200-1N-4T", vid="V01"),
    _C8300,
    replace(
        _C8300,
        model="C8000V",
        software="Virtual XE Software",
        processor="cisco C8000V (VXE) processor",
        memory=(2028465, 3075),
        rom="IOS-XE ROMMON",
        flash_kilobytes=5234688,
        flash_text="virtual hard disk at bootflash:",
        file_start="c8000v",
        physical=4 * _MB * _MB - 214000,
        ethernet="vNIC",
        parts=(
            Part("Chassis", "Cisco Catalyst 8000V Edge Chassis", vid="V00", has_serial=True),
            Part("module R0", "Cisco Catalyst 8000V Edge Route Processor", vid="V00", has_serial=True),
            Part("module F0", "Cisco Catalyst 8000V Edge Embedded Services Processor"),
        ),
    ),
)
_USUAL = {"12.4": "2811", "15": "2911", "17": "ISR4331"}
_BY_NAME = {item.short: item for item in PLATFORMS}


def platform(model: str, release: Release) -> Platform:
    """The hardware of a model; the usual one of the release if the model is empty or unknown.

    Args:
        model: product number, with or without what surrounds the number: ``CISCO2811``, ``2811``, ``ISR4331/K9``.
        release: what it runs.
    """
    return _BY_NAME.get(plain(model)) or _BY_NAME[_USUAL[release.family]]
