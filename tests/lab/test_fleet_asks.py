"""A fleet asked over SSH: one visit a device, whatever the device, the network or the keeper of captures does."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from asked import Asked
from pydantic import SecretStr

from getvpn_ops.cli.interrupts import interrupts
from getvpn_ops.devices import terms
from getvpn_ops.devices.breaker import Breaker
from getvpn_ops.devices.connection import NAME, register
from getvpn_ops.devices.credentials import Credentials
from getvpn_ops.devices.dispatch import dispatch
from getvpn_ops.devices.hostkeys import KnownHosts
from getvpn_ops.devices.opening import Opening
from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.devices.runner import PatientRunner
from getvpn_ops.devices.transcript import Transcripts
from getvpn_ops.errors import DispatchError
from getvpn_ops.lab import script
from getvpn_ops.lab.background import Background
from getvpn_ops.lab.fleet import Settings
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.config.secret import fingerprint
from getvpn_ops.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from getvpn_ops.devices.visit import Script
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.inventory import Device

COUNT = 16
NAMES = tuple(f"r{number}" for number in range(COUNT))
CLOCK = "show clock"
CONFIG = """hostname {name}
snmp-server community CANARYcomm RO
crypto isakmp key CANARYkey address 10.0.0.1
"""


def _host(name: str) -> str:
    more = ", release: 15.2(4)M11" if name == "r1" else ""
    return f"{name}: {{hostname: 10.255.0.1, username: ops, data: {{role: gm, serial: FOC{name.upper()}{more}}}}}\n"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Background]:
    folder = tmp_path_factory.mktemp("inventory")
    (folder / "hosts.yaml").write_text("".join(_host(name) for name in NAMES))
    for name in NAMES:
        (folder / f"{name}.cfg").write_text(CONFIG.format(name=name))
    with Background(Settings(folder, folder, seed=3)) as running:
        yield running


@pytest.fixture
def asked(lab: Background, tmp_path: Path) -> Asked:
    return Asked(lab, tmp_path)


@pytest.fixture(autouse=True)
def _healed(lab: Background) -> Iterator[None]:
    yield
    lab.call(lab.fleet.clear, "*", None)


def arm(asked: Asked, device: str, name: str, **more: Any) -> None:  # noqa: ANN401 -- fields of an entry
    asked.lab.call(script.arm, asked.lab.fleet, script.Entry((device,), name, **more))


def test_every_device_gives_one_visit_and_its_captures_in_order(asked: Asked) -> None:
    commands = ("show version", CLOCK, "show foo", "reload", "show run | redirect flash:x", CLOCK)
    visits = asked.ask(commands)
    assert list(visits) == list(NAMES)
    for name, visit in visits.items():
        assert (visit.device, visit.hostname, visit.commands, visit.trouble) == (name, name, 3, None)
        assert visit.engine.startswith("libssh ")
        assert visit.started <= visit.ended
        captures = asked.of(name)
        assert [capture.command for capture in captures] == list(commands)
        assert [capture.trouble for capture in captures] == [
            None,
            None,
            Trouble.REFUSED,
            Trouble.NOT_ALLOWED,
            Trouble.NOT_ALLOWED,
            None,
        ]
        assert captures[2].reason == "% Invalid input detected at '^' marker."
        assert f"Processor board ID FOC{name.upper()}".encode() in captures[0].text
        assert all(capture.source == visit.engine for capture in captures)
        assert captures[0].taken_at <= captures[-1].taken_at
    assert sorted(visit.device for visit in asked.notes.visits) == sorted(NAMES)


def test_a_script_decides_by_what_came(asked: Asked) -> None:
    def asking() -> Script:
        capture = yield "show version"
        if b"15.2(4)M11" in capture.text:
            yield CLOCK

    asked.ask(asking)
    assert [capture.device for capture in asked.captures if capture.command == CLOCK] == ["r1"]


TROUBLES: dict[str, tuple[str, dict[str, Any], Trouble]] = {
    "down": ("down", {}, Trouble.CONNECTION_REFUSED),
    "login": ("refuse-login", {}, Trouble.LOGIN_REFUSED),
    "VTYs": ("vtys-full", {}, Trouble.VTYS_FULL),
    "host key": ("host-key-changed", {}, Trouble.HOST_KEY_CHANGED),
    "prompt": ("prompt-changed", {}, Trouble.UNEXPECTED_PROMPT),
    "drops twice": ("drop-before", {"line": "clock", "times": 2}, Trouble.DROPPED),
    "hangs": ("hang", {"line": "clock"}, Trouble.DEADLINE),
}


@pytest.mark.parametrize(("kind", "more", "trouble"), TROUBLES.values(), ids=TROUBLES)
def test_a_device_in_trouble_and_the_others(
    lab: Background, tmp_path: Path, kind: str, more: dict[str, Any], trouble: Trouble
) -> None:
    asked = Asked(lab, tmp_path, deadline=3.0)
    arm(asked, "r2", kind, **more)
    visits = asked.ask(("show version", CLOCK, CLOCK), NAMES[:6])
    assert visits["r2"].trouble is trouble
    assert visits["r2"].reason
    assert visits["r2"].next_step
    assert [visit.trouble for name, visit in visits.items() if name != "r2"] == [None] * 5
    assert [visit.commands for name, visit in visits.items() if name != "r2"] == [3] * 5
    if trouble in {Trouble.DROPPED, Trouble.DEADLINE}:
        assert [(c.command, c.trouble) for c in asked.of("r2")] == [("show version", None), (CLOCK, trouble)]
    else:
        assert asked.of("r2") == []


def test_a_session_that_drops_once_is_opened_anew(asked: Asked) -> None:
    arm(asked, "r3", "drop-before", line="clock")
    visits = asked.ask(("show version", CLOCK, CLOCK), ["r3"])
    assert (visits["r3"].trouble, visits["r3"].commands) == (None, 3)
    assert [(capture.command, capture.trouble) for capture in asked.captures] == [
        ("show version", None),
        (CLOCK, None),
        (CLOCK, None),
    ]


def test_unless_the_settings_say_no(lab: Background, asked: Asked, tmp_path: Path) -> None:
    arm(asked, "r3", "drop-before", line="clock")
    once = Asked(lab, tmp_path / "own", retry_dropped=False)
    assert once.ask([CLOCK], ["r3"])["r3"].trouble is Trouble.DROPPED


def test_a_refused_login_is_never_tried_again(asked: Asked) -> None:
    arm(asked, "r4", "refuse-login")
    asked.ask([CLOCK], ["r4"])
    events = asked.lab.call(asked.lab.fleet.events.since, 0, device="r4")
    assert sum(event.text.startswith("struck: refuse-login") for event in events) == 1


@pytest.mark.parametrize("workers", [1, 100])
def test_the_breaker(lab: Background, asked: Asked, tmp_path: Path, workers: int) -> None:
    """With a wrong password the routers see three logins, whatever the parallelism."""
    mine = Asked(lab, tmp_path / "own", workers=workers)
    wrong = {
        name: dataclasses.replace(access, password=SecretStr("Wrong-Pass-1"))
        for name, access in mine.loaded.access.items()
    }
    visits = mine.ask([CLOCK], loaded=dataclasses.replace(mine.loaded, access=wrong))
    troubles = [visit.trouble for visit in visits.values()]
    assert troubles.count(Trouble.LOGIN_REFUSED) == 3
    assert troubles.count(Trouble.BREAKER) == COUNT - 3
    assert mine.captures == []
    assert asked.ask([CLOCK], ["r5"])["r5"].trouble is None


def test_no_credentials(asked: Asked) -> None:
    none = {name: dataclasses.replace(access, password=None) for name, access in asked.loaded.access.items()}
    settings = asked.workspace.settings
    empty = settings.model_copy(update={"credentials": settings.credentials.model_copy(update={"password": ()})})
    workspace = dataclasses.replace(asked.workspace, settings=empty)
    visits = asked.ask(
        [CLOCK],
        loaded=dataclasses.replace(asked.loaded, access=none),
        credentials=Credentials(workspace, Redactor()),
    )
    assert {visit.trouble for visit in visits.values()} == {Trouble.NO_CREDENTIALS}


def test_another_device_behind_the_address(asked: Asked) -> None:
    known = asked.loaded.inventory.devices
    other: Device = dataclasses.replace(known["r6"], serial="FOC1234ABCD")
    seen: list[str] = []

    def asking() -> Script:
        for command in (CLOCK, "sh ver", CLOCK):
            capture = yield command
            seen.append(capture.command)

    visits = asked.fleet().ask({other: asking}, keep=asked.captures.append, progress=asked.notes)
    assert visits["r6"].trouble is Trouble.WRONG_DEVICE
    assert visits["r6"].reason == "the inventory says serial number FOC1234ABCD, the device says FOCR6"
    assert [(c.command, c.trouble) for c in asked.captures] == [(CLOCK, None), ("sh ver", Trouble.WRONG_DEVICE)]
    assert seen == [CLOCK]


def test_a_device_that_hangs_costs_no_other_device_time(
    lab: Background, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One slot: those that hang are begun first, and would hold it until their deadline."""
    monkeypatch.setattr(terms, "QUIET", 0.3)
    mine = Asked(lab, tmp_path / "own", workers=1, deadline=6.0)
    for name in NAMES[:3]:
        arm(mine, name, "hang", line="clock")
    visits = mine.ask([CLOCK])
    hung = [visits[name] for name in NAMES[:3]]
    rest = [visits[name] for name in NAMES[3:]]
    assert [visit.trouble for visit in hung] == [Trouble.DEADLINE] * 3
    assert [visit.trouble for visit in rest] == [None] * (COUNT - 3)
    assert max(visit.ended for visit in rest) < min(visit.ended for visit in hung)


def test_the_time_of_the_whole_run(asked: Asked) -> None:
    arm(asked, "r1", "hang", line="clock")
    visits = asked.ask([CLOCK], ["r0", "r1"], seconds=2.5)
    assert visits["r0"].trouble is None
    assert visits["r1"].trouble is Trouble.DEADLINE
    assert "time of the whole run" in visits["r1"].reason


def test_captures_that_cannot_be_kept_stop_the_sweep(asked: Asked) -> None:
    def keep(_capture: Capture) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        asked.ask([CLOCK] * 50, keep=keep)
    assert asked.ask([CLOCK], ["r0"])["r0"].trouble is None, "the fleet can be asked again"


def test_a_script_that_crashes_is_our_defect_and_harms_no_one(asked: Asked) -> None:
    def asking() -> Script:
        capture = yield CLOCK
        if capture.device == "r1":
            raise ZeroDivisionError
        yield CLOCK

    visits = asked.ask(asking, NAMES[:3])
    assert [visit.trouble for visit in visits.values()] == [None, Trouble.DEFECT, None]
    assert visits["r1"].reason == "ZeroDivisionError"


class Broken:
    """Progress that cannot be shown."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- any method
        raise RuntimeError(name)


def test_progress_that_raises_harms_nothing(asked: Asked) -> None:
    device = asked.loaded.inventory.devices["r0"]

    def asking() -> Script:
        yield CLOCK

    visits = asked.fleet().ask({device: asking}, keep=asked.captures.append, progress=Broken())
    assert visits["r0"].commands == 1


def test_a_wrong_selection_is_refused(asked: Asked) -> None:
    with pytest.raises(DispatchError, match="no device is selected"):
        asked.ask([CLOCK], [])
    stranger = dataclasses.replace(asked.loaded.inventory.devices["r0"], name="r99")
    with pytest.raises(DispatchError, match="not in the inventory: r99"):
        asked.fleet().ask({stranger: lambda: iter(())}, keep=asked.captures.append, progress=asked.notes)  # type: ignore[dict-item, return-value]


def test_cancelled_once_it_finishes_what_it_has_in_hand_and_twice_it_leaves_it(lab: Background, tmp_path: Path) -> None:
    mine = Asked(lab, tmp_path / "own", workers=2)
    arm(mine, "r0", "hang", line="clock")
    in_hand = threading.Event()

    def asking() -> Script:
        yield "show version"
        in_hand.set()
        yield CLOCK

    def person() -> None:
        in_hand.wait(30)
        os.kill(os.getpid(), signal.SIGINT)
        deadline = time.monotonic() + 30
        while not mine.halt.draining and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=person)
    thread.start()
    with interrupts(mine.halt):
        visits = mine.ask(asking)
    thread.join()
    assert len(visits) == COUNT
    assert visits["r0"].trouble is Trouble.CANCELLED
    assert visits["r0"].commands == 1
    assert visits["r15"].trouble is Trouble.CANCELLED
    assert visits["r15"].reason == "it was not begun: the run was cancelled"
    assert {visit.trouble for visit in visits.values()} <= {None, Trouble.CANCELLED}


def test_transcripts_are_private_and_whole(asked: Asked, tmp_path: Path) -> None:
    folder = tmp_path / "transcripts"
    asked.ask(["show version", "show running-config"], ["r0", "r1"], transcripts=Transcripts(folder))
    assert sorted(path.name for path in folder.iterdir()) == ["r0.txt", "r1.txt"]
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in folder.iterdir():
        text = path.read_text()
        assert path.stat().st_mode & 0o777 == 0o600
        assert f"{path.stem}#show version\n" in text
        assert f"hostname {path.stem}\n" in text
        assert "<redacted sha256:" in text
        assert "CANARY" not in text
        assert asked.lab.password not in text


def test_what_is_redacted_is_kept_and_read_alike(asked: Asked) -> None:
    asked.ask(["show running-config"], ["r0"])
    (capture,) = asked.captures
    assert b"CANARY" not in capture.text
    state = parse(capture.command, capture.text).data
    assert state.hostname == "r0"
    assert [key.secret.fingerprint for key in state.crypto.isakmp_keys] == [fingerprint("CANARYkey")]


def test_tasks_of_others_run_over_the_same_sessions(asked: Asked) -> None:
    opening = Opening(
        asked.loaded,
        asked.ssh,
        Credentials(asked.workspace, asked.redactor),
        KnownHosts(asked.workspace.known_hosts),
        Breaker(3),
    )

    def task(task: Any) -> str:  # noqa: ANN401 -- Nornir's
        session = task.host.get_connection(NAME, task.nornir.config)
        return str(session.netmiko.send_command(CLOCK))

    answers = dispatch(asked.loaded.nornir, NAMES[:3], task, runner=PatientRunner(3), options=register(opening))
    assert all(answer.error is None for answer in answers.values()), answers
    assert all("UTC" in (answer.value or "") for answer in answers.values())
    assert _until(lambda: not any(len(station.router.sessions) for station in asked.lab.fleet.stations.values()))
    alone = dispatch(asked.loaded.nornir, NAMES[:1], task, runner=PatientRunner(1))
    assert "only works in tasks that getvpn-ops dispatches" in str(alone["r0"].error)


@pytest.mark.soak
def test_many_sweeps_leave_nothing_behind(asked: Asked) -> None:
    from conftest import SOAK  # noqa: PLC0415 -- of the tests

    asked.ask([CLOCK])
    descriptors = _descriptors()
    for _ in range(50 if SOAK else 3):
        assert {visit.trouble for visit in asked.ask([CLOCK]).values()} == {None}
    assert _until(lambda: _descriptors() <= descriptors + 2)  # the lab's own ends close in its own time
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("device-") and not _ends(thread)]


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def _ends(thread: threading.Thread) -> bool:
    thread.join(10)
    return not thread.is_alive()
