"""Who reads the outputs, and how each proves that it read all of them.

A contender turns a text into what its users work with: typed objects, rows, dictionaries or tuples. Its witness says
how many records it saw, and one value of the last of them: a parser that stops early, or drops what it does not
understand, is found out before it is timed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textfsm.clitable import CliTable

from getvpn_ops.parsing import parse
from getvpn_ops.parsing.commands import commands_by_template
from getvpn_ops.parsing.machine import Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.parsing.machine import Row

OURS = "getvpn-ops parse()"
ROWS = "getvpn-ops rows"
CLITABLE = "TextFSM CliTable"
GENIE = "genie parse()"
FLOOR = "one regular expression"

MEMBERS = "show crypto gdoi ks members"
IPSEC_SA = "show crypto ipsec sa"

_PLAIN = Path(__file__).parent / "plain"


@dataclass(frozen=True, slots=True)
class Contender:
    """A way to read one command's output.

    Attributes:
        name: for the tables.
        read: text -> what its users get.
        witness: that -> number of records, and address of the last member or connection id of the last SA.
    """

    name: str
    read: Callable[[str], Any]
    witness: Callable[[Any], tuple[int, str]]


def contenders(command: str) -> tuple[Contender, ...]:
    """All who can read a command's output here; genie is only one of them if it is installed."""
    members = command == MEMBERS
    found = [
        Contender(FLOOR, _members_floor if members else _sas_floor, _floor_members if members else _floor_sas),
        Contender(OURS, partial(parse, command), _typed_members if members else _typed_sas),
        Contender(ROWS, partial(_rows, command), partial(_row_witness, command)),
        Contender(CLITABLE, partial(_clitable, command), partial(_dict_witness, members=members)),
    ]
    if (device := _device()) is not None:
        read = partial(_genie, device, command)
        found.append(Contender(GENIE, read, _genie_members if members else _genie_sas))
    return tuple(found)


def genie_is_missing() -> bool:
    """Whether genie cannot take part."""
    return _device() is None


# --- ours


def _typed_members(parsed: Any) -> tuple[int, str]:  # noqa: ANN401 -- each contender has its own type
    if parsed.unrecognized or parsed.warnings:
        return 0, f"{parsed.unrecognized[:3]} {parsed.warnings[:3]}"
    return len(parsed.data.members), str(parsed.data.members[-1].address)


def _typed_sas(parsed: Any) -> tuple[int, str]:  # noqa: ANN401
    if parsed.unrecognized or parsed.warnings:
        return 0, f"{parsed.unrecognized[:3]} {parsed.warnings[:3]}"
    sas = [sa for _, _, ident in parsed.data.idents() for table in ident.tables for sa in table.sas]
    return len(sas), str(sas[-1].connection_id)


def _rows(command: str, text: str) -> list[Row]:
    machine = commands_by_template()[_template(command)].machine
    return list(machine.run([line.strip() for line in text.split("\n")], Run()))


def _row_witness(command: str, rows: list[Row]) -> tuple[int, str]:
    key, values = ("ADDRESS" if command == MEMBERS else "CONNECTION_ID"), _template_values(command)
    found = [str(value) for row in rows if (value := row.values[values.index(key)]) is not None]
    return len(found), found[-1]


def _template(command: str) -> str:
    return f"{command.replace(' ', '_')}.textfsm"


def _template_values(command: str) -> tuple[str, ...]:
    return commands_by_template()[_template(command)].machine.values


# --- TextFSM as people use it


def _clitable(command: str, text: str) -> list[dict[str, str]]:
    """What ``ntc_templates.parse.parse_output`` does, with an index of two rows instead of a thousand."""
    table = CliTable("index", str(_PLAIN))
    table.ParseCmd(text, {"Command": command, "Platform": "cisco_ios"})
    header = [name.lower() for name in table.header]
    return [dict(zip(header, row, strict=True)) for row in table]


def _dict_witness(rows: list[dict[str, str]], *, members: bool) -> tuple[int, str]:
    return len(rows), rows[-1]["member_id" if members else "conn_id"]


# --- genie


@cache
def _device() -> Any:  # noqa: ANN401 -- genie has no types
    """A device as genie's users have it, unconnected; None if genie is not installed."""
    try:
        from genie.conf.base import Device  # noqa: PLC0415 -- an extra, and slow to import
    except ImportError:
        return None
    return Device(name="router", os="iosxe", custom={"abstraction": {"order": ["os"]}})


def _genie(device: Any, command: str, text: str) -> Any:  # noqa: ANN401
    return device.parse(command, output=text)


def _genie_members(parsed: Any) -> tuple[int, str]:  # noqa: ANN401
    found = [address for group in parsed["groups"].values() for address in group["group_members"]]
    return len(found), str(found[-1])


def _genie_sas(parsed: Any) -> tuple[int, str]:  # noqa: ANN401
    found = [
        sa
        for interface in parsed["interface"].values()
        for ident in interface["ident"].values()
        for table in ("inbound_esp_sas", "outbound_esp_sas")
        for sa in ident[table]["spi"].values()
    ]
    return len(found), str(found[-1]["conn_id"])


# --- the floor: no line can be read for less than one expression over the whole text costs

_MEMBER = re.compile(
    r"Group Member ID    : (\S+)\s+GM Version: (\S+)\n"
    r" Group ID          : (\d+)\n"
    r" Group Name        : (\S+)\n"
    r" Group Type        : (.+)\n"
    r" GM State          : (.+)\n"
    r" Key Server ID     : (\S+)\n"
    r" Rekeys sent       : (\d+)\n"
    r" Rekeys retries    : (\d+)\n"
    r" Rekey Acks Rcvd   : (\d+)\n"
    r" Rekey Acks missed : (\d+)\n"
    r"\n"
    r" Sent seq num : ([\d ]+)\n"
    r" Rcvd seq num : ([\d ]+)\n"
)

_IDENT_OR_SA = re.compile(
    r" +protected vrf: (\S+)\n"
    r" +local  ident \S+: \((\S+)\)\n"
    r" +remote ident \S+: \((\S+)\)\n"
    r" +current_peer (\S+) port (\d+)\n"
    r" +(\w+), flags=\{(.*)\}\n"
    r" +#pkts encaps: (\d+), #pkts encrypt: (\d+), #pkts digest: (\d+)\n"
    r" +#pkts decaps: (\d+), #pkts decrypt: (\d+), #pkts verify: (\d+)\n"
    r" +#pkts compressed: (\d+), #pkts decompressed: (\d+)\n"
    r" +#pkts not compressed: (\d+), #pkts compr\. failed: (\d+)\n"
    r" +#pkts not decompressed: (\d+), #pkts decompress failed: (\d+)\n"
    r" +#send errors (\d+), #recv errors (\d+)\n"
    r"\n"
    r" +local crypto endpt\.: (\S+), remote crypto endpt\.: (\S+)\n"
    r" +plaintext mtu (\d+), path mtu (\d+), ip mtu (\d+), ip mtu idb (\S+)\n"
    r" +current outbound spi: (\S+)\n"
    r" +PFS \(Y/N\): (\w), DH group: (\S+)\n"
    r"|"
    r" +spi: (\S+)\n"
    r" +transform: (.+) ,\n"
    r" +in use settings =\{(.*)\}\n"
    r" +conn id: (\d+), flow_id: (\S+), sibling_flags (\S+), crypto map: (\S+)\n"
    r" +sa timing: remaining key lifetime \(sec\): (\d+)\n"
    r" +Kilobyte Volume Rekey has been (\w+)\n"
    r" +IV size: (\d+) bytes\n"
    r" +replay detection support: (\w)\n"
    r" +Status: (\S+)\n"
)
_CONNECTION = 33  # the group that holds "conn id"


def _members_floor(text: str) -> list[tuple[str | Any, ...]]:
    return [found.groups() for found in _MEMBER.finditer(text)]


def _sas_floor(text: str) -> list[tuple[str | Any, ...]]:
    return [found.groups() for found in _IDENT_OR_SA.finditer(text)]


def _floor_members(found: list[tuple[str, ...]]) -> tuple[int, str]:
    return len(found), found[-1][0]


def _floor_sas(found: list[tuple[str | None, ...]]) -> tuple[int, str]:
    connections = [connection for groups in found if (connection := groups[_CONNECTION]) is not None]
    return len(connections), connections[-1]
