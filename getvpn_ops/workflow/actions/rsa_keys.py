"""``rsa-key``: the RSA key that signs rekeys, the same on all key servers of a group.

Source: guide, "Generating RSA key for Rekey on COOP Key Servers" and "Importing RSA key to other Key Servers".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.dialect.releases import Family, release_of
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.intent.written import Name  # noqa: TC001 -- read by pydantic
from getvpn_ops.model.plan import Perform, PlannedStep, PredictedEffect, Statement, Wave
from getvpn_ops.model.state.version import Version
from getvpn_ops.workflow.actions.key_prints import HeldKey, held_by
from getvpn_ops.workflow.actions.spec import ActionSpec, Proposal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from getvpn_ops.model.inventory import Device
    from getvpn_ops.workflow.actions.spec import World

ID = "rsa-key"
USUAL_LABEL = "GETVPN_REKEY"
"""What rendering calls the key where the intent gives it no name."""
USUAL_MODULUS = 2048
_MOST_OF_12_4 = 2048
GENERATE, COPY, COMPARE = "generate", "copy", "compare"
_NO_WAY_BACK = (
    "none: nothing takes a key away again. It does no harm where it is: only the key that a policy names is used. "
    "No revert timer and no rollback reaches it"
)


class RsaKeyParams(FrozenModel):
    """What key."""

    label: Name | None = Field(default=None, description="of the key; the intent's `rekey.key_label` if not said")
    modulus: int | None = Field(
        default=None,
        ge=1024,
        le=4096,
        description="bits of a key that is generated: the intent's `rekey.modulus`, or 2048, if not said",
    )
    rotate: bool = Field(default=False, description="make a key under a new label, for a later change of the intent")


@dataclass(frozen=True, slots=True)
class _Want:
    group: str
    label: str
    modulus: int
    servers: tuple[Device, ...]


def rsa_key(world: World, params: RsaKeyParams) -> Proposal:
    """Give all key servers of a group the same RSA key for their rekeys.

    Members check each rekey with one public key, whichever key server signs it: a key server that becomes primary with
    another key, or with none, sends rekeys that nobody accepts, and every member falls back to registering anew. The
    key is generated on one key server, unless one holds it already, and copied to the others: exported and imported
    over their SSH sessions, in memory only, under a random passphrase for each copy, with AES where both releases
    have it. Each key server is saved right after its import, for an imported key survives a reload only when it was
    saved. At the end the public keys of all of them are compared: that alone counts as success.

    Cost: none for traffic. A key under a label that no policy names does nothing.

    A key server that holds another key under the same label is shown with both fingerprints, and nothing is
    overwritten: with a key that is replaced, router certificates made of it are gone, and rekeys fail until all are
    equal again. The way on is a rotation: `--set rotate=true` with a new `--set label=...`, then `rekey.key_label` of
    the group's file is set to it, and `getvpn-ops plan push` swaps the line, the primary last.

    Way back: none is needed, and none is offered. There is no action that removes a key (`crypto key zeroize rsa`):
    the private key is gone for good, certificates made of it go with it, SSH ends with the last one, and no rollback
    could bring any of this back. Whoever is sure that nothing uses an old label removes it by hand.
    """
    want = _wanted(world, params)
    if isinstance(want, str):
        return Proposal(refusals=(want,))
    held: dict[str, HeldKey | None] = {}
    refusals: list[str] = []
    for server in want.servers:
        try:
            held[server.name] = held_by(world.fleet.devices[server.name], want.label)
        except EvidenceMissingError as missing:
            refusals.append(f"{server.name}: whether it holds {want.label} is not known: {missing}")
        except KeyError:
            refusals.append(f"{server.name}: it was not asked for its keys")
    notes = tuple(f"{name}: {want.label}: {key or 'not there'}" for name, key in held.items())
    refusals += _unfit(want, held, params)
    if refusals:
        return Proposal(refusals=tuple(refusals), notes=notes)
    return _proposal(world, want, held, params, notes)


def _wanted(world: World, params: RsaKeyParams) -> _Want | str:
    if len(world.groups) != 1:
        return f"the key belongs to one group: name it ({', '.join(world.groups) or 'no group was named'})"
    group = world.groups[0]
    servers = world.inventory.key_servers(group)
    if not servers:
        return f"group {group} has no key server in the inventory"
    intent = world.inventory.gdoi_groups.get(group)
    used = (intent.rekey.key_label if intent is not None else None) or USUAL_LABEL
    label = params.label or used
    if params.rotate and label == used:
        return f"group {group} uses {used}: a rotation needs a new label, such as `--set label={_next(used)}`"
    if not params.rotate and label != used:
        how = f"say `--set rotate=true` to make {label}"
        return f"group {group} uses {used}: another label is a rotation; {how}"
    said = intent.rekey.modulus if intent is not None else None
    return _Want(group, label, params.modulus or said or USUAL_MODULUS, servers)


def _next(label: str) -> str:
    found = re.fullmatch(r"(.*?)_?(\d+)", label)
    return f"{found[1]}_{int(found[2]) + 1}" if found else f"{label}_2"


def _rotate(want: _Want) -> str:
    how = f"getvpn-ops plan action {ID} {want.group} --set label={_next(want.label)} --set rotate=true"
    return f"make a new one: {how}; then push the intent with that label"


def _unfit(want: _Want, held: Mapping[str, HeldKey | None], params: RsaKeyParams) -> list[str]:
    """Why the keys that are there cannot become one."""
    there = {name: key for name, key in held.items() if key is not None}
    if len({key.digest for key in there.values()}) > 1:
        told = "; ".join(f"{name}: {key}" for name, key in there.items())
        reason = f"key servers of {want.group} hold different keys under {want.label} ({told}): nothing is overwritten"
        return [f"{reason}; {_rotate(want)}"]
    lacking = [server.name for server in want.servers if server.name not in there]
    found = next(iter(there.values()), None)
    if found is None:
        return []
    if params.modulus is not None and found.bits != params.modulus:
        reason = f"{want.label} is there and has {found.bits} bits, not {params.modulus}: nothing is overwritten"
        return [f"{reason}; {_rotate(want)}"]
    if lacking and not any(key.exportable for key in there.values()):
        holders = ", ".join(there)
        reason = f"{want.label} of {holders} is not exportable: it cannot be copied to {', '.join(lacking)}"
        return [f"{reason}; {_rotate(want)}"]
    return []


def _proposal(
    world: World, want: _Want, held: Mapping[str, HeldKey | None], params: RsaKeyParams, notes: tuple[str, ...]
) -> Proposal:
    families = {server.name: family_of(world, server) for server in want.servers}
    there = {name: key for name, key in held.items() if key is not None}
    modulus = next((key.bits for key in there.values()), want.modulus)
    small = [name for name, family in families.items() if family is Family.IOS_12]
    if modulus > _MOST_OF_12_4 and small:
        text = f"{', '.join(small)}: 12.4 knows keys of at most {_MOST_OF_12_4} bits, not {modulus}"
        return Proposal(refusals=(text,), notes=notes)
    if params.rotate:
        then = f"afterwards: set `rekey.key_label` of group {want.group} to {want.label}"
        what = f"`getvpn-ops plan push {want.group}` then swaps `rekey authentication mypubkey rsa`, the primary last"
        notes = (*notes, f"{then}; {what}; the old label stays")
    if modulus < USUAL_MODULUS:
        notes = (*notes, f"{modulus} bits are what the guide of 2009 uses; {USUAL_MODULUS} are today's least")
    lacking = [server.name for server in want.servers if server.name not in there]
    if not lacking:
        same = f"all {len(there)} key servers of {want.group} hold the same {want.label}: nothing is to be done"
        return Proposal(notes=(*notes, same))
    source = next((name for name, key in there.items() if key.exportable), "")
    waves: list[Wave] = []
    if not source:
        source, *lacking = lacking
        waves.append(_generated(want, modulus, source))
    for target in lacking:
        both = {families[source], families[target]}
        waves.append(_copied(want, source, target, "aes" if both == {Family.IOS_XE} else "3des"))
    waves.append(_compared(want))
    effect = PredictedEffect(
        want.group,
        f"RSA key {want.label}",
        Statement.HITLESS,
        0.0,
        ("a key that is added changes no traffic key and sends no rekey",),
    )
    return Proposal(waves=tuple(_numbered(waves)), effects=(effect,), notes=notes)


def family_of(world: World, device: Device) -> Family | None:
    """How a device's release is written, by what it told, else by the inventory; None: not known."""
    text = device.release
    state = world.fleet.devices.get(device.name)
    if state is not None and state.has(Version):
        version = state.latest(Version).value
        text = version.xe_release or version.release or text
    release = release_of(text)
    return release.family if release is not None else None


def _generated(want: _Want, modulus: int, server: str) -> Wave:
    line = f"crypto key generate rsa general-keys label {want.label} modulus {modulus} exportable"
    step = PlannedStep(
        server,
        server,
        f"generate RSA key {want.label} of {modulus} bits on {server}, and save it",
        Perform(
            ID,
            (("work", GENERATE), ("label", want.label), ("modulus", str(modulus)), ("server", server)),
            (line, "write memory"),
            once=True,
        ),
        (want.group,),
        ("typed only if no key of this label is there",),
        _NO_WAY_BACK,
    )
    return Wave(f"RSA key {want.label} on {server}", (step,))


def _copied(want: _Want, source: str, target: str, cipher: str) -> Wave:
    step = PlannedStep(
        f"copy-{target}",
        "",
        f"copy RSA key {want.label} from {source} to {target}, and save it there",
        Perform(
            ID,
            (("work", COPY), ("label", want.label), ("source", source), ("server", target), ("cipher", cipher)),
            (
                f"{source}: crypto key export rsa {want.label} pem terminal {cipher} <passphrase>",
                f"{target}: crypto key import rsa {want.label} pem exportable terminal <passphrase>",
                f"{target}: write memory",
            ),
            once=True,
        ),
        (want.group,),
        (
            "the passphrase is random and new for each copy; it and the private key stay in memory, shown nowhere",
            f"typed only if {target} holds no key of this label",
        ),
        _NO_WAY_BACK,
    )
    return Wave(f"RSA key {want.label} to {target}", (step,))


def _compared(want: _Want) -> Wave:
    servers = ",".join(server.name for server in want.servers)
    step = PlannedStep(
        "compare",
        "",
        f"compare the public keys of {want.label} on all key servers of {want.group}",
        Perform(ID, (("work", COMPARE), ("label", want.label), ("servers", servers))),
        (want.group,),
        ("nothing is typed but `show crypto key mypubkey rsa`",),
        "nothing to undo",
    )
    return Wave(f"RSA key {want.label}: proof", (step,))


def without_made(waves: Iterable[Wave], made: set[tuple[str, str]]) -> list[Wave] | str:
    """What is left of a proposal where another group of the same plan uses the same label; or why that cannot be.

    Args:
        waves: of the proposal.
        made: label and key server of keys that the plan makes before it; those of the proposal are added.
    """
    left, labels, new = [], {label for label, _ in made}, set[tuple[str, str]]()
    for wave in waves:
        acts = [dict(step.act.parameters) for step in wave.steps if isinstance(step.act, Perform)]
        places = {(act["label"], act["server"]) for act in acts if "server" in act}
        if places and places <= made:
            continue
        fresh = {label for act in acts if act["work"] == GENERATE for label in [act["label"]]}
        if fresh & labels:
            label = min(fresh)
            return (
                f"another group of this plan makes {label} too, for other key servers: two keys of one name would "
                f"meet; make one first: getvpn-ops plan action {ID}"
            )
        new |= places
        left.append(wave)
    made |= new
    return left


def _numbered(waves: list[Wave]) -> list[Wave]:
    """Steps with the ids that sort as they are done; a point would begin the name of a part."""
    return [
        replace(wave, steps=tuple(replace(step, id=f"{at:03d}-{step.id.replace('.', '-')}") for step in wave.steps))
        for at, wave in enumerate(waves, 1)
    ]


RSA_KEY = ActionSpec(
    id=ID,
    title="Give all key servers of a group the same RSA key for rekeys",
    params=RsaKeyParams,
    propose=rsa_key,
    tags=("keys", "key-server"),
    asks_servers_alone=True,
)
