"""Kills at writes of the journal and at keys, drops at lines, reloads: over SSH, with the program as it is typed.

After ``resume``, or a new plan, all is as wanted. In the short form some places are tried, in the long form all; places
by the hundred are tried without a network, in ``test_cut_short``.
"""

from __future__ import annotations

import copy
import json
import os
import re
import signal
import subprocess
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import small_bank
import small_wan
import yaml
from conftest import SOAK
from everywhere import lists_in_use
from worksites import Worksite

from getvpn_ops.lab.ios.identity.keys import public_der

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from getvpn_ops.lab.ios.router import Router

DRIVER = Path(__file__).parents[1] / "crashing.py"
MEMBER, SERVER, PRIMARY, GROUP = "abe-gm1", "fal-ks2", "hub-ks1", "WAN"
LINE = "ip tcp adjust-mss"
KILLED = -signal.SIGKILL
SERVICES = ["gdoi", "ssh", "bgp"]
LONG = pytest.mark.skipif(not SOAK, reason="in the long form")


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    """Two key servers and two members that hold what is intended, with the keys to go on."""
    root = tmp_path_factory.mktemp("bank")
    source = root / "source"
    inventory = small_wan.loaded(source)
    for name in inventory.devices:
        text = "\n".join(small_bank.configuration(inventory, name))
        (source / f"{name}.cfg").write_text(f"{text}\n", encoding="utf-8")
    keys = root / "keys" / "psk"
    keys.mkdir(parents=True, mode=0o700)
    for name in ("abe-gm1", "bat-gm1", "fal-ks2-hub-ks1", "hub-ks1-fal-ks2"):
        (keys / name).write_text(small_wan.key_of(f"psk/{name}"), encoding="utf-8")
        (keys / name).chmod(0o600)
    with Worksite(root, source, source) as site:
        site.settings(secrets=[{"from": "file", "path": "keys/{name}"}])
        site.lab.advance(600)
        for name in inventory.devices:
            site.lab.call(saved, site, name)
        yield site


def saved(site: Worksite, name: str) -> None:
    router = site.lab.router(name)
    router.startup = router.running.copy()


def killed(site: Worksite, place: tuple[str, int, str], *words: str) -> int:
    """Run the program until it kills itself; its exit code."""
    kind, number, when = place
    done = subprocess.run(
        [sys.executable, str(DRIVER), kind, str(number), when, *words, "--lab"],
        cwd=site.root, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode


def flags_of(plan: dict[str, Any]) -> list[str]:
    return ["--yes", *(["--accept-loss"] if plan["loses"] else [])]


def changed(site: Worksite, file: str, change: Callable[[Any], None]) -> None:
    """Write a file of the inventory anew."""
    path = site.published / "inventory" / file
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")


def pushed(site: Worksite) -> tuple[str, list[str], int]:
    """A plan that changes a line of the member: its id, flags to apply it, and what is wanted."""
    wanted = []

    def other(hosts: Any) -> None:  # noqa: ANN401 -- YAML
        sizes = hosts[MEMBER]["data"]["getvpn"][GROUP]["adjust_mss"]
        wanted.append(1352 if set(sizes.values()) != {1352} else 1344)
        hosts[MEMBER]["data"]["getvpn"][GROUP]["adjust_mss"] = dict.fromkeys(sizes, wanted[0])

    changed(site, "hosts.yaml", other)
    code, plan, err = site.ask("plan", "push", MEMBER)
    assert (code, plan["empty"]) == (0, False), err
    return plan["plan"]["id"], flags_of(plan), wanted[0]


def sizes_on(site: Worksite) -> list[str]:
    return [line.strip() for line in running(site, MEMBER) if LINE in line]


def running(site: Worksite, name: str) -> list[str]:
    return [line for line in site.lab.call(lambda: list(site.lab.router(name).running.lines())) if line != "!"]


def nobody_configures(site: Worksite) -> bool:
    """Whether no session stands in configuration mode."""
    routers = [station.router for station in site.lab.fleet.stations.values()]
    sessions = site.lab.call(lambda: [session for router in routers for session in router.sessions])
    return not any(session.shell.blocks for session in sessions)  # type: ignore[attr-defined]


def to_the_end(site: Worksite) -> dict[str, Any]:
    code, done, err = site.ask("resume", "last-apply")
    assert code == 0, str(done["reason"]) + err
    return done


# -- a member


PLACES = {
    "before the intent": ("step-intended", 1, "before"),
    "after the intent": ("step-intended", 1, "after"),
    "before the line": (f"typed:{LINE}", 1, "before"),
    "within the line": (f"typed:{LINE}", 1, "within"),
    "after the line": (f"typed:{LINE}", 1, "after"),
    "before the outcome": ("step-outcome", 1, "before"),
    "after the outcome": ("step-outcome", 1, "after"),
    "after the proof": ("step-proven", 1, "after"),
    "while it is saved": ("step-outcome", 2, "before"),
}
SHORT = ("after the line", "while it is saved")
DROPS = ("drop-mid-line", "drop-before", "drop-after-apply")


@pytest.mark.parametrize(
    "place", [pytest.param(place, id=name, marks=() if name in SHORT else LONG) for name, place in PLACES.items()]
)
def test_killed_while_a_member_is_pushed(bank: Worksite, place: tuple[str, int, str]) -> None:
    plan, flags, wanted = pushed(bank)
    assert killed(bank, place, "apply", plan, *flags) == KILLED
    done = to_the_end(bank)
    assert done["state"] == "done"
    assert sizes_on(bank) == [f"{LINE} {wanted}"]
    assert nobody_configures(bank)
    assert bank.ask("plan", "push", MEMBER)[1]["empty"]
    assert bank.run("runs", "verify", "--lab")[0] == 0


def killed_at(site: Worksite, number: int, when: str) -> bool:
    """Kill a push of the member at one write of the journal, whatever it is; False if there are not so many."""
    plan, flags, wanted = pushed(site)
    code = killed(site, ("any", number, when), "apply", plan, *flags)
    assert code in {0, KILLED}
    if code == KILLED:
        code, out, err = site.run("resume", "last-apply", "--lab", "-o", "json")
        if "apply its plan again" in err:
            code, out, err = site.run("apply", plan, *flags, "--lab", "-o", "json")
        assert code == 0, (number, when, err)
        assert json.loads(out)["state"] == "done", (number, when, out)
        code = KILLED
    assert sizes_on(site) == [f"{LINE} {wanted}"], (number, when)
    assert nobody_configures(site)
    assert site.run("runs", "verify", "--lab")[0] == 0
    return code == KILLED


@LONG
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_each_write_of_the_journal(bank: Worksite, when: str, figure: Callable[[str], None]) -> None:
    number = 1
    while killed_at(bank, number, when):
        number += 1
    assert number > len(PLACES)
    figure(f"crash and drop over SSH: killed {when} each of {number - 1} writes of the journal")


@pytest.mark.parametrize("fault", [pytest.param(fault, marks=() if "after" in fault else LONG) for fault in DROPS])
def test_dropped_at_the_line(bank: Worksite, fault: str) -> None:
    plan, flags, wanted = pushed(bank)
    bank.arm(MEMBER, fault, LINE, 1)
    code, done, err = bank.ask("apply", plan, *flags)
    bank.heal()
    assert code in {0, 3}, err
    done = done if code == 0 else to_the_end(bank)
    assert done["state"] == "done"
    assert sizes_on(bank) == [f"{LINE} {wanted}"]
    assert nobody_configures(bank)
    assert bank.ask("plan", "push", MEMBER)[1]["empty"]


# -- key servers


def policy(site: Worksite) -> tuple[str, list[str], dict[str, list[str]]]:
    """A plan that builds another list on both key servers, refers to it, rekeys, and removes the old list.

    Returns:
        Its id, flags to apply it, and what is typed on each of them.
    """

    def other(group: Any) -> None:  # noqa: ANN401 -- YAML
        acl = group["policies"][0]["acl"]
        acl["exempt"] = [*SERVICES, "ntp"] if acl["exempt"] == SERVICES else copy.copy(SERVICES)

    changed(site, "gdoi_groups/WAN.yaml", other)
    code, plan, err = site.ask("plan", "push", GROUP)
    assert (code, plan["empty"]) == (0, False), err
    lines: dict[str, list[str]] = {}
    for wave in plan["plan"]["waves"]:
        for step in wave["steps"]:
            if step["act"]["do"] == "configure":
                lines.setdefault(step["device"], []).extend(line["text"] for line in step["act"]["lines"])
    assert set(lines) == {SERVER, PRIMARY}
    return plan["plan"]["id"], flags_of(plan), lines


class Counted:
    """Counts rekeys that are sent by command; looks at the lists in use behind each line that is done."""

    def __init__(self, site: Worksite, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rekeys: list[str | None] = []
        self.lists: dict[str, set[tuple[str, ...]]] = {SERVER: set(), PRIMARY: set()}
        handles: Any = type(site.lab.router(PRIMARY).gdoi.handles)
        rekey = handles.rekey

        def counted(handle: object, group: str | None, *more: object, **options: object) -> object:
            self.rekeys.append(group)
            return rekey(handle, group, *more, **options)

        monkeypatch.setattr(handles, "rekey", counted)
        for name in (SERVER, PRIMARY):
            router = site.lab.router(name)
            monkeypatch.setattr(router, "applied", [*router.applied, partial(self._look, name, router)])

    def _look(self, name: str, router: Router) -> None:
        self.lists[name].update(lists_in_use(router).values())


SERVER_DROPS = {
    "the last line of the list, done and unanswered": (PRIMARY, "drop-after-apply", 5),
    "the reference, not done": (SERVER, "drop-before", -2),
}


def dropped(site: Worksite, device: str, fault: str, at: int, counted: Counted) -> bool:
    """Drop at one line of a push on a key server; False if it has no such line."""
    plan, flags, lines = policy(site)
    if at >= len(lines[device]):
        return False
    counted.rekeys.clear()
    for lists in counted.lists.values():
        lists.clear()
    site.arm(device, fault, f"^{re.escape(lines[device][at])}$", 1)
    code, done, err = site.ask("apply", plan, *flags)
    site.heal()
    assert code in {0, 3}, err
    if code:
        done = to_the_end(site)
    assert done["state"] == "done"
    assert counted.rekeys == [GROUP]
    assert {name: len(lists) for name, lists in counted.lists.items()} == {SERVER: 2, PRIMARY: 2}, (
        "whole old, whole new"
    )
    assert nobody_configures(site)
    assert site.ask("plan", "push", GROUP)[1]["empty"]
    return True


@pytest.mark.parametrize("case", SERVER_DROPS.values(), ids=SERVER_DROPS)
def test_dropped_on_a_key_server(bank: Worksite, case: tuple[str, str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    assert dropped(bank, *case, Counted(bank, monkeypatch))


@LONG
@pytest.mark.parametrize("fault", DROPS)
@pytest.mark.parametrize("device", [SERVER, PRIMARY])
def test_dropped_at_each_line_of_a_key_server(
    bank: Worksite, device: str, fault: str, monkeypatch: pytest.MonkeyPatch, figure: Callable[[str], None]
) -> None:
    counted, at = Counted(bank, monkeypatch), 0
    while dropped(bank, device, fault, at, counted):
        at += 1
    assert at > len(SERVICES)
    _, last, _ = bank.ask("plan", "push", GROUP)
    assert bank.run("apply", last["plan"]["id"], *flags_of(last), "--lab")[0] == 0
    figure(f"crash and drop over SSH: {device}, {fault}: {at} lines")


REKEYED = {
    "after the intent": ("step-intended", 1, "after"),
    "between send and answer": ("step-outcome", 1, "before"),
    "after the outcome": ("step-outcome", 1, "after"),
}


@pytest.mark.parametrize(
    "place",
    [pytest.param(place, id=name, marks=() if "answer" in name else LONG) for name, place in REKEYED.items()],
)
def test_a_rekey_is_never_sent_twice(
    bank: Worksite, place: tuple[str, int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = Counted(bank, monkeypatch).rekeys
    code, plan, err = bank.ask("plan", "action", "rekey", GROUP)
    assert code == 0, err
    name, flags = plan["plan"]["id"], flags_of(plan)
    assert killed(bank, place, "apply", name, *flags) == KILLED
    assert len(sent) == (place[0] == "step-outcome")
    code, done, err = bank.ask("resume", "last-apply")
    assert (code, len(sent)) == (0, 1), (done["reason"], err)
    code, _, err = bank.run("apply", name, *flags, "--lab")  # the same plan as another run
    assert (code == 0, len(sent)) == (False, 1), err


IMPORTS = {
    "behind the command": ("typed:^crypto key import", 1, "after"),
    "behind its Enter": ("typed:BEGIN PUBLIC KEY", 1, "before"),
    "within the public key": ("typed:BEGIN PUBLIC KEY", 1, "within"),
    "before the private key": ("typed:BEGIN RSA PRIVATE KEY", 1, "before"),
    "within the private key": ("typed:BEGIN RSA PRIVATE KEY", 1, "within"),
    "behind the last line": ("typed:BEGIN RSA PRIVATE KEY", 1, "after"),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "within the private key" else LONG) for name in IMPORTS]
)
def test_killed_while_a_key_is_imported(bank: Worksite, name: str) -> None:
    """A key that is not there whole is not there; what is left of it in a session goes with that."""
    label = f"WAN_{1 + list(IMPORTS).index(name)}"
    words = ("--set", f"label={label}", "--set", "rotate=true", "--set", "modulus=1024")
    code, plan, err = bank.ask("plan", "action", "rsa-key", GROUP, *words)
    assert code == 0, err
    assert killed(bank, IMPORTS[name], "apply", plan["plan"]["id"], *flags_of(plan)) == KILLED
    done = to_the_end(bank)
    assert done["state"] == "done"
    keys = [bank.lab.call(bank.lab.router(server).keys.held.get, label) for server in (PRIMARY, SERVER)]
    assert None not in keys
    assert len({public_der(key.private.public_key()) for key in keys if key is not None}) == 1
    assert nobody_configures(bank)


# -- reloads


RELOADS = {
    "a member, before it did the line": (MEMBER, "reload", LINE),
    "a member, behind the line": (MEMBER, "reload-after-apply", LINE),
    "a key server that is not primary": (SERVER, "reload-after-apply", "^match address"),
    "the primary": (PRIMARY, "reload", "^match address"),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "a key server that is not primary" else LONG) for name in RELOADS]
)
def test_a_reload_in_the_middle_of_a_push(bank: Worksite, name: str) -> None:
    """What was not saved is gone: the run says so, or goes on from there, and a new plan does the rest."""
    device, fault, line = RELOADS[name]
    plan, flags = pushed(bank)[:2] if device == MEMBER else policy(bank)[:2]
    bank.arm(device, fault, line, 1)
    code, done, err = bank.ask("apply", plan, *flags)
    bank.heal()
    assert code == 3, (done["reason"], err)
    assert device in done["reason"]
    bank.lab.call(bank.lab.fleet.advance, bank.lab.fleet.clock.now() + timedelta(minutes=5))
    code, done, err = bank.ask("resume", "last-apply")
    assert code in {0, 7}, (done["reason"], err)
    if code == 7:
        assert re.search("it reloaded at about|roles have changed", f"{done['reason']} {done['left_out']}"), done
        code, anew, err = bank.ask("plan", "push", GROUP)
        assert (code, anew["empty"]) == (0, False), err
        code, done, err = bank.ask("apply", anew["plan"]["id"], *flags_of(anew))
        assert code == 0, (done["reason"], err)
    assert nobody_configures(bank)
    assert bank.ask("plan", "push", GROUP)[1]["empty"]


# -- two controllers


def test_a_second_controller_is_told_and_one_that_slept_sends_nothing(bank: Worksite) -> None:
    plan, flags, wanted = pushed(bank)
    before = sizes_on(bank)
    first = subprocess.Popen(
        [sys.executable, str(DRIVER), "step-intended", "1", "after", "apply", plan, *flags, "--lab"],
        cwd=bank.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "CRASHING": "SIGSTOP"},
    )  # fmt: skip
    try:
        _, status = os.waitpid(first.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        code, _, err = bank.run("apply", plan, *flags, "--lab")
        assert (code, "lease" in err) == (6, True), err
        code, held, err = bank.ask("runs", "leases")
        assert code == 0, err
        lease, run = held["leases"][0]["id"], held["leases"][0]["run"]
        code, _, err = bank.run("unlock", lease, "--reason", "its host hangs", "--lab")
        assert code == 0, err
    finally:
        first.send_signal(signal.SIGCONT)
    said, _ = first.communicate(timeout=60)
    assert first.returncode == 6, said
    assert sizes_on(bank) == before, "who lost its lease types nothing"
    code, done, err = bank.ask("resume", run)
    assert (code, done["state"]) == (0, "done"), err
    assert sizes_on(bank) == [f"{LINE} {wanted}"]
