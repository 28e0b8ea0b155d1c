"""Ways out of the router: ping, traceroute, telnet, ssh.

Echoes go through the fates that the lab's packets meet; all else reaches the router itself only.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.configuration.values import interface_name
from getvpn_ops.lab.ios.interfaces import interface, own_addresses
from getvpn_ops.lab.ios.session.dialog import Ask, Dialog, Say

if TYPE_CHECKING:
    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.lab.ios.session.shell import Shell

_HOPS = 30
_ROW = 70  # marks of echoes in a line
_QUESTIONS = {"repeat": "Repeat count [5]: ", "size": "Datagram size [100]: ", "timeout": "Timeout in seconds [2]: "}
_ESCAPE = "Type escape sequence to abort.\n"


def answers(router: Router, address: str, _source: str | None = None) -> bool:
    """Whether an echo comes back from an address."""
    return address in own_addresses(router)


def _reaches(router: Router, address: str, source: str | None, options: tuple[int, bool, int, str]) -> bool:
    """Whether echoes come back from elsewhere: size, DF, count and VRF say how."""
    if router.gdoi.ping is None:
        return False
    own = ipaddress.IPv4Address(source) if source else None
    return router.gdoi.ping(ipaddress.IPv4Address(address), own, options)


def _resolve(router: Router, typed: str) -> str | None:
    try:
        return str(ipaddress.IPv4Address(typed))
    except ValueError:
        pass
    block = router.running.find(f"ip host {typed} ")
    return block.text.split()[3] if block else None


def _target(words: tuple[str, ...]) -> str:
    rest = words[1:]
    if rest[:1] == ("vrf",):
        rest = rest[2:]
    return (rest[1:] if rest[:1] == ("ip",) else rest)[0]


def ping(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``ping [vrf X] [ip] TARGET [options]``."""
    named: tuple[str, ...] = ("repeat", "size", "timeout", "source")
    options = {name: words[words.index(name) + 1] for name in named if name in words}
    if words[1] == "vrf":
        options["vrf"] = words[2]
    yield from _echo(shell, _target(words), options, df="df-bit" in words)


def ping_asking(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``ping`` alone asks for everything."""
    if (yield Ask("Protocol [ip]: ")).strip() not in {"", "ip"}:
        yield Say("% Unknown protocol\n")
        return
    target = (yield Ask("Target IP address: ")).strip()
    if not target:
        yield Say("% Bad IP address or host name\n")
        return
    options = {}
    for name, question in _QUESTIONS.items():
        answer = (yield Ask(question)).strip()
        if answer and not answer.isdigit():
            yield Say("% A decimal number between 1 and 2147483647.\n")
            return
        if answer:
            options[name] = answer
    df = False
    if (yield Ask("Extended commands [n]: ")).strip().lower().startswith("y"):
        if source := (yield Ask("Source address or interface: ")).strip():
            options["source"] = source
        yield Ask("Type of service [0]: ")
        df = (yield Ask("Set DF bit in IP header? [no]: ")).strip().lower().startswith("y")
        yield Ask("Validate reply data? [no]: ")
        yield Ask("Data pattern [0xABCD]: ")
        yield Ask("Loose, Strict, Record, Timestamp, Verbose[none]: ")
    yield Ask("Sweep range of sizes [n]: ")
    yield from _echo(shell, target, options, df=df)


def _echo(shell: Shell, typed: str, options: dict[str, str], *, df: bool) -> Dialog:
    address = _resolve(shell.router, typed)
    if address is None:
        yield Say("% Unrecognized host or address, or protocol not running.\n\n")
        return
    repeat = int(options.get("repeat", "5"))
    size, timeout, source = options.get("size", "100"), options.get("timeout", "2"), options.get("source")
    if source:
        named = interface(shell.router, interface_name(source) or source)
        source = str(named.addresses[0].ip) if named and named.addresses else source
        if source not in own_addresses(shell.router):
            yield Say("% Invalid source address- IP address not on any of our up interfaces\n")
            return
    seconds = "second" if timeout == "1" else "seconds"
    yield Say(f"{_ESCAPE}Sending {repeat}, {size}-byte ICMP Echos to {address}, timeout is {timeout} {seconds}:\n")
    if source:
        yield Say(f"Packet sent with a source address of {source} \n")
    if df:
        yield Say("Packet sent with the DF bit set\n")
    near = answers(shell.router, address, source)
    good = near or _reaches(shell.router, address, source, (int(size), df, repeat, options.get("vrf", "")))
    marks = ("!" if good else ".") * repeat
    yield Say("".join(f"{marks[at : at + _ROW]}\n" for at in range(0, repeat, _ROW)))
    times = "1/1/4" if near else "36/44/60"
    share = f"{100 if good else 0} percent ({repeat if good else 0}/{repeat})"
    yield Say(f"Success rate is {share}{f', round-trip min/avg/max = {times} ms' if good else ''}\n")


def traceroute(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``traceroute [vrf X] [ip] TARGET``."""
    address = _resolve(shell.router, _target(words))
    if address is None:
        yield Say("% Unrecognized host or address.\n\n")
        return
    yield Say(f"{_ESCAPE}Tracing the route to {address}\n")
    if shell.router.release.family != "12.4":
        yield Say("VRF info: (vrf in name/id, vrf out name/id)\n")
    if answers(shell.router, address):
        yield Say(f"  1 {address} 0 msec *  0 msec\n")
    else:
        yield Say("".join(f"{hop:>3}  *  *  * \n" for hop in range(1, _HOPS + 1)))


def connect(shell: Shell, words: tuple[str, ...], values: tuple[str, ...]) -> Dialog:
    """``telnet TARGET`` and ``ssh -l USER TARGET``: nothing listens."""
    typed = values[-1]
    address = _resolve(shell.router, typed)
    if address is None:
        yield Say(f'Translating "{typed}"\n% Unknown command or computer name, or unable to find computer address\n')
        return
    refused = answers(shell.router, address)
    if words[0] == "telnet":
        yield Say(f"Trying {address} ... \n")
    yield Say(
        "% Connection refused by remote host\n" if refused else "% Connection timed out; remote host not responding\n"
    )


ACTIONS = {"ping": ping, "ping-asking": ping_asking, "traceroute": traceroute, "connect": connect}
