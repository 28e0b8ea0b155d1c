"""``config diff``: read what routers run, and hold each against what it should hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from getvpn_ops.dialect.releases import release_of
from getvpn_ops.engine.assemble import evidence_of
from getvpn_ops.engine.config.drift import NO_SOURCE, KeyTerms, difference_of, doubt_of
from getvpn_ops.engine.config.faults import faults_of
from getvpn_ops.errors import DispatchError, MistakesError
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.config_diff import DeviceDiff, Remark, RemarkKind, Standing
from getvpn_ops.remediation.apply import RefusedLineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from getvpn_ops.engine.config.intended import Intents
    from getvpn_ops.engine.ports import Archive, Clock, Fleet, Progress, Script
    from getvpn_ops.model.capture import Capture, Visit
    from getvpn_ops.model.fleet import DeviceState, Evidence
    from getvpn_ops.model.inventory import Device, Inventory

COMMAND = "show running-config"
_XE_THREE = "3."


@dataclass(frozen=True, slots=True)
class Read:
    """What asking a fleet for its configurations gave.

    Attributes:
        started: UTC.
        ended: likewise.
        captures: of each device that answered, secrets replaced; not parsed yet, for a fleet is large.
        visits: one a device.
    """

    started: datetime
    ended: datetime
    captures: Mapping[str, Capture]
    visits: Mapping[str, Visit]


def configuration_script(_device: Device) -> Script:
    """The one command."""
    yield COMMAND


def read_configurations(  # noqa: PLR0913 -- the ports of one sweep
    run: str, devices: Sequence[Device], *, fleet: Fleet, clock: Clock, archive: Archive, progress: Progress
) -> Read:
    """Ask devices for their running configurations, and keep what they say.

    Args:
        run: under which captures are kept.
        devices: whom to ask.
        fleet: who asks.
        clock: their time.
        archive: keeps captures before they are read.
        progress: is told.

    Raises:
        DispatchError: nobody is to be asked.
    """
    if not devices:
        raise DispatchError("no device is selected")
    lock, captures = Lock(), {}

    def keep(capture: Capture) -> None:
        archive.put_capture(run, capture)
        with lock:
            captures[capture.device] = capture

    started = clock.now()
    progress.begin("configurations", len(devices))
    try:
        scripts = {device: partial(configuration_script, device) for device in devices}
        visits = fleet.ask(scripts, keep=keep, progress=progress)
    finally:
        progress.end()
    archive.put_visits(run, visits.values())
    return Read(started, clock.now(), captures, visits)


class _Wrong:
    """What keeps groups and devices from being rendered; each is tried once, for a group may have thousands."""

    def __init__(self) -> None:
        self._tried: dict[tuple[str, str], bool] = {}
        self._mistakes: dict[str, None] = {}
        self._what = ""

    def unless(self, kind: str, name: str, render: Callable[[], object]) -> bool:
        """Whether something can be rendered."""
        key = (kind, name)
        if key not in self._tried:
            try:
                render()
            except MistakesError as exc:
                self._what = exc.what
                self._mistakes.update(dict.fromkeys(exc.mistakes))
                self._tried[key] = False
            else:
                self._tried[key] = True
        return self._tried[key]

    def settle(self) -> None:
        if self._mistakes:
            raise MistakesError(self._what, tuple(self._mistakes))


class Differ:
    """Holds devices of one inventory against their intents, one at a time: nothing of one is kept for the next."""

    def __init__(self, intents: Intents, inventory: Inventory, keys: KeyTerms = NO_SOURCE) -> None:
        """For one inventory.

        Args:
            intents: of it.
            inventory: for the groups of devices that are not described.
            keys: what may be said of pre-shared keys.
        """
        self._intents = intents
        self._inventory = inventory
        self._keys = keys

    def described(self, devices: Iterable[Device]) -> tuple[tuple[Device, ...], tuple[str, ...]]:
        """Which devices are in a group whose file says what it should be; of other groups, what is missing.

        Raises:
            MistakesError: one of them cannot be rendered; says everything that keeps any of them from it.
        """
        chosen, wrong = [], _Wrong()
        partly: dict[str, list[str]] = {}
        for device in devices:
            groups = self._intents.resolver.groups_of(device)
            for group in device.gdoi_groups:
                if group not in groups:
                    partly.setdefault(group, []).append(device.name)
            if groups:
                chosen.append(device)
                if all(wrong.unless("group", group, partial(self._intents.resolver.group, group)) for group in groups):
                    wrong.unless("device", device.name, partial(self._intents.resolver.config, device.name))
        wrong.settle()
        return tuple(chosen), tuple(self._missing(group, names) for group, names in partly.items())

    def _missing(self, group: str, names: Sequence[str]) -> str:
        why = "no file in gdoi_groups/ describes it"
        if group in self._inventory.gdoi_groups:
            why = "its file has no `policies`, so it does not say what is encrypted and how"
        who = names[0] if len(names) == 1 else f"{len(names)} devices"
        return f"group {group} of {who} is not compared: {why}"

    def of_visit(self, device: Device, capture: Capture | None, visit: Visit | None) -> DeviceDiff:
        """Judge a device that was asked."""
        if visit is None:
            return self._unknown(device, "it was not asked")
        if capture is None:
            trouble = visit.trouble.value if visit.trouble is not None else "it gave no answer"
            why = f"{trouble}{f': {visit.reason}' if visit.reason else ''}"
            return self._unknown(device, why, visit.next_step)
        return self._judged(device, evidence_of(capture), visit.next_step)

    def of_state(self, device: Device, state: DeviceState | None) -> DeviceDiff:
        """Judge a device that captures tell of, by its newest running configuration alone."""
        found = [] if state is None else [
            item for item in state.evidence if item.kind is RunningConfig and item.command == COMMAND
        ]  # fmt: skip
        if not found:
            why = "no capture holds its whole running configuration"
            return self._unknown(device, why, f"capture `{COMMAND}` without a filter")
        return self._judged(device, found[-1])

    def _judged(self, device: Device, evidence: Evidence | None, next_step: str = "") -> DeviceDiff:
        if evidence is None or evidence.parsed is None:
            why = evidence.reason if evidence is not None else ""
            return self._unknown(device, f"its configuration was not read: {why or 'no answer'}", next_step)
        running = evidence.parsed.data
        if not isinstance(running, RunningConfig):
            return self._unknown(device, "what it answered is no configuration")
        doubt = doubt_of(running, evidence.parsed.warnings)
        faults = faults_of(device.name, running, evidence.parsed.warnings, doubt)
        if doubt:
            unknown = self._unknown(device, doubt, next_step or f"read it again: {COMMAND}", evidence.taken_at)
            return replace(unknown, remarks=faults)
        intended = self._intents.of(device.name)
        try:
            found = difference_of(intended, running, self._keys)
        except RefusedLineError as exc:  # one odd router must not cost the answer about all the others
            why = f"no way was found from its configuration to what is intended: {exc}"
            return self._unknown(device, why, "report this line as a defect", evidence.taken_at)
        remarks = (*faults, *_other_release(device, running), *found.remarks)
        untold = [item for item in remarks if item.kind is RemarkKind.CANNOT_TELL]
        standing = Standing.DRIFT if found.drifts else Standing.UNKNOWN if untold else Standing.AS_INTENDED
        reason = f"{untold[0].text}: {untold[0].reason}" if standing is Standing.UNKNOWN else ""
        return DeviceDiff(
            device.name,
            standing,
            groups=intended.config.groups,
            role=device.role.value if device.role is not None else "",
            release=device.release,
            reason=reason if len(untold) < 2 else f"{len(untold)} lines could not be compared, first {reason}",  # noqa: PLR2004
            drifts=found.drifts,
            change=found.change,
            remarks=remarks,
            taken_at=evidence.taken_at,
        )

    def _unknown(self, device: Device, reason: str, step: str = "", taken_at: datetime | None = None) -> DeviceDiff:
        return DeviceDiff(
            device.name,
            Standing.UNKNOWN,
            groups=self._intents.resolver.groups_of(device),
            role=device.role.value if device.role is not None else "",
            release=device.release,
            reason=reason,
            next_step=step,
            taken_at=taken_at,
        )


def _other_release(device: Device, running: RunningConfig) -> Iterable[Remark]:
    """What is intended depends on the release: a router that runs another one was held against the wrong text.

    IOS-XE 3 prints the version of the IOS in it.
    """
    said, printed = release_of(device.release), running.version
    if said is None or printed is None or device.release.lstrip("0").startswith(_XE_THREE):
        return
    if ".".join(device.release.split("(")[0].split(".")[:2]) != printed.partition(" ")[0]:
        reason = f"the inventory says release {device.release}, for which the intended lines were made"
        yield Remark(RemarkKind.CANNOT_TELL, (), f"version {printed}", reason)
