"""Stages that wait: for time to pass by the clock of the devices, or for a person's word."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.actions.typing_lines import perform_of
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import Hold, OnlyLooks
from getvpn_ops.engine.change.waiting import wait
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import StepResult, Word

if TYPE_CHECKING:
    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.journal import OperatorWord
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep

_UNTIL = "until"


class _Pause(OnlyLooks):
    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Nothing stands against it."""
        del step, scene
        return None

    def act(self, step: PlannedStep, scene: Scene, hand: Hand | None) -> Hold | None:
        """Nothing is typed."""
        del step, scene, hand
        return None

    def settle(self, part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
        """Nothing was typed."""
        del part, step, scene
        return Settled(StepResult.NOTHING_SENT, "nothing is typed")


class Soak(_Pause):
    """Waits so many minutes; a run that was killed meanwhile waits what is left, not all of it again."""

    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Remember until when."""
        if _UNTIL not in scene.log.facts(step.id):
            minutes = int(perform_of(step).parameter("minutes"))
            scene.log.saw(step.id, {_UNTIL: (scene.clock.now() + timedelta(minutes=minutes)).isoformat()})
        return None

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """It is that moment."""
        until = datetime.fromisoformat(scene.log.facts(step.id)[_UNTIL])
        if (hold := wait(scene, until, lambda: _promoted(step, scene) is not None)) is not None:
            return hold
        word = _promoted(step, scene)
        if word is not None and scene.clock.now() < until:
            told = f"{word.by} ended the wait at {scene.clock.now():%Y-%m-%d %H:%M:%S} UTC{_said(word)}"
        else:
            told = f"it was {until:%Y-%m-%d %H:%M:%S} UTC"
        scene.log.prove(step.id, "", told)
        return None


def _promoted(step: PlannedStep, scene: Scene) -> OperatorWord | None:
    """The word that ends the soak of this stage; one that was said before this process took up the run is spent."""
    stage = perform_of(step).parameter("stage")
    words = (word for word in scene.log.heard() if word.word is Word.PROMOTE)
    return next((word for word in words if word.detail.partition(":")[0] == stage), None)


def _said(word: OperatorWord) -> str:
    """What stands behind the stage that a word is about."""
    _, colon, said = word.detail.partition(":")
    return f"{colon}{said}"


class Approval(_Pause):
    """A person says yes to a stage, or the run holds there; the word and who gave it stand in the journal."""

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Somebody did."""
        act = perform_of(step)
        stage = act.parameter("stage")
        for word in (*scene.log.words, *scene.log.heard()):
            if word.word is Word.APPROVE_STAGE and word.detail.partition(":")[0] == stage:
                scene.log.prove(step.id, "", f"{word.by} said yes{_said(word)}")
                return None
        ask = act.parameter("ask")
        reason = f"stage {stage} waits for a person's word: {ask}"
        after = f"getvpn-ops approve {scene.run} {stage}, then: getvpn-ops resume {scene.run}"
        return Hold(reason, after, ExitCode.WINDOW)
