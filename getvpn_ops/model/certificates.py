"""Certificates of a fleet: whose, from whom, for how long yet, and how far an enrolment is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """What a certificate, or the lack of one, comes to."""

    VALID = "valid"
    ENDS_SOON = "ends soon"
    ENDED = "ended"
    NOT_BEGUN = "not valid yet"
    PENDING = "pending"
    """It was asked for, and the CA has not given it yet."""
    NOT_ENROLLED = "not enrolled"
    """There is a trustpoint without a certificate of the router; it may be there for the CA's alone."""
    NONE = "none"
    """The device uses no certificates, but pre-shared keys."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """One certificate of a device; or what stands in place of one.

    Attributes:
        device: whose.
        standing: what it comes to.
        trustpoint: names, joined by a comma; empty if the device does not say, or has none.
        kind: as the router calls it, such as ``Certificate`` or ``CA Certificate``.
        issuer: distinguished name of the CA.
        subject: likewise, of the holder; else the host name in it.
        serial: of the certificate, hexadecimal.
        status: as the router says it: ``Available``, ``Pending`` ...
        begins: by the router's clock, without a zone.
        ends: likewise.
        days_left: whole days until then, negative if that is past; None if nobody can tell.
        renews: when the router enrols again by itself, likewise; None if it does not.
        enrolment: of its trustpoint, in words; empty if the device does not tell.
        reason: why it is unknown, or not as it should be.
    """

    device: str
    standing: Standing
    trustpoint: str = ""
    kind: str = ""
    issuer: str = ""
    subject: str = ""
    serial: str = ""
    status: str = ""
    begins: datetime | None = None
    ends: datetime | None = None
    days_left: int | None = None
    renews: datetime | None = None
    enrolment: str = ""
    reason: str = ""
