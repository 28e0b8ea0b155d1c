"""Another key server takes over, rekeys every member, registers one, and gives the role back (guide, "Configure COOP").

Nothing of it is new: the election, the rekey and the registration are those of the actions, with their guards, their
proofs and their ways to read what became of a line that nobody answered. A drill only puts them in order, and says at
each point who is primary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.engine.change.actions.electing import Electing
from getvpn_ops.engine.change.actions.registering import Registering
from getvpn_ops.engine.change.actions.typing_lines import perform_of
from getvpn_ops.engine.change.ks_guard import guard_key_server
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.migrating.performers.drill_course import (
    BACK,
    CLEAR,
    LOCAL_NAME,
    LOWER,
    LOWERED,
    MEANWHILE,
    OTHER,
    PRIMARY,
    PRIORITY,
    RAISE,
    REKEY,
    RESTORE,
    TAKE,
    Course,
    rank_of,
)
from getvpn_ops.engine.change.migrating.performers.drill_ends import begin, midway
from getvpn_ops.engine.change.migrating.performers.drill_priority import set_priority, settled_priority
from getvpn_ops.engine.change.migrating.performers.drill_terms import refused
from getvpn_ops.engine.change.migrating.performers.drill_watch import registered_elsewhere, until_back, until_taken
from getvpn_ops.engine.change.migrating.performers.given import params_of
from getvpn_ops.engine.change.planning.ranks import Rank
from getvpn_ops.engine.change.rekey import ProveRekey
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import EvidenceMissingError, ExitCode, LeaseLostError, StoreError
from getvpn_ops.model.journal import StepResult
from getvpn_ops.workflow.actions.reading import cooperation
from getvpn_ops.workflow.playbooks.stages import DrillBy, DrillParams

if TYPE_CHECKING:
    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Performer, Scene
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep

_PRIORITIES = frozenset({LOWER, RAISE, RESTORE})
_ELSEWHERE, _ENDED = "registered", "ended"
"""Facts: where the member registered, and that the role is back."""


class Drilling:
    """The performer of ``drill``: each group in turn, and each part of it once."""

    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Key servers are sound, and no rekey is near; a drill that was begun is guarded part by part."""
        if why := refused(params_of(step, DrillParams).by):
            return Hold(f"'{step.title}' is not made: {why}", "make the plan anew with another way", ExitCode.FINDINGS)
        if any(PRIMARY in Course(step, scene, group).facts for group in step.groups):
            return None
        return guard_key_server(step, scene, policy=False)

    def act(self, step: PlannedStep, scene: Scene, hand: Hand | None) -> Hold | None:
        """All parts in their order; what the journal knows as proven is not done again."""
        del hand  # each part opens its own
        params = params_of(step, DrillParams)
        for group in step.groups:
            course = Course(step, scene, group)
            if (held := begin(course) or self._drill(course, params)) is not None:
                return midway(course, held)
        return None

    def settle(self, part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
        """Read what became of a part."""
        kind, _, rest = part.intended.step.removeprefix(f"{step.id}.").partition(".")
        group = next(name for name in step.groups if rest == name or rest.startswith(f"{name}."))
        course = Course(step, scene, group)
        if kind in _PRIORITIES:
            return settled_priority(course, kind)
        if kind == REKEY:
            is_away = params_of(step, DrillParams).by is DrillBy.HUMAN
            looked = course.without(course.primary) if is_away else course.alone()
            return ProveRekey().settle(part, looked.rekey(), looked.scene)
        facts = scene.log.facts(course.part(kind))
        if kind == CLEAR:
            return Registering().settled(course.clear(), scene, facts)
        return Electing().settled(course.election(kind, Rank(0, 0, part.intended.device, "")), scene, facts)

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """The role is where it was, and every part was proven."""
        if scene.log.proven(step.id) is not None:
            return None
        said = []
        for group in step.groups:
            course = Course(step, scene, group)
            facts = course.facts
            if _ENDED not in facts:
                return course.unknown("it did not come to its end")
            said.append(
                f"group {group}: {facts[MEANWHILE]} took over from {facts[PRIMARY]}; "
                f"{scene.log.proven(course.part(REKEY))}; {facts[_ELSEWHERE]}; {facts[_ENDED]}"
            )
        scene.log.prove(step.id, step.groups[0], "; ".join(said))
        scene.say(f"{step.title}: {'; '.join(said)}")
        return None

    def give_back(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """The key server that was primary gets its own priority again; who is primary now is said, and stays."""
        for group in step.groups:
            course = Course(step, scene, group)
            if PRIMARY not in course.facts or _ENDED in course.facts:
                continue
            lent = [name for name in (LOWER, RAISE) if scene.log.is_applied(course.part(name), course.primary)]
            if lent and not scene.log.is_applied(course.part(RESTORE), course.primary):
                if (held := self._restored(course)) is not None:
                    return midway(course, held)
                again = () if lent == [LOWER] and MEANWHILE in course.facts else (*lent, RESTORE)
                for name in again:  # so that who resumes the drill types them anew
                    gone = Settled(StepResult.NOTHING_SENT, "given back, and read")
                    scene.log.reconciled(course.part(name), course.primary, gone)
            scene.say(f"the drill of group {group} was not brought to its end: {course.now()}")
        return None

    def _drill(self, course: Course, params: DrillParams) -> Hold | None:
        if _ENDED in course.facts:
            return None
        by_hand = params.by is DrillBy.HUMAN
        for part in (self._taken, self._rekeyed, self._cleared, self._back):
            if course.scene.stopping():
                again = f"getvpn-ops resume {course.scene.run}"
                return Hold(f"interrupted in the drill of group {course.group}", again, ExitCode.INTERRUPTED)
            held = part(course, params.wait if by_hand else 0)
            if held is not None:
                return held
        return None

    # -- parts; ``minutes`` that a person has, 0 if nobody is asked

    def _taken(self, course: Course, minutes: int) -> Hold | None:
        if MEANWHILE in course.facts:
            return None
        if minutes:
            found = until_taken(course, minutes)
            if isinstance(found, Hold):
                return found
        else:
            own = _own(course)
            if course.facts[LOWERED]:
                held = set_priority(course, LOWER, own, int(course.facts[OTHER]))
                if held is not None:
                    return held
            held = _perform(course, Electing(), course.election(TAKE, own))
            if held is not None:
                return held
            try:
                found = course.view().primary().device
            except EvidenceMissingError as exc:
                return course.unknown(exc)
        course.scene.log.saw(course.about, {MEANWHILE: found})
        course.scene.say(f"group {course.group}: {found} took over from {course.primary}")
        return None

    def _rekeyed(self, course: Course, minutes: int) -> Hold | None:
        looked = course.without(course.primary) if minutes else course.alone()
        if course.scene.log.proven(course.part(REKEY)) is not None:
            return None
        try:
            step = course.rekey(looked.view().primary().local_name)
        except EvidenceMissingError as exc:
            return course.unknown(exc)
        performer = ProveRekey()
        held = performer.guard(step, looked.scene) if not minutes else None  # who is away is no sound peer
        return held or performer.act(step, looked.scene, None) or performer.prove(step, looked.scene)

    def _cleared(self, course: Course, minutes: int) -> Hold | None:
        if _ELSEWHERE in course.facts:
            return None
        looked = course.without(course.primary) if minutes else course
        if (held := _perform(looked, Registering(), course.clear())) is not None:
            return held
        found = registered_elsewhere(looked, course.primary)
        if isinstance(found, Hold):
            return found
        course.scene.log.saw(course.about, {_ELSEWHERE: found})
        return None

    def _back(self, course: Course, minutes: int) -> Hold | None:
        if minutes and (held := until_back(course, minutes)) is not None:
            return held
        facts, log = course.facts, course.scene.log
        if facts[LOWERED]:
            held = self._restored(course) if log.step(course.part(LOWER), course.primary) is not None else None
        else:
            held = set_priority(course, RAISE, _own(course), int(facts[OTHER]))
        if held is not None:
            return held
        try:
            server = course.view().primary()
            if server.device != course.primary or log.step(course.part(BACK), server.device) is not None:
                held = _perform(course, Electing(), course.election(BACK, rank_of(server)))
                if held is not None:
                    return held
            if not facts[LOWERED] and (held := self._restored(course)) is not None:
                return held
            return self._ended(course)
        except EvidenceMissingError as exc:
            return course.unknown(exc)

    def _restored(self, course: Course) -> Hold | None:
        return set_priority(course, RESTORE, _own(course), int(course.facts[PRIORITY]))

    def _ended(self, course: Course) -> Hold | None:
        view = course.view()
        if (found := next(cooperation(view), None)) is not None:
            code = ExitCode.FINDINGS if found.is_known else ExitCode.UNDETERMINED
            return Hold(found.text, f"getvpn-ops health {course.group}", code)
        primary = view.primary().device
        if primary != course.primary:
            reason = f"group {course.group}: the role went to {primary}, and not back to {course.primary}"
            return Hold(reason, f"getvpn-ops plan action role-change {course.group}")
        course.scene.log.saw(course.about, {_ENDED: f"{primary} is primary again"})
        return None


def _own(course: Course) -> Rank:
    facts = course.facts
    return Rank(int(facts[PRIORITY]), 0, facts[PRIMARY], facts[LOCAL_NAME])


def _perform(course: Course, performer: Performer, step: PlannedStep) -> Hold | None:
    """A part that another performer does on one device, from its guard to its proof."""
    scene = course.scene
    if scene.log.proven(step.id) is not None:
        return None
    if (held := performer.guard(step, scene)) is not None:
        return held
    if not scene.log.is_applied(step.id, step.device):
        answer = scene.each({scene.device(step.device): lambda hand: (performer.act(step, scene, hand),)})[step.device]
        if isinstance(answer.error, LeaseLostError | StoreError):
            raise answer.error
        if answer.value is None:
            why = answer.reason or (f"{type(answer.error).__name__}: {answer.error}" if answer.error else "no session")
            reason = f"{step.device}: '{perform_of(step).lines[0]}' was not sent: {why}"
            return Hold(reason, answer.next_step, ExitCode.UNDETERMINED)
        if answer.value[0] is not None:
            return answer.value[0]
    return performer.prove(step, scene)
