"""What those who put a step on devices work with, and how they say that they do not go on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from getvpn_ops.engine.assemble import evidence_of
from getvpn_ops.engine.collect import Wish
from getvpn_ops.engine.config.drift import doubt_of
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.config import RunningConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from getvpn_ops.engine.change.log import RunLog, Settled
    from getvpn_ops.engine.change.ports import Hand, Hands, Told
    from getvpn_ops.engine.collect import Collector
    from getvpn_ops.engine.ports import Archive, Clock, Fleet, Progress, Script
    from getvpn_ops.model.capture import Capture, Visit
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import Plan, PlannedStep

T = TypeVar("T")
CONFIGURATION = "show running-config"


@dataclass(frozen=True, slots=True)
class Hold:
    """The run stops, with everything in a known state.

    Attributes:
        reason: what happened, on which device, and what was done about it.
        next_step: what to run or do next.
        code: FINDINGS where something is wrong, UNDETERMINED where it could not be told, STALE where a device is not
            as the plan knows it, WINDOW where a word or a window is missing, ABORTED where the run ends for good.
        take_back: stage of a playbook that its gate wants taken back; empty: none.
        stops: whether the whole run stops, although its plan would go on without the device.
    """

    reason: str
    next_step: str = ""
    code: ExitCode = ExitCode.FINDINGS
    take_back: str = ""
    stops: bool = False


@dataclass(frozen=True, slots=True)
class Margins:
    """Seconds that are kept away from rekeys, and waited for devices.

    Attributes:
        before_rekey: no configuration mode on a key server that rekeys, or synchronises its pseudotime, within these.
        converge: most seconds to wait for a rekey to reach everyone, beyond the spread that is predicted.
        register: most seconds to wait for one member to register again.
        poll: between two looks at devices.
    """

    before_rekey: float = 120.0
    converge: float = 60.0
    register: float = 120.0
    poll: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One run over one plan.

    Attributes:
        run: its id.
        plan: what is applied.
        inventory: as the plan knows it.
        fleet: devices, to be asked.
        hands: devices, to be changed.
        clock: time as the devices live it.
        archive: keeps captures.
        progress: is told.
        log: the journal under the lease of the run.
        collector: asks for the state of groups.
        margins: see there.
        say: tells a person what happens, one line, redacted.
        stopping: whether a person asked for the end: nothing more is begun.
        secrets: fingerprints of the secrets that sessions of a device are given beside those that it shows; None:
            nobody can say, and a line that cannot be typed is found in its session.
        prober: devices, to be probed as well as asked; None: what is asked may not probe, and says so.
    """

    run: str
    plan: Plan
    inventory: Inventory
    fleet: Fleet
    hands: Hands
    clock: Clock
    archive: Archive
    progress: Progress
    log: RunLog
    collector: Collector
    margins: Margins = field(default_factory=Margins)
    say: Callable[[str], None] = field(default=lambda _: None)
    stopping: Callable[[], bool] = field(default=lambda: False)
    secrets: Callable[[Device], Collection[str]] | None = None
    prober: Fleet | None = None

    @property
    def probes(self) -> Fleet:
        """Devices that send bounded echoes; where nobody gave any, the transport refuses them."""
        return self.prober or self.fleet

    def keep(self, capture: Capture) -> None:
        """Keep what a device said under this run."""
        self.archive.put_capture(self.run, capture)

    def state(self, devices: Sequence[Device]) -> FleetState:
        """Ask these devices for everything that their role has, now."""
        return self.collector.collect(self.run, self.inventory, Wish(tuple(devices), interval=timedelta()))

    def ask(self, scripts: Mapping[Device, Callable[[], Script]]) -> Mapping[str, Visit]:
        """Ask single questions, in one session a device; captures are kept, and sent to the scripts."""
        return self.fleet.ask(scripts, keep=self.keep, progress=self.progress)

    def each(self, jobs: Mapping[Device, Callable[[Hand], T]], at_once: int = 1) -> Mapping[str, Told[T]]:
        """Run a job in a session for changes on each of these devices."""
        watch = self.log.watch
        return self.hands.each(jobs, keep=self.keep, progress=self.progress, at_once=at_once, watch=watch)

    def device(self, name: str) -> Device:
        """A device of the inventory.

        Raises:
            KeyError: there is none; the plan was checked against the inventory before.
        """
        return self.inventory.devices[name]


def configuration_of(capture: Capture) -> RunningConfig | str:
    """The running configuration that a capture holds whole, or why it does not."""
    if capture.trouble is not None:
        return capture.reason or capture.trouble.value
    found = evidence_of(capture)
    if found is None or found.parsed is None:
        return (found.reason if found is not None else "") or "it was not read"
    running = found.parsed.data
    if not isinstance(running, RunningConfig):
        return "what it answered is no configuration"
    return doubt_of(running, found.parsed.warnings) or running


class Performer(Protocol):
    """Puts steps of one kind on devices. Each method may be called again after a crash.

    ``guard`` and ``prove`` run while no session for changes is open on the devices of the wave, and open their own.
    """

    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Look right before the step whether it may be taken now; may wait by the clock. None: yes."""
        ...

    def act(self, step: PlannedStep, scene: Scene, hand: Hand | None) -> Hold | None:
        """Take the step; every send goes through ``scene.log.send``. What the log knows as applied is not sent again.

        Args:
            step: to take.
            scene: of the run.
            hand: the open session on ``step.device``; None for a step whose device is empty, which opens its own.

        Returns:
            None if it is known to be applied. After a drop the caller reconciles, and comes back.
        """
        ...

    def settle(self, part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
        """Read the device, and say how far a part of the step came that nobody knows of (promise P3). Sends nothing."""
        ...

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Let the devices show that the step did what it is for, and write that down (``scene.log.prove``)."""
        ...


class OnlyLooks:
    """Marks a performer that types nothing: for its steps no session for changes is opened; ``act`` is not called."""


@runtime_checkable
class GivesBack(Protocol):
    """A performer whose steps change something for a while, beside what the way back of a plan knows."""

    def give_back(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Give back what a step that did not come to its end changed for a while; nothing where nothing stands.

        Called before the way back of a run is planned, when no step of it is in hand.

        Returns:
            Why that is not done, or not known to be; None: nothing of it stands any more.
        """
        ...
