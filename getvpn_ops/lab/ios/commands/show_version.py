"""``show version``: software, time since boot, hardware, licences, in the form of each family of releases.

Forms follow real outputs of 2800, 2900, ISR 4000 and Catalyst 8000 routers; dates of builds are made up.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios import times
from getvpn_ops.lab.ios.interfaces import interfaces
from getvpn_ops.lab.ios.platforms import release_padded, release_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.lab.ios.releases import Release
    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.lab.ios.session.shell import Shell

_CODE_NAMES = (
    ((17, 13), "IOSXE"),
    ((17, 10), "Dublin"),
    ((17, 7), "Cupertino"),
    ((17, 4), "Bengaluru"),
    ((17, 1), "Amsterdam"),
    ((16, 10), "Gibraltar"),
    ((16, 7), "Fuji"),
    ((16, 4), "Everest"),
    ((16, 0), "Denali"),
)
_POLICY_LICENSING = (17, 3, 2)  # the first release without registration of licences
_MODE_LINE = (17, 2, 0)  # since then a router says whether a controller runs it
_EXPORT = """
This product contains cryptographic features and is subject to United
States and local country laws governing import, export, transfer and
use. Delivery of Cisco cryptographic products does not imply
third-party authority to import, export, distribute or use encryption.
Importers, exporters, distributors and users are responsible for
compliance with U.S. and local country laws. By using this product you
agree to comply with applicable laws and regulations. If you are unable
to comply with U.S. and local laws, return this product immediately.

A summary of U.S. laws governing Cisco cryptographic products may be found at:
http://www.cisco.com/wwl/export/crypto/tool/stqrg.html

If you require further assistance please contact us by sending email to
export@cisco.com.
"""
_XE_TERMS = """

Cisco IOS-XE software, Copyright (c) 2005-{year} by cisco Systems, Inc.
All rights reserved.  Certain components of Cisco IOS-XE software are
licensed under the GNU General Public License ("GPL") Version 2.0.  The
software code licensed under GPL Version 2.0 is free software that comes
with ABSOLUTELY NO WARRANTY.  You can redistribute and/or modify such
GPL code under the terms of GPL Version 2.0.  For more details, see the
documentation or "License Notice" file accompanying the IOS-XE software,
or the applicable URL provided on the flyer accompanying the IOS-XE
software.

"""
_COUNTED = {
    "FastEthernet": "FastEthernet",
    "GigabitEthernet": "Gigabit Ethernet",
    "TenGigabitEthernet": "Ten Gigabit Ethernet",
    "Ethernet": "Ethernet",
    "Serial": "Serial",
}
_RULE = "-" * 65


def code_name(release: Release) -> str:
    """The name of a release of IOS-XE: ``Bengaluru``."""
    return next(name for since, name in _CODE_NAMES if release.numbers[:2] >= since)


def year(release: Release) -> int:
    """When such a release was built, about."""
    first, second, third = release.numbers
    if first == 12:  # noqa: PLR2004 -- 12.4: (3) of 2005 to (24) of 2009, with later rebuilds
        return 2008 + (third >= 22)  # noqa: PLR2004
    return {15: 2010 + second, 16: 2015 + second // 3}.get(first, 2019 + second // 3)


def show_version(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show version``."""
    router = shell.router
    release, hardware = router.release, router.platform
    if release.is_xe:
        yield f"Cisco IOS XE Software, Version {release_padded(release)}"
    name = f"[{code_name(release)}]," if release.is_xe else ""
    yield (
        f"Cisco IOS Software{' ' + name if name else ','} {hardware.software} ({hardware.image}), "
        f"Version {release_plain(release)}, RELEASE SOFTWARE (fc2)"
    )
    yield "Technical Support: http://www.cisco.com/techsupport"
    built = year(release)
    yield f"Copyright (c) 1986-{built} by Cisco Systems, Inc."
    yield f"Compiled Wed 21-Jul-{built % 100:02d} 09:17 by {'mcpre' if release.is_xe else 'prod_rel_team'}"
    if release.is_xe:
        yield from _XE_TERMS.format(year=built).splitlines()
    yield ""
    yield f"ROM: {hardware.rom}"
    yield ""
    yield from _boot(router)
    yield from _EXPORT.splitlines()
    if release.is_xe:
        yield from _licenses_xe(router)
    yield ""
    yield from _hardware(router)
    if release.family == "15":
        yield from _licenses_15(router)
    yield ""
    yield "Configuration register is 0x2102"
    yield ""


def _boot(router: Router) -> Iterator[str]:
    release, hardware = router.release, router.platform
    up = times.uptime(router.clock.now() - router.booted)
    yield f"{router.configured_name} uptime is {up}"
    if release.is_xe:
        yield f"Uptime for this control processor is {up}"
    moment = times.stamp(router.running, router.booted)
    cold = router.reload_reason == "power-on"
    reason = "PowerOn" if cold and release.is_xe else router.reload_reason
    returned = reason if cold else f"{reason if release.is_xe else 'reload'} at {moment}"
    yield f"System returned to ROM by {returned}"
    if not cold or release.is_xe:
        yield f"System restarted at {moment}"
    yield f'System image file is "{hardware.flash}{hardware.image_file(release)}"'
    if release.family == "15":
        yield "Last reload type: Normal Reload"
    if release.family != "12.4":
        yield f"Last reload reason: {reason}"
        yield ""
    yield ""


def _hardware(router: Router) -> Iterator[str]:
    release, hardware = router.release, router.platform
    main, io = hardware.memory
    yield f"{hardware.processor} with {main}K/{io}K bytes of memory."
    yield f"Processor board ID {router.serial}"
    if release.is_xe and release.numbers >= _MODE_LINE:
        yield "Router operating mode: Autonomous"
    counted = Counter(item.kind for item in interfaces(router) if not item.is_sub)
    for kind, text in _COUNTED.items():
        if count := counted[kind]:
            several = "" if count == 1 else "s"
            yield f"{count} {text} interface{several}"
    if release.family == "15":
        yield "1 terminal line"
    if not release.is_xe and hardware.has_vpn_module:
        yield "1 Virtual Private Network (VPN) Module"
    if hardware.dram:
        yield f"DRAM configuration is {hardware.dram}."
    yield f"{hardware.nvram // 1024}K bytes of non-volatile configuration memory."
    if release.is_xe:
        yield f"{hardware.physical}K bytes of physical memory."
        yield f"{hardware.flash_kilobytes}K bytes of {hardware.flash_text}."
    else:
        yield f"{hardware.flash_kilobytes}K bytes of {hardware.flash_text}"


def _licenses_15(router: Router) -> Iterator[str]:
    hardware = router.platform
    yield from ("", "", "License Info:", "", "License UDI:", "", "-" * 49)
    yield "Device#\t  PID\t\t\tSN"
    yield "-" * 49
    yield f"*0\t  {hardware.model:<22}{router.serial}"
    yield from ("", "", "")
    if hardware.short == "881":
        yield "License Information for 'c880-data'"
        yield "    License Level: advipservices   Type: Permanent"
        yield "    Next reboot license Level: advipservices"
        return
    yield f"Technology Package License Information for Module:'{hardware.file_start.partition('-')[0]}' "
    yield ""
    yield _RULE
    yield "Technology    Technology-package           Technology-package"
    yield "              Current       Type           Next reboot  "
    yield f"{_RULE}-"
    level, kind, later = _security(router, "Permanent")
    yield "ipbase        ipbasek9      Permanent      ipbasek9"
    yield f"security      {level:<13} {kind:<14} {later}"
    for name in ("uc", "data"):
        yield f"{name:<13} None          None           None"


def _security(router: Router, kind: str) -> tuple[str, str, str]:
    """The licence for encryption: what is in use, of which kind, and what will be after the next start."""
    lost = router.faults.standing("licence-lost")
    if lost is None:
        return "securityk9", kind, "securityk9"
    return ("securityk9", "EvalRightToUse", "securityk9") if lost.options["state"] == "evaluation" else ("None",) * 3


def _licenses_xe(router: Router) -> Iterator[str]:
    hardware = router.platform
    yield from ("", "", "")
    yield "Technology Package License Information: "
    yield ""
    if hardware.software in {"ISR Software", "ASR1000 Software"}:
        yield _RULE
        yield "Technology    Technology-package           Technology-package"
        yield "              Current       Type           Next reboot  "
        yield f"{_RULE}-"
        yield "appxk9           None             None             None"
        yield "uck9             None             None             None"
        level, kind, later = _security(router, "Smart License")
        yield f"securityk9       {level:<16} {kind:<16} {later}"
        yield "ipbase           ipbasek9         Permanent        ipbasek9"
    else:
        yield _RULE
        yield "Technology     Type         Technology-package Technology-package"
        yield "                            Current            Next Reboot       "
        yield _RULE
        yield "Smart License  Perpetual    network-advantage  network-advantage "
        yield "Smart License  Subscription dna-advantage      dna-advantage     "
    yield ""
    yield "The current throughput level is 100000 kbps " if hardware.software == "ISR Software" else ""
    yield from ("", "")
    policy = router.release.numbers >= _POLICY_LICENSING
    yield f"Smart Licensing Status: {'Smart Licensing Using Policy' if policy else 'UNREGISTERED/No Licenses in Use'}"


SHOWS = {"show-version": show_version}
