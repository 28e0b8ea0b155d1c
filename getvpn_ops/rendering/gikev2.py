"""G-IKEv2 in place of GDOI, or beside it (RFC 9838; IOS 15.3 and later). COOP stays on IKEv1 all the same."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

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


def on_key_server(config: IntendedConfig, plan: GroupPlan) -> IntendedConfig:
    """Add what a key server needs to serve members by G-IKEv2."""
    said = plan.intent.ike.gikev2
    group = config.gdoi_groups[0]
    if said is None or group.server_local is None:
        return config
    name = said.name or names.ikev2(plan.intent.name)
    server = dataclasses.replace(group.server_local, gikev2_profile=name, gdoi=None if said.also_gdoi else False)
    made = _with_objects(config, plan, said, config.isakmp_keys)
    return dataclasses.replace(made, gdoi_groups=(dataclasses.replace(group, server_local=server),))


def on_member(config: IntendedConfig, plan: GroupPlan, keys: Iterable[PreSharedKey]) -> IntendedConfig:
    """Turn a member's registration to G-IKEv2."""
    said = plan.intent.ike.gikev2
    if said is None:
        return config
    name = said.name or names.ikev2(plan.intent.name)
    group = config.gdoi_groups[0]
    client = dataclasses.replace(group.client, protocol="gikev2", gikev2_profile=name)
    made = _with_objects(config, plan, said, keys)
    return dataclasses.replace(made, gdoi_groups=(dataclasses.replace(group, client=client),))


def _with_objects(
    config: IntendedConfig, plan: GroupPlan, said: Gikev2Intent, keys: Iterable[PreSharedKey]
) -> IntendedConfig:
    name = said.name or names.ikev2(plan.intent.name)
    integrity = str(said.integrity or Digest.SHA256)
    cipher = said.encryption or Cipher.AES_256
    combined = cipher in {Cipher.GCM_128, Cipher.GCM_256}
    pki = plan.intent.ike.pki
    method = "rsa-sig" if pki else "pre-share"
    peers = tuple(
        Ikev2Peer(
            str(key.address),
            address=f"{key.address} {key.mask}" if key.mask else str(key.address),
            keys=(Ikev2Key(_as_ikev2(key.secret)),),
        )
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
        ikev2_policies=(Ikev2Policy(name, proposals=(name,)),),
        ikev2_keyrings=() if pki else (Ikev2Keyring(name, peers),),
        ikev2_profiles=(
            Ikev2Profile(
                name,
                matches=("identity remote address 0.0.0.0",),
                authentication_local=method,
                authentication_remote=(method,),
                keyring=None if pki else name,
                trustpoints=(pki.trustpoint,) if pki else (),
            ),
        ),
    )


def _as_ikev2(secret: Secret) -> Secret:
    return Secret.of("ikev2-key", secret.reveal(), secret.encryption)
