"""What the actions on keys propose: who gets which key from whom, and what is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from acting import planned
from bank import KEY_SERVERS, LABEL, Bank
from small_wan import key_of, loaded, running

from getvpn_ops.engine.assemble import assemble
from getvpn_ops.engine.change.planning.differences import differences_of
from getvpn_ops.engine.change.planning.reading import Reading
from getvpn_ops.engine.config.diff import Differ
from getvpn_ops.engine.config.drift import NO_SOURCE, KeyTerms
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.errors import UsageError
from getvpn_ops.lab.ios.identity.keys import rsa_key
from getvpn_ops.model.capture import Capture, Visit
from getvpn_ops.model.config.secret import Secret
from getvpn_ops.model.plan import Configure, Perform, Statement
from getvpn_ops.registry import NoParams
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.workflow.actions.psk import psk_rotate
from getvpn_ops.workflow.actions.spec import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from getvpn_ops.model.plan import Plan
    from getvpn_ops.workflow.actions.spec import Proposal

NOW = datetime(2026, 3, 1, 8, 5, tzinfo=UTC)


# -- the RSA key


@pytest.fixture(scope="module")
def routers() -> Bank:
    """A group that works."""
    return Bank(minutes=1)


@pytest.fixture
def bank(routers: Bank) -> Iterator[Bank]:
    """The same, with its own keys after each test."""
    kept = {name: dict(routers.world.routers[name].keys.held) for name in KEY_SERVERS}
    yield routers
    for name, held in kept.items():
        routers.world.routers[name].keys.held.clear()
        routers.world.routers[name].keys.held.update(held)


def without(bank: Bank, *names: str) -> None:
    for name in names:
        del bank.world.routers[name].keys.held[LABEL]


def other(bank: Bank, name: str, *, exportable: bool = True) -> None:
    router = bank.world.routers[name]
    router.keys.held[LABEL] = rsa_key(LABEL, 1024, exportable=exportable, made=router.clock.now())


def sealed(bank: Bank, *lacking: str) -> None:
    """One key that nobody can copy, and key servers without it."""
    without(bank, *lacking)
    other(bank, "lds-ks1", exportable=False)
    held = bank.world.routers["lds-ks1"].keys.held[LABEL]
    for name in set(KEY_SERVERS) - set(lacking):
        bank.world.routers[name].keys.held[LABEL] = held


WAYS: dict[str, tuple[Any, dict[str, Any], list[tuple[str, str, str]]]] = {
    "all have it": (lambda _: None, {}, []),
    "one lacks it": (
        lambda bank: without(bank, "ams-ks1"),
        {},
        [("copy", "lds-ks1", "ams-ks1"), ("compare", "", "")],
    ),
    "only the last has it": (
        lambda bank: without(bank, "lds-ks1", "ams-ks1"),
        {},
        [("copy", "dub-ks1", "lds-ks1"), ("copy", "dub-ks1", "ams-ks1"), ("compare", "", "")],
    ),
    "nobody has it": (
        lambda bank: without(bank, *KEY_SERVERS),
        {"modulus": "3072"},
        [
            ("generate", "", "lds-ks1"),
            ("copy", "lds-ks1", "ams-ks1"),
            ("copy", "lds-ks1", "dub-ks1"),
            ("compare", "", ""),
        ],
    ),
    "a new label": (
        lambda _: None,
        {"label": "GETVPN_REKEY_2", "rotate": "true"},
        [
            ("generate", "", "lds-ks1"),
            ("copy", "lds-ks1", "ams-ks1"),
            ("copy", "lds-ks1", "dub-ks1"),
            ("compare", "", ""),
        ],
    ),
}


def works(plan: Plan) -> list[tuple[str, str, str]]:
    acts = [step.act for step in plan.steps if isinstance(step.act, Perform)]
    assert len(acts) == len(plan.steps)
    return [(act.parameter("work"), act.parameter("source"), act.parameter("server")) for act in acts]


@pytest.mark.parametrize("case", WAYS)
def test_the_way_of_a_key(bank: Bank, case: str) -> None:
    prepare, raw, expected = WAYS[case]
    prepare(bank)
    plan = planned(bank, "rsa-key", ["WAN"], **raw)
    assert plan.refusals == ()
    assert works(plan) == expected
    assert not plan.loses
    assert all(len(wave.steps) == 1 for wave in plan.waves), "one key server at a time"
    assert {device.name for device in plan.devices} <= set(KEY_SERVERS), "members are not read for it"
    for step in plan.steps:
        assert step.way_back
        assert isinstance(step.act, Perform)
        assert all(
            line.endswith(" <passphrase>") for line in step.act.lines if " import " in line or " export " in line
        )
    if any(work == "generate" for work, _, _ in expected):
        bits = raw.get("modulus", "2048")
        line = f"crypto key generate rsa general-keys label {raw.get('label', LABEL)} modulus {bits} exportable"
        assert plan.steps[0].act.lines == (line, "write memory")


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "different keys": (
        lambda bank: other(bank, "ams-ks1"),
        {},
        r"hold different keys under GETVPN_REKEY \(lds-ks1: 2048 bits, SHA-256 [0-9a-f]{16}, exportable; ams-ks1: 1024",
    ),
    "not exportable": (
        lambda bank: sealed(bank, "dub-ks1"),
        {},
        "of lds-ks1, ams-ks1 is not exportable: it cannot be copied to dub-ks1",
    ),
    "another length": (
        lambda bank: without(bank, "dub-ks1"),
        {"modulus": "4096"},
        "is there and has 2048 bits, not 4096",
    ),
    "a label without rotation": (lambda _: None, {"label": "NEW"}, "say `--set rotate=true` to make NEW"),
    "a rotation to the same": (lambda _: None, {"rotate": "true"}, "such as `--set label=GETVPN_REKEY_2`"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_key_that_is_refused(bank: Bank, case: str) -> None:
    prepare, raw, expected = REFUSED[case]
    prepare(bank)
    plan = planned(bank, "rsa-key", ["WAN"], **raw)
    assert plan.waves == ()
    assert len(plan.refusals) == 1
    assert re.search(expected, plan.refusals[0]), plan.refusals


def test_a_key_server_that_is_not_read_is_not_passed_over(bank: Bank) -> None:
    plan = planned(bank, "rsa-key", ["WAN"], down=["ams-ks1"])
    assert plan.waves == ()
    assert any("ams-ks1: whether it holds GETVPN_REKEY is not known" in text for text in plan.refusals)


def test_the_key_is_that_of_one_group(bank: Bank) -> None:
    plan = planned(bank, "rsa-key", ["lds-ks1"])
    assert plan.refusals == ("the key belongs to one group: name it (WAN, PAYMENTS)",)


# -- pre-shared keys


def new_key(reference: str) -> Secret:
    """The members' new keys; those between key servers stay."""
    old = key_of(reference)
    return Secret.of("isakmp-key", f"NEW-{old}" if "gm1" in reference else old)


def proposed(
    folder: Path,
    *targets: str,
    secrets: Secrets | None,
    terms: KeyTerms,
    shown: Callable[[str, str], str] = lambda _, text: text,
) -> Proposal:
    """A proposal; ``shown`` makes of a device and its configuration what it prints instead."""
    inventory = loaded(folder / "inventory")
    devices = tuple(inventory.devices.values())
    captures = [
        Capture(name, "show running-config", shown(name, running(inventory, name)).encode(), NOW, 0.1, "fake")
        for name in inventory.devices
    ]
    visits = {name: Visit(name, NOW, NOW, "fake", name, 1) for name in inventory.devices}
    fleet = assemble(captures, visits, inventory, selected=devices, started=NOW, ended=NOW)
    reading = Reading(fleet, {}, {})
    found = differences_of(Differ(Intents(inventory, secrets), inventory, terms), reading, devices)
    meant = tuple(inventory.devices[name] for name in targets)
    return psk_rotate(World(inventory, fleet, meant, ("WAN",), NOW, found.changes, found.untold), NoParams())


KNOWN = KeyTerms(has_source=True)


def test_a_rotation_goes_member_by_member_and_takes_nothing_else_along(tmp_path: Path) -> None:
    found = proposed(tmp_path, "abe-gm1", "bat-gm1", secrets=Secrets(new_key), terms=KNOWN)
    assert found.refusals == ()
    assert [(step.id, step.device) for wave in found.waves for step in wave.steps] == [
        ("001-abe-gm1", ""),
        ("002-hub-ks1", "hub-ks1"),
        ("003-fal-ks2", "fal-ks2"),
        ("004-abe-gm1", "abe-gm1"),
        ("005-abe-gm1", ""),
        ("006-abe-gm1", "abe-gm1"),
        ("007-hub-ks1", "hub-ks1"),
        ("008-fal-ks2", "fal-ks2"),
        ("009-bat-gm1", ""),
        ("010-hub-ks1", "hub-ks1"),
        ("011-fal-ks2", "fal-ks2"),
        ("012-bat-gm1", "bat-gm1"),
        ("013-bat-gm1", ""),
        ("014-bat-gm1", "bat-gm1"),
        ("015-hub-ks1", "hub-ks1"),
        ("016-fal-ks2", "fal-ks2"),
    ]
    acts = [step.act for wave in found.waves for step in wave.steps if isinstance(step.act, Configure)]
    for act in acts:
        assert len(act.states) == len(act.lines) + 1
        assert len(set(act.states)) == len(act.states)
        text = " ".join(line.text for line in (*act.lines, *act.rollback))
        assert "NEW" not in text
        assert "<redacted sha256:" in text
    servers = [act for act in acts if "10.254.1.2" in act.lines[0].text]
    assert len(servers) == 2
    assert all("10.254.2.2" not in line.text for act in servers for line in act.lines), "only this member's key"
    assert acts[0].states[-1] == acts[3].states[0], "the second member begins where the first one ended"
    assert {effect.statement for effect in found.effects} == {Statement.CANNOT_TELL}, "nothing was read of the group"


CASES: dict[str, tuple[tuple[str, ...], Secrets | None, KeyTerms, str, str]] = {
    "no source of secrets": (("abe-gm1",), None, NO_SOURCE, "its key cannot be compared", ""),
    "a secret is missing": (
        ("abe-gm1",),
        Secrets(lambda name: None if "abe" in name else new_key(name)),
        KeyTerms(lambda name: f"no file {name}", has_source=True),
        "its key cannot be compared",
        "",
    ),
    "it has the key": (
        ("abe-gm1",),
        Secrets(lambda name: Secret.of("isakmp-key", key_of(name))),
        KNOWN,
        "no device is left to do it on",
        "it has this key already",
    ),
    "a key server": (
        ("hub-ks1",),
        Secrets(new_key),
        KNOWN,
        "none of the targets is one of the members",
        "this action is for members",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_rotation_that_is_refused(tmp_path: Path, case: str) -> None:
    targets, secrets, terms, refusal, left = CASES[case]
    found = proposed(tmp_path, *targets, secrets=secrets, terms=terms)
    assert found.waves == ()
    assert any(refusal in text for text in found.refusals), found.refusals
    assert [item.reason for item in found.left_out] == ([left] if left else [])


def _lines(text: str, pattern: str, put: str) -> str:
    made = re.sub(pattern, put, text, flags=re.MULTILINE)
    assert made != text, "the case changes nothing"
    return made


_OF_KS = r"^crypto isakmp key (\S+) address 10\.255\.0\.1$"
_OF_GM = r"^crypto isakmp key (\S+) address 10\.254\.1\.2$"
KINDS: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "a wildcard on a key server": (
        "hub-ks1", _OF_GM, r"crypto isakmp key \1 address 0.0.0.0 0.0.0.0",
        ("a key for more peers than one (0.0.0.0 0.0.0.0)",),
    ),
    "a wildcard without a mask": (
        "hub-ks1", _OF_GM, r"crypto isakmp key \1 address 0.0.0.0", ("a key for more peers than one (0.0.0.0)",),
    ),
    "a network on the member": (
        "abe-gm1", _OF_KS, r"crypto isakmp key \1 address 10.255.0.0 255.255.255.0",
        ("a key for more peers than one (10.255.0.0 255.255.255.0)",),
    ),
    "by hostname": (
        "abe-gm1", _OF_KS, r"crypto isakmp key \1 hostname hub-ks1.bank.example",
        ("keys by hostname (hub-ks1.bank.example)",),
    ),
    "type 6": (
        "abe-gm1", _OF_KS, r"crypto isakmp key 6 QRSTuvWXyz address 10.255.0.1", ("kept encrypted (type 6)",),
    ),
    "what is typed becomes type 6": (
        "fal-ks2", r"^hostname (\S+)$", "hostname \\1\npassword encryption aes", ("kept encrypted (type 6)",),
    ),
    "G-IKEv2": (
        "abe-gm1", r"^( server address ipv4 10\.255\.0\.1)$", "\\1\n client protocol gikev2 GM-PROFILE",
        ("registers by G-IKEv2",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", KINDS.values(), ids=KINDS)
def test_a_key_whose_rotation_could_not_be_proven_is_refused(
    tmp_path: Path, case: tuple[str, str, str, tuple[str, ...]]
) -> None:
    device, pattern, put, said = case
    found = proposed(
        tmp_path,
        "abe-gm1",
        secrets=Secrets(new_key),
        terms=KNOWN,
        shown=lambda name, text: _lines(text, pattern, put) if name == device else text,
    )
    assert found.waves == ()
    for words in said:
        assert any(text.startswith(f"{device}: ") and words in text for text in found.refusals), found.refusals


def test_a_hostname_of_somebody_else_is_no_obstacle(tmp_path: Path) -> None:
    def shown(name: str, text: str) -> str:
        return (
            text.replace("line vty", "crypto isakmp key Other1 hostname far.bank.example\nline vty")
            if name == "hub-ks1"
            else text
        )

    assert proposed(tmp_path, "abe-gm1", secrets=Secrets(new_key), terms=KNOWN, shown=shown).refusals == ()


def test_a_member_without_a_pre_shared_key_is_not_said_to_have_the_new_one(tmp_path: Path) -> None:
    def without_keys(name: str, text: str) -> str:
        del name
        return re.sub(r"^crypto isakmp key .*\n", "", text, flags=re.MULTILINE)

    same = Secrets(lambda name: Secret.of("isakmp-key", key_of(name)))
    found = proposed(tmp_path, "abe-gm1", secrets=same, terms=KNOWN, shown=without_keys)
    assert not any(item.is_known for item in found.left_out)


def test_without_intents_there_is_nothing_to_take_keys_from(bank: Bank) -> None:
    with pytest.raises(UsageError, match="there are no intents here"):
        planned(bank, "psk-rotate", ["lon-gm1"])
