"""Commands of a group member, and ``show crypto gdoi`` of both roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.model.state import gdoi, gdoi_sa, gm, gm_details, gm_identifier
from getvpn_ops.parsing.command import Command

if TYPE_CHECKING:
    from collections.abc import Iterator


def _whole_keys(state: gm_details.GmPubkey) -> Iterator[str]:
    for group in state.groups:
        for key in group.keys:
            if key.key_data is not None and key.key_data.modulus_bits is None:
                yield f"the key of {key.key_server} in {group.group_name} is not a whole RSA key: was a line lost?"


COMMANDS: tuple[Command, ...] = (
    Command(
        template="show_crypto_gdoi.textfsm",
        model=gdoi.Gdoi,
        records={
            "Group": gdoi.Group,
            "Redundancy": gdoi.Redundancy,
            "KsRekey": gdoi.KsRekey,
            "KekRekey": gdoi.KsRekey,  # this and the next: one record with the lines above them
            "Retransmit": gdoi.KsRekey,
            "KsSa": gdoi.KsSa,
            "GroupServer": gdoi.GroupServer,
            "ReceivedPolicy": gm.ReceivedPolicy,
            "Member": gm.Member,
            "CumulativeRekeys": gm.CumulativeRekeys,
            "AclDownload": gm.AclDownload,
            "LocalAcl": gm.LocalAcl,
            "LocalAce": gm.LocalAce,
            "Kek": gm.Kek,
            "TekPolicy": gm.TekPolicy,
            "TekInterface": gm.TekInterface,
            "TekSa": gm.TekSa,
            "KgsPolicy": gm.KgsPolicy,
            "P2pPolicy": gm.P2pPolicy,
        },
    ),
    Command(
        template="show_crypto_gdoi_gm.textfsm",
        model=gm.Gm,
        records={"Group": gm.GmGroup, "Member": gm.Member},
    ),
    Command(
        template="show_crypto_gdoi_gm_acl.textfsm",
        model=gm_details.GmAcl,
        records={
            "Group": gm_details.GmAclGroup,
            "AclDownload": gm.AclDownload,
            "LocalAcl": gm.LocalAcl,
            "LocalAce": gm.LocalAce,
        },
    ),
    Command(
        template="show_crypto_gdoi_gm_rekey.textfsm",
        model=gm_details.GmRekey,
        records={"Group": gm_details.GmRekeyGroup, "KekSa": gm_details.KekSa},
    ),
    Command(
        template="show_crypto_gdoi_gm_replay.textfsm",
        model=gm_details.GmReplay,
        records={"Group": gm_details.GmReplayGroup, "TbarError": gm_details.TbarError},
    ),
    Command(
        template="show_crypto_gdoi_gm_pubkey.textfsm",
        model=gm_details.GmPubkey,
        records={"Group": gm_details.GmPubkeyGroup, "PublicKey": gm_details.GmPublicKey},
        verify=_whole_keys,
    ),
    Command(
        template="show_crypto_gdoi_gm_dataplane_counters.textfsm",
        model=gm_details.GmDataplane,
        records={"Start": gm_details.DataplaneCounters},
    ),
    Command(
        template="show_crypto_gdoi_gm_identifier.textfsm",
        model=gm_identifier.GmIdentifier,
        records={
            "Group": gm_identifier.IdentifierGroup,
            "Member": gm_identifier.IdentifierMember,
            "CurrentSids": gm_identifier.CurrentSids,
            "CurrentInterface": gm_identifier.CurrentInterface,
            "NextRequest": gm_identifier.NextRequest,
            "NextInterface": gm_identifier.NextInterface,
        },
    ),
    Command(
        template="show_crypto_gdoi_ipsec_sa.textfsm",
        model=gdoi_sa.GdoiIpsecSa,
        records={
            "Group": gdoi_sa.IpsecSaGroup,
            "Interface": gdoi_sa.IdentInterface,
            "Ident": gdoi_sa.Ident,
        },
    ),
    Command(
        template="show_crypto_gdoi_rekey_sa.textfsm",
        model=gdoi_sa.GdoiRekeySa,
        records={"Start": gdoi_sa.RekeySa},
    ),
    Command(
        template="show_crypto_gdoi_rekey_sa_detail.textfsm",
        model=gdoi_sa.GdoiRekeySaDetail,
        records={"Start": gdoi_sa.GdoiRekeySaDetail, "Kek": gdoi_sa.RekeySaDetail},
    ),
)
