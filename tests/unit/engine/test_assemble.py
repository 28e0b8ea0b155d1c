"""One capture -> evidence, or the reason why there is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from getvpn_ops.engine.assemble import assemble, evidence_of, in_captures
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.capture import Capture, Trouble
from getvpn_ops.model.fleet import command_of
from getvpn_ops.model.inventory import Device, Inventory
from getvpn_ops.model.state.crypto_map import FailCloses
from getvpn_ops.model.state.system import Clock
from getvpn_ops.parsing.commands import COMMANDS
from getvpn_ops.parsing.index import resolve

if TYPE_CHECKING:
    from getvpn_ops.parsing.command import Command

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
CLOCK = b"10:15:00.123 CET Sun Mar 1 2026\r\n"
CARET = b"               ^\r\n% Invalid input detected at '^' marker.\r\n\r\n"


def capture(text: bytes, command: str = "show clock", trouble: Trouble | None = None, reason: str = "") -> Capture:
    return Capture("r1", command, text, NOW, 0.1, "test", trouble, reason)


CASES = {
    "state": (capture(CLOCK), True, None, ""),
    "refused": (capture(CARET), False, Trouble.REFUSED, "refused the command: % Invalid input"),
    "no right to it": (
        capture(b"Command authorization failed.\r\n"), False, Trouble.REFUSED, "Command authorization failed",
    ),
    "nothing": (capture(b"\r\n"), False, None, "answered with nothing"),
    "garbage": (capture(b"\xff\xfe lorem ipsum\r\n"), False, None, "could not be read"),
    "dropped in the middle": (
        capture(CLOCK[:10], trouble=Trouble.DROPPED, reason="the session broke"), False, Trouble.DROPPED, "broke",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given", "has_state", "trouble", "reason"), CASES.values(), ids=CASES)
def test_evidence(given: Capture, has_state: bool, trouble: Trouble | None, reason: str) -> None:  # noqa: FBT001
    found = evidence_of(given)
    assert found is not None
    assert (found.parsed is not None) is has_state
    assert found.trouble is trouble
    assert reason in found.reason
    assert found.kind is Clock


def test_a_command_that_nobody_reads_proves_nothing() -> None:
    assert evidence_of(capture(b"text", "show inventory")) is None


def test_a_filter_stays_visible_in_the_evidence() -> None:
    found = evidence_of(capture(b"crypto gdoi group G\r\n identity number 7\r\n", "sh run | sec crypto gdoi"))
    assert found is not None
    assert found.command == "show running-config | sec crypto gdoi"


def test_a_newer_failure_hides_an_older_answer() -> None:
    later = Capture("r1", "show clock", CARET, NOW + timedelta(seconds=9))
    captures = [later, capture(CLOCK)]
    state = assemble(captures, {}, Inventory(), selected=[Device("r1")], started=NOW, ended=NOW)
    assert [item.command for item in state.devices["r1"].evidence] == ["show clock", "show clock"]
    with pytest.raises(EvidenceMissingError, match="refused"):
        state.devices["r1"].latest(Clock)
    assert len(state.devices["r1"].samples(Clock)) == 1
    assert state.devices["r1"].refused(Clock)


def test_silence_is_told_from_absence() -> None:
    given = [capture(b"", "show crypto map gdoi fail-close")]
    state = assemble(given, {}, Inventory(), selected=in_captures(given, {}), started=NOW, ended=NOW)
    seen = state.devices["r1"].silent(FailCloses)
    assert seen is not None
    assert seen.command == "show crypto map gdoi fail-close"
    assert state.devices["r1"].silent(Clock) is None


def test_doubts_spoil_what_must_be_whole() -> None:
    given = [capture(CLOCK.rstrip())]
    state = assemble(given, {}, Inventory(), selected=[Device("r1")], started=NOW, ended=NOW)
    assert state.devices["r1"].latest(Clock).value.now.zone == "CET"
    with pytest.raises(EvidenceMissingError, match="may not be whole"):
        state.devices["r1"].whole(Clock)


@pytest.mark.parametrize("parser", COMMANDS, ids=lambda parser: parser.template)
def test_every_kind_of_state_can_name_a_command_that_gives_it(parser: Command) -> None:
    found = resolve(command_of(parser.model))
    assert found is not None
    assert found.template == parser.template
