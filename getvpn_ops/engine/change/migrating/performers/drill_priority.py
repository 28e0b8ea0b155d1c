"""The priority of one key server for the time of a drill: one line, typed and read back as a key server's lines are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.engine.assemble import assemble
from getvpn_ops.engine.change.actions.looking import look
from getvpn_ops.engine.change.ks_guard import guard_key_server, last_look
from getvpn_ops.engine.change.ks_reading import COOP
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.migrating.performers.drill_course import PRIMARY, rank_of
from getvpn_ops.engine.change.migrating.performers.drill_terms import priority_line, shown
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.engine.change.stay_words import told
from getvpn_ops.errors import EvidenceMissingError, ExitCode, LeaseLostError, StoreError
from getvpn_ops.model.change import ChangeLine, ChangeStep, StepKind
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Perform, PlannedStep
from getvpn_ops.model.receipt import Hindrance, StepOutcome
from getvpn_ops.workflow.actions.reading import server_of

if TYPE_CHECKING:
    from getvpn_ops.engine.change.migrating.performers.drill_course import Course
    from getvpn_ops.engine.change.planning.ranks import Rank
    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.model.receipt import StepReceipt

_RESULTS = {
    StepOutcome.NOTHING_SENT: StepResult.NOTHING_SENT,
    StepOutcome.APPLIED: StepResult.APPLIED,
    StepOutcome.UNDONE: StepResult.NOTHING_SENT,
    StepOutcome.PARTLY: StepResult.PARTLY,
    StepOutcome.UNKNOWN: StepResult.UNKNOWN,
}
_WANTED = "wanted"


def wanted_of(course: Course, name: str) -> int | None:
    """The priority that a part is there to set; None if it was not begun."""
    said = course.scene.log.facts(course.part(name)).get(_WANTED)
    return int(said) if said is not None else None


def set_priority(course: Course, name: str, server: Rank, priority: int) -> Hold | None:
    """Give a key server a priority, unless that was done; with the guards of every line on a key server.

    Args:
        course: of the drill.
        name: of the part.
        server: as it is now.
        priority: that it gets.
    """
    part = course.part(name)
    if course.scene.log.is_applied(part, server.device):
        return None
    path, line = priority_line(server, priority)
    title = f"drill of group {course.group}: {line} on {server.device}"
    step = PlannedStep(part, server.device, title, Perform("priority", (), (shown(path, line),)), (course.group,))
    scene = course.scene
    if (held := guard_key_server(step, course.alone().scene, policy=False)) is not None:
        return held
    lines = (ChangeLine(line, path),)
    back = (ChangeLine(f"local priority {server.priority}", path),)
    change = ChangeStep(StepKind.SET, title, lines, back, groups=(course.group,))

    receipts: list[StepReceipt] = []

    def job(hand: Hand) -> Settled | Hold:
        if (held := last_look(step, course.alone().scene, hand)) is not None:
            return held
        scene.log.saw(part, {_WANTED: str(priority)})

        def do() -> Settled:
            receipts.append(hand.configure(change))
            return Settled(_RESULTS[receipts[0].outcome], told(receipts[0]))

        settled = scene.log.send(part, server.device, title, (shown(path, line),), do, once=False)
        return (
            settled if settled.result is not StepResult.APPLIED else _read_back(course, part, hand, priority) or settled
        )

    answer = scene.each({scene.device(server.device): job})[server.device]
    if isinstance(answer.error, LeaseLostError | StoreError):
        raise answer.error
    if isinstance(answer.value, Hold):
        return answer.value
    if answer.value is None:
        why = answer.reason or (f"{type(answer.error).__name__}: {answer.error}" if answer.error else "no session")
        return Hold(f"{server.device}: '{line}' was not sent: {why}", answer.next_step, ExitCode.UNDETERMINED)
    if answer.value.result is StepResult.APPLIED:
        return None
    refused = bool(receipts) and receipts[0].hindrance is Hindrance.REFUSED
    code = ExitCode.FINDINGS if refused else ExitCode.UNDETERMINED
    return Hold(f"{server.device}: '{line}' was not taken: {answer.value.detail}", "", code)


def _read_back(course: Course, part: str, hand: Hand, priority: int) -> Hold | None:
    captures = [hand.show(command) for command in ("show crypto gdoi", COOP)]
    now, inventory = course.scene.clock.now(), course.scene.inventory
    fleet = assemble(captures, {}, inventory, selected=[inventory.devices[hand.device]], started=now, ended=now)
    try:
        seen = rank_of(server_of(fleet, course.group, hand.device)).priority
    except EvidenceMissingError as exc:
        return course.unknown(f"{hand.device} took the line, and was not read back: {exc}")
    if seen == priority:
        return None
    reason = f"{hand.device} took 'local priority {priority}', and shows priority {seen}"
    course.scene.log.reconciled(part, hand.device, Settled(StepResult.NOTHING_SENT, reason))
    return Hold(reason, f"{COOP} on {hand.device}")


def settled_priority(course: Course, name: str) -> Settled:
    """Whether the line reached the key server, by what that shows now. Sends nothing."""
    device, wanted = course.facts[PRIMARY], wanted_of(course, name)
    fleet = look(course.scene, [course.scene.device(device)])
    try:
        seen = rank_of(server_of(fleet, course.group, device)).priority
    except EvidenceMissingError as exc:
        return Settled(StepResult.UNKNOWN, str(exc))
    result = StepResult.APPLIED if seen == wanted else StepResult.NOTHING_SENT
    return Settled(result, f"{COOP}: {device} has priority {seen}")
