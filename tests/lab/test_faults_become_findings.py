"""A bad day: every fault of a session and of an output at once, each on a router of its own, over SSH.

Each ends as a finding with its cause, in ``health`` and in ``doctor``; nothing passes that was not read, and whoever is
without a fault is judged as on a good day.
"""

from __future__ import annotations

import contextlib
import re
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from conftest import SOAK
from ssh_servers import HOST, plain
from worksites import PASSWORD, Worksite, part_of_example

from getvpn_ops.errors import ExitCode
from getvpn_ops.lab.faults import KINDS
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

GDOI = "show crypto gdoi$"
MEMBERS = "show crypto gdoi ks members$"
MANY = 8000
UNTOLD = {"coop-versions", "rekey-acknowledged", "rekey-retransmits", "roster-known", "roster-registered"}
"""What the crowd leaves open of PAYMENTS: its key server counts two members there, and the crowd lists none."""
SLOW = "15" if SOAK else "2"
"""Seconds of an echo that waits for an authorization server."""
STRANGE = "\r\nBrave new format, version 2\r\n  member-of: {WAN: [registered, 2]}\r\n"
CONTROLS = "\x07\x00\x1b]0;owned\x07\x1b[2J\x1b[31m\x08\x08 \x0b\x9b1mmember-of: {WAN}"


def crowd() -> str:
    """8,000 members as a key server lists them."""
    rows = (
        f"Group Member ID    : 100.64.{number >> 8}.{number & 255}\tGM Version: 1.0.16\n Group ID          : 41001\n"
        " Group Name        : WAN\n Group Type        : GROUP\n GM State          : Registered\n"
        " Key Server ID     : 10.255.0.1\n Rekeys sent       : 1\n Rekeys retries    : 0\n Rekey Acks Rcvd   : 1\n"
        " Rekey Acks missed : 0\n\n Sent seq num : 1     0     0     0\n Rcvd seq num : 1     0     0     0\n\n"
        for number in range(MANY)
    )
    head = "\nGroup Member Information : \n\nNumber of rekeys sent for group WAN : 0\n\n"
    return f"{head}{''.join(rows)}"


@dataclass(frozen=True, slots=True)
class Case:
    """What happens to a router, and what must be said of it.

    Attributes:
        device: of the worked example, or an address without a router.
        trouble: of the visit; None if it goes well.
        says: words that stand in a finding or a reason about the device.
        fault: kind of the lab; empty if it comes about otherwise.
        line: at which it strikes.
        times: how often; 0 always.
        options: of the kind.
        ssh: what the inventory says of its connection.
        host: what it says of the host.
        worse: whether checks end worse than on a good day.
        doctor: whether the doctor asks what shows it.
    """

    device: str
    trouble: Trouble | None
    says: str
    fault: str = ""
    line: str | None = None
    times: int = 0
    options: Mapping[str, str] = field(default_factory=dict)
    ssh: Mapping[str, object] = field(default_factory=dict)
    host: Mapping[str, object] = field(default_factory=dict)
    worse: bool = True
    doctor: bool = True


CASES = {
    "login refused": Case("ams-gm1", Trouble.LOGIN_REFUSED, "tried once and not again", "refuse-login"),
    "enable refused": Case("dub-gm1", Trouble.ENABLE_REFUSED, "enable", "refuse-enable"),
    "VTYs full": Case("evo-ce1", Trouble.VTYS_FULL, "closed the connection", "vtys-full"),
    "drop while typing": Case("lon-gm1", Trouble.DROPPED, "broke off", "drop-mid-line", "show crypto gd"),
    "drop before the answer": Case("lon-gm2", Trouble.DROPPED, "broke off", "drop-before", GDOI),
    "drop within the answer": Case("man-gm1", Trouble.DROPPED, "broke off", "drop-after-apply", GDOI),
    "drop, and well again": Case("bir-gm1", None, "", "drop-before", GDOI, 1, worse=False),
    "reload": Case("edi-gm1", Trouble.DROPPED, "refuses connections", "reload", GDOI, 1, {"seconds": "60"}),
    "reload after the answer": Case(
        "ham-gm1", Trouble.DROPPED, "refuses connections", "reload-after-apply", GDOI, 1, {"seconds": "60"}
    ),
    "slow echo": Case("lis-gm1", None, "", "slow-echo", GDOI, 0, {"seconds": SLOW}, worse=False),
    "hang": Case("cph-gm1", Trouble.DEADLINE, "no byte came", "hang", GDOI, ssh={"command_timeout": 1}),
    "refused command": Case("ork-gm1", None, "% Invalid input detected", "reject", GDOI),
    "format never seen": Case("bri-gm1", None, "not the output", "reject", GDOI, 0, {"text": STRANGE}),
    "control characters": Case("rtm-gm1", None, "not the output", "reject", GDOI, 0, {"text": CONTROLS}),
    "unexpected question": Case("bre-gm1", Trouble.UNEXPECTED_PROMPT, "Are you sure? [confirm]", "dialog", GDOI),
    "syslog in between": Case("aar-gm1", None, "", "log-between", "show crypto", worse=False),
    "truncated": Case("opo-gm1", None, "may be cut", "truncate", "show crypto gdoi gm acl", doctor=False),
    "not UTF-8": Case("gla-gm1", None, "", "non-utf8", "show"),
    "ANSI": Case("nor-gm1", None, "", "ansi", "show", worse=False),
    "huge": Case("lub-gm1", None, "", "huge", GDOI, 0, {"lines": "100000" if SOAK else "20000"}, worse=False),
    "8,000 members": Case("dub-ks1", None, "", "reject", MEMBERS, 0, {"text": crowd()}, worse=False, doctor=False),
    "prompt changed": Case("swa-ce1", Trouble.UNEXPECTED_PROMPT, "'elsewhere'", "prompt-changed"),
    "host key changed": Case("utr-gm1", Trouble.HOST_KEY_CHANGED, "another host key", "host-key-changed"),
    "another router behind the port": Case(
        "gal-gm1", Trouble.UNEXPECTED_PROMPT, "'lds-gm1'", "wrong-device", options={"device": "lds-gm1"}
    ),
    "connection refused": Case("ode-gm1", Trouble.CONNECTION_REFUSED, "refuses connections", "down"),
    "wrong serial number": Case("cbr-gm1", Trouble.WRONG_DEVICE, "XYZ0", host={"serial": "XYZ0"}),
    "host key unknown": Case("unpinned", Trouble.HOST_KEY_UNKNOWN, "SHA256:"),
    "SHA-1 only": Case("old", Trouble.NO_COMMON_SSH, "sha1", ssh={"engine": "paramiko"}),
    "not SSH": Case("web", Trouble.NO_COMMON_SSH, "no SSH 2 server"),
    "silence": Case("mute", Trouble.DEADLINE, "said nothing", ssh={"connect_timeout": 1}),
    "black hole": Case("hole", Trouble.UNREACHABLE, "", ssh={"connect_timeout": 1}),
}
WELL = ("lds-ks1", "ams-ks1", "lds-gm1")
"""Routers without a fault."""
ELSEWHERE = {
    "not-stored": "concerns configuration alone",
    **dict.fromkeys(("split", "udp-848-blocked", "esp-filtered", "mtu"), "between routers, not on the way to us"),
    **dict.fromkeys(
        (
            "lose-rekeys", "tbar-skew", "kek-lost", "registration-storm", "election-flip", "rsa-key-missing",
            "rsa-key-differs", "acl-mismatch", "certificate-expired", "policy-mismatch",
        ),
        "a state of GETVPN, told in sound sessions: the checks that find it have lab tests of their own",
    ),
}  # fmt: skip
"""Kinds of the lab that are no faults of reading, and why."""
NOT_OF_READING = ("login", "enable", "session", "key", "line", "applied", "output")
"""Places where sessions and outputs are harmed: a kind of these may only be left out with a reason of its own."""


def test_every_kind_of_the_lab_is_in_the_table() -> None:
    covered = {case.fault for case in CASES.values()}
    kinds = {kind.name: kind for kind in KINDS}
    of_reading = {name for name, kind in kinds.items() if kind.where in NOT_OF_READING}
    of_reading |= {"prompt-changed", "host-key-changed", "wrong-device", "down"}
    assert covered - {""} <= set(kinds)
    assert of_reading - covered <= {"not-stored"}
    assert not covered & set(ELSEWHERE)


@dataclass(frozen=True)
class Day:
    """One command on a day.

    Attributes:
        code: how it ended.
        told: its JSON.
        said: what it wrote to stderr.
    """

    code: int
    told: Mapping[str, Any]
    said: str

    def outcomes(self, device: str) -> dict[tuple[str, str], dict[str, Any]]:
        """What was concluded about a device and its memberships."""
        return {
            (item["spec_id"], item["subject"]): item
            for item in self.told["outcomes"]
            if item["subject"].partition(" (")[0] == device
        }

    def visit(self, device: str) -> dict[str, Any]:
        (found,) = [item for item in self.told["visits"] if item["device"] == device]
        return dict(found)


@contextlib.contextmanager
def black_hole() -> Iterator[int]:
    """A port whose queue is full: nobody answers who knocks; gives the port."""
    with socket.create_server((HOST, 0), backlog=0) as server, contextlib.ExitStack() as open_:
        for _ in range(2):
            knocking = open_.enter_context(socket.socket())
            knocking.setblocking(False)  # noqa: FBT003 -- of the standard library
            knocking.connect_ex(server.getsockname())
        yield server.getsockname()[1]


def mute(made: socket.socket) -> None:
    made.settimeout(30)
    made.recv(1000)


def web(made: socket.socket) -> None:
    made.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


COMMANDS = {"health": ("health", "--interval", "30"), "doctor": ("doctor",)}
REACHED = {"health": "device-reachable", "doctor": "doctor-login"}
WORST = ("not-applicable", "pass", "waived", "unknown", "error", "fail")
NO_ROUTER = ("web", "mute", "hole")
LAB_ALONE: dict[str, dict[str, object]] = {
    "dub-gm1": {"privilege": 1},
    "old": {"role": "ce", "release": "12.4(22)T5"},
    "unpinned": {"role": "ce", "release": "17.6.5"},
}


def mistake(site: Worksite, ports: Mapping[str, int]) -> None:
    """Put into inventory and known hosts what is not as it should be."""
    file = site.published / "inventory" / "hosts.yaml"
    hosts = yaml.safe_load(file.read_text())
    for name in NO_ROUTER:
        hosts[name] = {"hostname": HOST, "port": ports[name], "data": {"role": "ce"}}
    for case in CASES.values():
        hosts[case.device]["data"].update(case.host)
        hosts[case.device]["connection_options"] = {"getvpn-ops": {"extras": dict(case.ssh)}}
    file.write_text(yaml.safe_dump(hosts))
    known = site.published / "known_hosts"
    unpinned = f"[{HOST}]:{site.lab.port('unpinned')} "
    lines = known.read_text().splitlines(keepends=True)
    known.write_text("".join(line for line in lines if not line.startswith(unpinned)))


def arm(site: Worksite) -> None:
    """Let everything go wrong that can."""
    for case in CASES.values():
        if case.fault:
            standing = case.line is None  # such a fault lasts until it is cleared
            site.arm(case.device, case.fault, case.line, None if standing else case.times, **case.options)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Day, Day]]]:
    """Each command on a good day and on a bad one."""
    root = tmp_path_factory.mktemp("bad-day")
    source = part_of_example(root / "source", changes=LAB_ALONE)
    with Worksite(root, source) as site, plain(web) as web_port, plain(mute) as mute_port, black_hole() as hole:
        good = {name: Day(*site.ask(*words)) for name, words in COMMANDS.items()}
        mistake(site, {"web": web_port, "mute": mute_port, "hole": hole})
        bad = {}
        for name, words in COMMANDS.items():
            arm(site)
            bad[name] = Day(*site.ask(*words))
            site.heal()
            site.lab.advance(300)
        yield {name: (good[name], bad[name]) for name in COMMANDS}


def status(item: Mapping[str, Any]) -> int:
    return WORST.index(item["status"])


def words_of(item: Mapping[str, Any]) -> str:
    """All that an outcome says."""
    return " ".join([item["reason"], *(f"{found['message']} {found['actual']}" for found in item["findings"])])


def test_every_device_is_answered_for_once(days: Mapping[str, tuple[Day, Day]]) -> None:
    for good, bad in days.values():
        asked = [item["device"] for item in bad.told["visits"]]
        assert len(asked) == len(set(asked)) == len(good.told["visits"]) + len(NO_ROUTER)
        assert {case.device for case in CASES.values()} | set(WELL) <= set(asked)
        assert bad.code == ExitCode.FINDINGS
        assert not re.search("Traceback|internal error|defect", bad.said)
        assert bad.told["summary"]["outcomes"]["error"] == 0


def test_who_is_well_is_judged_as_ever(days: Mapping[str, tuple[Day, Day]]) -> None:
    for good, bad in days.values():
        for device in WELL:
            assert bad.visit(device)["trouble"] is None
            before, after = good.outcomes(device), bad.outcomes(device)
            assert before
            assert {key: item["status"] for key, item in after.items()} == {
                key: item["status"] for key, item in before.items()
            }


def test_groups_know_all_that_their_key_servers_said(days: Mapping[str, tuple[Day, Day]]) -> None:
    good, bad = days["health"]
    for group in ("WAN", "PAYMENTS"):
        before, after = good.outcomes(group), bad.outcomes(group)
        worse = {key[0] for key, item in after.items() if status(item) > max(status(before[key]), WORST.index("pass"))}
        assert worse == ({"roster-known"} if group == "WAN" else UNTOLD)
    strangers = bad.outcomes("WAN")["roster-known", "WAN"]
    assert sum("does not know it" in found["actual"] for found in strangers["findings"]) == MANY


@pytest.mark.parametrize("label", CASES)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_fault_is_a_finding_with_its_cause(days: Mapping[str, tuple[Day, Day]], command: str, label: str) -> None:
    case = CASES[label]
    good, bad = days[command]
    visit, before, after = bad.visit(case.device), good.outcomes(case.device), bad.outcomes(case.device)
    assert visit["trouble"] == (case.trouble.value if case.trouble else None), visit["reason"]
    assert len(after) >= len(before), "no question was dropped"
    assert not [key for key, item in after.items() if item["status"] == "pass" and before[key]["status"] != "pass"]
    worse = [item for key, item in after.items() if key not in before or status(item) > status(before[key])]
    worse = [item for item in worse if item["status"] in {"unknown", "fail"}]
    assert bool(worse) == (case.worse and (case.doctor or command == "health"))
    if case.trouble is not None:
        reached = after[REACHED[command], case.device]
        assert reached["status"] in {"unknown", "fail"}
        assert case.trouble.value in words_of(reached)
        assert case.says in visit["reason"]
        assert visit["next_step"]
        assert visit["next_step"] in reached["findings"][0]["next_steps"]
    elif worse:
        assert any(case.says in words_of(item) for item in worse), [words_of(item) for item in worse]
    if not visit["commands"]:
        assert not [key for key, item in after.items() if item["status"] == "pass"]


def test_logins_stop_before_the_account_is_locked(tmp_path: Path) -> None:
    names = ("lds-ks1", "ams-ks1", "dub-ks1", "lds-gm1", "man-gm1", "nor-gm1")
    with Worksite(tmp_path, part_of_example(tmp_path / "source", names)) as site:
        (site.published / "password").write_text("wrong-1\n")
        hosts = site.published / "inventory" / "defaults.yaml"
        hosts.write_text(hosts.read_text().replace(PASSWORD, "wrong-1"))
        for name, words in COMMANDS.items():
            day = Day(*site.ask(*words))
            troubles = [item["trouble"] for item in day.told["visits"]]
            assert troubles.count(Trouble.LOGIN_REFUSED.value) == 3  # as the settings usually say
            assert troubles.count(Trouble.BREAKER.value) == len(names) - 3
            assert {day.outcomes(device)[REACHED[name], device]["status"] for device in names} <= {"fail", "unknown"}
            assert day.code in {ExitCode.FINDINGS, ExitCode.UNDETERMINED}
            assert day.told["summary"]["outcomes"]["pass"] == 0
            assert "wrong-1" not in f"{day.told}{day.said}"


def test_sessions_are_not_held_over_waits(tmp_path: Path) -> None:
    names = ("lds-ks1", "ams-ks1", "dub-ks1", "lds-gm1", "nor-gm1")
    with Worksite(tmp_path, part_of_example(tmp_path / "source", names)) as site:
        for name in names:
            lines = ("line vty 0 4", " exec-timeout 0 5")
            assert site.lab.call(site.lab.router(name).load, lines) == []
        day = Day(*site.ask("health", "--interval", "600"))
        assert not [item["reason"] for item in day.told["visits"] if item["trouble"]]
        assert day.outcomes("lds-gm1")["traffic-errors", "lds-gm1 (WAN)"]["status"] == "pass"


def test_what_cannot_be_read_is_3_and_what_failed_is_4(tmp_path: Path) -> None:
    names = ("lds-ks1", "ams-ks1", "dub-ks1", "lds-gm1", "nor-gm1")
    one = ("health", "--interval", "30", "--limit", "nor-gm1", "--check")
    with Worksite(tmp_path, part_of_example(tmp_path / "source", names)) as site:
        assert site.ask(*one, "registration-complete")[0] == ExitCode.GOOD
        site.arm("nor-gm1", "reject", GDOI, 0, text=STRANGE)
        code, told, _ = site.ask(*one, "registration-complete")
        assert (code, told["summary"]["outcomes"]["unknown"]) == (ExitCode.UNDETERMINED, 1)
        site.heal()
        site.arm("nor-gm1", "down")
        assert site.ask(*one, "registration-complete")[0] == ExitCode.UNDETERMINED
        assert site.ask("doctor", "--limit", "nor-gm1")[0] == ExitCode.FINDINGS
