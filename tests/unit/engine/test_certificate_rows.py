"""Certificates as rows: what each comes to by the router's own clock, and who could not say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from getvpn_ops.engine.certificates import certificate_rows, exit_code
from getvpn_ops.engine.collect import read_back
from getvpn_ops.engine.questions import CERTIFICATES, certificate_script
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.capture import Capture, Trouble, Visit
from getvpn_ops.model.certificates import CertificateRow, Standing
from getvpn_ops.model.inventory import Device, Inventory

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
CLOCK = "09:00:00.000 UTC Sun Mar 1 2026\nTime source is NTP\n"
OLD_CLOCK = "09:00:00.000 UTC Fri Feb 1 2019\nNo time source\n"
STATUS = """Trustpoint {name}:
  Issuing CA certificate configured:
    Subject Name:
     cn=Ravel Issuing CA
  Last enrollment status: Granted
  State:
    Keys generated ............. Yes (General Purpose, non-exportable)
    Issuing CA authenticated ....... Yes
    Certificate request(s) ..... {requests}

"""
BARE = """Trustpoint SPARE:
  Issuing CA certificate not configured.
  State:
    Keys generated ............. No
    Issuing CA authenticated ....... No
    Certificate request(s) ..... None

"""


def certificate(
    ends: str, *, begins: str = "09:00:00 UTC Jan 2 2026", renews: str = "", trustpoint: str = "RAVEL"
) -> str:
    renewal = f"    renew date: {renews}\n" if renews else ""
    return (
        "Certificate\n  Status: Available\n  Certificate Serial Number (hex): 6B01\n"
        "  Certificate Usage: General Purpose\n  Issuer: \n    cn=Ravel Issuing CA\n  Subject:\n"
        "    Name: tau-gm1.example.net\n    cn=tau-gm1\n  Validity Date: \n"
        f"    start date: {begins}\n    end   date: {ends}\n{renewal}  Associated Trustpoints: {trustpoint} \n\n"
    )


PENDING = (
    "Certificate\n  Subject:\n    Name: tau-gm1.example.net\n  Status: Pending\n  Key Usage: General Purpose\n"
    "  Certificate Request Fingerprint MD5: 00112233 44556677 8899AABB CCDDEEFF \n"
    "  Associated Trustpoint: RAVEL \n\n"
)
FAR, NEAR, PAST = "09:00:00 UTC Mar 1 2027", "10:00:00 UTC Mar 11 2026", "08:00:00 UTC Feb 27 2026"
GRANTED = STATUS.format(name="RAVEL", requests="Yes")
Answers = tuple[str | None, str | None, str | None]

CASES: dict[str, tuple[Answers, Standing, int | None, str, ExitCode]] = {
    "valid": ((CLOCK, certificate(FAR), GRANTED), Standing.VALID, 365, "", ExitCode.GOOD),
    "ended": ((CLOCK, certificate(PAST), GRANTED), Standing.ENDED, -3, "nobody accepts it", ExitCode.FINDINGS),
    "ends soon": ((CLOCK, certificate(NEAR), GRANTED), Standing.ENDS_SOON, 10, "fewer than 30", ExitCode.FINDINGS),
    "ends soon, and is renewed before": (
        (CLOCK, certificate(NEAR, renews="01:00:00 UTC Mar 9 2026"), GRANTED), Standing.VALID, 10, "", ExitCode.GOOD,
    ),
    "its renewal was missed": (
        (CLOCK, certificate(NEAR, renews="01:00:00 UTC Feb 9 2026"), GRANTED),
        Standing.ENDS_SOON, 10, "does not renew it", ExitCode.FINDINGS,
    ),
    "the router's clock is years behind": (
        (OLD_CLOCK, certificate(FAR), GRANTED), Standing.NOT_BEGUN, 2950, "2019-02-01", ExitCode.FINDINGS,
    ),
    "no clock: that of the answer": ((None, certificate(PAST), GRANTED), Standing.ENDED, -3, "", ExitCode.FINDINGS),
    "waited for": ((CLOCK, PENDING, None), Standing.PENDING, None, "not given it yet", ExitCode.FINDINGS),
    "no date": (
        (CLOCK, PENDING.replace("Pending", "Available"), GRANTED),
        Standing.UNKNOWN, None, "does not tell when it ends", ExitCode.UNDETERMINED,
    ),
    "refused": (
        (CLOCK, "% Invalid input detected at '^' marker.\n", GRANTED),
        Standing.UNKNOWN, None, "refused the command", ExitCode.UNDETERMINED,
    ),
    "garbage": ((CLOCK, "lorem ipsum\n", None), Standing.UNKNOWN, None, "could not be read", ExitCode.UNDETERMINED),
    "none": ((CLOCK, "\n", "\n"), Standing.NONE, None, "", ExitCode.GOOD),
    "of IOS alone": (
        (CLOCK, certificate(PAST, trustpoint="CISCO_IDEVID_SUDI"), "\n"), Standing.NONE, None, "", ExitCode.GOOD,
    ),
    "a trustpoint without one": ((CLOCK, "\n", BARE), Standing.NOT_ENROLLED, None, "", ExitCode.GOOD),
    "a trustpoint that waits": (
        (CLOCK, "\n", STATUS.format(name="RAVEL", requests="Pending")),
        Standing.PENDING, None, "not given it yet", ExitCode.FINDINGS,
    ),
}  # fmt: skip


def rows(answers: Answers, days: int = 30) -> tuple[CertificateRow, ...]:
    captures = [
        Capture("tau-gm1", command, text.encode(), NOW)
        for command, text in zip(CERTIFICATES, answers, strict=True)
        if text is not None
    ]
    visits = {"tau-gm1": Visit("tau-gm1", NOW, NOW, commands=len(captures))}
    return certificate_rows(read_back(captures, visits, Inventory(), [Device("tau-gm1")]), days)


@pytest.mark.parametrize("name", CASES)
def test_what_a_certificate_comes_to(name: str) -> None:
    answers, standing, left, why, code = CASES[name]
    found = rows(answers)
    assert [(row.device, row.standing, row.days_left) for row in found] == [("tau-gm1", standing, left)]
    assert why in found[0].reason
    assert bool(found[0].reason) is (standing not in {Standing.VALID, Standing.NONE, Standing.NOT_ENROLLED})
    assert exit_code(found) is code


ENROLMENTS = {
    "granted": (GRANTED, "granted"),
    "another is asked for": (STATUS.format(name="RAVEL", requests="Pending"), "requested, not given yet"),
    "not told": (None, "not told"),
    "of another trustpoint": (STATUS.format(name="OTHER", requests="Yes"), "not told"),
}


@pytest.mark.parametrize("name", ENROLMENTS)
def test_how_far_an_enrolment_is(name: str) -> None:
    status, words = ENROLMENTS[name]
    row = next(row for row in rows((CLOCK, certificate(FAR), status)) if row.trustpoint == "RAVEL")
    assert (row.enrolment, row.subject, row.issuer, row.serial) == (words, "cn=tau-gm1", "cn=Ravel Issuing CA", "6B01")


def test_the_most_urgent_comes_first_and_nobody_is_left_out() -> None:
    found = rows(
        (CLOCK, certificate(FAR) + certificate(PAST, trustpoint="OLD") + certificate(NEAR, trustpoint="S"), BARE)
    )
    assert [row.trustpoint for row in found] == ["OLD", "S", "RAVEL", "SPARE"]
    assert "the CA is not authenticated" in found[-1].enrolment


def test_a_device_that_did_not_answer_is_unknown() -> None:
    silent = Visit("tau-gm1", NOW, NOW, trouble=Trouble.REFUSED, reason="nobody there")
    state = read_back([], {"tau-gm1": silent}, Inventory(), [Device("tau-gm1"), Device("tau-gm2")], "not in it")
    found = certificate_rows(state, 30)
    assert {row.device: row.standing for row in found} == dict.fromkeys(("tau-gm1", "tau-gm2"), Standing.UNKNOWN)
    assert any("nobody there" in row.reason for row in found)
    assert exit_code(found) is ExitCode.UNDETERMINED
    assert exit_code(()) is ExitCode.UNDETERMINED


def test_fewer_days_may_be_enough() -> None:
    assert rows((CLOCK, certificate(NEAR), GRANTED), days=10)[0].standing is Standing.VALID


def test_only_show_commands_are_asked() -> None:
    assert list(certificate_script(Device("tau-gm1"))) == list(CERTIFICATES)
