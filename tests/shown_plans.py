"""Plans to report on: one with everything in it, one for thousands of members, one with a text of choice everywhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from getvpn_ops.model.change import RekeyEffect, StepKind
from getvpn_ops.model.plan import (
    Configure,
    Fingerprint,
    LeftOut,
    Perform,
    Plan,
    PlannedDevice,
    PlannedLine,
    PlannedRekey,
    PlannedStage,
    PlannedStep,
    PredictedEffect,
    Statement,
    Wave,
)
from getvpn_ops.model.plan_times import PlannedFreeze, PlannedTime, PlannedWindow

MADE = datetime(2026, 3, 1, 8, 5, tzinfo=UTC)
PRINT = Fingerprint("a" * 64, "b" * 64, "17.6.5", "FTX1234A0BC")
GROUP = ("crypto gdoi group WAN", "server local", "sa ipsec 1")
LIST = "ip access-list extended WAN_POLICY_r2"
MAP = ("crypto map VPN 10 gdoi",)


def device(name: str, role: str = "gm", *, is_changed: bool = True) -> PlannedDevice:
    return PlannedDevice(name, role, ("WAN",), name[:3], PRINT, is_changed)


def swap(number: int, name: str) -> PlannedStep:
    """A list is swapped on a key server."""
    return PlannedStep(
        f"{number:03}-{name}-swap-list", name, "swap the list of group WAN to WAN_POLICY_r2",
        Configure(
            StepKind.SET,
            (PlannedLine("match address ipv4 WAN_POLICY_r2", GROUP),),
            (PlannedLine("match address ipv4 WAN_POLICY", GROUP),),
            RekeyEffect.BY_COMMAND, ("c" * 64, "d" * 64),
        ),
        ("WAN",), ("members drop nothing while both lists permit the same",), "one more rekey",
    )  # fmt: skip


def build(number: int, name: str) -> PlannedStep:
    return PlannedStep(
        f"{number:03}-{name}-build", name, "build list WAN_POLICY_r2",
        Configure(
            StepKind.BUILD,
            (
                PlannedLine(LIST), PlannedLine("deny tcp any eq 22 any", (LIST,)),
                PlannedLine("permit ip any any", (LIST,)),
            ),
            (PlannedLine(f"no {LIST}"),),
        ),
        ("WAN",),
    )  # fmt: skip


def key(number: int, name: str) -> PlannedStep:
    """A member's own key, another placeholder on each."""
    shown = f"crypto isakmp key <redacted sha256:{number:012x}> address 10.255.0.1"
    return PlannedStep(
        f"{number:03}-{name}-key", name, f"change the key of {name}",
        Configure(
            StepKind.SET, (PlannedLine(shown), PlannedLine("set local-address Loopback0", MAP)),
            (PlannedLine("no set local-address", MAP), PlannedLine(f"no {shown}")), RekeyEffect.REGISTRATION,
            revert_minutes=5,
        ),
        ("WAN",),
    )  # fmt: skip


def save(number: int, name: str) -> PlannedStep:
    return PlannedStep(f"{number:03}-{name}-save", name, "save", Perform("save", lines=("write memory",)))


def rekey(number: int) -> PlannedStep:
    act = Perform("prove-rekey", (("group", "WAN"),), ("crypto gdoi ks rekey",), once=True)
    return PlannedStep(f"{number:03}-wan-rekey", "", "rekey group WAN on its primary", act, ("WAN",))


def plan(**fields: object) -> Plan:
    """A list is swapped on two key servers; a member gets a key; one is silent, one is as intended."""
    usual: dict[str, object] = {
        "id": "p-20260301-080500-k3f9", "what": "push WAN", "made": MADE, "expires": MADE + timedelta(hours=4),
        "by": "ops@noc1", "inventory": "e" * 64,
        "devices": (
            device("fal-ks2", "ks"), device("hub-ks1", "ks"), device("bat-gm1"), device("abe-gm1", is_changed=False),
        ),
        "waves": (
            Wave("key server fal-ks2", (build(1, "fal-ks2"), swap(2, "fal-ks2"))),
            Wave("key server hub-ks1, the primary", (build(3, "hub-ks1"), swap(4, "hub-ks1"))),
            Wave("rekey of WAN", (rekey(5),)),
            Wave("members", (key(6, "bat-gm1"),), at_once=10, ring=1),
            Wave("save", (save(7, "fal-ks2"), save(8, "hub-ks1"), save(9, "bat-gm1")), at_once=10),
        ),
        "rekeys": (PlannedRekey("WAN", "005-wan-rekey", "when it is typed", "the old keys live on for 90 s"),),
        "effects": (
            PredictedEffect("WAN", "swap the list", Statement.HITLESS, 0.0, ("SSH passes in clear before and after",)),
            PredictedEffect("WAN", "register again", Statement.LOSES, 12.0, ("bat-gm1 loses its traffic for 12 s",)),
        ),
        "left_out": (
            LeftOut("cph-gm1", "unreachable: no answer within 10 s", is_known=False),
            LeftOut("rom-gm1", "as intended", is_known=True),
        ),
        "notes": ("run `getvpn-ops plan action reregister bat-gm1` next",),
    }  # fmt: skip
    return Plan(**(usual | fields))  # type: ignore[arg-type]


def staged() -> Plan:
    """Key servers, then a member in rings, at night."""
    servers, members = plan().waves[:2], plan().waves[3]
    waves = (*(replace(wave, stage="servers") for wave in servers), replace(members, stage="members"))
    stages = (
        PlannedStage(
            "servers", "key servers serve the new list", "configure", ("fal-ks2", "hub-ks1"),
            ("coop-single-primary", "parity-acl"), "is it the time for that?", windowed=True, timeout=240,
            time=PlannedTime(30, 95, 5400, ("key server configured: 20 s, assumed",)),
        ),
        PlannedStage(
            "members", "members get their keys", "configure", ("bat-gm1",), timeout=60, time=PlannedTime(5, 40, 4000),
        ),
    )  # fmt: skip
    return plan(
        what="playbook swap-acl WAN", waves=waves, stages=stages, rekeys=(), effects=(), left_out=(),
        windows=(PlannedWindow(("sat", "sun"), "22:00", "05:00", "Europe/London"),),
        freezes=(PlannedFreeze(MADE + timedelta(days=290), MADE + timedelta(days=300), "end of the year"),),
    )  # fmt: skip


def refused() -> Plan:
    """A clear on a key server that somebody has to type, and that would lock out."""
    clear = PlannedStep(
        "001-hub-ks1-clear", "hub-ks1", "clear crypto gdoi",
        Perform("clear-key-server", lines=("clear crypto gdoi",), once=True), ("WAN",),
    )  # fmt: skip
    return plan(
        what="action clear-key-server hub-ks1", devices=(device("hub-ks1", "ks"),), waves=(Wave("clear", (clear,)),),
        rekeys=(), left_out=(), notes=(), confirm="clear hub-ks1",
        drops=("2 members of WAN, until they register again",),
        effects=(PredictedEffect("WAN", "clear", Statement.CANNOT_TELL, None, ("nobody knows when they come back",)),),
        lockouts=("bat-gm1: SSH of the manager",), refusals=("the group has two primaries",),
    )  # fmt: skip


def large(members: int) -> Plan:
    """Every member gets its own key, ten at once."""
    names = [f"site{number:04}-gm1" for number in range(members)]
    waves = tuple(
        Wave(
            f"members, batch {at // 10 + 1}",
            tuple(key(at + number, name) for number, name in enumerate(names[at : at + 10])),
            at_once=10,
        )
        for at in range(0, members, 10)
    )
    return plan(devices=tuple(map(device, names)), waves=waves, rekeys=(), effects=(), left_out=(), notes=())


def hostile(text: str) -> Plan:
    """The same text in every field that a device, an inventory or a person could fill."""
    word = text or "x"
    lines = (PlannedLine(text, (word,)), PlannedLine(text))
    steps = (
        PlannedStep("001", word, text, Configure(StepKind.SET, lines, lines), (word,), (text,), text),
        PlannedStep("002", word, text, Perform(word, ((word, text),), (text,)), (word,), (text,), text),
        PlannedStep("003", "", text, Perform(word, lines=(text,)), way_back=text),
    )
    return plan(
        what=text, by=text, devices=(PlannedDevice(word, "ks", (word,), text, PRINT),),
        waves=(Wave(text, steps, stage=word),),
        stages=(
            PlannedStage(
                word, text, text, (word,), (word,), text, windowed=True, timeout=5,
                time=PlannedTime(1, 2, 3, (text,)),
            ),
        ),
        windows=(PlannedWindow((text,), text, text, text),), freezes=(PlannedFreeze(MADE, MADE, text),),
        rekeys=(PlannedRekey(word, word, text, text),), confirm=word, drops=(text,), notes=(text,),
        effects=(PredictedEffect(word, text, Statement.LOSES, 1.0, (text,)),), lockouts=(text,), refusals=(text,),
        left_out=(LeftOut(word, text, is_known=False),),
    )  # fmt: skip
