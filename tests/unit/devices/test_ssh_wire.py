"""Reaching a device: addresses, and jump commands that end for sure."""

from __future__ import annotations

import gc
import os
import re
import socket
import sys
import time

import pytest

from getvpn_ops.devices.ssh.wire import dial, words
from getvpn_ops.devices.terms import Cancel, SessionError, Stop
from getvpn_ops.model.capture import Trouble

WORDS = {
    "ssh -W %h:%p bastion": ["ssh", "-W", "10.0.0.1:22", "bastion"],
    "ssh -l '%r' -W [%h]:%p 'jump host'": ["ssh", "-l", "ops", "-W", "[10.0.0.1]:22", "jump host"],
    "nc %h %p": ["nc", "10.0.0.1", "22"],
    "x 100%% %h": ["x", "100%", "10.0.0.1"],
    "x '%h; rm'": ["x", "10.0.0.1; rm"],
}
REFUSED = {
    ("", "h", "ops"): "is empty",
    ("ssh %x", "h", "ops"): "knows no %x",
    ("ssh %", "h", "ops"): "a lone %",
    ("ssh '", "h", "ops"): "is malformed",
    ("ssh %h", "-oProxyCommand=x", "ops"): "would be an option",
    ("ssh %h", "h", "-v"): "would be an option",
}


@pytest.mark.parametrize("template", WORDS)
def test_words_of_a_jump_command(template: str) -> None:
    assert words(template, "10.0.0.1", 22, "ops") == WORDS[template]


@pytest.mark.parametrize("case", REFUSED)
def test_a_jump_command_that_is_none(case: tuple[str, str, str]) -> None:
    template, host, user = case
    with pytest.raises(SessionError, match=re.escape(REFUSED[case])) as error:
        words(template, host, 22, user)
    assert error.value.trouble is Trouble.SETUP


def test_a_host_with_blanks_stays_one_word() -> None:
    assert words("nc %h %p", "a b; c", 22, "ops") == ["nc", "a b; c", "22"]


def test_a_closed_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(SessionError, match="refuses connections") as error:
        dial("127.0.0.1", port, Stop(5))
    assert error.value.trouble is Trouble.CONNECTION_REFUSED
    assert error.value.next_step


def test_a_name_without_an_address() -> None:
    with pytest.raises(SessionError, match=r"'nowhere\.invalid'") as error:
        dial("nowhere.invalid", 22, Stop(20))
    assert error.value.trouble is Trouble.UNREACHABLE


def test_a_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire = dial("localhost", server.getsockname()[1], Stop(20))
        assert wire.sock.getpeername()[1] == server.getsockname()[1]
        wire.shutdown()


def test_a_full_backlog_is_not_waited_for_for_ever() -> None:
    """Connections beyond the backlog get no answer: as with a filter that drops."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        with pytest.raises(SessionError) as error:
            _ = [dial("127.0.0.1", server.getsockname()[1], Stop(0.3, what="connect timeout")) for _ in range(10)]
        assert error.value.trouble is Trouble.UNREACHABLE
        assert "connect timeout (0.3 s)" in error.value.reason


def test_cancel_wakes_who_waits() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, Cancel() as cancel:
        stop = Stop(60, cancel)
        assert not stop.wait(ours.fileno(), seconds=0.01)
        cancel.set()
        with pytest.raises(SessionError) as error:
            stop.wait(ours.fileno())
        assert error.value.trouble is Trouble.CANCELLED
        assert stop.remaining() == 0


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


STUBBORN = (
    "import os, signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "child = subprocess.Popen(['sleep', '600']); os.write(1, f'{os.getpid()} {child.pid}\\n'.encode()); time.sleep(600)"
)


def test_a_jump_command_ends_with_all_that_it_started() -> None:
    wire = dial("h", 22, Stop(10), jump=f'{sys.executable} -c "{STUBBORN}"')
    Stop(10).wait(wire.fileno())
    pids = [int(word) for word in wire.sock.recv(100).split()]
    assert all(_alive(pid) for pid in pids)
    wire.shutdown()
    until = time.monotonic() + 5
    while any(_alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.01)  # an orphan is reaped by init
    assert not _alive(pids[0])


def test_what_a_jump_command_says() -> None:
    code = "import sys; sys.stderr.write('bastion: no route\\n'); sys.exit(7)"
    wire = dial("h", 22, Stop(10), jump=f'{sys.executable} -c "{code}"')
    Stop(10).wait(wire.fileno())
    assert wire.said() == "the jump command ended with status 7, saying: bastion: no route"


def test_a_jump_command_that_does_not_exist() -> None:
    with pytest.raises(SessionError, match="cannot be started") as error:
        dial("h", 22, Stop(10), jump="/nowhere/ssh -W %h:%p x")
    assert error.value.trouble is Trouble.SETUP


def test_a_wire_closes_with_its_last_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire = dial("127.0.0.1", server.getsockname()[1], Stop(5))
        number = wire.fileno()
        held = [wire]
        wire.shutdown()
        del wire
        assert os.fstat(number)
        held.clear()
        gc.collect()
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(number)
