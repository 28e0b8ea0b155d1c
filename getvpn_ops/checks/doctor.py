"""What the program itself needs of a device, and how to give it: ``doctor``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from getvpn_ops.checks.health.device import same_release
from getvpn_ops.checks.views import gdoi_addresses
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.outcome import Finding, Seen, Severity, Status
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.system import Archive, NtpStatus
from getvpn_ops.model.state.version import Version
from getvpn_ops.registry import NoParams, Registry, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.model.fleet import DeviceState

_OLDEST = (12, 4)
_TRAIN = re.compile(r"12\.4\((\d+)\w*\)([A-Z]?)")
"""Of 12.4: number of the maintenance release, and the letter of the train; none is the mainline, without GETVPN."""
_FIRST = 11


def _finding(  # noqa: PLR0913 -- the parts of one record
    state: DeviceState,
    message: str,
    *,
    good: bool | None,
    expected: str = "",
    actual: str = "",
    fix: tuple[str, ...] = (),
    seen: tuple[Seen, ...] = (),
) -> Finding:
    status = Status.NOT_APPLICABLE if good is None else Status.PASS if good else Status.FAIL
    return Finding(
        status=status,
        subject=state.name,
        message=message,
        expected=expected,
        actual=actual,
        device=state.name,
        evidence=seen,
        next_steps=fix if status is Status.FAIL else (),
    )


def login(state: DeviceState, _params: NoParams) -> Iterator[Finding]:
    """Nothing can be known of a device that lets nobody in.

    One attempt a device is made, and none after some devices in a row refused: a wrong password must not lock the
    account everywhere.
    """
    visit = state.visit
    if visit is None:
        raise EvidenceMissingError(f"{state.name} was not asked")
    good = visit.trouble is None
    fix = (visit.next_step,) if visit.next_step else ()
    said = "" if visit.trouble is None else f"{visit.trouble.value}: {visit.reason}" if visit.reason else visit.trouble
    actual = f"in by {visit.engine}" if good else str(said)
    yield _finding(state, "login", good=good, expected="in, and every command answered", actual=actual, fix=fix)


def hostname(state: DeviceState, _params: NoParams) -> Iterator[Finding]:
    """A prompt with another name may be another router: a wrong address in the inventory is how changes go astray."""
    visit = state.visit
    wanted = state.device.expected_hostname or state.device.name
    if visit is not None and visit.trouble is Trouble.UNEXPECTED_PROMPT:
        fix = (visit.next_step,) if visit.next_step else ()
        yield _finding(state, "name in the prompt", good=False, expected=wanted, actual=visit.reason, fix=fix)
        return
    if visit is None or not visit.hostname:
        raise EvidenceMissingError(f"{state.name} showed no prompt")
    good = visit.hostname.casefold() == wanted.casefold()
    fix = (f"hosts.yaml: {state.name}: data: expected_hostname: {visit.hostname}, if this is the right router",)
    yield _finding(state, "name in the prompt", good=good, expected=wanted, actual=visit.hostname, fix=fix)


def privilege(state: DeviceState, _params: NoParams) -> Iterator[Finding]:
    """``passive`` stands in the configuration and nowhere else, so the account must be able to show it."""
    refused = state.refused(RunningConfig)
    if not refused and not state.has(RunningConfig) and state.silent(RunningConfig) is None:
        state.latest(RunningConfig)  # says why
    fix = (
        "give the account privilege 15, or an enable secret in `credentials` of getvpn-ops.yaml",
        "or `privilege exec level N show running-config` on the router, with a view of the whole of it",
    )
    actual = "the router refuses show running-config" if refused else "it can be read"
    yield _finding(state, "configuration", good=not refused, expected="it can be read", actual=actual, fix=fix)


def release(state: DeviceState, _params: NoParams) -> Iterator[Finding]:
    """GETVPN needs 12.4(11)T or later; what an older one prints is not known here."""
    version = state.latest(Version)
    text = version.value.release or ""
    found = re.match(r"(\d+)\.(\d+)", text)
    if found is None:
        raise EvidenceMissingError(f"{state.name}: {version.seen.command} names no release")
    train = _TRAIN.match(text)
    good = (int(found[1]), int(found[2])) >= _OLDEST
    if train is not None:
        good = bool(train[2]) and int(train[1]) >= _FIRST
    yield _finding(
        state,
        "release",
        good=good,
        expected="12.4(11)T or later",
        actual=text,
        seen=(version.seen,),
        fix=("leave this router out: data.role: ce",),
    )
    said = state.device.release
    if said and not any(same_release(said, shown) for shown in (text, version.value.xe_release or text)):
        yield _finding(
            state,
            "release in the inventory",
            good=False,
            expected=said,
            actual=text,
            seen=(version.seen,),
            fix=(f"hosts.yaml: {state.name}: data: release: {text}",),
        )


def serial(state: DeviceState, _params: NoParams) -> Iterator[Finding]:
    """With the serial number in the inventory a wrong router behind an address is found before anything is sent."""
    known, visit = state.device.serial, state.visit
    if visit is not None and visit.trouble is Trouble.WRONG_DEVICE:  # it was told so, and asked no further
        fix = (visit.next_step,)
        yield _finding(state, "serial number", good=False, expected=known, actual=visit.reason, fix=fix)
        return
    version = state.latest(Version)
    shown = {item for item in (version.value.board_id, *(udi.serial_number for udi in version.value.udis)) if item}
    if not shown:
        raise EvidenceMissingError(f"{state.name}: {version.seen.command} names no serial number")
    actual = ", ".join(sorted(shown))
    fix = (f"hosts.yaml: {state.name}: data: serial: {actual}",)
    good = None if not known else known.upper() in {item.upper() for item in shown}
    yield _finding(state, "serial number", good=good, expected=known, actual=actual, fix=fix, seen=(version.seen,))


def software(state: DeviceState, _params: NoParams) -> Iterator[Finding]:
    """An image or licence without GDOI refuses the commands that everything else rests on."""
    if state.device.role is Role.OUTSIDER:
        yield _finding(state, "GDOI in this software", good=None, actual="not a member")
        return
    refused = state.refused(Gdoi)
    if not refused and state.silent(Gdoi) is None:
        state.latest(Gdoi)  # says why
    fix = ("an image with advanced security (12.4T), `license boot module ... securityk9`, or the licence `security`",)
    actual = "show crypto gdoi is refused" if refused else "show crypto gdoi is known"
    yield _finding(state, "GDOI in this software", good=not refused, actual=actual, fix=fix)


def readable(state: DeviceState, _params: NoParams) -> Iterator[Finding]:
    """An answer that cannot be read makes checks UNKNOWN: a gap of this program, worth a report with the text."""
    broken = [item for item in state.evidence if item.parsed is None and not item.trouble and not item.empty]
    odd = [item for item in state.evidence if item.parsed is not None and item.parsed.unrecognized]
    if not state.evidence:
        raise EvidenceMissingError(f"{state.name} answered nothing")
    for item in broken:
        yield _finding(
            state,
            item.command,
            good=False,
            expected="readable",
            actual=item.reason,
            seen=(item.seen,),
            fix=(f'getvpn-ops parse "{item.command}" on the text shows the line',),
        )
    for item in odd:
        lines = item.parsed.unrecognized if item.parsed is not None else ()
        first = lines[0].text.strip()
        yield Finding(
            status=Status.PASS,
            subject=state.name,
            message=f"{item.command}: lines that no rule knows",
            actual=f"{len(lines)}, such as {first!r}",
            device=state.name,
            evidence=(item.seen,),
        )
    if not broken:
        yield _finding(state, "answers that can be read", good=True, actual=f"all {len(state.evidence)}")


def address(state: DeviceState, _params: NoParams) -> Iterator[Finding]:
    """Key servers know members by the address they register with.

    Without it in the inventory a member that is missing on the key servers is only found when the member itself
    answers.
    """
    if state.device.role is Role.OUTSIDER:
        yield _finding(state, "GDOI addresses", good=None, actual="not a member")
        return
    sample = state.latest(Gdoi)
    told = gdoi_addresses(state) - set(state.device.gdoi_addresses)
    known = ", ".join(map(str, state.device.gdoi_addresses))
    every = ", ".join(sorted(map(str, gdoi_addresses(state))))
    if not every:
        yield Finding(
            status=Status.UNKNOWN,
            subject=state.name,
            message="GDOI addresses in the inventory",
            expected="said in the inventory",
            actual=f"none, and {sample.seen.command} of this release names no address of the router itself",
            device=state.name,
            evidence=(sample.seen,),
            next_steps=(f"hosts.yaml: {state.name}: data: gdoi_addresses: [that of the crypto map's interface]",),
        )
        return
    fix = (f"hosts.yaml: {state.name}: data: gdoi_addresses: [{every}]",)
    yield _finding(
        state,
        "GDOI addresses in the inventory",
        good=not told,
        expected=every,
        actual=known or "none",
        fix=fix,
        seen=(sample.seen,),
    )


def role(state: DeviceState, _params: NoParams) -> Iterator[Finding]:
    """The role decides what is asked, in which order devices are changed, and who must never be reloaded by a timer."""
    sample = state.latest(Gdoi)
    server = any(group.is_key_server for group in sample.value.groups)
    member = any(not group.is_key_server for group in sample.value.groups)
    actual = " and ".join(word for word, holds in (("ks", server), ("gm", member)) if holds) or "in no group"
    said = state.device.role
    fits = {Role.KEY_SERVER: server, Role.MEMBER: member, Role.OUTSIDER: not server and not member}
    good = said is None or fits[said]
    fix = (f"hosts.yaml: {state.name}: data: role", "show crypto gdoi on the router")
    expected = said.value if said is not None else "said in the inventory"
    yield _finding(state, "role", good=good, expected=expected, actual=actual, fix=fix, seen=(sample.seen,))


def time(state: DeviceState, _params: NoParams) -> Iterator[Finding]:
    """Certificates, logs and reports of several routers make sense only by one time."""
    ntp = state.latest(NtpStatus)
    good = ntp.value.state == "synchronized"
    actual = ntp.value.state or ntp.value.not_running
    if not actual:
        raise EvidenceMissingError(f"{state.name}: {ntp.seen.command} does not tell whether the clock is synchronized")
    fix = ("ntp server A, two of them, and `show ntp associations`",)
    yield _finding(state, "NTP", good=good, expected="synchronized", actual=actual, fix=fix, seen=(ntp.seen,))


def archive(state: DeviceState, _params: NoParams) -> Iterator[Finding]:
    """The revert timer, the way back of a member that lost its operator, rests on the configuration archive.

    It is never used on a key server, so a key server needs none.
    """
    if state.device.role is not Role.MEMBER:
        yield _finding(state, "configuration archive", good=None, actual="used on members only")
        return
    if state.refused(Archive):
        yield _finding(state, "configuration archive", good=None, actual="this release has none")
        return
    sample = state.latest(Archive)
    good = sample.value.not_enabled is None
    fix = ("archive / path flash:archive / maximum 10",)
    actual = "configured" if good else sample.value.not_enabled or ""
    yield _finding(
        state, "configuration archive", good=good, expected="configured", actual=actual, fix=fix, seen=(sample.seen,)
    )


def _spec(id_: str, title: str, severity: Severity, examine: object) -> Spec[DeviceState, NoParams]:
    return Spec(id=id_, title=title, severity=severity, params=NoParams, examine=examine)  # type: ignore[arg-type]


DOCTOR_CHECKS: Registry[DeviceState] = Registry(
    "doctor check",
    (
        _spec("doctor-login", "The device lets us in", Severity.CRITICAL, login),
        _spec("doctor-hostname", "The prompt has the expected name", Severity.MAJOR, hostname),
        _spec("doctor-serial", "The serial number is that of the inventory", Severity.MAJOR, serial),
        _spec("doctor-privilege", "The configuration can be read", Severity.MAJOR, privilege),
        _spec("doctor-release", "The release is known", Severity.MAJOR, release),
        _spec("doctor-software", "The software has GDOI", Severity.CRITICAL, software),
        _spec("doctor-readable", "Every answer can be read", Severity.MINOR, readable),
        _spec("doctor-address", "The inventory knows its GDOI addresses", Severity.MINOR, address),
        _spec("doctor-role", "The role is that of the inventory", Severity.MAJOR, role),
        _spec("doctor-time", "The clock is synchronized", Severity.MINOR, time),
        _spec("doctor-archive", "A member has a configuration archive", Severity.MINOR, archive),
    ),
)
"""Over a device, in the order in which a person would mend them."""
