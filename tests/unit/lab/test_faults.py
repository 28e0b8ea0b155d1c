"""Each fault of a session and of the command line, as someone at the terminal sees it."""

from __future__ import annotations

import pytest
from screens import Screen

from getvpn_ops.lab.faults import fault
from getvpn_ops.lab.ios.router import Account


def armed(name: str, /, *, line: str | None = None, skip: int = 0, times: int | None = None, **options: str) -> Screen:
    screen = Screen("17", 15, "hostname R1", "ip domain name a.example")
    screen.router.faults.arm(fault(name, line=line, skip=skip, times=times, options=options))
    return screen


def test_drop_mid_line_applies_nothing() -> None:
    screen = armed("drop-mid-line", line="name b")
    assert screen.enter("conf t").endswith("(config)#")
    shown = screen.enter("ip domain name b.example")
    assert shown == "ip domain name b"
    assert screen.dropped
    assert "ip domain name a.example" in screen.running()


def test_drop_before_applies_nothing() -> None:
    screen = armed("drop-before", line="domain")
    screen.enter("conf t", "ip domain name b.example")
    assert screen.dropped
    assert "ip domain name a.example" in screen.running()


def test_drop_after_apply() -> None:
    screen = armed("drop-after-apply", line="domain")
    shown = screen.enter("conf t", "ip domain name b.example")
    assert screen.dropped
    assert shown.endswith("ip domain name b.example\r\n")
    assert "ip domain name b.example" in screen.running()


def test_a_fault_waits_for_its_line_and_its_turn() -> None:
    screen = armed("drop-after-apply", line="^ip host", skip=1)
    screen.enter("conf t", "ip domain name b.example", "ip host one 10.0.0.1")
    assert not screen.dropped
    screen.enter("ip host two 10.0.0.2")
    assert screen.dropped


@pytest.mark.parametrize(("name", "kept"), [("reload", "a.example"), ("reload-after-apply", "a.example")])
def test_reload_forgets_what_was_not_saved(name: str, kept: str) -> None:
    screen = armed(name, line="domain", seconds="30")
    seen: list[float] = []
    screen.router.boots.append(seen.append)
    screen.enter("conf t", "ip domain name b.example")
    assert screen.dropped
    assert seen == [30.0]
    assert f"ip domain name {kept}" in screen.running()


def test_not_stored_looks_like_success() -> None:
    screen = armed("not-stored", line="domain")
    assert screen.enter("conf t", "ip domain name b.example").endswith("ip domain name b.example\r\nR1(config)#")
    assert "ip domain name a.example" in screen.running()
    assert screen.enter("ip domain name c.example").endswith("R1(config)#")
    assert "ip domain name c.example" in screen.running()


REJECTIONS = {
    "invalid": ({}, "ip domain name b\r\n           ^\r\n% Invalid input detected at '^' marker.\r\n\r\nR1(config)#"),
    "in-use": (
        {"text": "% Profile is in use"},
        "ip domain name b\r\n% Profile is in use\r\n\r\nR1(config)#",
    ),
}


@pytest.mark.parametrize(("options", "answer"), REJECTIONS.values(), ids=REJECTIONS)
def test_reject(options: dict[str, str], answer: str) -> None:
    screen = Screen("17", 15, "hostname R1", "ip domain name a.example")
    screen.router.faults.arm(fault("reject", line="domain", options=options))
    screen.enter("conf t")
    assert screen.enter("ip domain name b") == answer
    assert "ip domain name a.example" in screen.running()


def test_dialog_waits_for_an_answer() -> None:
    screen = armed("dialog", line="domain", text="Really? [yes/no]: ")
    screen.enter("conf t")
    assert screen.enter("ip domain name b.example").endswith("Really? [yes/no]: ")
    assert screen.enter("yes") == "yes\r\nR1(config)#"


def test_dialog_of_one_key() -> None:
    screen = armed("dialog", line="show clock")
    assert screen.enter("show clock").endswith("Are you sure? [confirm]")
    assert screen.type("y").endswith("R1#")


def test_log_between() -> None:
    screen = armed("log-between", line="clock", count="2")
    screen.enter("terminal monitor")
    assert screen.enter("show clock").count("%LINEPROTO-5-UPDOWN") == 2


def test_hang_never_answers() -> None:
    screen = armed("hang", line="clock")
    slept: list[float] = []
    screen.terminal._sleep = lambda seconds, _done: slept.append(seconds)  # noqa: SLF001 -- in place of the network's
    assert screen.enter("show clock") == "show clock\r\n"
    assert screen.type("more keys\r") == ""
    assert slept == [float("inf")]


def test_slow_echo_answers_in_the_end() -> None:
    screen = armed("slow-echo", seconds="9")
    waiting: list[tuple[float, object]] = []
    screen.terminal._sleep = lambda seconds, done: waiting.append((seconds, done))  # noqa: SLF001 -- as above
    assert screen.enter("show privilege") == "show privilege\r\n"
    seconds, done = waiting.pop()
    assert seconds == 9
    before = len(screen.shown)
    done()  # type: ignore[operator]
    assert screen.shown[before:] == "Current privilege level is 15\r\nR1#"


def test_refused_enable() -> None:
    screen = Screen("17", 1)
    screen.router.faults.arm(fault("refuse-enable", times=1))
    assert screen.enter("enable", "e").endswith("Password: ")
    assert screen.enter("e").endswith("R1#")


def test_refused_login() -> None:
    screen = armed("refuse-login")
    screen.router.accounts["ops"] = Account("p", 15)
    assert screen.router.authenticate("ops", "p") is None
    screen.router.faults.clear()
    assert screen.router.authenticate("ops", "p") == 15


def test_no_line_is_free() -> None:
    screen = armed("vtys-full", times=1)
    assert screen.router.take_line() is None
    assert screen.router.take_line() == 0
    assert screen.router.take_line() == 1
    screen.router.free_line(0)
    assert screen.router.take_line() == 0


def test_prompt_changed() -> None:
    screen = armed("prompt-changed", name="other")
    assert screen.enter("show privilege").endswith("\r\nother#")
    assert "hostname R1" in screen.running()


def test_truncated_output() -> None:
    whole = Screen("17", 15, "hostname R1").enter("show run")
    screen = armed("truncate", share="0.5")
    shown = screen.enter("show run")
    assert len(shown) < len(whole)
    assert shown.endswith("R1#")
    assert "\r\nend\r\n" not in shown


def test_huge_output() -> None:
    assert armed("huge", lines="5000").enter("show clock").count("\r\n") > 5000


def test_output_that_is_no_text() -> None:
    shown = armed("non-utf8").enter("show run")
    with pytest.raises(UnicodeDecodeError):
        shown.encode("latin-1").decode()


def test_coloured_output() -> None:
    assert "\x1b[1;31m" in armed("ansi").enter("show clock")


def test_faults_can_be_taken_away() -> None:
    screen = armed("ansi", times=0)
    number = screen.router.faults.armed[0].number
    assert screen.router.faults.clear(number + 1000) == 0
    assert screen.router.faults.clear(number) == 1
    assert "\x1b[" not in screen.enter("show clock")
