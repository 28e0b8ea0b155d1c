"""``diagnose`` over states: whom it speaks of, what a second look adds, captures without inventory, what is shown."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fleets import BankFleet, Silent, changed, edited, state_of
from rich.console import Console
from wards import EARLY, Ward, early, healthy

from getvpn_ops.checks.diagnosis import CAUSES
from getvpn_ops.devices.permissions import Purpose, permit
from getvpn_ops.engine.diagnose import diagnose, look_again, second_look, with_captures
from getvpn_ops.errors import UsageError
from getvpn_ops.model.capture import Capture
from getvpn_ops.model.diagnosis import Likelihood, Points
from getvpn_ops.model.inventory import Device, Inventory
from getvpn_ops.model.plain import to_plain
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.reach import Ping
from getvpn_ops.model.values import Sentinel
from getvpn_ops.reports.diagnosis import cause_page, diagnosis_view

if TYPE_CHECKING:
    from rich.console import RenderableType

    from getvpn_ops.model.diagnosis import Diagnosis
    from getvpn_ops.model.fleet import FleetState


def shown(view: RenderableType, width: int = 160) -> str:
    console = Console(file=io.StringIO(), width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as text:
        console.print(view)
    return text.get()


def wan(state: FleetState, target: str = "WAN") -> Diagnosis:
    return next(item for item in diagnose(state, target) if item.group == "WAN")


def test_a_group_a_device_or_everything() -> None:
    state = healthy()
    assert [item.group for item in diagnose(state)] == ["WAN", "PAYMENTS"]
    assert [(item.subject, item.group) for item in diagnose(state, "WAN")] == [("WAN", "WAN")]
    assert [(item.subject, item.group) for item in diagnose(state, "bir-gm1")] == [
        ("bir-gm1", "WAN"),
        ("bir-gm1", "PAYMENTS"),
    ]
    assert [item.subject for item in diagnose(state, "lds-ks1")] == ["lds-ks1", "lds-ks1"]
    assert diagnose(state, "swa-ce1") == (), "it is in no group"


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(UsageError, match="did you mean ork-gm1"):
        diagnose(healthy(), "ork-gm")


def test_a_device_is_spared_what_does_not_concern_it() -> None:
    diagnosis = wan(early(), "edi-gm1")
    assert {symptom.device for symptom in diagnosis.symptoms} == {"edi-gm1"}
    assert all("edi-gm1" in item.devices for item in diagnosis.suspects)


def test_clues_have_their_evidence_and_commands_their_names() -> None:
    first = wan(early(), "ork-gm1").suspects[0]
    assert first.cause == "psk-mismatch"
    clue = first.clues[0]
    assert clue.points is Points.FOR
    assert {seen.command for seen in clue.evidence} == {"show logging"}
    assert "IKMP_BAD_MESSAGE" in clue.says
    steps = {(step.device, step.command) for step in first.confirm}
    assert ("ork-gm1", "show crypto isakmp sa") in steps
    assert any("10.254.21.2" in command for _, command in steps)
    assert first.heal


def test_captures_without_an_inventory() -> None:
    """The same faults where nobody says who is who: key servers and members show it themselves."""
    ward = Ward()
    ward.psk("ork-gm1")
    ward.rights("nor-gm1")
    ward.no_map("edi-gm1")
    ward.pass_time(minutes=5)
    bare = Inventory({name: Device(name) for name in ward.world.routers})
    state = state_of(ward, inventory=bare)
    assert state.inventory.gdoi_groups == {}
    expected = {"ork-gm1": "psk-mismatch", "nor-gm1": "not-authorized", "edi-gm1": "crypto-map-missing"}
    for device, cause in expected.items():
        assert wan(state, device).suspects[0].cause == cause, device
    assert not wan(state, "ham-gm1").symptoms


def test_a_second_look_tells_a_filter_from_a_missing_way() -> None:
    ward = Ward()
    ward.udp_848("bri-gm1")
    ward.harm("split", "aar-gm1")
    ward.clear("aar-gm1")
    ward.pass_time(minutes=5)
    state = state_of(ward)
    before = wan(state, "bri-gm1").suspects
    assert {item.cause for item in before[:2]} == {"udp-848-blocked", "no-route-to-server"}
    assert before[0].score == before[1].score
    commands = second_look(state, "WAN")
    assert {device.name for device in commands} == {"bri-gm1", "aar-gm1"}
    assert all(command.startswith("ping 10.255.0.") for asked in commands.values() for command in asked)
    state = look_again(state, commands, run="r", fleet=BankFleet(ward), archive=Silent(), progress=Silent())
    # The lab's key servers are no part of its traffic: what their echoes would say is put in by hand.
    for device, percent in {"bri-gm1": 100, "aar-gm1": 0}.items():
        text = (
            "Sending 3, 100-byte ICMP Echos to 10.255.0.1, timeout is 1 second:\n"
            f"Success rate is {percent} percent ({percent // 33}/3)\n"
        )
        answer = Capture(device, "ping 10.255.0.1 repeat 3 timeout 1", text.encode(), state.ended)
        fresh = changed(
            state, device, evidence=tuple(item for item in state.devices[device].evidence if item.kind is not Ping)
        )
        state = with_captures(fresh, [answer])
    assert wan(state, "bri-gm1").suspects[0].cause == "udp-848-blocked"
    assert "no-route-to-server" in {item.cause for item in wan(state, "bri-gm1").ruled_out}
    assert wan(state, "aar-gm1").suspects[0].cause == "no-route-to-server"


def test_a_second_look_finds_a_narrow_path() -> None:
    ward = Ward()
    ward.harm("mtu", "edi-gm1")
    ward.pass_time(minutes=1)
    state = state_of(ward)
    assert not wan(state, "edi-gm1").symptoms
    commands = second_look(state, "edi-gm1")
    assert [command.split()[-1] for asked in commands.values() for command in asked] == ["10.7.0.1", "df-bit"]
    state = look_again(state, commands, run="r", fleet=BankFleet(ward), archive=Silent(), progress=Silent())
    diagnosis = wan(state, "edi-gm1")
    assert [(item.cause, item.likelihood) for item in diagnosis.suspects] == [("mtu-black-hole", Likelihood.CERTAIN)]


def test_nothing_is_asked_again_where_all_is_well() -> None:
    state = healthy()
    assert second_look(state, "WAN") == {}
    assert look_again(state, {}, run="r", fleet=BankFleet(Ward()), archive=Silent(), progress=Silent()) is state


@pytest.mark.parametrize("width", [80, 160])
def test_a_person_reads_it_in_order(width: int) -> None:
    text = shown(diagnosis_view(wan(early())), width)
    assert text.startswith("WAN: ")
    for word in ("certain", "likely", "confirm", "mend", "ruled out", "looked at 27 devices"):
        assert word in text
    assert text.index("certain") < text.index("likely")
    assert max(map(len, text.splitlines())) <= width


def test_a_healthy_group_says_what_was_looked_at() -> None:
    text = shown(diagnosis_view(wan(healthy())))
    assert text.startswith("WAN: no symptom")
    assert "could not be looked at" in text, "a probe was not sent"
    assert "looked at 27 devices" in text


def test_what_devices_say_cannot_command_the_terminal() -> None:
    bad = "\x1b[2J\u202egm\r\nsecond line"
    diagnosis = wan(early(), "ork-gm1")
    first = diagnosis.suspects[0]
    clue, step = replace(first.clues[0], says=bad), replace(first.confirm[0], device=bad, command=bad)
    hostile = replace(first, title=bad, devices=(bad,), clues=(clue,), confirm=(step,), heal=(bad,))
    symptom = replace(diagnosis.symptoms[0], device=bad, says=bad)
    text = shown(
        diagnosis_view(
            replace(diagnosis, subject=bad, suspects=(hostile,), symptoms=(symptom,), unexplained=(symptom,))
        )
    )
    assert not set("\x1b\u202e\r") & set(text)
    assert not [line for line in text.splitlines() if line.startswith("second line")]


def test_it_is_plain_data() -> None:
    plain = json.loads(json.dumps(to_plain({"schema": 1, "diagnoses": diagnose(early(), "WAN")})))
    first = plain["diagnoses"][0]["suspects"][0]
    assert set(first) == {
        "cause", "title", "likelihood", "score", "devices", "clues", "explains", "confirm", "heal", "why",
    }  # fmt: skip
    assert first["likelihood"] == "certain"
    assert first["clues"][0]["points"] == "for"


def test_each_cause_has_a_page() -> None:
    for cause in CAUSES:
        page = shown(cause_page(cause, CAUSES.scope(cause.id)))
        assert cause.id in page
        assert "what proves it" in page


def test_every_fault_of_the_ward_is_named_in_the_group() -> None:
    suspected = {(item.cause, device) for item in wan(early()).suspects for device in item.devices}
    assert {(cause, member) for member, (_, cause) in EARLY.items()} <= suspected


VRFS: dict[str, tuple[dict[str, object], str, str]] = {
    "the global table": ({"vrf": Sentinel.NONE}, "ping 10.", "ping 10."),
    "one VRF": ({"vrf": "WAN", "fvrf": None, "ivrf": None}, "ping vrf WAN 10.", "ping vrf WAN 10."),
    "one outside, one inside": ({"fvrf": "OUT", "ivrf": "IN"}, "ping vrf OUT 10.", "ping vrf IN 10."),
    "outside only": ({"fvrf": "OUT", "ivrf": Sentinel.NONE}, "ping vrf OUT 10.", "ping 10."),
}


@pytest.mark.parametrize(("fields", "outside", "inside"), VRFS.values(), ids=VRFS)
def test_probes_start_in_the_vrf_of_the_member(fields: dict[str, object], outside: str, inside: str) -> None:
    def placed(state: FleetState, device: str) -> FleetState:
        def edit(gdoi: Gdoi) -> Gdoi:
            groups = (
                replace(group, members=tuple(replace(item, **fields) for item in group.members))  # type: ignore[arg-type]
                for group in gdoi.groups
            )
            return replace(gdoi, groups=tuple(groups))

        return edited(state, device, Gdoi, edit)

    for state, device, begin in ((early(), "bri-gm1", outside), (healthy(), "edi-gm1", inside)):
        (asked,) = second_look(placed(state, device), device).values()
        assert all(command.startswith(begin) for command in asked)
        for command in asked:
            permit(command, Purpose.PROBE)
