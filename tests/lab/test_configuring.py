"""One step of a change on routers of three releases: taken, refused, dropped, asked, locked, cancelled.

The short form meets every fault at every line, on one release or another; the soak form on every release.
"""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conftest import SOAK
from ssh_servers import ENGINES, LOGIN, Script, line, scripted, target

from getvpn_ops.devices.configuring import send_step
from getvpn_ops.devices.permissions import Purpose
from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.devices.session import Session
from getvpn_ops.devices.terms import Cancel, SessionError, Stop
from getvpn_ops.lab.faults import fault
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.change import ChangeLine, ChangeStep, StepKind
from getvpn_ops.model.config.secret import Secret, placeholder
from getvpn_ops.model.plain import to_plain
from getvpn_ops.model.receipt import Hindrance, LineState, StepOutcome, StepReceipt

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from pathlib import Path

    import asyncssh
    from lab_routers import Port

RELEASES = ("12.4", "15", "17")
PSK = "canary-Psk-77"
LIST = ("ip access-list extended GM-LOCAL",)
POLICY = ("crypto isakmp policy 10",)
GROUP = ("crypto gdoi group WAN",)
PORT = ("interface GigabitEthernet0/0/0",)


def keyed(text: str) -> ChangeLine:
    """A line with the canary."""
    whole = text.format(PSK)
    return ChangeLine(text.format(placeholder(PSK)), (), Secret.of("line", whole))


LINES = (
    ChangeLine("deny ip 10.1.0.0 0.0.255.255 any", LIST),
    ChangeLine("deny udp any eq 848 any eq 848", LIST),
    keyed("crypto isakmp key {} address 10.9.0.2"),
    ChangeLine("lifetime 3600", POLICY),
    ChangeLine("server address ipv4 10.9.0.2", GROUP),
    ChangeLine("description uplink of the new provider", PORT),
    ChangeLine("crypto map GM 10 gdoi"),
    ChangeLine("set group WAN", ("crypto map GM 10 gdoi",)),
)
BACK = (
    ChangeLine("no crypto map GM 10"),
    ChangeLine("description to the provider", PORT),
    ChangeLine("no server address ipv4 10.9.0.2", GROUP),
    ChangeLine("no lifetime", POLICY),
    keyed("no crypto isakmp key {} address 10.9.0.2"),
    ChangeLine("no ip access-list extended GM-LOCAL"),
)
STEP = ChangeStep(StepKind.SET, "a second key server", LINES, BACK)
IN_FORCE = (
    "10.1.0.0",
    "848",
    PSK,
    "lifetime 3600",
    "ipv4 10.9.0.2",
    "new provider",
    "crypto map GM 10",
    "set group WAN",
)


def running(port: Port) -> list[str]:
    return list(port.router.running.lines())


def typed(at: int) -> str:
    """What the lab sees of a line, whole."""
    return f"^{re.escape(LINES[at].true_text)}$"


def send(
    port: Port, folder: Path, step: ChangeStep = STEP, engine: str = "libssh", stop: Stop | None = None
) -> StepReceipt:
    """Send a step over a session of its own; the receipt holds no secret, and a session that left can go on."""
    made = target(port.number, folder, engine, command_timeout=1)
    with Session.open(made, LOGIN, stop or Stop(60), purpose=Purpose.CHANGE) as session:
        receipt = send_step(session, step, Redactor().text)
        if receipt.left and receipt.hindrance not in {Hindrance.CANCELLED, Hindrance.DEADLINE}:
            assert b":" in session.show("show clock")
    assert PSK not in str(to_plain(receipt))
    assert receipt.device == "r1"
    until = time.monotonic() + 10
    while port.router.sessions and time.monotonic() < until:
        time.sleep(0.01)
    assert not port.router.sessions
    return receipt


@pytest.mark.parametrize(
    ("release", "engine"),
    [(release, engine) for release in RELEASES for engine in ENGINES][:1]
    + [(release, engine) for release in RELEASES[1:] for engine in ENGINES],
)  # Paramiko has no key exchange for 12.4
def test_a_step_that_is_taken_and_then_undone(
    start: Callable[..., Port], tmp_path: Path, release: str, engine: str
) -> None:
    port = start(release)
    before = running(port)
    receipt = send(port, tmp_path, engine=engine)
    assert (receipt.outcome, receipt.hindrance, receipt.left) == (StepOutcome.APPLIED, None, True)
    assert [told.state for told in receipt.lines] == [LineState.ACCEPTED] * len(LINES)
    assert receipt.entered.startswith("Enter configuration commands")
    assert "% NOTE: This new crypto map will remain disabled" in receipt.lines[6].said
    assert not receipt.undo
    assert 0 < receipt.seconds < 20
    after = running(port)
    assert all(any(words in shown for shown in after) for words in IN_FORCE)
    undone = send(port, tmp_path, replace(STEP, lines=BACK, rollback=LINES), engine)
    assert undone.outcome is StepOutcome.APPLIED
    assert running(port) == before


REFUSALS = {
    "invalid": ("% Invalid input detected at '^' marker.", Hindrance.REFUSED, LineState.REFUSED),
    "incomplete": ("% Incomplete command.", Hindrance.REFUSED, LineState.REFUSED),
    "in use": ("% Crypto-map GM is in use by interface(s): Gi0/0/0", Hindrance.REFUSED, LineState.REFUSED),
    "a quoting one": (f'% Ambiguous command:  "crypto isakmp key {PSK} address"', Hindrance.REFUSED, LineState.REFUSED),
    "unknown words": ("The moon is in the wrong phase", Hindrance.UNCLEAR, LineState.UNCLEAR),
}


@pytest.mark.soak
@pytest.mark.parametrize(
    ("release", "words"), [("12.4", "invalid"), ("15", "invalid"), *(("17", words) for words in REFUSALS)]
)
def test_a_refusal_at_each_line_is_undone_before_the_mode_is_left(
    start: Callable[..., Port], tmp_path: Path, release: str, words: str
) -> None:
    """The short form refuses each line once with the words that routers use most, and once with some other words."""
    turn = RELEASES.index(release) if words == "invalid" else list(REFUSALS).index(words) - 1
    every = 1 if SOAK else len(RELEASES) if words == "invalid" else len(REFUSALS) - 1
    text, hindrance, state = REFUSALS[words]
    left: list[list[str]] = []
    port = start(release)
    before = running(port)
    port.router.left.append(lambda: left.append(running(port)))
    for times, at in enumerate(range(turn % every, len(LINES), every), 1):
        port.router.faults.arm(fault("reject", line=typed(at), options={"text": text}))
        receipt = send(port, tmp_path)
        assert receipt.outcome in {StepOutcome.UNDONE, StepOutcome.PARTLY}
        assert (receipt.hindrance, receipt.left) == (hindrance, True)
        states = [told.state for told in receipt.lines]
        assert states == [LineState.ACCEPTED] * at + [state] + [LineState.NOT_SENT] * (len(LINES) - at - 1)
        assert receipt.lines[at].said.endswith(text.replace(PSK, placeholder(PSK)))
        assert (receipt.lines[at].at == 0) == (words == "invalid" and LINES[at].hidden is None)
        assert left == [before] * times, "undone before the mode was left, and left once"
        if hindrance is Hindrance.REFUSED:
            assert receipt.outcome is StepOutcome.UNDONE, receipt
            assert all(told.state is LineState.ACCEPTED for told in receipt.undo)


@pytest.mark.parametrize("release", RELEASES)
def test_a_mode_that_does_not_open(start: Callable[..., Port], tmp_path: Path, release: str) -> None:
    port = start(release)
    before = running(port)
    step = replace(STEP, lines=(*LINES[:3], ChangeLine("shutdown", ("interface Galactic9/9",)), LINES[4]))
    receipt = send(port, tmp_path, step)
    assert (receipt.outcome, receipt.hindrance) == (StepOutcome.UNDONE, Hindrance.REFUSED)
    assert receipt.reason.startswith("'interface Galactic9/9': % Invalid input")
    assert receipt.lines[3].state is LineState.REFUSED
    assert running(port) == before


DROPS = {"drop-before": 0, "drop-mid-line": 1, "drop-after-apply": 2}
HANGS = {"12.4": 1, "15": 4, "17": 5}


@pytest.mark.soak
@pytest.mark.parametrize("kind", [*DROPS, "hang"])
@pytest.mark.parametrize("release", RELEASES)
def test_a_session_that_ends_at_a_line_is_unknown(
    start: Callable[..., Port], tmp_path: Path, release: str, kind: str
) -> None:
    """The short form ends it at every line in every way, on one release each, and hangs at one line of each release."""
    if kind == "hang":
        places = sorted(HANGS.values()) if SOAK else [HANGS[release]]
    else:
        first, every = (0, 1) if SOAK else ((RELEASES.index(release) + DROPS[kind]) % 3, 3)
        places = list(range(first, len(LINES), every))
    for at in places:
        port = start(release)
        port.router.faults.arm(fault(kind, line=typed(at)))
        receipt = send(port, tmp_path)
        assert (receipt.outcome, receipt.left) == (StepOutcome.UNKNOWN, False)
        assert receipt.hindrance is (Hindrance.SILENT if kind == "hang" else Hindrance.LOST)
        states = [told.state for told in receipt.lines]
        assert states == [LineState.ACCEPTED] * at + [LineState.UNANSWERED] + [LineState.NOT_SENT] * (
            len(LINES) - at - 1
        )
        assert not receipt.undo
        here = [any(words in shown for shown in running(port)) for words in IN_FORCE]
        assert sum(here) == at + (kind == "drop-after-apply"), "nothing but what was typed stands there"


@pytest.mark.parametrize("where", ["^configure terminal$", "^end$"])
@pytest.mark.parametrize("kind", ["drop-before", "drop-after-apply", "hang"])
def test_a_session_that_ends_on_the_way_in_or_out(
    start: Callable[..., Port], tmp_path: Path, kind: str, where: str
) -> None:
    port = start("17")
    before = running(port)
    port.router.faults.arm(fault(kind, line=where))
    receipt = send(port, tmp_path)
    entering = "configure" in where
    assert receipt.outcome is (StepOutcome.NOTHING_SENT if entering else StepOutcome.UNKNOWN)
    assert (receipt.hindrance in {Hindrance.LOST, Hindrance.SILENT}, receipt.left) == (True, False)
    assert (running(port) == before) == entering


QUESTIONS = {"Are you sure? [confirm]": 0, "New name: ": 4, "Do you want to continue ? [yes/no]: ": len(LINES) - 1}


@pytest.mark.soak
@pytest.mark.parametrize(
    ("release", "question"),
    [(release, question) for release in RELEASES for question in QUESTIONS]
    if SOAK
    else list(zip(RELEASES, QUESTIONS, strict=True)),
)
def test_a_question_is_not_answered(start: Callable[..., Port], tmp_path: Path, release: str, question: str) -> None:
    """The short form asks each question at one line on one release; the soak form at each of them on all."""
    for at in QUESTIONS.values() if SOAK else [QUESTIONS[question]]:
        port = start(release)
        before = running(port)
        port.router.faults.arm(fault("dialog", line=typed(at), options={"text": question}))
        receipt = send(port, tmp_path)
        declared = not question.startswith("New")
        assert receipt.hindrance is (Hindrance.QUESTION if declared else Hindrance.SILENT)
        assert question.strip() in receipt.lines[at].said
        assert receipt.left
        assert receipt.outcome is StepOutcome.UNDONE, receipt
        assert running(port) == before


def test_a_question_of_the_routers_own(start: Callable[..., Port], tmp_path: Path) -> None:
    port = start("17")
    group = ("crypto gdoi group SERVED",)
    assert not port.router.load([*group, " identity number 5", " server local", "  address ipv4 10.9.0.9"])
    before = running(port)
    restore = (ChangeLine("identity number 5", group), ChangeLine("address ipv4 10.9.0.9", (*group, "server local")))
    step = replace(STEP, lines=(ChangeLine(f"no {group[0]}"),), rollback=restore)
    receipt = send(port, tmp_path, step)
    assert receipt.hindrance is Hindrance.QUESTION, receipt
    assert receipt.outcome is StepOutcome.UNDONE, receipt
    assert running(port) == before


LOCKS = (
    "Configuration mode is locked by process '331' user 'other' from terminal '2'. Please try later.",
    "Configuration mode locked exclusively by user 'other' process '331' from terminal '2'. Please try later.",
)


@pytest.mark.parametrize("words", LOCKS)
@pytest.mark.parametrize("release", RELEASES)
def test_a_lock_is_honoured(start: Callable[..., Port], tmp_path: Path, release: str, words: str) -> None:
    port = start(release)
    before = running(port)
    port.router.faults.arm(fault("reject", line="^configure", options={"text": words}))
    receipt = send(port, tmp_path)
    assert (receipt.outcome, receipt.hindrance) == (StepOutcome.NOTHING_SENT, Hindrance.LOCKED)
    assert receipt.reason == receipt.entered == words
    assert {told.state for told in receipt.lines} == {LineState.NOT_SENT}
    assert running(port) == before
    assert port.router.archive.entered == 0


def test_another_name_in_the_prompt_does_not_close_the_way_out(start: Callable[..., Port], tmp_path: Path) -> None:
    port = start("17")
    before = running(port)

    def rename() -> None:
        if not port.router.faults.standing("prompt-changed") and any("lifetime 3600" in row for row in running(port)):
            port.router.faults.arm(fault("prompt-changed"))

    port.router.applied.append(rename)
    made = target(port.number, tmp_path, command_timeout=1)
    with Session.open(made, LOGIN, Stop(60), purpose=Purpose.CHANGE) as session:
        receipt = send_step(session, STEP, Redactor().text)
    assert (receipt.outcome, receipt.hindrance) == (StepOutcome.UNDONE, Hindrance.WRONG_MODE)
    assert "elsewhere(config-isakmp)#" in receipt.reason
    assert receipt.left
    assert running(port) == before


@pytest.mark.soak
@pytest.mark.parametrize("release", RELEASES if SOAK else RELEASES[-1:])
def test_slow_answers_and_log_lines_are_no_trouble(start: Callable[..., Port], tmp_path: Path, release: str) -> None:
    """Slower than the moment of silence that ends an answer; much slower, and on all releases, in the soak form."""
    port = start(release)
    port.router.faults.arm(fault("slow-echo", options={"seconds": "0.3" if SOAK else "0.1"}))
    port.router.faults.arm(fault("log-between", times=0))
    assert send(port, tmp_path).outcome is StepOutcome.APPLIED


def test_cancelled_or_late_before_the_first_byte(start: Callable[..., Port], tmp_path: Path) -> None:
    port = start("17")
    before = running(port)
    made = target(port.number, tmp_path, command_timeout=1)
    with Cancel() as cancel, Session.open(made, LOGIN, Stop(60, cancel), purpose=Purpose.CHANGE) as session:
        cancel.set()
        receipt = send_step(session, STEP, Redactor().text)
    assert (receipt.outcome, receipt.hindrance) == (StepOutcome.NOTHING_SENT, Hindrance.CANCELLED)
    stop = Stop(60)
    with Session.open(made, LOGIN, stop, purpose=Purpose.CHANGE) as session:
        stop._ends = time.monotonic()  # noqa: SLF001 -- it began to count before the login, which takes its time
        receipt = send_step(session, STEP, Redactor().text)
    assert (receipt.outcome, receipt.hindrance) == (StepOutcome.NOTHING_SENT, Hindrance.DEADLINE)
    assert running(port) == before
    assert port.router.archive.entered == 0


@pytest.mark.parametrize("by", ["cancel", "deadline"])
def test_cancelled_or_late_in_the_middle_takes_the_way_out_first(
    start: Callable[..., Port], tmp_path: Path, by: str
) -> None:
    port = start("17")
    before = running(port)
    made = target(port.number, tmp_path, command_timeout=3)
    with Cancel() as cancel:
        stop = Stop(60, cancel)

        def end() -> None:
            """Once the router has taken line 4, and before it has answered: however slow the machine is."""
            if not any(IN_FORCE[4] in row for row in running(port)):
                return
            if by == "cancel":
                cancel.set()
            else:
                stop._ends = time.monotonic()  # noqa: SLF001 -- it began to count before the login, which takes its time

        port.router.applied.append(end)
        with Session.open(made, LOGIN, stop, purpose=Purpose.CHANGE) as session:
            receipt = send_step(session, STEP, Redactor().text)
            assert receipt.left
            with pytest.raises(SessionError):
                session.show("show clock")
    assert receipt.outcome is StepOutcome.UNDONE, receipt
    assert receipt.hindrance is (Hindrance.CANCELLED if by == "cancel" else Hindrance.DEADLINE)
    assert [told.state for told in receipt.lines][4:6] == [LineState.ACCEPTED, LineState.NOT_SENT]
    assert running(port) == before


UNFIT = {
    "two lines": ("description a\nreload", "no text"),
    "a control character": ("description a\x1ab", "no text"),
    "help": ("description what?", "question mark"),
    "a placeholder": (f"crypto isakmp key {placeholder('x')} address 10.9.0.2", "placeholder"),
    "the way out": ("end", "may not leave its mode"),
    "a command of another mode": ("do reload", "may not leave its mode"),
    "nothing": ("  ", "empty"),
}


@pytest.mark.parametrize("case", UNFIT)
@pytest.mark.parametrize("where", ["lines", "rollback", "path"])
def test_a_line_that_cannot_be_typed_stops_all(
    start: Callable[..., Port], tmp_path: Path, case: str, where: str
) -> None:
    text, words = UNFIT[case]
    bad = ChangeLine("shutdown", (text,)) if where == "path" else ChangeLine(text)
    port = start("17")
    step = replace(STEP, rollback=(bad,)) if where == "rollback" else replace(STEP, lines=(*LINES, bad))
    receipt = send(port, tmp_path, step)
    assert (receipt.outcome, receipt.hindrance) == (StepOutcome.NOTHING_SENT, Hindrance.UNFIT)
    assert words in receipt.reason
    assert port.router.archive.entered == 0


def test_a_rollback_that_is_refused_or_lacks_a_line_leaves_a_part(start: Callable[..., Port], tmp_path: Path) -> None:
    for rollback in (BACK[:-1], BACK):
        port = start("17")
        port.router.faults.arm(fault("reject", line=typed(4)))
        if rollback is BACK:
            port.router.faults.arm(fault("reject", line="^no lifetime"))
        receipt = send(port, tmp_path, replace(STEP, rollback=rollback))
        assert (receipt.outcome, receipt.left) == (StepOutcome.PARTLY, True)
        assert any("GM-LOCAL" in row for row in running(port)) == (rollback is not BACK)
        assert any("lifetime 3600" in row for row in running(port)) == (rollback is BACK)


def test_only_a_session_to_change_opens_configuration_mode(start: Callable[..., Port], tmp_path: Path) -> None:
    port = start("17")
    with Session.open(target(port.number, tmp_path), LOGIN, Stop(60)) as session:
        with pytest.raises(SessionError) as error:
            send_step(session, STEP, Redactor().text)
        assert error.value.trouble is Trouble.NOT_ALLOWED
    assert port.router.archive.entered == 0


def test_an_interrupt_leaves_configuration_mode(start: Callable[..., Port], tmp_path: Path) -> None:
    port = start("17")
    left: list[None] = []
    port.router.left.append(lambda: left.append(None))
    made = target(port.number, tmp_path, command_timeout=1)
    with Session.open(made, LOGIN, Stop(60), purpose=Purpose.CHANGE) as session:
        stop = session._terminal.stop  # noqa: SLF001 -- the one place from which an interrupt can come between two lines
        checks = iter((None, None, KeyboardInterrupt()))

        class Interrupting(Stop):
            def check(self) -> None:
                if error := next(checks, None):
                    raise error

        session._terminal.stop = Interrupting(60)  # noqa: SLF001
        with pytest.raises(KeyboardInterrupt):
            send_step(session, STEP, Redactor().text)
        session._terminal.stop = stop  # noqa: SLF001
        assert b":" in session.show("show clock")
        assert len(left) == 1


async def deaf(process: asyncssh.SSHServerProcess[bytes]) -> None:
    """A router that stays in configuration mode whatever is typed."""
    process.stdout.write(b"\r\nR1#")
    for _ in range(2):
        await line(process)
        process.stdout.write(b"R1#")
    while True:
        await line(process)
        process.stdout.write(b"R1(config)#")


def test_a_router_that_does_not_leave_is_hung_up(loop: asyncio.AbstractEventLoop, tmp_path: Path) -> None:
    step = replace(STEP, lines=(ChangeLine("ip domain name x.example"),), rollback=())
    with scripted(loop, Script(deaf)) as number:
        made = target(number, tmp_path, command_timeout=1)
        with Session.open(made, replace(LOGIN, enable=None), Stop(60), purpose=Purpose.CHANGE) as session:
            receipt = send_step(session, step, Redactor().text)
            assert (receipt.outcome, receipt.left) == (StepOutcome.UNKNOWN, False)
            with pytest.raises(SessionError):
                session.show("show clock")
