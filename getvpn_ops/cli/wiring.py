"""The composition root: a workspace -> clock, store, redactor, credentials, fleet, tied together in this one place."""

from __future__ import annotations

import contextlib
import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from getvpn_ops.cli.interrupts import CHANGING, SWEEPING, interrupts
from getvpn_ops.cli.output import say
from getvpn_ops.cli.progress import progress
from getvpn_ops.devices.credentials import Credentials
from getvpn_ops.devices.fleet import NornirFleet
from getvpn_ops.devices.halt import Halt
from getvpn_ops.devices.hostkeys import KnownHosts
from getvpn_ops.devices.inventory import load_inventory
from getvpn_ops.devices.logs import redacted_logs
from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.devices.secret_sources import ask_terminal
from getvpn_ops.devices.transcript import Transcripts
from getvpn_ops.engine.clock import LabClock, SystemClock
from getvpn_ops.engine.collect import Collector
from getvpn_ops.errors import DefectError, GetvpnOpsError
from getvpn_ops.model.config.secret import use_key
from getvpn_ops.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

    from getvpn_ops.devices.inventory import LoadedInventory
    from getvpn_ops.engine.ports import Clock
    from getvpn_ops.settings import Workspace

logger = logging.getLogger(__name__)

_UNIX = "unix:"


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything a sweep over devices needs.

    Attributes:
        workspace: whose.
        loaded: its inventory.
        redactor: takes secrets out of texts.
        clock: the wall's, or the lab's.
        store: what is kept.
        halt: what Ctrl-C asks for.
        fleet: the devices, to be asked for what they show.
        collector: asks them.
    """

    workspace: Workspace
    loaded: LoadedInventory
    redactor: Redactor
    clock: Clock
    store: Store
    halt: Halt
    fleet: NornirFleet
    collector: Collector


@contextlib.contextmanager
def wired(workspace: Workspace, *, quiet: bool = False, changes: bool = False) -> Iterator[Wiring]:
    """Open everything, and close it again whatever happens.

    The store is opened before any device is called: what cannot be kept must not be asked.

    Args:
        workspace: whose.
        quiet: whether no progress is shown.
        changes: whether devices are changed; then Ctrl-C says what becomes of that.

    Raises:
        MistakesError: settings or inventory are wrong.
        StoreError: the store cannot be opened.
        UsageError: the state folder cannot be made, or the host keys cannot be read.
    """
    redactor = Redactor()
    with redacted_logs(redactor), _defects(redactor):
        loaded = load_inventory(workspace)
        for path in loaded.password_files:
            _warn_of_passwords(path)
        use_key(workspace.key())
        known_hosts = KnownHosts(workspace.known_hosts)
        known_hosts.must_be_readable()
        halt = Halt()
        clock = clock_of(workspace, halt)
        credentials = Credentials(workspace, redactor, asker())
        with open_store(workspace, credentials) as store, interrupts(halt, CHANGING if changes else SWEEPING):
            fleet = NornirFleet(
                loaded=loaded,
                ssh=workspace.settings.ssh,
                credentials=credentials,
                known_hosts=known_hosts,
                redactor=redactor,
                now=clock.now,
                transcripts=Transcripts(workspace.transcripts) if workspace.settings.ssh.transcripts else None,
                halt=halt,
            )
            collector = Collector(fleet, clock, store, progress(quiet=quiet))
            yield Wiring(workspace, loaded, redactor, clock, store, halt, fleet, collector)


@contextlib.contextmanager
def _defects(redactor: Redactor) -> Iterator[None]:
    """What nobody foresaw leaves without the secrets that it may quote, which only the redactor knows."""
    try:
        yield
    except (GetvpnOpsError, typer.Exit):
        raise
    except Exception as exc:
        logger.exception("a defect")
        raise DefectError(redactor.text(f"{type(exc).__name__}: {exc}")) from None


def clock_of(workspace: Workspace, halt: Halt) -> Clock:
    """The clock that the settings name; who asks for the end is not kept waiting."""
    named = workspace.settings.clock
    return LabClock(Path(named.removeprefix(_UNIX))) if named.startswith(_UNIX) else SystemClock(lambda: halt.draining)


def open_store(workspace: Workspace, credentials: Credentials | None = None) -> Store:
    """The store of a workspace.

    Raises:
        StoreError: it cannot be opened.
        UsageError: the state folder cannot be made.
    """
    workspace.prepare()
    known = credentials or Credentials(workspace, Redactor(), asker())
    return Store.open(workspace.store_url, password=known.store_password())


def asker() -> Callable[[str], SecretStr | None] | None:
    """Asks a person for a secret; None where there is nobody to ask."""
    return ask_terminal if sys.stdin is not None and sys.stdin.isatty() else None


def _warn_of_passwords(path: Path) -> None:
    try:
        open_to_others = path.stat().st_mode & 0o077
    except OSError:
        return
    if open_to_others:
        say(f"warning: {path} holds a password and others can read it: chmod 600 {path}", "yellow")
