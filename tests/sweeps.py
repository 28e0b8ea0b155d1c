"""Finished sweeps to report on: one of every kind of outcome, a big one, one with a text of choice in every field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from getvpn_ops.engine.compare import compare
from getvpn_ops.model.capture import Trouble, Visit
from getvpn_ops.model.fleet import Depth
from getvpn_ops.model.outcome import Finding, Outcome, Seen, Severity, Status
from getvpn_ops.model.report import NotLookedAt, SpecTitle, Subject, SubjectKind, Sweep

START = datetime(2026, 3, 1, 8, 5, tzinfo=UTC)
END = START + timedelta(seconds=95)

PRIMARY = SpecTitle("coop-single-primary", "Exactly one key server is primary", Severity.CRITICAL)
PARITY = SpecTitle("parity-acl", "Every key server has the same ACL", Severity.MAJOR)
REGISTERED = SpecTitle("member-registered", "The member is registered", Severity.MAJOR)
SPI = SpecTitle("member-spi", "The member has the SPI of its key server", Severity.CRITICAL)
TRAFFIC = SpecTitle("member-encrypts", "The member encrypts and decrypts", Severity.MINOR)
REACHABLE = SpecTitle("device-reachable", "The device answers", Severity.MAJOR)
CPU = SpecTitle("device-cpu", "The CPU has room", Severity.INFO)
SPECS = (PRIMARY, PARITY, REGISTERED, SPI, TRAFFIC, REACHABLE, CPU)


def seen(device: str, command: str, old: float = 30) -> Seen:
    return Seen(device=device, command=command, taken_at=END - timedelta(seconds=old))


def outcome(spec: SpecTitle, subject: str, status: Status, *findings: Finding, reason: str = "") -> Outcome:
    return Outcome(
        spec_id=spec.id, subject=subject, severity=spec.severity, status=status, findings=findings, reason=reason
    )


def finding(
    status: Status, subject: str, message: str, expected: str = "", actual: str = "", **more: object
) -> Finding:
    return Finding.model_validate(
        {"status": status, "subject": subject, "message": message, "expected": expected, "actual": actual, **more}
    )


def visit(device: str, trouble: Trouble | None = None, reason: str = "", next_step: str = "") -> Visit:
    asked = 0 if trouble else 12
    return Visit(
        device, START, END, "" if trouble else "libssh2 1.11.1", "" if trouble else device, asked, trouble, reason,
        next_step,
    )  # fmt: skip


def _group(name: str) -> Subject:
    return Subject(name, SubjectKind.GROUP, name)


def _member(device: str, group: str) -> Subject:
    return Subject(f"{device} ({group})", SubjectKind.MEMBER, group, device)


def _device(name: str) -> Subject:
    return Subject(name, SubjectKind.DEVICE, device=name)


def registration(device: str, *, registered: bool, group: str = "WAN") -> Outcome:
    subject = f"{device} ({group})"
    status = Status.PASS if registered else Status.FAIL
    found = finding(
        status, subject, "registration", "registered", "registered" if registered else "not registered", device=device,
        evidence=(seen(device, "show crypto gdoi"),),
        next_steps=() if registered else ("getvpn-ops diagnose " + device, "show crypto isakmp sa"),
    )  # fmt: skip
    return outcome(REGISTERED, subject, status, found)


def mixed() -> Sweep:
    """Two groups; a split, members that are not registered, one device that is silent, a crash, a waiver."""
    members = ("lon-gm1", "lon-gm2", "par-gm1", "mil-gm1")
    silent = visit("mil-gm1", Trouble.UNREACHABLE, "no answer within 10 s", "ping it from the jump host")
    outcomes = [
        outcome(
            PRIMARY, "WAN", Status.FAIL,
            finding(
                Status.FAIL, "WAN", "COOP primaries", "exactly one", "lds-ks1, ams-ks1", device="ams-ks1",
                evidence=tuple(seen(name, "show crypto gdoi ks coop", 40 + at) for at, name in
                               enumerate(("lds-ks1", "ams-ks1", "dub-ks1"))),
                next_steps=("show crypto gdoi ks coop on every key server", "is UDP 848 open between them?"),
            ),
        ),
        outcome(PRIMARY, "PAYMENTS", Status.PASS,
                finding(Status.PASS, "PAYMENTS", "COOP primaries", "exactly one", "lds-ks1", device="lds-ks1")),
        outcome(PARITY, "WAN", Status.UNKNOWN, reason="dub-ks1: show crypto gdoi ks acl: the answer was cut"),
        outcome(PARITY, "PAYMENTS", Status.WAIVED, finding(Status.FAIL, "PAYMENTS", "ACL text", "equal", "differs"),
                reason="change 4711 is under way"),
        registration("lon-gm1", registered=False),
        registration("lon-gm2", registered=False),
        registration("par-gm1", registered=True),
        outcome(REGISTERED, "mil-gm1 (WAN)", Status.UNKNOWN, reason="mil-gm1: unreachable: no answer within 10 s"),
        outcome(
            SPI, "par-gm1 (WAN)", Status.FAIL,
            finding(Status.FAIL, "par-gm1 (WAN)", "TEK SPI", "0x0A0B0C0D", "0x01020304, 64 s left", device="par-gm1",
                    evidence=(seen("par-gm1", "show crypto gdoi"), seen("lds-ks1", "show crypto gdoi ks policy", 50)),
                    next_steps=("clear crypto gdoi on par-gm1 alone, while the old SA lives",)),
        ),
        outcome(SPI, "mil-gm1 (WAN)", Status.UNKNOWN, reason="mil-gm1: unreachable: no answer within 10 s"),
        outcome(SPI, "lon-gm1 (WAN)", Status.ERROR, reason="KeyError: 'spi'"),
        outcome(TRAFFIC, "par-gm1 (WAN)", Status.NOT_APPLICABLE,
                finding(Status.NOT_APPLICABLE, "par-gm1 (WAN)", "traffic", actual="the group is receive-only")),
        outcome(REACHABLE, "mil-gm1", Status.FAIL,
                finding(Status.FAIL, "mil-gm1", "session", "every command answered", "unreachable", device="mil-gm1")),
        *(outcome(REACHABLE, name, Status.PASS, finding(Status.PASS, name, "session", actual="12 commands"))
          for name in ("lds-ks1", "ams-ks1", "dub-ks1", *members[:3])),
    ]  # fmt: skip
    earlier = [
        registration("lon-gm1", registered=False),
        registration("lon-gm2", registered=True),
        registration("par-gm1", registered=False),
        outcome(CPU, "old-gm1", Status.FAIL, finding(Status.FAIL, "old-gm1", "CPU", "below 80 %", "97 %")),
    ]
    devices = ("lds-ks1", "ams-ks1", "dub-ks1", *members)
    return Sweep(
        kind="health",
        run="20260301-080500-7f3a",
        source="devices",
        started=START,
        ended=END,
        depth=Depth.SAMPLE,
        selected=9,
        visits=(*(visit(name) for name in devices if name != "mil-gm1"), silent),
        outcomes=tuple(outcomes),
        specs=SPECS,
        not_looked_at=(
            NotLookedAt("mil-gm1", "unreachable: no answer within 10 s"),
            NotLookedAt("rom-gm1", "not in the sample"),
            NotLookedAt("rom-gm2", "not in the sample"),
        ),
        compared_with="20260228-080500-11aa",
        changes=compare(earlier, outcomes),
        notes=("one line of the inventory was not understood",),
        subjects=(
            _group("WAN"), _group("PAYMENTS"), *(_member(name, "WAN") for name in members), *map(_device, devices),
        ),
    )  # fmt: skip


def all_well() -> Sweep:
    return _sweep(
        (registration("lon-gm1", registered=True),), (visit("lon-gm1"),), (_group("WAN"), _member("lon-gm1", "WAN"))
    )


def empty() -> Sweep:
    return _sweep((), (), ())


def _sweep(outcomes: tuple[Outcome, ...], visits: tuple[Visit, ...], subjects: tuple[Subject, ...]) -> Sweep:
    return Sweep(
        kind="health", run="", source="devices", started=START, ended=END, depth=Depth.FULL, selected=len(visits),
        visits=visits, outcomes=outcomes, specs=SPECS, subjects=subjects,
    )  # fmt: skip


def large(members: int, *, failing: int = 40, silent: int = 5, distinct: bool = False) -> Sweep:
    """A big group: some members fail alike, or each in its own way, some are silent, all others are well."""
    names = [f"site{number:04}-gm1" for number in range(members)]
    outcomes: list[Outcome] = [outcome(PRIMARY, "WAN", Status.PASS, finding(Status.PASS, "WAN", "COOP primaries"))]
    visits = []
    for number, name in enumerate(names):
        subject = f"{name} (WAN)"
        if number < silent:
            visits.append(visit(name, Trouble.UNREACHABLE, f"10.0.{number // 250}.{number % 250} did not answer"))
            reason = f"{name}: unreachable: {visits[-1].reason}"
            outcomes += [outcome(spec, subject, Status.UNKNOWN, reason=reason) for spec in (REGISTERED, SPI, TRAFFIC)]
            continue
        visits.append(visit(name))
        outcomes.append(registration(name, registered=number >= silent + failing))
        spi = f"0x{number:08X}" if distinct else "0x0A0B0C0D"
        outcomes.append(
            outcome(SPI, subject, Status.FAIL if distinct else Status.PASS,
                    finding(Status.FAIL if distinct else Status.PASS, subject, "TEK SPI", "0x0A0B0C0D", spi,
                            device=name, evidence=(seen(name, "show crypto gdoi"),)))
        )  # fmt: skip
        outcomes.append(outcome(TRAFFIC, subject, Status.PASS, finding(Status.PASS, subject, "traffic", actual="both")))
        outcomes.append(outcome(REACHABLE, name, Status.PASS, finding(Status.PASS, name, "session")))
        outcomes.append(outcome(CPU, name, Status.PASS, finding(Status.PASS, name, "CPU", "below 80 %", "12 %")))
    subjects = (_group("WAN"), *(_member(name, "WAN") for name in names), *map(_device, names))
    return _sweep(tuple(outcomes), tuple(visits), subjects)


def hostile(text: str) -> Sweep:
    """The same text in every field that a device, an inventory or a person could fill."""
    word = text or "x"
    spec = SpecTitle("coop-single-primary", text, Severity.MAJOR)
    evidence = (Seen(device=word, command=text, taken_at=END),)

    def one(status: Status, *, with_finding: bool = True) -> Outcome:
        found = finding(
            status, word, f"what {text}", text, text, device=word, evidence=evidence, next_steps=(text, text)
        )
        return outcome(spec, word, status, *((found,) if with_finding else ()), reason=text)

    outcomes = tuple(one(status, with_finding=with_finding) for status in Status for with_finding in (True, False))
    before = tuple(item.model_copy(update={"status": Status.PASS}) for item in outcomes)
    return Sweep(
        kind="health", run=text, source=text, started=START, ended=END, depth=Depth.FULL, selected=1,
        visits=(Visit(word, START, END, text, text, 0, Trouble.DROPPED, text, text),),
        outcomes=outcomes, specs=(spec,), not_looked_at=(NotLookedAt(word, text),), compared_with=word,
        changes=compare(before, outcomes), notes=(text,),
        subjects=(_group(word), Subject(word, SubjectKind.MEMBER, word, word)),
    )  # fmt: skip
