"""Exec commands that act on GDOI, and what tells of it: clear, rekey, direction, debug, event trace.

They change nothing themselves but counters: the world that the router lives in takes them (``state.Handles``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi.state import Counters, Direction, Role
from getvpn_ops.lab.ios import gdoi_trace, ntp
from getvpn_ops.lab.ios.session.dialog import Dialog, Say, sure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.lab.ios.session.shell import Shell

Words = tuple[str, ...]
_CLEAR = (
    "% The Key Server and Group Member will destroy created and downloaded policies.\n"
    "% All Group Members are required to re-register.\n\n"
)
_SURE = "Are you sure you want to proceed ? [yes/no]: "
_NO_REKEY = "% There is no primary key server of a group on this router; no rekey was sent.\n"


def _group(words: Words) -> str | None:
    return words[words.index("group") + 1] if "group" in words[:-1] else None


def clear_gdoi(shell: Shell, words: Words, _values: Words) -> Dialog:
    """``clear crypto {gdoi | gkm} [group NAME]``: asks, then the policy is gone and members register again."""
    yield Say(_CLEAR)
    handles = shell.router.gdoi.handles
    if (yield from sure(_SURE)) and handles is not None:
        handles.clear(_group(words))


def clear_members(shell: Shell, words: Words, _values: Words) -> Dialog:
    """``clear crypto gdoi [group NAME] ks members [now]`` (wording of the question from memory)."""
    if "now" in words:
        yield Say("% All Group Members will be removed at once; their policy is deleted.\n\n")
    else:
        yield Say("% The Key Server will remove all Group Members; they will re-register.\n\n")
    handles = shell.router.gdoi.handles
    if (yield from sure(_SURE)) and handles is not None:
        handles.clear_members(_group(words))


def clear_policy(shell: Shell, words: Words, _values: Words) -> Dialog:
    """``clear crypto gdoi [group NAME] ks policy``: as ``clear crypto gdoi``, on a key server."""
    if shell.router.gdoi.servers:
        yield from clear_gdoi(shell, words, ())


def clear_coop(shell: Shell, words: Words, _values: Words) -> Dialog:
    """``clear crypto gdoi [group NAME] ks coop {role | counters}``: the role only has an effect on the primary."""
    state, only = shell.router.gdoi, _group(words)
    if words[-1] == "role":
        if state.handles is not None:
            state.handles.clear_role(only)
    else:
        for name, server in state.servers.items():
            for peer in server.peers.values() if only in {None, name} else ():
                peer.ann_sent = peer.ann_received = peer.sent_drops = peer.bytes_sent = peer.bytes_received = 0
    yield from ()


def clear_replay(shell: Shell, words: Words, _values: Words) -> Dialog:
    """``clear crypto gdoi [group NAME] replay``: the counters of anti-replay."""
    for member in shell.router.gdoi.members:
        if _group(words) in {None, member.group}:
            member.counters.dropped_replay = 0.0
    yield from ()


def clear_isakmp(shell: Shell, _words: Words, _values: Words) -> Dialog:
    """``clear crypto isakmp``: IKE and rekey SAs go; new ones are made when something needs them."""
    shell.router.gdoi.isakmp_cleared = shell.router.clock.now()
    yield from ()


def clear_sa(shell: Shell, words: Words, _values: Words) -> Dialog:
    """``clear crypto sa [counters]``: without ``counters`` the keys go too, and members register again."""
    state = shell.router.gdoi
    if words[-1] == "counters":
        for member in state.members:
            for name in Counters.__dataclass_fields__:  # in place: who counts holds on to it
                setattr(member.counters, name, 0.0)
    elif state.handles is not None:
        state.handles.clear_sas()
    yield from ()


def rekey(shell: Shell, words: Words, _values: Words) -> Dialog:
    """``crypto gdoi ks rekey [group NAME] [replace-now]``: on a primary; elsewhere it says so (wording invented)."""
    state, only = shell.router.gdoi, _group(words)
    primary = [name for name, item in state.servers.items() if item.role is Role.PRIMARY and only in {None, name}]
    if not primary:
        yield Say(_NO_REKEY)
    elif state.handles is not None:
        state.handles.rekey(only, replace_now="replace-now" in words)


_DIRECTIONS = {
    ("both",): Direction.BOTH,
    ("inbound", "only"): Direction.INBOUND_ONLY,
    ("inbound", "optional"): Direction.INBOUND_OPTIONAL,
}


def direction(shell: Shell, words: Words, _values: Words) -> Dialog:
    """``crypto gdoi gm [group NAME] ipsec direction {both | inbound {only | optional}}``: until the next rekey."""
    state = shell.router.gdoi
    if state.handles is not None:
        state.handles.direct(_group(words), _DIRECTIONS[words[words.index("direction") + 1 :]])
    yield from ()


# -- debugging and traces


def debug(shell: Shell, words: Words, _values: Words) -> Dialog:
    """``debug crypto ...`` and ``no debug crypto ...``, ``undebug ...``."""
    state = shell.router.gdoi
    off = words[0] != "debug"
    name = " ".join(words[2:] if words[0] == "no" else words[1:])
    if off:
        state.debugs = {item for item in state.debugs if not f"{item} ".startswith(f"{name} ")}
    else:
        state.debugs.add(name)
    yield Say(f"{_title(name)} debugging is {'off' if off else 'on'}\n")


def undebug_all(shell: Shell, _words: Words, _values: Words) -> Dialog:
    """``undebug all``, ``no debug all``."""
    shell.router.gdoi.debugs.clear()
    yield Say("All possible debugging has been turned off\n")


def condition(shell: Shell, words: Words, _values: Words) -> Dialog:
    """``[no] debug crypto condition peer ipv4 A``: debugging of IKE and IPsec tells of these peers alone."""
    peers = shell.router.gdoi.debug_peers
    if words[0] == "no":
        peers.discard(words[-1])
    else:
        peers.add(words[-1])
    yield from ()


def condition_reset(shell: Shell, _words: Words, _values: Words) -> Dialog:
    """``debug crypto condition reset``; ``undebug all`` leaves conditions as they are."""
    shell.router.gdoi.debug_peers.clear()
    yield from ()


def show_condition(shell: Shell, _words: Words, _values: Words) -> Iterable[str]:
    """``show crypto debug-condition``; laid out after the guides, its spacing is invented."""
    peers = sorted(shell.router.gdoi.debug_peers)
    yield f"Crypto conditional debug currently is turned {'ON' if peers else 'OFF'}"
    if peers:
        yield "IKE peer IP address filters:"
        yield " ".join(peers)


def _title(name: str) -> str:
    """``Crypto GDOI GM rekey``, as the router calls what is debugged."""
    spelled = {"crypto": "Crypto", "gdoi": "GDOI", "gkm": "GKM", "gm": "GM", "ks": "KS", "isakmp": "ISAKMP"}
    return " ".join({**spelled, "ipsec": "IPSEC"}.get(word, word) for word in name.split())


def show_debugging(shell: Shell, _words: Words, _values: Words) -> Iterable[str]:
    """``show debugging``."""
    names = sorted(shell.router.gdoi.debugs)
    if not names:
        return [] if not shell.router.release.is_xe else ["", ""]
    return ["", "Cryptographic Subsystem:", *(f"  {_title(name)} debugging is on" for name in names)]


def show_trace(shell: Shell, words: Words, _values: Words) -> Iterable[str]:
    """``show monitor event-trace gdoi [KIND] {all | latest}``; for its layout see ``gdoi_trace``."""
    router = shell.router
    wanted = words[4] if len(words) > 4 and words[4] not in {"all", "latest"} else ""  # noqa: PLR2004 -- place of the kind
    for moment, text in router.gdoi.trace:
        about = gdoi_trace.kind(text)
        if wanted == "exit" and not gdoi_trace.is_exit(text):
            continue
        if wanted and wanted not in {"exit", about}:
            continue
        yield gdoi_trace.line(moment, text, ntp.mark(router))


SHOWS = {
    "show-debugging": show_debugging,
    "show-debug-condition": show_condition,
    "show-gdoi-trace": show_trace,
}
ACTIONS = {
    "clear-gdoi": clear_gdoi,
    "clear-gdoi-members": clear_members,
    "clear-gdoi-policy": clear_policy,
    "clear-gdoi-coop": clear_coop,
    "clear-gdoi-replay": clear_replay,
    "clear-isakmp": clear_isakmp,
    "clear-sa": clear_sa,
    "gdoi-rekey": rekey,
    "gdoi-direction": direction,
    "debug-crypto": debug,
    "debug-condition": condition,
    "debug-condition-reset": condition_reset,
    "undebug-all": undebug_all,
}
