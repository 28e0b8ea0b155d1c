"""What somebody has to say before a plan is applied, and what is written down of it."""

from __future__ import annotations

import io
import signal
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
import shown_plans as plans

from getvpn_ops.cli import consent as module
from getvpn_ops.cli.consent import consent, must_be_applicable
from getvpn_ops.cli.kept_plans import KeptPlan
from getvpn_ops.errors import ApprovalMissingError, GetvpnOpsError, PlanRefusedError, StalePlanError, UsageError
from getvpn_ops.model.journal import Word

if TYPE_CHECKING:
    from getvpn_ops.model.plan import Plan

QUIET = plans.plan(effects=())
LOSES = plans.plan()
TYPED = plans.plan(effects=(), confirm="clear hub-ks1", drops=("2 members of WAN",))
REFUSED = plans.refused()
NOW = plans.MADE + timedelta(minutes=5)

APPLICABLE: dict[str, tuple[Plan, timedelta, bool, type[GetvpnOpsError] | None, str]] = {
    "hitless": (QUIET, timedelta(), False, None, ""),
    "loses": (LOSES, timedelta(), False, PlanRefusedError, "bat-gm1 loses its traffic for 12 s"),
    "loss accepted": (LOSES, timedelta(), True, None, ""),
    "refused whatever is accepted": (REFUSED, timedelta(), True, PlanRefusedError, "the group has two primaries"),
    "lock-out": (plans.plan(lockouts=("SSH",)), timedelta(), True, PlanRefusedError, "cut what routers need: SSH"),
    "expired": (QUIET, timedelta(hours=4), False, StalePlanError, "expired at 2026-03-01 12:05:00"),
    "expired first": (REFUSED, timedelta(hours=9), False, StalePlanError, "make it anew"),
}


@pytest.mark.parametrize("name", APPLICABLE)
def test_a_plan_is_applicable_or_says_why_not(name: str) -> None:
    plan, later, accept_loss, error, words = APPLICABLE[name]
    if error is None:
        must_be_applicable(plan, NOW + later, accept_loss=accept_loss)
    else:
        with pytest.raises(error, match=words):
            must_be_applicable(plan, NOW + later, accept_loss=accept_loss)


def kept(plan: Plan) -> KeptPlan:
    return KeptPlan(plan, "0f" * 32, "1e" * 32, Path("plan.json"))


SAID: dict[str, tuple[Plan, bool, str | None, list[Word]]] = {
    "by naming it": (QUIET, False, None, [Word.APPROVE]),
    "loss": (LOSES, True, None, [Word.APPROVE, Word.ACCEPT_LOSS]),
    "nothing to accept": (QUIET, True, None, [Word.APPROVE]),
    "typed": (TYPED, False, "clear hub-ks1", [Word.APPROVE, Word.CONFIRM]),
}


@pytest.mark.parametrize("name", SAID)
def test_each_word_is_written_down_with_what_it_is_about(name: str) -> None:
    plan, accept_loss, typed, expected = SAID[name]
    words = consent(kept(plan), "ops@noc1", accept_loss=accept_loss, typed=typed, yes=False)
    assert [word.word for word in words] == expected
    assert all(word.by == "ops@noc1" and word.detail for word in words)
    assert "0f0f" in words[0].detail
    assert "without" not in words[0].detail


UNSAID: dict[str, tuple[Plan, str | None, type[GetvpnOpsError], str]] = {
    "not typed": (TYPED, None, ApprovalMissingError, "--confirm 'clear hub-ks1'"),
    "mistyped": (TYPED, "clear hub-ks2", ApprovalMissingError, "is not 'clear hub-ks1'"),
    "only nearly": (TYPED, "CLEAR HUB-KS1", ApprovalMissingError, "nothing was sent"),
    "typed for nothing": (QUIET, "clear hub-ks1", UsageError, "leave --confirm away"),
}


@pytest.mark.parametrize("name", UNSAID)
def test_what_was_not_said_right_sends_nothing(name: str) -> None:
    plan, typed, error, words = UNSAID[name]
    with pytest.raises(error, match=words):
        consent(kept(plan), "ops@noc1", accept_loss=False, typed=typed, yes=True)


LAST: dict[str, tuple[Plan, str | None, bool, str]] = {
    "with --yes": (QUIET, None, True, ""),
    "alone": (QUIET, None, False, "name it, or add --yes"),
    "what it drops was typed": (TYPED, "clear hub-ks1", False, "nobody is here to say"),
    "typed, and --yes": (TYPED, "clear hub-ks1", True, ""),
}


@pytest.mark.parametrize("name", LAST)
def test_the_last_plan_is_not_named_by_that(name: str) -> None:
    plan, typed, yes, words = LAST[name]
    said = {"accept_loss": False, "typed": typed, "yes": yes, "is_named": False}
    if not words:
        assert consent(kept(plan), "ops@noc1", **said)[0].detail.endswith("with --yes")  # type: ignore[arg-type]
        return
    with pytest.raises(ApprovalMissingError, match=words) as told:
        consent(kept(plan), "ops@noc1", **said)  # type: ignore[arg-type]
    assert plan.id in str(told.value)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


ANSWERS = {
    "yes": (QUIET, "yes\n", True), "no": (QUIET, "no\n", False), "an Enter": (QUIET, "\n", False),
    "the end of the input": (QUIET, "", False), "typed": (TYPED, "clear hub-ks1\n", True),
    "yes is not enough": (TYPED, "yes\n", False),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("is_named", [True, False], ids=["by its id", "as the last"])
def test_at_a_terminal_a_person_is_asked(name: str, is_named: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    plan, answer, is_enough = ANSWERS[name]
    said = {"accept_loss": False, "typed": None, "yes": False, "is_named": is_named}
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    monkeypatch.setattr("sys.stderr", Terminal())
    assert module.is_watched()
    if is_enough:
        assert consent(kept(plan), "ops@noc1", **said)[0].word is Word.APPROVE  # type: ignore[arg-type]
    else:
        with pytest.raises(ApprovalMissingError):
            consent(kept(plan), "ops@noc1", **said)  # type: ignore[arg-type]


class Pressed(Terminal):
    def readline(self, *_: object) -> NoReturn:
        raise KeyboardInterrupt


def test_ctrl_c_at_the_question_ends_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a run that drains would have its own
    try:
        said = Terminal()
        monkeypatch.setattr("sys.stdin", Pressed())
        monkeypatch.setattr("sys.stderr", said)
        monkeypatch.setattr(module, "say", lambda text, _style="": said.write(text))
        with pytest.raises(KeyboardInterrupt):
            consent(kept(QUIET), "ops@noc1", accept_loss=False, typed=None, yes=False)
        assert "nothing was sent" in said.getvalue()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
