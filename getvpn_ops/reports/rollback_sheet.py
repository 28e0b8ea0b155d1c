"""The way back by hand: text to paste into a device's terminal, when this program cannot be used (promise P12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.dialect.config_modes import MODES
from getvpn_ops.model.change import RekeyEffect
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.plan import Configure
from getvpn_ops.reports.console import visible
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.model.plan import Plan, PlannedLine, PlannedStep

_FILL_IN = "! FILL IN: "
_BREAKS = {ord("\n"): "\\n", ord("\t"): "\\t"}
_REKEYS = {
    RekeyEffect.AT_ONCE: "leaving configuration mode rekeys",
    RekeyEffect.BY_COMMAND: "it takes effect by 'crypto gdoi ks rekey' on the current primary, after all key servers",
    RekeyEffect.NEXT_REKEY: "it takes effect at the next scheduled rekey",
    RekeyEffect.REGISTRATION: "it takes effect when members register again",
}


def sheets(plan: Plan) -> dict[str, str]:
    """A sheet for each device that gets something, by name, in the order in which they are to be used.

    Members come first, those that were changed last before the others; then key servers, in the order of the plan:
    secondaries before the primary, which has the last word on what the group gets.
    """
    steps: dict[str, list[PlannedStep]] = {}
    for step in plan.steps:
        if step.device:
            steps.setdefault(step.device, []).append(step)
    roles = {device.name: device.role for device in plan.devices}
    servers = [name for name in steps if roles.get(name) == Role.KEY_SERVER.value]
    order = [*(name for name in reversed(steps) if roles.get(name) != Role.KEY_SERVER.value), *servers]
    made = ((name, _sheet(plan.id, name, roles.get(name, ""), steps[name])) for name in order)
    return {name: "".join(f"{line}\n" for line in lines) for name, lines in made}


def sheet_text(plan: Plan) -> str:
    """All sheets, one below the other."""
    found = sheets(plan)
    alone = [step for step in plan.steps if not step.device]
    head = [f"! plan {_comment(plan.id)}: {_comment(plan.what)}: rollback sheets of {count(len(found), 'device')}"]
    head += [f"! no line of these takes back step {_comment(step.id)}: {_comment(_words(step))}" for step in alone]
    return (
        "\n".join([*head, "", *found.values()]) if found or alone else f"{head[0]}\n! there is nothing to take back\n"
    )


def _sheet(plan: str, name: str, role: str, steps: list[PlannedStep]) -> Iterator[str]:
    words = {Role.KEY_SERVER.value: "key server", Role.MEMBER.value: "member"}.get(role, "device")
    yield f"! ==== {_comment(name)}, {words}: takes back plan {_comment(plan)}, its last step first"
    if role == Role.KEY_SERVER.value:
        yield "! one key server at a time, secondaries before the primary; not while a rekey is due"
    if any(_has_secret(line.text) for step in steps if isinstance(step.act, Configure) for line in step.act.rollback):
        yield f"! lines that begin with '{_FILL_IN}' hold a secret: put it in where <...> stands, and type them"
    saved = False
    for step in reversed(steps):
        yield "!"
        if not isinstance(step.act, Configure) or not step.act.rollback:
            saved |= not isinstance(step.act, Configure) and "write memory" in step.act.lines
            yield f"! step {_comment(step.id)}, {_comment(step.title)}: no line takes this back:"
            yield f"! {_comment(_words(step))}"
            continue
        yield f"! step {_comment(step.id)}: takes back '{_comment(step.title)}'"
        if step.way_back:
            yield f"! {_comment(step.way_back)}"
        if said := _REKEYS.get(step.act.effect):
            yield f"! {said}"
        yield "configure terminal"
        yield from typed_by_hand(step.act.rollback)
        yield "end"
    if saved:
        yield "!"
        yield "! this plan saved the configuration: when all is as it was, type 'write memory'"


def typed_by_hand(lines: Iterable[PlannedLine]) -> Iterator[str]:
    """Lines with those that open and leave their modes, as the program's own session types them.

    Without ``exit`` a line of the global mode might be taken by the mode before it: ``no crypto map X`` in the mode of
    an interface takes the map from the interface.
    """
    stands: tuple[str, ...] = ()
    for line in lines:
        shared = 0
        while shared < min(len(stands), len(line.path)) and stands[shared] == line.path[shared]:
            shared += 1
        for depth in range(len(stands), shared, -1):
            yield f"{' ' * depth}exit"
        for depth in range(shared, len(line.path)):
            yield f"{' ' * depth}{_typed(line.path[depth])}"
        yield f"{' ' * len(line.path)}{_typed(line.text)}"
        stands = (*line.path, line.text) if _opens(line) else line.path


def _typed(text: str) -> str:
    """One line, whatever stands in it: what a line break is followed by would be typed as a line of its own."""
    return f"{_FILL_IN if _has_secret(text) else ''}{visible(text).translate(_BREAKS)}"


def _has_secret(text: str) -> bool:
    """Whether a placeholder stands in a line: pasted as it is, it might become the key."""
    return "<redacted" in text or "<secret:" in text


def _opens(line: PlannedLine) -> bool:
    if line.text.startswith(("no ", "default ")):
        return False
    return any(mode.opener.fullmatch(line.text) and bool(mode.parents) == bool(line.path) for mode in MODES)


def _words(step: PlannedStep) -> str:
    return step.way_back or "nothing leads back"


def _comment(text: str) -> str:
    """Words behind a ``!``: one line, and no ``?``, at which a router shows its help."""
    return visible(" ".join(text.split())).replace("?", "")
