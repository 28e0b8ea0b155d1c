"""A group for benchmarks: three key servers, and members with a network each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KEY_SERVERS = {"ks1": 100, "ks2": 75, "ks3": 50}
COMMON = """crypto isakmp policy 10
 encr aes 256
 authentication pre-share
 group 5
crypto isakmp key lab-psk address 0.0.0.0 0.0.0.0
"""
LIST = """ip access-list extended POLICY
 deny udp any eq 848 any eq 848
 deny tcp any any eq 22
 deny tcp any eq 22 any
 permit ip 10.0.0.0 0.127.255.255 10.0.0.0 0.127.255.255
"""


def key_server(name: str) -> str:
    """Its configuration."""
    number = int(name[2:])
    peers = "".join(f"   peer address ipv4 172.31.0.{other[2:]}\n" for other in KEY_SERVERS if other != name)
    return f"""hostname {name}
{COMMON}crypto isakmp keepalive 15 periodic
crypto ipsec transform-set T esp-aes 256 esp-sha-hmac
crypto ipsec profile P
 set security-association lifetime seconds 7200
 set transform-set T
crypto gdoi group WAN
 identity number 1
 server local
  rekey algorithm aes 256
  rekey lifetime seconds 86400
  rekey retransmit 10 number 3
  rekey authentication mypubkey rsa REKEY
  rekey transport unicast
  sa ipsec 1
   profile P
   match address ipv4 POLICY
   replay time window-size 5
  address ipv4 172.31.0.{number}
  redundancy
   local priority {KEY_SERVERS[name]}
{peers}interface Loopback0
 ip address 172.31.0.{number} 255.255.255.255
interface GigabitEthernet0/0/0
 ip address 172.30.{number}.1 255.255.255.252
router bgp 65000
 neighbor 172.30.{number}.2 remote-as 64512
{LIST}"""


def member(number: int) -> str:
    """The configuration of a member with a network of its own."""
    high, low = divmod(number, 250)
    return f"""hostname gm{number}
{COMMON}crypto gdoi group WAN
 identity number 1
 server address ipv4 172.31.0.{number % 3 + 1}
 server address ipv4 172.31.0.{(number + 1) % 3 + 1}
 server address ipv4 172.31.0.{(number + 2) % 3 + 1}
crypto map M 10 gdoi
 set group WAN
interface Loopback0
 ip address 172.29.{high}.{low + 1} 255.255.255.255
interface GigabitEthernet0/0/0
 ip address 172.2{high % 8}.{low}.1 255.255.255.252
 crypto map M
interface GigabitEthernet0/0/1
 ip address 10.{high}.{low}.1 255.255.255.0
router bgp 65000
 neighbor 172.2{high % 8}.{low}.2 remote-as 64512
"""


def write(root: Path, members: int, releases: Sequence[str] = ("17.6.5",)) -> None:
    """An inventory with its configurations.

    Args:
        root: folder to write to.
        members: how many.
        releases: of the members, in turn.
    """
    configs = root / "configs"
    configs.mkdir()
    hosts: dict[str, dict[str, object]] = {}
    for name in KEY_SERVERS:
        hosts[name] = {"hostname": f"172.31.0.{name[2:]}", "data": {"site": name, "role": "ks", "prefixes": []}}
        (configs / f"{name}.cfg").write_text(key_server(name), encoding="utf-8")
    for number in range(members):
        high, low = divmod(number, 250)
        data = {"site": f"site{number}", "role": "gm", "prefixes": [f"10.{high}.{low}.0/24"], "manager": number == 0}
        data["release"] = releases[number % len(releases)]
        hosts[f"gm{number}"] = {"hostname": f"172.29.{high}.{low + 1}", "data": data}
        (configs / f"gm{number}.cfg").write_text(member(number), encoding="utf-8")
    (root / "hosts.yaml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
