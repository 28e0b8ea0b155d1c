"""Whatever is typed, cut and rebooted, in any order: members stay consistent, and a network that is healed works."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from networks import NEW, OLD, Network, registered, rsa

from getvpn_ops.lab.gdoi.paths import What
from getvpn_ops.lab.gdoi.state import Registration, Role
from getvpn_ops.lab.gdoi.variants import BAD, GOOD, Takes, Variants

if TYPE_CHECKING:
    from getvpn_ops.lab.gdoi.commands import Commands

SERVERS, MEMBERS = ("ks1", "ks2", "ks3"), ("gm1", "gm2", "gm3", "gm4")
KS = ("crypto gdoi group gdoi-group1", "server local")
PORT = "interface FastEthernet4"
AT_SERVERS = (
    (*KS, "sa receive-only"),
    (*KS, "no sa receive-only"),
    ("ip access-list extended getvpn-acl", "permit ip 172.16.1.0 0.0.0.255 any"),
    ("ip access-list extended getvpn-acl", "no permit ip 172.16.1.0 0.0.0.255 any"),
    (*KS, "no rekey transport unicast"),
    (*KS, "rekey transport unicast"),
    (*KS, "sa ipsec 2", "profile profile1", "match address ipv4 getvpn-acl"),
    (*KS, "no sa ipsec 2"),
    (*KS, "no redundancy"),
    (*KS, "redundancy", "local priority 7"),
    ("crypto ipsec profile profile1", "set security-association lifetime seconds 300"),
)
AT_MEMBERS = (
    ("crypto gdoi group gdoi-group1", "passive"),
    ("crypto gdoi group gdoi-group1", "no passive"),
    (PORT, "shutdown"),
    (PORT, "no shutdown"),
    (PORT, "no crypto map gdoimap"),
    (PORT, "crypto map gdoimap"),
)


def disturb(lab: Network, chance: random.Random, blocks: list[int]) -> None:
    """One thing happens."""
    server, member = chance.choice(SERVERS), chance.choice(MEMBERS)
    handles: Commands = lab.routers[server].gdoi.handles  # type: ignore[assignment]
    what = chance.randrange(9)
    if what <= 1:
        lab.configure(server, *chance.choice(AT_SERVERS))
    elif what == 2:
        lab.configure(member, *chance.choice(AT_MEMBERS))
    elif what == 3:
        handles.rekey(None, replace_now=chance.random() < 0.3)
    elif what == 4:
        chance.choice((handles.clear, handles.clear_members, handles.clear_role))(None)
    elif what == 5:
        lab.routers[chance.choice((server, member))].reload(seconds=chance.choice((5, 90, 400)))
    elif what == 6:
        names = chance.sample(list(lab.routers), chance.randint(1, 4))
        blocks.append(lab.world.paths.block(chance.choice((What.GDOI, What.ALL)), names))
    elif what == 7 and blocks:
        lab.world.paths.unblock(blocks.pop())
    else:
        lab.world.deaf ^= {member}


def heal(lab: Network, blocks: list[int]) -> None:
    """All is as it should be, except for what was lost."""
    for number in blocks:
        lab.world.paths.unblock(number)
    lab.world.deaf.clear()
    for name in SERVERS:
        lab.routers[name].keys.held["REKEYRSA"] = rsa("common")
        peers = [f"peer address ipv4 192.0.2.{other[2]}" for other in SERVERS if other != name]
        lab.configure(name, *KS, "rekey transport unicast", "no sa ipsec 2", "redundancy", *peers)
        lab.configure(name, "crypto ipsec profile profile1", "set security-association lifetime seconds 7200")
    for name in MEMBERS:
        lab.configure(name, PORT, "no shutdown", "crypto map gdoimap")


@pytest.mark.parametrize("seed", range(5))
def test_whatever_happens_it_can_be_healed(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 -- must be repeatable
    lab = registered(len(MEMBERS), releases={"gm1": OLD, "ks3": chance.choice((OLD, NEW))})
    for name in MEMBERS:
        lab.world.variants[name] = chance.choice((GOOD, BAD, Variants(passive=Takes.NEXT_REKEY)))
    blocks: list[int] = []
    for _ in range(40):
        disturb(lab, chance, blocks)
        lab.run(chance.choice((0.01, 1, 30, 300, 3000, 8000)))
        for state in (state for name in MEMBERS for state in lab.routers[name].gdoi.members):
            assert state.teks or state.registration is not Registration.REGISTERED
            assert all(tek.ends > lab.clock.now() for tek in state.teks)
            assert [tek.born for tek in state.teks] == sorted((tek.born for tek in state.teks), reverse=True)
    lab.run(500)
    heal(lab, blocks)
    lab.run(40000)
    assert [lab.ks(name).role for name in SERVERS].count(Role.PRIMARY) == 1
    assert {lab.gm(name).registration for name in MEMBERS} == {Registration.REGISTERED}
    assert len({tuple(lab.spis(name)) for name in lab.routers}) == 1
    assert {len(lab.ks(name).members) for name in SERVERS} == {len(MEMBERS)}
