"""Places with many patients: faults on members of all releases at once, and states that a hand made ill."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from bank import KEY_SERVERS
from fleets import changed, state_of
from flowing import FlowingBank

from getvpn_ops.model.fleet import Evidence, FleetState
from getvpn_ops.model.inventory import Direction, GdoiGroupIntent
from getvpn_ops.model.parsed import Parsed
from getvpn_ops.model.state.logging import Logging
from getvpn_ops.parsing.syslog import log_line

if TYPE_CHECKING:
    from getvpn_ops.lab.gdoi.state import MemberState

LIST = "GETVPN_WAN_POLICY"
TO_REKEY = timedelta(minutes=102, seconds=36)
"""From ten minutes after the start until 100 s after the first rekey, and before who missed it registers again."""


class Ward(FlowingBank):
    """The worked example with hands that make it ill, and whose routers can send echoes."""

    def __init__(self, minutes: float = 10) -> None:
        super().__init__(minutes)
        for name, router in self.world.routers.items():
            router.gdoi.ping = lambda *asked, name=name: self.traffic.answers(name, *asked)

    def address(self, name: str) -> str:
        return str(self.patient(name).address)

    def patient(self, name: str) -> MemberState:
        return self.member(name)

    def clear(self, *names: str) -> None:
        for name in names:
            self.type(name, "clear crypto gdoi", "yes")

    def on_servers(self, *lines: str) -> None:
        for name in reversed(KEY_SERVERS):
            self.configure(name, *lines)

    # -- faults of a member

    def psk(self, name: str) -> None:
        address = self.address(name)
        self.on_servers(
            f"no crypto isakmp key lab-psk-{name} address {address}", f"crypto isakmp key other address {address}"
        )
        self.clear(name)

    def ike_policy(self, name: str) -> None:
        block = next(line for line in self.world.routers[name].running.top.lines if line.opens == "isakmp")
        self.configure(name, block.text, "group 1")
        self.clear(name)

    def udp_848(self, name: str) -> None:
        self.harm("udp-848-blocked", name)
        self.clear(name)

    def rights(self, name: str) -> None:
        self.on_servers("ip access-list standard GETVPN_WAN_MEMBERS", f"no permit {self.address(name)}")
        self.clear(name)

    def identity(self, name: str) -> None:
        self.configure(name, "crypto gdoi group WAN", "identity number 999")

    def no_map(self, name: str) -> None:
        self.configure(name, f"interface {self.patient(name).interfaces[0]}", "no crypto map GETVPN-MAP")

    def shut(self, name: str) -> None:
        self.configure(name, f"interface {self.patient(name).interfaces[0]}", "shutdown")

    def no_group(self, name: str) -> None:
        self.configure(name, f"interface {self.patient(name).interfaces[0]}", "no crypto map GETVPN-MAP")
        self.configure(name, "no crypto map GETVPN-MAP 10 gdoi")
        self.type(name, "configure terminal", "no crypto gdoi group WAN", "yes", "end")

    def no_servers(self, name: str) -> None:
        self.configure(name, "crypto gdoi group WAN", *self._without_servers())
        self.clear(name)

    def wrong_servers(self, name: str) -> None:
        self.configure(name, "crypto gdoi group WAN", *self._without_servers(), "server address ipv4 10.255.0.77")
        self.clear(name)

    def _without_servers(self) -> list[str]:
        return [f"no server address ipv4 10.255.0.{number}" for number in (1, 2, 3)]

    def deaf(self, name: str) -> None:
        self.harm("lose-rekeys", name)

    def kek(self, name: str) -> None:
        self.harm("kek-lost", name)

    def skew(self, name: str) -> None:
        self.harm("tbar-skew", name)

    def esp(self, name: str) -> None:
        self.harm("esp-filtered", name)

    def own_list(self, name: str, entry: str) -> None:
        self.configure(name, "ip access-list extended OWN", entry, "crypto map GETVPN-MAP 10 gdoi", "match address OWN")

    def permit(self, name: str) -> None:
        self.own_list(name, "permit ip host 10.99.0.1 host 10.98.0.1")

    def deny(self, name: str) -> None:
        self.own_list(name, "deny ip host 10.99.0.1 host 10.98.0.1")

    def passive(self, name: str) -> None:
        self.configure(name, "crypto gdoi group WAN", "passive")


EARLY: dict[str, tuple[str, str]] = {  # member -> fault, cause; put on before the rekey
    "nor-gm1": ("psk", "psk-mismatch"),
    "ork-gm1": ("psk", "psk-mismatch"),
    "edi-gm1": ("psk", "psk-mismatch"),
    "lub-gm1": ("udp_848", "udp-848-blocked"),
    "bri-gm1": ("udp_848", "udp-848-blocked"),
    "lis-gm1": ("udp_848", "udp-848-blocked"),
    "utr-gm1": ("rights", "not-authorized"),
    "bre-gm1": ("rights", "not-authorized"),
    "ham-gm1": ("rights", "not-authorized"),
    "gal-gm1": ("ike_policy", "ike-policy-mismatch"),
    "aar-gm1": ("ike_policy", "ike-policy-mismatch"),
    "lon-gm1": ("ike_policy", "ike-policy-mismatch"),
    "ode-gm1": ("deaf", "rekeys-lost"),
    "opo-gm1": ("deaf", "rekeys-lost"),
    "dub-gm1": ("deaf", "rekeys-lost"),
    "cbr-gm1": ("kek", "kek-lost"),
    "gla-gm1": ("kek", "kek-lost"),
    "ams-gm1": ("kek", "kek-lost"),
}
LATE: dict[str, tuple[str, str]] = {  # put on a moment before the look
    "nor-gm1": ("identity", "group-id-differs"),
    "ork-gm1": ("identity", "group-id-differs"),
    "edi-gm1": ("identity", "group-id-differs"),
    "lub-gm1": ("no_map", "crypto-map-missing"),
    "bri-gm1": ("no_map", "crypto-map-missing"),
    "lis-gm1": ("no_map", "crypto-map-missing"),
    "utr-gm1": ("no_group", "group-missing"),
    "bre-gm1": ("no_servers", "group-incomplete"),
    "ham-gm1": ("no_servers", "group-incomplete"),
    "gal-gm1": ("wrong_servers", "wrong-server-address"),
    "aar-gm1": ("wrong_servers", "wrong-server-address"),
    "lon-gm1": ("shut", "interface-down"),
    "opo-gm1": ("shut", "interface-down"),
    "ode-gm1": ("skew", "tbar-skew"),
    "cph-gm1": ("skew", "tbar-skew"),
    "dub-gm1": ("skew", "tbar-skew"),
    "cbr-gm1": ("esp", "esp-blocked"),
    "gla-gm1": ("esp", "esp-blocked"),
    "ams-gm1": ("esp", "esp-blocked"),
    "rtm-gm1": ("permit", "local-permit"),
    "lds-gm1": ("permit", "local-permit"),
    "bir-gm1": ("deny", "local-deny-one-sided"),
    "man-gm1": ("passive", "passive-left"),
}


WAN = GdoiGroupIntent(name="WAN", identity=41001, key_servers=KEY_SERVERS, direction=Direction.BOTH)


@cache
def early() -> FleetState:
    """Members that cannot register, or missed the rekey."""
    ward = Ward(10)
    for name, (fault, _) in EARLY.items():
        getattr(ward, fault)(name)
    ward.pass_time(seconds=TO_REKEY.total_seconds())
    return state_of(ward)


@cache
def late() -> FleetState:
    """Members with a fault that shows within minutes."""
    ward = Ward(10)
    for name, (fault, _) in LATE.items():
        getattr(ward, fault)(name)
    ward.pass_time(minutes=3)
    return state_of(ward, interval=30)


@cache
def healthy() -> FleetState:
    """Nothing is wrong."""
    return state_of(Ward(10), interval=30)


def told(state: FleetState, device: str, kind: type, command: str, data: Any) -> FleetState:  # noqa: ANN401 -- of that kind
    """The same where a device gave this state last."""
    answer = Evidence(device, command, kind, state.ended, Parsed(command, data))
    return changed(state, device, evidence=(*state.devices[device].evidence, answer))


def logged(state: FleetState, device: str, *texts: str) -> FleetState:
    """The same where a device has logged more, a moment ago."""
    sample = state.devices[device].latest(Logging)
    stamp = f"{sample.taken_at:%b} {sample.taken_at.day} {sample.taken_at:%Y %H:%M:%S}.000"
    messages = tuple(log_line(f"{stamp}: {text}") for text in texts)
    return told(
        state, device, Logging, "show logging", replace(sample.value, messages=(*sample.value.messages, *messages))
    )
