"""``getvpn-ops config restore``: one member back to a backup, as a plan like any other."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from getvpn_ops.cli.backup import AtOption  # noqa: TC001 -- read by Typer
from getvpn_ops.cli.hands_of import secrets_of_run
from getvpn_ops.cli.output import must_be_writable, say
from getvpn_ops.cli.plan_output import AllOption, PlanFormOption, keep_and_show
from getvpn_ops.cli.planning import Limits, asked_of, planned
from getvpn_ops.cli.sweeps import QuietOption  # noqa: TC001 -- read by Typer
from getvpn_ops.cli.wiring import wired
from getvpn_ops.cli.workspace import LabOption, OutOption, WorkspaceOption, open_workspace
from getvpn_ops.dialect.secrets import find_secrets
from getvpn_ops.engine.change.planning.restoring import plan_restore
from getvpn_ops.engine.change.scene import CONFIGURATION
from getvpn_ops.errors import UsageError
from getvpn_ops.model.config.secret import fingerprint
from getvpn_ops.model.plan import Configure
from getvpn_ops.services.backup import History, restored, sealer_of
from getvpn_ops.settings.mistakes import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.cli.wiring import Wiring
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.plan import Plan
    from getvpn_ops.services.backup import Restored

_PLACEHOLDER = re.compile(r"<redacted sha256:([0-9a-f]{12})>")


def command(
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="A member.")],
    *,
    at: AtOption = None,
    output: PlanFormOption = None,
    out: OutOption = None,
    everything: AllOption = False,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: QuietOption = False,
) -> None:
    """Plan the way of one member back to a configuration that was backed up. Nothing is sent.

    Only lines that this program manages are restored; others that differ are named. A key server is refused: put what
    it should be into the intent, and `plan push`. Secrets come from the backup if they were sealed there, from the
    device if it has them, or from the intent. Exit codes: 0 a plan was made; 4 it is never applied, and says why; 3 the
    device could not be read; 2 there is no such backup.
    """
    must_be_writable(out)
    place = open_workspace(workspace, lab=lab)
    with wired(place, quiet=quiet) as tools:
        plan = _plan(tools, _device(tools, device), at)
        code = keep_and_show(plan, place, output, out, everything=everything)
    raise typer.Exit(code)


def _device(tools: Wiring, name: str) -> Device:
    devices = tools.loaded.inventory.devices
    if name in devices:
        return devices[name]
    near = nearest(name, tuple(devices))
    msg = f"there is no device {name!a} in the inventory{f'; did you mean {near}?' if near else ''}"
    raise UsageError(msg)


def _plan(tools: Wiring, device: Device, at: str | None) -> Plan:
    history = History(tools.workspace.backups)
    kept = restored(history, device.name, history.at(at), sealer_of(tools.workspace))
    say(f"{device.name} as it was backed up at {kept.entry.time:%Y-%m-%d %H:%M:%S} UTC: {kept.entry.reason}")

    def make(run: str) -> Plan:
        asked = asked_of(tools, run, kept.what, Limits())
        plan = plan_restore(asked, device, kept.config, collector=tools.collector, inventory=tools.loaded.inventory)
        return replace(plan, refusals=(*plan.refusals, *_missing(tools, run, plan, device, kept)))

    return planned(tools, kept.what, [device], make)


def _missing(tools: Wiring, run: str, plan: Plan, device: Device, kept: Restored) -> Iterator[str]:
    """Lines that nobody could type, for their secret is nowhere."""
    reasons = dict(kept.closed)
    lines = [line for step in plan.steps if isinstance(step.act, Configure) for line in step.act.lines]
    shown = dict.fromkeys(text for line in lines for text in (*line.path, line.text) if _PLACEHOLDER.search(text))
    if not shown:
        return
    known = _known(tools, run, plan, device)
    closed = {text.replace("<sealed ", "<redacted "): why for text, why in reasons.items()}
    for text in shown:
        if not set(_PLACEHOLDER.findall(text)) <= known:
            why = next((why for line, why in closed.items() if line.strip() == text), "the backup has no secrets")
            yield (
                f"{device.name}: nobody can type '{text}': {why}, the device does not have what stands there any more, "
                "and no intent names it. Type the line by hand, then make this plan again; `backup: secrets: seal` "
                "keeps secrets from now on"
            )


def _known(tools: Wiring, run: str, plan: Plan, device: Device) -> set[str]:
    """Fingerprints of the secrets that the session will have: those that the device shows, and those given to it."""
    known: set[str] = set()
    tools.store.flush()
    for capture in tools.store.captures(run, device.name):
        if capture.command == CONFIGURATION:
            known.update(_PLACEHOLDER.findall(capture.text.decode(errors="replace")))
    for secret in secrets_of_run(tools, plan)(device):
        text = secret.reveal().strip()
        known.update([item.secret.fingerprint for item in find_secrets(text)] or [fingerprint(text)])
    return known
