"""Trustpoints: getting certificates, losing them, showing them."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import NameOID

from getvpn_ops.lab.ios import times
from getvpn_ops.lab.ios.commands.keys import modulus_range
from getvpn_ops.lab.ios.configuration.syntax import interface_name
from getvpn_ops.lab.ios.identity import certificates
from getvpn_ops.lab.ios.identity.keys import RsaKey, generate, hex_groups
from getvpn_ops.lab.ios.session.dialog import Ask, Dialog, Say, Work, sure

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from typing import Any

    from getvpn_ops.lab.ios.identity.certificates import Held
    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.lab.ios.session.dialog import Step
    from getvpn_ops.lab.ios.session.shell import Shell

_CHALLENGE = (
    "%\n% Start certificate enrollment .. \n"
    "% Create a challenge password. You will need to verbally provide this\n"
    "   password to the CA Administrator in order to revoke your certificate.\n"
    "   For security reasons your password will not be saved in the configuration.\n"
    "   Please make a note of it.\n\n"
)
_MD5_GROUPS = 4


def authenticate(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``crypto pki authenticate TP``: fetch the authority's certificate and have someone look at it."""
    router, name = shell.router, words[-1]
    url = certificates.url_of(router.running, name)
    if certificates.trustpoint(router.running, name) is None:
        yield Say("% CA trustpoint is not defined.\n")
        return
    if any(item.kind == "ca" for item in certificates.held(router.running, name)):
        yield Say(
            "% Please delete your existing CA certificate first.\n"
            "% You must use 'no crypto pki trustpoint <trustpoint-name>' to delete the CA certificate.\n"
        )
        return
    if url is None:
        yield Say("% Enrollment URL is not configured.\n")
        return
    signer = yield Work(lambda: certificates.authority(router.clock, url))
    yield Say(
        "Certificate has the following attributes:\n"
        f"       Fingerprint MD5: {certificates.fingerprint(signer.certificate, 'MD5')}\n"
        f"      Fingerprint SHA1: {certificates.fingerprint(signer.certificate, 'SHA1')}\n\n"
    )
    if (yield from sure("% Do you accept this certificate? [yes/no]: ")):
        certificates.put(router.running, name, "ca", signer.certificate)
        yield Say("Trustpoint CA certificate accepted.\n\n")


def enroll(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``crypto pki enroll TP``."""
    router, name = shell.router, words[-1]
    block = certificates.trustpoint(router.running, name)
    if block is None:
        yield Say("% CA trustpoint is not defined.\n")
        return
    if not any(item.kind == "ca" for item in certificates.held(router.running, name)):
        yield Say("% You must authenticate the Certificate Authority before\nyou can enroll with it.\n")
        return
    yield Say(_CHALLENGE)
    first = yield Ask("Password: ", hidden=True)
    second = yield Ask("Re-enter password: ", hidden=True)
    if first != second:
        yield Say("% Passwords do not match.\n")
        return
    for part in [option] if (option := certificates.option(block, "subject-name")) else []:
        yield Say(f"\n% The subject name in the certificate will include: {part}")
    yield Say(f"\n% The subject name in the certificate will include: {certificates.full_name(router)}\n")
    given = certificates.option(block, "serial-number")
    serial = given == "" if given is not None else (
        yield from sure("% Include the router serial number in the subject name? [yes/no]: ")
    )  # fmt: skip
    if serial:
        yield Say(f"% The serial number in the certificate will be: {router.serial}\n")
    address = yield from _address(router, certificates.option(block, "ip-address"))
    if not (yield from sure("Request certificate from CA? [yes/no]: ")):
        return
    key = yield from _key(router, certificates.option(block, "rsakeypair") or "")
    yield Say(
        "% Certificate request sent to Certificate Authority\n"
        f"% The 'show crypto pki certificate verbose {name}' commandwill show the fingerprint.\n\n"
    )
    asked = certificates.subject(router, block, serial=bool(serial), address=address)
    certificates.enroll(router, name, asked, key.private.public_key())


def _address(router: Router, given: str | None) -> Generator[Step, Any, str]:
    """The address to be named; empty for none."""
    typed = given
    if given is None:
        answer = str((yield Ask("% Include an IP address in the subject name? [no]: "))).strip().lower()
        if not answer or not "yes".startswith(answer):
            return ""
        typed = str((yield Ask("Enter Interface name or IP Address[]: "))).strip()
    if not typed or typed == "none":
        return ""
    try:
        return str(ipaddress.IPv4Address(typed))
    except ValueError:
        pass
    block = router.running.find(f"interface {interface_name(typed.replace(' ', '')) or '?'}")
    lines = [line.text.split() for line in block.lines] if block else []
    return next((words[2] for words in lines if words[:2] == ["ip", "address"] and words[2][0].isdigit()), "")


def _key(router: Router, named: str) -> Generator[Step, Any, RsaKey]:
    """The key of a trustpoint; one is made if it is not there yet."""
    label, *size = named.split() or [certificates.full_name(router)]
    if label not in router.keys.held:
        bits = int(size[0]) if size else max(1024, modulus_range(router.release)[2])
        private = yield Work(lambda: generate(bits))
        router.keys.held[label] = RsaKey(label, private, exportable=False, made=router.clock.now())
    return router.keys.held[label]


def no_trustpoint(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``no crypto pki trustpoint TP``: its certificates go with it."""
    router, name = shell.router, words[-1]
    if certificates.trustpoint(router.running, name) is None:
        yield Say(f"% CA trustpoint {name} is not defined.\n")
        return
    if certificates.held(router.running, name):
        yield Say(
            "% Removing an enrolled trustpoint will destroy all certificates\n"
            " received from the related Certificate Authority.\n\n"
        )
        if not (yield from sure("Are you sure you want to do this? [yes/no]: ")):
            return
        yield Say("% Be sure to ask the CA administrator to revoke your certificates.\n\n")
    certificates.remove(router.running, name)


# -- shown


def _wanted(router: Router, values: tuple[str, ...]) -> list[str]:
    return [name for name in certificates.trustpoints(router.running) if not values or name == values[-1]]


def show_certificates(shell: Shell, words: tuple[str, ...], values: tuple[str, ...]) -> Iterable[str]:
    """``show crypto pki certificates [verbose] [TP]``: a router's own before its authority's."""
    router = shell.router
    for name in _wanted(router, values):
        if (digest := certificates.request(router, name)) is not None:
            yield from _pending(router, name, digest)
        found = sorted(certificates.held(router.running, name), key=lambda item: item.kind == "ca")
        for item in found:
            if item.certificate is not None:
                yield from _certificate(router, name, item, item.certificate, verbose="verbose" in words)
                yield ""


def _pending(router: Router, name: str, digest: bytes) -> Iterable[str]:
    groups = hex_groups(digest)
    yield "Certificate"
    yield "  Subject:"
    yield f"    Name: {certificates.full_name(router)}"
    yield "  Status: Pending"
    yield "  Key Usage: General Purpose"
    yield f"  Certificate Request Fingerprint MD5: {' '.join(groups[:_MD5_GROUPS])} "
    yield f"  Certificate Request Fingerprint SHA1: {' '.join(groups)} "
    yield f"  Associated Trustpoint: {name} "
    yield ""


_HEADINGS = {"ca": "CA Certificate", "self-signed": "Router Self-Signed Certificate", "general": "Certificate"}


def _certificate(
    router: Router, name: str, item: Held, certificate: x509.Certificate, *, verbose: bool
) -> Iterable[str]:
    old = router.release.family == "12.4"
    number = certificates.serial(certificate)
    yield _HEADINGS[item.kind]
    yield "  Status: Available"
    if verbose:
        yield "  Version: 3"
    yield (
        f"  Certificate Serial Number: 0x{number.lstrip('0')}"
        if old
        else f"  Certificate Serial Number (hex): {number}"
    )
    yield f"  Certificate Usage: {'Signature' if item.kind == 'ca' else 'General Purpose'}"
    yield "  Issuer: "
    yield from (f"    {part}" for part in certificates.name_parts(certificate.issuer))
    yield "  Subject: " if item.kind == "ca" else "  Subject:"
    if item.kind != "ca":
        yield from _named(certificate.subject)
    yield from (f"    {part}" for part in certificates.name_parts(certificate.subject))
    yield "  Validity Date: "
    yield f"    start date: {times.date(router.running, certificate.not_valid_before_utc)}"
    yield f"    end   date: {times.date(router.running, certificate.not_valid_after_utc)}"
    if item.kind == "general" and (when := certificates.renewal(router.running, name, certificate)) is not None:
        yield f"    renew date: {times.date(router.running, when)}"
    if verbose:
        yield from _details(certificate)
    yield f"  Associated Trustpoints: {name} "
    saved = router.startup is not None and any(
        kept.serial == item.serial and kept.kind == item.kind for kept in certificates.held(router.startup, name)
    )
    if saved and not old:
        place = f"{name[:12]}#{number.lstrip('0')}{'CA' if item.kind == 'ca' else ''}.cer"
        yield f"  Storage: nvram:{place}"


def _named(subject: x509.Name) -> Iterable[str]:
    """What IOS reads from the subject of a router before it prints it."""
    for oid, label in (
        (certificates.UNSTRUCTURED_NAME, "Name"),
        (certificates.UNSTRUCTURED_ADDRESS, "IP Address"),
        (NameOID.SERIAL_NUMBER, "Serial Number"),
    ):
        yield from (f"    {label}: {item.value!s}" for item in subject.get_attributes_for_oid(oid))


def _details(certificate: x509.Certificate) -> Iterable[str]:
    key = certificate.public_key()
    yield "  Subject Key Info:"
    yield "    Public Key Algorithm: rsaEncryption"
    yield f"    RSA Public Key: ({key.key_size if isinstance(key, RSAPublicKey) else 0} bit)"
    algorithm = certificate.signature_hash_algorithm
    yield f"  Signature Algorithm: {algorithm.name.upper() if algorithm else 'unknown'} with RSA Encryption"
    yield f"  Fingerprint MD5: {certificates.fingerprint(certificate, 'MD5')}"
    yield f"  Fingerprint SHA1: {certificates.fingerprint(certificate, 'SHA1')}"
    yield "  X509v3 extensions:"
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.SubjectKeyIdentifier):
            yield f"    X509v3 Subject Key ID: {' '.join(hex_groups(extension.value.digest))} "
        elif isinstance(extension.value, x509.BasicConstraints):
            yield "    X509v3 Basic Constraints:"
            yield f"        CA: {str(extension.value.ca).upper()}"
        elif isinstance(extension.value, x509.AuthorityKeyIdentifier) and extension.value.key_identifier:
            yield f"    X509v3 Authority Key ID: {' '.join(hex_groups(extension.value.key_identifier))} "
    yield "    Authority Info Access:"


def show_trustpoints(shell: Shell, words: tuple[str, ...], values: tuple[str, ...]) -> Iterable[str]:
    """``show crypto pki trustpoints [TP] [status]``."""
    router = shell.router
    for name in _wanted(router, values):
        yield f"Trustpoint {name}:"
        yield from (_status if words[-1] == "status" else _summary)(router, name)
        yield ""
        yield ""


def _summary(router: Router, name: str) -> Iterable[str]:
    old = router.release.family == "12.4"
    found = certificates.held(router.running, name)
    ca = next((item.certificate for item in found if item.kind == "ca"), None)
    if ca is not None:
        yield "    Subject Name: "
        yield from (f"    {part}" for part in certificates.name_parts(ca.subject))
        yield f"          Serial Number{'' if old else ' (hex)'}: {certificates.serial(ca)}"
        yield "    Certificate configured."
    else:
        yield "    Not authenticated."
    if (url := certificates.url_of(router.running, name)) is not None:
        yield f"    {'CEP' if old else 'SCEP'} URL: {url}"


def _status(router: Router, name: str) -> Iterable[str]:
    found = certificates.held(router.running, name)
    ca = next((item.certificate for item in found if item.kind == "ca"), None)
    own = next((item.certificate for item in found if item.kind != "ca"), None)
    if ca is None:
        yield "  Issuing CA certificate not configured."
    else:
        yield "  Issuing CA certificate configured:"
        yield from _identified(ca)
    if own is not None:
        yield "  Router General Purpose certificate configured:"
        yield from _identified(own)
        if (when := certificates.renewal(router.running, name, own)) is not None:
            yield "  Next enrollment attempt:"
            yield f"    {times.date(router.running, when)}"
        yield "  Last enrollment status: Granted"
    block = certificates.trustpoint(router.running, name)
    named = (certificates.option(block, "rsakeypair") if block else None) or certificates.full_name(router)
    key = router.keys.held.get(named.split()[0])
    usage = f"Yes (General Purpose, {'' if key.exportable else 'non-'}exportable)" if key is not None else "No"
    waiting = certificates.request(router, name) is not None
    yield "  State:"
    yield f"    Keys generated ............. {usage}"
    yield f"    Issuing CA authenticated ....... {'No' if ca is None else 'Yes'}"
    yield f"    Certificate request(s) ..... {'Pending' if waiting else 'Yes' if own is not None else 'None'}"


def _identified(certificate: x509.Certificate) -> Iterable[str]:
    yield "    Subject Name:"
    yield f"     {','.join(certificates.name_parts(certificate.subject))}"
    yield f"    Fingerprint MD5: {certificates.fingerprint(certificate, 'MD5')}"
    yield f"    Fingerprint SHA1: {certificates.fingerprint(certificate, 'SHA1')}"


SHOWS = {"show-crypto-certificates": show_certificates, "show-crypto-trustpoints": show_trustpoints}
ACTIONS = {
    "crypto-pki-authenticate": authenticate,
    "crypto-pki-enroll": enroll,
    "no-crypto-pki-trustpoint": no_trustpoint,
}
