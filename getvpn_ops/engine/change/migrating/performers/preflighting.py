"""Routers asked beforehand (guide, "Migrating to GETVPN": reachability, PKI, NTP; "GETVPN prerequisites").

Everything is read or probed in two sessions a router, by the same door as any sweep: screens first, for they say from
which addresses echoes leave, and then echoes. Rows stand in the journal, one record a router (``FACTS``).
"""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lockout.needs import Service
from getvpn_ops.analysis.lockout.services_used import services_used
from getvpn_ops.engine.change.actions.typing_lines import perform_of
from getvpn_ops.engine.change.migrating.performers import preflight_judging as judge
from getvpn_ops.engine.change.migrating.performers.given import Looks, params_of, some
from getvpn_ops.engine.change.migrating.performers.preflight_asking import Asked, Way
from getvpn_ops.engine.change.migrating.performers.preflight_ends import Ends, partners
from getvpn_ops.engine.change.migrating.performers.preflight_rows import PLAN, Row, joined, summary
from getvpn_ops.engine.change.migrating.performers.preflight_standing import Standing, standing
from getvpn_ops.engine.change.migrating.performers.preflight_ways import Ways
from getvpn_ops.engine.change.scene import CONFIGURATION, Hold
from getvpn_ops.engine.collect import Wish
from getvpn_ops.engine.forecast.link_reading import whole_configuration
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.outcome import Status
from getvpn_ops.model.plan import Configure
from getvpn_ops.workflow.playbooks.preflight import FACTS, PreflightParams, Question

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from getvpn_ops.analysis.lockout.needs import NeededFlow
    from getvpn_ops.engine.change.migrating.performers.preflight_ends import End
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.plan import PlannedStep

_SCREENS = (
    "show version",
    "show ntp status",
    "show crypto gdoi",
    "show crypto map",
    "show crypto ipsec sa",
    CONFIGURATION,
)
_REGISTERS, _PROVES = "configure", "prove-traffic"
_MEMBERS_ALONE = frozenset({Question.ESP, Question.PASSIVE, Question.ARCHIVE, Question.MTU})


class Preflighting(Looks):
    """The performer of ``preflight``."""

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Ask, judge, write down all rows, and hold for those that are bad or not known."""
        if scene.log.proven(step.id) is not None:
            return None
        params = params_of(step, PreflightParams)
        rows = list(_Preflight(step, scene, params).rows())
        by_device: dict[str, dict[str, str]] = {}
        for row in rows:
            by_device.setdefault(row.device, {})[row.question.value] = row.told
        for device, facts in by_device.items():
            scene.log.saw(f"{step.id}.{device}.{FACTS}", facts)
        again = f"getvpn-ops resume {scene.run}"
        held = [row for row in rows if row.holds(params.open)]
        if bad := [row for row in held if row.status is Status.FAIL]:
            return Hold(f"'{step.title}': {some([row.line for row in bad])}", f"mend that, then: {again}")
        if held:
            reason = f"'{step.title}': what is not known is not passed: {some([row.line for row in held])}"
            names = ", ".join(sorted({row.question.value for row in held}))
            after = f"{again}, or let the questions stay open in the playbook (open: [{names}]), and plan anew"
            return Hold(reason, after, ExitCode.UNDETERMINED)
        told = summary(rows)
        scene.log.prove(step.id, step.groups[0] if step.groups else "", told)
        scene.say(f"{step.title}: {told}")
        return None


class _Preflight:
    """All questions of one stage."""

    def __init__(self, step: PlannedStep, scene: Scene, params: PreflightParams) -> None:
        self._step, self._scene, self._params = step, scene, params
        names = [name for name in perform_of(step).parameter("targets").split(",") if name]
        self._targets = tuple(scene.device(name) for name in names)
        self._configs: dict[str, RunningConfig] = {}
        self._ends: dict[str, list[End]] = {}
        self._needs: dict[str, tuple[NeededFlow, ...]] = {}
        self._spoken: dict[str, dict[str, tuple[End, ...]]] = {}
        self._kinds: dict[str, Ends] = {}
        self._of_device: dict[str, list[End]] = {}
        self._stands: dict[tuple[str, str], Standing] = {}

    def rows(self) -> Iterator[Row]:
        """One for each question and router that it is about, in the order of routers."""
        scene = self._scene
        fleet = scene.collector.collect(scene.run, scene.inventory, self._wish())
        self._read(fleet)
        ways = Ways(scene.inventory, self._configs)
        asked = self._send()
        for device in self._targets:
            yield from self._of(device, fleet, ways, asked[device.name])
        if Question.LOCKOUT in self._params.asked:
            yield self._lockout()

    # -- asking

    def _wish(self) -> Wish:
        """Who else is a key server or a member is read as well: their lists lie on the way."""
        groups = self._step.groups
        inventory = self._scene.inventory
        others = (item for group in groups for item in (*inventory.key_servers(group), *inventory.members(group)))
        devices = tuple({item.name: item for item in (*self._targets, *others)}.values())
        return Wish(devices, interval=timedelta(), script=lambda _: _ask())

    def _read(self, fleet: FleetState) -> None:
        for name, state in fleet.devices.items():
            if (config := whole_configuration(state)) is not None:
                self._configs[name] = config
        inventory = self._scene.inventory
        for group in self._step.groups:
            self._kinds[group] = Ends(inventory, group)
            devices = {item.name: item for item in (*inventory.key_servers(group), *inventory.members(group))}
            ends = [self._kinds[group].of(item, self._configs.get(item.name)) for item in devices.values()]
            self._ends[group] = ends
            self._spoken[group] = partners(ends, self._params.peers)
            is_shy = self._is_shy(group)
            for end in ends:
                self._of_device.setdefault(end.name, []).append(end)
                if not end.why:
                    stands = standing(fleet, self._configs[end.name], group, end.name, receive_only=is_shy)
                    self._stands[group, end.name] = stands
        for device in self._targets:
            config = self._configs.get(device.name)
            self._needs[device.name] = services_used(config) if config is not None else ()

    def _send(self) -> dict[str, Asked]:
        """Echoes of all routers, one session each."""
        scene = self._scene
        asked = {device.name: self._asked(device) for device in self._targets}
        scripts = {scene.device(name): item.script for name, item in asked.items() if item.echoes or item.sized}
        visits = scene.probes.ask(scripts, keep=scene.keep, progress=scene.progress)
        for name, item in asked.items():
            visit = visits.get(name)
            trouble = visit.trouble.value if visit is not None and visit.trouble is not None else "no answer"
            item.ended((visit.reason if visit is not None else "") or trouble)
        return asked

    def _asked(self, device: Device) -> Asked:
        params, echoes = self._params, list[Way]()
        for end in self._own(device):
            if Question.KEY_SERVERS in params.asked and end.address is not None:
                echoes += [Way(end.address, server, end.vrf) for server in (end.servers or {}).values()]
        echoes += judge.ways_of(self._needed(device, Service.NTP)) if Question.NTP in params.asked else ()
        if Question.PKI in params.asked and self._by_certificates(device):
            echoes += judge.ways_of(self._needed(device, *judge.PKI_SERVICES))
        sized = [way for end in self._own(device) for way in self._sized(end)] if Question.MTU in params.asked else []
        return Asked(tuple(dict.fromkeys(echoes)), tuple(dict.fromkeys(sized)), params.largest, params.repeat)

    def _own(self, device: Device) -> list[End]:
        return self._of_device.get(device.name, [])

    def _needed(self, device: Device, *services: Service) -> list[NeededFlow]:
        return [need for need in self._needs[device.name] if need.service in services]

    def _by_certificates(self, device: Device) -> bool:
        groups = self._scene.inventory.gdoi_groups
        return any(groups[end.group].ike.pki is not None for end in self._own(device))

    def _sized(self, end: End) -> dict[Way, End]:
        """What is sent to which other site; from the networks behind both where they have any."""
        found = {}
        for other in self._spoken[end.group].get(end.name, ()):
            if end.lan is not None and other.lan is not None:
                found[Way(end.lan, other.lan, end.lan_vrf)] = other
            elif end.address is not None and other.address is not None:
                found[Way(end.address, other.address, end.vrf)] = other
        return found

    # -- judging

    def _of(self, device: Device, fleet: FleetState, ways: Ways, asked: Asked) -> Iterator[Row]:
        for question in self._params.asked:
            if question is Question.LOCKOUT or (device.role is Role.KEY_SERVER and question in _MEMBERS_ALONE):
                continue
            if device.name not in self._configs:
                state = fleet.devices.get(device.name)
                visit = state.visit if state is not None else None
                why = visit.reason if visit is not None and visit.reason else "its configuration was not read whole"
                yield Row(question, device.name, Status.UNKNOWN, why)
                continue
            if question is Question.NTP:
                yield judge.ntp(fleet.devices[device.name], self._needed(device, Service.NTP), asked)
                continue
            if question is Question.PKI:
                used = self._by_certificates(device)
                needs = self._needed(device, *judge.PKI_SERVICES) if used else []
                yield judge.pki(device.name, needs, asked, ways, used=used)
                continue
            ends = self._own(device)
            found = [self._judged(question, end, fleet, ways, asked) for end in ends]
            yield joined(question, device.name, found)

    def _judged(self, question: Question, end: End, fleet: FleetState, ways: Ways, asked: Asked) -> Row:
        if end.why and question is not Question.PASSIVE:
            return Row(question, end.name, Status.UNKNOWN, f"group {end.group}: {end.why}")
        others = self._spoken[end.group].get(end.name, ())
        match question:
            case Question.KEY_SERVERS:
                return judge.key_servers(end, asked, ways)
            case Question.GDOI:
                return ways.gdoi(end, self._standing(end).registered, self._later(_REGISTERS, end.name))
            case Question.ESP:
                return ways.esp(end, others, self._carried(end, asked), self._later(_PROVES, end.name))
            case Question.NAT:
                return judge.nat(end)
            case Question.PASSIVE:
                return judge.passive(end, fleet.devices[end.name])
            case Question.ARCHIVE:
                return judge.archive(end, self._configs[end.name], self._timers.get(end.name, 0))
            case _:
                policies = self._kinds[end.group].plan.policies
                transforms = [(item.transform_set.transforms, item.replay.time is not None) for item in policies]
                sized = judge.Sized(transforms, self._params.largest, self._encrypting(end))
                return judge.mtu(end, self._sized(end), asked, sized)

    def _is_shy(self, group: str) -> bool:
        """Whether any of its key servers is configured receive-only."""
        ends = (end for end in self._ends[group] if not end.is_member and not end.why)
        local = (item.server_local for end in ends for item in self._configs[end.name].gdoi_groups)
        return any(server is not None and bool(server.receive_only) for server in local)

    def _standing(self, end: End) -> Standing:
        return self._stands.get((end.group, end.name), Standing())

    def _encrypting(self, end: End) -> frozenset[str]:
        """Who of a member and those that it speaks with sends encrypted already."""
        both = (end, *self._spoken[end.group].get(end.name, ()))
        return frozenset(item.name for item in both if self._standing(item).encrypts)

    def _carried(self, end: End, asked: Asked) -> str:
        """What shows that ESP comes to a member; empty if nothing does."""
        if count := self._standing(end).decrypted:
            return f"it decrypted {count} packets"
        encrypting = self._encrypting(end)
        for way, other in self._sized(end).items():
            passed = asked.passed.get(way)
            if isinstance(passed, int) and passed and {end.name, other.name} <= encrypting:
                return f"echoes to {other.name} come back, and both encrypt"
        return ""

    def _later(self, action: str, device: str) -> str:
        """The stage of the plan, behind this one, that shows what nothing shows now; empty if none does.

        One about the router comes first; else one about others, which shows it of the network between.
        """
        own = perform_of(self._step).parameter("stage")
        behind = list(self._scene.plan.stages)
        names = [stage.id for stage in behind]
        behind = behind[names.index(own) + 1 :] if own in names else []
        found = [stage for stage in behind if stage.action == action]
        return next((stage.id for stage in (*(x for x in found if device in x.devices), *found)), "")

    @cached_property
    def _timers(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for step in self._scene.plan.steps:
            if isinstance(step.act, Configure) and step.act.revert_minutes:
                found[step.device] = found.get(step.device, 0) + 1
        return found

    def _lockout(self) -> Row:
        """As the plan says: it is a question of lines, and was answered with them."""
        cuts = self._scene.plan.lockouts
        if cuts:
            return Row(Question.LOCKOUT, PLAN, Status.FAIL, "; ".join(cuts))
        return Row(
            Question.LOCKOUT, PLAN, Status.PASS, "the plan cuts nothing that routers need, as judged when it was made"
        )


def _ask() -> Script:
    for command in _SCREENS:  # noqa: UP028 -- a tuple cannot be sent the captures
        yield command
