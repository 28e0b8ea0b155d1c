"""One small fleet for each feature that can be written: its intent, and routers that hold their addresses alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from intents import M151, M152, M155, OLD, T22, XE16, fleet
from networks import address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.model.inventory import Inventory

PORT = "FastEthernet4"
ACL = {"exempt": ["gdoi", "ssh", "bgp", "pmtud"], "encrypt": ["10.0.0.0/8"]}
GROUP: Mapping[str, Any] = {
    "identity": 12345,
    "policies": [{"acl": ACL, "tek_lifetime": 3600}],
    "rekey": {"key_label": "REKEYRSA", "kek_lifetime": 14400},
}
REKEY: Mapping[str, Any] = GROUP["rekey"]
MULTICAST = {**REKEY, "transport": "multicast", "multicast": {"group": "239.192.1.190"}}
SENDING = {"groups": {"G": {"multicast_interfaces": ["Loopback0", "GigabitEthernet0/1"]}}}
PAY = {"name": "PAY", "identity": 777, "policies": [{"acl": {"encrypt": ["10.200.0.0/16"]}}], "rekey": REKEY}
PKI = {"trustpoint": "my-ca", "enrollment_url": "http://ca.example:80", "revocation": ["none"]}
GCM = {"transform": {"encryption": "gcm-256"}, "acl": ACL}
SIX = {"exempt": ["gdoi", "ospf", "multicast", "pmtud"], "encrypt": ["2001:db8::/32"]}


@dataclass(frozen=True)
class Featured:
    """A fleet with a feature.

    Attributes:
        group: what the group has otherwise than the plain one.
        routers: name -> release, addresses, and what it has otherwise than its group; see ``intents.device``.
        more: other groups.
        bare: lines of routers before anything is written on them, besides those of ``bare_lines``.
        plays: the lab plays it; otherwise it only takes the lines.
        older: a release that does not have it, for a router; and words that say so.
    """

    group: Mapping[str, Any] = field(default_factory=dict)
    routers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    more: tuple[Mapping[str, Any], ...] = ()
    bare: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plays: bool = True
    older: tuple[str, str] | None = None

    def names(self) -> tuple[str, ...]:
        """All its routers."""
        return tuple(dict.fromkeys(("ks1", "gm1", "gm2", *self.routers)))

    def inventory(self, releases: Mapping[str, str] | None = None) -> Inventory:
        """As people wrote it; ``releases`` are put in place of what its routers run."""
        routers = {}
        for name in self.names():
            said: dict[str, Any] = {"addresses": [str(address(name))], **self.routers.get(name, {})}
            if not name.startswith("ks"):
                groups = said.get("groups", {"G": {}})
                said["groups"] = {key: {"interfaces": [PORT], **own} for key, own in groups.items()}
            if releases is not None and name in releases:
                said["release"] = releases[name]
            routers[name] = said
        return fleet(routers, {**GROUP, **self.group}, *self.more)

    def bare_lines(self, name: str) -> list[str]:
        """What a router holds before."""
        if name.startswith("ks"):
            lines = ["interface Loopback0", f" ip address {address(name)} 255.255.255.255"]
            lines += ["interface GigabitEthernet0/1", f" ip address 203.0.113.{10 * int(name[2:])} 255.255.255.0"]
        else:
            lines = [f"interface {PORT}", f" ip address {address(name)} 255.255.255.0"]
        return [*lines, *self.bare.get(name, ())]


COOP: Mapping[str, Mapping[str, Any]] = {"ks1": {}, "ks2": {}, "ks3": {}}


def throughout(release: str) -> dict[str, Mapping[str, Any]]:
    """Two key servers and two members of one release."""
    return {name: {"release": release} for name in ("ks1", "ks2", "gm1", "gm2")}


FEATURES: dict[str, Featured] = {
    "basic": Featured(),
    "cooperating key servers": Featured(routers=COOP),
    "guide": Featured(
        {"profile": "guide"}, {name: {"release": T22} for name in ("ks1", "ks2", "gm1", "gm2")}, older=None
    ),
    "12.4(15) throughout": Featured(routers=throughout(OLD)),
    "12.4(22) throughout": Featured(routers=throughout(T22)),
    "15.1 throughout": Featured(routers=throughout(M151)),
    "15.2 throughout": Featured(routers=throughout(M152)),
    "15.5 throughout": Featured(routers=throughout(M155)),
    "16 throughout": Featured(routers=throughout(XE16)),
    "mixed releases": Featured(
        routers={"ks2": {}, "gm1": {"release": T22}, "gm2": {"release": M151}, "gm3": {"release": M152}, "gm4": {}}
    ),
    "old key servers": Featured(routers={"ks1": {"release": T22}, "ks2": {"release": T22}, "gm1": {"release": XE16}}),
    "multicast": Featured({"rekey": MULTICAST}, {"ks1": SENDING, "ks2": SENDING, "gm2": {"release": T22}}),
    "any-source multicast": Featured(
        {"rekey": {**MULTICAST, "multicast": {"group": "239.192.1.190", "ssm": False}}}, {"ks1": SENDING}
    ),
    "receive-only and passive": Featured(
        {"direction": "receive-only"},
        {"gm1": {"groups": {"G": {"passive": True}}}},
        older=("12.4(15)T8", "passive members"),
    ),
    "fail-close": Featured(
        {"fail_close": True},
        {"gm2": {"groups": {"G": {"fail_close": {"acl": {"exempt": ["gdoi", "ssh"]}, "revert": True}}}}},
        older=("15.2(4)M11", "client fail-close revert"),
    ),
    "prepared fail-close": Featured(
        routers={
            "gm1": {"groups": {"G": {"fail_close": {"acl": {"exempt": ["gdoi"]}, "activate": False}}}},
            "gm2": {"release": T22},
        },
        older=("12.4(15)T8", "fail-close"),
    ),
    "local exceptions": Featured(
        routers={"gm1": {"groups": {"G": {"exceptions": {"exempt": ["10.1.0.0/24 -> 10.9.9.9/32", "telnet"]}}}}}
    ),
    "two groups by VRF": Featured(
        routers={
            "ks1": {"groups": {"G": {}, "PAY": {}}},
            "gm1": {
                "addresses": ["198.51.100.1", "198.18.0.1"],
                "groups": {
                    "G": {"addresses": ["198.51.100.1"]},
                    "PAY": {"addresses": ["198.18.0.1"], "interfaces": ["GigabitEthernet0/2"], "vrf": "PAY"},
                },
            },
        },
        more=(PAY,),
        bare={
            "gm1": (
                *("vrf definition PAY", " address-family ipv4"),
                *("interface GigabitEthernet0/2", " vrf forwarding PAY", " ip address 198.18.0.1 255.255.255.252"),
            )
        },
    ),
    "two interfaces": Featured(
        routers={
            "gm1": {
                "addresses": ["198.18.0.9"],
                "groups": {
                    "G": {
                        "interfaces": [PORT, "GigabitEthernet0/2"],
                        "local_address": "Loopback0",
                        "adjust_mss": {"Vlan10": 1360},
                        "df_bit": "clear",
                    }
                },
            }
        },
        bare={
            "gm1": (
                *("interface GigabitEthernet0/2", " ip address 198.18.0.1 255.255.255.252"),
                *("interface Loopback0", " ip address 198.18.0.9 255.255.255.255"),
            )
        },
    ),
    "certificates": Featured({"ike": {"pki": PKI}}, {"ks2": {}, "gm2": {"release": T22}}),
    "no authorization": Featured({"authorization": {"members": False}}),
    "authorization by a list": Featured({"authorization": {"acl": ["permit 198.51.100.0 0.0.0.255"], "acl_name": "9"}}),
    "counter replay": Featured({"policies": [{"acl": ACL, "replay": {"counter": 128}}]}),
    "no replay": Featured({"policies": [{"acl": ACL, "replay": {"off": True}}]}),
    "queues": Featured(
        {"buffers": 64000}, {"ks1": {"groups": {"G": {"hold_queue_interfaces": ["GigabitEthernet0/1"]}}}}
    ),
    "two policies": Featured(
        {"policies": [{"acl": ACL}, {"sequence": 2, "acl": {"encrypt": ["172.16.0.0/12"]}, "tek_lifetime": 7200}]}
    ),
    "periodic retransmission": Featured(
        {"rekey": {**REKEY, "retransmit": {"interval": 20, "periodic": True}, "acknowledgement": "cisco"}},
        older=("15.2(4)M11", "rekey acknowledgement"),
    ),
    "identity address": Featured({"identity": "10.1.2.3"}),
    "gkm": Featured({"keyword": "gkm"}, {"gm2": {"release": M152}}, older=("15.1(4)M10", "the keyword gkm")),
    "long lifetimes": Featured(
        {
            "policies": [{"acl": ACL, "tek_lifetime": 172800}],
            "rekey": {"key_label": "REKEYRSA", "kek_lifetime": 604800},
        },
        older=("15.2(4)M11", "lifetimes above a day"),
    ),
    "client lines": Featured(
        routers={
            "gm1": {
                "groups": {
                    "G": {
                        "client": {
                            "registration_interface": PORT,
                            "rekey_encryption": ["aes 256"],
                            "rekey_hash": ["sha256"],
                            "transform_sets": ["GETVPN-AES256-SHA256"],
                            "recovery_check_interval": 300,
                            "status_track": 7,
                            "bypass_policy": True,
                        }
                    }
                }
            }
        },
        older=("15.2(4)M11", "client recovery-check"),
    ),
    "names for certificates": Featured(
        {
            "ike": {"pki": PKI},
            "authorization": {"identity": "BRANCHES", "names": ["dn ou=branches,o=bank"]},
        },
        plays=False,
    ),
    "G-IKEv2": Featured({"ike": {"gikev2": {}}}, {"ks1": {}, "ks2": {}, "gm2": {"release": M152}}, plays=False),
    "G-IKEv2 alone": Featured(
        {"ike": {"gikev2": {"name": "WAN-2", "encryption": "gcm-256", "dh_group": 19, "also_gdoi": False}}},
        {"gm2": {"release": M155}},
        plays=False,
        older=("15.2(4)M11", "G-IKEv2"),
    ),
    "G-IKEv2 with certificates": Featured({"ike": {"pki": PKI, "gikev2": {}}}, plays=False),
    "G-IKEv2 in a VRF": Featured({"ike": {"gikev2": {}}}, {"gm1": {"groups": {"G": {"vrf": "PAY"}}}}, plays=False),
    "IPv6": Featured(
        {"ip": 6, "policies": [{"acl": SIX}]},
        {"gm1": {"groups": {"G": {"exceptions": {"exempt": ["2001:db8:9::/48"]}}}}},
        plays=False,
        older=("15.1(4)M10", "IPv6 groups"),
    ),
    "IPv6 throughout": Featured(
        {"ip": 6, "policies": [{"acl": SIX}], "authorization": {"members": False}},
        {name: {"addresses": [f"2001:db8::{name[2:]}"]} for name in ("ks1", "gm1", "gm2")},
        plays=False,
    ),
    "forward secrecy": Featured(
        {"pfs": True},
        {"gm1": {"groups": {"G": {"client": {"pfs": True}}}}},
        plays=False,
        older=("15.5(3)M9", "perfect forward secrecy of rekeys"),
    ),
    "delivery delay": Featured(
        {"d3p": {"window": 2500}}, plays=False, older=("15.2(4)M11", "delivery delay detection")
    ),
    "identifiers": Featured(
        {"policies": [GCM], "kssid": {}, "group_size": "medium"},
        COOP,
        plays=False,
        older=("15.1(4)M10", "key server identifiers"),
    ),
    "written identifiers": Featured(
        {"policies": [GCM], "kssid": {"values": {"ks1": [0, 1], "ks2": [2]}}, "group_size": "small 12"},
        {"ks2": {}},
        plays=False,
    ),
    "tags": Featured(
        {"policies": [{"acl": ACL, "tag_cts_sgt": True}]}, plays=False, older=("15.1(4)M10", "inline tagging")
    ),
    "many key servers": Featured(
        {"coop": {"protocol_version": "optimize", "pdu": 9000, "priorities": {"ks1": 10, "ks2": 200}}},
        {"ks1": {}, "ks2": {}},
        plays=False,
        older=("15.5(3)M9", "COOP PDU size"),
    ),
}
