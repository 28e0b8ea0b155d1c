"""What routers log of GDOI and IKE: the names of the deployment guide's Table 5 and their texts.

``ATTESTED`` names the texts that stand so in captures or in the vendor's own pages; the words of all others are from
memory, and only their names are sure.
"""

from __future__ import annotations

TEXTS = {
    "GM_REGSTER": "%CRYPTO-5-GM_REGSTER: Start registration to KS {server} for group {group} using address {address}",
    "GDOI_ON_OFF": "%CRYPTO-6-GDOI_ON_OFF: GDOI is {what}",
    "GM_REGS_COMPL": "%GDOI-5-GM_REGS_COMPL: Registration to KS {server} complete for group {group} using address "
    "{address}",
    "GM_RE_REGISTER": "%GDOI-4-GM_RE_REGISTER: The IPSec SA created for group {group} may have expired/been cleared, "
    "or didn not go through. Re-register to KS.",
    "IKMP_BAD_MESSAGE": "%CRYPTO-4-IKMP_BAD_MESSAGE: IKE message from {address} failed its sanity check or is "
    "malformed",
    "UNAUTHORIZED_IDENTITY": "%GDOI-1-UNAUTHORIZED_IDENTITY: Group {group} received registration from unauthorized "
    "identity: \t{identity}",
    "UNAUTHORIZED_IPADDR": "%GDOI-1-UNAUTHORIZED_IPADDR: Group {group} received registration from unauthorized ip "
    "address: {address}",
    "IKMP_MODE_FAILURE": "%CRYPTO-6-IKMP_MODE_FAILURE: Processing of Main mode failed with peer at {address}",
    "GM_CM_ATTACH": "%GDOI-5-GM_CM_ATTACH: Crypto map attached for GM in group {group}",
    "GM_CM_DETACH": "%GDOI-5-GM_CM_DETACH: Crypto map detached for GM in group {group}",
    "GM_CLEAR_REGISTER": "%GDOI-5-GM_CLEAR_REGISTER: Config: GM cleared its registration in group {group}",
    "GM_UNREGISTER": "%GDOI-5-GM_UNREGISTER: GM left the group {group}",
    "GM_INCOMPLETE_CFG": "%GDOI-3-GM_INCOMPLETE_CFG: Registration: incomplete config for group {group}",
    "GM_RECV_REKEY": "%GDOI-5-GM_RECV_REKEY: Received Rekey for group {group} from {server} to {address} with seq # "
    "{sequence}",
    "GM_RECV_DELETE": "%GDOI-4-GM_RECV_DELETE: GM received delete-msg from KS in group {group}. TEKs lifetime are "
    "reduced and re-registration will start before SA expiry",
    "GDOI_REKEY_FAILURE": "%GDOI-3-GDOI_REKEY_FAILURE: Processing of REKEY payloads failed on GM {address} in the "
    "group {group}, with peer at {server}",
    "GM_SA_INGRESS": "%GDOI-5-GM_SA_INGRESS: Receive only ACL received from KS {server} in group {group}.",
    "GM_CONV_SA_DUPLEX": "%GDOI-5-GM_CONV_SA_DUPLEX: IPSec SAs converted to Duplex in group {group} on the GM",
    "GM_CONV_SA_DUPLEX_LOCAL": "%GDOI-5-GM_CONV_SA_DUPLEX_LOCAL: IPSec SAs converted to Duplex in group {group} on "
    "a GM by a CLI command",
    "GM_ACL_PERMIT": "%GDOI-4-GM_ACL_PERMIT: GM doesn't support permit in the ACL of group {group}. Any traffic "
    "matching the permit entry will be dropped.",
    "GM_ACL_MERGE": "%GDOI-5-GM_ACL_MERGE: ACL betweeb KS and GM in group {group} merged.",
    "GM_REKEY_TRANS_2_MULTI": "%GDOI-5-GM_REKEY_TRANS_2_MULTI: Group {group} transitioned to multicast rekey.",
    "GM_REKEY_TRANS_2_UNI": "%GDOI-5-GM_REKEY_TRANS_2_UNI: Group {group} transitioned to Unicast Rekey.",
    "PSEUDO_TIME_LARGE": "%GDOI-3-PSEUDO_TIME_LARGE: Pseudotime difference between KS ({expected} sec) and GM ({own} "
    "sec) is larger than expected in group {group}. Adjust to new PST",
    "KS_REGS_COMPL": "%GDOI-5-KS_REGS_COMPL: KS completed successful registration in group {group} with GM {address}",
    "KS_FIRST_GM": "%GDOI-5-KS_FIRST_GM: First GM {address} seen by KS in group {group}",
    "KS_LAST_GM": "%GDOI-5-KS_LAST_GM: Last GM {address} left the group {group}",
    "KS_BAD_ID": "%GDOI-4-KS_BAD_ID: Registration: RECEIVED id type/value in group {group} from GM {address} does "
    "not match",
    "KS_NO_RSA_KEYS": "%GDOI-1-KS_NO_RSA_KEYS: RSA Key - {label} : Not found, Required for group {group}",
    "KS_SEND_UNICAST_REKEY": "%GDOI-5-KS_SEND_UNICAST_REKEY: Sending Unicast Rekey {what}for group {group} from "
    "address {address} with seq # {sequence}",
    "KS_SEND_MCAST_REKEY": "%GDOI-5-KS_SEND_MCAST_REKEY: Sending Multicast Rekey {what}for group {group} from address "
    "{address} to {multicast} with seq # {sequence}",
    "KS_NACK_GM_EJECT": "%GDOI-4-KS_NACK_GM_EJECT: KS ejected GM {address} in group {group}.",
    "KS_CLEAR_REGISTER": "%GDOI-5-KS_CLEAR_REGISTER: Config: KS cleared its registrations in group {group}",
    "KS_CONV_SAS_DUPLEX": "%GDOI-5-KS_CONV_SAS_DUPLEX: IPSec SAs converted to Duplex in group {group}",
    "KS_CONV_SAS_INGRESS": "%GDOI-5-KS_CONV_SAS_INGRESS: IPSec SAs converted to receive-only mode in group {group}",
    "KS_GROUP_ADD": "%GDOI-5-KS_GROUP_ADD: Config: KS {address} added to the Group {group}",
    "KS_GROUP_DELETE": "%GDOI-5-KS_GROUP_DELETE: Config: KS {address} removed from the Group {group}",
    "KS_REKEY_TRANS_2_MULTI": "%GDOI-5-KS_REKEY_TRANS_2_MULTI: Group {group} transitioned to multicast rekey.",
    "KS_REKEY_TRANS_2_UNI": "%GDOI-5-KS_REKEY_TRANS_2_UNI: Group {group} transitioned to Unicast Rekey.",
    "GDOI_ACL_NUM": "%GDOI-3-GDOI_ACL_NUM: The ACL has too many entries. GDOI will honor only the first 100 ACL "
    "entries specified.",
    "POLICY_CHANGE": "%GDOI-5-POLICY_CHANGE: GDOI group {group} policy has changed. Use 'crypto gdoi ks rekey' to "
    "send a rekey, or the changes will be send in the next scheduled rekey",
    "COOP_KS_ADD": "%GDOI-5-COOP_KS_ADD: {peer} added as COOP Key Server in group {group}.",
    "COOP_KS_REMOVE": "%GDOI-5-COOP_KS_REMOVE: {peer} removed as COOP Key Server in group {group}.",
    "COOP_KS_ELECTION": "%GDOI-5-COOP_KS_ELECTION: KS entering election mode in group {group} (Previous Primary = "
    "{previous})",
    "COOP_KS_TRANS_TO_PRI": "%GDOI-5-COOP_KS_TRANS_TO_PRI: KS {address} in group {group} transitioned to Primary "
    "(Previous Primary = {previous})",
    "COOP_KS_REACH": "%GDOI-5-COOP_KS_REACH: Reachability restored with Cooperative KS {peer} in group {group}.",
    "COOP_KS_UNREACH": "%GDOI-3-COOP_KS_UNREACH: Cooperative KS {peer} Unreachable in group {group}",
    "COOP_KS_UNAUTH": "%GDOI-4-COOP_KS_UNAUTH: Contact from unauthorized KS {peer} in group {group} at local address "
    "{address} (Possible MISCONFIG of peer/local address)",
    "COOP_CONFIG_MISMATCH": "%GDOI-3-COOP_CONFIG_MISMATCH: WARNING: replay method configuration between Primary KS "
    "and Secondary KS are mismatched",
}
ATTESTED = frozenset(
    {"GM_REGSTER", "GDOI_ON_OFF", "GM_REGS_COMPL", "GM_RE_REGISTER", "IKMP_BAD_MESSAGE", "UNAUTHORIZED_IDENTITY"}
)


def text(name: str, **values: object) -> str:
    """A message of ``TEXTS`` with its values.

    Raises:
        KeyError: there is no such message, or it needs a value that is missing.
    """
    return TEXTS[name].format(**values)
