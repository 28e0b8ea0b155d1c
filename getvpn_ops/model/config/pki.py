"""Trustpoints, certificates and identities of a configuration."""

from __future__ import annotations

from dataclasses import dataclass, field

from getvpn_ops.model.config.secret import Secret


@dataclass(frozen=True, slots=True)
class Trustpoint:
    """``crypto pki trustpoint``.

    Attributes:
        name: its name.
        enrollment_url: where the CA is asked.
        enrollment_mode: such as ``ra``.
        enrollment_other: further ``enrollment`` lines without that word, such as ``terminal`` or ``selfsigned``.
        subject_name: distinguished name in requests.
        fqdn: in requests; ``none`` leaves it out.
        serial_number: True if it is part of requests; the word ``none`` leaves it out.
        ip_address: in requests; ``none`` leaves it out.
        revocation_check: methods in order.
        rsakeypair: label, and sizes if printed.
        eckeypair: label of an elliptic-curve key pair.
        auto_enroll: True if only the word is printed, else the percentage and ``regenerate`` as printed.
        hash: of requests.
        fingerprint: of the CA certificate.
        source_interface: for requests.
        vrf: for requests.
        password: challenge password.
        other: lines that have no field here.
        line: where it begins.
    """

    name: str
    enrollment_url: str | None = None
    enrollment_mode: str | None = None
    enrollment_other: tuple[str, ...] = ()
    subject_name: str | None = None
    fqdn: str | None = None
    serial_number: bool | str | None = None
    ip_address: str | None = None
    revocation_check: tuple[str, ...] = ()
    rsakeypair: str | None = None
    eckeypair: str | None = None
    auto_enroll: bool | str | None = None
    hash: str | None = None
    fingerprint: str | None = None
    source_interface: str | None = None
    vrf: str | None = None
    password: Secret | None = field(default=None, metadata={"kind": "pki-password"})
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate of a chain.

    Attributes:
        kind: ``ca``, ``self-signed``, ``rollover`` ... ; None for the router's own.
        serial: serial number, as printed.
        file: where it is stored if the configuration does not hold it (``nvram:...``).
        hex: the DER text in hexadecimal without blanks; empty if it is not printed.
        line: where it begins.
    """

    serial: str
    kind: str | None = None
    file: str | None = None
    hex: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class CertificateChain:
    """``crypto pki certificate chain`` of one trustpoint."""

    trustpoint: str
    certificates: tuple[Certificate, ...] = ()
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class CryptoIdentity:
    """``crypto identity``: who may register with a group; ``names`` are its ``dn`` and ``fqdn`` lines as printed."""

    name: str
    names: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    line: int | None = None
