"""The process in which a lab lives: its settings, its start, and the wait until it answers."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from getvpn_ops.cli.output import say
from getvpn_ops.errors import UsageError
from getvpn_ops.reports.words import count
from getvpn_ops.resources import data_dir

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.lab.fleet import Fleet, Settings
    from getvpn_ops.lab.workspace import Workspace

_START_PATIENCE = 120.0
_CONFIG_SETS = ("clear", "running")


def settings_of(
    inventory: Path | None,
    configs: str | None,
    *,
    speed: float,
    seed: int | None,
    faults: Path | None,
    flows: Path | None,
) -> tuple[Settings, str]:
    """The settings of a fleet, looked through before anything starts; and the text of the script of faults."""
    from getvpn_ops.lab.fleet import Fleet, Settings  # noqa: PLC0415 -- the lab is an extra
    from getvpn_ops.lab.inventory import InventoryError  # noqa: PLC0415
    from getvpn_ops.lab.script import ScriptError, read_script  # noqa: PLC0415

    folder = inventory or data_dir("inventory")
    own = folder / "lab_configs"
    chosen: Path | None
    if configs is None:
        chosen = own / _CONFIG_SETS[0] if (own / _CONFIG_SETS[0]).is_dir() else None
    elif configs in _CONFIG_SETS and (own / configs).is_dir():
        chosen = own / configs
    else:
        chosen = Path(configs)
    password = os.environ.get("GETVPN_OPS_LAB_PASSWORD")
    text = None if flows is None else read_file(flows)
    made = Settings(folder, chosen, speed=speed, seed=seed, password=password, flows=text)
    script = read_file(faults) if faults is not None else ""
    try:
        fleet = Fleet(made)
        if script:
            read_script(script, fleet.clock.now())
    except (InventoryError, FileNotFoundError, ScriptError) as exc:
        raise UsageError(str(exc)) from exc
    return made, script


def stay(settings: Settings, place: Workspace, script: str) -> None:
    """Run a lab in this process until it is ended.

    Raises:
        UsageError: one runs here already, or it cannot be built.
    """
    from getvpn_ops.lab.server import AlreadyUpError, run  # noqa: PLC0415 -- the lab is an extra

    def ready(fleet: Fleet) -> None:
        say(f"up: {count(len(fleet.stations), 'router')}, seed {fleet.seed}; Ctrl-C ends the lab")

    try:
        asyncio.run(run(settings, place, faults=script, progress=_progress(), ready=ready))
    except (AlreadyUpError, ValueError, OSError) as exc:
        raise UsageError(str(exc)) from exc


def _progress() -> Callable[[int, int], None]:
    """Tells how far the start is: on a terminal in place, else a line now and then."""
    live = sys.stderr.isatty()
    told = 0

    def tell(done: int, of: int) -> None:
        nonlocal told
        if live:
            sys.stderr.write(f"\r{done} of {of} routers" + ("\n" if done == of else ""))
            sys.stderr.flush()
        elif done - told >= 100 or done == of:  # noqa: PLR2004 -- routers between two lines
            told = done
            say(f"{done} of {of} routers")

    return tell


def start(place: Workspace, settings: Settings, faults: Path | None, flows: Path | None) -> None:
    """Start a process for the lab and wait until it answers."""
    from getvpn_ops.lab.server import is_up  # noqa: PLC0415 -- the lab is an extra

    if is_up(place):
        raise UsageError("a lab is running in this workspace already: getvpn-ops lab status, getvpn-ops lab down")
    try:
        place.prepare()
    except OSError as exc:
        raise UsageError(f"cannot use {place.folder}: {exc.strerror or exc}") from exc
    words = [
        sys.executable, "-m", "getvpn_ops", "lab", "up", "--foreground",
        "--workspace", str(place.root), "--inventory", str(settings.inventory.resolve()),
        "--speed", str(settings.speed),
    ]  # fmt: skip
    if settings.configs is not None:
        words += ["--configs", str(settings.configs.resolve())]
    if settings.seed is not None:
        words += ["--seed", str(settings.seed)]
    if faults is not None:
        words += ["--faults", str(faults.resolve())]
    if flows is not None:
        words += ["--flows", str(flows.resolve())]
    with open(place.log, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as log:
        process = subprocess.Popen(  # noqa: S603 -- ourselves
            words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=place.root
        )
    until = time.monotonic() + _START_PATIENCE
    while not is_up(place):
        if process.poll() is not None:
            said = place.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            msg = "the lab did not start" + "".join(f"\n  {line}" for line in said[-5:])
            raise UsageError(msg)
        if time.monotonic() > until:
            process.terminate()
            raise UsageError(f"the lab did not start within {_START_PATIENCE:g} s; see {place.log}")
        time.sleep(0.05)


def read_file(path: Path) -> str:
    """The text of a file that someone named.

    Raises:
        UsageError: it cannot be read, or is no text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        msg = f"cannot read {path}: {exc}"
        raise UsageError(msg) from exc
