"""A key server's members: ``ks members``, and which of them has which feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi import software
from getvpn_ops.lab.ios.commands.show_gdoi_fields import Look, look

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from ipaddress import IPv4Address

    from getvpn_ops.lab.gdoi.state import KeyServerState, MemberRecord
    from getvpn_ops.lab.ios.router import Router

FEATURES = {
    "ckm": (1, 0, 16),
    "crl-check": (1, 0, 4),
    "cts-sgt": (1, 0, 5),
    "dp-recovery": (1, 0, 8),
    "gdoi-interop-ack": (1, 0, 27),
    "gdoi-mib": (1, 0, 2),
    "gikev2": (1, 0, 10),
    "gm-removal": (1, 0, 2),
    "ip-d3p": (1, 0, 27),
    "long-sa-lifetime": (1, 0, 4),
    "pfs": (1, 0, 19),
    "policy-replace": (1, 0, 2),
    "suite-b": (1, 0, 4),
}
"""First GETVPN version of each feature: 1.0.2 and 1.0.4 are the vendor's, 1.0.27 is from captures, the rest guessed."""


def members_lines(router: Router, servers: list[KeyServerState], only: str) -> Iterator[str]:
    """``show crypto gdoi ks members [ADDRESS]``; one that a group does not have is said to be missing, per group."""
    form = look(router.release)
    yield ""
    if not only and form != Look.XE:
        yield "Group Member Information : "
        yield ""
    for server in servers:
        records = [record for record in _by_address(server) if not only or str(record.address) == only]
        if only and not records:
            yield "Group Member not Found"
            yield from ("", "", "")
            continue
        if not records:
            continue
        yield f"Number of rekeys sent for group {server.group} : {server.rekeys_sent}"
        if form == Look.XE:
            took = int(server.rekey_took.total_seconds() * 1000)
            yield f"Number of retransmits during the last rekey for group {server.group} : {server.retransmits}"
            yield f"Duration of the last rekey for group {server.group} : {took} msec"
        yield ""
        for record in records:
            yield from _record_lines(server, record, form)


def _by_address(server: KeyServerState) -> list[MemberRecord]:
    return sorted(server.members.values(), key=lambda record: record.address)


def _record_lines(server: KeyServerState, record: MemberRecord, form: Look) -> Iterator[str]:
    indent = "" if form == Look.OLD else " "
    unicast = server.kek is not None and server.kek.unicast
    if form == Look.OLD:
        yield f"Group Member ID   : {record.address}"
    else:
        version = f"  GM Version: {record.version}" if form >= Look.LATE else ""
        yield f"Group Member ID    : {record.address}{version}"
    yield f"{indent}Group ID          : {server.identity}"
    yield f"{indent}Group Name        : {server.group}"
    if form == Look.XE:
        yield f"{indent}Group Type        : GDOI (ISAKMP)"
        yield f"{indent}GM State          : Registered"
    yield f"{indent}Key Server ID     : {record.server}"
    if form == Look.OLD and not unicast:
        yield ""
        return
    yield f"{indent}Rekeys sent       : {record.rekeys_sent}"
    yield f"{indent}Rekeys retries    : {record.rekey_retries}"
    yield f"{indent}Rekey Acks Rcvd   : {record.acks_received}"
    yield f"{indent}Rekey Acks missed : {record.acks_missed}"
    yield ""
    if form == Look.XE:
        yield f" Sent seq num : {_numbers(record.sent, 6)}"
        yield f" Rcvd seq num : {_numbers(record.received, 6)}"
        yield ""
    else:
        yield f"{indent}Sent seq num : {_numbers(record.sent, 8).rstrip()}"
        yield f"Rcvd seq num :  {_numbers(record.received, 8).rstrip()}"
    yield ""


def _numbers(values: Iterable[int], wide: int) -> str:
    return "".join(f"{value:<{wide}}" for value in values)


def summary_lines(servers: list[KeyServerState]) -> Iterator[str]:
    """``show crypto gdoi ks members summary``."""
    yield "Group Member Information : "
    for number, server in enumerate(servers):
        if number:
            yield ""
        yield ""
        yield f"Group Name: {server.group}, ID: {server.identity}, Group Members: {len(server.members)}"
        for at, (address, records) in enumerate(_by_server(server)):
            if at:
                yield ""
            state = "LOCAL" if address == server.address else "REDUNDANT"
            yield f"Key Server ID: {address}, GMDB state: {state}, Group Members: {len(records)}"
            yield "  Member ID     Version      Rekey sent     Rekey Ack missed"
            for record in records:
                counts = f"{record.rekeys_sent:<16}{record.acks_missed}"
                yield f"  {record.address}   {record.version}         {counts}"
        yield ""


def _by_server(server: KeyServerState) -> list[tuple[IPv4Address, list[MemberRecord]]]:
    """The members by the key server with which they registered, this one first."""
    found: dict[IPv4Address, list[MemberRecord]] = {address: [] for address in (server.address, *server.peers)}
    for record in _by_address(server):
        found.setdefault(server.address if record.local else record.server, []).append(record)
    return list(found.items())


# -- features


def feature_lines(router: Router, servers: list[KeyServerState], feature: str) -> Iterator[str]:
    """``show crypto gdoi feature [NAME]``: every device of a group with its version, and whether it has the feature."""
    for server in servers:
        own = software.version_of(router)
        boxes = [(str(server.address), own)]
        boxes += [(str(peer.address), peer.version) for peer in server.peers.values() if peer.version]
        yield f"Group Name: {server.group}"
        yield "    Key Server ID       Version   Feature Supported"
        yield from (_feature_line(address, version, feature) for address, version in boxes)
        yield ""
        yield "    Group Member ID     Version   Feature Supported"
        for record in _by_address(server):
            yield _feature_line(str(record.address), record.version, feature)
        yield ""


def _feature_line(address: str, version: str, feature: str) -> str:
    numbers = tuple(int(part) for part in version.split("."))
    has = not feature or numbers >= FEATURES[feature]
    return f"        {address}          {version}         {'Yes' if has else 'No'}"
