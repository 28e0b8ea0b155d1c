"""Commands of a key server."""

from __future__ import annotations

from getvpn_ops.model.state import ks
from getvpn_ops.parsing.command import Command

COMMANDS: tuple[Command, ...] = (
    Command(
        template="show_crypto_gdoi_ks_members.textfsm",
        model=ks.KsMembers,
        records={
            "Start": ks.KsMembers,
            "LastRekey": ks.LastRekey,
            "Member": ks.KsMember,
        },
    ),
)
