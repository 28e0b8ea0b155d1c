"""Certificates and trustpoints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from getvpn_ops.model.values import Address


@dataclass(frozen=True, slots=True)
class DistinguishedName:
    """A name of X.500.

    Attributes:
        parts: such as ``cn=CA-LAB``, in the order printed; two with ``+`` between them are one.
    """

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate of the router or of a CA (``show crypto pki certificates``).

    Attributes:
        kind: such as ``Certificate``, ``CA Certificate`` or ``Router Self-Signed Certificate``.
        status: ``Available``, ``Pending`` ...
        version: of X.509.
        serial_number: hexadecimal text.
        certificate_usage: such as ``General Purpose`` or ``Signature``.
        subject_name: host name in the subject.
        distribution_points: addresses of CRLs.
        start_date: in the clock of the router, as all dates here.
        start_time_zone: zone name of the router's clock.
        renew_date: when the router will enrol again (``auto-enroll``).
        request_fingerprint_md5: of an enrolment that waits for its certificate.
        install_time: when this router got the certificate (16/17).
        key_usage: bits of the extension, hexadecimal.
        ca: whether the extension Basic Constraints says that it is a CA.
        extensions: lines of the extensions that have no field of their own.
        trustpoints: which trustpoints it belongs to; ``Trustpool`` is the list of well-known CAs.
        storage: file that holds the certificate.
        key_label: name of the key pair.
    """

    kind: str
    status: str | None = None
    version: int | None = None
    serial_number: str | None = None
    certificate_usage: str | None = None
    issuer: DistinguishedName | None = None
    subject_name: str | None = None
    subject_address: Address | str | None = None
    subject_serial_number: str | None = None
    subject: DistinguishedName | None = None
    distribution_points: tuple[str, ...] = ()
    ocsp_url: str | None = None
    start_date: datetime | str | None = None
    start_time_zone: str | None = None
    end_date: datetime | str | None = None
    end_time_zone: str | None = None
    renew_date: datetime | str | None = None
    renew_time_zone: str | None = None
    public_key_algorithm: str | None = None
    public_key_bits: int | None = None
    signature_algorithm: str | None = None
    fingerprint_md5: str | None = None
    fingerprint_sha1: str | None = None
    fingerprint_sha256: str | None = None
    request_fingerprint_md5: str | None = None
    request_fingerprint_sha1: str | None = None
    key_usage: str | None = None
    subject_key_id: str | None = None
    authority_key_id: str | None = None
    ca: bool | None = None
    extensions: tuple[str, ...] = ()
    install_time: datetime | str | None = None
    install_time_zone: str | None = None
    trustpoints: tuple[str, ...] = ()
    storage: str | None = None
    key_label: str | None = None
    key_storage_device: str | None = None


@dataclass(frozen=True, slots=True)
class Certificates:
    """``show crypto pki certificates [verbose]``."""

    certificates: tuple[Certificate, ...] = ()


@dataclass(frozen=True, slots=True)
class Trustpoint:
    """A trustpoint (``show crypto pki trustpoints``).

    Attributes:
        subject: name of the CA.
        serial_number: of the CA certificate, hexadecimal.
        certificate: ``configured``, if the router says so.
        self_signed: the text, if the trustpoint is that of the router's own self-signed certificate.
        key_label: name of the key pair.
        enrollment_url_kind: word before the URL.
        notes: other sentences, such as ``Not authenticated.``
    """

    trustpoint: str
    subject: DistinguishedName | None = None
    serial_number: str | None = None
    certificate: str | None = None
    self_signed: str | None = None
    key_label: str | None = None
    enrollment_url: str | None = None
    enrollment_url_kind: str | None = None
    enrollment_protocol: str | None = None
    crl_query_url: str | None = None
    ocsp_url: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trustpoints:
    """``show crypto pki trustpoints [NAME]``."""

    trustpoints: tuple[Trustpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class TrustpointCertificate:
    """A certificate of a trustpoint.

    Attributes:
        kind: such as ``Issuing CA`` or ``Router General Purpose``.
        configured: ``configured``, ``not configured`` ...
        subject: distinguished name in one line.
    """

    kind: str
    configured: str
    subject: str | None = None
    fingerprint_md5: str | None = None
    fingerprint_sha1: str | None = None
    fingerprint_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class EnrollmentState:
    """How far the enrolment of a trustpoint is.

    Attributes:
        keys: usage and exportability of the key pair.
        ca_authenticated: whether someone accepted the CA's certificate.
        requests: ``Yes``, ``None``, ``Pending`` ...
        last_enrollment_status: such as ``Granted``.
        next_enrollment: in the clock of the router.
    """

    keys_generated: bool | str | None = None
    keys: str | None = None
    ca_authenticated: bool | str | None = None
    requests: str | None = None
    last_enrollment_status: str | None = None
    next_enrollment: datetime | str | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class TrustpointStatus:
    """A trustpoint (``show crypto pki trustpoints status``)."""

    trustpoint: str
    certificates: tuple[TrustpointCertificate, ...] = ()
    state: EnrollmentState | None = None


@dataclass(frozen=True, slots=True)
class TrustpointStatuses:
    """``show crypto pki trustpoints status``."""

    trustpoints: tuple[TrustpointStatus, ...] = ()
