"""A migration to which anything happens, in any order: what is promised is true all the time, and there is a way out.

Looked at are P1 to P4, P7, P9, P10, P12 to P15 and P19; see ``by_chance``. However a run went, it can be brought to its
end and then taken back; where routers booted in the middle, an emergency can be said.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from by_chance import Room
from conftest import SOAK
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from small_migration import ASKS, NAMES, ROUTERS, SERVERS
from wired import Line

from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import StepIntended, Word

FATES = ("kill", "drop", "hang", "gone", "flip", "hold", "abort", "promote", "reload")
REFUSED = ("^ *passive$", "^ *(no )?sa receive-only", "^write memory", "^ *crypto map .* gdoi", "^ *match address")
strikes = st.tuples(st.one_of(st.integers(1, 60), st.integers(1, 900)), st.sampled_from(FATES))


class Migrating(RuleBasedStateMachine):
    """One migration."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="getvpn-room-"))
        self.room = Room(self.folder)
        self.is_done = False

    # -- what people do

    @precondition(lambda self: not self.is_done)
    @rule(strike=strikes)
    def goes_on_and_is_struck(self, strike: tuple[int, str]) -> None:
        """Apply, or resume; also of a way back."""
        self._went(strike)

    @precondition(lambda self: not self.is_done)
    @rule()
    def goes_on(self) -> None:
        self._went()

    @precondition(lambda self: not self.is_done)
    @rule()
    def somebody_says_yes(self) -> None:
        self.room.say(Word.APPROVE_STAGE, f"{ASKS}: all green")

    @rule(to=st.sampled_from(("", *NAMES)), strike=strikes)
    def is_taken_back(self, to: str, strike: tuple[int, str]) -> None:
        if self.room.begin_way_back(to):
            self.is_done = False
            self._went(strike)

    @rule(strike=strikes)
    def goes_back_in_an_emergency(self, strike: tuple[int, str]) -> None:
        if self.room.begin_emergency():
            self.is_done = False
            self._went(strike)

    # -- what happens meanwhile

    @rule(minutes=st.sampled_from((1, 5, 45, 150)))
    def time_goes_by(self, minutes: int) -> None:
        self.room.bank.pass_time(minutes=minutes)

    @rule(name=st.sampled_from(ROUTERS))
    def a_router_does_not_answer(self, name: str) -> None:
        self.room.down.add(name)

    @rule(name=st.sampled_from(ROUTERS), line=st.sampled_from(REFUSED))
    def a_router_will_refuse_a_line(self, name: str, line: str) -> None:
        self.room.refuse(name, line)

    @rule()
    def another_key_server_takes_over(self) -> None:
        self.room.flip()

    @rule(name=st.sampled_from(ROUTERS))
    def a_router_boots(self, name: str) -> None:
        self.room.excused.add(f"{name} booted")
        self.room.bank.world.routers[name].reload()

    @rule()
    def all_is_mended(self) -> None:
        self.room.heal()
        self.room.bank.pass_time(minutes=5)

    # -- what must be true

    @invariant()
    def what_is_promised_is_true(self) -> None:
        self.room.check()

    def _went(self, strike: tuple[int, str] = (0, "")) -> None:
        ending = self.room.attempt(strike)
        if ending is not None and ending.code in {ExitCode.GOOD, ExitCode.ABORTED}:
            self.is_done = True

    def teardown(self) -> None:
        """However it stands, there is a way out of it."""
        try:
            self._out()
        finally:
            self.room.close()
            shutil.rmtree(self.folder)

    def _out(self) -> None:
        room = self.room
        room.heal()
        room.bank.pass_time(minutes=10)
        if room.excused:  # what booted may have lost what was not saved: an emergency is for that
            room.begin_emergency()
            room.attempt()
            return
        if room.is_over or self.is_done:
            self._home()
            return
        for _ in range(5):
            room.say(Word.APPROVE_STAGE, f"{ASKS}: all green")
            ending = room.attempt()
            assert ending is not None
            if ending.code in {ExitCode.GOOD, ExitCode.STALE}:  # roles changed: plan anew, or go back
                break
            room.bank.pass_time(minutes=5)
        else:
            pytest.fail(f"it does not come to its end: {room.ends}")
        self._home()

    def _home(self) -> None:
        """The way back, as often as it needs, to what stood there before."""
        room = self.room
        for _ in range(4):
            if not room.begin_way_back():
                break
            room.attempt()
            room.bank.pass_time(minutes=5)
        room.check()
        now = room.managed()
        unlike = [name for name in ROUTERS if now[name] != room.fresh[name]]
        assert not unlike, f"{unlike} are not as before: {room.ends} {room.wrong}"


Migrating.TestCase.settings = settings(
    max_examples=60 if SOAK else 3,
    stateful_step_count=10 if SOAK else 5,
    deadline=None,
    derandomize=not SOAK,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # an example takes seconds: it is told as it was found
)
TestWhateverHappens = Migrating.TestCase


def test_what_breaks_a_promise_is_found(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.took(Line("lds-ks1", "hostname other", "config"))
    assert [text[:2] for text in room.wrong] == ["P2", "P1"]
    room.wrong.clear()
    room.journal.open["lds-ks1"] = StepIntended("1", "lds-ks1", "a rekey", ("write memory",), once=True)
    for _ in range(2):
        room.took(Line("lds-ks1", "write memory", ""))
    assert [text[:2] for text in room.wrong] == ["P1", "P1", "P4"]
    room.wrong.clear()
    for name in SERVERS:
        wire = room.forward.hands.wires.hand(name, lambda _capture: None)  # type: ignore[attr-defined]
        with wire._session.hold() as terminal:  # noqa: SLF001 -- what no stay would leave open
            terminal.write(b"configure terminal\n")
            terminal.write(b"interface GigabitEthernet0/0/0\n")
    assert any(text.startswith("P7: ['lds-ks1', 'ams-ks1'] are configured at once") for text in room.wrong)
    with pytest.raises(AssertionError, match="stands in configuration mode"):
        room.check()
    room.close()
