"""What the GETVPN log messages mean, and where to look next.

The names are those of Table 5 of Cisco's GETVPN design and implementation guide, and of messages that newer releases
added; the explanations are ours. Facility and severity are no part of an entry: they vary by release for one and the
same message, so ``look_up`` matches the mnemonic alone.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from getvpn_ops.model.outcome import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

_CODE = re.compile(r"%?(?:[A-Za-z][\w\-]*-[0-7]-)?(?P<mnemonic>[A-Za-z][\w']*)")


class Role(StrEnum):
    """Which router says it."""

    KEY_SERVER = "KS"
    GROUP_MEMBER = "GM"
    BOTH = "both"


class Source(StrEnum):
    """What an entry rests on."""

    GUIDE = "guide, Table 5"
    SEEN = "seen in captures or in Cisco's documents"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One message.

    Attributes:
        mnemonic: in the spelling we call it by.
        role: who logs it.
        severity: what it means for the service; not the digit that IOS prints.
        meaning: one or two sentences.
        next_steps: commands to run and things to compare, in this order.
        hostile: whether an attack may be behind it.
        spellings: other spellings, in print or on the wire.
        source: what the entry rests on.
    """

    mnemonic: str
    role: Role
    severity: Severity
    meaning: str
    next_steps: tuple[str, ...]
    hostile: bool = False
    spellings: tuple[str, ...] = ()
    source: Source = Source.GUIDE


@dataclass(frozen=True, slots=True)
class Explanation:
    """Answer to ``explain``.

    Attributes:
        asked: the mnemonic that was understood.
        entry: what is known of it, or None.
        nearest: entries with a similar name, best first; empty if there is an entry.
    """

    asked: str
    entry: CatalogueEntry | None
    nearest: tuple[CatalogueEntry, ...] = ()


_KS, _GM, _BOTH = Role.KEY_SERVER, Role.GROUP_MEMBER, Role.BOTH
_INFO, _MINOR, _MAJOR, _CRITICAL = Severity.INFO, Severity.MINOR, Severity.MAJOR, Severity.CRITICAL

_COOP = "show crypto gdoi ks coop"
_MEMBERS = "show crypto gdoi ks members"
_POLICY = "show crypto gdoi ks policy"
_GDOI = "show crypto gdoi"
_IKE = "show crypto isakmp sa"
_IPSEC = "show crypto ipsec sa"
_GM_ACL = "show crypto gdoi gm acl"
_GM_REKEY = "show crypto gdoi gm rekey"
_KEYS = "show crypto key mypubkey rsa"
_NTP = "show ntp status"
_PLAN_NO_LOSS = "was it planned? A change of direction must reach every member before the next step of a migration"
_IS_IT_OURS = "look the address up in the inventory: an unknown one belongs to nobody of yours"

TABLE_5: tuple[CatalogueEntry, ...] = (
    CatalogueEntry(
        "COOP_CONFIG_MISMATCH", _KS, _MAJOR,
        "Primary and secondary key server hold different policies for a group: after a change of roles the members "
        "would get another one.",
        (_COOP, _POLICY, "compare the group's configuration on all its key servers"),
    ),
    CatalogueEntry(
        "COOP_KS_ADD", _KS, _INFO, "A peer was configured as cooperative key server of a group.",
        (_COOP, "the peer must list this key server too"),
    ),
    CatalogueEntry(
        "COOP_KS_ELECTION", _KS, _MINOR,
        "This key server takes part in an election of the primary: it heard no primary in time, or has just started.",
        (_COOP, "exactly one key server of the group must end as Primary"),
    ),
    CatalogueEntry(
        "COOP_KS_REACH", _KS, _INFO, "A cooperative key server answers again after it was unreachable.",
        (_COOP, "after a split: one Primary, one KEK, equal member counts everywhere"),
    ),
    CatalogueEntry(
        "COOP_KS_REMOVE", _KS, _MINOR, "A peer was taken out of the list of cooperative key servers of a group.",
        (_COOP, "was it planned? The other key servers must drop it too"),
    ),
    CatalogueEntry(
        "COOP_KS_TRANS_TO_PRI", _KS, _MAJOR,
        "This key server became primary of a group: the former primary stopped, or cannot be reached.",
        (_COOP, "on the former primary: is it down, or Primary as well (a split)?", _IKE),
    ),
    CatalogueEntry(
        "COOP_KS_UNAUTH", _KS, _CRITICAL,
        "A router that is not configured as peer tried to speak COOP to this key server. (The guide prints "
        '"authorized" where it must mean unauthorized.)',
        (_IS_IT_OURS, _COOP, "the peer address list of the group"),
        hostile=True,
    ),
    CatalogueEntry(
        "COOP_KS_UNREACH", _KS, _MAJOR,
        "A cooperative key server does not answer any more. If it still runs, both sides may act as primary with keys "
        "of their own.",
        (_COOP, "ping the peer from the configured local address", _IKE, "UDP 848 between the key servers"),
        hostile=True,
    ),
    CatalogueEntry(
        "COOP_KS_VER_MISMATCH", _KS, _MAJOR, "The cooperative key servers run software of different GETVPN versions.",
        ("show version", "show crypto gdoi feature", "upgrade key servers before members; major versions must agree"),
    ),
    CatalogueEntry(
        "COOP_PACKET_DROPPED", _KS, _MAJOR,
        "A COOP announcement is bigger than the driver's buffer and is not sent: peers see stale members.",
        (_COOP, "number of members of the group", "the huge buffer size (`buffers huge size`), `protocol pdu`"),
    ),
    CatalogueEntry(
        "GM_NO_CRYPT_ENGINE", _GM, _CRITICAL,
        "No crypto engine takes the policy: out of resources, or a feature it does not support.",
        ("show crypto engine configuration", "show version", _POLICY),
        spellings=("GDOI-3-GM_NO_CRYPT_ENGINE",),
    ),
    CatalogueEntry(
        "GDOI_ACL_NUM", _BOTH, _MAJOR,
        "The list has more entries than GDOI takes; those behind the hundredth have no effect, so their traffic goes "
        "in clear.",
        ("show crypto gdoi ks acl", "summarize the list to at most 100 entries"),
    ),
    CatalogueEntry(
        "GDOI_REKEY_FAILURE", _GM, _MAJOR,
        "This member received a rekey whose payload it could not read; it keeps the old keys until they expire.",
        (_GM_REKEY, _GDOI, "GETVPN versions of key server and member"),
    ),
    CatalogueEntry(
        "GM_ACL_MERGE", _GM, _INFO, "The member's own list and the downloaded one were joined into one.",
        (_GM_ACL, "own denies stand first and must have their mirror at every peer"),
    ),
    CatalogueEntry(
        "GM_ACL_PERMIT", _GM, _MAJOR,
        "The member's own list holds a permit; it may only deny, and what a permit matches is dropped.",
        (_GM_ACL, "take the permit out of the list under the crypto map"),
    ),
    CatalogueEntry(
        "GM_CLEAR_REGISTER", _GM, _MINOR, "Someone cleared GDOI on this member; it registers anew.",
        (_GDOI, "the session log: who typed `clear crypto gdoi`?"),
    ),
    CatalogueEntry(
        "GM_CM_ATTACH", _GM, _INFO, "A GDOI crypto map was put on an interface of this member.",
        (_GDOI, "show crypto map"),
    ),
    CatalogueEntry(
        "GM_CM_DETACH", _GM, _MAJOR,
        "The GDOI crypto map was taken off an interface: traffic there is neither encrypted nor decrypted.",
        ("show crypto map", "was it planned?"),
    ),
    CatalogueEntry(
        "GM_CONV_SA_DUPLEX", _GM, _MINOR, "The group left receive-only: this member encrypts from now on.",
        (_GDOI, _IPSEC, _PLAN_NO_LOSS),
    ),
    CatalogueEntry(
        "GM_CONV_SA_DUPLEX_LOCAL", _GM, _MINOR,
        "A command on this member made its SAs bidirectional; the next rekey undoes that.",
        (_GDOI, _IPSEC, "who typed `crypto gdoi gm ipsec direction`?"),
    ),
    CatalogueEntry(
        "GM_ENABLE_GDOI_CM", _GM, _INFO, "The downloaded policy is active on the GDOI crypto map of this member.",
        (_GM_ACL, _GDOI),
    ),
    CatalogueEntry(
        "GM_HASH_FAIL", _GM, _MAJOR,
        "A registration message of the key server has no hash or a wrong one.",
        (_IKE, "pre-shared keys on both sides", "packet corruption on the way"),
    ),
    CatalogueEntry(
        "GM_INCOMPLETE_CFG", _GM, _MAJOR,
        "The group lacks its identity, its server, or both, so the member cannot register.",
        ("show running-config | section crypto gdoi", _GDOI),
    ),
    CatalogueEntry(
        "GM_NO_IPSEC_FLOWS", _GM, _CRITICAL, "The hardware is out of IPsec flows: no further SA can be made.",
        (_IPSEC, "show crypto eli", "fewer entries in the group's list"),
    ),
    CatalogueEntry(
        "GM_RE_REGISTER", _GM, _MAJOR,
        "An SA of the group ended or was cleared before a rekey came, so the member registers again: it missed rekeys.",
        (_GM_REKEY, _GDOI, "on the key server: rekeys sent and acknowledged for this member"),
    ),
    CatalogueEntry(
        "GM_RECV_DELETE", _GM, _MAJOR, "The key server told this member to drop its keys.",
        (_GDOI, "on the key servers: who cleared or ejected the member?"),
    ),
    CatalogueEntry(
        "GM_RECV_REKEY", _GM, _INFO, "A rekey arrived.", (_GM_REKEY, "the SPI must be that of the key server"),
    ),
    CatalogueEntry(
        "GM_REGS_COMPL", _GM, _INFO, "The member is registered with a key server.", (_GDOI,),
    ),
    CatalogueEntry(
        "GM_REJECTING_SA_PAYLOAD", _GM, _MAJOR,
        "This member refused the policy that the key server offered: it cannot do what the policy asks.",
        (_POLICY, "show crypto engine configuration", "show crypto gdoi feature"),
    ),
    CatalogueEntry(
        "GM_REKEY_NOT_REC'D", _GM, _MAJOR,
        "No rekey came in time. The guide says that no release logs it yet.",
        (_GM_REKEY, "UDP 848 or the multicast path from the key server"),
        spellings=("GM_REKEY_NOT_RECD",),
    ),
    CatalogueEntry(
        "GM_REKEY_TRANS_2_MULTI", _GM, _MINOR, "This member now expects its rekeys by multicast.",
        (_GM_REKEY, "show ip mroute", "show ip igmp groups"),
    ),
    CatalogueEntry(
        "GM_REKEY_TRANS_2_UNI", _GM, _MINOR, "This member now expects its rekeys by unicast.", (_GM_REKEY,),
    ),
    CatalogueEntry(
        "GM_SA_INGRESS", _GM, _MINOR, "The group is receive-only: this member sends in clear and can decrypt.",
        (_GDOI, _PLAN_NO_LOSS),
    ),
    CatalogueEntry(
        "GM_UNREGISTER", _GM, _MAJOR, "A member left the group and holds no keys any more.",
        (_GDOI, "show crypto map"),
    ),
    CatalogueEntry(
        "KS_BAD_ID", _KS, _MAJOR, "A member asked for a group identity that does not fit this key server.",
        (_IS_IT_OURS, "`identity` of the group on both sides"),
    ),
    CatalogueEntry(
        "KS_BLACKHOLE_ACK", _KS, _MAJOR,
        "Acknowledgements of a member fail again and again, and the key server no longer processes them.",
        (_MEMBERS, _IS_IT_OURS, "the path from the member to the key server"),
        hostile=True,
    ),
    CatalogueEntry(
        "KS_CLEAR_REGISTER", _KS, _MAJOR,
        "Someone cleared GDOI on this key server: all its members must register anew.",
        (_MEMBERS, "the session log: who typed `clear crypto gdoi`?"),
    ),
    CatalogueEntry(
        "KS_CONV_SAS_DUPLEX", _KS, _MINOR,
        "The group left receive-only: its members encrypt as the rekey reaches them.",
        (_POLICY, _MEMBERS, _PLAN_NO_LOSS),
    ),
    CatalogueEntry(
        "KS_CONV_SAS_INGRESS", _KS, _MAJOR,
        "The group became receive-only: its members send in clear as the rekey reaches them.",
        (_POLICY, _MEMBERS, _PLAN_NO_LOSS),
    ),
    CatalogueEntry(
        "KS_FIRST_GM", _KS, _INFO, "The first member of a group registered with this key server.", (_MEMBERS,),
        spellings=("KS_FIRST_GM, GDOI, LOG_INFO",),
    ),
    CatalogueEntry(
        "KS_GM_REJECTS_SA_PAYLOAD", _KS, _MAJOR, "A member refused the policy that this key server offered.",
        (_POLICY, "show crypto gdoi feature", "crypto hardware and release of that member"),
    ),
    CatalogueEntry(
        "KS_GM_REVOKED", _KS, _CRITICAL,
        "Someone who may not (or no longer) be a member tried to join during a rekey.",
        (_IS_IT_OURS, _MEMBERS, "`authorization` of the group"),
        hostile=True,
    ),
    CatalogueEntry(
        "KS_GROUP_ADD", _KS, _INFO, "A group was configured on this key server.", ("show crypto gdoi ks",),
    ),
    CatalogueEntry(
        "KS_GROUP_DELETE", _KS, _MAJOR, "A group was taken off this key server.",
        ("show crypto gdoi ks", "was it planned? Its members lose a server"),
    ),
    CatalogueEntry(
        "KS_HASH_FAIL", _KS, _MAJOR, "A registration message of a member has no hash or a wrong one.",
        (_IS_IT_OURS, _IKE, "pre-shared keys on both sides"),
    ),
    CatalogueEntry(
        "KS_LAST_GM", _KS, _MAJOR, "The last member of a group left this key server.",
        (_MEMBERS, "planned, or are all members unreachable?"),
    ),
    CatalogueEntry(
        "KS_NACK_GM_EJECT", _KS, _MAJOR,
        "A member was thrown out because it acknowledged no rekey any more (three in a row).",
        (_MEMBERS, "on that member: " + _GM_REKEY, "UDP 848 between the two, both ways"),
        spellings=("KS_GM_EJECT",),
    ),
    CatalogueEntry(
        "KS_NO_RSA_KEYS", _KS, _CRITICAL,
        "The RSA key that signs rekeys does not exist on this key server, so it cannot rekey.",
        (_KEYS, "`rekey authentication mypubkey rsa` of the group", "import the key of the other key servers"),
    ),
    CatalogueEntry(
        "KS_REGS_COMPL", _KS, _INFO, "This key server completed the registration of a member.", (_MEMBERS,),
    ),
    CatalogueEntry(
        "KS_REKEY_TRANS_2_MULTI", _KS, _MINOR,
        "The group now rekeys by multicast: there are no acknowledgements any more.",
        (_POLICY, "show ip mroute", "every member must be reached by the multicast group"),
    ),
    CatalogueEntry(
        "KS_REKEY_TRANS_2_UNI", _KS, _MINOR, "The group now rekeys by unicast.", (_POLICY, _MEMBERS),
    ),
    CatalogueEntry(
        "KS_SEND_MCAST_REKEY", _KS, _INFO, "A multicast rekey was sent.", ("show crypto gdoi ks rekey",),
    ),
    CatalogueEntry(
        "KS_SEND_UNICAST_REKEY", _KS, _INFO, "A unicast rekey was sent.", ("show crypto gdoi ks rekey", _MEMBERS),
    ),
    CatalogueEntry(
        "KS_UNAUTHORIZED", _KS, _CRITICAL, "Someone whom `authorization` does not admit tried to register.",
        (_IS_IT_OURS, "`authorization` of the group and its access list"),
        hostile=True,
    ),
    CatalogueEntry(
        "KS_UNSOL_ACK", _KS, _MAJOR,
        "An acknowledgement came that nobody had asked for: from a former member, or forged to load the key server.",
        (_IS_IT_OURS, _MEMBERS),
        hostile=True,
    ),
    CatalogueEntry(
        "PSEUDO_TIME_LARGE", _GM, _MAJOR,
        "The pseudo time that arrived differs much from the member's own: packets may be dropped as replays.",
        ("show crypto gdoi gm replay", "show crypto gdoi ks replay", _COOP),
    ),
    CatalogueEntry(
        "REPLAY_FAILED", _BOTH, _MAJOR, "An anti-replay check failed.",
        ("show crypto gdoi gm replay", "window size of `replay time`",
         "are there two primaries with pseudo times of their own?"),
    ),
    CatalogueEntry(
        "UNAUTHORIZED_IDENTITY", _KS, _MAJOR,
        "A registration was refused because the identity of the router is not in `authorization identity`.",
        (_IS_IT_OURS, "`crypto identity` on the key server; certificate of the member"),
    ),
    CatalogueEntry(
        "UNAUTHORIZED_IPADDR", _KS, _MAJOR,
        "A registration was refused because the address of the router is not in the list of `authorization address`.",
        (_IS_IT_OURS, "the access list of `authorization address ipv4`"),
    ),
    CatalogueEntry(
        "UNEXPECTED_SIGKEY", _GM, _MAJOR,
        "A signature key came that was not expected; it was thrown away, so rekeys may fail their check.",
        (_KEYS, "show crypto gdoi gm pubkey", "the same RSA key must be on every key server"),
    ),
    CatalogueEntry(
        "UNREGISTERED_INTERFACE", _KS, _MINOR,
        "A registration came in on an interface that the key server does not serve; it was ignored.",
        ("`address ipv4` under `server local`", "to which address do the members point?"),
    ),
    CatalogueEntry(
        "UNSUPPORTED_TEK_PROTO", _GM, _MAJOR, "The policy asks for a TEK protocol that this member does not know.",
        (_POLICY, "show crypto gdoi feature", "show version"),
    ),
)  # fmt: skip
"""The guide's Table 5, in its order."""

LATER: tuple[CatalogueEntry, ...] = (
    CatalogueEntry(
        "GM_REGISTER", _GM, _INFO,
        "The member begins to register with a key server. Without GM_REGS_COMPL soon behind it, that failed.",
        (_GDOI, _IKE, "UDP 848 to the key server"),
        spellings=("GM_REGSTER",), source=Source.SEEN,
    ),
    CatalogueEntry(
        "GDOI_ON_OFF", _BOTH, _MINOR, "GDOI was switched on (first group configured) or off (last one taken away).",
        (_GDOI,), source=Source.SEEN,
    ),
    CatalogueEntry(
        "ISAKMP_ON_OFF", _BOTH, _MINOR, "IKE was switched on or off on this router.",
        (_IKE, "off means that neither registration nor COOP works"), source=Source.SEEN,
    ),
    CatalogueEntry(
        "IKMP_BAD_MESSAGE", _BOTH, _MAJOR,
        "An IKE message cannot be read: usually the pre-shared keys differ.",
        (_IKE, "the pre-shared key for this address on both sides", _IS_IT_OURS), source=Source.SEEN,
    ),
    CatalogueEntry(
        "TIMEBASED_REPLAY_FAILED", _GM, _MAJOR,
        "A packet is older or newer than the replay window allows: its sender has another pseudo time.",
        ("show crypto gdoi gm replay", "show crypto gdoi ks coop (a split?)", _NTP, "window size of `replay time`"),
        source=Source.SEEN,
    ),
    CatalogueEntry(
        "PKT_REPLAY_ERR", _GM, _MAJOR, "Decryption refused a packet as a replay.",
        ("show crypto gdoi gm replay", _IPSEC), source=Source.SEEN,
    ),
    CatalogueEntry(
        "RECVD_PKT_NOT_IPSEC", _GM, _MAJOR,
        "A clear packet came that should have been encrypted, and was dropped: its sender is no member, sends in clear "
        "(receive-only, fail-open), or has another list.",
        ("look up src_addr in the inventory", _GM_ACL, "effective lists of the two members"), source=Source.SEEN,
    ),
    CatalogueEntry(
        "RECVD_PKT_INV_SPI", _GM, _MAJOR,
        "A packet came with an SPI that this router does not know: one of the two missed a rekey, or there are two "
        "primaries.",
        (_GDOI, _IPSEC, _COOP), source=Source.UNVERIFIED,
    ),
    CatalogueEntry(
        "POLICY_CHANGE", _KS, _MINOR,
        "The policy of a group was changed; since 15.2(1)T the members get it with `crypto gdoi ks rekey`.",
        (_POLICY, "prove that the rekey went out: " + _MEMBERS), source=Source.UNVERIFIED,
    ),
    CatalogueEntry(
        "GM_INSTALL_POLICIES_SUCCESS", _GM, _INFO,
        "The policies of a registration or rekey are in place on this member.",
        (_GDOI,), source=Source.UNVERIFIED,
    ),
    CatalogueEntry(
        "GM_FAILED_TO_INSTALL_POLICIES", _GM, _CRITICAL, "The member could not put the received policies in place.",
        (_GDOI, "show crypto engine configuration", _POLICY), source=Source.UNVERIFIED,
    ),
    CatalogueEntry(
        "GM_RECOVERY_REGISTER", _GM, _MAJOR,
        "Packets with errors made this member register with the next key server (`client recovery-check`).",
        (_GDOI, _COOP), source=Source.UNVERIFIED,
    ),
    CatalogueEntry(
        "GM_DELETE", _KS, _MAJOR, "A member was deleted from the database of this key server.",
        (_MEMBERS,), source=Source.UNVERIFIED,
    ),
    CatalogueEntry(
        "COOP_LIMIT_REACHED", _KS, _MAJOR, "The group has more members than cooperative key servers can announce.",
        (_COOP, _MEMBERS, "`protocol version optimize` on every key server"), source=Source.UNVERIFIED,
    ),
)  # fmt: skip
"""Messages that the guide does not list."""

CATALOGUE: tuple[CatalogueEntry, ...] = (*TABLE_5, *LATER)


@cache
def _by_spelling() -> Mapping[str, CatalogueEntry]:
    """Every known spelling in upper case; the first entry wins."""
    table: dict[str, CatalogueEntry] = {}
    for entry in CATALOGUE:
        for spelling in (entry.mnemonic, *entry.spellings):
            table.setdefault(spelling.upper(), entry)
    return MappingProxyType(table)


def look_up(mnemonic: str) -> CatalogueEntry | None:
    """The entry of a mnemonic as a router prints it, in any case of letters; None if there is none."""
    return _by_spelling().get(mnemonic.upper())


def explain(typed: str) -> Explanation:
    """Look up what a person types.

    Args:
        typed: a mnemonic, with or without ``%``, facility and severity, in any case; a text behind it does no harm.

    Returns:
        The entry, or those with the nearest names.
    """
    words = typed.strip()
    if (whole := look_up(words)) is not None:
        return Explanation(whole.mnemonic, whole)
    code = words.rpartition("%")[1] + words.rpartition("%")[2] if "%" in words else words
    found = _CODE.match(code)
    asked = found["mnemonic"].upper() if found else words.upper()
    entry = look_up(asked)
    if entry is not None:
        return Explanation(asked, entry)
    table = _by_spelling()
    names = [name for name in table if asked and (asked in name or name in asked)]
    names += difflib.get_close_matches(asked, table, n=5, cutoff=0.6)
    nearest = tuple({table[name].mnemonic: table[name] for name in names}.values())[:5]
    return Explanation(asked, None, nearest)
