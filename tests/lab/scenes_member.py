"""Every check of a member: its fault in the lab, its end, and its silence."""

from __future__ import annotations

from scenes import KEY_SERVERS, Place, Scene, configured, fault, garbled, refused, typed

_OWN = (
    "ip access-list extended OWN", "permit ip host 10.9.9.9 any", "exit", "crypto map GETVPN-MAP 10 gdoi",
    "match address OWN",
)  # fmt: skip
_AFTER_A_REKEY = 6156
"""Seconds from the start until 100 s after the first rekey, before who missed it registers again."""

PLACES = {
    "some minutes after a rekey": Place(
        ("lds-gm1", "ork-gm1", "bre-gm1", "opo-gm1", "ham-gm1", "lis-gm1", "nor-gm1"),
        ill_after=_AFTER_A_REKEY, well_after=900, interval=30, intent={"fail_close": True},
    ),
    "after the end of the old key": Place(
        ("lds-gm1", "ork-gm1", "aar-gm1"), ill_after=8520, well_after=8000, interval=30, since=True
    ),
    "a clock that is off": Place(("lds-gm1", "ham-gm1"), ill_after=60, well_after=900, interval=30),
}  # fmt: skip

_EVERY_POLICY = tuple(item for name in KEY_SERVERS for item in refused(name, "show crypto gdoi ks policy"))

SCENES = {
    "convergence-tek": Scene(
        "some minutes after a rekey", "ork-gm1 (WAN)", (fault("ork-gm1", "lose-rekeys"),), ("its last key ends in",),
        heal=(typed("ork-gm1", "clear crypto gdoi", "yes"),), withhold=_EVERY_POLICY, misses="shows keys",
    ),
    "convergence-kek": Scene(
        "some minutes after a rekey", "bre-gm1 (WAN)", (fault("bre-gm1", "kek-lost"),), ("00000000 00000000",),
        heal=(typed("bre-gm1", "clear crypto gdoi", "yes"),), withhold=_EVERY_POLICY, misses="shows keys",
    ),
    "traffic-both-ways": Scene(
        "some minutes after a rekey", "opo-gm1 (WAN)", (fault("opo-gm1", "esp-filtered"),), ("0 decrypted in 3",),
        withhold=refused("opo-gm1", "show crypto gdoi gm dataplane counters", "show crypto ipsec sa"),
        misses="opo-gm1",
    ),
    "lists-local-permit": Scene(
        "some minutes after a rekey", "ham-gm1 (WAN)", (configured("ham-gm1", *_OWN),),
        ("permit ip host 10.9.9.9 any",),
        heal=(configured("ham-gm1", "crypto map GETVPN-MAP 10 gdoi", "no match address OWN"),),
        withhold=refused("ham-gm1", "show crypto gdoi gm acl"), misses="ham-gm1",
    ),
    "registration-known-server": Scene(
        "some minutes after a rekey", "ham-gm1 (WAN)",
        (configured("ham-gm1", "crypto gdoi group WAN", "server address ipv4 203.0.113.66"),),
        ("203.0.113.66, which the inventory does not know",),
        heal=(configured("ham-gm1", "crypto gdoi group WAN", "no server address ipv4 203.0.113.66"),),
        withhold=refused("ham-gm1", "show crypto gdoi"), misses="ham-gm1",
    ),
    "direction-as-intended": Scene(
        "some minutes after a rekey", "bre-gm1 (WAN)", (configured("bre-gm1", "crypto gdoi group WAN", "passive"),),
        ("passive", "not configured"),
        heal=(configured("bre-gm1", "crypto gdoi group WAN", "no passive"),),
        withhold=refused("bre-gm1", "show running-config .*"), misses="bre-gm1",
    ),
    "maps-applied": Scene(
        "some minutes after a rekey", "nor-gm1 (WAN)",
        (configured("nor-gm1", "interface FastEthernet0/0", "no crypto map GETVPN-MAP"),), ("on no interface",),
        heal=(configured("nor-gm1", "interface FastEthernet0/0", "crypto map GETVPN-MAP"),),
        withhold=refused("nor-gm1", "show crypto map"), misses="nor-gm1",
    ),
    "maps-fail-close": Scene(
        "some minutes after a rekey", "lis-gm1 (WAN)",
        (configured("lis-gm1", "crypto map GETVPN-MAP gdoi fail-close", "no activate"),), ("not activated",),
        heal=(configured("lis-gm1", "crypto map GETVPN-MAP gdoi fail-close", "activate"),),
        withhold=garbled("lis-gm1", "show crypto map gdoi fail-close"), misses="lis-gm1",
    ),
    "registration-complete": Scene(
        "after the end of the old key", "aar-gm1 (WAN)", (fault("aar-gm1", "udp-848-blocked"),),
        ("registering, trying 10.255",),
        withhold=refused("aar-gm1", "show crypto gdoi"), misses="aar-gm1",
    ),
    "traffic-invalid-spi": Scene(
        "after the end of the old key", "aar-gm1 (WAN)", (fault("aar-gm1", "udp-848-blocked"),), ("invalid SPI",),
        withhold=refused("aar-gm1", "show crypto gdoi gm dataplane counters", "show logging"), misses="aar-gm1",
    ),
    "registration-attempts": Scene(
        "after the end of the old key", "ork-gm1 (WAN)", (fault("ork-gm1", "lose-rekeys"),), ("1 tried, 1 succeeded",),
        withhold=refused("ork-gm1", "show crypto gdoi"), misses="ork-gm1",
    ),
    "reception-rekeys": Scene(
        "after the end of the old key", "ork-gm1 (WAN)", (fault("ork-gm1", "lose-rekeys"),), ("it registered 2 times",),
        withhold=refused("ork-gm1", "show crypto gdoi"), misses="ork-gm1",
    ),
    "lists-effective": Scene(
        "a clock that is off", "ham-gm1 (WAN)", tuple(fault(name, "acl-mismatch") for name in reversed(KEY_SERVERS)),
        ("it lacks deny ip any 203.0.113.99",),
        withhold=refused("ham-gm1", "show crypto gdoi gm acl"), misses="ham-gm1",
    ),
    "traffic-not-ipsec": Scene(
        "a clock that is off", "ham-gm1 (WAN)", (fault("ham-gm1", "clear-injected"),), ("not an IPSEC packet",),
        heal=(typed("ham-gm1", "clear logging", ""),),
        withhold=(configured("ham-gm1", "no logging buffered"),), misses="buffer logging is off",
    ),
    "tbar-pseudotime": Scene(
        "a clock that is off", "ham-gm1 (WAN)", (fault("ham-gm1", "tbar-skew"),), (" s ahead",),
        withhold=refused("ham-gm1", "show crypto gdoi gm replay"), misses="ham-gm1",
    ),
    "traffic-replay": Scene(
        "a clock that is off", "ham-gm1 (WAN)", (fault("ham-gm1", "tbar-skew"),), (" more in ",),
        withhold=refused("ham-gm1", "show crypto gdoi gm replay"), misses="ham-gm1",
    ),
    "traffic-errors": Scene(
        "a clock that is off", "ham-gm1 (WAN)", (fault("ham-gm1", "tbar-skew"),), ("errors",),
        withhold=refused("ham-gm1", "show crypto ipsec sa", "show crypto gdoi gm dataplane counters"),
        misses="ham-gm1",
    ),
}  # fmt: skip
