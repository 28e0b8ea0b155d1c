"""Runs that are cut short everywhere: taken up again, they come to the same end.

They are killed at each write of the journal and at each piece that is typed; sessions break, hang and cannot be opened
there, and routers reload. The routers are those of the lab and the sessions those of the product, without SSH;
``everywhere`` says how. In the short form some places are tried, in the long form all.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import small_bank
import small_wan
from conftest import SOAK
from everywhere import (
    DROP,
    FATES,
    HANG,
    KILL,
    OUTAGE,
    RELOAD,
    SILENT,
    VANISH,
    Everywhere,
    again,
    in_modes,
    lists_in_use,
    staged,
    states,
    swept,
)
from small_bank import SmallBank, asked
from wired import Line

from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.engine.change.planning.action import ActionRequest, params_of, plan_action, targets_of
from getvpn_ops.engine.change.planning.rolling_back import plan_rollback
from getvpn_ops.engine.config.diff import Differ
from getvpn_ops.engine.config.drift import KeyTerms
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.errors import ExitCode
from getvpn_ops.lab.ios.identity.keys import public_der
from getvpn_ops.model.config.secret import Secret
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.journal_story import fold
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.workflow.actions import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from everywhere import Place

    from getvpn_ops.engine.change.apply import Ending
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.plan import Plan

ARCHIVES = {
    "abe_gm1": "no logging console\narchive\n path bootflash:kept\n",
    "bat_gm1": "archive\n path flash:kept\n",
}
"""With these a member can take a change back by itself, and the first one may debug."""
MEMBERS = frozenset({"abe-gm1", "bat-gm1"})
_AGAIN = re.compile(
    "end|exit|configure terminal.*|configure confirm|configure revert .*|write memory|interface .*|crypto map .*"
    "|crypto gdoi group .*|server local|sa ipsec .*|ip access-list extended .*"
)
"""What does no harm when it is typed again: it opens a mode, leaves one, or saves."""


@pytest.fixture(scope="module")
def intended(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    """What stands on the routers."""
    return small_bank.inventory(tmp_path_factory.mktemp("as-it-is") / "inventory")


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    """NTP is exempt, one member has a longer list of its own, and the other one another size of segments."""
    group = {"policies": [{"acl": {**small_wan.WAN["policies"][0]["acl"], "exempt": ["gdoi", "ssh", "bgp", "ntp"]}}]}
    bath = dict(small_wan.DEVICES["bat-gm1"]["getvpn"]["WAN"])
    bath["exceptions"] = {"exempt": [*bath["exceptions"]["exempt"], "10.2.8.0/24 -> 10.1.8.0/24"]}
    aberdeen = {**small_wan.DEVICES["abe-gm1"]["getvpn"]["WAN"], "adjust_mss": {"GigabitEthernet0/0/1": 1340}}
    return small_bank.inventory(
        tmp_path_factory.mktemp("as-it-should-be") / "inventory", group,
        bat_gm1={"getvpn": {"WAN": bath}}, abe_gm1={"getvpn": {"WAN": aberdeen}},
    )  # fmt: skip


def renewed(reference: str) -> Secret:
    """Pre-shared keys as they should be: one of them is new."""
    key = small_wan.key_of(reference)
    return Secret.of("isakmp-key", f"{key}-2" if "abe-gm1" in reference else key)


def secrets_of(_device: Device) -> list[Secret]:
    return [key_of(f"psk/{name}") for key_of in (small_wan.secret_of, renewed) for name in sorted(MEMBERS)]


def prints_of(device: Device) -> frozenset[str]:
    return frozenset(secret.fingerprint for secret in secrets_of(device))


def pushes(bank: SmallBank, _intended: Inventory, wanted: Inventory) -> tuple[Plan, Inventory]:
    return small_bank.pushed(bank, wanted), wanted


def goes_back(bank: SmallBank, intended: Inventory, wanted: Inventory) -> tuple[Plan, Inventory]:
    plan, _ = pushes(bank, intended, wanted)
    stage = staged(bank, plan, wanted, Everywhere(bank, lambda _place: False), secrets_of)
    assert apply_plan(stage.scene, performers()).code is ExitCode.GOOD
    story = fold(stage.scene.run, stage.journal.entries(stage.scene.run))
    collector = small_bank.collector_of(bank)
    return plan_rollback(asked(bank), plan, story, collector=collector, inventory=wanted), wanted


def acts(name: str, target: str, **raw: str) -> Callable[..., tuple[Plan, Inventory]]:
    def plan(bank: SmallBank, intended: Inventory, _wanted: Inventory) -> tuple[Plan, Inventory]:
        spec = ACTIONS[name]
        targets, groups = targets_of(intended, [target])
        request = ActionRequest(spec, params_of(spec, raw), targets, groups, name, "me@here")
        collector = small_bank.collector_of(bank)
        differ = Differ(Intents(intended, Secrets(renewed)), intended, KeyTerms(has_source=True))
        made = plan_action("run-1", request, collector=collector, inventory=intended, differ=differ, given=prints_of)
        return made, intended

    return plan


@dataclass(frozen=True)
class Case:
    """A plan, and what may happen to it.

    Attributes:
        plan: bank, what stands, what is wanted -> plan and inventory.
        stride: in the short form each so-manieth place is tried.
        long: likewise in the long form.
        twice: lines that may be typed again after each strike, beyond those that do no harm.
        minutes: that go by before the run is taken up again.
        fates: that are tried.
        strikes: that a run meets; those behind the first come while it is taken up again.
    """

    plan: Callable[..., tuple[Plan, Inventory]]
    stride: int
    twice: str = "(?!)"
    minutes: float = 0
    fates: tuple[str, ...] = (KILL, DROP, HANG, SILENT)
    strikes: int = 1
    long: int = 1


CASES = {
    "a push to key servers and members": Case(pushes, 100, fates=(KILL, DROP, HANG, SILENT, VANISH)),
    "a push that is struck three times": Case(pushes, 150, fates=(KILL, DROP, HANG), strikes=3, long=4),
    "a push, taken up when revert timers have fired": Case(
        pushes, 70, "ip tcp .*|deny ip 10[.].*|no ip access.*", 7, (KILL,)
    ),
    "the way back of a push": Case(goes_back, 200),
    "the way back, struck three times": Case(goes_back, 300, fates=(KILL, DROP, HANG), strikes=3, long=4),
    "a rekey": Case(acts("rekey", "WAN"), 7),
    "an RSA key, made and copied": Case(
        acts("rsa-key", "WAN", label="WAN_2", rotate="true", modulus="1024"), 37, "crypto key (export|import) .*",
        fates=(KILL, DROP, HANG, SILENT, VANISH),
    ),
    "an RSA key, struck three times": Case(
        acts("rsa-key", "WAN", label="WAN_2", rotate="true", modulus="1024"), 60, "crypto key (export|import) .*",
        fates=(KILL, DROP, HANG), strikes=3, long=2,
    ),
    "a member that registers anew": Case(acts("clear-member", "abe-gm1"), 7, "clear crypto gdoi"),
    "a pre-shared key": Case(acts("psk-rotate", "abe-gm1"), 120, "clear crypto gdoi"),
    "debugging": Case(acts("debug", "abe-gm1"), 16, "undebug all"),
    "all members removed": Case(acts("clear-ks-members", "hub-ks1"), 12, "clear crypto gdoi ks members"),
}  # fmt: skip


class Watched:
    """A run on routers, with what must be true of them all the time and at the end."""

    def __init__(self, case: Case, intended: Inventory, wanted: Inventory) -> None:
        self.case = case
        self.bank = SmallBank(intended, **ARCHIVES)
        self.plan, self.inventory = case.plan(self.bank, intended, wanted)
        assert not self.plan.refusals
        self.listener = Everywhere(self.bank, self.chosen)
        self.listener.look = self.half_lists
        self.listener.minutes = case.minutes
        self.listener.strikes = case.strikes
        self.stage = staged(self.bank, self.plan, self.inventory, self.listener, secrets_of)
        self.at_first = self.lists()
        self.seen: Counter[str] = Counter()

    def chosen(self, place: Place) -> bool:
        if place.fate not in self.case.fates:
            return False
        self.seen[place.fate] += 1
        stride = self.case.long if SOAK else self.case.stride
        return self.seen[place.fate] % stride == (2 + FATES.index(place.fate)) % stride

    def lists(self) -> dict[str, dict[str, list[str]]]:
        routers = self.bank.world.routers.items()
        return {name: {key: list(value) for key, value in lists_in_use(router).items()} for name, router in routers}

    def half_lists(self, line: Line) -> Iterator[str]:
        """A list in use is as it was in the beginning, or as it is in the end."""
        at_last = self.listener.undisturbed["lists"] if self.listener.undisturbed else None
        name = line.device
        for key, found in lists_in_use(self.bank.world.routers[name]).items():
            entries = list(found)
            whole = [self.at_first[name].get(key), at_last[name].get(key) if at_last else entries]
            if entries not in whole:
                yield f"{name}: {key} is in use and half behind {line}: {entries}"

    def keys(self) -> dict[str, dict[str, str]]:
        """Whose public keys are whose; those that are not saved are named so."""
        routers = self.bank.world.routers
        numbers: dict[bytes, int] = {}
        told: dict[str, dict[str, str]] = {}
        for name, router in routers.items():
            told[name] = {}
            for label, key in router.keys.held.items():
                number = numbers.setdefault(public_der(key.private.public_key()), len(numbers))
                told[name][label] = f"{number}{'' if router.keys.is_saved(key) else ', not saved'}"
        return told

    def typed(self) -> Counter[tuple[str, str]]:
        """Lines that did something, by device; those of keys without their passphrases, and without the keys."""
        lines = [line for line in self.listener.lines if line.text and not line.text.startswith("show ")]
        return Counter(
            (line.device, " ".join(line.text.split()[:5]) if line.text.startswith("crypto key") else line.text)
            for line in lines
            if line.mode != "?" or line.text == "yes"
        )

    def facts(self) -> dict[str, Any]:
        typed = [[*key, count] for key, count in self.typed().items()]
        return {"states": states(self.bank), "lists": self.lists(), "keys": self.keys(), "typed": typed}

    def check(self, child: Everywhere) -> Iterator[str]:
        """What is not as it is after an undisturbed run."""
        yield from child.broken
        yield from in_modes(self.bank, child.left)
        facts = self.facts()
        for name, (running, saved) in facts["states"].items():
            should_run, should_keep = child.undisturbed["states"][name]
            for what, is_now, should in (("runs", running, should_run), ("is saved", saved, should_keep)):
                if is_now != should:
                    yield f"{name}: {what}: more {set(is_now) - set(should)}, less {set(should) - set(is_now)}"
        if facts["keys"] != child.undisturbed["keys"]:
            yield f"keys {facts['keys']}, expected {child.undisturbed['keys']}"
        yield from self._wrongly_typed(self.typed(), {(a, b): n for a, b, n in child.undisturbed["typed"]})
        yield from (f"{name} debugs" for name, router in self.bank.world.routers.items() if router.gdoi.debugs)
        yield from (f"{story.intended.step}: nobody knows" for story in again(self.stage).scene.log.in_hand)

    def _wrongly_typed(
        self, typed: Mapping[tuple[str, str], int], usual: Mapping[tuple[str, str], int]
    ) -> Iterator[str]:
        for (name, text), count in {**dict.fromkeys(usual, 0), **typed}.items():
            most = usual.get((name, text), 0)
            if _AGAIN.fullmatch(text):
                continue
            if re.fullmatch(self.case.twice, text):
                most *= 1 + self.case.strikes
            if not count or count > most:
                yield f"{name}: '{text}' was typed {count} times; {most} are right"


def all_told(watched: Watched) -> None:
    wrong = [told for told in watched.listener.told if told.wrong]
    text = "\n".join(f"{told.place.text} {told.codes} {told.reasons}\n    {told.wrong}" for told in wrong[:10])
    assert not wrong, f"{len(wrong)} of {len(watched.listener.told)} places:\n{text}"
    assert {told.place.fate for told in watched.listener.told} >= set(watched.case.fates) - {SILENT}


@pytest.mark.parametrize("name", CASES)
def test_wherever_a_run_is_cut_short_it_comes_to_the_same_end(
    name: str, intended: Inventory, wanted: Inventory, figure: Callable[[str], None]
) -> None:
    watched = Watched(CASES[name], intended, wanted)
    ending = swept(watched.stage, watched.listener, watched.facts, watched.check)
    assert ending.code is ExitCode.GOOD, ending.reason
    all_told(watched)
    ends = Counter(len(told.codes) for told in watched.listener.told)
    count = len(watched.listener.told)
    figure(f"cut short: {name}: {count} places; runs needed, and how often: {dict(sorted(ends.items()))}")


# -- routers that reload


RELOADS = {
    "the way back of a push": Case(goes_back, 80, fates=(RELOAD, OUTAGE), long=4),
    "a rekey": Case(CASES["a rekey"].plan, 3, fates=(RELOAD, OUTAGE)),
    "an RSA key, made and copied": Case(CASES["an RSA key, made and copied"].plan, 40, fates=(RELOAD, OUTAGE)),
    "a pre-shared key": Case(CASES["a pre-shared key"].plan, 40, fates=(RELOAD, OUTAGE)),
    "debugging": Case(CASES["debugging"].plan, 16, fates=(RELOAD, OUTAGE)),
    "all members removed": Case(CASES["all members removed"].plan, 3, fates=(RELOAD, OUTAGE)),
}
_SAYS_WHY = re.compile("it reloaded at about|roles have changed|the old key is back")


def until_told(watched: Watched) -> Callable[[Everywhere, Ending | None], None]:
    """Resume until it is done, or says that it cannot be; keep what it says."""

    def resume(child: Everywhere, ending: Ending | None) -> None:
        assert child.mine is not None
        told, stage = child.mine, watched.stage
        for _ in range(4):
            if ending is not None:
                told.codes.append(int(ending.code))
                told.reasons.append(ending.reason)
                if ending.code in {ExitCode.GOOD, ExitCode.STALE}:
                    break
            watched.bank.pass_time(minutes=3)
            stage = again(stage)
            ending = apply_plan(stage.scene, performers())
        told.facts = dict(ending.held) if ending is not None else {}
        unknown = [story.intended.step for story in stage.scene.log.stories if story.result is StepResult.UNKNOWN]
        told.wrong += [f"nobody knows how far {step} came" for step in unknown]

    return resume


@pytest.mark.parametrize("name", RELOADS)
def test_a_router_that_reloads_leaves_a_state_that_is_known(
    name: str, intended: Inventory, wanted: Inventory, figure: Callable[[str], None]
) -> None:
    """Each step is known; the run says why it is not done; no two keys bear one label; no rekey is sent twice."""
    watched = Watched(RELOADS[name], intended, wanted)

    def check(child: Everywhere) -> Iterator[str]:
        assert child.mine is not None
        yield from child.broken
        yield from in_modes(watched.bank)
        yield from (f"{key} debugs" for key, router in watched.bank.world.routers.items() if router.gdoi.debugs)
        said = f"{child.mine.reasons} {child.mine.facts}"
        if child.mine.codes[-1] and not _SAYS_WHY.search(said):
            yield f"it does not say why: {said}"
        keys = watched.keys()
        for label in {label for held in keys.values() for label in held}:
            if len({held[label].split(",")[0] for held in keys.values() if label in held}) > 1:
                yield f"two keys bear the label {label}: {keys}"
        for (server, line), count in watched.typed().items():
            if line.endswith(" rekey") and count > 1:
                yield f"{server}: '{line}' was typed {count} times"

    ending = swept(watched.stage, watched.listener, watched.facts, check, until_told(watched))
    assert ending.code is ExitCode.GOOD, ending.reason
    all_told(watched)
    ends = Counter(told.codes[-1] for told in watched.listener.told)
    figure(f"cut short: reloads during {name}: {len(watched.listener.told)} places; ends: {dict(sorted(ends.items()))}")


def anew(watched: Watched) -> Callable[[Everywhere, Ending | None], None]:
    """The same, and then a new plan does the rest."""

    def resume(child: Everywhere, ending: Ending | None) -> None:
        until_told(watched)(child, ending)
        assert child.mine is not None
        told = child.mine
        plan = small_bank.pushed(watched.bank, watched.inventory)
        if plan.refusals:
            told.wrong.append(f"no new plan: {plan.refusals}")
        elif plan.waves:
            ending = apply_plan(staged(watched.bank, plan, watched.inventory, child, secrets_of).scene, performers())
            told.wrong += [] if ending.code is ExitCode.GOOD else [f"the new plan: {ending.reason}"]

    return resume


def test_a_router_that_reloads_is_told_of_and_planned_anew(
    intended: Inventory, wanted: Inventory, figure: Callable[[str], None]
) -> None:
    """What was not saved is gone. Nothing is taken for done that is gone, and the other lines are not typed again."""
    watched = Watched(Case(pushes, 70, fates=(RELOAD, OUTAGE), long=2), intended, wanted)

    def check(child: Everywhere) -> Iterator[str]:
        assert child.mine is not None
        yield from child.broken
        yield from in_modes(watched.bank)
        for name, (running, saved) in states(watched.bank).items():
            should, _ = child.undisturbed["states"][name]
            if running != should:
                yield f"{name} runs more {set(running) - set(should)}, less {set(should) - set(running)}"
            if saved != should and "is not saved" not in child.mine.facts.get(name, ""):
                yield f"{name} is not saved, and nobody said so: {child.mine.facts}"
        if child.mine.codes[-1] == ExitCode.STALE and not any(
            word in f"{child.mine.reasons[-1]} {child.mine.facts}"
            for word in ("it reloaded at about", "roles have changed")
        ):
            yield f"it does not say why: {child.mine.reasons[-1]} {child.mine.facts}"

    ending = swept(watched.stage, watched.listener, watched.facts, check, anew(watched))
    assert ending.code is ExitCode.GOOD, ending.reason
    all_told(watched)
    ends = Counter(told.codes[-1] for told in watched.listener.told)
    figure(f"cut short: reloads: {len(watched.listener.told)} places; done {ends[0]}, planned anew {ends[7]}")


# -- what the sweep can find


def test_half_a_list_in_use_and_an_open_configuration_are_found(intended: Inventory, wanted: Inventory) -> None:
    watched = Watched(CASES["a push to key servers and members"], intended, wanted)
    hand = watched.stage.hands.wires.hand("hub-ks1", lambda _capture: None)  # type: ignore[attr-defined]
    with hand._session.hold() as terminal:  # noqa: SLF001 -- what no stay would do
        for line in ("configure terminal", "ip access-list extended GETVPN_WAN_POLICY", "no 10"):
            terminal.write(f"{line}\n".encode())
    typed = Line("hub-ks1", "no 10", "config-ext-nacl")
    watched.listener.undisturbed = {"lists": watched.at_first}
    assert [text.split(" ")[:2] for text in watched.half_lists(typed)] == [["hub-ks1:", "GETVPN_WAN_POLICY"]]
    assert in_modes(watched.bank) == ["hub-ks1: a session stands in configuration mode"]
    usual = {("abe-gm1", "ip tcp adjust-mss 1340"): 1, ("abe-gm1", "end"): 1}
    for count, wrong in ((0, True), (1, False), (2, True)):
        assert bool(list(watched._wrongly_typed({("abe-gm1", "ip tcp adjust-mss 1340"): count}, usual))) is wrong  # noqa: SLF001
