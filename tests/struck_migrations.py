"""The migration of the package on a few sites, struck where a test chooses; then it is resumed, or taken back.

``everywhere`` forks at each place that is chosen. A child says what it came to as facts; whether they are right is
judged when the parent has come to its undisturbed end.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from bank import KEY_SERVERS
from everywhere import Everywhere, Place, again, in_modes, staged, states, to_the_end
from intents import secret
from plans import asked, collector_of, example, running

from getvpn_ops.cli.playbook_files import PlaybookFiles, load_playbook
from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.course import Course
from getvpn_ops.engine.change.migrating.going_back import plan_way_back
from getvpn_ops.engine.change.migrating.performers.turning_passive import OFF, ON
from getvpn_ops.engine.change.migrating.staging import Wanted, plan_playbook
from getvpn_ops.engine.change.migrating.targets import pilots_of
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.engine.change.settling import give_back, settle
from getvpn_ops.engine.config.drift import KeyTerms
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.errors import ExitCode, UsageError
from getvpn_ops.model.journal_story import fold
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.workflow.fingerprint import managed_of
from getvpn_ops.workflow.playbooks.variants import without_groups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from everywhere import Told
    from fake_hands import Stage
    from flowing import FlowingBank

    from getvpn_ops.engine.change.apply import Ending
    from getvpn_ops.model.config.secret import Secret
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.plan import Plan

MEMBERS = ("ham-gm1", "ork-gm1", "man-gm1")
"""Two of the pilot, and one."""
_MEASURED = 2
"""Times that a line may be typed more because a measurement was cut short, and is made anew."""
RESUME, BACK, STAGE_BACK = "resume", "take back all", "take back this stage"
_AGAIN = re.compile(
    "end|exit|configure terminal.*|configure confirm|configure revert .*|write memory|interface .*|crypto map .*"
    "|crypto gdoi group .*|server local|sa ipsec .*|redundancy|ip access-list extended .*|crypto isakmp policy .*"
    "|terminal .*|ip access-list standard .*"
)
"""What does no harm when it is typed again: it opens a mode, leaves one, or saves."""


@cache
def few() -> Inventory:
    """The worked example as if it had no other sites."""
    alone = without_groups(example(), {"PAYMENTS"})
    return replace(alone, devices={name: alone.devices[name] for name in (*KEY_SERVERS, *MEMBERS)})


@cache
def _secrets() -> Mapping[str, tuple[Secret, ...]]:
    intents = Intents(few(), Secrets(secret))
    return {
        name: tuple(line.hidden for top in intents.of(name).read.tree for line in top.walk() if line.hidden is not None)
        for name in few().devices
    }


def secrets_of(device: Device) -> tuple[Secret, ...]:
    """What a session is given beside what its device shows."""
    return _secrets()[device.name]


def migration(bank: FlowingBank, end: str = "", **options: str) -> Plan:
    """Planned on routers in clear; ``end`` is the last of its stages, if it is not to go to the end."""
    playbook = load_playbook(PlaybookFiles(None).find("migrate-to-getvpn"))
    names = [item.id for item in playbook.stages]
    last = names.index(end) if end else len(names)
    wanted = Wanted(
        playbook=playbook.model_copy(update={"stages": playbook.stages[: last + 1]}),
        options={"cutover": "hitless", "drill": "role-change", **options},
        groups=("WAN",),
        pilot=pilots_of(few(), ("WAN",)),
        intents_of=lambda varied: Intents(varied, Secrets(secret)),
        keys=KeyTerms(are_compared=False),
    )
    plan = plan_playbook(asked(bank), wanted, collector=collector_of(bank), inventory=few())
    assert (plan.refusals, plan.lockouts, plan.left_out) == ((), (), ())
    return plan


def way_back(bank: FlowingBank, stage: Stage, to: str = "") -> Plan | None:
    """As ``rollback`` plans it, after it read what nobody knows; None: there is nothing to take back."""
    course = Course(stage.scene, performers())
    assert settle(course, stage.scene.log.in_hand) == []
    held = give_back(course)
    assert held == [], held
    story = fold(stage.scene.run, stage.journal.entries(stage.scene.run))
    try:
        plan = plan_way_back(asked(bank), stage.scene.plan, story, collector=collector_of(bank), inventory=few(), to=to)
    except UsageError as exc:
        if "left no configuration" in str(exc):
            return None
        raise
    assert (plan.refusals, plan.lockouts, plan.left_out) == ((), (), ()), (plan.refusals, plan.left_out)
    return plan if plan.waves else None


@dataclass
class Struck:
    """A run of a plan on routers, with what its children came to.

    Attributes:
        bank: whose routers.
        plan: that is run.
        is_chosen: stage, what happens, when, fate, and the how-manieth such place -> whether it is struck there.
        then: how a child goes on, by its place.
        managed: what each router held of ours when a stage began, by stage.
        at: stage that is under way.
        last: what ``is_chosen`` was asked about last.
    """

    bank: FlowingBank
    plan: Plan
    is_chosen: Callable[[str, str, str, str, int], bool]
    then: Callable[[Struck, Place], str] = lambda _struck, _place: RESUME
    managed: dict[str, dict[str, str]] = field(default_factory=dict)
    at: str = ""
    last: tuple[str, str, str, str, int] = ("", "", "", "", 0)

    def __post_init__(self) -> None:
        self.listener = Everywhere(self.bank, self._chosen)
        self.stage = staged(self.bank, self.plan, few(), self.listener, secrets_of)
        self._stages = {step.id: wave.stage for wave in self.plan.waves for step in wave.steps}
        self._names = [item.id for item in self.plan.stages]
        self._seen: Counter[tuple[str, str, str, str]] = Counter()
        self.fresh = self._now()

    def _now(self) -> dict[str, str]:
        return {name: managed_of(running(self.bank, name).tree) for name in few().devices}

    def _chosen(self, place: Place) -> bool:
        kind, _, step = place.what.partition(" ")
        if ":" in kind:
            kind = "typed"
        elif stage := self._stages.get(step.partition(".")[0]):
            if stage != self.at and stage not in self.managed:
                self.managed[stage] = self._now()
            self.at = stage
        key = (self.at, kind, place.when, place.fate)
        self._seen[key] += 1
        self.last = (*key, self._seen[key])
        return bool(self.at) and self.is_chosen(*self.last)

    # -- the run, and its children

    def go(self) -> Ending:
        """Run it undisturbed, and where places are chosen also as it goes on after what happens there."""
        ending: Ending | None = None
        listener = self.listener

        def end(child: Everywhere) -> None:
            assert child.mine is not None
            self._go_on(child.mine, ending)

        listener.end, listener.is_armed = end, True
        try:
            ending = apply_plan(self.stage.scene, performers())
        except BaseException as exc:
            if listener.mine is not None:
                listener.mine.wrong.append(f"{type(exc).__name__}: {exc}")
                listener.meet_end()
            raise
        if listener.mine is not None:
            listener.meet_end()
        listener.is_armed = False
        return ending

    def _go_on(self, told: Told, ending: Ending | None) -> None:
        """Of a child: what it does after it was struck."""
        then = self.then(self, told.place)
        told.reasons.append(then)
        if then == RESUME:
            to_the_end(self.stage, ending, told, self.bank)
        else:
            before = self._names[: self._names.index(self.at)]
            self._take_back(told, before[-1] if then == STAGE_BACK and before else "")
        told.wrong += in_modes(self.bank, self.listener.left)
        told.wrong += [f"{x.intended.step}: nobody knows" for x in again(self.stage).scene.log.in_hand]
        self.bank.pass_time(minutes=2)
        told.facts = self.facts()
        told.facts["then"] = then

    def _take_back(self, told: Told, to: str) -> None:
        stage = again(self.stage)
        back = way_back(self.bank, stage, to)
        if back is not None:
            scene = staged(self.bank, back, few(), self.listener, secrets_of).scene
            done = apply_plan(scene, performers())
            told.codes.append(int(done.code))
            if done.code is not ExitCode.GOOD:
                told.wrong.append(f"the way back: {done.reason}; next: {done.next_step}")
        should = self.managed[self.at] if to else self.fresh
        now = self._now()
        told.wrong += [f"{name} is not as it was before {self.at}" for name in now if now[name] != should[name]]

    def facts(self) -> dict[str, Any]:
        """What stands on routers, what was lost, and what was typed."""
        lines = (line for line in self.listener.lines if line.text and not line.text.startswith("show "))
        typed = Counter((line.device, _without_keys(line.text)) for line in lines if line.mode != "?")
        ledger = self.bank.traffic.ledger.totals().plain()
        return {
            "states": states(self.bank), "lost": ledger["lost"], "reasons": ledger["reasons"],
            "typed": [[*key, count] for key, count in typed.items()],
        }  # fmt: skip

    # -- what children came to

    def wrong(self) -> Iterator[str]:
        """What did not come to a right end, a line each."""
        self.bank.pass_time(minutes=2)
        facts = self.facts()
        for told in self.listener.told:
            said = list(told.wrong)
            if told.facts is not None:
                said += _judged(told.facts, facts)
            if said:
                yield f"{told.place.text} {told.codes} {told.reasons}\n    {said}"


def _without_keys(text: str) -> str:
    return " ".join(text.split()[:5]) if text.startswith("crypto key") else text


def _judged(facts: Mapping[str, Any], usual: Mapping[str, Any]) -> Iterator[str]:
    if facts["lost"]:
        yield f"lost {facts['lost']}: {facts['reasons']}"
    if facts["then"] != RESUME:
        return
    for name, (runs, saved) in facts["states"].items():
        for what, is_now, should in zip(("runs", "is saved"), (runs, saved), usual["states"][name], strict=True):
            if is_now != should:
                yield f"{name}: {what}: more {set(is_now) - set(should)}, less {set(should) - set(is_now)}"
    most = {(name, text): count for name, text, count in usual["typed"]}
    for name, text, count in facts["typed"]:
        right = most.get((name, text), 0)
        right += _MEASURED if right and text in {ON, OFF} else 0
        if count > right and not _AGAIN.fullmatch(text):
            yield f"{name}: '{text}' was typed {count} times; {right} are right"
