"""``psk-rotate``: a new pre-shared key for members, one after the other, each proven before the next (DOMAIN: IKE)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.change import RekeyEffect, StepKind
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.plan import Configure, LeftOut, Perform, PlannedLine, PlannedStep, Wave
from getvpn_ops.registry import NoParams
from getvpn_ops.remediation.apply import apply
from getvpn_ops.workflow.actions.parts import Draft, member_loss, of_role, spare_manager
from getvpn_ops.workflow.actions.psk_kinds import lacking, why_not
from getvpn_ops.workflow.actions.reading import group_named
from getvpn_ops.workflow.actions.spec import ActionSpec
from getvpn_ops.workflow.fingerprint import managed_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.change import ChangeLine, ChangeStep
    from getvpn_ops.model.config.tree import ConfigLine
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.workflow.actions.spec import Proposal, World

ID = "psk-rotate"
LOOK, REGISTER = "look", "register"
_COMMAND = "show running-config"
_KEY = re.compile(r"(?:crypto isakmp key|pre-shared-key)\b")
_PEER = re.compile(r"\b(?:address|hostname) (?P<peer>[\w.:-]*\w)")
_PRINT = re.compile(r"<redacted sha256:(?P<print>[0-9a-f]{12})>")
_UNRESOLVED = re.compile(r"<secret:([^>]+)>")
_COST = "existing keys live on; a registration with the old key fails from here until {member} has the new one"
_BACK = "the lines of the rollback put the old key back; on a router that is not saved a reload does, too"


def psk_rotate(world: World, _params: NoParams) -> Proposal:
    """Give members a new pre-shared key: on the key servers, on the member, proven by registering the member anew.

    The new key is what the sources of `secrets:` in getvpn-ops.yaml hold under the name that the intent's
    `ike.psk.reference` gives; put it there first. A changed key takes effect at the next registration: on a member that
    was only configured nothing shows until its keys end, hours later, by itself and at night. So members are done one
    by one: is it registered, and far from registering by itself; the key on each key server, the primary last; the key
    on the member; then its IKE sessions with the key servers and its policy are cleared (`clear crypto isakmp ID`,
    `clear crypto gdoi`), and it has to come back with the new key and the current SPI. Then it is saved everywhere.

    Cost: on a group that encrypts, the traffic of that site for the seconds of one registration; they are measured and
    told. Nothing on a group that is receive-only.

    Way back: a member that does not come back within the time for a registration gets the old key again, on the key
    servers and on itself, is registered with it, and the run stops and says so. The old key is taken from the saved
    configurations, where it stands until the new one is proven, so that a run that was killed in between finds it too;
    where it does not stand there, nothing is begun. Keys that are kept encrypted (type 6), that serve more peers than
    one, that stand under a hostname, or that IKEv2 uses are refused: what they became could not be proven. Keys between
    key servers are not rotated here: push the intent.
    """
    draft = Draft()
    members = of_role(world, Role.MEMBER, draft)
    spare_manager(members, draft)
    trees: dict[str, tuple[ConfigLine, ...]] = {}
    rotations = [made for member in members if (made := _rotation(world, member, draft)) is not None]
    for rotation in rotations:
        for change in (*rotation.servers, rotation.member):
            if change.device.name in trees:
                continue
            tree = _tree(world, change.device.name)
            if tree is None:
                draft.refusals.append(f"{change.device.name}: its configuration was not read whole")
            else:
                trees[change.device.name] = tree
    if not draft.refusals:
        numbers = _Numbers()
        for rotation in rotations:
            _waves(world, rotation, trees, numbers, draft)
    if not rotations and not draft.refusals:
        draft.notes.append("no key differs from its secret: put the new ones into the sources of `secrets:` first")
    return draft.done()


@dataclass(frozen=True, slots=True)
class _Change:
    """New keys on one router, in one stay.

    Attributes:
        device: which.
        lines: to type.
        rollback: that undo them.
        prints: fingerprints of the new keys.
    """

    device: Device
    lines: tuple[ChangeLine, ...]
    rollback: tuple[ChangeLine, ...]
    prints: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Rotation:
    """All that one member's new key needs; ``servers`` in the order in which they get it."""

    member: _Change
    servers: tuple[_Change, ...]
    groups: tuple[str, ...]


@dataclass(slots=True)
class _Numbers:
    last: int = field(default=0)

    def next(self, device: str) -> str:
        """The id of the next step; a point would begin the name of a part."""
        self.last += 1
        return f"{self.last:03d}-{device.replace('.', '-')}"


def _tree(world: World, device: str) -> tuple[ConfigLine, ...] | None:
    """The lines of a router; None if they were not read."""
    config = _config(world, device)
    return config.tree if config is not None else None


def _config(world: World, device: str) -> RunningConfig | None:
    """The whole running configuration of a router; None if it was not read."""
    state = world.fleet.devices.get(device)
    found = state.samples(RunningConfig) if state is not None else ()
    whole = [sample for sample in found if sample.seen.command == _COMMAND and not sample.doubts]
    return whole[-1].value if whole else None


def _rotation(world: World, member: Device, draft: Draft) -> _Rotation | None:
    """What has to be typed for a member; None if nothing, or if it is refused."""
    if not member.gdoi_addresses:
        draft.refusals.append(f"{member.name}: the inventory does not say by which address key servers know it")
        return None
    servers = _servers(world, member.gdoi_groups)
    own = frozenset(str(address) for address in member.gdoi_addresses)
    theirs = frozenset(str(address) for server in servers for address in server.gdoi_addresses)
    refused = len(draft.refusals)
    for device, peers in ((member, theirs), *((server, own) for server in servers)):
        if device.name not in world.changes:
            draft.refusals.append(f"{device.name}: what it should hold is not known, so its key cannot be compared")
            return None
        config = _config(world, device.name)
        if config is not None:
            draft.refusals += [f"{device.name}: {why}" for why in why_not(config, peers)]
        for text in world.untold.get(device.name, ()):
            if _KEY.search(text) and any(found["peer"] in peers for found in _PEER.finditer(text)):
                draft.refusals.append(f"{device.name}: its key cannot be compared: {text}")
    if len(draft.refusals) > refused:
        return None  # what is not known is no sameness
    here = _change(world, member, theirs)
    there = tuple(_change(world, server, own) for server in servers)
    changed = tuple(change for change in there if change.lines)
    if not here.lines and not changed:
        config = _config(world, member.name)
        without = lacking(config, theirs) if config is not None else tuple(sorted(theirs))
        if without:
            draft.refusals.append(
                f"{member.name}: it has no pre-shared key for {', '.join(without)}, or its configuration was not read: "
                "if it has a certificate, see: getvpn-ops certificates"
            )
            return None
        draft.left_out.append(LeftOut(member.name, "it has this key already", is_known=True))
        return None
    unresolved = {
        found for change in (here, *there) for line in change.lines for found in _UNRESOLVED.findall(line.text)
    }
    for name in sorted(unresolved):
        draft.refusals.append(f"{member.name}: the secret {name} is in no source of `secrets:` in getvpn-ops.yaml")
    prints = here.prints.union(*(change.prints for change in changed))
    if len(prints) > 1:
        names = ", ".join(change.device.name for change in (here, *changed))
        draft.refusals.append(f"{member.name}: {names} would get different keys; the intent must give them one")
    return _Rotation(here, changed, member.gdoi_groups)


def _servers(world: World, groups: Iterable[str]) -> tuple[Device, ...]:
    """Key servers of a member's groups, the primary of the first group last: the others are tried first."""
    names = dict.fromkeys(server.name for group in groups for server in world.inventory.key_servers(group))
    primary = None
    for group in groups:
        try:
            primary = group_named(world.fleet, group).primary().device
        except EvidenceMissingError:
            continue
        break
    ordered = sorted(names, key=lambda name: name == primary)
    return tuple(world.inventory.devices[name] for name in ordered)


def _change(world: World, device: Device, peers: frozenset[str]) -> _Change:
    """The key lines of a router's change that concern these peers, and nothing else of it."""
    steps = [step for step in world.changes[device.name].steps if _is_about(step, peers)]
    lines = tuple(line for step in steps for line in step.lines)
    rollback = tuple(line for step in reversed(steps) for line in step.rollback)
    new = (line.text for line in lines if not line.text.startswith("no "))
    prints = frozenset(found["print"] for text in new if (found := _PRINT.search(text)) is not None)
    return _Change(device, lines, rollback, prints)


def _is_about(step: ChangeStep, peers: frozenset[str]) -> bool:
    """Whether a step sets keys of these peers, and does nothing else."""
    if step.kind is not StepKind.SET or step.effect is not RekeyEffect.REGISTRATION:
        return False
    for line in step.lines:
        found = _PEER.search(line.text)
        if not _KEY.search(line.text) or found is None or found["peer"] not in peers:
            return False
    return bool(step.lines)


def _waves(
    world: World, rotation: _Rotation, trees: dict[str, tuple[ConfigLine, ...]], numbers: _Numbers, draft: Draft
) -> None:
    member = rotation.member.device.name
    draft.waves.append(_alone(_work(numbers, rotation, LOOK, (), f"see that {member} is registered and has time", ())))
    typed: list[str] = []
    for change in (*rotation.servers, rotation.member):
        if not change.lines:
            continue
        step = _configured(numbers, change, rotation, trees)
        typed.append(step.id)
        draft.waves.append(_alone(step))
    lines = ("clear crypto isakmp ID, of each IKE session with a key server", "clear crypto gdoi")
    title = f"register {member} anew with the new key"
    draft.waves.append(_alone(_work(numbers, rotation, REGISTER, lines, title, tuple(typed))))
    for change in (rotation.member, *rotation.servers):
        if change.lines:
            draft.waves.append(_alone(_saved(numbers, change.device)))
    draft.effects += [member_loss(world, rotation.member.device, group, title) for group in rotation.groups]


def _alone(step: PlannedStep) -> Wave:
    return Wave(step.title, (step,))


def _configured(
    numbers: _Numbers, change: _Change, rotation: _Rotation, trees: dict[str, tuple[ConfigLine, ...]]
) -> PlannedStep:
    name, member = change.device.name, rotation.member.device.name
    tree = trees[name]
    states = [managed_of(tree)]
    for line in change.lines:
        tree = apply(tree, (line,))
        states.append(managed_of(tree))
    trees[name] = tree
    act = Configure(
        StepKind.SET,
        tuple(PlannedLine(line.text, line.path) for line in change.lines),
        tuple(PlannedLine(line.text, line.path) for line in change.rollback),
        RekeyEffect.REGISTRATION,
        tuple(states),
    )
    of_whom = "its own key" if name == member else f"the key of {member}"
    return PlannedStep(
        numbers.next(name),
        name,
        f"set {of_whom} on {name}",
        act,
        rotation.groups,
        (_COST.format(member=member),),
        _BACK,
    )


def _work(  # noqa: PLR0913, PLR0917 -- the fields of a step
    numbers: _Numbers, rotation: _Rotation, work: str, lines: tuple[str, ...], title: str, undo: tuple[str, ...]
) -> PlannedStep:
    member = rotation.member.device.name
    notes = ("nothing is typed but show commands",) if not lines else (
        f"if {member} does not come back, the rollback lines of {', '.join(undo)} are typed, and it is registered anew",
    )  # fmt: skip
    return PlannedStep(
        numbers.next(member),
        "",
        title,
        Perform(ID, (("work", work), ("member", member), ("undo", ",".join(undo))), lines, once=bool(lines)),
        rotation.groups,
        notes,
        "nothing to undo" if not lines else _BACK,
    )


def _saved(numbers: _Numbers, device: Device) -> PlannedStep:
    return PlannedStep(
        numbers.next(device.name),
        device.name,
        f"save {device.name}",
        Perform("save", (), ("write memory",)),
        device.gdoi_groups,
        (),
        "the next `write memory` overwrites it",
    )


PSK_ROTATE = ActionSpec(
    id=ID,
    title="Rotate the pre-shared keys of members, one by one, with proof",
    params=NoParams,
    propose=psk_rotate,
    tags=("keys", "member"),
    reads_intents=True,
)
