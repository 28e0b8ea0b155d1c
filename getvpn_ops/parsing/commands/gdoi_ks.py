"""Commands of a key server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.model.state import coop, feature, ks, ks_policy
from getvpn_ops.parsing.command import Command

if TYPE_CHECKING:
    from collections.abc import Iterator


def _members_add_up(summary: ks.KsMembersSummary) -> Iterator[str]:
    """The totals of a summary against its rows: a row may be lost, or a table changed while it was printed."""
    for group in summary.groups:
        for server in group.key_servers:
            if server.group_members != len(server.members):
                yield (
                    f"group {group.group_name}: key server {server.key_server} has {server.group_members} members, "
                    f"of which {len(server.members)} are listed"
                )
        total = sum(server.group_members for server in group.key_servers)
        if group.group_members != total:
            yield f"group {group.group_name} has {group.group_members} members, its key servers together {total}"


def _keys_add_up(policy: ks_policy.KsPolicy) -> Iterator[str]:
    """The number of TEKs of a policy against those listed."""
    for server in policy.policies:
        if server.tek_count is not None and server.tek_count != len(server.teks):
            yield (
                f"group {server.group_name}: key server {server.server} has {server.tek_count} TEKs, "
                f"of which {len(server.teks)} are listed"
            )


COMMANDS: tuple[Command, ...] = (
    Command(
        template="show_crypto_gdoi_ks.textfsm",
        model=ks.Ks,
        records={"Start": ks.Ks, "Group": ks.KsGroup},
    ),
    Command(
        template="show_crypto_gdoi_ks_acl.textfsm",
        model=ks.KsAcl,
        records={"Group": ks.KsAclGroup, "Entry": ks.KsAclEntry},
    ),
    Command(
        template="show_crypto_gdoi_ks_coop.textfsm",
        model=coop.KsCoop,
        records={"Group": coop.CoopGroup, "Session": coop.CoopPeer},
    ),
    Command(
        template="show_crypto_gdoi_ks_coop_version.textfsm",
        model=coop.KsCoopVersion,
        records={"Start": coop.KsCoopVersion, "Client": coop.CoopClient},
    ),
    Command(
        template="show_crypto_gdoi_ks_coop_identifier.textfsm",
        model=coop.KsCoopIdentifier,
        records={"Group": coop.CoopSidGroup, "Peer": coop.CoopSidPeer},
    ),
    Command(
        template="show_crypto_gdoi_ks_identifier.textfsm",
        model=coop.KsIdentifier,
        records={"Group": coop.SidGroup, "RemainingSids": coop.SidGroup},
    ),
    Command(
        template="show_crypto_gdoi_ks_members.textfsm",
        model=ks.KsMembers,
        records={
            "Start": ks.KsMembers,
            "LastRekey": ks.LastRekey,
            "Member": ks.KsMember,
        },
    ),
    Command(
        template="show_crypto_gdoi_ks_members_summary.textfsm",
        model=ks.KsMembersSummary,
        records={"Group": ks.GroupSummary, "Server": ks.ServerSummary, "Member": ks.MemberSummary},
        verify=_members_add_up,
    ),
    Command(
        template="show_crypto_gdoi_ks_policy.textfsm",
        model=ks_policy.KsPolicy,
        records={
            "Server": ks_policy.ServerPolicy,
            "Kek": ks_policy.KekPolicy,
            "Tek": ks_policy.TekPolicy,
            "Replay": ks_policy.ReplayClock,
        },
        verify=_keys_add_up,
    ),
    Command(
        template="show_crypto_gdoi_ks_rekey.textfsm",
        model=ks_policy.KsRekey,
        records={"Group": ks_policy.GroupRekey, "Sa": ks_policy.SaRekey},
    ),
    Command(
        template="show_crypto_gdoi_ks_replay.textfsm",
        model=ks_policy.KsReplay,
        records={"Group": ks_policy.GroupReplay},
    ),
    Command(
        template="show_crypto_gdoi_feature.textfsm",
        model=feature.GdoiFeature,
        records={"Group": feature.FeatureGroup, "KeyServer": feature.FeatureServer, "Member": feature.FeatureMember},
    ),
)
