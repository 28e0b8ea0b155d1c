"""Every check of a group: its fault in the lab, its end, and its silence."""

from __future__ import annotations

from scenes import KEY_SERVERS, Act, Place, Scene, Wait, configured, fault, refused, typed

from getvpn_ops.model.fleet import Depth

_FEW = ("lds-gm1", "ork-gm1", "ham-gm1")
_SERVER = ("crypto gdoi group WAN", "server local")
_ASSOCIATION = (*_SERVER, "sa ipsec 1")
_LINES = tuple(f"deny tcp host 10.9.0.{number} any eq 443" for number in range(90))
_NEW_ADDRESS = "10.255.1.21"  # Loopback0 of Cork, by which nobody expects it

PLACES = {
    "a key server is cut off": Place(_FEW, well_after=8000, depth=Depth.KS),
    "a key server unlike the others": Place(_FEW, ill_after=6100, well_after=8000, depth=Depth.KS),
    "a namesake": Place(_FEW, ill_after=60, well_after=600, depth=Depth.KS),
    "a migration that was forgotten": Place(_FEW, ill_after=300, well_after=600, depth=Depth.KS),
    "a key server just booted": Place(_FEW, ill_after=0, well_after=1200, depth=Depth.KS),
    "no key to sign with": Place(_FEW, ill_after=23 * 3600, well_after=600, depth=Depth.KS),
    "a member is gone": Place(_FEW, ill_after=7 * 3600, well_after=1800, depth=Depth.KS),
    "a crowd": Place(_FEW, ill_after=1, well_after=60, depth=Depth.KS),
}

_SPLIT = (
    fault("dub-ks1", "split"),
    Wait(300),
    typed("lds-ks1", "crypto gdoi ks rekey"),
    Wait(60),
    typed("dub-ks1", "clear crypto gdoi ks members", "yes"),
)
_BOOTED = (fault("dub-ks1", "split"), typed("dub-ks1", "reload", ""), Wait(110))
_STRANGER: tuple[Act, ...] = (
    Wait(60),  # until the rekey of the scenes before has arrived
    *(
        configured(
            name,
            f"crypto isakmp key lab-psk-ork-gm1 address {_NEW_ADDRESS}",
            "ip access-list standard GETVPN_WAN_MEMBERS",
            f"permit {_NEW_ADDRESS}",
        )
        for name in KEY_SERVERS
    ),
    configured("ork-gm1", "crypto map GETVPN-MAP local-address Loopback0"),
)

SCENES = {
    "coop-single-primary": Scene(
        "a key server is cut off", "WAN", _SPLIT, ("dub-ks1", "lds-ks1"),
        withhold=refused("ams-ks1", "show crypto gdoi ks coop"), misses="ams-ks1",
    ),
    "coop-peers-alive": Scene(
        "a key server is cut off", "WAN", _SPLIT, ("dub-ks1",),
        withhold=refused("ams-ks1", "show crypto gdoi ks coop"), misses="ams-ks1",
    ),
    "parity-members": Scene(
        "a key server is cut off", "WAN", _SPLIT, ("dub-ks1", "it lacks"),
        withhold=refused("lds-ks1", "show crypto gdoi"), misses="lds-ks1",
    ),
    "parity-keys": Scene(
        "a key server is cut off", "WAN", _SPLIT, ("dub-ks1", "TEK SPIs"),
        withhold=refused("lds-ks1", "show crypto gdoi ks policy"), misses="lds-ks1",
    ),
    "keys-overlap": Scene(
        "a key server is cut off", "WAN", _SPLIT, ("lds-ks1", "TEKs that live"),
        withhold=refused("lds-ks1", "show crypto gdoi ks policy"), misses="lds-ks1",
    ),
    "coop-peers-known": Scene(
        "a key server unlike the others", "WAN",
        (configured("dub-ks1", *_SERVER, "redundancy", "no peer address ipv4 10.255.0.2"),), ("dub-ks1", "ams-ks1"),
        heal=(configured("dub-ks1", *_SERVER, "redundancy", "peer address ipv4 10.255.0.2"),),
        withhold=refused("dub-ks1", "show crypto gdoi ks coop"), misses="dub-ks1",
    ),
    "coop-priorities-distinct": Scene(
        "a key server unlike the others", "WAN",
        (configured("dub-ks1", *_SERVER, "redundancy", "local priority 75"),), ("75", "dub-ks1", "ams-ks1"),
        heal=(configured("dub-ks1", *_SERVER, "redundancy", "local priority 50"),),
        withhold=tuple(item for name in KEY_SERVERS for item in refused(name, "show crypto gdoi ks coop")),
        misses="ks1",
    ),
    "coop-priority-intended": Scene(
        "a key server unlike the others", "WAN",
        (configured("dub-ks1", *_SERVER, "redundancy", "local priority 75"),), ("dub-ks1", "50 by", "75 shown"),
        heal=(configured("dub-ks1", *_SERVER, "redundancy", "local priority 50"),),
        withhold=tuple(item for name in KEY_SERVERS for item in refused(name, "show crypto gdoi ks coop")),
        misses="ks1",
    ),
    "policy-acl-size": Scene(
        "a key server unlike the others", "WAN",
        (configured("dub-ks1", "ip access-list extended GETVPN_WAN_POLICY", *_LINES),), ("dub-ks1", "113"),
        heal=(
            configured("dub-ks1", "ip access-list extended GETVPN_WAN_POLICY", *(f"no {line}" for line in _LINES)),
        ),
        withhold=refused("dub-ks1", "show crypto gdoi ks acl"), misses="dub-ks1",
    ),
    "parity-policy": Scene(
        "a key server unlike the others", "WAN",
        (configured("dub-ks1", *_ASSOCIATION, "replay time window-size 10"),), ("dub-ks1", "10"),
        heal=(configured("dub-ks1", *_ASSOCIATION, "replay time window-size 5"),),
        withhold=refused("dub-ks1", "show crypto gdoi"), misses="dub-ks1",
    ),
    "parity-rekey": Scene(
        "a key server unlike the others", "WAN",
        (configured("dub-ks1", *_SERVER, "rekey retransmit 20 number 2"),),
        ("dub-ks1", "retransmit attempts", "3, as on"),
        heal=(configured("dub-ks1", *_SERVER, "rekey retransmit 10 number 3"),),
        withhold=refused("dub-ks1", "show crypto gdoi"), misses="dub-ks1",
    ),
    "parity-lifetimes": Scene(
        "a key server unlike the others", "WAN", (fault("dub-ks1", "policy-mismatch"),),
        ("dub-ks1", "7200 s", "1800 s"),
        withhold=refused("dub-ks1", "show crypto gdoi"), misses="dub-ks1",
    ),
    "parity-acl": Scene(
        "a key server unlike the others", "WAN", (fault("dub-ks1", "acl-mismatch"),), ("dub-ks1", "203.0.113.99"),
        withhold=refused("dub-ks1", "show crypto gdoi ks acl"), misses="dub-ks1",
    ),
    "parity-rsa-key": Scene(
        "a key server unlike the others", "WAN", (fault("ams-ks1", "rsa-key-differs"),), ("ams-ks1", "RSA public key"),
        withhold=refused("dub-ks1", "show crypto key mypubkey rsa"), misses="dub-ks1",
    ),
    "keys-signing-key": Scene(
        "a key server unlike the others", "WAN", (fault("dub-ks1", "rsa-key-missing"),), ("dub-ks1", "GETVPN_REKEY"),
        withhold=refused("dub-ks1", "show crypto key mypubkey rsa"), misses="dub-ks1",
    ),
    "rekey-kek-against-tek": Scene(
        "a key server unlike the others", "WAN",
        (fault("dub-ks1", "policy-mismatch"), configured("dub-ks1", *_SERVER, "rekey lifetime seconds 1500")),
        ("dub-ks1", "1500 s"),
        heal=(configured("dub-ks1", *_SERVER, "rekey lifetime seconds 86400"),),
        withhold=refused("dub-ks1", "show crypto gdoi"), misses="dub-ks1",
    ),
    "rekey-kek-outlives-tek": Scene(
        "a key server unlike the others", "WAN",
        (fault("dub-ks1", "policy-mismatch"), configured("dub-ks1", *_SERVER, "rekey lifetime seconds 1500")),
        ("dub-ks1", "at least 1 times 1800 s", "1500 s"),
        heal=(configured("dub-ks1", *_SERVER, "rekey lifetime seconds 86400"),),
        withhold=refused("dub-ks1", "show crypto gdoi"), misses="dub-ks1",
    ),
    "rekey-acknowledged": Scene(
        "a key server unlike the others", "WAN", (fault("ork-gm1", "lose-rekeys"),), ("ork-gm1",),
        withhold=refused("dub-ks1", "show crypto gdoi ks members"), misses="dub-ks1",
    ),
    "rekey-retransmits": Scene(
        "a key server unlike the others", "WAN", (fault("ork-gm1", "lose-rekeys"),), ("ork-gm1",),
        withhold=refused("dub-ks1", "show crypto gdoi ks members"), misses="dub-ks1",
    ),
    "policy-served": Scene(
        "a namesake", "WAN", (configured("dub-ks1", "crypto gdoi group WAN", "identity number 41009"),), ("dub-ks1",),
        heal=(configured("dub-ks1", "crypto gdoi group WAN", "identity number 41001"),),
        withhold=refused("dub-ks1", "show crypto gdoi"), misses="dub-ks1",
    ),
    "policy-identity": Scene(
        "a namesake", "WAN", (configured("dub-ks1", "crypto gdoi group WAN", "identity number 41009"),),
        ("dub-ks1", "41009"),
        heal=(configured("dub-ks1", "crypto gdoi group WAN", "identity number 41001"),),
        withhold=refused("dub-ks1", "show crypto gdoi"), misses="dub-ks1",
    ),
    "policy-direction": Scene(
        "a migration that was forgotten", "WAN",
        (
            *(configured(name, *_SERVER, "sa receive-only") for name in reversed(KEY_SERVERS)),
            typed("lds-ks1", "crypto gdoi ks rekey"),
        ),
        ("lds-ks1", "receive-only"),
        heal=(
            *(configured(name, *_SERVER, "no sa receive-only") for name in reversed(KEY_SERVERS)),
            typed("lds-ks1", "crypto gdoi ks rekey"),
        ),
        withhold=refused("dub-ks1", "show crypto gdoi"), misses="dub-ks1",
    ),
    "coop-versions": Scene(
        "a migration that was forgotten", "WAN", (fault("dub-ks1", "version-differs"),), ("2.0.x", "1.0.x on lds-ks1"),
        withhold=refused("dub-ks1", "show crypto gdoi ks members"), misses="dub-ks1",
    ),
    "roster-known": Scene(
        "a migration that was forgotten", "WAN", _STRANGER, (_NEW_ADDRESS, "does not know it"),
        heal=(
            configured("ork-gm1", "no crypto map GETVPN-MAP local-address Loopback0"),
            *(typed(name, "clear crypto gdoi ks members", "yes") for name in KEY_SERVERS),
        ),
        withhold=refused("dub-ks1", "show crypto gdoi ks members"), misses="dub-ks1",
    ),
    "coop-registration-open": Scene(
        "a key server just booted", "WAN", _BOOTED, ("dub-ks1",),
        withhold=refused("dub-ks1", "show crypto gdoi ks coop"), misses="dub-ks1",
    ),
    "parity-pseudotime": Scene(
        "a key server just booted", "WAN", _BOOTED, ("dub-ks1", "behind"),
        withhold=refused("dub-ks1", "show crypto gdoi ks replay"), misses="dub-ks1",
    ),
    "keys-present": Scene(
        "no key to sign with", "WAN", (fault("lds-ks1", "rsa-key-missing"),), ("lds-ks1", "no KEK"),
        heal=(typed("lds-ks1", "crypto gdoi ks rekey"),),
        withhold=refused("lds-ks1", "show crypto gdoi ks policy"), misses="lds-ks1",
    ),
    "rekey-on-schedule": Scene(
        "no key to sign with", "WAN", (fault("lds-ks1", "rsa-key-missing"),), ("lds-ks1", "no KEK that lives"),
        heal=(typed("lds-ks1", "crypto gdoi ks rekey"),),
        withhold=refused("lds-ks1", "show crypto gdoi ks policy"), misses="lds-ks1",
    ),
    "roster-registered": Scene(
        "a member is gone", "WAN", (fault("ork-gm1", "udp-848-blocked"),), ("ork-gm1",),
        withhold=refused("lds-ks1", "show crypto gdoi ks members"), misses="lds-ks1",
    ),
    "coop-protocol-version": Scene(
        "a crowd", "WAN", (fault("lds-ks1", "many-members"),), ("base", "4003 members"),
        withhold=tuple(item for name in KEY_SERVERS for item in refused(name, "show crypto gdoi")), misses="ks1",
    ),
}  # fmt: skip
