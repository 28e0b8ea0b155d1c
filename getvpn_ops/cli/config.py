"""``getvpn-ops config``: what routers should hold, and how what they run differs."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from getvpn_ops.cli.config_targets import named
from getvpn_ops.cli.output import must_be_writable, say, write_data, write_text, write_view
from getvpn_ops.cli.restore import command as restore
from getvpn_ops.cli.sources import from_captures, workspace_if_any
from getvpn_ops.cli.sweeps import FromOption, InventoryOption, QuietOption  # noqa: TC001 -- read by Typer
from getvpn_ops.cli.wiring import wired
from getvpn_ops.cli.workspace import FilterOption, LabOption, LimitOption, OutOption, WorkspaceOption, open_workspace
from getvpn_ops.devices.inventory import load_folder, load_inventory, select
from getvpn_ops.devices.named_secrets import NamedSecrets
from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.engine.config.diff import Differ, read_configurations
from getvpn_ops.engine.config.drift import NO_SOURCE, KeyTerms
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.engine.config.intent_doubts import doubts_of
from getvpn_ops.errors import ExitCode, UsageError
from getvpn_ops.model.config.secret import use_key
from getvpn_ops.model.config_diff import ConfigDiff, Standing, exit_code
from getvpn_ops.model.inventory import Role
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.reports.config_diff import diff_text, diff_view
from getvpn_ops.reports.config_forms import DiffForm, diff_document, intended_plain
from getvpn_ops.reports.console import console
from getvpn_ops.reports.parsed import Output
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from getvpn_ops.cli.wiring import Wiring
    from getvpn_ops.model.intended import IntendedConfig
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.settings import Workspace

app = typer.Typer(
    help="What routers should hold, and how what they run differs.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.command("restore")(restore)


class RenderForm(StrEnum):
    """Formats of ``config render``."""

    TEXT = "text"
    JSON = "json"


class RoleChoice(StrEnum):
    """Which devices of a group."""

    KEY_SERVER = "ks"
    MEMBER = "gm"


_SOME_NAMES = 6


@app.command()
def render(
    targets: Annotated[list[str], typer.Argument(metavar="DEVICE|GROUP...", help="Whose intended configuration.")],
    *,
    role: Annotated[RoleChoice | None, typer.Option("--role", help="Of a group, only these: ks or gm.")] = None,
    inventory: Annotated[
        Path | None, typer.Option("--inventory", "-i", help="This inventory instead of the workspace's.")
    ] = None,
    output: Annotated[
        RenderForm, typer.Option("--output", "-o", case_sensitive=False, help="Format.")
    ] = RenderForm.TEXT,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write DEVICE.cfg for each device to this folder (mode 0600).")
    ] = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """Write the GETVPN configuration that devices should hold, in the order in which a router prints it.

    No device is asked. Keys stand there by name: <secret:NAME>. Exit codes: 0 written; 2 a name is unknown, or an
    intent is wrong or does not describe its group whole.
    """
    if out is not None and output is not RenderForm.TEXT:
        raise UsageError("--out writes a file of text for each device; redirect the output of -o json instead")
    loaded = load_folder(inventory) if inventory is not None else load_inventory(open_workspace(workspace, lab=lab))
    known = loaded.inventory
    chosen = [item for item in named(known, targets) if role is None or item.role is Role(role.value)]
    if not chosen:
        msg = f"{', '.join(targets)}: no device there has the role {role}"
        raise UsageError(msg)
    made = _rendered(known, chosen)
    if out is not None:
        _write_files(out, made)
    elif output is RenderForm.JSON:
        write_data(intended_plain(made), Output.JSON, None)
    else:
        texts = [text if len(made) == 1 else f"{_heading(config, role)}{text}\n" for config, role, text in made]
        write_text("".join(texts), None)


def _rendered(inventory: Inventory, chosen: Sequence[Device]) -> list[tuple[IntendedConfig, str, str]]:
    """Each device with its role and text; all that is wrong with any of them is said at once."""
    intents = Intents(inventory)
    described, missing = Differ(intents, inventory).described(chosen)
    if len(described) < len(chosen):
        left = [item.name for item in chosen if item not in described]
        msg = f"nothing says what {_some(left)} should hold"
        raise UsageError("\n".join([msg, *(f"  {text}" for text in missing)]))
    doubts = doubts_of(inventory, {item.name for item in described})
    for text in (*missing, *doubts):
        say(f"note: {text}", "yellow")
    made = []
    for device in described:
        intended = intents.of(device.name)
        made.append((intended.config, device.role.value if device.role is not None else "", intended.text))
    return made


def _heading(config: IntendedConfig, role: str) -> str:
    return f"! ==== {config.device}: {role} of {', '.join(config.groups)}, {config.release}\n"


def _write_files(out: Path, made: Sequence[tuple[IntendedConfig, str, str]]) -> None:
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        msg = f"cannot make the folder {out}: {exc.strerror}"
        raise UsageError(msg) from exc
    for config, _, text in made:
        write_text(text, out / f"{config.device}.cfg")
    say(f"{count(len(made), 'file')} written to {out}")


@app.command()
def diff(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="[DEVICE|GROUP]...", help="Which devices; all of them if absent.")
    ] = None,
    *,
    filters: FilterOption = None,
    limits: LimitOption = None,
    captures: FromOption = None,
    inventory: InventoryOption = None,
    changes: Annotated[
        bool,
        typer.Option("--changes", help="Show the ordered change that ends the drift, and the way back."),
    ] = False,
    keys: Annotated[
        bool, typer.Option("--keys/--no-keys", help="Whether pre-shared keys are compared, by fingerprint.")
    ] = True,
    output: Annotated[
        DiffForm | None,
        typer.Option("--output", "-o", case_sensitive=False, help="Format; a table on a terminal, else JSON."),
    ] = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say how running configurations differ from what the intents say: missing, extra and changed lines.

    Nothing is changed on any device. Lines that no intent speaks of are left alone. Exit codes: 0 nothing
    differs of what was compared (without a source under `secrets:` no pre-shared key is, and the answer says so); 4
    something does; 3 it could not be told, such as of a device that did not answer; 2 wrong usage or files.
    """
    must_be_writable(out)
    wanted = _Wanted(tuple(targets or ()), tuple(filters or ()), tuple(limits or ()), keys=keys)
    if captures is not None:
        if filters or limits:
            raise UsageError("--from compares what the captures hold: name devices or groups in place of --filter")
        found = _of_captures(captures, workspace_if_any(workspace, lab=lab), inventory, wanted)
        ending = exit_code(found)
    elif inventory is not None:
        raise UsageError("--inventory goes with --from; for devices the workspace names the inventory")
    else:
        with wired(open_workspace(workspace, lab=lab), quiet=quiet) as tools:
            found, ending = _of_devices(tools, wanted)
    _show(found, output, out, changes=changes)
    raise typer.Exit(ending)


class _Wanted:
    """What ``diff`` was asked for."""

    def __init__(
        self, targets: tuple[str, ...], filters: tuple[str, ...], limits: tuple[str, ...], *, keys: bool
    ) -> None:
        self.targets = targets
        self.filters = filters
        self.limits = limits
        self.keys = keys


def _differ(inventory: Inventory, workspace: Workspace | None, redactor: Redactor, wanted: _Wanted) -> Differ:
    """Intents with the secrets of the user's sources, which are compared and never shown."""
    if workspace is None or not wanted.keys:
        terms = NO_SOURCE if wanted.keys else KeyTerms(are_compared=False)
        return Differ(Intents(inventory), inventory, terms)
    secrets = NamedSecrets(workspace, redactor)
    prints_are_ours = not (isinstance(redactor, _Watching) and redactor.saw_placeholders)
    terms = KeyTerms(secrets.why_not, secrets.is_asked, prints_are_ours)
    return Differ(Intents(inventory, Secrets(secrets.resolve)), inventory, terms)


def _of_devices(tools: Wiring, wanted: _Wanted) -> tuple[ConfigDiff, ExitCode]:
    known = tools.loaded.inventory
    selected = select(tools.loaded, wanted.filters, wanted.limits)
    if wanted.targets:
        meant = {item.name for item in named(known, wanted.targets)}
        selected = tuple(item for item in selected if item.name in meant)
        if not selected:
            raise UsageError("--filter and --limit leave none of the devices named")
    differ = _differ(known, tools.workspace, tools.redactor, wanted)
    chosen, notes = _described(differ, selected, wanted)
    store, clock = tools.store, tools.clock
    arguments = {"targets": list(wanted.targets), "devices": [device.name for device in chosen]}
    run = store.begin_run("config", clock.now(), arguments=arguments, workspace=str(tools.workspace.root))
    read = read_configurations(
        run.id, chosen, fleet=tools.fleet, clock=clock, archive=store, progress=tools.collector.progress
    )
    devices = tuple(differ.of_visit(item, read.captures.get(item.name), read.visits.get(item.name)) for item in chosen)
    source = "lab" if tools.workspace.is_lab else "devices"
    found = ConfigDiff(run.id, source, read.started, read.ended, devices, (*notes, *tools.loaded.notes))
    ending = ExitCode.INTERRUPTED if tools.halt.draining else exit_code(found)
    counts = {standing.value: len(found.of(standing)) for standing in Standing}
    store.finish_run(run.id, read.ended, int(ending), counts)
    keep = tools.workspace.settings.retention
    store.prune(clock.now(), keep=keep.runs, days=keep.days)
    return found, ending


def _of_captures(path: Path, workspace: Workspace | None, inventory: Path | None, wanted: _Wanted) -> ConfigDiff:
    if workspace is not None:
        use_key(workspace.key())
    redactor = _Watching()
    state, file_notes = from_captures(path, workspace, inventory, redactor)
    known = state.inventory
    if not known.devices:
        raise UsageError("no inventory says what these devices should hold: name one with --inventory")
    told = {name for name, item in state.devices.items() if item.evidence}
    selected = named(known, wanted.targets) if wanted.targets else [d for d in known.devices.values() if d.name in told]
    notes = [f"{_some(sorted(told - set(known.devices)))} not in the inventory: not compared"]
    silent = [] if wanted.targets else [name for name in known.devices if name not in told]
    notes = [*(notes if told - set(known.devices) else []), *([f"no capture of {_some(silent)}"] if silent else [])]
    differ = _differ(known, workspace, redactor, wanted)
    chosen, missing = _described(differ, selected, wanted)
    devices = tuple(differ.of_state(item, state.devices.get(item.name)) for item in chosen)
    return ConfigDiff("", str(path), state.started, datetime.now(UTC), devices, (*missing, *notes, *file_notes))


class _Watching(Redactor):
    """Also remembers whether a text held placeholders before it came here: they may be of another installation."""

    def __init__(self) -> None:
        super().__init__()
        self.saw_placeholders = False

    def capture(self, text: bytes, command: str = "", *, device: str = "") -> bytes:
        """See ``Redactor.capture``."""
        self.saw_placeholders |= b"<redacted sha256:" in text
        return super().capture(text, command, device=device)


def _described(
    differ: Differ, selected: Sequence[Device], wanted: _Wanted
) -> tuple[tuple[Device, ...], tuple[str, ...]]:
    """Who can be compared, and of whom not and why. Whoever was named and cannot be is a mistake."""
    chosen, missing = differ.described(selected)
    left = [item for item in selected if item not in chosen]
    if not chosen or (wanted.targets and left):
        who = _some([item.name for item in left]) if left else "the captures hold nothing of any device that"
        msg = f"nothing says what {who} should hold"
        raise UsageError("\n".join([msg, *(f"  {text}" for text in missing)]))
    outside = [item.name for item in left if not item.gdoi_groups]
    return chosen, (*missing, *([f"{_some(outside)} in no GDOI group: not compared"] if outside else []))


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _SOME_NAMES
    return ", ".join(names[:_SOME_NAMES]) + (f" and {rest} more" if rest > 0 else "")


def _show(found: ConfigDiff, asked: DiffForm | None, out: Path | None, *, changes: bool) -> None:
    to_stdout = out in {None, Path("-")}
    watched = to_stdout and sys.stdout is not None and sys.stdout.isatty()
    form = asked or (DiffForm.TABLE if watched else DiffForm.JSON)
    if form is not DiffForm.TABLE:
        write_text(diff_document(found, form, changes=changes), out)
    elif to_stdout and console().is_terminal:
        write_view(diff_view(found, changes=changes), None)
    else:
        write_text(diff_text(found, changes=changes), out)
