"""The guide's migration, typed by hand over SSH, and what the ledger says of it and of other orders."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hands import configure, type_on

from getvpn_ops.lab.background import Background
from getvpn_ops.lab.fleet import Settings
from getvpn_ops.lab.gdoi.variants import Takes, Variants
from getvpn_ops.lab.script import Entry, arm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

EXAMPLE = Path(__file__).parents[2] / "inventory"
KEY_SERVERS = ["dub-ks1", "ams-ks1", "lds-ks1"]
"""Secondaries first, the primary last."""
MEMBERS = ["lds-gm1", "ams-gm1", "dub-gm1", "edi-gm1", "ham-gm1", "ork-gm1", "nor-gm1", "man-gm1"]
OUTSIDER = "swa-ce1"
GROUP = ["crypto gdoi group WAN", "server local"]
PASS = "lab-pass-phrase"  # noqa: S105 -- of this test


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A part of the worked example, all of whose members know ``passive``."""
    folder = tmp_path_factory.mktemp("part")
    hosts = yaml.safe_load((EXAMPLE / "hosts.yaml").read_text())
    part = {name: hosts[name] for name in [*KEY_SERVERS, *MEMBERS, OUTSIDER]}
    (folder / "hosts.yaml").write_text(yaml.safe_dump(part))
    for name in ("groups", "defaults"):
        (folder / f"{name}.yaml").write_text((EXAMPLE / f"{name}.yaml").read_text())
    return folder


@pytest.fixture
def lab(inventory: Path, request: pytest.FixtureRequest) -> Iterator[Background]:
    with Background(Settings(inventory, EXAMPLE / "lab_configs" / request.param, seed=3)) as running:
        yield running


clear = pytest.mark.parametrize("lab", ["clear"], indirect=True)
working = pytest.mark.parametrize("lab", ["running"], indirect=True)


def blocks(name: str, state: str) -> dict[str, list[str]]:
    """The blocks of a start configuration: first line -> the lines below it."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in (EXAMPLE / "lab_configs" / state / f"{name}.cfg").read_text().splitlines():
        if line.startswith((" ", "!")):
            lines.append(line.strip())
        else:
            lines = found.setdefault(line.strip(), [])
    return found


def added(name: str) -> list[str]:
    """What the migration adds to a router, in the order of its configuration."""
    before, after = blocks(name, "clear"), blocks(name, "running")
    lines = []
    for head, below in after.items():
        fresh = [line for line in below if line not in before.get(head, []) and not line.startswith("!")]
        if head not in before or fresh:
            lines += [re.sub(r"^(\d+) ", "", line) for line in (head, *fresh)]
    return [line for line in lines if line != "end" and not line.startswith(("banner", "^C"))]


def losses(lab: Background, since: datetime) -> dict[str, float]:
    """Lost packets by reason since a moment."""
    return dict(lab.call(lab.fleet.life.ledger.totals, since).plain()["reasons"])


def now(lab: Background) -> datetime:
    return lab.call(lab.fleet.clock.now)


def summary(lab: Background, since: datetime) -> dict[str, Any]:
    return dict(lab.call(lab.fleet.life.ledger.totals, since).plain())


def copy_the_key(lab: Background) -> None:
    """Generate the rekey key on one key server, and import it on the two others, as the guide has it."""
    screen = type_on(
        lab, "lds-ks1", "configure terminal",
        "crypto key generate rsa modulus 2048 label GETVPN_REKEY exportable",
        f"crypto key export rsa GETVPN_REKEY pem terminal 3des {PASS}", "end", "write memory",
    )  # fmt: skip
    public, private = re.findall(r"(-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----)", screen, re.DOTALL)[-2:]
    for name in ("ams-ks1", "dub-ks1"):
        lines = (*public.splitlines(), "quit", *private.splitlines(), "quit")
        done = paste(lab, name, f"crypto key import rsa GETVPN_REKEY pem terminal {PASS}", lines)
        assert "% Key pair import succeeded." in done


def paste(lab: Background, device: str, command: str, lines: tuple[str, ...]) -> str:
    """A command that takes pasted lines: they go with it in one piece."""
    return type_on(lab, device, "configure terminal", "\r".join((command, *lines)), "end", "write memory")


def receive_only(lab: Background, word: str = "") -> None:
    """Set or remove it on the key servers, secondaries first, and rekey from the primary."""
    for name in KEY_SERVERS:
        configure(lab, name, *GROUP, f"{word} sa receive-only".strip())
    type_on(lab, "lds-ks1", "crypto gdoi ks rekey")


def directions(lab: Background) -> set[str]:
    return {
        line.split(":")[1].strip()
        for name in MEMBERS
        for line in type_on(lab, name, "show crypto gdoi | include Direction").splitlines()
        if re.match(r" *IPSec SA Direction +:", line)
    }


def bring_up(lab: Background) -> None:
    """Key servers in receive-only mode, then the members: nothing is encrypted yet."""
    copy_the_key(lab)
    for name in KEY_SERVERS[::-1]:
        configure(lab, name, *added(name), *GROUP, "sa receive-only")
        lab.advance(60)
    for name in MEMBERS:
        configure(lab, name, *added(name))
    lab.advance(300)


@clear
def test_the_guides_migration(lab: Background, figure: Callable[[str], None]) -> None:
    start = now(lab)
    bring_up(lab)
    assert "Registered" in type_on(lab, "ham-gm1", "show crypto gdoi | include Registration status")
    assert directions(lab) == {"Inbound Only"}
    members = type_on(lab, "lds-ks1", "show crypto gdoi ks members | include ^Group Member ID")
    assert len(re.findall(r"Group Member ID +: 10\.", members)) == len(MEMBERS)
    for name in ("ork-gm1", "ham-gm1"):  # the encryption is tested on a pair
        configure(lab, name, "crypto gdoi group WAN", "passive")
    lab.advance(120)
    encrypted = type_on(lab, "ork-gm1", "show crypto ipsec sa | include encaps")
    assert int(re.findall(r"#pkts encrypt: (\d+)", encrypted)[0]) > 0
    for name in ("ork-gm1", "ham-gm1"):
        configure(lab, name, "crypto gdoi group WAN", "no passive")
    lab.advance(120)
    assert losses(lab, start) == {}
    cut = now(lab)
    receive_only(lab, "no")
    lab.advance(300)
    assert directions(lab) == {"Both"}
    lost = summary(lab, cut)["lost"]
    assert losses(lab, cut).keys() == {"clear-refused"}
    assert lost > 0, "members turn one by one, and the first refuse what the last still send clear"
    later = now(lab)
    lab.advance(3 * 3600)
    assert losses(lab, later) == {}, "rekeys lose nothing"
    figure(f"lab: the guide's cut-over of {len(MEMBERS)} members lost {lost:.0f} packets, all for clear-refused")


def to_passive_and_on(lab: Background) -> datetime:
    """The hitless order from receive-only on: passive in waves, then both ways, then passive off in waves."""
    begun = now(lab)
    for name in MEMBERS:
        configure(lab, name, "crypto gdoi group WAN", "passive")
        lab.advance(60)
    receive_only(lab, "no")
    lab.advance(300)
    for name in MEMBERS:
        configure(lab, name, "crypto gdoi group WAN", "no passive")
        lab.advance(60)
    return begun


@clear
def test_the_hitless_order_loses_nothing(lab: Background) -> None:
    bring_up(lab)
    begun = to_passive_and_on(lab)
    assert losses(lab, begun) == {}
    done = summary(lab, begun)
    assert done["encrypted"] > 0
    assert directions(lab) == {"Both"}


BAD = {
    "registers-again": Variants(passive=Takes.REREGISTRATION),
    "gap": Variants(direction_gap=3.0),
}


@clear
@pytest.mark.parametrize("variant", BAD.values(), ids=BAD)
def test_where_devices_behave_badly_it_loses(lab: Background, variant: Variants) -> None:
    bring_up(lab)
    lab.call(lab.fleet.life.world.variants.update, dict.fromkeys(MEMBERS, variant))
    begun = to_passive_and_on(lab)
    assert summary(lab, begun)["lost"] > 0


@clear
@pytest.mark.parametrize(("accepts", "refused"), [(True, False), (False, True)], ids=["good", "bad"])
def test_a_straggler_that_still_sends_clear(lab: Background, accepts: bool, refused: bool) -> None:  # noqa: FBT001
    """Where passive members refuse clear as soon as the key servers say Both, who missed the rekey is cut off."""
    bring_up(lab)
    straggler, *others = MEMBERS[::-1]
    lab.call(lab.fleet.life.world.variants.update, dict.fromkeys(MEMBERS, Variants(passive_accepts_clear=accepts)))
    for name in others:
        configure(lab, name, "crypto gdoi group WAN", "passive")
    lab.call(arm, lab.fleet, Entry((straggler,), "lose-rekeys"))
    begun = now(lab)
    receive_only(lab, "no")
    lab.advance(300)
    assert ("clear-refused" in losses(lab, begun)) is refused


@working
def test_a_live_change_of_the_list_loses(lab: Background) -> None:
    start = now(lab)
    lab.advance(3600)
    assert losses(lab, start) == {}, "a working group loses nothing"
    for name in KEY_SERVERS:
        configure(
            lab, name, "ip access-list extended WIDER", "deny udp any eq 848 any eq 848", "deny tcp any any eq 22",
            "deny tcp any eq 22 any", "deny tcp any any eq bgp", "deny tcp any eq bgp any",
            "permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255",
        )  # fmt: skip
    swap = now(lab)
    for name in KEY_SERVERS:
        configure(lab, name, *GROUP, "sa ipsec 1", "match address ipv4 WIDER")
    type_on(lab, "lds-ks1", "crypto gdoi ks rekey")
    lab.advance(120)
    assert summary(lab, swap)["lost"] > 0
    assert "no-match" in " ".join(losses(lab, swap)) or "clear-refused" in losses(lab, swap)
