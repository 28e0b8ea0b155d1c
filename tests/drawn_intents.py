"""Fleets drawn at random over the whole schema of intents, with mixed releases; many of them cannot be rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from intents import M151, M152, M155, OLD, T22, XE16, XE17, fleet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.model.inventory import Inventory

# Weighted towards the new: on the oldest, most of a draw is refused
RELEASES = st.sampled_from([XE17, XE17, XE17, XE17, XE16, M155, M152, M151, T22, OLD])
NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9_.:-]{0,20}", fullmatch=True)
INTERFACE = st.sampled_from(["GigabitEthernet0/0", "GigabitEthernet0/1", "Loopback0", "Vlan10", "Tunnel7"])
PREFIX = st.builds("10.{}.0.0/16".format, st.integers(0, 255))
PREFIX_6 = st.builds("2001:db8:{:x}::/48".format, st.integers(0, 255))
SERVICE = st.sampled_from(
    ["gdoi", "isakmp", "ssh", "tacacs", "radius", "bgp", "ospf", "eigrp", "pim", "igmp", "gre", "hsrp", "ntp", "snmp",
     "snmptrap", "syslog", "dns", "dhcp", "https", "multicast", "pmtud", "own"]
)  # fmt: skip
OWN = st.lists(
    st.sampled_from(["tcp 1521", "udp 4000 both", "tcp source 20", "tcp 135", "udp 162", "vrrp", "ssh", "sctp"]),
    min_size=1, max_size=3,
)  # fmt: skip
CIPHER = st.sampled_from(["3des", "aes-128", "aes-192", "aes-256"])
DIGEST = st.sampled_from(["md5", "sha1", "sha256", "sha384", "sha512"])


def maybe(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A mapping that may lack any of its keys."""
    return st.fixed_dictionaries({}, optional=fields)


def _pairs(prefix: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("{} -> {}".format, prefix, prefix)


def _acl(version: int) -> st.SearchStrategy[dict[str, Any]]:
    prefix = PREFIX if version == 4 else PREFIX_6
    return st.fixed_dictionaries(
        {"encrypt": st.lists(prefix | _pairs(prefix) | st.just("any"), min_size=1, max_size=3)},
        optional={"name": NAME, "exempt": st.lists(SERVICE | prefix | st.just("remark what stays clear"), max_size=8)},
    )


def _exempting(version: int) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"exempt": st.lists(SERVICE | (PREFIX if version == 4 else PREFIX_6), min_size=1, max_size=4)},
        optional={"name": NAME},
    )


_TRANSFORM = maybe(name=NAME, encryption=CIPHER, integrity=DIGEST) | st.fixed_dictionaries(
    {"encryption": st.sampled_from(["gcm-128", "gcm-192", "gcm-256", "gmac-256"])}, optional={"name": NAME}
)
_REPLAY = st.one_of(
    st.builds(lambda value: {"time": value}, st.integers(1, 100)),
    st.builds(lambda value: {"counter": value}, st.sampled_from([64, 128, 256, 512, 1024])),
    st.just({"off": True}),
)
_IKE_POLICY = st.fixed_dictionaries(
    {"number": st.integers(1, 10000)},
    optional={
        "encryption": CIPHER,
        "hash": DIGEST,
        "dh_group": st.sampled_from([1, 2, 5, 14, 15, 16, 19, 20, 21, 24]),
        "lifetime": st.integers(60, 86400),
    },
)
_IKE = maybe(
    policies=st.lists(_IKE_POLICY, min_size=1, max_size=2, unique_by=lambda item: item["number"]),
    key_server_lifetime=st.integers(60, 86400),
    member_lifetime=st.integers(60, 86400),
    psk=st.builds(lambda text: {"reference": text}, st.sampled_from(["psk/{member}", "{group}/{member}", "common"])),
    keepalive=maybe(interval=st.integers(10, 3600), retry=st.integers(2, 60), periodic=st.booleans()),
    gikev2=maybe(
        name=NAME,
        encryption=st.sampled_from(["aes-128", "aes-256", "gcm-256"]),
        integrity=DIGEST,
        dh_group=st.sampled_from([14, 19, 20]),
        also_gdoi=st.booleans(),
    ),
)
_REKEY = maybe(
    algorithm=CIPHER,
    kek_lifetime=st.integers(300, 2_592_000),
    signature_hash=st.sampled_from(["sha1", "sha256", "sha384", "sha512"]),
    key_label=NAME,
    retransmit=st.one_of(
        st.fixed_dictionaries({"interval": st.integers(10, 60), "number": st.integers(1, 10)}),
        st.just({"periodic": True}),
    ),
    acknowledgement=st.sampled_from(["any", "cisco", "interoperable"]),
) | st.fixed_dictionaries(
    {
        "transport": st.just("multicast"),
        "multicast": st.fixed_dictionaries(
            {"group": st.builds("239.192.{}.{}".format, st.integers(0, 255), st.integers(1, 254))},
            optional={
                "ssm": st.booleans(),
                "acl_name": NAME,
                "ssm_acl": st.sampled_from(["1", "99", "SSM"]),
                "ssm_range": st.just("239.192.0.0/16"),
            },
        ),
    }
)
_CLIENT = maybe(
    registration_interface=INTERFACE,
    rekey_encryption=st.lists(st.sampled_from(["3des-cbc", "aes 128", "aes 256"]), max_size=3, unique=True),
    rekey_hash=st.lists(st.sampled_from(["sha", "sha256", "sha512"]), max_size=2, unique=True),
    transform_sets=st.lists(NAME, max_size=2, unique=True),
    recovery_check_interval=st.integers(100, 1000),
    status_track=st.integers(1, 1000),
    bypass_policy=st.booleans(),
    pfs=st.booleans(),
)


def _member(version: int) -> st.SearchStrategy[dict[str, Any]]:
    closing = _exempting(version)
    return st.fixed_dictionaries(
        {"interfaces": st.lists(INTERFACE, min_size=1, max_size=2, unique=True)},
        optional={
            "local_address": INTERFACE,
            "group_name": NAME,
            "map_name": NAME,
            "map_sequence": st.integers(1, 65535),
            "vrf": st.sampled_from(["BLUE", "GREEN"]),
            "keyring": NAME,
            "exceptions": _exempting(version),
            "fail_close": st.just(False)  # noqa: FBT003 -- as written
            | st.fixed_dictionaries({"acl": closing}, optional={"activate": st.booleans(), "revert": st.booleans()}),
            "passive": st.booleans(),
            "adjust_mss": st.dictionaries(INTERFACE, st.integers(500, 1460), max_size=2),
            "df_bit": st.sampled_from(["clear", "copy", "set"]),
            "multicast_interfaces": st.lists(INTERFACE, max_size=2, unique=True),
            "join_interface": INTERFACE,
            "client": _CLIENT,
            "psk": st.sampled_from(["one/key", "another.key"]),
        },
    )


_KEY_SERVER = st.fixed_dictionaries(
    {"multicast_interfaces": st.lists(INTERFACE, min_size=1, max_size=2, unique=True)},
    optional={
        "group_name": NAME,
        "hold_queue_interfaces": st.lists(INTERFACE, max_size=2, unique=True),
        "hold_queue": st.integers(1, 4096),
        "replay": _REPLAY,
        "registration_interface": INTERFACE,
    },
)


def _policy(version: int) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"acl": _acl(version)},
        optional={
            "sequence": st.integers(1, 65535),
            "transform": _TRANSFORM,
            "tek_lifetime": st.integers(120, 2_592_000),
            "replay": _REPLAY,
            "profile_name": NAME,
            "tag_cts_sgt": st.booleans(),
        },
    )


@st.composite
def fleets(draw: st.DrawFn) -> Inventory:
    """Up to three key servers and two members in one group."""
    version = draw(st.sampled_from([4, 4, 4, 6]))
    servers = [f"ks{number}" for number in range(1, draw(st.integers(1, 3)) + 1)]
    release = draw(RELEASES)
    group: dict[str, Any] = {
        "name": draw(NAME),
        "ip": version,
        "identity": draw(st.integers(0, 2**31 - 1) | st.just("10.1.2.3")),
        "policies": [draw(_policy(version))],
        "services": {"own": draw(OWN)},
        **draw(
            maybe(
                direction=st.sampled_from(["both", "receive-only"]),
                fail_close=st.booleans(),
                profile=st.sampled_from(["today", "guide"]),
                rekey=_REKEY,
                ike=_IKE,
                authorization=maybe(members=st.booleans(), acl_name=NAME)
                | st.just({"acl": ["permit 10.0.0.0 0.255.255.255", "permit host 192.0.2.9"]}),
                coop=maybe(
                    priorities=st.dictionaries(st.sampled_from(servers), st.integers(1, 255)),
                    protocol_version=st.sampled_from(["base", "optimize"]),
                    pdu=st.integers(1, 65000),
                ),
                buffers=st.integers(18024, 65535),
            )
        ),
        **draw(
            maybe(  # what most releases lack
                keyword=st.sampled_from(["gdoi", "gkm"]),
                group_size=st.sampled_from(["small 8", "small 16", "medium", "large"]),
                kssid=st.just({}),
                d3p=st.builds(lambda value: {"window": value}, st.integers(1000, 100000)),
                pfs=st.booleans(),
            )
            if release in {XE17, XE16}
            else st.just({})
        ),
    }
    routers: dict[str, Mapping[str, Any]] = {}
    for place, name in enumerate((*servers, "gm1", "gm2"), 1):
        own = draw(_KEY_SERVER if name in servers else _member(version))
        routers[name] = {
            "release": draw(st.just(release) | RELEASES) if not name.startswith("ks") else release,
            "addresses": [f"192.0.2.{place}"],
            "groups": {group["name"]: own},
        }
    return fleet(routers, group)
