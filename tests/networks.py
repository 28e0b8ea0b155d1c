"""A small GETVPN network without SSH, after the deployment guide's Appendix A: three key servers and some members."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from screens import Screen

from getvpn_ops.lab.clock import Clock
from getvpn_ops.lab.gdoi.world import World
from getvpn_ops.lab.ios.identity.keys import RsaKey, rsa_key
from getvpn_ops.lab.ios.releases import release
from getvpn_ops.lab.ios.router import Router

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.lab.gdoi.key_server import KeyServer
    from getvpn_ops.lab.gdoi.member import Member
    from getvpn_ops.lab.gdoi.state import KeyServerState, MemberState

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
OLD, MIDDLE, NEW = "12.4(22)T5", "15.2(4)M11", "17.6.5"
PRIORITIES = {"ks1": 191, "ks2": 131, "ks3": 50}
_KEYS: dict[str, RsaKey] = {}


def rsa(name: str) -> RsaKey:
    """A key pair made once for all tests, under the label that the configurations name."""
    if name not in _KEYS:
        _KEYS[name] = rsa_key("REKEYRSA", 1024, exportable=True, made=START)
    return _KEYS[name]


def address(name: str) -> IPv4Address:
    """Of a router: 192.0.2.N of a key server, 198.51.100.N of a member."""
    return IPv4Address(f"{'192.0.2' if name.startswith('ks') else '198.51.100'}.{name[2:]}")


def key_server(name: str, *extra: str, names: Iterable[str] = tuple(PRIORITIES), psk: str = "tempkey1") -> list[str]:
    """The configuration of a key server; ``extra`` stands in its ``server local``."""
    peers = [f"   peer address ipv4 {address(other)}" for other in names if other != name]
    redundancy = ["  redundancy", f"   local priority {PRIORITIES[name]}", *peers] if peers else []
    return [
        *("crypto isakmp policy 1", " encr aes", " authentication pre-share", " group 2"),
        *(f"crypto isakmp key {psk} address 0.0.0.0 0.0.0.0", "crypto isakmp keepalive 15 periodic"),
        "crypto ipsec transform-set aes128 esp-aes esp-sha-hmac",
        *("crypto ipsec profile profile1", " set security-association lifetime seconds 7200"),
        " set transform-set aes128",
        *("crypto gdoi group gdoi-group1", " identity number 12345", " server local"),
        *("  rekey algorithm aes 128", "  rekey lifetime seconds 28800", "  rekey retransmit 10 number 3"),
        *("  rekey authentication mypubkey rsa REKEYRSA", "  rekey transport unicast"),
        *(f"  {line}" for line in extra),
        *("  sa ipsec 1", "   profile profile1", "   match address ipv4 getvpn-acl", "   replay time window-size 5"),
        *(f"  address ipv4 {address(name)}", *redundancy),
        *("interface Loopback0", f" ip address {address(name)} 255.255.255.255"),
        *("interface GigabitEthernet0/1", f" ip address 203.0.113.{10 * int(name[2:])} 255.255.255.0"),
        *("ip access-list extended getvpn-acl", " deny udp any eq 848 any eq 848", " deny tcp any any eq 22"),
        *(" deny tcp any eq 22 any", " permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255"),
        *("ip access-list standard members", *(f" permit {address(f'gm{number}')}" for number in range(1, 10))),
    ]


def member(
    name: str, *extra: str, servers: Iterable[str] = tuple(PRIORITIES), psk: str = "tempkey1", port: Iterable[str] = ()
) -> list[str]:
    """The configuration of a member; ``extra`` stands in its group, ``port`` at its interface."""
    return [
        *("crypto isakmp policy 1", " encr aes", " authentication pre-share", " group 2", " lifetime 300"),
        f"crypto isakmp key {psk} address 0.0.0.0 0.0.0.0",
        *("crypto gdoi group gdoi-group1", " identity number 12345"),
        *(f" server address ipv4 {address(server)}" for server in servers),
        *(f" {line}" for line in extra),
        *("crypto map gdoimap 1 gdoi", " set group gdoi-group1"),
        *("interface FastEthernet4", f" ip address {address(name)} 255.255.255.0", " crypto map gdoimap"),
        *(f" {line}" for line in port),
    ]


class Network:
    """Routers that are up, with a clock that stands still."""

    def __init__(
        self,
        configurations: dict[str, list[str]],
        releases: dict[str, str] | None = None,
        *,
        keys: dict[str, str | None] | None = None,
        usual: str = NEW,
    ) -> None:
        self.clock = Clock(START, speed=0)
        self.routers: dict[str, Router] = {}
        for name, lines in configurations.items():
            router = Router(
                hostname=name,
                release=release((releases or {}).get(name, usual)),
                clock=self.clock,
                enable_secret="e",  # noqa: S106 -- of a simulated router
            )
            assert router.load(lines) == []
            which = (keys or {}).get(name, "common")
            if name.startswith("ks") and which is not None:
                router.keys.held["REKEYRSA"] = rsa(which)
                router.keys.save()
            self.routers[name] = router
        self.world = World(self.clock, self.routers.values())
        self.world.start()

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(self.clock.now() + timedelta(seconds=seconds))

    def type(self, name: str, *lines: str) -> str:
        """Type lines on a router, at an enabled prompt."""
        return Screen(router=self.routers[name]).enter(*lines)

    def configure(self, name: str, *lines: str) -> str:
        """Type lines in configuration mode, and leave it."""
        return self.type(name, "configure terminal", *lines, "end")

    def server(self, name: str, group: str = "gdoi-group1") -> KeyServer:
        return self.world.machines(name)[0][group]

    def ks(self, name: str, group: str = "gdoi-group1") -> KeyServerState:
        return self.routers[name].gdoi.servers[group]

    def machine(self, name: str) -> Member:
        return self.world.machines(name)[1][0]

    def gm(self, name: str) -> MemberState:
        return self.routers[name].gdoi.members[0]

    def spis(self, name: str) -> list[int]:
        """Keys that live on a router, the newest first."""
        held = self.gm(name).teks if name.startswith("gm") else self.ks(name).teks
        return [tek.spi for tek in held if tek.ends > self.clock.now()]

    def logged(self, name: str, mnemonic: str) -> list[str]:
        return [line for line in self.routers[name].logged if f"-{mnemonic}:" in line]


def network(members: int = 2, servers: int = 3, **options: object) -> Network:
    """Some key servers and members, not yet registered."""
    names = list(PRIORITIES)[:servers]
    configurations = {name: key_server(name, names=names) for name in names}
    configurations |= {f"gm{number}": member(f"gm{number}", servers=names) for number in range(1, members + 1)}
    return Network(configurations, **options)  # type: ignore[arg-type]


def registered(members: int = 2, servers: int = 3, **options: object) -> Network:
    """The same, some minutes later."""
    made = network(members, servers, **options)
    made.run(180)
    return made
