"""Copies of configurations, going back to them, the timer that does so by itself, files, and scheduled reloads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from screens import RELEASES, Screen

from getvpn_ops.lab.clock import Clock
from getvpn_ops.lab.ios.configuration.differences import additions, contextual, rollback, tree
from getvpn_ops.lab.ios.releases import release as read_release
from getvpn_ops.lab.ios.router import Router

START = datetime(2021, 3, 1, 10, 0, 0, tzinfo=UTC)
FAMILIES = sorted(RELEASES)
BASE = [
    *("hostname R1", "archive", " path flash:cfg", " maximum 3"),
    *("interface Loopback0", " ip address 10.1.1.1 255.255.255.255", "line vty 0 4", " exec-timeout 0 0"),
]


def box(release: str = "17", *lines: str, archived: bool = True) -> Screen:
    router = Router(hostname="R1", release=read_release(RELEASES[release]), clock=Clock(START, speed=0))
    assert router.load([*(BASE if archived else BASE[4:]), *lines]) == []
    return Screen(router=router)


def wait(screen: Screen, seconds: float) -> None:
    clock = screen.router.clock
    clock.advance(clock.now() + timedelta(seconds=seconds))


def text(shown: str) -> str:
    return shown.replace("\r\n", "\n")


def logged(screen: Screen, word: str) -> list[str]:
    return [line for line in screen.router.logged if word in line]


def addresses(screen: Screen) -> list[str]:
    return [line.strip() for line in screen.running() if "ip address" in line]


OLD, NEW = ["ip address 10.1.1.1 255.255.255.255"], ["ip address 10.2.2.2 255.255.255.255"]
CHANGE = ["interface Loopback0", "ip address 10.2.2.2 255.255.255.255"]


# -- the timer


@pytest.mark.parametrize("release", FAMILIES)
def test_an_unconfirmed_change_is_undone(release: str) -> None:
    screen = box(release)
    shown = text(screen.enter("configure terminal revert timer 5"))
    assert "Rollback Confirmed Change: Backing up current running config to flash:cfg-" in shown
    assert shown.endswith("\n\nEnter configuration commands, one per line.  End with CNTL/Z.\nR1(config)#")
    screen.enter(*CHANGE, "ip host x 10.9.9.9", "end")
    assert addresses(screen) == NEW
    wait(screen, 239)
    assert logged(screen, "WARNING_ABSTIMER") == []
    wait(screen, 2)
    assert len(logged(screen, "%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_WARNING_ABSTIMER: System will rollback to config")) == 1
    assert addresses(screen) == NEW
    wait(screen, 60)
    assert addresses(screen) == OLD
    assert not any("ip host" in line for line in screen.running())
    assert len(logged(screen, "%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_ROLLBACK_START: Start rolling to: flash:cfg-")) == 1
    assert screen.enter("configure confirm").endswith("%No Rollback Confirmed Change pending\r\nR1#")


def test_a_lost_session_does_not_stop_the_timer() -> None:
    screen = box()
    screen.enter("configure terminal revert timer 2", *CHANGE)
    screen.terminal.stop()
    wait(screen, 121)
    assert addresses(screen) == OLD


def test_a_confirmed_change_stays() -> None:
    screen = box()
    screen.enter("configure terminal revert timer 2", *CHANGE, "end", "configure confirm")
    assert len(logged(screen, "%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_CONFIRM")) == 1
    wait(screen, 600)
    assert addresses(screen) == NEW


def test_revert_now() -> None:
    screen = box()
    screen.enter("configure terminal revert timer 2", *CHANGE, "end")
    shown = text(screen.enter("configure revert now"))
    assert "Rollback Confirmed Change: rolling to:flash:cfg-" in shown
    assert " no ip address 10.2.2.2 255.255.255.255\n" in shown
    assert shown.endswith("Total number of passes: 1\nRollback Done\n\nR1#")
    assert addresses(screen) == OLD
    wait(screen, 600)
    assert len(logged(screen, "ROLLBACK_START")) == 1


def test_another_timer() -> None:
    screen = box()
    screen.enter("configure terminal revert timer 2", *CHANGE, "end", "configure revert timer 10")
    assert "Timer type: absolute timer\r\nTimer value: 10 min" in screen.enter("show archive config rollback timer")
    wait(screen, 300)
    assert addresses(screen) == NEW
    wait(screen, 301)
    assert addresses(screen) == OLD
    assert "%No Rollback Confirmed Change pending" in screen.enter("show archive config rollback timer")


def test_an_idle_timer_begins_anew_at_each_line() -> None:
    screen = box()
    screen.enter("configure terminal revert idle 2", *CHANGE)
    for _ in range(4):
        wait(screen, 100)
        screen.enter("")
    assert addresses(screen) == NEW
    wait(screen, 121)
    assert addresses(screen) == OLD


OFF = {
    "revert": "configure terminal revert timer 5",
    "replace-with-time": "configure replace flash:x time 5",
    "replace-with-trigger": "configure replace flash:x force revert trigger error",
}


@pytest.mark.parametrize("typed", OFF.values(), ids=OFF)
def test_without_an_archive_there_is_no_going_back(typed: str) -> None:
    screen = box(archived=False)
    assert screen.enter(typed).endswith("%Turn config archive on before using Rollback Confirmed Change\r\nR1#")
    assert screen.router.archive.pending is None


def test_revert_is_younger_than_12_4_20() -> None:
    screen = Screen("12.4(15)T9")
    assert "% Invalid input" in screen.enter("configure terminal revert timer 5")


def test_a_reload_forgets_the_timer() -> None:
    screen = box()
    screen.enter("configure terminal revert timer 2", *CHANGE, "end")
    screen.router.save()
    screen.router.reload()
    wait(screen, 600)
    assert addresses(screen) == NEW


def test_a_mode_that_was_rolled_away_is_left() -> None:
    screen = box()
    screen.enter("configure terminal revert timer 1", "interface Loopback9", "description new")
    assert screen.shown.endswith("R1(config-if)#")
    wait(screen, 61)
    screen.enter("hostname R2")
    assert screen.shown.endswith("R2(config)#")
    assert not any("Loopback9" in line for line in screen.running())


# -- replace


def stored(screen: Screen, name: str = "flash:base") -> None:
    screen.enter(f"copy running-config {name}", "")


@pytest.mark.parametrize("release", FAMILIES)
def test_replace_asks_and_lists(release: str) -> None:
    screen = box(release)
    stored(screen)
    screen.enter("conf t", *CHANGE, "ip host x 10.9.9.9", "end")
    shown = text(screen.enter("configure replace flash:base list"))
    assert shown.endswith("configuration. Enter Y if you are sure you want to proceed. ? [no]: ")
    assert text(screen.enter("")).endswith("R1#")
    assert addresses(screen) == NEW
    screen.enter("configure replace flash:base list")
    shown = text(screen.enter("y"))
    assert "!Pass 1\n\n!List of Rollback Commands:\n" in shown
    assert "\nno ip host x 10.9.9.9\n" in shown
    assert shown.endswith("end\n\n\nTotal number of passes: 1\nRollback Done\n\nR1#")
    assert addresses(screen) == OLD
    shown = text(screen.enter("configure replace flash:base force"))
    assert shown == "configure replace flash:base force\nTotal number of passes: 0\nRollback Done\n\nR1#"


def test_replace_with_a_time() -> None:
    screen = box()
    stored(screen)
    screen.enter("conf t", *CHANGE, "end")
    assert "Backing up current running config to flash:cfg-" in screen.enter(
        "configure replace flash:base force time 3"
    )
    assert addresses(screen) == OLD
    wait(screen, 181)
    assert addresses(screen) == NEW


FAILS = {
    "no-file": ("flash:none", None, "%Error: Could not open file flash:none for reading"),
    "no-configuration": ("flash:junk", ["hello"], "%The input file is not a valid config file."),
    "wrong-line": (
        "flash:bad",
        ["version 17.6", "hostname R1", "frobnicate it", "end"],
        "Rollback aborted after 5 passes",
    ),
}


@pytest.mark.parametrize(("name", "lines", "answer"), FAILS.values(), ids=FAILS)
def test_replace_fails(name: str, lines: list[str] | None, answer: str) -> None:
    screen = box()
    if lines is not None:
        screen.router.files[f"boot{name}"] = lines
    before = screen.running()
    shown = text(screen.enter(f"configure replace {name} force revert trigger error"))
    assert answer in shown
    if "wrong" in name or name.endswith("bad"):
        assert "frobnicate it" in shown
        assert "original configuration has been successfully restored" in shown
    assert screen.running() == before


# -- the archive


def test_show_archive_without_one() -> None:
    screen = box(archived=False)
    assert "Archive feature not enabled" in screen.enter("show archive")
    assert "Archive feature not enabled" in screen.enter("archive config")


STAMPED = [f"cfg-Mar--1-10-00-00.000-{number}" for number in range(4)]
COPIES = {
    "12.4": ("12.4", ["cfg-1", "cfg-2", "cfg-3", "cfg-4"], "flash:cfg-5"),
    "15": ("15", STAMPED, "flash:cfg-<timestamp>-4"),
    "17": ("17", STAMPED, "flash:cfg-<timestamp>-4"),
}


@pytest.mark.parametrize(("release", "names", "following"), COPIES.values(), ids=COPIES)
def test_the_archive_keeps_the_newest(release: str, names: list[str], following: str) -> None:
    screen = box(release)
    screen.enter(*["archive config"] * 4)
    shown = text(screen.enter("show archive"))
    assert (
        f"There are currently 3 archive configurations saved.\nThe next archive file will be named {following}\n"
        in shown
    )
    assert [name in shown for name in names] == [False, True, True, True]
    assert f"{names[3]} <- Most Recent" in shown
    assert len([name for name in screen.router.files if "cfg-" in name]) == 3


def test_copies_by_themselves() -> None:
    screen = box()
    screen.enter("conf t", "archive", "write-memory", "time-period 60", "end", "write memory")
    assert len(screen.router.archive.copies) == 1
    wait(screen, 3601)
    assert len(screen.router.archive.copies) == 2
    screen.enter("conf t", "archive", "no time-period", "end")
    wait(screen, 7200)
    assert len(screen.router.archive.copies) == 2


def test_path_with_the_host_name() -> None:
    screen = box("12.4", "archive", " path flash:$h-config")
    screen.enter("archive config")
    assert screen.router.archive.copies == ["flash:R1-config-1"]


def test_differences() -> None:
    screen = box()
    assert "!Contextual Config Diffs:\r\n!No changes were found" in screen.enter("show archive config differences")
    stored(screen)
    screen.enter("conf t", *CHANGE, "ip host x 10.9.9.9", "end")
    shown = text(screen.enter("show archive config differences flash:base system:running-config"))
    assert shown.partition("Diffs:\n")[2].split("\n\n")[0].split("\n") == [
        "+ip host x 10.9.9.9",
        "interface Loopback0",
        " +ip address 10.2.2.2 255.255.255.255",
        "interface Loopback0",
        " -ip address 10.1.1.1 255.255.255.255",
    ]
    assert (
        text(screen.enter("show archive config differences flash:base")).partition("\n")[2] == shown.partition("\n")[2]
    )
    assert "-ip host x 10.9.9.9" in screen.enter("show archive config differences")
    assert "%Error opening flash:no (No such file or directory)" in screen.enter(
        "show archive config differences flash:no"
    )


def test_incremental_differences() -> None:
    screen = box()
    screen.router.files["bootflash:merge"] = [
        "interface Loopback0",
        " description core",
        " ip address 10.1.1.1 255.255.255.255",
    ]
    shown = text(screen.enter("show archive config incremental-diffs flash:merge"))
    assert "!List of Commands:\ninterface Loopback0\n description core\nend\n" in shown


HIDES = {
    "12.4": ("12.4", [], "opensesame"),
    "hidekeys": ("15", ["hidekeys"], "*"),
    "17": ("17", [], "*"),
    "17-told-not-to": ("17", ["no hidekeys"], "opensesame"),
}


@pytest.mark.parametrize(("release", "options", "shown"), HIDES.values(), ids=HIDES)
def test_the_log_of_commands(release: str, options: list[str], shown: str) -> None:
    screen = box(release)
    screen.enter("conf t", "archive", "log config", "logging enable", *options, "notify syslog", "end")
    screen.enter("conf t", "interface Loopback0", "shutdown", "frobnicate", "enable secret opensesame", "end")
    lines = text(screen.enter("show archive log config all")).split("\n")
    assert lines[1] == " idx   sess           user@line      Logged command"
    rows = [line.partition("|")[2] for line in lines[2:-1]]
    assert rows[-3:] == ["interface Loopback0", " shutdown", f"enable secret {shown}"]
    assert logged(screen, f"%PARSER-5-CFGLOG_LOGGEDCMD: User:vty0  logged command:enable secret {shown}")
    assert [line.split()[1] for line in lines[2:-1]][-1] == "2"


# -- files


def test_copy_to_a_file_and_back() -> None:
    screen = box()
    assert screen.enter("copy running-config flash:base").endswith("Destination filename [base]? ")
    assert " bytes copied in " in screen.enter("")
    screen.enter("conf t", *CHANGE, "ip host x 10.9.9.9", "end")
    assert screen.enter("copy bootflash:base running-config").endswith("Destination filename [running-config]? ")
    screen.enter("")
    assert addresses(screen) == OLD
    assert "ip host x 10.9.9.9" in screen.running()
    assert screen.enter("copy running-config flash:base", "").endswith("Do you want to over write? [confirm]")
    screen.type("n")
    assert "ip host x 10.9.9.9" not in screen.router.files["bootflash:base"]


def test_copying_a_wrong_line_says_so() -> None:
    screen = box()
    screen.router.files["bootflash:merge"] = ["ip host y 10.8.8.8", "frobnicate"]
    shown = screen.enter("copy flash:merge running-config", "")
    assert "% Invalid input detected at '^' marker." in shown
    assert "ip host y 10.8.8.8" in screen.running()


def test_files_without_questions() -> None:
    screen = box("17", "file prompt quiet")
    assert screen.enter("copy running-config flash:a").endswith("bytes/sec)\r\nR1#")
    assert screen.enter("more flash:a | include version").endswith("version\r\nversion 17.6\r\nR1#")
    assert screen.enter("delete flash:a").endswith("R1#")
    assert "%Error opening bootflash:/a (No such file or directory)" in screen.enter("more flash:a")


def test_delete_asks() -> None:
    screen = box("15")
    stored(screen, "flash:a")
    assert screen.enter("delete flash:a").endswith("Delete filename [a]? ")
    assert screen.enter("").endswith("Delete flash:/a? [confirm]")
    screen.type("\r")
    assert screen.router.files == {}
    screen.enter("delete flash:a", "")
    assert "%Error deleting flash:/a (No such file or directory)" in screen.type("\r")


def test_startup() -> None:
    screen = box()
    screen.enter("conf t", *CHANGE, "end")
    screen.enter("copy startup-config running-config", "")
    assert addresses(screen) == OLD
    assert screen.enter("write erase").endswith("will remove all configuration files! Continue? [confirm]")
    screen.type("\r")
    assert "startup-config is not present" in screen.enter("show startup-config")
    assert "[OK]" in screen.enter("copy running-config startup-config", "")
    assert screen.router.is_saved()


# -- reloads


def confirm(screen: Screen, typed: str) -> None:
    screen.enter(typed)
    screen.type("\r")


def test_reload_in_some_minutes() -> None:
    screen = box()
    shown = text(screen.enter("reload in 5"))
    assert shown.endswith(
        "Reload scheduled in 5 minutes by vty0 (127.0.0.1)\n"
        "Reload reason: Reload Command\nProceed with reload? [confirm]"
    )
    assert "*** --- SHUTDOWN in 0:05:00 ---" not in screen.type("\r")
    wait(screen, 0.001)
    assert "*** --- SHUTDOWN in 0:05:00 ---" in screen.shown
    assert "Reload scheduled in 5 minutes" in screen.enter("show reload")
    assert logged(
        screen,
        "%SYS-5-SCHEDULED_RELOAD: Reload requested for 10:05:00 UTC Mon Mar 1 2021 at 10:00:00",
    )
    wait(screen, 240)
    assert "*** --- SHUTDOWN in 0:01:00 ---" in screen.shown
    assert not screen.ended
    wait(screen, 60)
    assert screen.ended
    assert screen.router.reload_reason == "Reload Command"


def test_reload_cancel() -> None:
    screen = box()
    assert screen.enter("reload cancel").endswith("%No reload is scheduled.\r\nR1#")
    confirm(screen, "reload in 1:30 upgrade")
    assert "Reload scheduled in 1 hour and 30 minutes" in screen.enter("show reload")
    assert "Reload reason: upgrade" in screen.enter("show reload")
    assert "\n***\n*** --- SHUTDOWN ABORTED ---\n***\n" in text(screen.enter("reload cancel"))
    assert logged(screen, "%SYS-5-SCHEDULED_RELOAD_CANCELLED")
    assert "No reload is scheduled." in screen.enter("show reload")
    wait(screen, 7200)
    assert not screen.ended


AT = {
    "today": ("reload at 11:30", "11:30:00 UTC Mon Mar 1 2021 (in 1 hour and 30 minutes)"),
    "tomorrow": ("reload at 9:00", "09:00:00 UTC Tue Mar 2 2021 (in 23 hours)"),
    "a-day": ("reload at 03:00 10 may", "03:00:00 UTC Mon May 10 2021 (in 1673 hours)"),
    "a-day-other-order": ("reload at 03:00 may 10", "03:00:00 UTC Mon May 10 2021 (in 1673 hours)"),
}


@pytest.mark.parametrize(("typed", "when"), AT.values(), ids=AT)
def test_reload_at(typed: str, when: str) -> None:
    screen = box()
    assert f"Reload scheduled for {when} by vty0 (127.0.0.1)" in screen.enter(typed)
    screen.type("n")
    assert "No reload is scheduled." in screen.enter("show reload")


def test_an_unsaved_configuration_is_asked_about_first() -> None:
    screen = box()
    screen.enter("conf t", *CHANGE, "end")
    assert screen.enter("reload in 5").endswith("System configuration has been modified. Save? [yes/no]: ")
    screen.enter("no")
    screen.type("\r")
    wait(screen, 301)
    assert addresses(screen) == OLD


# -- how texts differ

ONE = ["interface A", " ip 1", " shutdown", "!", "no x", "router r", " family", "  net 1"]
TWO = ["interface A", " ip 2", "router r", " family", "  net 1", "  net 2", "y"]
DIFFERENT = {
    "contextual": (
        lambda: contextual(tree(ONE), tree(TWO)),
        [
            *("!Contextual Config Diffs:", "interface A", " +ip 2", "router r", " family", "  +net 2", "+y"),
            *("interface A", " -ip 1", " -shutdown", "-no x"),
        ],
    ),
    "rollback": (
        lambda: rollback(tree(ONE), tree(TWO)),
        ["interface A", " no ip 1", " no shutdown", "x", "interface A", " ip 2", "router r", " family", "  net 2", "y"],
    ),
    "additions": (lambda: list(additions(tree(TWO), tree(ONE))), ["interface A", " ip 1", " shutdown", "no x"]),
    "same": (lambda: contextual(tree(ONE), tree(ONE)), ["!Contextual Config Diffs:", "!No changes were found"]),
}


@pytest.mark.parametrize(("found", "wanted"), DIFFERENT.values(), ids=DIFFERENT)
def test_texts(found, wanted: list[str]) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    assert found() == wanted
