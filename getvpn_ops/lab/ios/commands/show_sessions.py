"""Who is logged in, over which lines, and what the terminal is set to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from getvpn_ops.lab.ios import ntp, times
from getvpn_ops.lab.ios.commands.show_hardware import load
from getvpn_ops.lab.ios.session.dialog import Ask, Dialog, Say
from getvpn_ops.lab.ios.session.vtys import exec_timeout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.lab.ios.session.shell import Shell

_PLAIN_LINES = 5  # vty lines without any configuration
_KEY_WIDTH = 74
_ALIASES = (
    ("h", "help"),
    ("lo", "logout"),
    ("p", "ping"),
    ("r", "resume"),
    ("s", "show"),
    ("u", "undebug"),
    ("un", "undebug"),
    ("w", "where"),
)


def show_users(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show users``."""
    router = shell.router
    yield "    Line       User       Host(s)              Idle       Location"
    for session in sorted(router.sessions, key=lambda item: item.line):
        own = session.line == shell.line
        idle = "00:00:00" if own else times.idle(router.clock.now() - session.used)
        number = router.platform.first_vty + session.line
        mark = "*" if own else " "
        yield f"{mark}{number:>3} vty {session.line:<5} {session.user:<10} idle                 {idle} 127.0.0.1"
    yield ""
    yield "  Interface    User               Mode         Idle     Peer Address"
    yield ""


def _vtys(router: Router) -> int:
    highest = _PLAIN_LINES - 1
    for block in router.running.all("line vty "):
        highest = max(highest, int(block.text.split()[-1]))
    return highest + 1


def show_line(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show line``."""
    router = shell.router
    used = {session.line for session in router.sessions}
    yield "   Tty Line Typ     Tx/Rx    A Roty AccO AccI  Uses  Noise Overruns  Int"
    yield "      0    0 CTY              -    -      -    -     0      0    0/0      -"
    yield "      1    1 AUX   9600/9600  -    -      -    -     0      0    0/0      -"
    for vty in range(_vtys(router)):
        number = router.platform.first_vty + vty
        mark, count = ("*", 1) if vty in used else (" ", 0)
        yield f"{mark}{number:>6}{number:>5} VTY              -    -      -    -{count:>6}      0    0/0      -"
    yield ""


def show_terminal(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show terminal``."""
    yield f'Line {shell.router.platform.first_vty + shell.line}, Location: "", Type: "vt100"'
    yield f"Length: {shell.length} lines, Width: {shell.width} columns"
    yield "Baud rate (TX/RX) is 9600/9600"
    yield "Status: PSI Enabled, Ready, Active, Automore On"
    yield "Capabilities: none"
    yield "Modem state: Ready"
    yield "Special Chars: Escape  Hold  Stop  Start  Disconnect  Activation"
    yield "                ^^x    none   -     -       none         "
    idle = exec_timeout(shell.router.running, shell.line)
    yield "Timeouts:      Idle EXEC    Idle Session   Modem Answer  Session   Dispatch"
    yield f"               {times.idle_limit(idle):<12}  never                        none     not set"
    yield "Editing is enabled."
    yield "History is enabled, history size is 20."
    lookup = shell.router.running.find("no ip domain lookup") is None
    yield f"DNS resolution in show commands is {'enabled' if lookup else 'disabled'}"
    yield "Full user help is disabled"
    yield "Allowed input transports are ssh."
    yield "Allowed output transports are telnet ssh."
    yield "Preferred transport is telnet."
    yield "No output characters are padded"
    yield "No special data dispatching characters"


def show_ssh(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show ssh``."""
    old = shell.router.release.family == "12.4"
    cipher, mac = ("aes128-cbc", "hmac-sha1") if old else ("aes256-ctr", "hmac-sha2-256")
    yield "Connection Version Mode Encryption  Hmac\t State\t               Username"
    for session in sorted(shell.router.sessions, key=lambda item: item.line):
        for way in ("IN", "OUT"):
            yield f"{session.line:<10} 2.0     {way:<4} {cipher:<11} {mac:<12} Session started       {session.user}"
    yield "%No SSHv1 server connections running."


def show_ip_ssh(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show ip ssh``."""
    router = shell.router
    texts = [block.text for block in router.running.all("ip ssh ")]
    only_2 = "ip ssh version 2" in texts
    timeout = next((text.split()[-1] for text in texts if text.startswith("ip ssh time-out ")), "120")
    retries = next((text.split()[-1] for text in texts if text.startswith("ip ssh authentication-retries ")), "3")
    yield f"SSH Enabled - version {'2.0' if only_2 else '1.99'}"
    if router.release.is_xe:
        yield "Authentication methods:publickey,keyboard-interactive,password"
        yield "Encryption Algorithms:aes128-ctr,aes192-ctr,aes256-ctr"
        yield "MAC Algorithms:hmac-sha2-256,hmac-sha2-512"
    yield f"Authentication timeout: {timeout} secs; Authentication retries: {retries}"
    if router.release.family != "12.4":
        usual = "2048" if router.release.is_xe else "1024"
        size = next((text.split()[-1] for text in texts if text.startswith("ip ssh dh min size ")), usual)
        yield f"Minimum expected Diffie Hellman key size : {size} bits"
        key = next(iter(router.keys.held.values()), None)
        yield f"IOS Keys in SECSH format(ssh-rsa, base64 encoded): {key.label if key else 'NONE'}"
        if key is not None:
            text = key.private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
            yield from (text[at : at + _KEY_WIDTH] for at in range(0, len(text), _KEY_WIDTH))


def show_aliases(_shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show aliases``: those that every router has."""
    return ["Exec mode aliases:", *(f"  {name:<21} {command}" for name, command in _ALIASES)]


def clear_line(shell: Shell, words: tuple[str, ...], values: tuple[str, ...]) -> Dialog:
    """``clear line N`` and ``clear line vty N``: whoever is on the line loses the session."""
    number = int(values[0])
    if "vty" not in words:
        number -= shell.router.platform.first_vty
    if number == shell.line:
        yield Say("% Not allowed to clear current line\n")
        return
    if (yield Ask("[confirm]", one_key=True)).lower() not in {"", "y"}:
        return
    for session in tuple(shell.router.sessions):
        if session.line == number:
            session.drop()
    yield Say(" [OK]\n")


def terminal_default(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``terminal no length``, ``terminal default width``: as it was at login."""
    if words[-1] == "length":
        shell.length = 24
    else:
        shell.width = 80
    yield Say("")


def terminal_timestamp(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``terminal [no] exec prompt timestamp``: load and time stand before every output."""
    shell.timestamps = "no" not in words
    yield Say("")


def timestamp(shell: Shell) -> str:
    """The lines before an output, if the terminal is set so."""
    router = shell.router
    five, minute, five_minutes = load(router)
    mark = ntp.mark(router)
    source = "No time source" if mark == "*" else "Time source is NTP"
    return (
        f"Load for five secs: {five}%/0%; one minute: {minute}%; five minutes: {five_minutes}%\n"
        f"{source}, {mark}{times.clock(router.running, router.clock.now())}\n\n"
    )


def terminal_accept(_shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """Settings of the terminal that change nothing here."""
    yield Say("")


SHOWS = {
    "show-users": show_users,
    "show-line": show_line,
    "show-terminal": show_terminal,
    "show-ssh": show_ssh,
    "show-ip-ssh": show_ip_ssh,
    "show-aliases": show_aliases,
}
ACTIONS = {
    "clear-line": clear_line,
    "terminal-default": terminal_default,
    "terminal-accept": terminal_accept,
    "terminal-timestamp": terminal_timestamp,
}
