"""G-IKEv2 in place of GDOI, or beside it (RFC 9838; IOS 15.3 and later). COOP stays on IKEv1 all the same."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from getvpn_ops.dialect.releases import Feature
from getvpn_ops.model.config.crypto import (
    Ikev2Key,
    Ikev2Keyring,
    Ikev2Peer,
    Ikev2Policy,
    Ikev2Profile,
    Ikev2Proposal,
)
from getvpn_ops.model.config.secret import Secret
from getvpn_ops.model.intent.crypto import Cipher, Digest
from getvpn_ops.rendering import names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.config.crypto import PreSharedKey
    from getvpn_ops.model.intended import IntendedConfig
    from getvpn_ops.model.intent.crypto import Gikev2Intent
    from getvpn_ops.rendering.group import GroupPlan
    from getvpn_ops.rendering.problems import Problems

_CIPHERS = {
    Cipher.DES: "des",
    Cipher.TRIPLE_DES: "3des",
    Cipher.AES_128: "aes-cbc-128",
    Cipher.AES_192: "aes-cbc-192",
    Cipher.AES_256: "aes-cbc-256",
    Cipher.GCM_128: "aes-gcm-128",
    Cipher.GCM_256: "aes-gcm-256",
}
_GROUP = 14


def on_key_server(config: IntendedConfig, plan: GroupPlan, problems: Problems) -> IntendedConfig:
    """Add what a key server needs to serve members by G-IKEv2."""
    said = plan.intent.ike.gikev2
    group = config.gdoi_groups[0]
    if said is None or group.server_local is None:
        return config
    name = names.checked(_name(plan, said), plan.intent.name, "ike.gikev2.name", problems)
    server = dataclasses.replace(group.server_local, gikev2_profile=name, gdoi=None if said.also_gdoi else False)
    members = [key for key in config.isakmp_keys if key.address not in plan.servers.values()]
    made = _with_objects(config, plan, said, members, None)
    return dataclasses.replace(made, gdoi_groups=(dataclasses.replace(group, server_local=server),))


def on_member(config: IntendedConfig, plan: GroupPlan, keys: Iterable[PreSharedKey], vrf: str | None) -> IntendedConfig:
    """Turn a member's registration to G-IKEv2; one whose release does not have it stays with GDOI."""
    said = plan.intent.ike.gikev2
    if said is None or not plan.releases[config.device].has(Feature.GIKEV2):
        return config
    group = config.gdoi_groups[0]
    client = dataclasses.replace(group.client, protocol="gikev2", gikev2_profile=_name(plan, said))
    made = _with_objects(config, plan, said, keys, vrf)
    return dataclasses.replace(made, gdoi_groups=(dataclasses.replace(group, client=client),))


def _name(plan: GroupPlan, said: Gikev2Intent) -> str:
    return said.name or names.ikev2(plan.intent.name)


def _with_objects(
    config: IntendedConfig, plan: GroupPlan, said: Gikev2Intent, keys: Iterable[PreSharedKey], vrf: str | None
) -> IntendedConfig:
    name = _name(plan, said)
    front = () if vrf is None else (f"fvrf {vrf}",)
    integrity = str(said.integrity or Digest.SHA256)
    cipher = said.encryption or Cipher.AES_256
    combined = cipher in {Cipher.GCM_128, Cipher.GCM_256}
    pki = plan.intent.ike.pki
    method = "rsa-sig" if pki else "pre-share"
    peers = tuple(
        Ikev2Peer(str(key.address).upper(), address=_address(key), keys=(Ikev2Key(_as_ikev2(key.secret)),))
        for key in keys
    )
    return dataclasses.replace(
        config,
        ikev2_proposals=(
            Ikev2Proposal(
                name,
                encryption=(_CIPHERS[cipher],),
                integrity=() if combined else (integrity,),
                prf=(integrity,) if combined else (),
                dh_groups=(said.dh_group or _GROUP,),
            ),
        ),
        ikev2_policies=(Ikev2Policy(name, proposals=(name,), matches=front),),
        ikev2_keyrings=() if pki else (Ikev2Keyring(name, peers),),
        ikev2_profiles=(
            Ikev2Profile(
                name,
                matches=(*front, "identity remote any" if pki else "identity remote address 0.0.0.0"),
                identity_local="dn" if pki else None,
                authentication_local=method,
                authentication_remote=(method,),
                keyring=None if pki else name,
                trustpoints=(pki.trustpoint,) if pki else (),
            ),
        ),
    )


def _address(key: PreSharedKey) -> str:
    address = str(key.address).upper()  # IPv6, as IOS prints it
    if key.mask is None:
        return address
    return f"{address}{key.mask}" if key.mask.startswith("/") else f"{address} {key.mask}"


def _as_ikev2(secret: Secret) -> Secret:
    return Secret.of("ikev2-key", secret.reveal(), secret.encryption)
