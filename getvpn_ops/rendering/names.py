"""Names of objects that nobody named: made from those of the group, so that two groups on one router keep apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.model.intent.crypto import Profile
from getvpn_ops.model.intent.written import OBJECT_NAME

if TYPE_CHECKING:
    from getvpn_ops.model.intent.crypto import TransformIntent
    from getvpn_ops.model.intent.group import GdoiGroupIntent
    from getvpn_ops.rendering.problems import Problems

REKEY_KEY = "GETVPN_REKEY"
SSM_LIST = "GETVPN_SSM"
GUIDE_SSM_LIST = "1"


def policy_list(group: str, sequence: int) -> str:
    """The list of what is encrypted."""
    return f"GETVPN_{group}_POLICY" + ("" if sequence == 1 else f"_{sequence}")


def members_list(group: str) -> str:
    """The list of who may register."""
    return f"GETVPN_{group}_MEMBERS"


def rekey_list(group: str) -> str:
    """The list that names the multicast address of rekeys."""
    return f"GETVPN_{group}_REKEY"


def ssm_list(intent: GdoiGroupIntent) -> str:
    """The list of ``ip pim ssm range``, of which a router has one."""
    said = None if intent.rekey.multicast is None else intent.rekey.multicast.ssm_acl
    return said or (GUIDE_SSM_LIST if intent.profile is Profile.GUIDE else SSM_LIST)


def exceptions_list(group: str) -> str:
    """A member's local exceptions."""
    return f"GETVPN_{group}_LOCAL"


def fail_close_list(group: str) -> str:
    """What passes before registration."""
    return f"GETVPN_{group}_FAIL_CLOSE"


def profile(group: str, sequence: int) -> str:
    """The IPsec profile of a policy."""
    return f"GETVPN-{group}" + ("" if sequence == 1 else f"-{sequence}")


def transform_set(transform: TransformIntent) -> str:
    """The transform set, named by what it is: equal ones of two groups are one object."""
    words = [str(transform.encryption or ""), str(transform.integrity or "")]
    return "GETVPN-" + "-".join(word.replace("-", "").upper() for word in words if word)


def crypto_map(vrf: str | None) -> str:
    """The crypto map of a member, one for each VRF."""
    return f"GETVPN-MAP-{vrf}" if vrf else "GETVPN-MAP"


def keyring(vrf: str) -> str:
    """The keyring of a VRF."""
    return f"GETVPN-{vrf}"


def ikev2(group: str) -> str:
    """Proposal, policy, keyring and profile of G-IKEv2."""
    return f"GETVPN-{group}"


def checked(name: str, group: str, where: str, problems: Problems) -> str:
    """A name that was written or made, if IOS takes it."""
    if not OBJECT_NAME.fullmatch(name):
        problems.add(
            group, where, f"{name!r} is made from other names and too long, 63 characters at most: write a name"
        )
    elif name.lower() == "ipv6":
        problems.add(group, where, "IOS would take 'ipv6' for its own word: write another name")
    return name
