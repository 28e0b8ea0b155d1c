"""The group of the guide's Appendix A comes up from empty routers: all that a person types, in that order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from networks import OLD, Network
from screens import Screen

from getvpn_ops.lab.gdoi.state import Registration, Role
from getvpn_ops.lab.ios.identity import certificates

DATA = Path(__file__).parents[3] / "data" / "lab"
ADDRESSES = {"ks1": "10.32.178.56", "ks2": "10.32.178.23", "ks3": "10.32.178.57"}
PRIORITIES = {"ks1": "191", "ks2": "131", "ks3": "90"}
PASSPHRASE = "pass-code-1"  # noqa: S105 -- of this test


def lines(name: str) -> list[str]:
    """What is typed: the guide prints the first key server, and says how the others differ."""
    text = (DATA / f"appendix-a-{'gm' if name == 'gm1' else 'ks1'}.txt").read_text()
    if name in ADDRESSES:
        swapped = text.replace(ADDRESSES["ks1"], "THIS").replace(ADDRESSES[name], ADDRESSES["ks1"])
        text = swapped.replace("THIS", ADDRESSES[name]).replace("priority 191", f"priority {PRIORITIES[name]}")
        text = text.replace("10.32.178.54", f"10.32.178.{ {'ks1': 54, 'ks2': 58, 'ks3': 62}[name] }")
    return [line for line in text.splitlines() if not line.lstrip().startswith("!") and line != "end"]


def enroll(screen: Screen) -> None:
    """Get a certificate: every question is answered."""
    screen.enter("configure terminal", "crypto pki authenticate my-ca", "yes", "crypto pki enroll my-ca")
    for _ in range(8):
        last = screen.shown.rpartition("\n")[2]
        if last.endswith("#"):
            break
        screen.enter("no" if "[no]" in last else "yes" if "yes/no" in last else "challenge")
    screen.enter("end")


@pytest.fixture(scope="module")
def network() -> Network:
    names = [*ADDRESSES, "gm1"]
    made = Network({name: [] for name in names}, usual=OLD, keys=dict.fromkeys(names))
    for name in names:
        made.configure(name, *lines(name))
        enroll(Screen(router=made.routers[name]))
        assert certificates.state(made.routers[name], "my-ca") == "valid", name
    first = Screen(router=made.routers["ks1"])
    shown = first.enter(
        "configure terminal", "crypto key generate rsa modulus 1024 label rekeyrsa exportable",
        f"crypto key export rsa rekeyrsa pem terminal 3des {PASSPHRASE}", "end",
    )  # fmt: skip
    public, private = re.findall(r"-----BEGIN.*?-----END [A-Z ]+-----", shown, re.DOTALL)
    for name in ("ks2", "ks3"):
        pasted = (*public.split("\r\n"), "quit", *private.split("\r\n"), "quit")
        command = f"crypto key import rsa rekeyrsa pem terminal {PASSPHRASE}"
        assert "% Key pair import succeeded." in made.configure(name, command, *pasted)
    made.run(1800)
    return made


def test_one_key_server_is_primary_by_priority(network: Network) -> None:
    roles = {name: network.ks(name).role for name in ADDRESSES}
    assert roles == {"ks1": Role.PRIMARY, "ks2": Role.SECONDARY, "ks3": Role.SECONDARY}


def test_the_member_is_registered_and_rekeyed(network: Network) -> None:
    assert network.gm("gm1").registration is Registration.REGISTERED
    assert str(network.gm("gm1").server) in ADDRESSES.values()
    assert network.spis("gm1") == network.spis("ks1") == network.spis("ks3")
    network.run(2 * 3600)
    assert network.gm("gm1").rekeys_total > 0
    assert network.gm("gm1").successes == 1
    assert network.spis("gm1")[0] == network.spis("ks2")[0]


def test_it_says_so_on_its_screens(network: Network) -> None:
    member = network.type("gm1", "show crypto gdoi")
    assert re.search(r"IPSec SA Direction +: Both", member)
    assert "10.32.178.42" in network.type("ks1", "show crypto gdoi ks members")
