"""A prediction from what ``collect`` brought over SSH, against the ledger of the same lab."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from drawn import HAPPENED, asked_flow
from hands import configure, type_on
from worksites import Worksite, part_of_example

from getvpn_ops.analysis.traffic.facts import GOOD, Known
from getvpn_ops.analysis.traffic.fates import Outcome, Path
from getvpn_ops.analysis.traffic.sites import Paths, site_fate
from getvpn_ops.cli.wiring import wired
from getvpn_ops.engine.collect import Wish
from getvpn_ops.engine.forecast.predict import at_work, start
from getvpn_ops.engine.questions import script
from getvpn_ops.settings import find_workspace

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterator

    from getvpn_ops.engine.ports import Script
    from getvpn_ops.lab.background import Background
    from getvpn_ops.lab.packets.flows import Flow as LabFlow
    from getvpn_ops.model.inventory import Device

HOSTS = ("lds-ks1", "ams-ks1", "dub-ks1", "lds-gm1", "ams-gm1", "lon-gm1", "edi-gm1", "bri-gm1",
         "opo-gm1", "swa-ce1")  # fmt: skip
PROBED = Paths(Path(esp=Known.YES, mtu=1500))


def rekeyed(lab: Background, line: str) -> None:
    for name in ("dub-ks1", "ams-ks1", "lds-ks1"):
        configure(lab, name, "crypto gdoi group WAN", "server local", line)
    type_on(lab, "lds-ks1", "crypto gdoi ks rekey")


def receive_only(site: Worksite) -> None:
    rekeyed(site.lab, "sa receive-only")


def passive_on_one(site: Worksite) -> None:
    configure(site.lab, "opo-gm1", "crypto gdoi group WAN", "passive")


def one_misses_the_way_back(site: Worksite) -> None:
    site.arm("bri-gm1", "lose-rekeys")
    rekeyed(site.lab, "no sa receive-only")


def local_deny(site: Worksite) -> None:
    configure(site.lab, "ams-gm1", "ip access-list extended MINE", "deny tcp any any", "permit udp any any")
    configure(site.lab, "ams-gm1", "crypto map GETVPN-MAP 10 gdoi", "match address MINE")


def expired(site: Worksite) -> None:
    site.arm("lds-gm1", "udp-848-blocked")
    type_on(site.lab, "lds-gm1", "clear crypto sa")


def nothing(_site: Worksite) -> None:
    """Time alone."""


SCENES = {
    "all is well": (nothing, 0.0, False),
    "receive-only": (receive_only, 25.0, False),
    "passive on one": (passive_on_one, 5.0, False),
    "one misses the way back": (one_misses_the_way_back, 25.0, True),
    "and the old key ends": (nothing, 400.0, True),
    "a local deny on one side": (local_deny, 5.0, True),
    "keys that ended": (expired, 5.0, True),
}
"""What is done in one lab, one after the other; seconds that pass; whether packets are lost."""


def with_configuration(device: Device) -> Script:
    """What health asks, and the whole configuration: for links and VRFs."""
    yield from script(device)
    yield "show running-config"


def flows(lab: Background, sites: set[str]) -> Iterator[tuple[LabFlow, Outcome]]:
    """Flows between hosts of some sites, with what the ledger says of them now."""
    ledger = lab.fleet.life.ledger
    now = lab.fleet.clock.now()
    for interval in ledger.intervals():
        ends = interval.flow.source, interval.flow.destination
        between = {end.site for end in ends} <= sites and ends[0].site != ends[1].site
        if interval.end == now and between and not any(end.box for end in ends) and not interval.flow.vrf:
            yield interval.flow, HAPPENED[interval.outcome]


def test_what_was_collected_predicts_the_ledger(tmp_path: pathlib.Path) -> None:
    source = part_of_example(tmp_path / "source", HOSTS)
    work = Worksite(tmp_path / "work", source)
    wrong: list[str] = []
    lossy = {}
    with work as site, wired(find_workspace(site.root, lab=True), quiet=True) as tools:
        lab = site.lab
        lab.call(setattr, lab.fleet.clock, "speed", 0.0)
        inventory = tools.loaded.inventory
        for name, (act, seconds, _) in SCENES.items():
            act(site)
            tools.clock.wait_until(tools.clock.now() + timedelta(seconds=max(seconds, 0.001)))
            run = tools.store.begin_run("predict", tools.clock.now())
            wish = Wish(tuple(inventory.devices.values()), interval=timedelta(), script=with_configuration)
            state = tools.collector.collect(run.id, inventory, wish)
            there = {item.name: item for item in at_work(state, "WAN", dict.fromkeys(HOSTS, GOOD)).sites}
            assert start(state, "WAN").timing.members == 6
            truth = lab.call(lambda: list(flows(lab, set(there))))  # noqa: B023 -- called at once
            lossy[name] = any(outcome is Outcome.DROPPED for _, outcome in truth)
            assert len(truth) > 20
            for flow, outcome in truth:
                asked, shape = asked_flow(flow)
                found = site_fate(asked, there[flow.source.site], there[flow.destination.site], PROBED, shape)
                if found.outcome is not outcome or found.assumption:
                    wrong.append(f"{name}: {flow.text}: {found.text}, but {outcome.value}")
    assert not wrong, "\n".join(wrong[:20])
    assert lossy == {name: loses for name, (_, _, loses) in SCENES.items()}
