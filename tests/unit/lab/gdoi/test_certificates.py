"""Members and key servers that know each other by certificates, and one whose certificate ends."""

from __future__ import annotations

import pytest
from networks import Network, key_server, member

from getvpn_ops.lab.gdoi.harms import HARMS, NotPossibleError
from getvpn_ops.lab.gdoi.state import Registration
from getvpn_ops.lab.ios.identity import certificates

PKI = [
    "ip domain name lab.example", "crypto pki trustpoint CORP", " enrollment url http://192.0.2.62:80",
    " serial-number none", " ip-address none", " revocation-check none", " rsakeypair CORP-KEY 1024",
]  # fmt: skip
ENROLL = ["crypto pki authenticate CORP", "yes", "crypto pki enroll CORP", "pw", "pw", "yes"]


def signed(lines: list[str]) -> list[str]:
    """A configuration whose IKE policy asks for certificates, which is what it asks for by itself."""
    return [*PKI, *(line for line in lines if "pre-share" not in line and not line.startswith("crypto isakmp key"))]


@pytest.fixture
def network() -> Network:
    made = Network(
        {"ks1": signed(key_server("ks1", names=["ks1"])), **{name: signed(member(name)) for name in ("gm1", "gm2")}}
    )
    made.run(120)
    assert made.gm("gm1").registration is not Registration.REGISTERED, "nobody has a certificate yet"
    for name in made.routers:
        made.configure(name, *ENROLL)
        assert certificates.state(made.routers[name], "CORP") == "valid"
    made.run(900)
    return made


def test_members_register_with_certificates(network: Network) -> None:
    assert {network.gm(name).registration for name in ("gm1", "gm2")} == {Registration.REGISTERED}


def test_an_expired_certificate_keeps_a_member_out(network: Network) -> None:
    undo = HARMS["certificate-expired"](network.world, "gm1", {})
    assert undo is not None
    assert certificates.state(network.routers["gm1"], "CORP") == "expired"
    network.type("gm1", "clear crypto gdoi", "yes")
    network.type("gm2", "clear crypto gdoi", "yes")
    network.run(600)
    assert network.gm("gm1").registration is not Registration.REGISTERED
    assert network.gm("gm2").registration is Registration.REGISTERED
    undo()
    network.run(900)
    assert network.gm("gm1").registration is Registration.REGISTERED


def test_where_there_is_no_certificate() -> None:
    made = Network({"ks1": key_server("ks1", names=["ks1"]), "gm1": member("gm1")})
    with pytest.raises(NotPossibleError):
        HARMS["certificate-expired"](made.world, "gm1", {})
