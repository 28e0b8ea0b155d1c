"""Trustpoints and certificates on the terminal, against the lab's own certification authority."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from screens import RELEASES, Screen

from getvpn_ops.lab.clock import Clock
from getvpn_ops.lab.ios.identity import certificates
from getvpn_ops.lab.ios.releases import release as read_release
from getvpn_ops.lab.ios.router import Router

if TYPE_CHECKING:
    from cryptography import x509

START = datetime(2021, 3, 1, 10, 0, 0, tzinfo=UTC)
URL = "http://192.0.2.62:80"
FAMILIES = sorted(RELEASES)
TRUSTPOINT = [
    "ip domain name lab.example",
    *("crypto pki trustpoint CORP", f" enrollment url {URL}", " subject-name CN=R1, OU=VPN, O=Example"),
    *(" revocation-check none", " rsakeypair CORP-KEY 1024"),
]
QUIET = [" serial-number none", " ip-address none"]
SHARED = Clock(START, speed=0)  # so that only one authority has to make a key


def box(release: str = "17", *more: str, clock: Clock = SHARED) -> Screen:
    router = Router(hostname="R1", release=read_release(RELEASES[release]), clock=clock)
    assert router.load(["hostname R1", *TRUSTPOINT, *more]) == []
    return Screen(router=router)


def text(shown: str) -> str:
    return shown.replace("\r\n", "\n")


def enrolled(release: str = "17", *more: str, clock: Clock = SHARED) -> Screen:
    screen = box(release, *QUIET, *more, clock=clock)
    screen.enter("conf t", "crypto pki authenticate CORP", "yes", "crypto pki enroll CORP", "pw", "pw", "yes", "end")
    assert certificates.state(screen.router, "CORP") == "valid"
    return screen


def own(screen: Screen) -> x509.Certificate:
    return next(
        item.certificate
        for item in certificates.held(screen.router.running, "CORP")
        if item.kind == "general" and item.certificate is not None
    )


@pytest.mark.parametrize("release", FAMILIES)
def test_getting_a_certificate(release: str) -> None:
    screen = box(release)
    assert certificates.state(screen.router, "CORP") == "none"
    screen.enter("conf t")
    assert "% You must authenticate the Certificate Authority before\nyou can enroll with it." in text(
        screen.enter("crypto pki enroll CORP")
    )
    shown = text(screen.enter("crypto pki authenticate CORP"))
    authority = certificates.authority(SHARED, URL)
    assert f"       Fingerprint MD5: {certificates.fingerprint(authority.certificate, 'MD5')}\n" in shown
    assert shown.endswith("\n\n% Do you accept this certificate? [yes/no]: ")
    assert "Trustpoint CA certificate accepted." in screen.enter("yes")
    shown = text(screen.enter("crypto pki enroll CORP"))
    assert "% Start certificate enrollment .. \n% Create a challenge password." in shown
    assert shown.endswith("\n\nPassword: ")
    shown = text(screen.enter("secret-challenge", "secret-challenge"))
    assert "secret-challenge" not in shown
    assert "% The subject name in the certificate will include: R1.lab.example\n" in shown
    assert shown.endswith("% Include the router serial number in the subject name? [yes/no]: ")
    assert f"% The serial number in the certificate will be: {screen.router.serial}\n" in text(screen.enter("yes"))
    assert screen.shown.endswith("% Include an IP address in the subject name? [no]: ")
    assert screen.enter("yes").endswith("Enter Interface name or IP Address[]: ")
    assert screen.enter("192.0.2.1").endswith("Request certificate from CA? [yes/no]: ")
    assert "% Certificate request sent to Certificate Authority" in screen.enter("yes")
    assert certificates.state(screen.router, "CORP") == "valid"
    assert any(
        "%PKI-6-CERTRET: Certificate received from Certificate Authority" in line for line in screen.router.logged
    )
    certificate = own(screen)
    certificate.verify_directly_issued_by(authority.certificate)
    assert certificate.public_key() == screen.router.keys.held["CORP-KEY"].private.public_key()
    shown = text(screen.enter("end", "show crypto pki certificates"))
    assert "\n  Subject:\n    Name: R1.lab.example\n    IP Address: 192.0.2.1\n    Serial Number: " in shown
    assert "    cn=R1\n    ou=VPN\n    o=Example\n" in shown
    assert "    start date: 10:00:00 UTC Mar 1 2021\n    end   date: 10:00:00 UTC Mar 1 2022\n" in shown
    number = certificates.serial(certificate)
    assert (
        f"Certificate Serial Number{': 0x' + number.lstrip('0') if release == '12.4' else ' (hex): ' + number}\n"
        in shown
    )
    assert shown.index("\nCertificate\n") < shown.index("\nCA Certificate\n")


REFUSED = {
    "no-trustpoint": ("crypto pki authenticate NONE", "% CA trustpoint is not defined."),
    "no-trustpoint-to-enroll": ("crypto pki enroll NONE", "% CA trustpoint is not defined."),
    "authenticated-already": ("crypto pki authenticate CORP", "% Please delete your existing CA certificate first."),
}


@pytest.mark.parametrize(("typed", "answer"), REFUSED.values(), ids=REFUSED)
def test_refused(typed: str, answer: str) -> None:
    screen = box()
    screen.enter("conf t", "crypto pki authenticate CORP", "yes")
    assert answer in screen.enter(typed)


def test_a_fingerprint_that_is_not_accepted() -> None:
    screen = box()
    screen.enter("conf t", "crypto pki authenticate CORP", "no")
    assert certificates.held(screen.router.running, "CORP") == []


def test_an_expired_certificate() -> None:
    clock = Clock(START, speed=0)
    screen = enrolled(clock=clock)
    clock.advance(START + timedelta(days=364))
    assert certificates.state(screen.router, "CORP") == "valid"
    clock.advance(START + timedelta(days=366))
    assert certificates.state(screen.router, "CORP") == "expired"


def test_a_request_that_waits() -> None:
    screen = box("15", *QUIET)
    authority = certificates.authority(SHARED, URL)
    authority.grants = False
    try:
        screen.enter(
            "conf t", "crypto pki authenticate CORP", "yes", "crypto pki enroll CORP", "pw", "pw", "yes", "end"
        )
        assert certificates.state(screen.router, "CORP") == "pending"
        assert "  Status: Pending" in screen.enter("show crypto pki certificates CORP")
        assert "Certificate request(s) ..... Pending" in screen.enter("show crypto pki trustpoints status")
    finally:
        authority.grants = True
    screen.enter("conf t", "crypto pki enroll CORP", "pw", "pw", "yes", "end")
    assert certificates.state(screen.router, "CORP") == "valid"


def test_renewal_by_itself() -> None:
    clock = Clock(START, speed=0)
    screen = enrolled("15", " auto-enroll 80", clock=clock)
    first = own(screen)
    assert "    renew date: 10:00:00 UTC Dec 18 2021" in screen.enter("show crypto pki certificates")
    clock.advance(START + timedelta(days=293))
    assert own(screen) != first
    assert own(screen).public_key() == first.public_key()
    clock.advance(START + timedelta(days=366))
    assert certificates.state(screen.router, "CORP") == "valid"


@pytest.mark.parametrize("release", FAMILIES)
def test_certificates_are_lost_unless_saved_and_round_trip(release: str) -> None:
    screen = enrolled(release)
    before = own(screen)
    printed = text(screen.enter("show running-config")).split("\n")[1:-1]
    assert "crypto pki certificate chain CORP" in printed
    again = Router(release=screen.router.release, clock=SHARED)
    assert again.load(printed) == []
    assert list(again.running.lines()) == list(screen.router.running.lines())
    assert certificates.held(again.running, "CORP")[0].certificate is not None
    data = before.public_bytes(serialization.Encoding.DER).hex().upper()
    assert data in "".join(line.replace(" ", "") for line in printed)
    screen.router.reload()
    assert certificates.state(screen.router, "CORP") == "none"
    again.save()
    again.reload()
    assert {item.kind for item in certificates.held(again.running, "CORP")} == {"ca", "general"}


CUT = {
    "cut": ["30820311 308202F9 A0030201 02020A5A 3301FB00 00000009 300D0609 2A864886"],
    "garbage": ["00000000 11111111"],
    "empty": [],
}


@pytest.mark.parametrize("lines", CUT.values(), ids=CUT)
def test_a_chain_that_is_cut_loads(lines: list[str]) -> None:
    router = Router(clock=SHARED)
    chain = [
        "crypto pki certificate chain CORP",
        " certificate 5A3301FB00000009",
        *lines,
        " certificate ca 6C88",
        *lines,
    ]
    assert router.load([*TRUSTPOINT, *chain, "crypto isakmp policy 5", " group 14"]) == []
    assert [(item.serial, item.certificate) for item in certificates.held(router.running, "CORP")] == [
        ("5A3301FB00000009", None),
        ("6C88", None),
    ]
    assert certificates.state(router, "CORP") == "none"
    assert "crypto isakmp policy 5" in list(router.running.lines())
    assert Screen(router=router).enter("show crypto pki certificates").count("Certificate Serial") == 0


def test_removing_a_trustpoint_asks() -> None:
    screen = enrolled()
    screen.enter("conf t")
    shown = text(screen.enter("no crypto pki trustpoint CORP"))
    assert "% Removing an enrolled trustpoint will destroy all certificates\n received from the related" in shown
    assert shown.endswith("Are you sure you want to do this? [yes/no]: ")
    screen.enter("no")
    assert certificates.state(screen.router, "CORP") == "valid"
    screen.enter("no crypto pki trustpoint CORP", "yes")
    assert "% Be sure to ask the CA administrator to revoke your certificates." in screen.shown
    assert certificates.trustpoints(screen.router.running) == []
    assert not any("certificate chain" in line for line in screen.running())


def test_verbose_and_trustpoints() -> None:
    screen = enrolled("17")
    shown = text(screen.enter("show crypto pki certificates verbose CORP"))
    assert f"  Fingerprint SHA1: {certificates.fingerprint(own(screen), 'SHA1')}\n" in shown
    assert "    RSA Public Key: (1024 bit)\n" in shown
    assert "  Signature Algorithm: SHA256 with RSA Encryption\n" in shown
    assert "Storage" not in shown
    screen.enter("write memory")
    assert "  Storage: nvram:CORP#" in screen.enter("show crypto pki certificates verbose CORP")
    assert "    SCEP URL: http://192.0.2.62:80" in screen.enter("show crypto pki trustpoints")
    shown = text(screen.enter("show crypto pki trustpoints status"))
    assert "Trustpoint CORP:\n  Issuing CA certificate configured:\n    Subject Name:\n     cn=CA-192.0.2.62\n" in shown
    assert "    Keys generated ............. Yes (General Purpose, non-exportable)\n" in shown
    assert "    Issuing CA authenticated ....... Yes\n    Certificate request(s) ..... Yes\n" in shown
    assert "    CEP URL: http" in enrolled("12.4").enter("show crypto ca trustpoints")


def test_a_key_that_goes_takes_its_certificate_along() -> None:
    screen = enrolled()
    screen.enter("conf t", "crypto key zeroize rsa CORP-KEY", "yes", "end")
    assert [item.kind for item in certificates.held(screen.router.running, "CORP")] == ["ca"]
    assert certificates.state(screen.router, "CORP") == "none"


def test_renewal_with_a_new_key() -> None:
    clock = Clock(START, speed=0)
    screen = enrolled("17", " auto-enroll 50 regenerate", clock=clock)
    first = own(screen)
    clock.advance(START + timedelta(days=200))
    assert own(screen).public_key() != first.public_key()
    assert own(screen).public_key() == screen.router.keys.held["CORP-KEY"].private.public_key()
