"""Whether applications work over it: by probes of many sizes, by a command of one's own, or by a person's word.

Encryption makes packets longer, and those that must not be fragmented are lost where they no longer fit (guide, "DF bit
processing", "Application Testing"). Nothing but a probe with DF shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.actions.typing_lines import perform_of
from getvpn_ops.engine.change.migrating.performers.given import Looks, members_of, params_of, some
from getvpn_ops.engine.change.migrating.performers.own_command import run
from getvpn_ops.engine.change.migrating.performers.probing import SCREENS, Echo, nobody, pairs_of, places_of, sent
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.engine.collect import Wish
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import Word
from getvpn_ops.model.plan import Perform
from getvpn_ops.workflow.playbooks.stages import ApplicationBy, ApplicationParams

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from getvpn_ops.engine.change.migrating.performers.probing import Place
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.plan import PlannedStep
    from getvpn_ops.model.state.reach import Ping

TESTS_APPLICATIONS = "test-applications"
_PAIRS = 10
_REPEAT = 3
_FINE = 4
"""Bytes that the largest packet is found to: a remedy is a number, and a coarse one helps nobody."""
_HEADERS = 40
"""Bytes of an IP and a TCP header without options; a segment has so many fewer than its packet."""
_SEGMENT = range(500, 1461)
"""Bytes that the inventory takes for ``adjust_mss``."""
_SECONDS = 300.0
"""That a command may take."""


@dataclass(frozen=True, slots=True)
class _Row:
    """What passes from one member to another.

    Attributes:
        echo: any of that direction.
        largest: bytes of the largest packet with DF that came back, all smaller ones too; 0 if none did.
        wanted: the largest of the stage.
        lost: bytes of the smallest that did not come back; 0 if all did.
        unread: why it cannot be told; empty if it can.
    """

    echo: Echo
    largest: int
    wanted: int
    lost: int = 0
    unread: str = ""

    @property
    def gap(self) -> int:
        """Bytes between what passes and what does not; 0 where all passes, or nothing."""
        return self.lost - self.largest if self.largest and self.lost else 0

    @property
    def clamp(self) -> int | None:
        """Bytes that both routers make TCP packets smaller than; None if they do not."""
        found = [place.link.clamp for place in (self.echo.here, self.echo.there) if place.link.clamp is not None]
        return min(found) + _HEADERS if found else None

    @property
    def is_good(self) -> bool:
        """Whether all sizes passed, or TCP never sends those that do not: no probe shows such a remedy."""
        return bool(self.largest) and (
            self.largest == self.wanted or (self.clamp is not None and self.clamp <= self.largest)
        )

    @property
    def text(self) -> str:
        """For people and the journal."""
        if not self.largest:
            return f"{self.echo.way}: nothing passes, not the smallest either"
        if self.largest == self.wanted:
            return f"{self.echo.way}: all sizes up to {self.wanted} bytes pass with DF"
        small = f"; TCP is kept at {self.clamp} bytes" if self.is_good else ""
        return f"{self.echo.way}: {self.largest} bytes pass with DF, more do not{small}"


class TestingApplications(Looks):
    """Tests applications in the way that the stage names."""

    __test__ = False  # no test of ours

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Test, and write down what was found."""
        if scene.log.proven(step.id) is not None:
            return None
        params = params_of(step, ApplicationParams)
        found = {
            ApplicationBy.PROBES: _by_probes,
            ApplicationBy.COMMAND: _by_command,
            ApplicationBy.HUMAN: _by_human,
        }[params.by](step, scene, params)
        if isinstance(found, Hold):
            return found
        scene.log.prove(step.id, step.groups[0] if step.groups else "", found)
        scene.say(f"{step.title}: {found}")
        return None


# -- by probes


def _by_probes(step: PlannedStep, scene: Scene, params: ApplicationParams) -> str | Hold:
    said: list[str] = []
    groups = members_of(step, scene)
    if not groups:
        return nobody(f"'{step.title}': none of its targets is a member", {})
    for group, devices in groups.items():
        rows = _rows(step, scene, group, devices, sorted(set(params.sizes)))
        if isinstance(rows, Hold):
            return rows
        bad = [row for row in rows if not row.unread and not row.is_good]
        if bad:
            reason = f"group {group}: {some([row.text for row in bad])}"
            return Hold(reason, _remedies(bad, scene))
        if unread := [row.unread for row in rows if row.unread]:
            reason = f"group {group}: what passes cannot be told: {some(unread)}"
            return Hold(reason, f"getvpn-ops resume {scene.run}", ExitCode.UNDETERMINED)
        said += [row.text for row in rows]
    return "; ".join(said)


def _rows(
    step: PlannedStep, scene: Scene, group: str, devices: Sequence[Device], sizes: Sequence[int]
) -> list[_Row] | Hold:
    wish = Wish(devices, interval=timedelta(), script=lambda _: _ask())
    places, why = places_of(scene.collector.collect(scene.run, scene.inventory, wish), group, devices)
    pairs = pairs_of(tuple(places.values()), _PAIRS, f"{scene.run} {step.id}")
    if why or not pairs:
        return nobody(f"'{step.title}': applications of group {group} are not tested", why)
    ways = [way for one, other in pairs for way in ((one, other), (other, one))]
    came = sent(scene, [Echo(here, there, _REPEAT, size, df=True) for here, there in ways for size in sizes])
    rows = [_row(here, there, sizes, came) for here, there in ways]
    while unsure := [row for row in rows if row.gap > _FINE]:
        halves = {row.echo: replace(row.echo, size=row.largest + row.gap // 2, df=True) for row in unsure}
        came = sent(scene, list(halves.values()))
        rows = [_halved(row, came[halves[row.echo]]) if row.echo in halves else row for row in rows]
    return rows


def _ask() -> Script:
    for command in SCREENS:  # noqa: UP028 -- a tuple cannot be sent the captures
        yield command


def _row(here: Place, there: Place, sizes: Sequence[int], came: Mapping[Echo, Ping | str]) -> _Row:
    largest, lost = 0, 0
    for size in sizes:
        ping = came[Echo(here, there, _REPEAT, size, df=True)]
        if isinstance(ping, str):
            return _Row(Echo(here, there, _REPEAT), largest, sizes[-1], unread=ping)
        if not ping.answered:
            lost = size
            break
        largest = size
    return _Row(Echo(here, there, _REPEAT), largest, sizes[-1], lost)


def _halved(row: _Row, ping: Ping | str) -> _Row:
    """The same with half of what was not known."""
    if isinstance(ping, str):
        return replace(row, lost=0, unread=ping)
    middle = row.largest + row.gap // 2
    return replace(row, largest=middle) if ping.answered else replace(row, lost=middle)


def _remedies(bad: Sequence[_Row], scene: Scene) -> str:
    """What helps, and the command that plans it; where nothing passes, size is not the question.

    A remedy is intent, and so a plan of its own: made anew it begins where the devices stand, and its stages hold the
    lines of the remedy, with their gates and their way back. The plan of this run does not know them (promise P1).
    """
    again = f"getvpn-ops resume {scene.run}"
    if dead := next((row for row in bad if not row.largest), None):
        return f"getvpn-ops diagnose {dead.echo.here.device} --probe: it is no matter of size; then: {again}"
    places = {place.device: place for row in bad for place in (row.echo.here, row.echo.there)}
    segment = min(row.largest for row in bad) - _HEADERS
    texts = []
    if segment in _SEGMENT:
        ports = ", ".join(f"{place.device} {place.interface}" for place in places.values())
        texts.append(f"for TCP: `adjust_mss: {segment}` in the inventory, on {ports}")
    if unclear := [name for name, place in places.items() if place.link.df_bit != "clear"]:
        texts.append(
            f"for all that sets DF: `df_bit: clear` ({', '.join(unclear)}): crypto ipsec df-bit clear; they are "
            "fragmented once they are encrypted"
        )
    texts.append("for one application: a local deny on both ends, `exceptions` in the inventory; it stays in clear")
    plans = f"getvpn-ops plan {scene.plan.what}, with the same --set: its stages hold those lines then"
    return f"one of: {'; '.join(texts)}; then plan anew: {plans}; or mend the way between them, then: {again}"


# -- by a command, by a person


def _by_command(step: PlannedStep, scene: Scene, params: ApplicationParams) -> str | Hold:
    ending = run(params.command, _SECONDS, scene.stopping, scene.log.keep_alive)
    name, said = params.command[0], f": {ending.said}" if ending.said else ""
    again = f"getvpn-ops resume {scene.run} runs it again"
    if ending.is_stopped:
        return Hold(f"'{step.title}': interrupted while {name} ran", again, ExitCode.INTERRUPTED)
    if ending.is_late:
        reason = f"'{step.title}': {name} did not end within {_SECONDS:.0f} s, and was ended{said}"
        return Hold(reason, again, ExitCode.UNDETERMINED)
    if ending.code is None:
        return Hold(f"'{step.title}': {name}{said}", again, ExitCode.UNDETERMINED)
    if ending.code:
        return Hold(f"'{step.title}': {name} ended with code {ending.code}{said}", again)
    return f"{name} ended with code 0{said}"


def question_of(step: PlannedStep) -> str:
    """What a step asks of a person; empty for one that asks nobody."""
    if not isinstance(step.act, Perform) or step.act.action != TESTS_APPLICATIONS:
        return ""
    params = params_of(step, ApplicationParams)
    return params.ask if params.by is ApplicationBy.HUMAN else ""


def _by_human(step: PlannedStep, scene: Scene, params: ApplicationParams) -> str | Hold:
    """A person's yes to this very step: the one to its stage, before it began, says nothing of what came of it."""
    for word in (*scene.log.words, *scene.log.heard()):
        if word.word is Word.APPROVE_STAGE and word.detail.partition(":")[0] == step.id:
            return f"{word.by} said yes{word.detail[len(step.id) :]}"
    stage = perform_of(step).parameter("stage")
    reason = f"stage {stage} waits for a person's word: {params.ask}"
    after = f"getvpn-ops approve {scene.run} {step.id}, then: getvpn-ops resume {scene.run}"
    return Hold(reason, after, ExitCode.WINDOW)
