"""Certificates of a group's routers (guide, "Authentication Policy for GM Registration")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.model.config.pki import Trustpoint

if TYPE_CHECKING:
    from getvpn_ops.model.intent.crypto import PkiIntent


def trustpoints(pki: PkiIntent | None, device: str) -> tuple[Trustpoint, ...]:
    """The trustpoint of a router; none if it is there already and not ours to write."""
    if pki is None or pki.enrollment_url is None:
        return ()
    label = pki.rsa_label
    if label is not None and pki.modulus is not None:
        label = f"{label} {pki.modulus}"
    return (
        Trustpoint(
            pki.trustpoint,
            enrollment_url=pki.enrollment_url,
            enrollment_mode="ra" if pki.ra else None,
            subject_name=None if pki.subject is None else pki.subject.replace("{device}", device),
            revocation_check=pki.revocation,
            rsakeypair=label,
            auto_enroll=None if pki.auto_enroll is None else str(pki.auto_enroll),
        ),
    )
