"""A table of hosts, such as a spreadsheet exports it -> entries of ``hosts.yaml``."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from getvpn_ops.devices.inventory.hosts import PLATFORMS
from getvpn_ops.model.intent.written import OBJECT_NAME
from getvpn_ops.settings.mistakes import is_secret, nearest, one_of, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from getvpn_ops.settings.mistakes import Mistakes

_DELIMITERS = ",;\t|"
_ALIASES = {
    "name": ("name", "device", "device_name", "host", "router", "router_name", "node", "sysname"),
    "hostname": (
        "hostname", "host_name", "ip", "ip_address", "address", "mgmt", "mgmt_ip", "mgmt_address", "management_ip",
        "management_address", "management", "loopback", "fqdn", "dns", "dns_name",
    ),
    "port": ("port", "ssh_port"),
    "username": ("username", "user", "login"),
    "platform": ("platform", "os", "network_os"),
    "groups": ("groups", "host_group", "host_groups", "inventory_groups"),
    "role": ("role", "function", "getvpn_role", "gdoi_role"),
    "gdoi_groups": ("gdoi_groups", "gdoi_group", "group", "getvpn_group", "getvpn_groups", "gdoi"),
    "gdoi_addresses": ("gdoi_addresses", "gdoi_address", "registration_address", "crypto_address", "gm_address"),
    "site": ("site", "site_name", "location", "branch", "city"),
    "ring": ("ring", "wave"),
    "model": ("model", "hardware", "pid", "product"),
    "release": ("release", "version", "ios", "ios_version", "os_version", "software", "software_version"),
    "serial": ("serial", "serial_number", "serialnumber", "sn", "serial_no"),
    "prefixes": ("prefixes", "prefix", "networks", "network", "lan", "lans", "subnets", "subnet"),
    "manager": ("manager",),
    "pilot": ("pilot",),
    "idle": ("idle", "standby"),
    "expected_hostname": ("expected_hostname", "prompt"),
}  # fmt: skip
_COLUMNS = {alias: column for column, aliases in _ALIASES.items() for alias in aliases}
_LISTS = {"groups", "gdoi_groups", "gdoi_addresses", "prefixes"}
_NUMBERS = {"port", "ring"}
_FLAGS = {"manager", "pilot", "idle"}
_ATTRIBUTES = ("hostname", "port", "username", "platform", "groups")
_YES = {"yes", "y", "true", "1", "x"}
_NO = {"no", "n", "false", "0", "-"}
_ROLES = {
    "ks": ("ks", "key_server", "keyserver", "gdoi_ks"),
    "gm": ("gm", "member", "group_member", "groupmember"),
    "ce": ("ce", "outsider", "outside", "none", "no", "-"),
}
_ROLE_WORDS = {word: role for role, words in _ROLES.items() for word in words}
_ENCODINGS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True, slots=True)
class HostTable:
    """What a table says.

    Attributes:
        hosts: entries as in ``hosts.yaml``, by name, and where each stands, such as ``hosts.csv:7``.
        columns: header of the table -> what it was taken for; ``data.NAME`` is a key of one's own.
        notes: what was guessed, for a person.
    """

    hosts: Mapping[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_table(path: Path, mistakes: Mistakes) -> HostTable:
    """Read a CSV file: separated by comma, semicolon, tab or bar, with a line of headers.

    Several values of one cell, such as prefixes, are separated by blanks, ``;``, ``/`` between blanks, or ``|``.

    Args:
        path: of the file; UTF-8 or UTF-16, else it is taken for Windows-1252.
        mistakes: gets what is wrong.
    """
    try:
        text, note = _decoded(path.read_bytes())
    except OSError as exc:
        mistakes.say(f"this cannot be read: {exc.strerror}", path=path)
        return HostTable()
    if "\0" in text:
        mistakes.say("this is no text; export the table as CSV", path=path)
        return HostTable()
    rows = _rows(text)
    try:
        line, header = next(rows, (1, []))
        columns = _columns(path, line, header, mistakes)
        hosts = {} if columns is None else _hosts(path, rows, columns, mistakes)
    except csv.Error as exc:
        mistakes.say(f"this is no CSV: {exc}", path=path)
        return HostTable()
    if not hosts and not mistakes:
        mistakes.say("there is no host in it", path=path)
    taken = {title: column for title, column in zip(header, columns or (), strict=False) if column}
    return HostTable(hosts, taken, (note,) if note else ())


def _decoded(raw: bytes) -> tuple[str, str]:
    for mark, encoding in _ENCODINGS:
        if raw.startswith(mark):
            return raw.decode(encoding, errors="replace"), ""
    try:
        return raw.decode("utf-8"), ""
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace"), "the file is not UTF-8, and was read as Windows-1252"


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that say something, with their line numbers; the first is the header."""
    lines = text.splitlines(keepends=True)
    skip = 0
    delimiter = ""
    if lines and (told := re.fullmatch(r'"?sep=(.)"?\s*', lines[0], re.IGNORECASE)):
        delimiter, skip = told[1], 1  # as Excel writes and reads it
    first = next((line for line in lines[skip:] if line.strip() and not line.startswith("#")), "")
    delimiter = delimiter or max(_DELIMITERS, key=first.count)
    reader = csv.reader(lines[skip:], delimiter=delimiter, strict=True, skipinitialspace=True)
    begun = skip + 1
    for row in reader:
        cells = [cell.strip() for cell in row]
        if any(cells) and not cells[0].startswith("#"):
            yield begun, cells
        begun = skip + reader.line_num + 1


def _columns(path: Path, line: int, header: list[str], mistakes: Mistakes) -> list[str] | None:
    """What each column is; None if the table cannot be read for that."""
    plain = [re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_") for title in header]
    found = [_COLUMNS.get(title, f"data.{title}" if title else "") for title in plain]
    if "name" not in found and "hostname" in plain:
        here = plain.index("hostname")  # of many tables it is the name, and the address has a column of its own
        found[here] = "name"
    for title, column in zip(header, found, strict=True):
        own = column.removeprefix("data.")
        if is_secret(title):
            mistakes.say(
                f"column {title!r}: passwords and other secrets do not belong in an inventory", path=path, line=line
            )
        elif own != column and (near := nearest(own, _COLUMNS)):
            mistakes.say(f"column {title!r} is not known; did you mean {near}?", path=path, line=line)
    twice = [column for column in dict.fromkeys(found) if column and found.count(column) > 1]
    for column in twice:
        titles = [title for title, item in zip(header, found, strict=True) if item == column]
        mistakes.say(f"columns {', '.join(map(repr, titles))} all mean {column}", path=path, line=line)
    if "name" not in found:
        mistakes.say(f"expected a line of headers with a column {one_of(_ALIASES['name'])}", path=path, line=line)
    return None if twice or "name" not in found else found


def _hosts(
    path: Path, rows: Iterable[tuple[int, list[str]]], columns: list[str], mistakes: Mistakes
) -> dict[str, tuple[str, dict[str, Any]]]:
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for line, cells in rows:
        if len(cells) > len(columns) and any(cells[len(columns) :]):
            mistakes.say(f"{len(cells)} values in {len(columns)} columns", path=path, line=line)
            continue
        given = {column: cell for column, cell in zip(columns, cells, strict=False) if column and cell}
        name = given.pop("name", "")
        if not OBJECT_NAME.fullmatch(name):
            mistakes.say(f"name: expected letters, digits and _.:-, found {name!r}", path=path, line=line)
        elif name in found:
            mistakes.say(f"name: {name} stands in {found[name][0]} already", path=path, line=line)
        else:
            found[name] = (f"{shown(path)}:{line}", _entry(given, path, line, mistakes))
    return found


def _entry(given: dict[str, str], path: Path, line: int, mistakes: Mistakes) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    data: dict[str, Any] = {}
    for column, cell in given.items():
        try:
            value = _value(column, cell)
        except ValueError as exc:
            mistakes.say(f"{column}: expected {exc}, found {cell!r}", path=path, line=line)
            continue
        if column in _ATTRIBUTES:
            entry[column] = value
        else:
            data[column.removeprefix("data.")] = value
    if data.get("role") == "ce":
        data.setdefault("gdoi_groups", [])
    ordered = {key: entry[key] for key in _ATTRIBUTES if key in entry}
    return {**ordered, "data": data} if data else ordered


def _value(column: str, cell: str) -> object:
    if column in _LISTS:
        return re.split(r"\s*[;|,]\s*|\s+/\s+|\s+", cell.strip(" ;|,"))
    if column in _NUMBERS:
        if not cell.isdecimal():
            raise ValueError("a whole number")
        return int(cell)
    if column in _FLAGS:
        return _flag(cell)
    if column == "role":
        role = _ROLE_WORDS.get(re.sub(r"[\s-]+", "_", cell.lower()) if len(cell) > 1 else cell)
        if role is None:
            raise ValueError(one_of(_ROLES))
        return role
    if column == "platform":
        return next((item for item in PLATFORMS if item == cell.lower().replace("-", "_")), cell)
    return cell


def _flag(cell: str) -> bool:
    word = cell.lower()
    if word not in _YES | _NO:
        raise ValueError("yes or no")
    return word in _YES
