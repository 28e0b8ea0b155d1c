"""A terminal without a network: keys in, screen out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from screens import RELEASES, Screen

from getvpn_ops.lab.ios.releases import release as read_release
from getvpn_ops.lab.ios.router import Router

EXEC_FILE = Path(__file__).parents[4] / "getvpn_ops" / "lab" / "ios" / "grammar" / "exec.txt"


ANSWERS = {
    "invalid": ("show foo\r", "show foo\r\n         ^\r\n% Invalid input detected at '^' marker.\r\n\r\nR1#"),
    "incomplete": ("terminal length\r", "terminal length\r\n% Incomplete command.\r\n\r\nR1#"),
    "empty": ("\r", "\r\nR1#"),
    "comment": ("! hello\r", "! hello\r\nR1#"),
    "privilege": ("sh priv\r", "sh priv\r\nCurrent privilege level is 15\r\nR1#"),
    "bad-filter": (
        "show clock | foo\r",
        "show clock | foo\r\n                  ^\r\n% Invalid input detected at '^' marker.\r\n\r\nR1#",
    ),
    "help": ("show cl?", "show cl?\r\nclock\r\n\r\nR1#show cl"),
    "tab": ("show cl\t", "show cl\r\nR1#show clock "),
    "erase-line": ("wrong\x15\r", "wrong" + "\b" * 5 + " " * 5 + "\b" * 5 + "\r\nR1#"),
    "erase-word": (
        "show wrong\x17cl\x15",
        "show wrong" + "\b" * 5 + " " * 5 + "\b" * 5 + "cl" + "\b" * 7 + " " * 7 + "\b" * 7,
    ),
    "ctrl-c": ("wrong\x03", "wrong\r\nR1#"),
}


@pytest.mark.parametrize(("keys", "answer"), ANSWERS.values(), ids=ANSWERS)
def test_answers(keys: str, answer: str) -> None:
    assert Screen().type(keys) == answer


CONFIGURING = {
    "do-alone": (["crypto gdoi group G"], "do", "\r\n% Incomplete command.\r\n\r\nR1(config-gkm-group)#"),
    "en-is-enable-too": ([], "en", '\r\n% Ambiguous command:  "en"\r\nR1(config)#'),
    "en-in-a-mode-without-it": (["line vty 0 4"], "en", '\r\n% Ambiguous command:  "en"\r\nR1(config-line)#'),
    "ex-is-exception-too": ([], "ex", '\r\n% Ambiguous command:  "ex"\r\nR1(config)#'),
    "ex-in-a-mode": (["crypto gdoi group G"], "ex", "\r\nR1(config)#"),
    "e-is-encryption-too": (["crypto isakmp policy 1"], "e", '\r\n% Ambiguous command:  "e"\r\nR1(config-isakmp)#'),
    "exit-with-more": (
        [],
        " exit  now",
        f"\r\n{' ' * 18}^\r\n% Invalid input detected at '^' marker.\r\n\r\nR1(config)#",
    ),
    "words-of-every-mode": (
        ["crypto gdoi group G", "server local", "redundancy"],
        "?",
        "\r\n  default\r\n  exit\r\n  local\r\n  no\r\n  peer\r\n  protocol\r\n\r\nR1(gdoi-coop-ks-config)#",
    ),
    "part-of-a-port": (["interface Gi1.5"], "! x", "\r\nR1(config-subif)#"),
    "help-behind-no": (["crypto gdoi group G"], "no serv?", "\r\nserver\r\n\r\nR1(config-gkm-group)#no serv"),
    "help-behind-do": (["crypto gdoi group G"], "do show cl?", "\r\nclock\r\n\r\nR1(config-gkm-group)#do show cl"),
}


@pytest.mark.parametrize(("before", "typed", "answer"), CONFIGURING.values(), ids=CONFIGURING)
def test_words_that_every_mode_has(before: list[str], typed: str, answer: str) -> None:
    screen = Screen("17.6.5")
    screen.enter("configure terminal", *before)
    assert screen.type(typed if typed[-1] == "?" else f"{typed}\r") == f"{typed}{answer}"


def test_what_a_lower_level_may_configure() -> None:
    moved = ("privilege exec level 7 configure terminal", "privilege configure level 7 interface")
    screen = Screen("17", 7, *moved, "privilege interface level 7 shutdown", "interface Gi1")
    screen.enter("configure terminal")
    assert "% Invalid input" in screen.enter("hostname R2")
    assert "% Invalid" not in screen.enter("int gi1", "shut", "no shut")
    assert "% Invalid input" in screen.enter("description mine")
    assert screen.enter("exit", "end").endswith("R1#")
    assert [line for line in screen.running() if "privilege" not in line] == [
        "interface GigabitEthernet1",
        " no ip address",
    ]


def test_a_question_wants_yes_or_no() -> None:
    screen = Screen()
    screen.enter("configure terminal", "hostname R2", "end")
    question = "System configuration has been modified. Save? [yes/no]: "
    assert screen.enter("reload").endswith(question)
    for answer in ("maybe", "", "yess"):
        assert screen.enter(answer) == f"{answer}\r\n% Please answer 'yes' or 'no'.\r\n\r\n{question}"
    assert screen.enter("no").endswith("Proceed with reload? [confirm]")


def test_ambiguous_has_no_blank_line() -> None:
    assert Screen("17", 1).type("e\r") == 'e\r\n% Ambiguous command:  "e"\r\nR1>'


def test_enable_and_disable() -> None:
    screen = Screen("17", 1)
    assert screen.type("show run\r").endswith("% Invalid input detected at '^' marker.\r\n\r\nR1>")
    assert screen.type("en\r") == "en\r\nPassword: "
    assert screen.type("wrong\r") == "\r\nPassword: "
    assert screen.type("e\r") == "\r\nR1#"
    assert screen.type("disable\r").endswith("R1>")
    for _ in range(2):
        screen.type("en\rx\rx\r")
        assert screen.type("x\r") == "\r\n% Bad secrets\r\n\r\nR1>"


def test_modes_and_their_prompts() -> None:
    for release, word in (("12.4", "gdoi"), ("15", "gkm"), ("17", "gkm")):
        screen = Screen(release)
        screen.type("conf t\r")
        assert screen.type("crypto gdoi group G\r").endswith(f"R1(config-{word}-group)#")
        assert screen.type("server local\r").endswith(f"R1({word}-local-server)#")
        assert screen.type("sa ipsec 1\r").endswith(f"R1({word}-sa-ipsec)#")
        assert screen.type("address ipv4 10.0.0.1\r").endswith(f"R1({word}-local-server)#")
        assert screen.type("redundancy\r").endswith("R1(gdoi-coop-ks-config)#")
        assert screen.type("local priority 300\r").count("^\r\n% Invalid input") == 1
        assert screen.type("exit\r").endswith(f"R1({word}-local-server)#")
        assert "group" in screen.type("do show run | section gdoi\r")
        assert screen.type("hostname R2\r").endswith("R2(config)#")
        assert screen.type("end\r").endswith("R2#")


def test_a_newer_keyword_is_unknown_to_an_old_release() -> None:
    screen = Screen("12.4")
    screen.type("conf t\r")
    assert "% Invalid input" in screen.type("crypto gkm group G\r")
    screen.type("crypto isakmp policy 1\r")
    assert "% Invalid input" in screen.type("group 14\r")
    assert "% Invalid input" in screen.type("hash sha256\r")


def test_reload_forgets_what_was_not_saved() -> None:
    screen = Screen()
    screen.type("conf t\rip domain name a.example\rend\rwrite\rconf t\rip domain name b.example\rend\r")
    assert screen.type("reload\r").endswith("Save? [yes/no]: ")
    screen.type("no\r")
    screen.type("\r")
    assert screen.ended
    assert "ip domain name a.example" in list(screen.router.running.lines())


def test_paging() -> None:
    screen = Screen("17", 15, *(f"ip host h{number} 10.0.0.{number}" for number in range(1, 30)))
    screen.type("terminal length 10\r")
    assert screen.type("show run\r").count("\r\n") == 10
    assert screen.shown.endswith(" --More-- ")
    assert screen.type("\r").count("\r\n") == 1
    assert screen.type(" ").count("\r\n") == 9
    assert screen.type("q").endswith("R1#")


FILTERS = {
    "include": ("include gdoi", ["crypto gdoi group G"]),
    "exclude": ("exclude .", []),
    "count": ("count gdoi", ["Number of lines which match regexp = 1"]),
    "section": ("section gdoi", ["crypto gdoi group G", " identity number 7"]),
    "underscore-divides": ("include _gdoi_group_", ["crypto gdoi group G"]),
    "underscore-begins": ("include _crypto", ["crypto gdoi group G"]),
    "underscore-is-no-letter": ("include _ypto", []),
    "begin": ("begin identity", [" identity number 7", "!", "end", ""]),
}


@pytest.mark.parametrize(("pipe", "lines"), FILTERS.values(), ids=FILTERS)
def test_filters(pipe: str, lines: list[str]) -> None:
    screen = Screen("17", 15, "crypto gdoi group G", " identity number 7")
    shown = screen.type(f"show run | {pipe}\r").split("\r\n")[1:-1]
    assert [line for line in shown if pipe != "exclude ." or line] == lines


@given(st.text(max_size=80))
def test_no_keys_can_break_it(keys: str) -> None:
    screen = Screen()
    screen.type(keys)
    screen.type("\x03")
    if not screen.ended:
        assert screen.shown.endswith("#")


def test_defaults_are_not_printed_back() -> None:
    screen = Screen()
    screen.type("conf t\rcrypto isakmp policy 5\rencryption aes 256\rhash sha\rlifetime 86400\rgroup 14\rend\r")
    assert [line for line in screen.router.running.lines() if line != "!"] == [
        "crypto isakmp policy 5",
        " encr aes 256",
        " group 14",
    ]


TYPED = {
    "replaced": (["logging buffered 8192", "logging buffered 9000"], ["logging buffered 9000"]),
    "removed": (["ip domain name a.example", "no ip domain name"], []),
    "removed-and-told": (["logging buffered 8192", "no logging buffered"], ["no logging buffered"]),
    "several": (["ntp server 10.0.0.1", "ntp server 10.0.0.2"], ["ntp server 10.0.0.1", "ntp server 10.0.0.2"]),
    "one-of-several": (
        ["ntp server 10.0.0.1", "ntp server 10.0.0.2", "no ntp server 10.0.0.1"],
        ["ntp server 10.0.0.2"],
    ),
    "order-of-the-router": (["ip cef", "hostname A"], ["hostname A", "ip cef"]),
    "default-switched-off": (["no ip domain lookup"], ["no ip domain lookup"]),
    "and-on-again": (["no ip domain lookup", "ip domain lookup"], []),
    "block": (["crypto gdoi group G", "passive", "no crypto gdoi group G"], []),
    "in-block": (["crypto gdoi group G", "passive", "no passive"], ["crypto gdoi group G"]),
    "names-in-full": (
        ["int gi0/1", "ip addr 10.0.0.1 255.0.0.0"],
        ["interface GigabitEthernet0/1", " ip address 10.0.0.1 255.0.0.0"],
    ),
}


@pytest.mark.parametrize(("typed", "held"), TYPED.values(), ids=TYPED)
def test_what_a_router_holds(typed: list[str], held: list[str]) -> None:
    screen = Screen()
    screen.type("conf t\r")
    for line in typed:
        assert "%" not in screen.type(f"{line}\r")
    assert [line for line in screen.router.running.lines() if line != "!"] == held


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_a_printed_configuration_loads_again(release: str) -> None:
    screen = Screen(release)
    screen.type("conf t\rhostname A\rcrypto isakmp policy 5\rencr aes\rexit\rcrypto gdoi group G\ridentity number 7\r")
    screen.type("server local\rrekey transport unicast\rsa ipsec 1\rprofile P\raddress ipv4 10.0.0.1\rend\r")
    shown = screen.type("show running-config\r")
    printed = shown.split("\r\n")[1:-1]
    again = Router(release=read_release(RELEASES[release]))
    assert again.load(printed) == []
    assert list(again.running.lines()) == list(screen.router.running.lines())


VALUES = {"IFNAME": "Gi0/1", "A.B.C.D": "10.0.0.1", "WORD": "word", "LINE": "text"}


def shortest(command: str) -> str:
    """A line that is this command: what may be left out is, and of each choice the first is taken."""
    rules = ((r"\[[^\[\]]*\]|\([^()]*\)", ""), (r"\{\s*([^{}|]*?)\s*(?:\|[^{}]*)?\}", r"\1"), (r"<(\d+)-\d+>", r"\1"))
    before = ""
    while before != command:
        before = command
        for pattern, new in rules:
            command = re.sub(pattern, new, command)
    return " ".join(VALUES.get(word, word) for word in command.split())


@pytest.mark.parametrize("privilege", [1, 15])
def test_every_exec_command_is_understood(privilege: int) -> None:
    seen = 0
    for line in EXEC_FILE.read_text().splitlines():
        level, _, rest = line.partition(" ")
        command, _, action = rest.partition(" = ")
        if (
            not level.isdigit()
            or int(level) > privilege
            or ("@" in action and "@17" not in action and "+" not in action)
        ):
            continue
        seen += 1
        typed = shortest(command)
        answer = Screen("17", privilege, "interface Gi0/1").type(f"{typed}\r")
        assert not re.search("% (Invalid input|Incomplete|Ambiguous|Unrecognized command)", answer), typed
    assert seen > 50


def test_what_a_router_adds_by_itself() -> None:
    screen = Screen(
        "17",
        15,
        "interface Gi0/1",
        "crypto gdoi group G",
        "server local",
        "rekey transport unicast",
        "crypto map M 10 gdoi",
    )
    assert [line for line in screen.router.running.lines() if line != "!"] == [
        "crypto gdoi group G",
        " server local",
        "  ! Incomplete unicast rekey configuration",
        "  ! Rekey authentication is not configured",
        "  rekey transport unicast",
        "crypto map M 10 gdoi ",
        "interface GigabitEthernet0/1",
        " no ip address",
    ]


def test_log_messages_come_in_between() -> None:
    screen = Screen()
    screen.router.log("%SYS-5-CONFIG_I: nobody watches")
    assert "nobody" not in screen.shown
    screen.type("terminal monitor\r")
    screen.type("show cl")
    screen.router.log("%GDOI-5-GM_REGS_COMPL: Registration to KS 10.0.0.1 complete for group G using address 10.1.1.1")
    assert screen.shown.split("\r\n")[-2].endswith("complete for group G using address 10.1.1.1")
    assert "UTC" in screen.type("ock\r")
    screen.type("conf t\r")
    assert "%SYS-5-CONFIG_I: Configured from console by" in screen.type("end\r")
    screen.type("terminal no monitor\r")
    before = screen.shown
    screen.router.log("%SYS-5-CONFIG_I: too late")
    assert screen.shown == before


EXEC_CHANNEL = {
    "answers": ("show privilege", "\r\nCurrent privilege level is 15"),
    "filter": ("show run | include nothing-like-it", "\r\n"),
    "not-a-show": ("reload", 'Line has invalid autocommand "reload"'),
    "wrong": ("show foo", 'Line has invalid autocommand "show foo"'),
}


@pytest.mark.parametrize(("command", "answer"), EXEC_CHANNEL.values(), ids=EXEC_CHANNEL)
def test_exec_channel(command: str, answer: str) -> None:
    screen = Screen()
    before = len(screen.shown)
    screen.terminal.run(command)
    assert screen.shown[before:] == answer
    assert screen.ended
