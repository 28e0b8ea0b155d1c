"""Debugging for a bounded time: switched on, watched, and switched off again, by another session if its own is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.engine.assemble import evidence_of
from getvpn_ops.engine.change.actions.looking import Patience, asked
from getvpn_ops.engine.change.actions.typing_lines import perform_of, refused, type_line
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.state.system import ProcessesCpu
from getvpn_ops.workflow.actions.debugs import CONDITION, OFF, debug_obstacles

if TYPE_CHECKING:
    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep

ON_PART, OFF_PART = "on", "off"
_SHOWS = "show debugging"
_CPU, _LOG = "show processes cpu", "show logging"
_LOOKS = 10.0
"""Seconds between two looks at the CPU."""
_STOPPED = "stopped"
"""Fact: why it was ended before its time."""
_WATCHED = "watched"
"""Fact: that it was on for all of its time."""
_AGAIN, _SESSIONS = 150.0, 30.0
"""Seconds in which a router is tried that does not answer while it is debugging, and between two tries."""


class Debugging:
    """Debugs one router. Its step has parts: lines that switch it on, and lines that switch it off."""

    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """The CPU is low, the buffer takes it, the terminal does not, and nobody else is debugging."""
        if _is_on(step, scene) or _is_off(step, scene):
            return None
        act = perform_of(step)
        captures = _read(step, scene, _SHOWS)
        others = _debugged(captures[0]) if captures else None
        if others is None:
            return Hold(f"{step.device}: whether somebody is debugging is not known", "", ExitCode.UNDETERMINED)
        if others:
            reason = f"{step.device}: somebody is debugging ({'; '.join(others)}), and `{OFF}` would end that"
            return Hold(reason, f"`{OFF}` on {step.device} once that is over")
        state = asked(scene, scene.device(step.device), _CPU, _LOG)
        cpu_max, console = int(act.parameter("cpu-max")), bool(act.parameter("console"))
        obstacles = debug_obstacles(state, cpu_max, console=console)
        if not obstacles:
            return None
        code = ExitCode.FINDINGS if any(item.is_known for item in obstacles) else ExitCode.UNDETERMINED
        return Hold("; ".join(item.text for item in obstacles), "", code)

    def act(self, step: PlannedStep, scene: Scene, hand: Hand | None) -> Hold | None:
        """Switch it on, watch it for its time, and switch it off.

        A run that was killed, or a session that was lost, while it was on is not begun again: it is switched off.
        """
        if hand is None:
            msg = f"step {step.id} names no device"
            raise ValueError(msg)
        if _is_off(step, scene):
            return None
        if _is_on(step, scene):
            if not scene.log.facts(step.id).keys() & {_STOPPED, _WATCHED}:
                scene.log.saw(step.id, {_STOPPED: "the session was lost"})
        else:
            for number, line in enumerate(_lines_on(step)):
                settled, receipt = type_line(step, scene, hand, line, part=_part(number), once=False)
                if settled.result is StepResult.UNKNOWN:
                    return refused(step.device, settled, receipt, scene.run)  # the caller reads it, and comes back
                if settled.result is not StepResult.APPLIED:
                    hold = refused(step.device, settled, receipt, scene.run)
                    return hold if not number else self._give_up(step, scene, hand, hold)
            self._watch(step, scene, hand)
        self._off(step, scene, hand)
        return None

    def settle(self, part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
        """Whether anything is debugged says how far it came.

        It says nothing of a condition: such a line, which does no harm when it is typed twice, is typed again.
        """
        if part.intended.lines[0].startswith(CONDITION):
            return Settled(StepResult.NOTHING_SENT, f"what {step.device} was told of one peer alone is typed again")
        captures = _read(step, scene, _SHOWS)
        on = _debugged(captures[0]) if captures else None
        if on is None:
            return Settled(StepResult.UNKNOWN, f"{step.device} was not asked what it debugs")
        shown = f"{step.device} debugs {'; '.join(on)}" if on else f"{step.device} debugs nothing"
        is_off = part.intended.lines[0] not in _lines_on(step)
        done = bool(on) is not is_off
        return Settled(StepResult.APPLIED if done else StepResult.NOTHING_SENT, shown)

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Nothing is debugged any more; where the session was lost, a new one switches it off."""
        if scene.log.proven(step.id) is not None:
            return None
        patience = Patience(scene, _AGAIN, _SESSIONS)
        reason = ""
        for _ in patience:
            reason = self._end(step, scene)
            if not reason:
                break
            scene.say(f"{step.device}: debugging may still be on: {reason}")
        if reason:
            return patience.held(
                step,
                f"{step.device}: debugging may still be on: {reason}",
                f"getvpn-ops resume {scene.run}, or `{OFF}` on {step.device}",
                is_known=False,
            )
        kept = f"`{_LOG}` of {step.device}, under run {scene.run}"
        scene.log.prove(step.id, step.device, f"`{_SHOWS}` shows nothing; what was logged is kept: {kept}")
        scene.say(f"{step.device}: debugging is off; what was logged is kept: {kept}")
        stopped = scene.log.facts(step.id).get(_STOPPED)
        if stopped is None:
            return None
        return Hold(f"{step.device}: debugging was ended before its time: {stopped}; it is off", "")

    # -- parts

    def _watch(self, step: PlannedStep, scene: Scene, hand: Hand) -> None:
        """Wait, and look at the CPU in the same session; ends early where it is too high, or nobody can tell."""
        act = perform_of(step)
        seconds, most = float(act.parameter("seconds")), float(act.parameter("cpu-max"))
        end = scene.clock.now() + timedelta(seconds=seconds)
        while (now := scene.clock.now()) < end:
            stopped = ""
            if not scene.clock.wait_until(min(end, now + timedelta(seconds=_LOOKS))):
                stopped = "somebody asked for the end"
            else:
                scene.log.keep_alive()
                stopped = _too_much(hand.show(_CPU), most)
            if stopped:
                scene.log.saw(step.id, {_STOPPED: stopped})
                scene.say(f"{step.device}: debugging is ended: {stopped}")
                return
        scene.log.saw(step.id, {_WATCHED: f"{seconds:g} s"})

    def _off(self, step: PlannedStep, scene: Scene, hand: Hand) -> str:
        """Switch it off, look, and keep the log; returns why that is not known, or nothing."""
        for number, line in enumerate(_lines_off(step)):
            part = OFF_PART if not number else f"{OFF_PART}-{number}"
            if scene.log.is_applied(f"{step.id}.{part}", step.device) and number:
                continue
            settled, _ = type_line(step, scene, hand, line, part=part, once=False)
            if settled.result is not StepResult.APPLIED:
                return settled.detail
        on = _debugged(hand.show(_SHOWS))
        log = hand.show(_LOG)
        if on is None:
            return f"`{_SHOWS}` was not answered"
        if on:
            return f"it debugs {'; '.join(on)}"
        if log.trouble is not None:
            return f"`{_LOG}` was not answered: {log.reason}"
        scene.log.saw(step.id, {OFF_PART: "seen"})
        return ""

    def _give_up(self, step: PlannedStep, scene: Scene, hand: Hand, hold: Hold) -> Hold:
        """A line was refused after another one was taken: take that one back."""
        left = self._off(step, scene, hand)
        return hold if not left else Hold(f"{hold.reason}; {left}", f"`{OFF}` on {step.device}", hold.code)

    def _end(self, step: PlannedStep, scene: Scene) -> str:
        """Make sure that it is off, in a session of its own if nobody saw it; returns why that is not known."""
        if scene.log.facts(step.id).get(OFF_PART):
            return ""
        device = scene.device(step.device)
        for part in scene.log.in_hand:
            if part.intended.device == step.device and part.intended.step.split(".")[0] == step.id:
                settled = self.settle(part, step, scene)
                scene.log.reconciled(part.intended.step, step.device, settled)
                if settled.result is StepResult.UNKNOWN:
                    return settled.detail
        told = scene.each({device: lambda hand: self._off(step, scene, hand)})[step.device]
        if told.error is not None:
            raise told.error
        if told.value is None:
            return told.reason or (told.trouble.value if told.trouble is not None else "no session was opened")
        return told.value


def _part(number: int) -> str:
    return ON_PART if not number else f"{ON_PART}-{number}"


def _lines_on(step: PlannedStep) -> tuple[str, ...]:
    lines = perform_of(step).lines
    return lines[: lines.index(OFF)]


def _lines_off(step: PlannedStep) -> tuple[str, ...]:
    lines = perform_of(step).lines
    return lines[lines.index(OFF) :]


def _is_on(step: PlannedStep, scene: Scene) -> bool:
    """Whether a line that switches it on was taken, or may have been, and nobody saw it off since."""
    known = (scene.log.step(f"{step.id}.{_part(number)}", step.device) for number in range(len(_lines_on(step))))
    return any(item is not None and item.result is not StepResult.NOTHING_SENT for item in known)


def _is_off(step: PlannedStep, scene: Scene) -> bool:
    return bool(scene.log.facts(step.id).get(OFF_PART))


def _read(step: PlannedStep, scene: Scene, *commands: str) -> list[Capture]:
    found: list[Capture] = []

    def script() -> Script:
        for command in commands:
            capture = yield command
            found.append(capture)

    scene.ask({scene.device(step.device): script})
    return found


def _debugged(capture: Capture) -> list[str] | None:
    """What a router debugs, as it says it; None if it did not answer."""
    if capture.trouble is not None:
        return None
    lines = (line.strip() for line in capture.text.decode("utf-8", "replace").splitlines())
    return [
        line for line in lines if " debugging is on" in line or (" debug" in line.casefold() and "condition" in line)
    ]


def _too_much(capture: Capture, most: float) -> str:
    """Why debugging is ended at this load; empty: it may go on."""
    found = evidence_of(capture) if capture.trouble is None else None
    if found is None or found.parsed is None or not isinstance(found.parsed.data, ProcessesCpu):
        return f"its CPU was not read: {capture.reason or 'it gave no answer'}"
    loads = [load for load in (found.parsed.data.total_5s, found.parsed.data.total_1m) if load is not None]
    if not loads:
        return "it does not tell its CPU"
    return f"its CPU is at {max(loads):g} %" if max(loads) >= most else ""
