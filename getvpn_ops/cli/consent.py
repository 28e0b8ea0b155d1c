"""What a person has to agree to before a plan is applied; each word of it goes into the journal."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from typing import TYPE_CHECKING

from getvpn_ops.cli.output import say
from getvpn_ops.errors import ApprovalMissingError, PlanRefusedError, StalePlanError, UsageError
from getvpn_ops.model.journal import OperatorWord, Word
from getvpn_ops.reports.plan_rows import effect_words, effects
from getvpn_ops.reports.sweep_words import moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from getvpn_ops.cli.kept_plans import KeptPlan
    from getvpn_ops.model.plan import Plan

_MANY = 20


def must_be_applicable(plan: Plan, now: datetime, *, accept_loss: bool) -> None:
    """Whether a plan may be applied at all, before anything is asked or sent.

    Raises:
        StalePlanError: it is too old.
        PlanRefusedError: it is never applied, or it loses traffic that nobody accepted.
    """
    if plan.is_expired(now):
        msg = f"plan {plan.id} expired at {moment(plan.expires)} UTC: nothing was sent; make it anew"
        raise StalePlanError(msg)
    if reasons := (*plan.refusals, *(f"it would cut what routers need: {text}" for text in plan.lockouts)):
        raise PlanRefusedError("\n".join([f"plan {plan.id} is never applied: nothing was sent", *_indented(reasons)]))
    if plan.loses and not accept_loss:
        said = _losses(plan)
        msg = f"plan {plan.id} loses traffic, or may: nothing was sent; whoever accepts it adds --accept-loss"
        raise PlanRefusedError("\n".join([msg, *_indented(said)]))


def consent(
    kept: KeptPlan, by: str, *, accept_loss: bool, typed: str | None, yes: bool, is_named: bool = True
) -> tuple[OperatorWord, ...]:
    """The words that a plan needs.

    On a terminal a person is asked; elsewhere naming the plan is the approval of it, and what has to be typed in full
    comes with ``--confirm``. ``last`` names none: another plan may have been made since.

    Args:
        kept: the plan; ``must_be_applicable``.
        by: who is here.
        accept_loss: whether loss was accepted.
        typed: what ``--confirm`` said.
        yes: approved without a question.
        is_named: whether this plan, and not just the last one, was named.

    Raises:
        ApprovalMissingError: somebody did not say what is needed.
        UsageError: something was confirmed that the plan does not ask for.
    """
    plan = kept.plan
    words = []
    if plan.loses and accept_loss:
        words.append(OperatorWord(Word.ACCEPT_LOSS, by, "; ".join(_titles(plan))))
    if plan.confirm:
        _must_be_typed(plan, typed)
        words.append(OperatorWord(Word.CONFIRM, by, f"typed '{plan.confirm}': {'; '.join(plan.drops)}"))
    elif typed is not None:
        msg = f"plan {plan.id} asks for nothing to be typed: leave --confirm away"
        raise UsageError(msg)
    if not (is_named or yes or is_watched()):
        msg = (
            f"the last plan is {plan.id} ({plan.what}), and nobody is here to say that it is the one that is meant: "
            f"nothing was sent; name it, or add --yes"
        )
        raise ApprovalMissingError(msg)
    how = "with --yes" if yes else "by naming it"
    if is_watched() and not yes and not plan.confirm:
        if asked("apply this plan? type yes: ") != "yes":
            raise ApprovalMissingError("nobody said yes: nothing was sent")
        how = "asked"
    return (OperatorWord(Word.APPROVE, by, f"plan {plan.id}, digest {kept.digest}, {how}"), *words)


def is_watched() -> bool:
    """Whether a person can be asked."""
    streams = (sys.stdin, sys.stderr)
    return all(stream is not None and stream.isatty() for stream in streams)


def _must_be_typed(plan: Plan, typed: str | None) -> None:
    if typed is None and is_watched():
        for text in plan.drops:
            say(f"  {text}", "bold red")
        typed = asked(f"type '{plan.confirm}' to go on: ")
    if typed is None:
        msg = f"plan {plan.id} needs to be confirmed: nothing was sent; add --confirm '{plan.confirm}'"
        raise ApprovalMissingError("\n".join([msg, *_indented(plan.drops)]))
    if typed != plan.confirm:
        msg = f"what was typed is not '{plan.confirm}': nothing was sent"
        raise ApprovalMissingError(msg)


def asked(question: str) -> str:
    """What somebody answers. Ctrl-C here ends the process at once: nothing is in hand yet that would be finished.

    Raises:
        KeyboardInterrupt: it was pressed.
    """
    sys.stderr.write(question)
    sys.stderr.flush()
    with _ends_at_once():
        answer = sys.stdin.readline()
    if not answer.endswith("\n"):  # Ctrl-D: the cursor stands behind the question
        sys.stderr.write("\n")
    return answer.rstrip("\r\n")


@contextlib.contextmanager
def _ends_at_once() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # signals are not ours there
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        say("nothing was sent", "yellow")
        raise
    finally:
        signal.signal(signal.SIGINT, before)


def _losses(plan: Plan) -> tuple[str, ...]:
    found = []
    for effect, number in effects(plan):
        if effect.statement == "hitless":
            continue
        found += [effect_words(effect, number), *effect.texts]
    return tuple(found[:_MANY])


def _titles(plan: Plan) -> tuple[str, ...]:
    """What is accepted, for the journal: the rest stands in the plan, whose digest it has."""
    found = [effect_words(effect, number) for effect, number in effects(plan) if effect.statement != "hitless"]
    more = (f"and {len(found) - _MANY} more parts of the plan",) if len(found) > _MANY else ()
    return (*found[:_MANY], *more)


def _indented(texts: tuple[str, ...]) -> list[str]:
    return [f"  {text}" for text in texts[:_MANY]]
