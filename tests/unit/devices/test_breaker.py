"""Refused logins are few, however many devices are asked at once, and however they answer."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from getvpn_ops.devices.breaker import Breaker
from getvpn_ops.devices.terms import Cancel, SessionError, Stop
from getvpn_ops.model.capture import Trouble


def visit(breaker: Breaker, device: str, answer: str, account: str = "a") -> str:
    """One device: how its login ends."""
    with breaker.turn(account, "ops", device) as turn:
        try:
            turn.check()
            turn.wait(Stop(30))
        except SessionError as exc:
            return str(exc.trouble)
        if answer == "yes":
            turn.accepted()
        elif answer == "no":
            turn.refused()
        return answer


@pytest.mark.parametrize("limit", [1, 3, 7])
@pytest.mark.parametrize("workers", [1, 100])
def test_before_the_first_success_refusals_never_pass_the_limit(limit: int, workers: int) -> None:
    breaker = Breaker(limit)
    with ThreadPoolExecutor(workers) as pool:
        came = list(pool.map(lambda number: visit(breaker, f"r{number}", "no"), range(200)))
    assert came.count("no") == limit
    assert came.count(str(Trouble.BREAKER)) == 200 - limit


def test_a_few_that_refuse_do_not_stop_the_others() -> None:
    """Such as routers with another account: refusals that are not in a row."""
    breaker = Breaker(3)
    answers = ["yes", "no", "no", "yes"] * 50
    assert [visit(breaker, f"r{n}", answer) for n, answer in enumerate(answers)] == answers


def test_a_device_counts_once() -> None:
    breaker = Breaker(2)
    assert [visit(breaker, "r1", "no") for _ in range(5)] == ["no"] * 5
    assert visit(breaker, "r2", "no") == "no"
    assert visit(breaker, "r3", "yes") == str(Trouble.BREAKER)


def test_an_account_that_is_locked_midway() -> None:
    """What was under way cannot be called back, and nothing new is begun."""
    breaker = Breaker(3)
    assert visit(breaker, "r0", "yes") == "yes"
    with ThreadPoolExecutor(10) as pool:
        came = list(pool.map(lambda number: visit(breaker, f"r{number}", "no"), range(1, 300)))
    assert 3 <= came.count("no") <= 3 + 10
    assert came[-1] == str(Trouble.BREAKER)


def test_accounts_are_apart() -> None:
    breaker = Breaker(1)
    assert visit(breaker, "r1", "no", "one") == "no"
    assert visit(breaker, "r2", "no", "one") == str(Trouble.BREAKER)
    assert visit(breaker, "r3", "yes", "two") == "yes"


def test_a_device_that_never_answers_gives_its_turn_back() -> None:
    breaker = Breaker(1)
    assert visit(breaker, "r1", "gone") == "gone"
    assert visit(breaker, "r2", "yes") == "yes"


def test_who_waits_gives_the_slot_back_and_can_be_cancelled() -> None:
    breaker = Breaker(1)
    seen: list[str] = []
    waiting = threading.Event()

    class Slot:
        def idle(self) -> None:
            seen.append("idle")
            waiting.set()

        def busy(self) -> None:
            seen.append("busy")

    first = breaker.turn("a", "ops", "r1")
    first.wait(Stop())
    with Cancel() as cancel:

        def later() -> None:
            waiting.wait(10)
            cancel.set()

        thread = threading.Thread(target=later)
        thread.start()
        with breaker.turn("a", "ops", "r2", Slot()) as turn, pytest.raises(SessionError) as caught:
            turn.wait(Stop(30, cancel))
        thread.join()
    assert caught.value.trouble is Trouble.CANCELLED
    assert seen == ["idle", "busy"]
    with breaker.turn("a", "ops", "r3") as turn, pytest.raises(SessionError) as caught:
        turn.wait(Stop(0))
    assert caught.value.trouble is Trouble.DEADLINE


def test_the_message_names_who_refused() -> None:
    breaker = Breaker(2)
    for device in ("lon-gm1", "man-gm1"):
        visit(breaker, device, "no")
    with pytest.raises(SessionError, match=r"2 devices refused the login of 'ops' .*\(lon-gm1, man-gm1\)") as caught:
        breaker.turn("a", "ops", "bir-gm1").check()
    assert "--limit" in caught.value.next_step


@pytest.mark.parametrize("seed", range(5))
def test_in_any_order_everyone_gets_an_answer_and_no_more_refuse_than_may(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 -- no secret
    answers = [chance.choice(["yes", "no", "no", "gone"]) for _ in range(200)]
    breaker = Breaker(4)
    with ThreadPoolExecutor(16) as pool:
        came = list(pool.map(lambda pair: visit(breaker, f"r{pair[0]}", pair[1]), enumerate(answers)))
    assert all(one in {answer, str(Trouble.BREAKER)} for one, answer in zip(came, answers, strict=True))
