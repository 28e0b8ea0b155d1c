"""Plans of pushes made over SSH: what is planned is what routers then hold, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hands import configure
from plans import configures, outline, policy, regrouped, without
from worksites import Worksite, part_of_example

from getvpn_ops.cli.wiring import wired
from getvpn_ops.engine.change.planning.push import Asked, plan_push
from getvpn_ops.engine.change.planning.reading import read_devices
from getvpn_ops.engine.config.drift import KeyTerms
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.model.plan import Statement
from getvpn_ops.settings import find_workspace
from getvpn_ops.workflow.fingerprint import managed_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.cli.wiring import Wiring
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.plan import Plan, PlannedLine

HOSTS = ("lds-ks1", "ams-ks1", "dub-ks1", "lds-gm1", "lon-gm1", "edi-gm1", "opo-gm1")
SERVERS = ("dub-ks1", "ams-ks1", "lds-ks1")


class Site:
    """A lab, and plans of it."""

    def __init__(self, work: Worksite, tools: Wiring) -> None:
        self.work = work
        self.tools = tools
        self.inventory: Inventory = tools.loaded.inventory

    def plan(self, inventory: Inventory, *names: str) -> Plan:
        """Plan a push of some devices, or of all that are in a group."""
        tools = self.tools
        run = tools.store.begin_run("plan", tools.clock.now())
        asked = Asked(run=run.id, what="push", by="someone@jump", now=tools.clock.now())
        chosen = [item for item in inventory.devices.values() if (item.name in names if names else item.gdoi_groups)]
        return plan_push(
            asked, chosen, collector=tools.collector, inventory=inventory, intents=Intents(inventory),
            keys=KeyTerms(are_compared=False),
        )  # fmt: skip

    def managed(self, name: str) -> str:
        """The fingerprint of a router's managed lines, read now."""
        tools = self.tools
        run = tools.store.begin_run("read", tools.clock.now())
        reading = read_devices(run.id, tools.collector, self.inventory, [self.inventory.devices[name]])
        return managed_of(reading.configs[name].tree)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("plans")
    work = Worksite(folder / "work", part_of_example(folder / "source", HOSTS))
    with work, wired(find_workspace(work.root, lab=True), quiet=True) as tools:
        work.lab.call(setattr, work.lab.fleet.clock, "speed", 0.0)
        yield Site(work, tools)


def test_a_swap_is_planned_and_its_states_are_what_a_router_then_holds(site: Site) -> None:
    plan = site.plan(regrouped(site.inventory, without(site.inventory, "snmp", "snmptrap")))
    assert plan.refusals == plan.lockouts == ()
    assert outline(plan)[:3] == [f"{name} build" for name in SERVERS]
    assert [item.group for item in plan.rekeys] == ["WAN"] * len(plan.rekeys) != []
    assert Statement.LOSES in {item.statement for item in plan.effects}
    first = next(act for name, act in configures(plan) if name == "dub-ks1")
    assert site.managed("dub-ks1") == first.states[0]
    configure(site.work.lab, "dub-ks1", *_entered(first.lines))
    assert site.managed("dub-ks1") == first.states[-1]
    configure(site.work.lab, "dub-ks1", *_entered(first.rollback))
    assert site.managed("dub-ks1") == first.states[0]


def _entered(lines: Iterable[PlannedLine]) -> list[str]:
    """As somebody types them: the mode of each is opened, and left."""
    found: list[str] = []
    for line in lines:
        found += [*line.path, line.text, *(["exit"] * len(line.path))]
    return found


def test_a_list_that_locks_somebody_out_is_refused(site: Site) -> None:
    said = policy(site.inventory, acl={"encrypt": ["10.0.0.0/8"]}, exempt=["gdoi"])
    plan = site.plan(regrouped(site.inventory, said))
    assert any("TACACS+" in text and "cut" in text for text in plan.lockouts), plan.lockouts


def test_a_member_alone_rekeys_nobody_and_rests_on_the_key_servers(site: Site) -> None:
    configure(site.work.lab, "opo-gm1", "crypto gdoi group WAN", "passive")
    plan = site.plan(site.inventory, "opo-gm1")
    assert outline(plan) == ["opo-gm1 set", "save opo-gm1"]
    assert [line.text for _, act in configures(plan) for line in act.lines] == ["no passive"]
    assert {item.name: item.is_changed for item in plan.devices} == {
        "opo-gm1": True,
        **dict.fromkeys(SERVERS, False),
    }
    configure(site.work.lab, "opo-gm1", "crypto gdoi group WAN", "no passive")
    assert site.plan(site.inventory, "opo-gm1").waves == ()
