"""Routers asked beforehand: each question answered well, badly, and not at all."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from bank import KEY_SERVERS
from flowing import FlowingBank
from plans import example
from stage_steps import STEP, evidence, stage_step, staged, went

from getvpn_ops.engine.change.migrating.performers.preflight_ends import End, partners
from getvpn_ops.engine.change.migrating.performers.preflight_rows import Row, joined
from getvpn_ops.errors import ExitCode
from getvpn_ops.lab.faults import fault
from getvpn_ops.model.change import StepKind
from getvpn_ops.model.inventory import Device, Role
from getvpn_ops.model.outcome import Status
from getvpn_ops.model.plan import Configure, PlannedStage, PlannedStep, Wave
from getvpn_ops.workflow.playbooks.preflight import FACTS, PreflightParams, Question, told_questions
from getvpn_ops.workflow.playbooks.variants import without_groups

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fake_hands import Stage

    from getvpn_ops.model.inventory import Inventory

MEMBERS = ("ham-gm1", "ork-gm1", "lis-gm1")
NAMES = (*KEY_SERVERS, *MEMBERS)
RUNNING = "show running-config"
LATER = (
    PlannedStage("preflight", "", "preflight", NAMES),
    PlannedStage("come-up", "", "configure", NAMES),
    PlannedStage("traffic", "", "prove-traffic", MEMBERS),
)
PKI = {"pki": {"trustpoint": "BANK-CA", "enrollment_url": "http://10.1.250.61"}, "psk": None}
TRUSTPOINT = ("crypto pki trustpoint BANK-CA", "enrollment url http://{server}:80", "revocation-check none")


def few(group: Mapping[str, Any] | None = None) -> Inventory:
    alone = without_groups(example(group), {"PAYMENTS"})
    return replace(alone, devices={name: alone.devices[name] for name in NAMES})


def asking(
    bank: FlowingBank,
    inventory: Inventory | None = None,
    stages: tuple[PlannedStage, ...] = LATER,
    **params: Any,  # noqa: ANN401 -- of the action
) -> Stage:
    made = stage_step("preflight", NAMES, ("WAN",), **params)
    stage = staged(bank, made, inventory or few())
    stage.scene = replace(stage.scene, plan=replace(stage.scene.plan, stages=stages))
    return stage


def rows(stage: Stage, device: str) -> dict[str, str]:
    return dict(stage.scene.log.facts(f"{STEP}.{device}.{FACTS}"))


def refused(_: str) -> None:
    """The device does not know the command, or drops the session."""


def silent(text: str) -> str:
    """No echo comes back."""
    head = text.partition("Success rate")[0].replace("!", ".")
    return f"{head}Success rate is 0 percent (0/3)"


def as_release(release: str) -> Callable[[str], str]:
    return lambda text: text.replace("16.6.10", release).replace("16.06.10", release)


@dataclass(frozen=True)
class Case:
    """What is wrong, and what is said of it.

    Attributes:
        device: that the row is about.
        question: of it.
        status: verdict.
        told: part of the evidence.
        harm: fault of the lab with its options, on the device.
        typed: lines typed in configuration mode of ``at``.
        says: what screens of the device say instead.
        group: what WAN should be otherwise.
        at: where lines are typed; empty: on the device.
        configs: ``clear`` or ``running``.
    """

    device: str
    question: Question
    status: Status
    told: str
    harm: tuple[str, dict[str, str]] | None = None
    typed: tuple[str, ...] = ()
    says: tuple[tuple[str, Callable[[str], str | None]], ...] = ()
    group: Mapping[str, Any] | None = None
    at: str = ""
    configs: str = "clear"


TO_LEEDS = "ping 10.255.0.1 repeat 3 timeout 2 source 10.254.11.2"
TO_DUBLIN = "ping 10.255.0.3 repeat 3 timeout 2 source 10.254.11.2"
NO_848 = ("ip access-list extended NO-GDOI", "deny udp any any eq 848", "permit ip any any", "exit")
NO_ESP = ("ip access-list extended NO-ESP", "deny esp any any", "permit ip any any", "exit")
WAN_IN = ("interface GigabitEthernet0/0/0", "ip access-group {} in")
H = "ham-gm1"
Q, PASS, FAIL, UNKNOWN, NA = Question, Status.PASS, Status.FAIL, Status.UNKNOWN, Status.NOT_APPLICABLE
UNREAD = ((RUNNING, refused),)


def on_wan(name: str) -> tuple[str, ...]:
    return (WAN_IN[0], WAN_IN[1].format(name))


CASES = {
    "echoes of all key servers": Case(H, Q.KEY_SERVERS, PASS, "lds-ks1 (10.255.0.1) from 10.254.11.2: 100 %"),
    "a key server asks its peers": Case("lds-ks1", Q.KEY_SERVERS, PASS, "dub-ks1 (10.255.0.3) from 10.255.0.1"),
    "no way to a key server": Case(
        H, Q.KEY_SERVERS, FAIL, "dub-ks1 (10.255.0.3) from 10.254.11.2: 0 %", harm=("split", {"with": ""})
    ),
    "echoes that are not understood": Case(H, Q.KEY_SERVERS, UNKNOWN, "lds-ks1", says=((TO_LEEDS, refused),)),
    "echoes that our own list drops": Case(
        H,
        Q.KEY_SERVERS,
        UNKNOWN,
        "a list of ours drops them",
        typed=("ip access-list extended KS-WAN-IN", "no permit icmp any any"),
        at="dub-ks1",
        says=((TO_DUBLIN, silent),),
    ),
    "a member that is registered": Case(H, Q.GDOI, PASS, "it is registered", configs="running"),
    "a list drops UDP 848": Case(H, Q.GDOI, FAIL, "deny udp any any eq 848", typed=(*NO_848, *on_wan("NO-GDOI"))),
    "a list of a key server drops UDP 848": Case(
        "ork-gm1",
        Q.GDOI,
        FAIL,
        "KS-WAN-IN",
        typed=(
            "ip access-list extended KS-WAN-IN",
            "no permit udp any host 10.255.0.3 eq 848",
            "no permit udp any eq 848 host 10.255.0.3",
        ),
        at="dub-ks1",
    ),
    "only a registration tells": Case(H, Q.GDOI, UNKNOWN, "stage come-up shows it"),
    "the way of UDP 848 is not read": Case(H, Q.GDOI, UNKNOWN, "configuration was not read", says=UNREAD),
    "encrypted echoes come back": Case(H, Q.ESP, PASS, "come back, and both encrypt", configs="running"),
    "a list drops ESP": Case(H, Q.ESP, FAIL, "drops", typed=(*NO_ESP, *on_wan("NO-ESP"))),
    "only encrypted packets tell": Case(H, Q.ESP, UNKNOWN, "stage traffic shows it"),
    "no NAT": Case(H, Q.NAT, PASS, "no `ip nat` on GigabitEthernet0/0/0"),
    "NAT at the crypto map": Case(
        H, Q.NAT, FAIL, "ip nat outside on GigabitEthernet0/0/0", typed=(WAN_IN[0], "ip nat outside")
    ),
    "an interface of the intent is shut down": Case(
        H, Q.NAT, UNKNOWN, "is not there or shut down", typed=(WAN_IN[0], "shutdown")
    ),
    "synchronized": Case(H, Q.NTP, PASS, "synchronized to 10.2.250.11"),
    "time servers are lost": Case(H, Q.NTP, FAIL, "unsynchronized", harm=("ntp-lost", {})),
    "NTP does not answer": Case(H, Q.NTP, UNKNOWN, "show ntp status", says=(("show ntp status", refused),)),
    "no time server": Case(
        H, Q.NTP, NA, "clock-right", typed=("no ntp server 10.1.250.11", "no ntp server 10.2.250.11")
    ),
    "pre-shared keys": Case(H, Q.PKI, NA, "pre-shared keys"),
    "the server of certificates answers": Case(
        H,
        Q.PKI,
        PASS,
        "answers echoes",
        group={"ike": PKI},
        typed=tuple(x.format(server="10.11.0.9") for x in TRUSTPOINT),
    ),
    "the server of certificates is silent": Case(
        H,
        Q.PKI,
        UNKNOWN,
        "which a server need not",
        group={"ike": PKI},
        typed=tuple(x.format(server="198.51.100.9") for x in TRUSTPOINT),
    ),
    "a list drops requests for certificates": Case(
        H,
        Q.PKI,
        FAIL,
        "PKI enrolment",
        group={"ike": PKI},
        typed=(
            *(x.format(server="10.21.0.9") for x in TRUSTPOINT),
            "exit",
            "ip access-list extended NO-WEB",
            "deny tcp any eq www any",
            "permit ip any any",
            "exit",
            *on_wan("NO-WEB"),
        ),
    ),
    "no trustpoint yet": Case(H, Q.PKI, UNKNOWN, "no trustpoint", group={"ike": PKI}),
    "it can be passive": Case(H, Q.PASSIVE, PASS, "16.6.10 can be passive"),
    "it runs less than the inventory says": Case(
        H, Q.PASSIVE, FAIL, "12.4(15)T8 cannot be passive", says=(("show version", as_release("12.4(15)T8")),)
    ),
    "its release is not shown": Case(H, Q.PASSIVE, UNKNOWN, "show version", says=(("show version", refused),)),
    "an archive": Case(H, Q.ARCHIVE, PASS, "bootflash:archive/ham-gm1"),
    "no archive, and no timer": Case(H, Q.ARCHIVE, NA, "counts on no revert timer", typed=("no archive",)),
    "the archive is not read": Case(H, Q.ARCHIVE, UNKNOWN, "configuration was not read", says=UNREAD),
    "large packets pass": Case(H, Q.MTU, PASS, "1500 bytes pass with DF"),
    "a narrow way": Case(H, Q.MTU, FAIL, "`adjust_mss: 1", harm=("mtu", {"bytes": "1350"})),
    "nothing comes back": Case(H, Q.MTU, UNKNOWN, "no echo of any size", harm=("split", {"with": ""})),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_question_is_answered_well_badly_and_not_at_all(case: Case) -> None:
    bank = FlowingBank(configs=case.configs, only={*NAMES, "lds-gm1", "ams-gm1"})
    if case.typed:
        said = bank.configure(case.at or case.device, *case.typed)
        assert "%" not in said, said
    if case.harm is not None:
        name, options = case.harm
        if name == "ntp-lost":
            bank.world.routers[case.device].faults.arm(fault(name))
        else:
            bank.harm(name, case.device, **options)
    stage = asking(bank, few(case.group))
    for command, rewrite in case.says:
        stage.ledger.rewrites[case.device, command] = rewrite
    done = went(stage)
    told = rows(stage, case.device)[case.question.value]
    assert told.startswith(f"{case.status.value}: "), told
    assert case.told in told
    assert not stage.ledger.typed, "nothing is changed"
    is_left = "; stage " in told
    if case.status is FAIL:
        assert done.code is ExitCode.FINDINGS
    elif case.status is UNKNOWN and not is_left:
        assert done.code is not ExitCode.GOOD
    if case.status in {FAIL, UNKNOWN} and not is_left:
        assert not evidence(stage)


@pytest.fixture(scope="module")
def bank() -> FlowingBank:
    """Nothing of GETVPN, and nothing wrong."""
    return FlowingBank(configs="clear", only={*NAMES, "lds-gm1", "ams-gm1"})


def test_all_is_well_and_what_nothing_shows_yet_is_left_to_the_stages_that_do(bank: FlowingBank) -> None:
    stage = asking(bank)
    done = went(stage)
    assert done.code is ExitCode.GOOD, done.reason
    assert "left to later stages: esp (traffic), udp-848 (come-up)" in evidence(stage)
    assert set(rows(stage, "ham-gm1")) == {item.value for item in Question} - {"lock-out"}
    assert set(rows(stage, "lds-ks1")) == {"key-servers", "udp-848", "nat", "ntp", "pki"}
    assert rows(stage, "plan")["lock-out"].startswith("pass")
    before = len(stage.ledger.opened)
    assert went(stage).code is ExitCode.GOOD
    assert len(stage.ledger.opened) == before, "what is proven is not asked again"


def test_what_no_later_stage_shows_holds_unless_the_playbook_lets_it_stay_open(bank: FlowingBank) -> None:
    alone = LATER[:1]
    done = went(asking(bank, stages=alone))
    assert done.code is ExitCode.UNDETERMINED
    assert "open: [esp, udp-848]" in done.next_step
    assert went(asking(bank, stages=alone, open=["udp-848"])).code is ExitCode.UNDETERMINED
    assert went(asking(bank, stages=alone, open=["udp-848", "esp"])).code is ExitCode.GOOD
    assert went(asking(bank, stages=alone, skip=["udp-848", "esp"])).code is ExitCode.GOOD


def test_a_plan_that_cuts_something_and_timers_without_an_archive_are_found() -> None:
    bank = FlowingBank(configs="clear", only=NAMES)
    bank.configure("ham-gm1", "no archive")
    stage = asking(bank)
    timed = PlannedStep("999-x", "ham-gm1", "x", Configure(StepKind.CLEAN_UP, (), (), revert_minutes=10))
    plan = replace(
        stage.scene.plan, lockouts=("ham-gm1: SSH is cut",), waves=(*stage.scene.plan.waves, Wave("x", (timed,)))
    )
    stage.scene = replace(stage.scene, plan=plan)
    done = went(stage)
    assert done.code is ExitCode.FINDINGS
    assert "plan: lock-out: fail: ham-gm1: SSH is cut" in done.reason
    assert "1 steps of the plan arm a revert timer" in rows(stage, "ham-gm1")["archive"]


def test_a_router_that_does_not_answer_is_unknown_in_every_question(bank: FlowingBank) -> None:
    stage = asking(bank)
    stage.ledger.down.add("lis-gm1")
    assert went(stage).code is ExitCode.UNDETERMINED
    told = rows(stage, "lis-gm1")
    assert len(told) == len(Question) - 1
    assert {text.partition(":")[0] for text in told.values()} == {"unknown"}


def test_what_may_stay_open_is_said_in_the_plan() -> None:
    assert "these may stay open, as the playbook says: pki" in told_questions(PreflightParams(open=(Question.PKI,)))
    with pytest.raises(ValueError, match="cannot stay open"):
        PreflightParams(open=(Question.PKI,), skip=(Question.PKI,))


def test_the_worst_of_several_rows_counts_and_nothing_is_unknown() -> None:
    left = Row(Q.ESP, "a", UNKNOWN, "x", later="traffic")
    held = Row(Q.ESP, "a", UNKNOWN, "y")
    assert joined(Q.ESP, "a", []).status is UNKNOWN
    assert joined(Q.ESP, "a", [left, held, Row(Q.ESP, "a", PASS, "z")]).told == "unknown: y"
    assert joined(Q.ESP, "a", [left, Row(Q.ESP, "a", FAIL, "w"), held]).status is FAIL


def test_partners_are_others_sites_and_grow_with_members_alone() -> None:
    ends = [End(Device(f"gm{n}", role=Role.MEMBER, site=f"s{n // 2}"), "WAN") for n in range(2000)]
    began = time.process_time()
    found = partners(ends, 2)
    assert time.process_time() - began < 2
    asked = dict.fromkeys(found, 0)
    for name, others in found.items():
        assert len({other.site for other in others}) == 2
        assert {item.site for item in ends if item.name == name}.isdisjoint(other.site for other in others)
        for other in others:
            asked[other.name] += 1
    assert max(asked.values()) <= 4
    assert partners(ends[:2], 1) == {"gm0": (), "gm1": ()}
