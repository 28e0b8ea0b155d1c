"""Hands that change routers of three releases: configuring with placeholders, commands with questions, drops, locks."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from handed import Handed

from getvpn_ops.devices.halt import Halt
from getvpn_ops.devices.transcript import Transcripts
from getvpn_ops.errors import DispatchError
from getvpn_ops.lab.background import Background
from getvpn_ops.lab.fleet import Settings
from getvpn_ops.lab.ios.session.terminal import Terminal
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.change import ChangeLine, ChangeStep, StepKind
from getvpn_ops.model.config.secret import Secret, placeholder
from getvpn_ops.model.exec import DeclaredReply, ExecCommand, ExecMode, ExecOutcome
from getvpn_ops.model.plain import to_plain
from getvpn_ops.model.receipt import Hindrance, LineState, StepOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from getvpn_ops.devices.hand import OpenHand
    from getvpn_ops.model.exec import ExecReceipt
    from getvpn_ops.model.receipt import StepReceipt

OLD, MID, NEW, MORE = "old1", "mid1", "new1", "new2"
RELEASES = {OLD: "12.4(22)T5", MID: "15.2(4)M11", NEW: "17.6.5", MORE: "17.6.5"}
HELD, GIVEN, BARE = "Held-Psk-31", "Given-Psk-47", "Bare-Psk-59"
CONFIG = f"""hostname {{name}}
crypto isakmp key {HELD} address 10.9.0.1
interface {{port}}
 description to the provider
archive
 path flash:copies
"""
PORTS = {OLD: "GigabitEthernet0/0", MID: "GigabitEthernet0/0"}
CONFIGURATION = "show running-config"


def keyed(key: str, peer: str, start: str = "") -> ChangeLine:
    """A line as a plan holds it."""
    return ChangeLine(f"{start}crypto isakmp key {placeholder(key)} address {peer}")


def swapped() -> ChangeStep:
    """Made when it is used: placeholders are of the key that the process has then."""
    return ChangeStep(
        StepKind.SET,
        "the key of a second peer in place of the first",
        (
            keyed(HELD, "10.9.0.1", "no "),
            keyed(GIVEN, "10.9.0.2"),
            keyed(BARE, "10.9.0.3"),
            ChangeLine("lifetime 3600", ("crypto isakmp policy 10",)),
        ),
        (
            ChangeLine("no crypto isakmp policy 10"),
            keyed(BARE, "10.9.0.3", "no "),
            keyed(GIVEN, "10.9.0.2", "no "),
            keyed(HELD, "10.9.0.1"),
        ),
    )


def given() -> tuple[Secret, ...]:
    """What the caller of the hands knows."""
    return (
        Secret.of("line", f"crypto isakmp key {GIVEN} address 10.9.0.2"),
        Secret.of("isakmp-key", BARE),
    )


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Background]:
    folder = tmp_path_factory.mktemp("inventory")
    (folder / "hosts.yaml").write_text(
        "".join(
            f"{name}: {{hostname: 10.255.0.{at}, username: ops, data: {{role: gm, release: {text}, serial: S{at}}}}}\n"
            for at, (name, text) in enumerate(RELEASES.items(), 1)
        )
    )
    for name in RELEASES:
        (folder / f"{name}.cfg").write_text(CONFIG.format(name=name, port=PORTS.get(name, "GigabitEthernet0/0/0")))
    with Background(Settings(folder, folder, seed=5)) as running:
        yield running


@pytest.fixture
def handed(lab: Background, tmp_path: Path) -> Iterator[Handed]:
    yield Handed(lab, tmp_path, {"secrets_of": lambda _device: given()}, command_timeout=1.0)
    lab.call(lab.fleet.clear, "*", None)


def taught(step: ChangeStep | None = None, minutes: int = 0) -> Callable[[OpenHand], StepReceipt]:
    """A job that reads the configuration, then changes it."""

    def job(hand: OpenHand) -> StepReceipt:
        assert hand.show(CONFIGURATION).trouble is None
        return hand.configure(swapped() if step is None else step, revert_minutes=minutes)

    return job


@pytest.mark.parametrize("device", [OLD, MID, NEW])
def test_placeholders_are_resolved_and_the_step_is_taken_back(handed: Handed, device: str, tmp_path: Path) -> None:
    hands = replace(handed.hands, transcripts=Transcripts(tmp_path / "said"))
    handed.hands = hands
    before = handed.running(device)
    receipt = handed.on(device, taught())
    assert (receipt.outcome, receipt.hindrance) == (StepOutcome.APPLIED, None), receipt
    after = "\n".join(handed.running(device))
    assert all(f"key {key}" in after for key in (GIVEN, BARE))
    assert f"key {HELD}" not in after
    assert [told.text for told in receipt.lines] == [line.text for line in swapped().lines]
    back = handed.on(
        device, lambda hand: hand.configure(replace(swapped(), lines=swapped().rollback, rollback=swapped().lines))
    )
    assert back.hindrance is Hindrance.UNFIT, "the key that was taken away stands nowhere this session looked"
    again = replace(swapped(), lines=(*swapped().rollback[:-1], keyed(HELD, "10.9.0.1")), rollback=())

    def restore(hand: OpenHand) -> StepReceipt:
        hand._vault.learn(f"crypto isakmp key {HELD} address 10.9.0.1")  # noqa: SLF001 -- as of a copy in memory
        return hand.configure(again)

    assert handed.on(device, restore).outcome is StepOutcome.APPLIED
    assert handed.running(device) == before
    text = (tmp_path / "said" / f"{device}.txt").read_text()
    assert "configure terminal" in text
    assert "[applied]" in text
    shown = f"{text}{to_plain(receipt)}{to_plain(back)}{handed.captures}{handed.notes.commands}"
    assert not any(key in shown for key in (HELD, GIVEN, BARE))
    assert ("configure terminal: the key of a second peer in place of the first") in [
        command for _, command in handed.notes.commands
    ]


def test_a_placeholder_that_nobody_knows_types_nothing(handed: Handed, lab: Background) -> None:
    strange = keyed("Nobody-Knows-1", "10.9.0.9")
    entered = lab.call(lambda: lab.router(NEW).archive.entered)
    for step in (
        replace(swapped(), lines=(*swapped().lines, strange)),
        replace(swapped(), rollback=(strange,)),
        replace(swapped(), lines=(ChangeLine("shutdown", (strange.text,)),)),
    ):
        receipt = handed.on(NEW, taught(step))
        assert (receipt.outcome, receipt.hindrance) == (StepOutcome.NOTHING_SENT, Hindrance.UNFIT)
        assert strange.text in receipt.reason
        assert {told.state for told in receipt.lines} == {LineState.NOT_SENT}
    assert lab.call(lambda: lab.router(NEW).archive.entered) == entered
    assert not any("10.9.0.9" in line for line in handed.running(NEW))


def test_a_hand_only_shows_what_reads(handed: Handed) -> None:
    def job(hand: OpenHand) -> list[Trouble | None]:
        return [hand.show(command).trouble for command in ("write memory", "show clock", "show foo", "show clock")]

    assert handed.on(NEW, job) == [Trouble.NOT_ALLOWED, None, Trouble.REFUSED, None]
    assert [capture.trouble for capture in handed.captures] == [Trouble.NOT_ALLOWED, None, Trouble.REFUSED, None]


CLEAR = ExecCommand("clear logging", (DeclaredReply(r"Clear logging buffer \[confirm\]$", ""),), seconds=1)
SAVE = ExecCommand("write memory", seconds=1)
COMMANDS: dict[str, tuple[ExecCommand, ExecOutcome, Hindrance | None]] = {
    "no question": (SAVE, ExecOutcome.DONE, None),
    "one key, Enter": (CLEAR, ExecOutcome.DONE, None),
    "one key, y": (replace(CLEAR, replies=(DeclaredReply("confirm", "y"),)), ExecOutcome.DONE, None),
    "nobody declared it": (replace(CLEAR, replies=()), ExecOutcome.UNKNOWN, Hindrance.QUESTION),
    "another was declared": (
        replace(CLEAR, replies=(DeclaredReply("Proceed with reload", ""),)),
        ExecOutcome.UNKNOWN,
        Hindrance.QUESTION,
    ),
    "a name": (
        ExecCommand(
            "copy running-config startup-config", (DeclaredReply(r"Destination filename .*\? $", ""),), seconds=1
        ),
        ExecOutcome.DONE,
        None,
    ),
    "yes or no, and no other word": (
        ExecCommand(
            "crypto key zeroize rsa NONE", (DeclaredReply(r"\[yes/no\]: $", "maybe"),), ExecMode.CONFIG, seconds=1
        ),
        ExecOutcome.REFUSED,
        Hindrance.REFUSED,
    ),
    "no such command": (ExecCommand("clear moon", seconds=1), ExecOutcome.REFUSED, Hindrance.REFUSED),
    "not one line": (ExecCommand("write\nmemory"), ExecOutcome.NOTHING_SENT, Hindrance.UNFIT),
    "an answer that is none": (
        replace(CLEAR, replies=(DeclaredReply("confirm", "y\x03"),)),
        ExecOutcome.NOTHING_SENT,
        Hindrance.UNFIT,
    ),
    "no expression": (replace(CLEAR, replies=(DeclaredReply("(", ""),)), ExecOutcome.NOTHING_SENT, Hindrance.UNFIT),
}


@pytest.mark.parametrize(
    ("device", "case"), [(NEW, case) for case in COMMANDS] + [(OLD, case) for case in list(COMMANDS)[:4]]
)
def test_commands_and_their_questions(handed: Handed, device: str, case: str) -> None:
    command, outcome, hindrance = COMMANDS[case]

    def job(hand: OpenHand) -> ExecReceipt:
        receipt = hand.command(command)
        assert hand.show("show clock").trouble is None, "the session goes on"
        return receipt

    receipt = handed.on(device, job)
    assert (receipt.outcome, receipt.hindrance) == (outcome, hindrance), receipt
    assert bool(receipt.reason) == (hindrance is not None)
    assert (receipt.device, receipt.line) == (device, command.line)


DROPS: dict[str, tuple[str, ExecOutcome, Hindrance, bool]] = {
    "drop-mid-line": ("^write mem", ExecOutcome.NOTHING_SENT, Hindrance.LOST, False),
    "drop-before": ("^write memory$", ExecOutcome.UNKNOWN, Hindrance.LOST, False),
    "drop-after-apply": ("^write memory$", ExecOutcome.UNKNOWN, Hindrance.LOST, True),
    "hang": ("^write memory$", ExecOutcome.UNKNOWN, Hindrance.SILENT, False),
}


@pytest.mark.parametrize("kind", DROPS)
def test_a_session_that_ends_under_a_command(handed: Handed, lab: Background, kind: str) -> None:
    """What is known is said: before the Enter nothing was sent, behind it nobody knows; then the hand does nothing."""
    line, outcome, hindrance, is_saved = DROPS[kind]
    handed.arm(MORE, kind, line=line)
    lab.call(setattr, lab.router(MORE), "saved", None)

    def job(hand: OpenHand) -> tuple[ExecReceipt, ExecReceipt, StepReceipt, Trouble | None, ExecReceipt]:
        hand.show(CONFIGURATION)
        first = hand.command(SAVE)
        return first, hand.command(SAVE), hand.configure(swapped()), hand.show("show clock").trouble, hand.confirm()

    first, second, step, trouble, confirmed = handed.on(MORE, job)
    assert (first.outcome, first.hindrance) == (outcome, hindrance), first
    assert bool(lab.call(lambda: lab.router(MORE).saved)) == is_saved
    assert {(receipt.outcome, receipt.hindrance) for receipt in (second, confirmed)} == {
        (ExecOutcome.NOTHING_SENT, Hindrance.LOST)
    }
    assert (step.outcome, step.hindrance) == (StepOutcome.NOTHING_SENT, Hindrance.LOST)
    assert trouble is Trouble.DROPPED
    assert handed.captures[-1].trouble is Trouble.DROPPED


def test_a_session_that_ends_under_a_step(handed: Handed) -> None:
    handed.arm(MORE, "drop-after-apply", line="^crypto isakmp key .* 10.9.0.2$")
    before = handed.running(MORE)

    def job(hand: OpenHand) -> tuple[StepReceipt, StepReceipt, ExecReceipt]:
        receipt = taught()(hand)
        return receipt, hand.configure(swapped()), hand.command(SAVE)

    first, second, saved = handed.on(MORE, job)
    assert (first.outcome, first.left) == (StepOutcome.UNKNOWN, False)
    assert (second.outcome, second.hindrance) == (StepOutcome.NOTHING_SENT, Hindrance.LOST)
    assert saved.outcome is ExecOutcome.NOTHING_SENT
    assert GIVEN in "".join(handed.running(MORE))
    handed.on(
        MORE, lambda hand: hand.configure(replace(swapped(), lines=(keyed(GIVEN, "10.9.0.2", "no "),), rollback=()))
    )
    handed.lab.call(handed.lab.router(MORE).load, before)


HELD_BY = {
    OLD: "Configuration mode locked exclusively by user 'ops'",
    MID: "Configuration mode is locked by process",
    NEW: "Configuration mode is locked by process",
}


@pytest.mark.parametrize("device", HELD_BY)
def test_a_lock_of_somebody_else_is_honoured(handed: Handed, lab: Background, device: str) -> None:
    """Another session holds configuration mode; when it is lost, the mode is free again."""
    before = handed.running(device)
    generate = ExecCommand("crypto key zeroize rsa", mode=ExecMode.CONFIG, seconds=1)

    def job(hand: OpenHand) -> tuple[StepReceipt, ExecReceipt, StepReceipt]:
        hand.show(CONFIGURATION)
        with other(lab, device):
            step, command = hand.configure(swapped()), hand.command(generate)
        return step, command, hand.configure(replace(swapped(), lines=(ChangeLine("ip domain name x.example"),)))

    step, command, free = handed.on(device, job)
    assert (step.outcome, step.hindrance, step.left) == (StepOutcome.NOTHING_SENT, Hindrance.LOCKED, True)
    assert (command.outcome, command.hindrance) == (ExecOutcome.NOTHING_SENT, Hindrance.LOCKED)
    assert step.reason.startswith(HELD_BY[device])
    assert "Please try later." in command.reason
    assert free.outcome is StepOutcome.APPLIED
    back = ChangeStep(StepKind.SET, "back", (ChangeLine("no ip domain name x.example"),), ())
    assert handed.on(device, lambda hand: hand.configure(back)).outcome is StepOutcome.APPLIED
    assert handed.running(device) == before


@contextlib.contextmanager
def other(lab: Background, device: str) -> Iterator[None]:
    """A session of somebody else, in the lab itself, that holds configuration mode."""

    def begin() -> Terminal:
        terminal = Terminal(lab.router(device), lambda _text: None, lambda: None, 15, user="ops")
        terminal.start()
        terminal.feed("configure terminal lock\r")
        return terminal

    terminal = lab.call(begin)
    try:
        yield
    finally:
        lab.call(terminal.drop)


def test_a_lock_as_a_fault(handed: Handed) -> None:
    handed.arm(NEW, "config-locked", options=(("user", "night shift"),))
    receipt = handed.on(NEW, taught(minutes=5))
    assert (receipt.outcome, receipt.hindrance) == (StepOutcome.NOTHING_SENT, Hindrance.LOCKED)
    assert "'night shift'" in receipt.reason


LIST = ("ip access-list extended SPARE",)
SPARE = ChangeStep(
    StepKind.BUILD,
    "a list",
    (ChangeLine("deny udp any eq 848 any eq 848", LIST), ChangeLine("permit ip any any", LIST)),
    (ChangeLine("no ip access-list extended SPARE"),),
)
TIMERS: dict[str, tuple[str, str, StepOutcome, bool, bool]] = {  # fault, line, outcome, timer runs, lines stand there
    "lost on the way in": ("drop-after-apply", "^configure terminal revert", StepOutcome.UNKNOWN, True, False),
    "the session is lost": ("drop-after-apply", "^permit ip any any$", StepOutcome.UNKNOWN, True, True),
    "lost on the way out": ("drop-after-apply", "^end$", StepOutcome.UNKNOWN, True, True),
    "nobody confirms": ("", "", StepOutcome.APPLIED, True, True),
    "a line is refused": ("reject", "^permit ip any any$", StepOutcome.UNDONE, False, False),
}


@pytest.mark.parametrize("case", TIMERS)
def test_the_revert_timer_takes_back_what_nobody_confirmed(handed: Handed, lab: Background, case: str) -> None:
    kind, line, outcome, is_armed, stands = TIMERS[case]
    before = handed.running(NEW)
    if kind:
        handed.arm(NEW, kind, line=line)
    receipt = handed.on(NEW, taught(SPARE, minutes=5))
    assert receipt.outcome is outcome, receipt
    assert (lab.call(lambda: lab.router(NEW).archive.pending) is not None) == is_armed
    assert any("SPARE" in row for row in handed.running(NEW)) == stands
    assert ("the revert timer may be running" in receipt.reason) == (not receipt.left)
    lab.advance(301)
    assert handed.running(NEW) == before


@pytest.mark.parametrize("device", [OLD, NEW])
def test_the_revert_timer_leaves_what_was_confirmed(handed: Handed, lab: Background, device: str) -> None:
    def job(hand: OpenHand) -> tuple[StepReceipt, ExecReceipt, ExecReceipt]:
        return taught(SPARE, minutes=5)(hand), hand.confirm(), hand.confirm()

    step, confirmed, again = handed.on(device, job)
    assert step.outcome is StepOutcome.APPLIED, step
    assert "Backing up current running config" in step.entered
    assert confirmed.outcome is ExecOutcome.DONE, confirmed
    assert (again.outcome, again.reason) == (ExecOutcome.REFUSED, "%No Rollback Confirmed Change pending")
    lab.advance(301)
    assert any("SPARE" in row for row in handed.running(device))
    gone = replace(SPARE, lines=SPARE.rollback, rollback=())
    assert handed.on(device, lambda hand: hand.configure(gone)).outcome is StepOutcome.APPLIED


def test_no_archive_no_timer_nothing_sent(handed: Handed, lab: Background) -> None:
    without = ChangeStep(StepKind.SET, "no archive", (ChangeLine("no archive"),), ())
    path = ChangeStep(StepKind.SET, "archive", (ChangeLine("path flash:copies", ("archive",)),), ())

    def job(hand: OpenHand) -> tuple[StepReceipt, StepReceipt, StepReceipt]:
        return hand.configure(without), hand.configure(SPARE, revert_minutes=5), hand.configure(path)

    off, spare, on = handed.on(NEW, job)
    assert {off.outcome, on.outcome} == {StepOutcome.APPLIED}
    assert (spare.outcome, spare.hindrance) == (StepOutcome.NOTHING_SENT, Hindrance.REFUSED)
    assert spare.reason.startswith("%Turn config archive on")
    assert lab.call(lambda: lab.router(NEW).archive.pending) is None


def test_a_job_that_raises_and_a_device_that_cannot_be_reached(handed: Handed) -> None:
    handed.arm(MID, "down")

    def broken(hand: OpenHand) -> str:
        hand.show("show clock")
        raise KeyError("x")

    told = handed.each({NEW: broken, MID: lambda _hand: "x", OLD: lambda hand: hand.device, MORE: lambda _hand: ""}, 2)
    assert list(told) == [NEW, MID, OLD, MORE]
    assert isinstance(told[NEW].error, KeyError)
    assert (told[NEW].value, told[NEW].trouble) == (None, None)
    assert told[MID].trouble is Trouble.CONNECTION_REFUSED
    assert told[MID].reason
    assert told[MID].next_step
    assert (told[OLD].value, told[OLD].error, told[MORE].value) == (OLD, None, "")
    assert sorted(visit.device for visit in handed.notes.visits) == sorted(told)
    with pytest.raises(DispatchError, match="nothing to do"):
        handed.each({})


def test_a_capture_that_cannot_be_kept_ends_the_job(handed: Handed) -> None:
    def unkept(_capture: object) -> None:
        raise OSError("the disk is full")

    device = handed.loaded.inventory.devices[NEW]
    told = handed.hands.each({device: taught()}, keep=unkept, progress=handed.notes)
    assert isinstance(told[NEW].error, OSError)
    assert not any(GIVEN in row for row in handed.running(NEW))


def test_another_device_behind_the_address_is_left_alone(lab: Background, tmp_path: Path) -> None:
    handed = Handed(lab, tmp_path)
    found = handed.loaded.inventory.devices[NEW]
    strange = replace(found, serial="FOC0000STOP")

    def job(hand: OpenHand) -> tuple[Trouble | None, StepReceipt]:
        return hand.show("show version").trouble, hand.configure(SPARE)

    told = handed.hands.each({strange: job}, keep=handed.captures.append, progress=handed.notes)[NEW]
    assert told.value is not None
    assert told.value[0] is Trouble.WRONG_DEVICE
    assert told.value[1].outcome is StepOutcome.NOTHING_SENT
    assert "FOC0000STOP" in told.value[1].reason


def test_never_more_devices_in_hand_than_said(handed: Handed) -> None:
    in_hand: set[str] = set()
    most: list[int] = []
    lock = threading.Lock()

    def job(hand: OpenHand) -> bool:
        with lock:
            in_hand.add(hand.device)
            most.append(len(in_hand))
        hand.show("show clock")
        with lock:
            in_hand.discard(hand.device)
        return True

    told = handed.each(dict.fromkeys(RELEASES, job), at_once=2)
    assert all(item.value for item in told.values())
    assert max(most) <= 2


def test_who_is_asked_once_ends_what_is_in_hand_and_begins_no_more(handed: Handed) -> None:
    def job(hand: OpenHand) -> StepReceipt:
        handed.halt.ask()
        return hand.configure(SPARE)

    told = handed.each({NEW: job, MORE: job, OLD: job})
    first = told[NEW].value
    assert first is not None
    assert first.outcome is StepOutcome.APPLIED, "what is in hand goes on"
    assert {told[name].trouble for name in (MORE, OLD)} == {Trouble.CANCELLED}
    assert handed.each({MORE: job})[MORE].trouble is Trouble.CANCELLED
    handed.halt = Halt()
    handed.hands = replace(handed.hands, halt=handed.halt)
    gone = replace(SPARE, lines=SPARE.rollback, rollback=())
    assert handed.on(NEW, lambda hand: hand.configure(gone)).outcome is StepOutcome.APPLIED


def test_who_is_asked_twice_undoes_and_leaves(handed: Handed, lab: Background) -> None:
    before = handed.running(NEW)
    router = lab.router(NEW)

    def ask() -> None:
        """Once the router has the first line, and before it has answered."""
        if not handed.halt.aborting and any("eq 848" in row for row in router.running.lines()):
            handed.halt.ask()
            handed.halt.ask()

    lab.call(router.applied.append, ask)
    try:
        receipt = handed.on(NEW, lambda hand: hand.configure(SPARE))
    finally:
        lab.call(router.applied.remove, ask)
    assert (receipt.outcome, receipt.hindrance, receipt.left) == (StepOutcome.UNDONE, Hindrance.CANCELLED, True)
    assert handed.running(NEW) == before
