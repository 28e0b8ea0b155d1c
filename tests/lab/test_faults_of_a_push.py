"""Sessions and command lines that fail while a plan is applied: each on a member of its own, all in one run (P2-P7).

Of each device the run says what happened, at which line, and what to do; on the router stands exactly what it had, or
exactly what was typed to its end. When the faults are healed, ``resume`` reaches the goal. Drops and kills at every
place are in ``test_crash_and_drop``, key servers too.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from conftest import SOAK
from worksites import Worksite, part_of_example

from getvpn_ops.errors import ExitCode
from getvpn_ops.lab.faults import fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SERVERS = ("lds-ks1", "ams-ks1", "dub-ks1")
SIZE, WAS, WANTED = "ip tcp adjust-mss ", 1360, 1344
LIST = "GETVPN_WAN_LOCAL"
DENIED = ("10.2.9.0/24 -> 10.1.9.0/24", "10.2.8.0/24 -> 10.1.8.0/24")
BEFORE, LOOK, CHANGE = 0, 1, 2
"""Which session of a run on a device: it is backed up, then looked at, then changed."""
HAD, HAS, LISTED = "as it was", "as wanted", "the list, and no reference to it"
REFERRED = "the list, the reference, and all else as wanted"
LAST = "deny ip 10.2.8.0 0.0.0.255 10.1.8.0 0.0.0.255"
REFERENCE = f"match address {LIST}"
UNDONE = "the lines before it were undone before configuration mode was left"
AS_BEFORE = "the device is as it was before the step"
ASKED = "Really change it? [confirm]"
REFUSALS = 2
"""Refused logins in a row after which nobody is tried any more."""
SHORT, LONG = 7, 15
"""Seconds that an authorization server takes for one line."""


@dataclass(frozen=True)
class Case:
    """A fault on a member.

    Attributes:
        device: which.
        kind: of the fault.
        line: at which it strikes.
        skip: lines, or sessions, that pass before.
        options: of the fault.
        at: line from which on it stands, where it strikes by standing.
        says: of the device, as left out of the run; nothing if it is not.
        stands: on the router after the run.
        tries: of the step at which it struck; 0: nothing was begun.
    """

    device: str
    kind: str
    line: str | None = None
    skip: int = 0
    options: Mapping[str, str] = field(default_factory=dict)
    at: str = ""
    says: tuple[str, ...] = ()
    stands: str = HAD
    tries: int = 1


CASES = {
    "dropped in the middle of a line": Case("ork-gm1", "drop-mid-line", f"{SIZE}13", stands=HAS, tries=2),
    "dropped when the line was done": Case("ham-gm1", "drop-after-apply", SIZE, stands=HAS),
    "reloaded": Case(
        "bre-gm1", "reload", SIZE, options={"seconds": "30"},
        says=("nobody can tell how far 'change 'interface GigabitEthernet0/1'' came", "refuses connections"),
    ),
    "login refused when it is looked at": Case(
        "lon-gm1", "refuse-login", skip=LOOK, tries=0, says=("refused the login of 'ops'", "tried once and not again")
    ),
    "login refused when it is to be changed": Case(
        "utr-gm1", "refuse-login", skip=CHANGE, tries=0, says=("could not be changed: login refused", "tried once")
    ),
    "enable refused": Case(
        "lon-gm2", "refuse-enable", skip=CHANGE, tries=0, says=("could not be changed", "enable secret", "tried once")
    ),
    "no line free": Case(
        "man-gm1", "vtys-full", skip=CHANGE, tries=0, says=("could not be changed", "does not let anyone begin")
    ),
    "another name in the prompt of configuration mode": Case(
        "dub-gm1", "prompt-changed", at="^configure t",
        says=("unexpected mode", re.escape("elsewhere(config)#"), "nothing was sent"),
    ),
    "another name in the prompt at login": Case(
        "ode-gm1", "prompt-changed", at="running-config", tries=0, says=("was not read", "'elsewhere'", "expected")
    ),
    "another host key": Case(
        "lis-gm1", "host-key-changed", at="running-config", tries=0,
        says=("answers with another host key", "nothing was sent to it", "next: .*getvpn-ops hostkeys rotate lis-gm1"),
    ),
    "another router answers": Case(
        "opo-gm1", "wrong-device", options={"device": "gla-gm1"}, at="running-config", tries=0,
        says=("the prompt shows the name 'gla-gm1', expected 'opo-gm1'",),
    ),
    "slow answers": Case("bri-gm1", "slow-echo", SIZE, options={"seconds": str(LONG if SOAK else SHORT)}, stands=HAS),
    "% Invalid": Case(
        "ams-gm1", "reject", LAST,
        says=(re.escape(f"'{LAST}': % Invalid input"), "at its character 1", UNDONE, AS_BEFORE),
    ),
    "% Incomplete": Case(
        "gla-gm1", "reject", LAST, options={"text": "% Incomplete command."},
        says=(re.escape(f"'{LAST}': % Incomplete command."), UNDONE, AS_BEFORE),
    ),
    "% Ambiguous": Case(
        "lds-gm1", "reject", LAST, options={"text": f'% Ambiguous command:  "{LAST}"'},
        says=("% Ambiguous command", UNDONE, AS_BEFORE),
    ),
    "% in use": Case(
        "aar-gm1", "reject", REFERENCE, options={"text": "% This crypto map is in use"},
        says=(f"'{REFERENCE}': % This crypto map is in use", AS_BEFORE, "not saved: .*plan action save aar-gm1"),
        stands=LISTED,
    ),
    "accepted and not there": Case(
        "cph-gm1", "not-stored", SIZE, says=("its lines were taken, and the configuration read back is another",)
    ),
    "a question": Case(
        "rtm-gm1", "dialog", SIZE, options={"text": ASKED},
        says=("question nobody declared", re.escape(ASKED), f"at the line '{SIZE}{WANTED}'", AS_BEFORE),
    ),
    "locked by somebody": Case(
        "bir-gm1", "config-locked", says=("configuration mode is locked", "by process '331' user 'other'")
    ),
    "idle sessions end soon": Case("edi-gm1", "log-between", SIZE, stands=HAS),
}  # fmt: skip
"""The last one has ``exec-timeout 0 3``: its session is not held while others take their time."""
LINES = Counter(
    [f"ip access-list extended {LIST}"]
    + [
        f" deny   ip {one} 0.0.0.255 {other} 0.0.0.255"
        for item in DENIED
        for a, b in [item.replace("/24", "").split(" -> ")]
        for one, other in ((a, b), (b, a))
    ]
)
"""What the list is, on every release."""
LISTS = ("ams-gm1", "gla-gm1", "lds-gm1", "aar-gm1")
MEMBERS = tuple(case.device for case in CASES.values())


class Site(Worksite):
    """With the members in hand, and what they should be."""

    def intend(self, size: int) -> None:
        path = self.published / "inventory" / "hosts.yaml"
        hosts = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name in MEMBERS:
            for group in hosts[name]["data"]["getvpn"].values():
                group["adjust_mss"] = dict.fromkeys(group["adjust_mss"], size)
        for name in LISTS:
            hosts[name]["data"]["getvpn"]["WAN"]["exceptions"] = {"exempt": list(DENIED)}
        path.write_text(yaml.safe_dump(hosts, sort_keys=False), encoding="utf-8")

    def running(self, name: str) -> list[str]:
        """Its lines without numbers of entries."""
        lines = self.lab.call(lambda: list(self.lab.router(name).running.lines()))
        return [re.sub(r"^ \d+ (?=deny|permit)", " ", line) for line in lines if line != "!"]

    def arm_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let all faults wait; one that strikes by standing stands from a line on."""
        fleet, later = self.lab.fleet, {case.device: case for case in CASES.values() if case.at}
        struck = fleet._struck  # noqa: SLF001 -- told of each strike, in the lab's thread

        def follow(device: str, met: Any, line: str) -> None:  # noqa: ANN401 -- a fault
            struck(device, met, line)
            if met.kind.name == "log-between" and device in later:
                case = later.pop(device)
                fleet.arm(device, fault(case.kind, options=case.options))

        monkeypatch.setattr(fleet, "_struck", follow)
        for case in CASES.values():
            made = fault(case.kind, line=case.line, skip=case.skip, options=case.options)
            if case.at:
                skip = BEFORE if "configure" in case.at else LOOK - 1
                made = fault("log-between", line=case.at, skip=skip, options={"count": "1"})
            elif case.kind == "slow-echo" and not SOAK:
                made = fault(case.kind, line=case.line, times=1, options=case.options)
            self.lab.call(fleet.arm, case.device, made)

    def heal_all(self) -> None:
        """Routers are as they should be, but for the key of one, which is not known yet."""
        self.heal()
        self.lab.advance(60)

    def pin(self) -> None:
        """Somebody has looked at the new host key of a router, and taken it."""
        lines = [station.known_host() for station in self.lab.fleet.stations.values()]
        (self.published / "known_hosts").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("faults")
    source = part_of_example(root / "source", (*SERVERS, *MEMBERS), {"lon-gm2": {"privilege": 1}})
    with Site(root / "ops", source) as made:
        made.settings(change={"at_once": 20, "budget": len(MEMBERS)}, ssh={"breaker": REFUSALS})
        made.lab.call(made.lab.router("edi-gm1").running.load, ("line vty 0 4", " exec-timeout 0 3"))
        made.intend(WANTED)
        yield made


def wanted(lines: list[str]) -> list[str]:
    return [line.replace(f"{SIZE}{WAS}", f"{SIZE}{WANTED}") for line in lines]


def stands(before: list[str], after: list[str]) -> str:
    """What a router holds, in words."""
    if sorted(after) == sorted(before):
        return HAD
    more = Counter(after) - Counter(before)
    if sorted(after) == sorted(wanted(before)):
        return HAS
    for words, goal in ((LISTED, before), (REFERRED, wanted(before))):
        own = Counter(after) - Counter(goal)
        references = own.pop(f" {REFERENCE}", 0)
        if not Counter(goal) - Counter(after) and own == LINES and references == (words == REFERRED):
            return words
    return f"something else: {sorted(more)}"


def left_behind(site: Site) -> dict[str, str]:
    """Routers on which a session stands in configuration mode, or a revert timer runs."""
    found = {}
    for name, station in site.lab.fleet.stations.items():
        router = station.router
        if site.lab.call(lambda router=router: any(session.shell.blocks for session in router.sessions)):
            found[name] = "configuration mode"
        elif site.lab.call(lambda router=router: router.archive.pending is not None):
            found[name] = "a revert timer"
    return found


def untold(case: Case, said: str) -> list[str]:
    """Words that a run should say of a device and does not."""
    return [words for words in case.says if re.search(words, said) is None]


def planned(site: Site, names: tuple[str, ...]) -> tuple[str, list[str]]:
    code, plan, err = site.ask("plan", "push", *names)
    assert (code, plan["refused"], plan["empty"]) == (0, False, False), err
    return plan["plan"]["id"], ["--yes", *(["--accept-loss"] if plan["loses"] else [])]


@pytest.mark.soak
def test_one_run_meets_them_all(site: Site, monkeypatch: pytest.MonkeyPatch, figure: Callable[[str], None]) -> None:
    plan, flags = planned(site, MEMBERS)
    before = {name: site.running(name) for name in (*SERVERS, *MEMBERS)}
    site.arm_all(monkeypatch)

    code, done, err = site.ask("apply", plan, *flags)
    assert code == ExitCode.FINDINGS, done["reason"] + err
    after = {name: site.running(name) for name in before}
    assert {name: stands(before[case.device], after[case.device]) for name, case in CASES.items()} == {
        name: case.stands for name, case in CASES.items()
    }
    assert {name: stands(before[name], after[name]) for name in SERVERS} == dict.fromkeys(SERVERS, HAD)
    out = done["left_out"]
    assert set(out) == {case.device for case in CASES.values() if case.says}
    assert {name: untold(case, out.get(case.device, "")) for name, case in CASES.items()} == {
        name: [] for name in CASES
    }
    sent = {case.device: [step for step in done["steps"] if step["device"] == case.device] for case in CASES.values()}
    tries = {
        name: max((step["tries"] for step in sent[case.device] if step["lines"]), default=0)
        for name, case in CASES.items()
    }
    assert tries == {name: case.tries for name, case in CASES.items()}
    assert left_behind(site) == {}
    run = done["run"]["id"]
    assert done["next"][0] == f"getvpn-ops resume {run} --lab"
    assert (done["state"], done["leases"]) == ("held", [])

    site.heal_all()
    code, done, err = site.ask("resume", run)
    assert (code, list(done["left_out"])) == (ExitCode.UNDETERMINED, ["lis-gm1"]), done["left_out"]
    assert "answers with another host key" in done["left_out"]["lis-gm1"], "never taken without a person's word"
    assert site.running("lis-gm1") == before["lis-gm1"]
    site.pin()
    code, done, err = site.ask("resume", run)
    assert (code, done["state"], done["waiting"]) == (0, "done", []), done["reason"] + err
    assert {name: stands(before[name], site.running(name)) for name in MEMBERS} == {
        name: REFERRED if name in LISTS else HAS for name in MEMBERS
    }
    assert left_behind(site) == {}
    figure(f"faults of sessions and lines during a push: {len(CASES)} in one run")


def test_a_wrong_password_is_not_tried_on_everybody(site: Site) -> None:
    """An authorization server would lock the account, for all devices and people."""
    names = ("ham-gm1", "ork-gm1", "bri-gm1", "rtm-gm1")
    site.intend(WANTED - 8)
    plan, flags = planned(site, names)
    before = {name: site.running(name) for name in names}
    for name in names:
        site.lab.call(site.lab.fleet.arm, name, fault("refuse-login", skip=CHANGE))
    code, done, err = site.ask("apply", plan, *flags)
    assert (code, set(done["left_out"])) == (ExitCode.UNDETERMINED, set(names)), done["reason"] + err
    said = list(done["left_out"].values())
    assert sum("it was tried once and not again" in text for text in said) == REFUSALS
    assert sum("not tried" in text for text in said) == len(names) - REFUSALS, said
    assert {name: site.running(name) for name in names} == before
    assert left_behind(site) == {}
    site.heal_all()
    code, done, err = site.ask("resume", done["run"]["id"])
    assert (code, done["state"]) == (0, "done"), done["reason"] + err
