"""IOS releases: their order, and since when each of them has what GETVPN needs.

Dates are those of Cisco's release notes and command references; 12.4T counts as what the guide calls 12.4(15)T8 and
12.4(22)T2. A release that cannot be read has nothing: whoever asks learns that it is unknown, not that all is well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

_IOS = re.compile(r"(?P<major>\d+)\.(?P<minor>\d+)\((?P<maintenance>\d+)[a-z]?\)(?P<train>[A-Z]*)(?P<rebuild>\d+)?")
_XE = re.compile(r"(?P<major>1[6-9]|2\d)\.(?P<minor>\d+)(?:\.(?P<maintenance>\d+))?[a-z]?")
_SHORT = re.compile(r"(?P<major>1[25])\.(?P<minor>\d+)")
_XE_THREE = re.compile(r"0?3\.(?P<minor>\d+)(?:\.\d+)?[a-z]?\.?S[A-Z]?\d*[a-z]?")
_XE_FIRST = 16
_OF_XE_THREE = MappingProxyType(
    {
        1: (15, 0, 1), 2: (15, 1, 1), 3: (15, 1, 2), 4: (15, 1, 3), 5: (15, 2, 1), 6: (15, 2, 2), 7: (15, 2, 4),
        8: (15, 3, 1), 9: (15, 3, 2), 10: (15, 3, 3), 11: (15, 4, 1), 12: (15, 4, 2), 13: (15, 4, 3), 14: (15, 5, 1),
        15: (15, 5, 2), 16: (15, 5, 3), 17: (15, 6, 1), 18: (15, 6, 2),
    }
)  # fmt: skip
"""IOS-XE 3.N.S -> the IOS release that it is (Cisco's release notes of IOS-XE 3S)."""


class Family(StrEnum):
    """Of releases that are written alike."""

    IOS_12 = "12.4"
    IOS_15 = "15"
    IOS_XE = "16/17"


class Feature(StrEnum):
    """Something that not every release has."""

    PASSIVE = "passive members"
    FAIL_CLOSE = "fail-close"
    CLIENT = "client lines of a member"
    ROLE_CHANGE = "role change of key servers"
    IKE_SHA2 = "SHA-2 in IKE policies"
    IKE_GROUP_14 = "Diffie-Hellman groups above 5"
    ESP_SHA2 = "SHA-2 in transform sets"
    ESP_GCM = "GCM and GMAC in transform sets"
    BYPASS_POLICY = "client bypass-policy"
    POLICY_REPLACE = "rekey by command"
    GKM = "the keyword gkm"
    SIGNATURE_HASH = "rekey sig-hash"
    KSSID = "key server identifiers"
    GROUP_SIZE = "group size"
    IPV6 = "IPv6 groups"
    TAG = "inline tagging"
    LONG_LIFETIME = "lifetimes above a day"
    GIKEV2 = "G-IKEv2"
    ACKNOWLEDGEMENT = "rekey acknowledgement"
    D3P = "delivery delay detection"
    COOP_VERSION = "COOP protocol version"
    COOP_PDU = "COOP PDU size"
    PFS = "perfect forward secrecy of rekeys"
    PERIODIC_RETRANSMIT = "periodic retransmission of rekeys"
    FAIL_CLOSE_REVERT = "client fail-close revert"
    RECOVERY_CHECK = "client recovery-check"
    STATUS_TRACK = "client status active-sa track"
    VRF_DEFINITION = "vrf definition"


FIRST = MappingProxyType(
    {
        Feature.PASSIVE: (12, 4, 22),
        Feature.FAIL_CLOSE: (12, 4, 22),
        Feature.CLIENT: (12, 4, 22),
        Feature.ROLE_CHANGE: (12, 4, 22),
        Feature.IKE_SHA2: (15, 0, 1),
        Feature.IKE_GROUP_14: (15, 0, 1),
        Feature.VRF_DEFINITION: (15, 0, 1),
        Feature.ESP_SHA2: (15, 1, 2),
        Feature.ESP_GCM: (15, 1, 2),
        Feature.BYPASS_POLICY: (15, 2, 1),
        Feature.POLICY_REPLACE: (15, 2, 1),
        Feature.GKM: (15, 2, 3),
        Feature.SIGNATURE_HASH: (15, 2, 3),
        Feature.KSSID: (15, 2, 3),
        Feature.GROUP_SIZE: (15, 2, 3),
        Feature.IPV6: (15, 2, 3),
        Feature.TAG: (15, 2, 3),
        Feature.LONG_LIFETIME: (15, 3, 1),
        Feature.GIKEV2: (15, 3, 1),
        Feature.ACKNOWLEDGEMENT: (15, 3, 1),
        Feature.D3P: (15, 3, 1),
        Feature.COOP_VERSION: (15, 3, 1),
        Feature.PERIODIC_RETRANSMIT: (15, 3, 1),
        Feature.FAIL_CLOSE_REVERT: (15, 3, 1),
        Feature.RECOVERY_CHECK: (15, 3, 1),
        Feature.STATUS_TRACK: (15, 3, 1),
        Feature.PFS: (17, 0, 0),
        Feature.COOP_PDU: (17, 0, 0),
    }
)
"""Major, minor and maintenance number of the first release."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release.

    Attributes:
        text: as written.
        number: major, minor, maintenance; a maintenance that is not written counts as 0.
    """

    text: str
    number: tuple[int, int, int]

    @property
    def family(self) -> Family:
        """The family it is written like."""
        if self.number[0] >= _XE_FIRST:
            return Family.IOS_XE
        return Family.IOS_15 if self.number[0] == 15 else Family.IOS_12  # noqa: PLR2004 -- 15.x

    def has(self, feature: Feature) -> bool:
        """Whether it is said to have a feature."""
        return self.number >= FIRST[feature]


def release_of(text: str) -> Release | None:
    """Read ``12.4(22)T5``, ``15.2(4)M11``, ``17.6.5``, ``03.16.04b.S`` or ``15.4``; None if it is none of these."""
    if (three := _XE_THREE.fullmatch(text.strip())) and (number := _OF_XE_THREE.get(int(three["minor"]))):
        return Release(text, number)
    for pattern in (_IOS, _XE, _SHORT):
        if found := pattern.fullmatch(text.strip()):
            parts = found.groupdict()
            return Release(text, (int(parts["major"]), int(parts["minor"]), int(parts.get("maintenance") or 0)))
    return None


def first_text(feature: Feature) -> str:
    """The first release with a feature, for people."""
    major, minor, maintenance = FIRST[feature]
    if major >= _XE_FIRST:
        return f"{major}.{minor}.{maintenance}" if minor else f"{major}.1"
    return f"{major}.{minor}({maintenance})"
