"""Groups, changes and paths drawn at random, for predictions that two ways must agree on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from work import BASE, CLOSED, NEW, OLD, OPEN_WAY, START, aces, member, now

from getvpn_ops.analysis.lists.effective import EffectiveList
from getvpn_ops.analysis.traffic.facts import GOOD, UNMEASURED, Known, Measured
from getvpn_ops.analysis.traffic.fates import UNPROBED, Path
from getvpn_ops.analysis.traffic.group_steps import Rekey, Wait
from getvpn_ops.analysis.traffic.member_steps import (
    ApplyMap,
    Command,
    FailClose,
    LocalList,
    Passive,
    Reload,
    RemoveMap,
    Reregister,
)
from getvpn_ops.analysis.traffic.members import Direction, Member
from getvpn_ops.analysis.traffic.sites import Paths, Site
from getvpn_ops.analysis.traffic.sizes import SMALL, Link, Shape

if TYPE_CHECKING:
    import random

    from getvpn_ops.analysis.traffic.steps import Now, Step

LISTS = (
    BASE,
    aces(*(ace.text for ace in BASE[:3]), "deny tcp any any eq 443", "deny tcp any eq 443 any", BASE[3].text),
    aces("deny ip host 10.0.1.5 any", "deny ip 10.0.2.0 0.0.1.255 any", "permit ip 10.0.0.0 0.0.255.0 any"),
    aces("permit ip any 239.0.0.0 0.255.255.255", "deny tcp any any eq 22", "permit ip 10.0.0.0 0.0.3.255 any"),
    aces("deny icmp any any echo", "permit ip any any"),
)
LOCALS = ((), (), (), aces("deny tcp any any eq 443"), aces("permit ip any 10.0.3.0 0.0.0.255"))
FIELDS: tuple[dict[str, Any], ...] = (
    {}, {}, {}, {"receive_only": True}, {"receive_only": True, "passive": True}, {"passive": True},
    {"commanded": Direction.INBOUND_OPTIONAL}, {"keys": (), "downloaded": False}, {"keys": ()},
    {"keys": (), "downloaded": False, "fail_close": True, "bypass": CLOSED}, {"applied": False}, {"up": False},
    {"lists": None}, {"ahead": 60.0}, {"ahead": 0.0},
)  # fmt: skip
KEYS = ((OLD,), (OLD,), (NEW, OLD), (replace(NEW, policy="B"), replace(OLD, policy="A")))
FACTS = (GOOD, GOOD, UNMEASURED, Measured(Known.NO, Known.NO, Known.NO, Known.YES, 2.0))
PATHS = (OPEN_WAY, UNPROBED, Path(Known.YES, Known.NO), Path(Known.NO), Path(Known.YES, Known.YES, mtu=1300))
SHAPES = (SMALL, SMALL, Shape(1400, df=True), Shape(1480, df=True, tcp=True))
PREFIXES = tuple(ip_network(text) for text in ("10.0.0.0/23", "2001:db8::/64", "192.0.2.0/24", "10.0.1.0/25"))


def drawn_member(chance: random.Random, name: str, base: tuple[Any, ...]) -> Member:
    """A router in one of few states, each shown a little differently by each router: its ends of keys waver."""
    waver = timedelta(seconds=chance.random())
    keys = tuple(replace(key, ends=(key.ends or START) + waver) for key in chance.choice(KEYS))
    lists = EffectiveList(chance.choice(LOCALS), tuple(replace(ace) for ace in base))
    fields: dict[str, Any] = {"keys": keys, "lists": lists, "facts": chance.choice(FACTS)}
    fields |= {"link": Link(chance.choice((None, None, 1400)), chance.choice(("copy", "clear")))}
    if chance.random() < 1 / 8:
        fields |= {"unseen": f"{name}: it did not answer"}
    return member(name, **{**fields, **chance.choice(FIELDS)})


def drawn_sites(chance: random.Random) -> tuple[Site, ...]:
    """Some sites, many of them alike: most draws take all their routers from one or two models."""
    base = chance.choice(LISTS)
    models = [drawn_member(chance, f"m{number}", base) for number in range(chance.choice((1, 2, 3)))]
    found = []
    for number in range(chance.randrange(3, 7)):
        names = [f"r{number}{letter}" for letter in ("x" if chance.random() < 3 / 4 else "xy")]
        members = []
        for name in names:
            model = chance.choice(models)
            unseen = model.unseen.replace(model.name, name)
            assumes = f"{name} may be so" if chance.random() < 1 / 8 else ""
            members.append(replace(model, name=name, unseen=unseen, assumes=assumes))
        usual = ip_network(f"10.0.{number}.0/24")
        prefixes = (usual, chance.choice(PREFIXES)) if chance.random() < 1 / 4 else (usual,)
        listens = {"listens": ()} if chance.random() < 1 / 4 else {}
        found.append(Site(f"s{number}", prefixes, tuple(members), **listens))
    return tuple(found)


def drawn_paths(chance: random.Random, sites: tuple[Site, ...]) -> Paths:
    """Some ways known, sometimes nearly all."""
    names = sorted({item.name for site in sites for item in site.members})
    share = chance.choice((0.0, 0.0, 0.2, 0.9, 1.0))
    one = chance.choice(PATHS)
    known = {
        frozenset({name, other}): one if chance.random() < 4 / 5 else chance.choice(PATHS)
        for at, name in enumerate(names)
        for other in names[at + 1 :]
        if chance.random() < share
    }
    return Paths(chance.choice(PATHS[:2]), known)


def drawn_step(chance: random.Random, sites: tuple[Site, ...]) -> Step:
    """Any step there is, on some of the routers."""
    names = sorted({item.name for site in sites for item in site.members})
    some = frozenset(chance.sample(names, chance.randrange(1, len(names))))
    span = chance.choice((None, 0.0, 60.0))
    makers = (
        lambda: Rekey("new key"),
        lambda: Rekey("swap", entries=chance.choice(LISTS)),
        lambda: Rekey("swap", entries=chance.choice(LISTS)),
        lambda: Rekey("turn", receive_only=chance.random() < 1 / 2),
        lambda: Rekey("replace", replace_now=True),
        lambda: Wait(chance.choice((100.0, 901.0))),
        lambda: Passive(some, span, on=chance.random() < 1 / 2),
        lambda: Command(some, span, chance.choice(tuple(Direction))),
        lambda: LocalList(some, span, chance.choice(LOCALS)),
        lambda: FailClose(some, span, entries=CLOSED),
        lambda: ApplyMap(some, span),
        lambda: RemoveMap(some, span),
        lambda: Reregister(some, span),
        lambda: Reload(some, span, saved=chance.random() < 1 / 2),
    )
    return chance.choice(makers)()


def drawn_change(chance: random.Random) -> tuple[tuple[Site, ...], list[Step], Now, Paths, Shape]:
    """All that a prediction asks for."""
    sites = drawn_sites(chance)
    steps = [drawn_step(chance, sites) for _ in range(chance.choice((1, 1, 2, 3)))]
    begin = now(receive_only=chance.random() < 1 / 2, keys=chance.choice(KEYS))
    return sites, steps, begin, drawn_paths(chance, sites), chance.choice(SHAPES)
