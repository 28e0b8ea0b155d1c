"""What a run that changes devices is wired with besides: hands that type, secrets of the intents, and backups."""

from __future__ import annotations

import contextlib
from threading import Lock
from typing import TYPE_CHECKING

from getvpn_ops.cli.output import say
from getvpn_ops.devices.hands import NornirHands
from getvpn_ops.devices.named_secrets import NamedSecrets
from getvpn_ops.dialect.secrets import find_secrets
from getvpn_ops.engine.config.drift import NO_SOURCE, KeyTerms
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.errors import GetvpnOpsError, UsageError
from getvpn_ops.model.config.secret import fingerprint
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.reports.words import count
from getvpn_ops.services.backup import Backups, restored_secrets
from getvpn_ops.services.backup.backups import sealer_of
from getvpn_ops.services.backup.history import History

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from getvpn_ops.cli.wiring import Wiring
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.config.secret import Secret
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.plan import Plan

_NAMED = 4


def intents_of(tools: Wiring) -> tuple[Intents, KeyTerms]:
    """What devices should hold, with the secrets of the user's sources, and what may be said of keys."""
    secrets = NamedSecrets(tools.workspace, tools.redactor)
    terms = KeyTerms(secrets.why_not, has_source=True) if secrets.is_asked else NO_SOURCE
    return Intents(tools.loaded.inventory, Secrets(secrets.resolve)), terms


def hands_of(tools: Wiring, plan: Plan) -> NornirHands:
    """The devices of a workspace, to be changed by a plan."""
    fleet = tools.fleet
    return NornirHands(
        loaded=fleet.loaded,
        ssh=fleet.ssh,
        credentials=fleet.credentials,
        known_hosts=fleet.known_hosts,
        redactor=fleet.redactor,
        now=fleet.now,
        transcripts=fleet.transcripts,
        halt=fleet.halt,
        secrets_of=secrets_of_run(tools, plan),
    )


@contextlib.contextmanager
def backed_up(tools: Wiring, scene: Scene) -> Iterator[None]:
    """Back up the devices of a plan before it is applied, and again when that has come to an end of its own.

    Raises:
        UsageError: what is there cannot be kept: nothing is sent then. Afterwards it is only said.
    """
    devices = [tools.loaded.inventory.devices[device.name] for device in scene.plan.devices if device.is_changed]
    backups = Backups.of(tools.workspace, tools.fleet, tools.clock, tools.store, tools.collector.progress)

    told: set[str] = set()

    def take(when: str) -> None:
        taken = backups.take(devices, f"{when} {scene.plan.what}", scene.run)
        if unread := [item for item in taken.unread if item.device not in told]:  # once is enough
            told.update(item.device for item in unread)
            first = "; ".join(f"{item.device}: {item.reason}" for item in unread[:_NAMED])
            more = f"; and {len(unread) - _NAMED} more" if len(unread) > _NAMED else ""
            scene.say(f"warning: {count(len(unread), 'device')} not backed up {when} the run: {first}{more}")

    if devices:
        try:
            take("before")
        except GetvpnOpsError as exc:
            msg = f"no backup could be made: nothing was sent: {exc}"
            raise UsageError(msg) from exc
    yield
    if devices and not tools.halt.draining:
        try:
            take("after")
        except GetvpnOpsError as exc:
            say(f"warning: no backup could be made after the run: {exc}", "bold yellow")


def secrets_of_run(tools: Wiring, plan: Plan) -> Callable[[Device], Iterable[Secret]]:
    """Secrets that a session is given beside those that its device shows: of its intent, and of a backup to restore."""
    intents, _ = intents_of(tools)
    history = History(tools.workspace.backups)
    of_backup = restored_secrets(plan, history, sealer_of(tools.workspace))
    lock = Lock()  # asked in the threads of devices; who renders keeps what was worked out

    def secrets_of(device: Device) -> tuple[Secret, ...]:
        with lock:
            return (*_intended(intents, device), *of_backup(device))

    return secrets_of


def prints_of_run(tools: Wiring, plan: Plan) -> Callable[[Device], frozenset[str]]:
    """Fingerprints of the same: what stands in a plan in place of a secret."""
    secrets_of = secrets_of_run(tools, plan)

    def prints_of(device: Device) -> frozenset[str]:
        return _prints(secrets_of(device))

    return prints_of


def prints_of_intent(intents: Intents, device: Device) -> frozenset[str]:
    """Fingerprints of the secrets that a device should hold."""
    return _prints(_intended(intents, device))


def _prints(held: Iterable[Secret]) -> frozenset[str]:
    texts = [secret.reveal().strip() for secret in held]
    return frozenset(
        found
        for text in texts
        for found in [item.secret.fingerprint for item in find_secrets(text)] or [fingerprint(text)]
    )


def _intended(intents: Intents, device: Device) -> tuple[Secret, ...]:
    """Lines with secrets that a device should hold; none of one that no intent describes whole."""
    try:
        tree = intents.of(device.name).read.tree
    except UsageError:
        return ()
    return tuple(line.hidden for top in tree for line in top.walk() if line.hidden is not None)
