"""For every kind of managed line: a router that has it, one that has another value of it, and one that lacks it."""

from __future__ import annotations

from dataclasses import dataclass

MEMBER = """
hostname br-1
no ip domain lookup
crypto isakmp policy 10
 encr aes 256
 hash sha256
 authentication pre-share
 group 14
 lifetime 1200
crypto isakmp key first-1 address 10.255.0.1
crypto isakmp key first-2 address 10.255.0.2
crypto gdoi group WAN
 identity number 4711
 server address ipv4 10.255.0.1
 server address ipv4 10.255.0.2
crypto map GETVPN 10 gdoi
 set group WAN
interface Loopback0
 ip address 10.255.1.7 255.255.255.255
interface GigabitEthernet0/0/0
 description to the provider
 ip address 10.254.7.2 255.255.255.252
 crypto map GETVPN
interface GigabitEthernet0/0/1
 description desks
 ip address 10.7.0.1 255.255.255.0
router bgp 65010
 bgp log-neighbor-changes
 neighbor 10.254.7.1 remote-as 64900
ip access-list standard VTY
 permit 10.1.250.0 0.0.0.255
line vty 0 4
 access-class VTY in
"""
PRIMARY = """
hostname br-1
crypto isakmp policy 10
 encr aes 256
 hash sha256
 authentication pre-share
 group 14
crypto isakmp key coop-1 address 10.255.0.2
crypto isakmp key member-7 address 10.254.7.2
crypto ipsec transform-set STRONG esp-aes 256 esp-sha-hmac
 mode tunnel
crypto ipsec profile GETVPN
 set security-association lifetime seconds 7200
 set transform-set STRONG
crypto gdoi group WAN
 identity number 4711
 server local
  rekey algorithm aes 256
  rekey authentication mypubkey rsa REKEY
  rekey transport unicast
  authorization address ipv4 MEMBERS
  sa ipsec 1
   profile GETVPN
   match address ipv4 POLICY
   replay time window-size 5
   no tag
  address ipv4 10.255.0.1
  redundancy
   local priority 100
   peer address ipv4 10.255.0.2
interface Loopback0
 ip address 10.255.0.1 255.255.255.255
interface GigabitEthernet0/0/0
 description to the core
 ip address 10.1.255.2 255.255.255.248
interface GigabitEthernet0/0/1
 ip address 10.1.254.2 255.255.255.248
ip route 0.0.0.0 0.0.0.0 10.1.255.1
ip access-list standard MEMBERS
 10 permit 10.254.7.2
 20 permit 10.254.8.2
ip access-list extended POLICY
 10 deny udp any eq 848 any eq 848
 20 permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255
"""


@dataclass(frozen=True)
class Sample:
    """A kind of line in its place.

    Attributes:
        path: the lines that open its mode.
        one: lines of one value, the first is the line itself, deeper ones are indented.
        other: of another value, or another such line.
        none: what says that there is to be no such line.
        around: what both routers have besides.
        uses_one: what the router has that has ``one``, and nobody else: a line that refers to it.
        uses_other: likewise for ``other``.
        uses_none: likewise for neither.
        lab: whether the lab's routers take the line as IOS does.
        without: whether a router without the line can be had by a change.
        drop: lines of the base that cannot stand beside it.
    """

    path: tuple[str, ...]
    one: str
    other: str | None = None
    none: str = ""
    around: str = ""
    uses_one: str = ""
    uses_other: str = ""
    uses_none: str = ""
    lab: bool = True
    without: bool = True
    drop: tuple[str, ...] = ()


_POLICY = ("crypto isakmp policy 10",)
_KEYRING = ("crypto keyring KR",)
_PROFILE = ("crypto isakmp profile IP",)
_PROPOSAL = ("crypto ikev2 proposal PR",)
_PEER = ("crypto ikev2 keyring K2", "peer KS")
_IKEV2 = ("crypto ikev2 profile P2",)
_TP = ("crypto pki trustpoint CA",)
_IPSEC = ("crypto ipsec profile GETVPN",)
_GROUP = ("crypto gdoi group WAN",)
_SERVER = (*_GROUP, "server local")
_SA = (*_SERVER, "sa ipsec 1")
_COOP = (*_SERVER, "redundancy")
_WAN = ("interface GigabitEthernet0/0/0",)
_LAN = ("interface GigabitEthernet0/0/1",)
_MATCH = "crypto isakmp profile IP\n match identity address 10.9.0.1 255.255.255.255\n"
_HOLDS_IPSEC = (
    "crypto ipsec transform-set STRONG esp-aes 256 esp-sha-hmac\n mode tunnel\ncrypto ipsec profile GETVPN\n"
    " set transform-set STRONG\n"
)
_TP_AROUND = "crypto pki trustpoint CA\n enrollment url http://10.1.1.1:80\n"
_P2 = "crypto ikev2 profile P2\n match identity remote address 10.9.0.1 255.255.255.255\n"
_FAIL_CLOSE = "crypto map GETVPN gdoi fail-close"
_PASS = "ip access-list extended PASS\n permit udp any any eq 848\n"  # noqa: S105 -- a list
_PASS_2 = "ip access-list extended PASS-2\n permit udp any any eq 848\n"  # noqa: S105 -- a list

SAMPLES = {
    "isakmp-policy": Sample((), "crypto isakmp policy 20\n encr aes\n group 5"),
    "isakmp-policy-encryption": Sample(_POLICY, "encr aes 256", "encr aes 192"),
    "isakmp-policy-hash": Sample(_POLICY, "hash sha256", "hash sha512"),
    "isakmp-policy-authentication": Sample(_POLICY, "authentication pre-share", "authentication rsa-encr"),
    "isakmp-policy-group": Sample(_POLICY, "group 14", "group 19"),
    "isakmp-policy-lifetime": Sample(_POLICY, "lifetime 1200", "lifetime 600"),
    "isakmp-key": Sample((), "crypto isakmp key here-1 address 10.9.0.9", "crypto isakmp key there-2 address 10.9.0.9"),
    "isakmp-keepalive": Sample(
        (), "crypto isakmp keepalive 15 periodic", "crypto isakmp keepalive 20 3 periodic",
        "no crypto isakmp keepalive 15 periodic",
    ),
    "isakmp-identity": Sample((), "crypto isakmp identity hostname", "crypto isakmp identity dn",
                              "crypto isakmp identity address"),
    "keyring": Sample((), "crypto keyring KR\n pre-shared-key address 10.9.0.1 key k-1",
                      "crypto keyring KR-2 vrf RED\n pre-shared-key address 10.9.0.1 key k-1",
                      around=_MATCH, uses_one="crypto isakmp profile IP\n keyring KR",
                      uses_other="crypto isakmp profile IP\n keyring KR-2"),
    "keyring-description": Sample(_KEYRING, "description old", "description new"),
    "keyring-local-address": Sample(_KEYRING, "local-address Loopback0", "local-address 10.255.1.7"),
    "keyring-key": Sample(_KEYRING, "pre-shared-key address 10.9.0.1 key k-1",
                          "pre-shared-key address 10.9.0.1 key k-2"),
    "isakmp-profile": Sample((), "crypto isakmp profile IP\n match identity address 10.9.0.1 255.255.255.255",
                             "crypto isakmp profile IP-2\n match identity address 10.9.0.2 255.255.255.255",
                             around=_HOLDS_IPSEC, uses_one="crypto ipsec profile GETVPN\n set isakmp-profile IP",
                             uses_other="crypto ipsec profile GETVPN\n set isakmp-profile IP-2"),
    "isakmp-profile-description": Sample(_PROFILE, "description old", "description new", around=_MATCH),
    "isakmp-profile-vrf": Sample(_PROFILE, "vrf RED", "vrf BLUE", around=_MATCH),
    "isakmp-profile-keyring": Sample(_PROFILE, "keyring K-1", "keyring K-2", around=_MATCH),
    "isakmp-profile-self-identity": Sample(_PROFILE, "self-identity fqdn", "self-identity address", around=_MATCH),
    "isakmp-profile-trustpoint": Sample(_PROFILE, "ca trust-point CA", "ca trust-point CA-2", around=_MATCH),
    "isakmp-profile-match": Sample(_PROFILE, "match identity host hq-1", "match identity host hq-2", around=_MATCH),
    "isakmp-profile-local-address": Sample(_PROFILE, "local-address Loopback0", "local-address 10.255.1.7",
                                           around=_MATCH),
    "ikev2-proposal": Sample((), "crypto ikev2 proposal PR\n encryption aes-cbc-256",
                             "crypto ikev2 proposal PR-2\n encryption aes-cbc-128",
                             around="crypto ikev2 policy PO\n match fvrf any",
                             uses_one="crypto ikev2 policy PO\n proposal PR",
                             uses_other="crypto ikev2 policy PO\n proposal PR-2"),
    "ikev2-proposal-encryption": Sample(_PROPOSAL, "encryption aes-cbc-256", "encryption aes-cbc-256 aes-cbc-128"),
    "ikev2-proposal-integrity": Sample(_PROPOSAL, "integrity sha256", "integrity sha512"),
    "ikev2-proposal-prf": Sample(_PROPOSAL, "prf sha256", "prf sha512"),
    "ikev2-proposal-group": Sample(_PROPOSAL, "group 14", "group 19 14"),
    "ikev2-policy": Sample((), "crypto ikev2 policy PO\n match fvrf any", without=False),
    "ikev2-policy-match-fvrf": Sample(("crypto ikev2 policy PO",), "match fvrf any", "match fvrf RED"),
    "ikev2-policy-match": Sample(("crypto ikev2 policy PO",), "match address local 10.9.0.1",
                                 "match address local 10.9.0.2"),
    "ikev2-policy-proposal": Sample(("crypto ikev2 policy PO",), "proposal PR-1", "proposal PR-2"),
    "ikev2-keyring": Sample((), "crypto ikev2 keyring K2\n peer KS\n  address 10.9.0.1",
                            "crypto ikev2 keyring K3\n peer KS\n  address 10.9.0.1", around=_P2,
                            uses_one="crypto ikev2 profile P2\n keyring local K2",
                            uses_other="crypto ikev2 profile P2\n keyring local K3"),
    "ikev2-peer": Sample(("crypto ikev2 keyring K2",), "peer KS\n address 10.9.0.1", "peer KS-2\n address 10.9.0.2"),
    "ikev2-peer-description": Sample(_PEER, "description old", "description new"),
    "ikev2-peer-address": Sample(_PEER, "address 10.9.0.1", "address 10.9.0.0 255.255.255.0"),
    "ikev2-peer-identity": Sample(_PEER, "identity key-id one", "identity fqdn ks.example"),
    "ikev2-peer-key": Sample(_PEER, "pre-shared-key local k-1", "pre-shared-key local k-2"),
    "ikev2-profile": Sample((), "crypto ikev2 profile P2\n match fvrf any", "crypto ikev2 profile P3\n match fvrf any",
                            around=_HOLDS_IPSEC, uses_one="crypto ipsec profile GETVPN\n set ikev2-profile P2",
                            uses_other="crypto ipsec profile GETVPN\n set ikev2-profile P3"),
    "ikev2-profile-description": Sample(_IKEV2, "description old", "description new", around=_P2),
    "ikev2-profile-match-fvrf": Sample(_IKEV2, "match fvrf any", "match fvrf RED", around=_P2),
    "ikev2-profile-match": Sample(_IKEV2, "match identity remote any", "match certificate MAP", around=_P2),
    "ikev2-profile-identity": Sample(_IKEV2, "identity local dn", "identity local key-id one", around=_P2),
    "ikev2-profile-local-method": Sample(_IKEV2, "authentication local pre-share", "authentication local rsa-sig",
                                         around=_P2),
    "ikev2-profile-remote-method": Sample(_IKEV2, "authentication remote pre-share", "authentication remote rsa-sig",
                                          around=_P2),
    "ikev2-profile-keyring": Sample(_IKEV2, "keyring local K-1", "keyring local K-2", around=_P2, lab=False),
    "ikev2-profile-trustpoint": Sample(_IKEV2, "pki trustpoint CA", "pki trustpoint CA-2 sign", around=_P2),
    "ikev2-profile-lifetime": Sample(_IKEV2, "lifetime 3600", "lifetime 7200", around=_P2),
    "ikev2-profile-dpd": Sample(_IKEV2, "dpd 30 5 on-demand", "dpd 60 5 periodic", around=_P2),
    "trustpoint": Sample((), "crypto pki trustpoint CA\n enrollment url http://10.1.1.1:80", without=False),
    "trustpoint-enrollment-mode": Sample(_TP, "enrollment mode ra", around=_TP_AROUND),
    "trustpoint-enrollment-retry": Sample(_TP, "enrollment retry count 5", "enrollment retry count 9",
                                          around=_TP_AROUND),
    "trustpoint-enrollment": Sample(_TP, "enrollment url http://10.1.1.1:80", "enrollment url http://10.1.1.2:80",
                                    around="crypto pki trustpoint CA\n hash sha512"),
    "trustpoint-serial-number": Sample(_TP, "serial-number", "serial-number none", around=_TP_AROUND, lab=False),
    "trustpoint-fqdn": Sample(_TP, "fqdn br-1.example", "fqdn none", around=_TP_AROUND),
    "trustpoint-ip-address": Sample(_TP, "ip-address none", "ip-address Loopback0", around=_TP_AROUND),
    "trustpoint-subject-name": Sample(_TP, "subject-name CN=br-1", "subject-name CN=br-1,O=Bank", around=_TP_AROUND),
    "trustpoint-vrf": Sample(_TP, "vrf RED", "vrf BLUE", around=_TP_AROUND),
    "trustpoint-fingerprint": Sample(_TP, "fingerprint " + "AB" * 20, "fingerprint " + "CD" * 20, around=_TP_AROUND),
    "trustpoint-revocation-check": Sample(_TP, "revocation-check none", "revocation-check ocsp none",
                                          around=_TP_AROUND),
    "trustpoint-rsakeypair": Sample(_TP, "rsakeypair KEY-1", "rsakeypair KEY-2 2048", around=_TP_AROUND),
    "trustpoint-hash": Sample(_TP, "hash sha256", "hash sha512", around=_TP_AROUND),
    "trustpoint-auto-enroll": Sample(_TP, "auto-enroll 70", "auto-enroll 80 regenerate", around=_TP_AROUND),
    "trustpoint-source": Sample(_TP, "source interface Loopback0", "source interface GigabitEthernet0/0/1",
                                around=_TP_AROUND),
    "ipsec-df-bit": Sample((), "crypto ipsec df-bit clear", "crypto ipsec df-bit set", "crypto ipsec df-bit copy"),
    "ipsec-fragmentation": Sample((), "crypto ipsec fragmentation after-encryption", None,
                                  "no crypto ipsec fragmentation after-encryption"),
    "ipsec-lifetime": Sample((), "crypto ipsec security-association lifetime seconds 7200",
                             "crypto ipsec security-association lifetime seconds 14400",
                             "no crypto ipsec security-association lifetime seconds 7200"),
    "ipsec-replay": Sample((), "crypto ipsec security-association replay window-size 128",
                           "crypto ipsec security-association replay window-size 256",
                           "no crypto ipsec security-association replay window-size 128"),
    "transform-set": Sample((), "crypto ipsec transform-set T-1 esp-aes esp-sha-hmac",
                            "crypto ipsec transform-set T-2 esp-aes 256 esp-sha256-hmac",
                            around="crypto ipsec transform-set T-9 esp-aes 192 esp-sha-hmac",
                            uses_one="crypto ipsec profile EXTRA\n set transform-set T-1",
                            uses_other="crypto ipsec profile EXTRA\n set transform-set T-2",
                            uses_none="crypto ipsec profile EXTRA\n set transform-set T-9"),
    "transform-set-mode": Sample(("crypto ipsec transform-set T-1 esp-aes esp-sha-hmac",), "mode transport", None,
                                 around="crypto ipsec profile EXTRA\n set transform-set T-1"),
    "ipsec-profile": Sample((), "crypto ipsec profile PR-1\n set pfs group14", None, without=False),
    "ipsec-profile-description": Sample(_IPSEC, "description old", "description new", around=_HOLDS_IPSEC),
    "ipsec-profile-lifetime": Sample(_IPSEC, "set security-association lifetime seconds 1200",
                                     "set security-association lifetime seconds 1800", around=_HOLDS_IPSEC,
                                     drop=(" set security-association lifetime seconds 7200",)),
    "ipsec-profile-transform-set": Sample(
        ("crypto ipsec profile EXTRA",), "set transform-set T-1", "set transform-set T-1 T-2",
        around="crypto ipsec transform-set T-1 esp-aes esp-sha-hmac\ncrypto ipsec transform-set T-2 esp-3des\n",
    ),
    "ipsec-profile-pfs": Sample(_IPSEC, "set pfs group14", "set pfs group19", around=_HOLDS_IPSEC),
    "ipsec-profile-isakmp-profile": Sample(_IPSEC, "set isakmp-profile I-1", "set isakmp-profile I-2",
                                           around=_HOLDS_IPSEC),
    "ipsec-profile-ikev2-profile": Sample(_IPSEC, "set ikev2-profile P-1", "set ikev2-profile P-2",
                                          around=_HOLDS_IPSEC),
    "crypto-identity": Sample((), "crypto identity ID-1\n fqdn a.example", "crypto identity ID-2\n fqdn a.example",
                              uses_one="crypto gdoi group WAN\n server local\n  authorization identity ID-1",
                              uses_other="crypto gdoi group WAN\n server local\n  authorization identity ID-2"),
    "crypto-identity-dn": Sample(("crypto identity ID",), "dn cn=a", "dn cn=b"),
    "crypto-identity-fqdn": Sample(("crypto identity ID",), "fqdn a.example", "fqdn b.example"),
    "gdoi-group": Sample((), "crypto gdoi group PAY\n identity number 9", without=False),
    "gdoi-identity": Sample(_GROUP, "identity number 4712", "identity address ipv4 10.9.9.9",
                            drop=(" identity number 4711",)),
    "gdoi-server": Sample(_GROUP, "server address ipv4 10.255.0.3", "server address ipv4 10.255.0.4"),
    "gdoi-passive": Sample(_GROUP, "passive"),
    "client-registration-interface": Sample(_GROUP, "client registration interface Loopback0",
                                            "client registration interface GigabitEthernet0/0/1"),
    "client-bypass-policy": Sample(_GROUP, "client bypass-policy"),
    "client-protocol": Sample(_GROUP, "client protocol gikev2 P-1", "client protocol gikev2 P-2"),
    "client-rekey-encryption": Sample(_GROUP, "client rekey encryption aes 256", "client rekey encryption aes 128"),
    "client-rekey-hash": Sample(_GROUP, "client rekey hash sha256", "client rekey hash sha512"),
    "client-transform-sets": Sample(_GROUP, "client transform-sets T-1", "client transform-sets T-2"),
    "client-recovery-check": Sample(_GROUP, "client recovery-check interval 100", "client recovery-check interval 300"),
    "client-status-track": Sample(_GROUP, "client status active-sa track 10", "client status active-sa track 11"),
    "client-fail-close-revert": Sample(_GROUP, "client fail-close revert"),
    "client-pfs": Sample(_GROUP, "client pfs"),
    "gdoi-local-server": Sample(("crypto gdoi group LAB",), "server local\n rekey transport unicast\n rekey"
                                " authentication mypubkey rsa REKEY\n address ipv4 10.255.0.1",
                                around="crypto gdoi group LAB\n identity number 12"),
    "ks-gdoi": Sample(_SERVER, "no gdoi"),
    "ks-gikev2": Sample(_SERVER, "gikev2 P-1", "gikev2 P-2"),
    "rekey-acknowledgement": Sample(_SERVER, "rekey acknowledgement cisco", "rekey acknowledgement any"),
    "rekey-algorithm": Sample(_SERVER, "rekey algorithm aes 256", "rekey algorithm aes 128"),
    "rekey-sig-hash": Sample(_SERVER, "rekey sig-hash algorithm sha256", "rekey sig-hash algorithm sha512"),
    "rekey-address": Sample(_SERVER, "rekey address ipv4 MC-1", "rekey address ipv4 MC-2",
                            uses_one="ip access-list extended MC-1\n permit ip any host 239.192.1.1",
                            uses_other="ip access-list extended MC-2\n permit ip any host 239.192.1.2"),
    "rekey-lifetime": Sample(_SERVER, "rekey lifetime seconds 14400", "rekey lifetime seconds 28800"),
    "rekey-retransmit": Sample(_SERVER, "rekey retransmit 10 number 3", "rekey retransmit 40 number 3"),
    "rekey-authentication": Sample(_SERVER, "rekey authentication mypubkey rsa REKEY",
                                   "rekey authentication mypubkey rsa REKEY-2"),
    "rekey-transport": Sample(_SERVER, "rekey transport unicast"),
    "authorization-acl": Sample(_SERVER, "authorization address ipv4 MEMBERS", "authorization address ipv4 OTHERS",
                                uses_other="ip access-list standard OTHERS\n permit 10.254.9.2"),
    "authorization-identity": Sample(_SERVER, "authorization identity ID-1", "authorization identity ID-2"),
    "ks-pfs": Sample(_SERVER, "pfs"),
    "group-size": Sample(_SERVER, "group size medium", "group size small 12"),
    "ks-registration-interface": Sample(_SERVER, "registration interface Loopback0",
                                        "registration interface GigabitEthernet0/0/0"),
    "ks-registration-crl": Sample(_SERVER, "registration periodic crl trustpoint CA",
                                  "registration periodic crl trustpoint CA-2"),
    "sa-receive-only": Sample(_SERVER, "sa receive-only"),
    "sa-d3p": Sample(_SERVER, "sa d3p window sec 20", "sa d3p window msec 5000"),
    "identifier": Sample(_SERVER, "identifier\n range 1 - 3\n value 9"),
    "identifier-range": Sample((*_SERVER, "identifier"), "range 1 - 3", "range 4 - 6"),
    "identifier-value": Sample((*_SERVER, "identifier"), "value 9", "value 10"),
    "sa-ipsec": Sample(_SERVER, "sa ipsec 2\n profile GETVPN\n match address ipv4 POLICY\n replay time window-size 5"),
    "sa-profile": Sample(_SA, "profile GETVPN", "profile GETVPN-B",
                         uses_other="crypto ipsec profile GETVPN-B\n set transform-set STRONG"),
    "sa-replay": Sample(_SA, "replay time window-size 5", "replay counter window-size 512"),
    "sa-tag": Sample(_SA, "tag cts sgt"),
    "sa-match": Sample(_SA, "match address ipv4 POLICY", "match address ipv4 NARROW",
                       uses_other="ip access-list extended NARROW\n permit ip 10.7.0.0 0.0.0.255 10.8.0.0 0.0.0.255"),
    "coop": Sample(_SERVER, "redundancy\n local priority 100\n peer address ipv4 10.255.0.2"),
    "coop-priority": Sample(_COOP, "local priority 100", "local priority 75"),
    "coop-peer": Sample(_COOP, "peer address ipv4 10.255.0.3", "peer address ipv4 10.255.0.4"),
    "coop-pdu": Sample(_COOP, "protocol pdu 2000", "protocol pdu 3000"),
    "coop-version": Sample(_COOP, "protocol version optimize"),
    "ks-address": Sample(_SERVER, "address ipv4 10.255.0.1", "address ipv4 10.1.255.2"),
    "map-local-address": Sample((), "crypto map GETVPN local-address Loopback0",
                                "crypto map GETVPN local-address GigabitEthernet0/0/1"),
    "map-fail-close": Sample((), f"{_FAIL_CLOSE}\n match address PASS\n activate", uses_one=_PASS),
    "fail-close-match": Sample((_FAIL_CLOSE,), "match address PASS", "match address PASS-2",
                               uses_one=_PASS, uses_other=_PASS_2),
    "fail-close-activate": Sample((_FAIL_CLOSE,), "activate", around=f"{_PASS}{_FAIL_CLOSE}\n match address PASS"),
    "map-entry": Sample((), "crypto map GETVPN 20 gdoi\n set group PAY",
                        around="crypto gdoi group PAY\n identity number 9\n server address ipv4 10.255.0.1"),
    "map-description": Sample(("crypto map GETVPN 10 gdoi",), "description old", "description new"),
    "map-group": Sample(("crypto map GETVPN 10 gdoi",), "set group WAN", "set group PAY",
                        around="crypto gdoi group PAY\n identity number 9\n server address ipv4 10.255.0.1"),
    "map-match": Sample(("crypto map GETVPN 10 gdoi",), "match address LOCAL", "match address LOCAL-2",
                        uses_one="ip access-list extended LOCAL\n deny tcp any any eq 22",
                        uses_other="ip access-list extended LOCAL-2\n deny tcp any any eq 22"),
    "interface": Sample((), "interface GigabitEthernet0/0/0\n description to the provider", without=False),
    "interface-map": Sample(_WAN, "crypto map GETVPN", "crypto map GETVPN-B", "no crypto map GETVPN",
                            uses_other="crypto map GETVPN-B 10 gdoi\n set group WAN"),
    "interface-ipv6-map": Sample(_WAN, "ipv6 crypto map SIX", "ipv6 crypto map SIX-B", "no ipv6 crypto map SIX",
                                 around="crypto gdoi group ipv6 G6\n identity number 6\n"
                                 "crypto map ipv6 SIX 10 gdoi\n set group G6\ncrypto map ipv6 SIX-B 10 gdoi\n"
                                 " set group G6"),
    "interface-adjust-mss": Sample(_LAN, "ip tcp adjust-mss 1360", "ip tcp adjust-mss 1340",
                                   "no ip tcp adjust-mss 1360"),
    "interface-df-bit": Sample(_WAN, "crypto ipsec df-bit clear", "crypto ipsec df-bit set",
                               "no crypto ipsec df-bit clear"),
    "interface-pim": Sample(_LAN, "ip pim sparse-mode", "ip pim sparse-dense-mode", "no ip pim sparse-mode"),
    "interface-igmp-join": Sample(_LAN, "ip igmp join-group 239.192.1.1 source 10.255.0.1",
                                  "ip igmp join-group 239.192.1.1 source 10.255.0.2",
                                  "no ip igmp join-group 239.192.1.1 source 10.255.0.1"),
    "interface-hold-queue": Sample(_LAN, "hold-queue 4096 in", "hold-queue 2048 in", "no hold-queue 4096 in"),
    "multicast-routing": Sample((), "ip multicast-routing distributed", "ip multicast-routing",
                                "no ip multicast-routing distributed", lab=False),
    "pim-ssm": Sample((), "ip pim ssm default", "ip pim ssm range 1", "no ip pim ssm default", lab=False),
    "igmp-ssm-map": Sample((), "ip igmp ssm-map enable", None, "no ip igmp ssm-map enable"),
    "pim-rp": Sample((), "ip pim rp-address 10.255.0.9", "ip pim rp-address 10.255.0.8",
                     "no ip pim rp-address 10.255.0.9"),
    "buffers": Sample((), "buffers huge permanent 20", "buffers huge permanent 40", "no buffers huge permanent 20",
                      lab=False),
    "traps": Sample((), "snmp-server enable traps gdoi gm-rekey-fail", "snmp-server enable traps gdoi ks-role-change",
                    "no snmp-server enable traps gdoi gm-rekey-fail"),
}  # fmt: skip
