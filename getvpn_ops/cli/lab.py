"""``getvpn-ops lab``: the simulated fleet."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from getvpn_ops.cli.lab_process import read_file, settings_of, start, stay
from getvpn_ops.cli.output import form_of, say, write_data, write_view
from getvpn_ops.errors import UsageError
from getvpn_ops.reports import lab as views
from getvpn_ops.reports.parsed import Output
from getvpn_ops.reports.words import count
from getvpn_ops.settings.workspace import FILE

if TYPE_CHECKING:
    from getvpn_ops.lab.workspace import Workspace

app = typer.Typer(
    name="lab", help="Simulated routers over real SSH: a fleet to learn on, to rehearse on, and to test against.",
    no_args_is_help=True,
)  # fmt: skip

_END_PATIENCE = 60.0
_FOLLOW_SECONDS = 0.5

WorkspaceOption = Annotated[
    Path,
    typer.Option(
        "--workspace",
        "-w",
        envvar="GETVPN_OPS_WORKSPACE",
        help="Folder whose .getvpn-ops/lab/ tells how to reach the lab.",
    ),
]
OutputOption = Annotated[
    Output | None, typer.Option("--output", "-o", help="Format; a table on a terminal, else JSON.")
]
OutOption = Annotated[Path | None, typer.Option("--out", help="Write to this file (mode 0600) instead of stdout.")]


@app.command("up")
def up(
    *,
    inventory: Annotated[
        Path | None, typer.Option("--inventory", "-i", help="Folder with hosts.yaml; the worked example if absent.")
    ] = None,
    configs: Annotated[
        str | None,
        typer.Option(
            "--configs",
            "-c",
            help="Start configurations: a folder with HOST.cfg each (the twin of a real fleet), or one of the "
            "inventory's own sets, clear (before any GETVPN) or running (a working group). [default: clear]",
        ),
    ] = None,
    speed: Annotated[float, typer.Option("--speed", min=0, help="Simulated seconds in a real one.")] = 1.0,
    seed: Annotated[int | None, typer.Option("--seed", help="The same seed gives the same run.")] = None,
    faults: Annotated[
        Path | None, typer.Option("--faults", help="Script of faults (YAML) to arm at the start.")
    ] = None,
    flows: Annotated[
        Path | None, typer.Option("--flows", help="Flows between the sites (YAML), in place of the standard ones.")
    ] = None,
    foreground: Annotated[
        bool,
        typer.Option("--foreground", help="Stay, and end the lab with Ctrl-C, instead of going to the background."),
    ] = False,
    workspace: WorkspaceOption = Path(),
    output: OutputOption = None,
) -> None:
    """Build one router for each host of an inventory, each on its own port of 127.0.0.1.

    Nothing listens elsewhere. Host keys and passwords are made anew at each start and lie in .getvpn-ops/lab/, which
    only its owner can read. Exit codes: 0 every router answers; 2 the inventory, a configuration folder or a script is
    wrong, or a lab runs here already; 4 it is up, but some start configuration is missing or not understood.
    """
    place = _workspace(workspace)
    settings, script = settings_of(inventory, configs, speed=speed, seed=seed, faults=faults, flows=flows)
    if foreground:
        stay(settings, place, script)
        return
    start(place, settings, faults, flows)
    status = _ask(place, "status")
    form = form_of(output, None)
    if form is Output.TABLE:
        write_view(views.lab_status(status), None)
        first = next((device["name"] for device in status["devices"]), "NAME")
        say(f"log in:  ssh -F {_shown(place.ssh_config)} {first}    (password: {_shown(place.folder / 'password')})")
        say("look:    getvpn-ops lab status    end: getvpn-ops lab down")
    else:
        write_data(status, form, None)
    troubled = [device for device in status["devices"] if device["not_understood"]]
    for device in troubled:
        say(f"{device['name']}: {count(len(device['not_understood']), 'line')} not understood:", "yellow")
        for line in device["not_understood"][:3]:
            say(f"  {line}")
    if status["missing"]:
        say(f"no start configuration, so they start empty: {', '.join(status['missing'])}", "yellow")
    if troubled or status["missing"]:
        raise typer.Exit(4)


@app.command("status")
def status(*, workspace: WorkspaceOption = Path(), output: OutputOption = None, out: OutOption = None) -> None:
    """Show the routers: where they listen, what they run, who is on them, which faults wait.

    Exit codes: 0 shown; 2 no lab runs here.
    """
    found = _ask(_workspace(workspace), "status")
    form = form_of(output, out)
    if form is Output.TABLE:
        write_view(views.lab_status(found), out)
    else:
        write_data(found, form, out)


@app.command("fault")
def fault(
    device: Annotated[str | None, typer.Argument(metavar="[DEVICE]", help="A host of the lab, or '*'.")] = None,
    name: Annotated[str | None, typer.Argument(metavar="[FAULT]", help="Which; see --list.")] = None,
    options: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Options of the fault.")] = None,
    *,
    line: Annotated[
        str | None, typer.Option("--line", help="Strike at a typed line that matches this regular expression.")
    ] = None,
    skip: Annotated[int, typer.Option("--skip", min=0, help="So many matches pass first.")] = 0,
    times: Annotated[
        int | None, typer.Option("--times", min=0, help="Strikes; 0 until cleared. [default: as usual for the fault]")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="Wait from this time on: +2h30m, or 2026-03-01T10:00:00.")
    ] = None,
    step: Annotated[str, typer.Option("--step", help="Wait from a step on that someone marks (lab mark).")] = "",
    script: Annotated[Path | None, typer.Option("--script", help="Arm all faults of this file (YAML).")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take the faults of DEVICE away, or of all.")] = False,
    number: Annotated[int | None, typer.Option("--number", help="With --clear: only this one.")] = None,
    show: Annotated[bool, typer.Option("--list", help="Show which faults there are.")] = False,
    workspace: WorkspaceOption = Path(),
    output: OutputOption = None,
) -> None:
    """Let something go wrong on a router: at a line, at a step, at a time.

    Exit codes: 0 done; 2 no lab runs here, or there is no such device, fault or option.
    """
    form = form_of(output, None)
    if show:
        from getvpn_ops.lab.faults import KINDS  # noqa: PLC0415 -- the lab is an extra

        kinds = [{"name": k.name, "summary": k.summary, "options": dict(k.options), "once": k.once} for k in KINDS]
        if form is Output.TABLE:
            write_view(views.fault_kinds(kinds), None)
        else:
            write_data(kinds, form, None)
        return
    place = _workspace(workspace)
    if clear:
        answer = _ask(place, "clear", device=device or "*", number=number)
        say(f"{count(answer['cleared'], 'fault')} cleared")
    elif script is not None:
        answer = _ask(place, "faults", script=read_file(script))
        say(f"{count(len(answer['numbers']), 'fault')} armed")
    else:
        if device is None or name is None:
            raise UsageError(
                "name a device and a fault: getvpn-ops lab fault DEVICE FAULT; see getvpn-ops lab fault --list"
            )
        given = dict(_option(text) for text in options or [])
        answer = _ask(
            place,
            "fault",
            device=device,
            fault=name,
            line=line,
            skip=skip,
            times=times,
            at=at,
            step=step,
            options=given,
        )
        say(f"armed: {', '.join(f'#{item}' for item in answer['numbers'])}")
    if form is not Output.TABLE:
        write_data(answer, form, None)


@app.command("mark")
def mark(
    step: Annotated[str, typer.Argument(metavar="STEP", help="Name of the step that begins.")],
    *,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Say that a step begins; the faults that wait for it are armed.

    Exit codes: 0 done; 2 no lab runs here.
    """
    answer = _ask(_workspace(workspace), "mark", step=step)
    say(f"{step}: {count(answer['armed'], 'fault')} armed")


@app.command("variant")
def variant(
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="A host of the lab, or '*'.")],
    choices: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="What to choose.")] = None,
    *,
    workspace: WorkspaceOption = Path(),
    output: OutputOption = None,
) -> None:
    """Choose how a router behaves where nobody knows how real ones do; without a choice, show it.

    passive=at once | next rekey | re-registration; passive_accepts_clear=yes | no; direction_gap=SECONDS;
    rekeys_on_leaving=yes | no | release; removes_gently=yes | no. Exit codes: 0 done; 2 no lab runs here, or there is
    no such device or choice.
    """
    given = dict(_option(text) for text in choices or [])
    answer = _ask(_workspace(workspace), "variants", device=device, choices=given)
    form = form_of(output, None)
    if form is Output.TABLE:
        write_view(views.variants(answer["variants"]), None)
    else:
        write_data(answer["variants"], form, None)


@app.command("advance")
def advance(
    to: Annotated[str | None, typer.Argument(metavar="[TO]", help="+2h30m, 90s, or 2026-03-01T10:00:00.")] = None,
    *,
    speed: Annotated[
        float | None, typer.Option("--speed", min=0, help="From now on, simulated seconds in a real one; 0 pauses.")
    ] = None,
    step: Annotated[bool, typer.Option("--step", help="Jump to the next event and stop behind it.")] = False,
    workspace: WorkspaceOption = Path(),
    output: OutputOption = None,
) -> None:
    """Jump to a moment; everything in between happens, in order, at its own time.

    Exit codes: 0 done; 2 no lab runs here, or the moment has passed.
    """
    if (to is not None) + (speed is not None) + step != 1:
        raise UsageError("say where to: getvpn-ops lab advance +2h; or one of --speed, --step")
    place = _workspace(workspace)
    if speed is not None:
        answer = _ask(place, "speed", speed=speed)
    elif step:
        answer = _ask(place, "step")
    else:
        answer = _ask(place, "advance", to=to)
    form = form_of(output, None)
    if form is Output.TABLE:
        say(views.clock_line(answer))
    else:
        write_data(answer, form, None)


@app.command("events")
def events(
    *,
    device: Annotated[str, typer.Option("--device", help="Only of this router.")] = "",
    kind: Annotated[
        str, typer.Option("--kind", help="Only of this kind: log, session, line, save, reload, fault, clock, mark.")
    ] = "",
    since: Annotated[int, typer.Option("--since", min=0, help="Only after the event of this number.")] = 0,
    last: Annotated[int, typer.Option("--last", min=0, help="Only so many, the newest; 0 all.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    workspace: WorkspaceOption = Path(),
    output: OutputOption = None,
    out: OutOption = None,
) -> None:
    """Show what happened in the lab.

    Exit codes: 0 shown; 2 no lab runs here.
    """
    place = _workspace(workspace)

    def read(after: int, newest: int) -> list[dict[str, Any]]:
        found = _ask(place, "events", since=after, device=device, kind=kind, last=newest)
        return list(found["events"])

    form = form_of(output, out)
    found = read(since, last)
    if form is not Output.TABLE and not follow:
        write_data(found, form, out)
        return
    write_view(views.events(found), out)
    after = found[-1]["number"] if found else since
    while follow:
        time.sleep(_FOLLOW_SECONDS)
        if found := read(after, 0):
            after = found[-1]["number"]
            write_view(views.events(found), out)


@app.command("ledger")
def ledger(
    *,
    since: Annotated[
        str, typer.Option("--since", help="Count from here on: 10m (ago), or 2026-03-01T10:00:00. [default: all]")
    ] = "",
    until: Annotated[str, typer.Option("--until", help="Count up to here, written likewise. [default: now]")] = "",
    step: Annotated[str, typer.Option("--step", help="Also a line for each such time: 10s, 5m.")] = "",
    workspace: WorkspaceOption = Path(),
    output: OutputOption = None,
    out: OutOption = None,
) -> None:
    """Show what became of the packets: sent, delivered clear or encrypted, lost and why.

    The lab counts outside the routers' view. Exit codes: 0 shown; 2 no lab runs here, or a time is none.
    """
    found = _ask(_workspace(workspace), "ledger", since=since, until=until, step=step)
    form = form_of(output, out)
    if form is Output.TABLE:
        write_view(views.ledger(found), out)
    else:
        write_data(found, form, out)


@app.command("down")
def down(*, workspace: WorkspaceOption = Path()) -> None:
    """End the lab.

    Exit codes: 0 it has ended; 2 no lab runs here.
    """
    from getvpn_ops.lab.server import is_up  # noqa: PLC0415 -- the lab is an extra

    place = _workspace(workspace)
    _ask(place, "down")
    until = time.monotonic() + _END_PATIENCE
    while is_up(place):
        if time.monotonic() > until:
            raise UsageError("the lab was asked to end, and still answers")
        time.sleep(0.05)
    say("the lab has ended")


def _workspace(root: Path) -> Workspace:
    try:
        from getvpn_ops.lab.workspace import Workspace  # noqa: PLC0415 -- the lab is an extra
    except ModuleNotFoundError as exc:
        msg = f"the lab needs {exc.name}: pip install 'getvpn-ops[lab]'"
        raise UsageError(msg) from exc
    root = root.parent if root.name == FILE else root  # both are a workspace to the other commands
    if not root.is_dir():
        msg = f"there is no folder {root}"
        raise UsageError(msg)
    return Workspace(root.resolve())


def _ask(place: Workspace, do: str, **rest: object) -> dict[str, Any]:
    from getvpn_ops.lab.control import ControlError, ask  # noqa: PLC0415 -- the lab is an extra

    try:
        return ask(place.socket, do, **rest)
    except ControlError as exc:
        hint = "; start one with getvpn-ops lab up" if "no lab" in str(exc) else ""
        raise UsageError(f"{exc}{hint}") from exc


def _option(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        msg = f"an option is KEY=VALUE, not {text!r}"
        raise UsageError(msg)
    return key, value


def _shown(path: Path) -> str:
    """A path as short as a person would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
