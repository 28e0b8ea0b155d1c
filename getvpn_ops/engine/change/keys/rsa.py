"""Makes an RSA key on one key server, and copies it to others in memory. At most once each, and read back (P3, P4)."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import SecretStr

from getvpn_ops.engine.change.keys.key_server import may_touch
from getvpn_ops.engine.change.keys.outcomes import answer_of, failed, result_of, saved, untyped
from getvpn_ops.engine.change.keys.reading import look, look_here
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import DefectError, ExitCode
from getvpn_ops.model.exec import ExecCommand, ExecMode, ExecOutcome
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Perform
from getvpn_ops.workflow.actions.rsa_keys import COMPARE, COPY, GENERATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.engine.change.keys.reading import Looked
    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.exec import ExecReceipt
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep

GENERATED, IMPORTED, SAVED = ".generate", ".import", ".save"
_SECONDS = 300.0
"""Of silence over the generation of a key: an old router needs minutes for 4096 bits."""
_SAFE = string.ascii_letters + string.digits  # no blank, no ?, nothing that IOS or a terminal reads as anything else
_LENGTH = 32
_LOOKS = 3


def passphrase() -> SecretStr:
    """A new one: 32 random letters and digits, about 190 bits."""
    return SecretStr("".join(secrets.choice(_SAFE) for _ in range(_LENGTH)))


class RsaKey:
    """The performer of ``rsa-key``. Its steps generate, copy or compare."""

    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """The key servers that are typed on may be touched now: one group, no rekey near."""
        act = _of(step)
        typed_on = {GENERATE: ("server",), COPY: ("source", "server"), COMPARE: ()}[act.parameter("work")]
        servers = tuple(act.parameter(word) for word in typed_on)
        return may_touch(step, scene, servers)

    def act(self, step: PlannedStep, scene: Scene, hand: Hand | None) -> Hold | None:
        """Generate, or copy; to compare is proof alone."""
        match _of(step).parameter("work"):
            case "generate":
                if hand is None:
                    msg = f"step {step.id} names no device"
                    raise ValueError(msg)
                return _generate(step, scene, hand)
            case "copy":
                return _copy(step, scene)
            case _:
                return None

    def settle(self, part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
        """By the key that the router holds now."""
        device, name = part.intended.device, part.intended.step
        label = _of(step).parameter("label")
        if name.endswith(SAVED):
            return Settled(StepResult.NOTHING_SENT, "whether it was saved cannot be read: it is saved again, once more")
        seen = look(scene, (device,), label)[device]
        for _ in range(_LOOKS - 1):  # a router may still be at work over it, though the session is gone
            if seen.why_not or seen.key is not None:
                break
            scene.log.keep_alive()
            if not scene.clock.wait_until(scene.clock.now() + timedelta(seconds=scene.margins.poll)):
                break
            seen = look(scene, (device,), label)[device]
        if seen.why_not:
            return Settled(StepResult.UNKNOWN, f"{device}: its RSA keys were not read: {seen.why_not}")
        if seen.key is None:
            return Settled(StepResult.NOTHING_SENT, f"{device} holds no key {label}")
        if name.endswith(IMPORTED) and seen.key.digest != scene.log.facts(step.id).get("key"):
            return Settled(StepResult.NOTHING_SENT, f"{device} holds another key {label}: {seen.key}")
        return Settled(StepResult.APPLIED, f"{device} holds {label}: {seen.key}")

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """The public keys of all routers of the step are one."""
        act = _of(step)
        label = act.parameter("label")
        names = {
            GENERATE: (act.parameter("server"),),
            COPY: (act.parameter("source"), act.parameter("server")),
            COMPARE: tuple(act.parameter("servers").split(",")),
        }[act.parameter("work")]
        seen = look(scene, names, label)
        for one in seen.values():
            if one.hold is not None:
                return one.hold
        lacking = [name for name, one in seen.items() if one.key is None]
        if lacking:
            return Hold(f"{', '.join(lacking)}: holds no RSA key {label}", "make the plan anew")
        if len({one.key.digest for one in seen.values() if one.key is not None}) != 1:
            told = "; ".join(f"{name}: {one.key}" for name, one in seen.items())
            return Hold(f"the keys {label} are not one: {told}", "rotate: make a key under a new label")
        if (held := _as_asked(act, seen[names[0]])) is not None:
            return held
        evidence = f"{label} on {', '.join(names)}: {seen[names[0]].key}"
        scene.log.prove(step.id, step.device or act.parameter("server") or step.groups[0], evidence)
        return None


def _as_asked(act: Perform, seen: Looked) -> Hold | None:
    """What was generated is what the plan shows."""
    if act.parameter("work") != GENERATE or seen.key is None:
        return None
    if str(seen.key.bits) == act.parameter("modulus") and seen.key.exportable:
        return None
    expected = f"expected {act.parameter('modulus')} bits, exportable; actual {seen.key}"
    return Hold(f"{seen.device}: RSA key {seen.key.label}: {expected}", "rotate: make a key under a new label")


def _of(step: PlannedStep) -> Perform:
    if not isinstance(step.act, Perform):
        msg = f"step {step.id} is no action"
        raise TypeError(msg)
    return step.act


# -- generate


def _generate(step: PlannedStep, scene: Scene, hand: Hand) -> Hold | None:
    act, part = _of(step), f"{step.id}{GENERATED}"
    if not scene.log.is_applied(part, step.device):
        seen = look_here(hand, act.parameter("label"))
        if seen.hold is not None:
            return seen.hold
        if seen.key is not None:
            if (held := _was_late(part, step, scene, seen)) is not None:
                return held
        else:
            command = ExecCommand(act.lines[0], (), ExecMode.CONFIG, _SECONDS)
            held = _once(_Part(part, step.title, (act.lines[0],)), scene, hand, lambda: hand.command(command))
            if held is not None:
                return held
    return saved(f"{step.id}{SAVED}", step.device, scene, hand)


def _was_late(part: str, step: PlannedStep, scene: Scene, seen: Looked) -> Hold | None:
    """A key that is there now, and was not when its generation was read after a drop: the router was still at it."""
    if scene.log.step(part, seen.device) is None:
        reason = f"{seen.device}: somebody made {seen.key.label if seen.key else 'it'} since the plan was made"
        return Hold(f"{reason}: nothing was sent", "make the plan anew", ExitCode.STALE)
    scene.log.reconciled(part, seen.device, Settled(StepResult.APPLIED, f"it is there now: {seen.key}"))
    scene.say(f"{seen.device}: '{step.title}': the key is there now")
    return None


@dataclass(frozen=True, slots=True)
class _Part:
    """What is written down before it is sent."""

    name: str
    title: str
    lines: tuple[str, ...]


def _once(part: _Part, scene: Scene, hand: Hand, do: Callable[[], ExecReceipt]) -> Hold | None:
    """Send what must not be sent twice."""
    receipts: list[ExecReceipt] = []

    def send() -> Settled:
        receipts.append(do())
        return Settled(result_of(receipts[0]), answer_of(receipts[0]))

    settled = scene.log.send(part.name, hand.device, part.title, part.lines, send, once=True)
    return None if settled.result is StepResult.APPLIED else failed(part.title, receipts[0], scene.run)


# -- copy


def _copy(step: PlannedStep, scene: Scene) -> Hold | None:
    act = _of(step)
    target, part = act.parameter("server"), f"{step.id}{IMPORTED}"
    if not scene.log.is_applied(part, target):
        ready = _ready(step, scene, part)
        if isinstance(ready, Hold):
            return ready
        if ready:
            return _carry(step, scene, part)
    if scene.log.is_applied(f"{step.id}{SAVED}", target):
        return None
    told = scene.each({scene.device(target): lambda hand: saved(f"{step.id}{SAVED}", target, scene, hand)})[target]
    return untyped(told, scene.run) or told.value


def _ready(step: PlannedStep, scene: Scene, part: str) -> bool | Hold:
    """Whether the key is to be carried over: False if the target holds it already."""
    act = _of(step)
    label, source, target = (act.parameter(word) for word in ("label", "source", "server"))
    seen = look(scene, (source, target), label)
    for one in seen.values():
        if one.hold is not None:
            return one.hold
    have, there = seen[source].key, seen[target].key
    if have is None or not have.exportable:
        reason = f"{source}: RSA key {label}: expected one that is exportable, actual {have or 'none'}"
        return Hold(f"{reason}; nothing was sent", "make the plan anew", ExitCode.STALE)
    if there is not None and there.digest != have.digest:
        return Hold(
            f"{target} holds another RSA key {label} ({there}) than {source} ({have}): it was not overwritten",
            "rotate: make a key under a new label",
        )
    scene.log.saw(step.id, {"key": have.digest})
    if there is None:
        return True
    if scene.log.step(part, target) is not None:
        scene.log.reconciled(part, target, Settled(StepResult.APPLIED, f"it is there now: {there}"))
    return False


def _carry(step: PlannedStep, scene: Scene, part: str) -> Hold | None:
    """Export and import. The private key and its passphrase live in this function, and nowhere else."""
    act = _of(step)
    label, source, target = (act.parameter(word) for word in ("label", "source", "server"))
    secret = passphrase()

    def export(hand: Hand) -> tuple[ExecReceipt, SecretStr | None]:
        return hand.export_key(label, act.parameter("cipher"), secret)

    exported = scene.each({scene.device(source): export})[source]
    if (held := untyped(exported, scene.run)) is not None:
        return held
    if exported.value is None:
        msg = f"{source}: its session gave no answer about the export"
        raise DefectError(msg)
    receipt, pem = exported.value
    if receipt.outcome is not ExecOutcome.DONE or pem is None:
        code = ExitCode.FINDINGS if receipt.outcome is ExecOutcome.REFUSED else ExitCode.UNDETERMINED
        reason = f"{source}: the key {label} was not exported: {answer_of(receipt)}; nothing was changed"
        return Hold(reason, f"getvpn-ops resume {scene.run}", code)
    sealed = pem

    def bring(hand: Hand) -> Hold | None:
        seen = look_here(hand, label)
        if seen.hold is not None:
            return seen.hold
        if seen.key is not None:
            reason = f"{target}: somebody made {label} just now ({seen.key}): nothing was sent"
            return Hold(reason, f"getvpn-ops resume {scene.run}", ExitCode.STALE)
        lines = tuple(line.removeprefix(f"{target}: ") for line in act.lines if " import " in line)
        held = _once(
            _Part(part, step.title, lines),
            scene,
            hand,
            lambda: hand.import_key(label, sealed, secret, exportable=True),
        )
        return held or saved(f"{step.id}{SAVED}", target, scene, hand)

    told = scene.each({scene.device(target): bring})[target]
    return untyped(told, scene.run) or told.value
