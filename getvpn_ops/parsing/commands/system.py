"""Commands about the router itself: release, load, clock, logs, access lists, and what it reaches."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from getvpn_ops.model.state import access_lists, logging, reach, system, version
from getvpn_ops.model.syslog import SyslogMessage
from getvpn_ops.parsing.command import Command
from getvpn_ops.parsing.syslog import log_line

if TYPE_CHECKING:
    from collections.abc import Iterator

_TIME = re.compile(
    r"(?P<mark>[*.])?(?P<clock>\d{1,2}:\d\d:\d\d)(?:\.(?P<fraction>\d{1,6}))?(?: (?P<zone>[A-Za-z+\-][\w+\-:]*))??"
    r"(?: (?P<weekday>[A-Z][a-z]{2}))? (?P<month>[A-Z][a-z]{2}) (?P<day>\d{1,2}) (?P<year>\d{4})"
)
_COMPILED = re.compile(r"(?P<weekday>[A-Z][a-z]{2}) (?P<date>\d{1,2}-[A-Z][a-z]{2}-\d\d) (?P<clock>\d{1,2}:\d\d)")
_STORAGE = re.compile(r"(\d+)K bytes of (.+)")


def router_time(text: str) -> system.RouterTime:
    """Read ``*12:34:56.789 UTC Mon Mar 1 2021`` or ``Thu 23-Jul-09 22:59`` (when an image was compiled).

    Raises:
        ValueError: another format.
    """
    words = " ".join(text.split())
    if found := _TIME.fullmatch(words):
        written = f"{found['clock']}.{found['fraction'] or '0'} {found['month']} {found['day']} {found['year']}"
        time = datetime.strptime(written, "%H:%M:%S.%f %b %d %Y")  # noqa: DTZ007 -- each router names its own zone
        return system.RouterTime(time, found["zone"], found["weekday"], found["mark"])
    if found := _COMPILED.fullmatch(words):
        time = datetime.strptime(f"{found['date']} {found['clock']}", "%d-%b-%y %H:%M")  # noqa: DTZ007 -- none printed
        return system.RouterTime(time, None, found["weekday"])
    msg = f"{text!r} is no time of a router"
    raise ValueError(msg)


def quantity(text: str) -> version.Quantity:
    """Read ``3 Gigabit Ethernet interfaces``.

    Raises:
        ValueError: it does not begin with a number.
    """
    count, _, what = text.partition(" ")
    return version.Quantity(int(count), " ".join(what.split()).rstrip("."))


def storage(text: str) -> version.Storage:
    """Read ``255K bytes of non-volatile configuration memory``.

    Raises:
        ValueError: another form.
    """
    found = _STORAGE.fullmatch(" ".join(text.split()))
    if found is None:
        msg = f"{text!r} is no size of a memory"
        raise ValueError(msg)
    return version.Storage(int(found[1]), found[2])


def udi(text: str) -> version.Udi:
    """Read ``*1  CISCO2911/K9  FGL1912345Z``.

    Raises:
        ValueError: another number of words.
    """
    device, product_id, serial_number = text.replace("*", "* ", 1).split()[1:]
    return version.Udi(f"*{device}", product_id, serial_number)


def new_legal_text(state: version.Version) -> Iterator[str]:
    """A sentence that is new among the legal text may as well be damage."""
    for sentence in state.legal_notices:
        yield f"the legal text holds a sentence that is not known: {sentence!r}"


def logging_twice(state: logging.Logging) -> Iterator[str]:
    """Settings come once each; equal lines are data here, so the parser's core does not name them."""
    names = [
        *(f"{item.name} logging" for item in state.destinations),
        *(f"the server {item.address} {item.vrf or ''} {item.port or ''}".strip() for item in state.servers),
        *(f"the source interface for {item.vrf or 'no VRF'}" for item in state.sources),
        *(f"the TLS profile {item.profile}" for item in state.tls_profiles),
        *(f"{item.state} discriminators" for item in state.discriminators),
        *(f"the filter module {name}" for name in state.filter_modules),
        *(f"the discriminator line {line}" for item in state.discriminators for line in item.lines),
        *(f"the line {line}" for item in state.destinations for line in item.lines),
    ]
    yield from (f"{name} is there {count} times" for name, count in Counter(names).items() if count > 1)
    if equal := sum(this == above for above, this in pairwise(state.messages)):
        yield f"{equal} messages equal the one above them; each counts"


COMMANDS: tuple[Command, ...] = (
    Command(
        template="show_version.textfsm",
        model=version.Version,
        converters={
            system.RouterTime: router_time,
            version.Quantity: quantity,
            version.Storage: storage,
            version.Udi: udi,
        },
        records={
            "Start": version.Version,
            "Legal": version.Version,
            "PackagesByTechnology": version.PackageLicense,
            "PackagesByType": version.PackageLicense,
            "Packages": version.PackageLicense,
            "Suites": version.SuiteLicense,
        },
        verify=new_legal_text,
    ),
    Command(
        template="show_processes_cpu.textfsm",
        model=system.ProcessesCpu,
        records={"Start": system.ProcessesCpu, "Process": system.Process},
    ),
    Command(
        template="show_clock.textfsm",
        model=system.Clock,
        records={"Start": system.Clock},
        converters={system.RouterTime: router_time},
    ),
    Command(
        template="show_ntp_status.textfsm",
        model=system.NtpStatus,
        records={"Start": system.NtpStatus},
        converters={system.RouterTime: router_time},
    ),
    Command(
        template="show_archive.textfsm",
        model=system.Archive,
        records={"Start": system.Archive, "Configuration": system.ArchivedConfiguration},
    ),
    Command(
        template="show_logging.textfsm",
        model=logging.Logging,
        converters={SyslogMessage: log_line},
        records={
            "Start": logging.Logging,
            "FilterModules": logging.Logging,
            "Discriminator": logging.LogDiscriminator,
            "Destination": logging.LogDestination,
            "Server": logging.LogServer,
            "Source": logging.LogSource,
            "TlsProfile": logging.LogTlsProfile,
            "Buffer": logging.Logging,
        },
        syslog_is_data=True,
        verify=logging_twice,
    ),
    Command(
        template="show_ip_access_lists.textfsm",
        model=access_lists.AccessLists,
        records={"List": access_lists.AccessList},
    ),
    Command(
        template="ping.textfsm",
        model=reach.Ping,
        records={"Start": reach.Ping},
    ),
)
