"""Playbooks for a person and for a program: which there are, and what one does, stage by stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from getvpn_ops.reports.listing import Listing
from getvpn_ops.reports.marked import Line, lines_text, lines_view
from getvpn_ops.reports.words import count
from getvpn_ops.workflow.playbooks.schema import Batch, OnFail, Stage, Who
from getvpn_ops.workflow.playbooks.stages import STAGE_ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import RenderableType

    from getvpn_ops.workflow.playbooks.schema import Freeze, Gate, Playbook, Targets, Window

SCHEMA = 1
_ACTIONS = {action.id: action for action in STAGE_ACTIONS}
_WHO = {
    Who.KEY_SERVERS: "key servers",
    Who.MEMBERS: "members",
    Who.PILOT: "pilot members",
    Who.REST: "members but the pilot",
    Who.ALL: "key servers and members",
}
_ON_FAIL = {OnFail.HOLD: "hold", OnFail.ROLLBACK: "take the stage back", OnFail.ABORT: "end the run"}
_HOUR = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A playbook as a list shows it.

    Attributes:
        name: it is called by.
        path: of its file, as a person would type it.
        is_shipped: whether it travels with the package.
        is_instead: whether it stands in place of one that does.
        playbook: None if something is wrong with it.
        mistakes: what is wrong.
    """

    name: str
    path: str
    is_shipped: bool
    is_instead: bool
    playbook: Playbook | None
    mistakes: tuple[str, ...] = ()


def list_view(found: Iterable[Listed]) -> RenderableType:
    """A row for each."""
    rows = [(item.name, *_state(item)) for item in found]
    return Listing(("playbook", "stages", "from", "what it does"), rows, right={"stages"}, details={"what it does"})


def _state(item: Listed) -> tuple[str, str, str]:
    origin = (
        "package" if item.is_shipped else "workspace, in place of the package's" if item.is_instead else "workspace"
    )
    if item.playbook is None:
        return "", origin, f"WRONG, {count(len(item.mistakes), 'mistake')}: getvpn-ops playbook validate {item.name}"
    return str(len(item.playbook.stages)), origin, item.playbook.title


def list_plain(found: Iterable[Listed]) -> dict[str, Any]:
    """``schema``, ``kind`` and ``playbooks``: of each its name, file, title, options, number of stages, mistakes."""
    return {"schema": SCHEMA, "kind": "playbooks", "playbooks": [_listed_plain(item) for item in found]}


def _listed_plain(item: Listed) -> dict[str, Any]:
    playbook = item.playbook
    return {
        "name": item.name,
        "title": None if playbook is None else playbook.title,
        "path": item.path,
        "shipped": item.is_shipped,
        "instead_of_shipped": item.is_instead,
        "options": None if playbook is None else {name: list(o.choices) for name, o in playbook.options.items()},
        "stages": None if playbook is None else len(playbook.stages),
        "mistakes": list(item.mistakes),
    }


def playbook_plain(item: Listed, playbook: Playbook) -> dict[str, Any]:
    """``schema``, ``kind``, where it is, and ``playbook``: every field of the format, also those that are a default."""
    return {
        "schema": SCHEMA,
        "kind": "playbook",
        "path": item.path,
        "shipped": item.is_shipped,
        "instead_of_shipped": item.is_instead,
        "playbook": playbook.model_dump(mode="json", by_alias=True),
    }


def playbook_view(playbook: Playbook, path: str) -> RenderableType:
    """The screen: options, windows, and the stages in order."""
    return lines_view(_lines(playbook, path))


def playbook_text(playbook: Playbook, path: str) -> str:
    """The same as text: no line is broken, so that ``grep`` finds it whole."""
    return lines_text(_lines(playbook, path))


def _lines(playbook: Playbook, path: str) -> Iterator[Line]:
    yield Line(f"playbook {playbook.name}", "bold")
    yield Line(playbook.title)
    yield Line(f"file: {path}", indent=1)
    for paragraph in playbook.about.split("\n\n"):
        if paragraph.strip():
            yield Line()
            yield Line(" ".join(paragraph.split()))
    yield from _headed("options", (_option(playbook, name) for name in playbook.options))
    yield from _headed("windows", (_window(item) for item in playbook.windows))
    yield from _headed("freezes", (_freeze(item) for item in playbook.freezes))
    yield Line()
    yield Line("stages, in order", "bold")
    width = len(str(len(playbook.stages)))
    for number, stage in enumerate(playbook.stages, 1):
        title = stage.title or _ACTIONS[stage.action].title
        yield Line(f"{number:>{width}}. {stage.id}: {title}", "bold cyan", indent=1)
        for name, text in _facts(stage, is_windowed=bool(playbook.windows or playbook.freezes)):
            style = "yellow" if name in {"only if", "asks"} else ""
            yield Line(f"{name}: {text}", style, indent=3 + width)
    yield Line()
    yield Line("what an action of a stage does: getvpn-ops explain ACTION; a gate is a check: getvpn-ops explain CHECK")


def _headed(title: str, texts: Iterable[str]) -> Iterator[Line]:
    found = list(texts)
    if found:
        yield Line()
        yield Line(title, "bold")
        yield from (Line(text, indent=1) for text in found)


def _option(playbook: Playbook, name: str) -> str:
    option = playbook.options[name]
    others = ", ".join(choice for choice in option.choices if choice != option.default)
    said = f"{name}={option.default}{f' (or {others})' if others else ''}"
    return f"{said}: {option.about}" if option.about else said


def _window(window: Window) -> str:
    days = ", ".join(window.days) or "every day"
    night = " of the next day" if window.end < window.start else ""
    return f"{days} from {window.start:%H:%M} to {window.end:%H:%M}{night}, {window.zone}"


def _freeze(freeze: Freeze) -> str:
    return f"from {freeze.start.isoformat(' ', 'minutes')} to {freeze.end.isoformat(' ', 'minutes')}: {freeze.reason}"


def _facts(stage: Stage, *, is_windowed: bool) -> Iterator[tuple[str, str]]:
    if stage.when:
        yield "only if", " and ".join(f"{name} is {choice}" for name, choice in stage.when.items())
    yield "does", " ".join((stage.action, *_params(stage.params)))
    yield "on", _targets(stage.targets)
    if batch := _batch(stage.batch):
        yield "in hand", batch
    if stage.approval:
        yield "asks", stage.approval
    for name, gates in (("before", stage.enter), ("after", stage.exit)):
        for on_fail in OnFail:
            if held := [gate for gate in gates if gate.on_fail is on_fail]:
                yield f"{name}, else {_ON_FAIL[on_fail]}", ", ".join(_gate(gate) for gate in held)
    if stage.timeout != Stage.model_fields["timeout"].default:
        yield "waits", f"at most {_minutes(stage.timeout)}"
    if not stage.save:
        yield "saves", "nothing"
    if is_windowed and not stage.windowed:
        yield "begins", "at any time, also outside the windows"


def _params(params: dict[str, Any]) -> Sequence[str]:
    return [f"{name}={_value(value)}" for name, value in params.items()]


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return ",".join(_value(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _targets(targets: Targets) -> str:
    told = [_WHO[targets.who]]
    if targets.devices:
        told.append(f"these alone: {', '.join(targets.devices)}")
    if targets.sites:
        told.append(f"at {', '.join(targets.sites)} alone")
    if targets.rings:
        told.append(f"of ring {', '.join(str(ring) for ring in targets.rings)} of the inventory alone")
    return "; ".join(told)


def _batch(batch: Batch) -> str:
    """Empty if all of it is the default, which says nothing where nothing is typed on many devices."""
    if batch == Batch():
        return ""
    told = [f"{batch.at_once} at once"]
    if batch.rings:
        told.append(f"rings of {', '.join(str(ring) for ring in batch.rings)} %")
    if batch.soak:
        told.append(f"{_minutes(batch.soak)} of soak after each")
    told.append(f"at most {batch.budget} may fail" if batch.budget else "none may fail")
    return "; ".join(told)


def _gate(gate: Gate) -> str:
    told = [*_params(gate.params)]
    if gate.patience:
        told.append(f"asked for {_minutes(gate.patience)}")
    return f"{gate.check} ({', '.join(told)})" if told else gate.check


def _minutes(minutes: int) -> str:
    hours, rest = divmod(minutes, _HOUR)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest or not hours else [])])
