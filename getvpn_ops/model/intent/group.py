"""What a GDOI group should be: one file of ``gdoi_groups/``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.intent.access import Match
from getvpn_ops.model.intent.crypto import (
    AuthorizationIntent,
    CoopIntent,
    D3pIntent,
    IkeIntent,
    KssidIntent,
    PolicyIntent,
    Profile,
    RekeyIntent,
)
from getvpn_ops.model.intent.router import KeyServerIntent, MemberIntent
from getvpn_ops.model.intent.written import Identity, Name, Whole


class Direction(StrEnum):
    """Of a group's SAs."""

    BOTH = "both"
    RECEIVE_ONLY = "receive-only"


class GdoiGroupIntent(FrozenModel):
    """What a GDOI group should be. What is not said is not checked.

    A file in its smallest form (down to ``fail_close``) serves health checks. With ``policies`` the group is described
    whole: it can be rendered and compared, and what is not said then comes from the profile.

    Attributes:
        name: of the group; local to each router on the wire, but one name in this file.
        identity: the number, or address, that the routers agree on.
        key_servers: devices; those first in the list have the higher priority unless ``coop`` says otherwise.
        members: devices; None means every device with role ``gm`` whose ``gdoi_groups`` has this group.
        direction: of the SAs.
        fail_close: whether members close before they are registered.
        ip: version of the traffic and of the group.
        profile: where values come from that nobody wrote.
        keyword: of IOS for the group: ``gdoi``, or ``gkm`` (15.x and later).
        policies: what is encrypted and how, at most one ``sa ipsec`` each.
        services: of one's own, for ``exempt``.
        rekey: how keys are renewed.
        ike: how routers authenticate each other.
        authorization: who may register.
        coop: several key servers.
        group_size: such as ``medium`` or ``small 8``: length of sender identifiers; see ``kssid``.
        kssid: key server identifiers.
        d3p: IP delivery delay detection.
        pfs: perfect forward secrecy of rekeys.
        buffers: ``buffers huge size`` of the key servers, in bytes.
        member_defaults: of every member.
        key_server_defaults: of every key server.
    """

    schema_version: Annotated[Literal[1], Field(alias="schema")] = 1
    name: Name
    identity: Identity | None = None
    key_servers: tuple[Name, ...] | None = None
    members: tuple[Name, ...] | None = None
    direction: Direction | None = None
    fail_close: bool | None = None

    ip: Literal[4, 6] = 4
    profile: Profile = Profile.TODAY
    keyword: Literal["gdoi", "gkm"] = "gdoi"
    policies: Annotated[tuple[PolicyIntent, ...], Field(min_length=1)] | None = None
    services: dict[Name, Annotated[tuple[Match, ...], Field(min_length=1)]] = Field(default_factory=dict)
    rekey: RekeyIntent = RekeyIntent()
    ike: IkeIntent = IkeIntent()
    authorization: AuthorizationIntent | None = None
    coop: CoopIntent = CoopIntent()
    group_size: Literal["small 8", "small 12", "small 16", "medium", "large"] | None = None
    kssid: KssidIntent | None = None
    d3p: D3pIntent | None = None
    pfs: bool = False
    buffers: Annotated[Whole, Field(ge=18024, le=65535)] | None = None
    member_defaults: MemberIntent = MemberIntent()
    key_server_defaults: KeyServerIntent = KeyServerIntent()
