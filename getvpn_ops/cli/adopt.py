"""``getvpn-ops adopt``: from running routers to inventory data and intent."""

from __future__ import annotations

import difflib
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from getvpn_ops.cli.output import form_of, say, write_data, write_text, write_view
from getvpn_ops.cli.sources import from_captures, workspace_if_any
from getvpn_ops.cli.sweeps import FromOption, InventoryOption, QuietOption  # noqa: TC001 -- read by Typer
from getvpn_ops.cli.wiring import wired
from getvpn_ops.cli.workspace import FilterOption, LabOption, LimitOption, OutputOption, WorkspaceOption, open_workspace
from getvpn_ops.devices.inventory import load_folder, select
from getvpn_ops.engine.adopt import Adoption, Kind, adopt, adopt_script, files_of, routers_of
from getvpn_ops.engine.adopt.told import Remarks
from getvpn_ops.engine.collect import Wish
from getvpn_ops.errors import ExitCode, MistakesError, UsageError
from getvpn_ops.reports.adopt import AdoptionReport, GroupRow, RemarkRow, adoption_view
from getvpn_ops.reports.parsed import Output
from getvpn_ops.settings.mistakes import Mistakes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from getvpn_ops.cli.wiring import Wiring
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.settings import Workspace

_HOSTS = "hosts.yaml"
_BESIDE = ("groups.yaml", "defaults.yaml")
_GROUPS = "gdoi_groups"


def command(
    *,
    filters: FilterOption = None,
    limits: LimitOption = None,
    captures: FromOption = None,
    inventory: InventoryOption = None,
    folder: Annotated[
        Path | None,
        typer.Option("--out", help="Write hosts.yaml and gdoi_groups/ to this folder; a file that differs stays."),
    ] = None,
    output: OutputOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: QuietOption = False,
) -> None:
    """Learn inventory data and intent from running routers, and prove that they say what runs.

    What most routers of a GDOI group share goes to its file, what one has otherwise stays with it, and what the intent
    cannot say is listed and left alone. Secrets become names. Nothing is changed on any device, and no file that is
    there already is changed. Exit codes: 0 every router is as described; 4 something differs, or the files are wrong;
    3 something was not seen or not compared; 2 wrong usage.

    Example: getvpn-ops adopt --from captures/ --out inventory-new/
    """
    if folder is not None and folder.exists() and not folder.is_dir():
        msg = f"{folder} is no folder"
        raise UsageError(msg)
    if captures is not None:
        if filters or limits:
            raise UsageError("--from adopts all that the captures hold: leave --filter and --limit away")
        place = workspace_if_any(workspace, lab=lab)
        state, notes = from_captures(captures, place, inventory)
        known = _folder_of(captures, place, inventory, state.inventory)
        report, ending = _adopted(_Seen(state, str(captures), known=known, notes=notes), folder)
    elif inventory is not None:
        raise UsageError("--inventory goes with --from; for devices the workspace names the inventory")
    else:
        with wired(open_workspace(workspace, lab=lab), quiet=quiet) as tools:
            report, ending = _of_devices(tools, select(tools.loaded, filters or (), limits or ()), folder)
    form = form_of(output, None)
    for note in report.notes:
        say(f"left out: {note}", "yellow")
    if form is Output.TABLE:
        write_view(adoption_view(report), None)
    else:
        write_data(report, form, None)
    raise typer.Exit(ending)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was seen, and which inventory folder a person wrote."""

    state: FleetState
    source: str
    run: str = ""
    known: Path | None = None
    notes: tuple[str, ...] = ()


def _of_devices(tools: Wiring, chosen: Sequence[Device], folder: Path | None) -> tuple[AdoptionReport, ExitCode]:
    workspace = tools.workspace
    names = {"devices": [device.name for device in chosen]}
    run = tools.store.begin_run("adopt", tools.clock.now(), arguments=names, workspace=str(workspace.root))
    wish = Wish(chosen, interval=timedelta(0), seed=run.id, script=adopt_script)
    state = tools.collector.collect(run.id, tools.loaded.inventory, wish)
    source = "lab" if workspace.is_lab else "devices"
    known = workspace.inventory if workspace.nornir is None else None
    report, ending = _adopted(_Seen(state, source, run.id, known), folder)
    if tools.halt.draining:
        ending = ExitCode.INTERRUPTED
    summary = {"equal": len(report.equal), "differing": len(report.differing), "not compared": len(report.unproven)}
    tools.store.finish_run(run.id, state.ended, int(ending), summary)
    keep = workspace.settings.retention
    tools.store.prune(tools.clock.now(), keep=keep.runs, days=keep.days)
    return report, ending


def _folder_of(captures: Path, place: Workspace | None, named: Path | None, used: Inventory) -> Path | None:
    """The folder of the inventory that ``from_captures`` used; None if there is none."""
    if named is not None or not used.devices:
        return named
    if (captures / "inventory" / _HOSTS).is_file():
        return captures / "inventory"
    return place.inventory if place is not None and place.nornir is None else None


def _adopted(seen: _Seen, folder: Path | None) -> tuple[AdoptionReport, ExitCode]:
    remarks = Remarks()
    routers = routers_of(seen.state, remarks)
    adoption = adopt(routers, seen.state.inventory, remarks)
    files = files_of(adoption, _entries(seen.known))
    files |= _beside(seen.known, files, adoption)
    mistakes: tuple[str, ...] = ()
    if routers:
        if folder is not None:
            _write(folder, files)
        mistakes = _read_back(adoption, files)
    report = _report(seen, adoption, files, mistakes, folder if routers else None)
    kinds = {remark.kind for remark in adoption.remarks}
    if mistakes or Kind.DIFFERS in kinds:
        return report, ExitCode.FINDINGS
    undetermined = not routers or report.unproven or kinds & {Kind.NOT_SEEN, Kind.NOT_PROVEN}
    return report, ExitCode.UNDETERMINED if undetermined else ExitCode.GOOD


# -- files


def _entries(known: Path | None) -> dict[str, dict[str, Any]] | None:
    """Hosts as a person wrote them."""
    document = Mistakes().read(known / _HOSTS, needed=False) if known is not None else None
    value = document.value if document is not None else None
    return value if isinstance(value, dict) else None


def _beside(known: Path | None, files: Mapping[str, str], adoption: Adoption) -> dict[str, str]:
    """What else belongs to an inventory, as it is, so that the new folder is whole; no group is described twice."""
    if known is None:
        return {}
    found = [known / name for name in _BESIDE]
    groups = known / _GROUPS
    for path in sorted(groups.glob("*.y*ml")) if groups.is_dir() else ():
        document = Mistakes().read(path)
        value = document.value if document is not None else None
        if not isinstance(value, dict) or value.get("name") not in adoption.groups:
            found.append(path)
    names = {path: path.relative_to(known).as_posix() for path in found if path.is_file()}
    return {name: path.read_text(encoding="utf-8") for path, name in names.items() if name not in files}


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """Write new files; one that is there and differs keeps everything from being written.

    Raises:
        UsageError: a file differs, or cannot be written.
    """
    differing = []
    try:
        for name, text in files.items():
            path = folder / name
            old = path.read_text(encoding="utf-8") if path.exists() else None
            if old is not None and old != text:
                differing.append(name)
                lines = difflib.unified_diff(old.splitlines(), text.splitlines(), str(path), f"{name} (adopted)", n=2)
                for line in lines:
                    say(line.rstrip("\n"))
        if differing:
            msg = f"nothing is written: {', '.join(differing)} in {folder} would change; name another folder"
            raise UsageError(msg)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                write_text(text, path)
    except (OSError, UnicodeDecodeError) as exc:
        msg = f"cannot write {folder}: {exc}"
        raise UsageError(msg) from exc


def _read_back(adoption: Adoption, files: Mapping[str, str]) -> tuple[str, ...]:
    """What is wrong with the files as a whole, or says something else than was meant; empty if nothing."""
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        (place / _GROUPS).mkdir()
        for name, text in files.items():
            write_text(text, place / name)
        try:
            loaded = load_folder(place).inventory
        except MistakesError as exc:
            return tuple(text.replace(f"{made}/", "") for text in exc.mistakes)
    said = [
        f"{name}: its file, read back, says something else than was learnt"
        for name in adoption.groups
        if loaded.gdoi_groups.get(name) != adoption.inventory.gdoi_groups[name]
    ]
    for name in adoption.hosts:
        there, here = loaded.devices.get(name), adoption.inventory.devices[name]
        if there is None or _words(there) != _words(here):
            said.append(f"{name}: its entry, with its host groups, says something else than was learnt")
    return tuple(said)


def _words(device: Device) -> tuple[object, ...]:
    own = {
        name: words.model_dump(exclude_unset=True) for name, words in {**device.member_of, **device.server_of}.items()
    }
    return device.role, device.gdoi_groups, {name: words for name, words in own.items() if words}


def _report(
    seen: _Seen, adoption: Adoption, files: Mapping[str, str], mistakes: tuple[str, ...], folder: Path | None
) -> AdoptionReport:
    made = adoption.inventory
    return AdoptionReport(
        source=seen.source,
        run=seen.run,
        groups=tuple(
            GroupRow(
                name,
                words["identity"],
                tuple(words["key_servers"]),
                len(made.members(name)),
                made.gdoi_groups[name].policies is not None,
            )
            for name, words in adoption.groups.items()
        ),
        new_hosts=sum(not words.known for words in adoption.hosts.values()),
        old_hosts={name: tuple(words.data) for name, words in adoption.hosts.items() if words.known and words.data},
        equal=tuple(proof.device for proof in adoption.proofs if proof.equal),
        differing={proof.device: len(proof.drifts) for proof in adoption.proofs if proof.drifts},
        unproven=tuple(proof.device for proof in adoption.proofs if proof.reason),
        secrets=adoption.references,
        remarks=tuple(
            RemarkRow(str(item.kind), item.subject, item.text, item.reason, item.line) for item in adoption.remarks
        ),
        mistakes=mistakes,
        folder=None if folder is None else str(folder),
        files=dict(files),
        notes=seen.notes,
    )
