"""Certificates of a router, and the certification authorities of the lab that sign them.

Certificates lie in the running configuration (``crypto pki certificate chain``), so they are lost in a reload unless it
is saved. An authority stands behind each enrollment URL; all routers of one clock that ask it get the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID, ObjectIdentifier

from getvpn_ops.lab.ios.identity.keys import generate, hex_groups, public_der

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    from getvpn_ops.lab.clock import Clock
    from getvpn_ops.lab.ios.configuration.config import Block, Configuration
    from getvpn_ops.lab.ios.identity.keys import RsaKey
    from getvpn_ops.lab.ios.router import Router

UNSTRUCTURED_NAME = ObjectIdentifier("1.2.840.113549.1.9.2")  # IOS prints it as hostname
UNSTRUCTURED_ADDRESS = ObjectIdentifier("1.2.840.113549.1.9.8")
_SHORT = {
    NameOID.COMMON_NAME: "cn",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "ou",
    NameOID.ORGANIZATION_NAME: "o",
    NameOID.COUNTRY_NAME: "c",
    NameOID.STATE_OR_PROVINCE_NAME: "st",
    NameOID.LOCALITY_NAME: "l",
    NameOID.DOMAIN_COMPONENT: "dc",
    NameOID.EMAIL_ADDRESS: "e",
    NameOID.SERIAL_NUMBER: "serialNumber",
    UNSTRUCTURED_NAME: "hostname",
    UNSTRUCTURED_ADDRESS: "ipaddress",
}
_BY_SHORT = {short.lower(): oid for oid, short in _SHORT.items()}
_AUTHORITY_BITS = 2048
_AUTHORITY_YEARS = 10
_DAYS = 365


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate in a configuration.

    Attributes:
        kind: ``ca``, ``self-signed`` or ``general``.
        serial: as the configuration names it.
        certificate: None if its hexadecimal lines are cut or no certificate.
    """

    kind: str
    serial: str
    certificate: x509.Certificate | None


@dataclass(slots=True)
class Authority:
    """A certification authority.

    Attributes:
        url: where routers ask it.
        key: signs.
        certificate: its own.
        days: for which the certificates that it signs are valid.
        grants: whether it signs at once; else requests wait until ``grant_all``.
        waiting: names of routers and trustpoints whose requests wait, with the digest of each.
    """

    url: str
    key: RSAPrivateKey
    certificate: x509.Certificate
    days: int = _DAYS
    grants: bool = True
    waiting: dict[tuple[str, str], bytes] = field(default_factory=dict)
    _last: int = 1

    def sign(self, subject: x509.Name, key: RSAPublicKey, now: datetime) -> x509.Certificate:
        """A certificate for a router, valid from now on."""
        self._last += 1
        begin = now.replace(microsecond=0)
        usage = x509.KeyUsage(True, False, True, False, False, False, False, False, False)  # noqa: FBT003 -- nine flags
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.certificate.subject)
            .public_key(key)
            .serial_number(self._last)
            .not_valid_before(begin)
            .not_valid_after(begin + timedelta(days=self.days))
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )


_authorities: WeakKeyDictionary[Clock, dict[str, Authority]] = WeakKeyDictionary()


def authority(clock: Clock, url: str) -> Authority:
    """The authority behind a URL; made when it is first asked, which takes the processor a while."""
    known = _authorities.setdefault(clock, {})
    if url not in known:
        host = url.partition("://")[2].partition("/")[0].partition(":")[0] or url
        key = generate(_AUTHORITY_BITS)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"CA-{host}"[:64])])
        begin = clock.now().replace(microsecond=0)
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)  # noqa: FBT003 -- nine flags
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(begin)
            .not_valid_after(begin + timedelta(days=365 * _AUTHORITY_YEARS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        known[url] = Authority(url, key, certificate)
    return known[url]


# -- in the configuration


def trustpoint(configuration: Configuration, name: str) -> Block | None:
    """The trustpoint of a name."""
    text = f"crypto pki trustpoint {name}"
    return next((block for block in configuration.top.lines if block.text == text), None)


def trustpoints(configuration: Configuration) -> list[str]:
    """The names of all."""
    return [block.text.split()[-1] for block in configuration.all("crypto pki trustpoint ")]


def option(block: Block, start: str) -> str | None:
    """What stands behind ``start`` in a trustpoint; None if nothing does."""
    found = next((line.text for line in block.lines if f"{line.text} ".startswith(f"{start} ")), None)
    return None if found is None else found.removeprefix(start).strip()


def _chain(configuration: Configuration, name: str) -> Block | None:
    text = f"crypto pki certificate chain {name}"
    return next((block for block in configuration.top.lines if block.text == text), None)


def held(configuration: Configuration, name: str) -> list[Held]:
    """The certificates of a trustpoint."""
    chain = _chain(configuration, name)
    return list(_held(chain)) if chain is not None else []


def _held(chain: Block) -> Iterator[Held]:
    for line in chain.lines:
        words = line.text.split()
        if words[:1] != ["certificate"] or len(words) < 2:  # noqa: PLR2004 -- certificate SERIAL
            continue
        kind = next((word for word in ("ca", "self-signed") if word in words[1:-1]), "general")
        digits = "".join(below.text for below in line.lines if below.text != "quit").replace(" ", "")
        try:
            certificate = x509.load_der_x509_certificate(bytes.fromhex(digits))
        except ValueError:
            certificate = None
        yield Held(kind, words[-1], certificate)


def put(configuration: Configuration, name: str, kind: str, certificate: x509.Certificate) -> None:
    """Keep a certificate in place of the one of its kind."""
    chain = _chain(configuration, name)
    if chain is not None:
        others = [line for line in chain.lines if (" ca " in f"{line.text} ") != (kind == "ca")]
        chain.keep(others)
    groups = hex_groups(certificate.public_bytes(serialization.Encoding.DER))
    word = "" if kind == "general" else f"{kind} "
    stack = [configuration.top]
    for line in (
        f"crypto pki certificate chain {name}",
        f"certificate {word}{serial(certificate)}",
        *(" ".join(groups[at : at + 8]) for at in range(0, len(groups), 8)),
        "quit",
    ):
        configuration.type_line(stack, line, loading=True)


def remove(configuration: Configuration, name: str) -> None:
    """Forget a trustpoint and all its certificates."""
    gone = {f"crypto pki trustpoint {name}", f"crypto pki certificate chain {name}"}
    configuration.top.keep([line for line in configuration.top.lines if line.text not in gone])


def state(router: Router, name: str) -> str:
    """How a trustpoint stands by the lab's clock.

    Returns:
        ``valid``, ``expired`` (also if that of the authority is, or before its time), ``pending`` or ``none``.
    """
    found = held(router.running, name)
    own = next((item.certificate for item in found if item.kind != "ca"), None)
    if own is None:
        return "pending" if request(router, name) is not None else "none"
    now = router.clock.now()
    chain = [own, *(item.certificate for item in found if item.kind == "ca" and item.certificate is not None)]
    return "valid" if all(is_valid(item, now) for item in chain) else "expired"


def is_valid(certificate: x509.Certificate, now: datetime) -> bool:
    """Whether a moment lies within its validity."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def url_of(configuration: Configuration, name: str) -> str | None:
    """Where a trustpoint enrolls."""
    block = trustpoint(configuration, name)
    return option(block, "enrollment url") if block is not None else None


def request(router: Router, name: str) -> bytes | None:
    """The request of a trustpoint that its authority has not answered yet."""
    url = url_of(router.running, name)
    known = _authorities.get(router.clock, {}).get(url or "")
    return known.waiting.get((router.serial, name)) if known is not None else None


# -- enrolling


def subject(router: Router, block: Block, *, serial: bool, address: str = "") -> x509.Name:
    """The subject that a router asks for."""
    attributes = []
    for part in (option(block, "subject-name") or "").split(","):
        short, equal, text = part.partition("=")
        if equal and (oid := _BY_SHORT.get(short.strip().lower())) is not None and text.strip():
            attributes.append(x509.NameAttribute(oid, text.strip()[:64]))
    attributes.reverse()
    if serial:
        attributes.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, router.serial))
    if address:
        attributes.append(x509.NameAttribute(UNSTRUCTURED_ADDRESS, address))
    name = option(block, "fqdn") or full_name(router)
    if name != "none":
        attributes.append(x509.NameAttribute(UNSTRUCTURED_NAME, name))
    return x509.Name(attributes)


def full_name(router: Router) -> str:
    """The router's name with its domain, if it has one."""
    for start in ("ip domain name ", "ip domain-name "):
        if (block := router.running.find(start)) is not None:
            return f"{router.configured_name}.{block.text.split()[-1]}"
    return router.configured_name


def enroll(router: Router, name: str, asked: x509.Name, key: RSAPublicKey) -> bool:
    """Ask the authority of a trustpoint for a certificate; whether it came.

    Args:
        router: who asks.
        name: of the trustpoint; it has a URL.
        asked: the subject.
        key: to be certified.
    """
    signer = authority(router.clock, url_of(router.running, name) or "")
    if not signer.grants:
        signer.waiting[router.serial, name] = hashlib.sha1(public_der(key), usedforsecurity=False).digest()
        return False
    signer.waiting.pop((router.serial, name), None)
    certificate = signer.sign(asked, key, router.clock.now())
    put(router.running, name, "general", certificate)
    router.log("%PKI-6-CERTRET: Certificate received from Certificate Authority")
    _plan_renewal(router, name, certificate)
    return True


def renewal(configuration: Configuration, name: str, certificate: x509.Certificate) -> datetime | None:
    """When a router asks for its next certificate by itself; None if it is not told to."""
    block = trustpoint(configuration, name)
    words = (option(block, "auto-enroll") if block is not None else None) or ""
    share = words.split()[:1]
    if not share or not share[0].isdigit():
        return None
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return begin + (end - begin) * (int(share[0]) / 100)


def _plan_renewal(router: Router, name: str, certificate: x509.Certificate) -> None:
    when = renewal(router.running, name, certificate)
    if when is not None:
        router.clock.at(when, lambda: _renew(router, name, certificate))


def _renew(router: Router, name: str, old: x509.Certificate) -> None:
    current = next((item.certificate for item in held(router.running, name) if item.kind == "general"), None)
    if current != old or renewal(router.running, name, old) is None:
        return
    router.log(f"%PKI-6-CERTRENEWAUTO: Renewing the router certificate for trustpoint {name}")
    block = trustpoint(router.running, name)
    label, pair = next(((key.label, key) for key in router.keys.held.values() if _belongs(old, key)), ("", None))
    if block is not None and pair is not None and "regenerate" in (option(block, "auto-enroll") or ""):
        pair = replace(pair, private=generate(pair.private.key_size), made=router.clock.now())
        router.keys.held[label] = pair
    if pair is not None:
        enroll(router, name, old.subject, pair.private.public_key())


def _belongs(certificate: x509.Certificate, key: RsaKey) -> bool:
    return any(private.public_key() == certificate.public_key() for _, private in key.pairs)


def forget_key(router: Router, gone: RsaKey) -> None:
    """Remove the certificates that were issued for a key."""
    for name in trustpoints(router.running):
        chain = _chain(router.running, name)
        if chain is None:
            continue
        lost = {
            item.serial for item in _held(chain) if item.certificate is not None and _belongs(item.certificate, gone)
        }
        chain.keep([line for line in chain.lines if line.text.split()[-1] not in lost or " ca " in line.text])


# -- as IOS writes it


def serial(certificate: x509.Certificate) -> str:
    """Its number, in whole bytes."""
    text = f"{certificate.serial_number:X}"
    return text.zfill(len(text) + len(text) % 2)


def name_parts(name: x509.Name) -> list[str]:
    """``cn=...``, ``o=...``: the last part of the name first, as IOS does."""
    return [f"{_SHORT.get(item.oid, item.oid.dotted_string)}={item.value!s}" for item in reversed(list(name))]


def fingerprint(certificate: x509.Certificate, kind: str) -> str:
    """``MD5`` or ``SHA1`` in groups, with the blank that IOS leaves behind them."""
    digest = hashlib.new(
        kind.lower(), certificate.public_bytes(serialization.Encoding.DER), usedforsecurity=False
    ).digest()
    return " ".join(hex_groups(digest)) + " "
