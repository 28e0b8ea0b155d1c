"""What a router tells of GDOI beside its log: the event trace, and debugging.

Both tell the events of the guide's Table 5. The texts of debugging are invented after its look; nobody need parse them.
The trace has ``STAMP: GDOI_REKEY_EVENT: REKEY_RCVD: From A to B with seq no 4 for the group G``, after Cisco's technote
118125 and from memory: no capture is at hand. Other events have the words of the log and no name. IKE has traces of its
own, so what IKE says stands in none of GDOI's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from getvpn_ops.lab.gdoi.state import GdoiState

_MESSAGE = re.compile(r"%(?P<facility>GDOI|CRYPTO)-(?P<severity>\d)-(?P<name>\w+): (?P<text>.*)", re.DOTALL)
_GROUP = re.compile(r"\bgroup (\S+?)[.,:]?(?:\s|$)", re.IGNORECASE)
_KINDS = (
    ("coop", re.compile("COOP")),
    ("rekey", re.compile("REKEY|ACK|PSEUDO|GDOI_ACL|CONV_SA|SA_INGRESS")),
    ("registration", re.compile("REGS|REGST|REGISTER|UNAUTHORIZED|HASH|BAD_ID|INCOMPLETE|FIRST_GM|LAST_GM|NO_RSA")),
    ("replay", re.compile("REPLAY")),
)
_ERRORS = 4
_OTHER_PARTS = ("IKMP_", "ISAKMP_", "PKT_", "RECVD_", "PKI_")
"""Names of messages of IKE, of IPsec's data path and of certificates."""
_REKEY = re.compile(r"Received Rekey for group (\S+) from (\S+) to (\S+) with seq # (\d+)")
_TITLES = {"registration": "REG"}


def kind(text: str) -> str:
    """What an event is about: ``coop``, ``rekey``, ``registration``, ``replay`` or ``infra``."""
    found = _MESSAGE.match(text)
    name = found["name"] if found else ""
    return next((word for word, names in _KINDS if names.search(name)), "infra")


def is_exit(text: str) -> bool:
    """Whether an event tells of a failure, so that the trace of exit paths keeps it."""
    found = _MESSAGE.match(text)
    return found is not None and int(found["severity"]) <= _ERRORS


def line(moment: datetime, message: str, mark: str) -> str:
    """An event as the trace shows it: stamped with date and milliseconds, whatever the log is stamped with."""
    found = _MESSAGE.match(message)
    text = " ".join((found["text"] if found else message).split())
    if rekey := _REKEY.match(text):
        text = f"REKEY_RCVD: From {rekey[2]} to {rekey[3]} with seq no {rekey[4]} for the group {rekey[1]}"
    about = kind(message)
    stamp = f"{mark}{moment:%b} {moment.day:>2} {moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"
    return f"{stamp}: GDOI_{_TITLES.get(about, about.upper())}_EVENT: {text}"


def note(state: GdoiState, now: datetime, message: str) -> Iterator[str]:
    """Keep a log message for the trace if it tells of GDOI; yields what debugging says of it."""
    found = _MESSAGE.match(message)
    if found is None:
        return
    if not found["name"].startswith(_OTHER_PARTS):
        state.trace.append((now, message))
    about = kind(message)
    if not any(_covers(words.split(), found["name"], about) for words in state.debugs):
        return
    role = "KS" if found["name"].startswith(("KS", "COOP", "UNAUTH")) else "GM"
    group = _GROUP.search(found["text"])
    named = group[1] if group else "-"
    yield f"GDOI:{about.upper()} EVENT:({named}:0):{role}: {found['text']}"


def _covers(words: list[str], name: str, about: str) -> bool:
    """Whether ``crypto gdoi [gm | ks] [what] ...`` asks for an event."""
    if words[:2] not in (["crypto", "gdoi"], ["crypto", "gkm"]):
        return False
    rest = words[2:]
    if rest[:1] == ["ks"] and name.startswith("GM_"):
        return False
    if rest[:1] == ["gm"] and name.startswith(("KS_", "COOP_")):
        return False
    wanted = {word for word in rest if word in {"coop", "rekey", "registration", "replay"}}
    return not wanted or about in wanted
