"""The process of a lab: a fleet with its handles in a workspace, until someone ends it."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import os
import resource
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

from getvpn_ops.lab import control, script
from getvpn_ops.lab.fleet import Fleet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from getvpn_ops.lab.fleet import Settings
    from getvpn_ops.lab.workspace import Workspace

_FILES = 65536


class AlreadyUpError(Exception):
    """A lab is running in this workspace already."""


def is_up(workspace: Workspace) -> bool:
    """Whether a lab answers in a workspace."""
    try:
        control.ask(workspace.socket, "now")
    except control.ControlError:
        return False
    return True


async def run(
    settings: Settings,
    workspace: Workspace,
    *,
    faults: str = "",
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    ready: Callable[[Fleet], None] = lambda _fleet: None,
) -> None:
    """Run a lab until it is asked to end, by its socket or by a signal.

    Args:
        settings: of the fleet.
        workspace: where its socket and the files for clients go.
        faults: text of a script to arm at the start.
        progress: told how many of how many routers answer.
        ready: told once everything can be used.

    Raises:
        AlreadyUpError: one runs here already.
        InventoryError: the inventory is wrong.
        ScriptError: the script is wrong.
    """
    workspace.prepare()
    with _alone(workspace):
        await _run(settings, workspace, faults, progress, ready)


@contextlib.contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    """Keep other labs out of a workspace, for as long as this process lives."""
    descriptor = os.open(workspace.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        os.close(descriptor)
        raise AlreadyUpError("a lab is running in this workspace already") from exc
    try:
        yield
    finally:
        os.close(descriptor)


async def _run(
    settings: Settings,
    workspace: Workspace,
    faults: str,
    progress: Callable[[int, int], None],
    ready: Callable[[Fleet], None],
) -> None:
    _raise_limits()
    workspace.clean()
    fleet = Fleet(replace(settings, public_keys=(*settings.public_keys, workspace.client_key())))
    entries = script.read_script(faults, fleet.clock.now()) if faults else []
    ended, server = asyncio.Event(), None
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    try:
        await fleet.up(progress)
        for entry in entries:
            script.arm(fleet, entry)
        workspace.publish(fleet)
        server = await control.listen(fleet, workspace.socket, ended)
        gc.collect()
        gc.freeze()  # a fleet lives as long as its process: not worth looking through again
        ready(fleet)
        await ended.wait()
    finally:
        with contextlib.suppress(OSError):
            workspace.clean()
        if server is not None:
            server.close()  # who asks whether it has ended hears "no" until its files are gone
        await fleet.down()


def _raise_limits() -> None:
    """A router takes a descriptor, and each session one more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
