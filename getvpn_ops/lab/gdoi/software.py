"""What GETVPN can do on a release, and when it does it.

Versions of 12.4 and 15.1 are counted here as the vendor's screens show them for the first software that had a version
at all; they are plausible and increase, and only the steps at 1.0.2 and 1.0.4 are the vendor's own word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from getvpn_ops.lab.ios.releases import Release
    from getvpn_ops.lab.ios.router import Router

Numbers = tuple[int, int, int]

_VERSIONS: tuple[tuple[Numbers, str], ...] = (
    ((17, 12, 0), "1.0.27"),
    ((17, 9, 0), "1.0.26"),
    ((17, 6, 0), "1.0.25"),
    ((17, 3, 0), "1.0.22"),
    ((16, 9, 0), "1.0.20"),
    ((16, 6, 0), "1.0.18"),
    ((16, 3, 0), "1.0.16"),
    ((15, 7, 0), "1.0.14"),
    ((15, 6, 0), "1.0.12"),
    ((15, 5, 0), "1.0.10"),
    ((15, 4, 0), "1.0.8"),
    ((15, 3, 0), "1.0.5"),
    ((15, 2, 3), "1.0.4"),
    ((15, 2, 1), "1.0.2"),
)
_FIRST = "1.0.1"
_BY_COMMAND: Numbers = (15, 2, 1)
_PASSIVE: Numbers = (12, 4, 22)
_SAFE = 200  # seconds before its end at which new software renews a KEK at the latest


def version(release: Release) -> str:
    """The GETVPN software version, such as ``1.0.2`` from 15.2(1)T on."""
    return next((text for since, text in _VERSIONS if release.numbers >= since), _FIRST)


def version_of(router: Router) -> str:
    """The GETVPN software version of a router: that of its release, unless a fault says another."""
    other = router.faults.standing("version-differs")
    return other.options["version"] if other is not None else version(router.release)


def rekeys_on_leaving(release: Release) -> bool:
    """Whether leaving configuration mode sends a changed policy: up to 15.1; later it takes a command."""
    return release.numbers < _BY_COMMAND


def has_passive(release: Release) -> bool:
    """Whether a member knows ``passive`` and the command for the direction."""
    return release.numbers >= _PASSIVE


def has_removal(release: Release) -> bool:
    """Whether members understand that their key server removes them (1.0.2)."""
    return release.numbers >= _BY_COMMAND


def early(lifetime: float) -> float:
    """Seconds before its end at which a key server renews a key: 20 % of its life, at most ten minutes.

    Of long lives it keeps 8 %, and of short ones 90 s, so that members, whose window is up to 6 % and at least a
    minute, do not ask before there is a new key.
    """
    return max(min(0.2 * lifetime, max(600.0, 0.08 * lifetime)), min(90.0, 0.5 * lifetime))


def kek_early(release: Release, lifetime: float) -> float:
    """Seconds before its end at which a KEK is renewed: at its end on old software, at least 200 s before on new.

    The few seconds on old software let the rekey still travel under the old KEK.
    """
    return 5.0 if rekeys_on_leaving(release) else max(float(_SAFE), early(lifetime))


def old_life(remaining: float, lifetime: float) -> float:
    """Seconds that a key still lives after a change of policy replaced it.

    Args:
        remaining: of it.
        lifetime: as configured when it was made.
    """
    return min(remaining, max(90.0, min(0.05 * lifetime, 3600.0)))
