"""``show crypto gdoi`` and ``show crypto gkm``, with and without ``group NAME``: which screen a line asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.commands import (
    show_gdoi_coop,
    show_gdoi_gm,
    show_gdoi_member,
    show_gdoi_members,
    show_gdoi_policy,
    show_gdoi_sa,
    show_gdoi_server,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.lab.gdoi.state import KeyServerState
    from getvpn_ops.lab.ios.commands.show_gdoi_member import Groups
    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.lab.ios.session.shell import Shell

_SHOW = 3  # words of: show crypto gdoi
Words = tuple[str, ...]


def show_gdoi(shell: Shell, words: Words, _values: Words) -> Iterable[str]:
    """``show crypto {gdoi | gkm} [group NAME] ...``."""
    router, rest = shell.router, words[_SHOW:]
    only = ""
    if rest[:1] == ("group",):
        only, rest = rest[1], rest[2:]
    servers = [server for name, server in router.gdoi.servers.items() if not only or name == only]
    groups: Groups = {}
    for member in router.gdoi.members:
        if not only or member.group == only:
            groups.setdefault(member.group, []).append(member)
    if only and not servers and not groups:
        return [f"% Group {only} does not exist", ""]  # wording invented
    if rest[:1] == ("ks",):
        return _server_screen(router, servers, rest[1:])
    if rest[:1] == ("gm",):
        return _member_screen(router, groups, rest[1:])
    if rest[:1] == ("feature",):
        return show_gdoi_members.feature_lines(router, servers, rest[1] if len(rest) > 1 else "")
    if rest[:2] == ("ipsec", "sa"):
        return show_gdoi_sa.ipsec_lines(router, groups)
    if rest[:2] == ("rekey", "sa"):
        detail = rest[-1] == "detail"
        return (show_gdoi_sa.rekey_detail_lines if detail else show_gdoi_sa.rekey_lines)(router, groups)
    return _groups(router, servers, groups, titled=not only)


def _groups(router: Router, servers: list[KeyServerState], groups: Groups, *, titled: bool) -> Iterator[str]:
    blocks = [show_gdoi_server.group_lines(router, server) for server in servers]
    blocks += [show_gdoi_member.group_lines(router, members) for members in groups.values()]
    if not blocks and titled:
        yield "GROUP INFORMATION"
        yield ""
    for block in blocks:
        if titled:
            yield "GROUP INFORMATION"
            yield ""
        yield from block


def _server_screen(router: Router, servers: list[KeyServerState], rest: Words) -> Iterable[str]:
    detail = rest[-1:] == ("detail",)
    what = rest[0] if rest else ""
    if what == "coop":
        if rest[1:2] == ("version",):
            return show_gdoi_coop.version_lines()
        if rest[1:2] == ("identifier",):
            return show_gdoi_coop.identifier_lines(servers, detail=detail)
        return show_gdoi_coop.coop_lines(router, servers)
    if what == "members":
        if rest[1:2] == ("summary",):
            return show_gdoi_members.summary_lines(servers)
        return show_gdoi_members.members_lines(router, servers, rest[1] if len(rest) > 1 else "")
    if what == "identifier":
        return show_gdoi_coop.kssid_lines(servers, detail=detail)
    screens = {
        "acl": show_gdoi_server.acl_lines,
        "policy": show_gdoi_policy.policy_lines,
        "rekey": show_gdoi_server.rekey_lines,
        "replay": show_gdoi_server.replay_lines,
    }
    if what in screens:
        return screens[what](router, servers)
    return show_gdoi_server.ks_lines(router, servers, detail=detail)


def _member_screen(router: Router, groups: Groups, rest: Words) -> Iterable[str]:
    detail = rest[-1:] == ("detail",)
    what = rest[0] if rest else ""
    if what == "acl":
        return show_gdoi_gm.acl_lines(router, groups, rest[1] if len(rest) > 1 else "")
    if what == "rekey":
        return show_gdoi_gm.rekey_lines(groups, detail=detail)
    if what == "pubkey":
        return show_gdoi_gm.pubkey_lines(groups)
    if what == "identifier":
        return show_gdoi_gm.identifier_lines(router, groups, detail=detail)
    if what == "replay":
        return show_gdoi_gm.replay_lines(router, groups)
    if what == "dataplane":
        return show_gdoi_gm.dataplane_lines(router, groups)
    return show_gdoi_gm.gm_lines(router, groups)


SHOWS = {"show-gdoi": show_gdoi}
