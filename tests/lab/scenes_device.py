"""Every check of a device and of the doctor: its fault in the lab, its end, and its silence."""

from __future__ import annotations

from scenes import Place, Scene, Wait, configured, fault, garbled, refused, typed

_PKI = (
    "ip domain name lab.example", "crypto pki trustpoint CORP", "enrollment url http://192.0.2.62:80",
    "serial-number none", "ip-address none", "revocation-check crl", "rsakeypair CORP-KEY 1024", "exit",
    "crypto pki authenticate CORP", "yes", "crypto pki enroll CORP", "pw", "pw", "yes",
)  # fmt: skip
_DOWN = "connection refused"

PLACES = {
    "routers in trouble": Place(
        ("ork-gm1", "opo-gm1", "lis-gm1", "ham-gm1", "rtm-gm1", "man-gm1", "edi-gm1", "bri-gm1", "gla-gm1"),
        before=(typed("ham-gm1", "configure terminal", *_PKI, "end"), Wait(60)),
        ill_after=120, well_after=600, since=True,
    ),
    "routers that are not ready": Place(
        (
            "ork-gm1", "opo-gm1", "lis-gm1", "ham-gm1", "rtm-gm1", "man-gm1", "edi-gm1", "bri-gm1", "gla-gm1",
            "bre-gm1", "aar-gm1", "nor-gm1",
        ),
        ill_after=60, well_after=600, doctor=True,
    ),
}  # fmt: skip

_REPLACED = (fault("bri-gm1", "wrong-device", device="gla-gm1"), fault("gla-gm1", "prompt-changed", name="bri-gm1"))
_NO_LOG = "buffer logging is off"

SCENES = {
    "device-reachable": Scene(
        "routers in trouble", "opo-gm1", (fault("opo-gm1", "vtys-full"),), ("no free VTY",),
        withhold=(fault("opo-gm1", "down"),), misses=_DOWN,
    ),
    "device-serial": Scene(
        "routers in trouble", "bri-gm1", _REPLACED, ("serial number",),
        withhold=refused("bri-gm1", "show version"), misses="bri-gm1",
    ),
    "device-release": Scene(
        "routers in trouble", "edi-gm1", (fault("edi-gm1", "other-release", release="17.3.6"),), ("17.6.5", "17.3.6"),
        withhold=refused("edi-gm1", "show version"), misses="edi-gm1",
    ),
    "device-reload": Scene(
        "routers in trouble", "man-gm1", (typed("man-gm1", "write memory"), typed("man-gm1", "reload", "")),
        ("up since", "Reload Command"),
        withhold=refused("man-gm1", "show version"), misses="man-gm1",
    ),
    "device-cpu": Scene(
        "routers in trouble", "ork-gm1", (fault("ork-gm1", "cpu-high"),), ("97 %",),
        withhold=refused("ork-gm1", "show processes cpu"), misses="ork-gm1",
    ),
    "device-licence": Scene(
        "routers in trouble", "ork-gm1", (fault("ork-gm1", "licence-lost"),), ("None (None)",),
        withhold=refused("ork-gm1", "show version"), misses="ork-gm1",
    ),
    "engine-room": Scene(
        "routers in trouble", "lis-gm1", (fault("lis-gm1", "engine-full"),), ("40000 of 40000 in use", "12 refused"),
        withhold=refused("lis-gm1", "show crypto eli"), misses="lis-gm1",
    ),
    "clock-right": Scene(
        "routers in trouble", "rtm-gm1", (configured("rtm-gm1", "clock timezone UTC 3"),), ("s ahead",),
        heal=(configured("rtm-gm1", "clock timezone CET 1"),),
        withhold=refused("rtm-gm1", "show clock detail", "show ntp status"), misses="rtm-gm1",
    ),
    "certificates-valid": Scene(
        "routers in trouble", "ham-gm1", (fault("ham-gm1", "certificate-expired"),), ("ended 1 day ago",),
        withhold=refused("ham-gm1", "show crypto pki certificates"), misses="ham-gm1",
    ),
    "certificates-renewal": Scene(
        "routers in trouble", "ham-gm1", (fault("ham-gm1", "certificate-expired"),), ("ended 1 day ago",),
        withhold=refused("ham-gm1", "show crypto pki certificates"), misses="ham-gm1",
    ),
    "certificates-revocation": Scene(
        "routers in trouble", "ham-gm1", (fault("ham-gm1", "crl-unreachable"),), ("CRL_FETCH_FAIL",),
        withhold=refused("ham-gm1", "show logging"), misses="ham-gm1",
    ),
    "syslog-errors": Scene(
        "routers in trouble", "edi-gm1", (typed("edi-gm1", "send log 2 fire in the rack"),), ("fire in the rack",),
        withhold=(configured("edi-gm1", "no logging buffered"),), misses=_NO_LOG,
    ),
    "syslog-hostile": Scene(
        "routers in trouble", "dub-ks1", (fault("dub-ks1", "coop-stranger"),), ("203.0.113.9",),
        withhold=(configured("dub-ks1", "no logging buffered"),), misses=_NO_LOG,
    ),
    "doctor-login": Scene(
        "routers that are not ready", "bre-gm1", (fault("bre-gm1", "refuse-login"),), ("login refused",),
        misses="not asked", unasked=True,
    ),
    "doctor-hostname": Scene(
        "routers that are not ready", "nor-gm1", (fault("nor-gm1", "prompt-changed"),), ("elsewhere",),
        withhold=(fault("nor-gm1", "down"),), misses="no prompt",
    ),
    "doctor-serial": Scene(
        "routers that are not ready", "bri-gm1", _REPLACED, ("serial number",),
        withhold=refused("bri-gm1", "show version"), misses="bri-gm1",
    ),
    "doctor-privilege": Scene(
        "routers that are not ready", "aar-gm1", refused("aar-gm1", "show running-config .*"), ("refuses",),
        withhold=garbled("aar-gm1", "show running-config .*"), misses="aar-gm1",
    ),
    "doctor-release": Scene(
        "routers that are not ready", "edi-gm1", (fault("edi-gm1", "other-release", release="17.3.6"),),
        ("17.6.5", "17.3.6"),
        withhold=refused("edi-gm1", "show version"), misses="edi-gm1",
    ),
    "doctor-software": Scene(
        "routers that are not ready", "ork-gm1", refused("ork-gm1", "show crypto gdoi"), ("is refused",),
        withhold=garbled("ork-gm1", "show crypto gdoi"), misses="ork-gm1",
    ),
    "doctor-readable": Scene(
        "routers that are not ready", "lis-gm1", garbled("lis-gm1", "show version"), ("show version",),
        withhold=(fault("lis-gm1", "down"),), misses="answered nothing",
    ),
    "doctor-address": Scene(
        "routers that are not ready", "opo-gm1",
        (configured("opo-gm1", "crypto map GETVPN-MAP local-address Loopback0"),), ("10.255.1.26",),
        heal=(configured("opo-gm1", "no crypto map GETVPN-MAP local-address Loopback0"),),
        withhold=refused("opo-gm1", "show crypto gdoi"), misses="opo-gm1",
    ),
    "doctor-role": Scene(
        "routers that are not ready", "ham-gm1",
        (
            configured(
                "ham-gm1", "interface GigabitEthernet0/0/0", "no crypto map GETVPN-MAP", "exit",
                "no crypto map GETVPN-MAP 10 gdoi",
            ),
            typed("ham-gm1", "configure terminal", "no crypto gdoi group WAN", "yes", "end"),
        ),
        ("in no group",),
        heal=(
            configured(
                "ham-gm1", "crypto gdoi group WAN", "identity number 41001", "server address ipv4 10.255.0.2", "exit",
                "crypto map GETVPN-MAP 10 gdoi", "set group WAN", "exit", "interface GigabitEthernet0/0/0",
                "crypto map GETVPN-MAP",
            ),
        ),
        withhold=refused("ham-gm1", "show crypto gdoi"), misses="ham-gm1",
    ),
    "doctor-time": Scene(
        "routers that are not ready", "man-gm1", (fault("man-gm1", "ntp-lost"),), ("unsynchronized",),
        withhold=refused("man-gm1", "show ntp status"), misses="man-gm1",
    ),
    "doctor-archive": Scene(
        "routers that are not ready", "rtm-gm1", (configured("rtm-gm1", "archive", "no path"),), ("not enabled",),
        heal=(configured("rtm-gm1", "archive", "path flash0:archive"),),
        withhold=garbled("rtm-gm1", "show archive"), misses="rtm-gm1",
    ),
}  # fmt: skip
