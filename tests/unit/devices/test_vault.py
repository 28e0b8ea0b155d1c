"""Which secrets a session learns, and which lines can be typed with them."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from getvpn_ops.devices.hand import untypeable_words
from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.devices.vault import UnresolvedError, Vault
from getvpn_ops.model.change import ChangeLine, ChangeStep, StepKind
from getvpn_ops.model.config.secret import Secret, placeholder

KEY, OTHER = "Vault-Key-51", "Vault-Other-52"
RUNNING = f"""Building configuration...
!
crypto isakmp key 6 {KEY} address 10.1.1.1
crypto keyring RING
  pre-shared-key address 10.1.1.2 key {OTHER}
key chain CHAIN
 key 1
  key-string Vault-Chain-53
radius server ONE
 key Vault-Radius-54
snmp-server community Vault-Comm-55 RO
enable secret 9 $9$Vault$56
end
"""
LEARNT = {
    "a key of its own line": KEY,
    "a key in a section": OTHER,
    "a key of a chain": "Vault-Chain-53",
    "a key of a server": "Vault-Radius-54",
    "a community": "Vault-Comm-55",
    "a hash": "$9$Vault$56",
}


def step(line: str, *path: str, rollback: tuple[ChangeLine, ...] = ()) -> ChangeStep:
    return ChangeStep(StepKind.SET, "t", (ChangeLine(line, path),), rollback)


def taught(*given: Secret) -> Vault:
    vault = Vault("r1", lambda: given, Redactor())
    vault.learn(RUNNING)
    return vault


@pytest.mark.parametrize("value", LEARNT.values(), ids=LEARNT)
def test_what_the_running_configuration_teaches(value: str) -> None:
    redactor = Redactor()
    vault = Vault("r1", tuple, redactor)
    vault.learn(RUNNING)
    shown = f"password {placeholder(value)} there"
    done = vault.resolve(step(shown, f"mode {placeholder(value)}"))
    assert done.lines[0].true_text == f"password {value} there"
    assert done.lines[0].text == shown
    assert done.lines[0].path == (f"mode {value}",)
    assert value not in repr(done.lines[0].hidden)
    assert value not in redactor.text(f"the device says {value}")


def test_the_number_of_a_key_in_a_chain_is_no_secret() -> None:
    with pytest.raises(UnresolvedError):
        taught().resolve(step(f"key {placeholder('1')}"))


GIVEN = {
    "a whole line": Secret.of("line", "crypto isakmp key New-Key-61 address 10.1.1.1"),
    "a value alone": Secret.of("isakmp-key", "New-Key-61"),
}


@pytest.mark.parametrize("secret", GIVEN.values(), ids=GIVEN)
def test_what_the_intent_gives(secret: Secret) -> None:
    shown = f"crypto isakmp key {placeholder('New-Key-61')} address 10.1.1.9"
    done = taught(secret).resolve(step(shown))
    assert done.lines[0].true_text == "crypto isakmp key New-Key-61 address 10.1.1.9"


def test_the_intent_is_asked_once_and_only_if_needed() -> None:
    asked: list[int] = []

    def given() -> tuple[Secret, ...]:
        asked.append(1)
        return ()

    vault = Vault("r1", given, Redactor())
    vault.learn(RUNNING)
    assert vault.resolve(step("shutdown")).lines[0].hidden is None
    assert vault.resolve(step(f"crypto isakmp key {placeholder(KEY)} address 10.1.1.9")).lines[0].hidden is not None
    assert asked == []
    for _ in range(2):
        with pytest.raises(UnresolvedError):
            vault.resolve(step(f"key {placeholder('nobody has it')}"))
    assert asked == [1]


def test_a_line_that_has_its_text_keeps_it_and_the_redactor_learns_it() -> None:
    redactor = Redactor()
    whole = "crypto isakmp key Own-Key-71 address 10.1.1.1"
    line = ChangeLine("crypto isakmp key <redacted> address 10.1.1.1", (), Secret.of("line", whole))
    done = Vault("r1", tuple, redactor).resolve(ChangeStep(StepKind.SET, "t", (line,), ()))
    assert done.lines[0].true_text == whole
    assert "Own-Key-71" not in redactor.text("it quotes Own-Key-71")


def test_a_rollback_that_cannot_be_typed_stops_the_step() -> None:
    bad = ChangeLine(f"key {placeholder('lost')}")
    with pytest.raises(UnresolvedError) as error:
        taught().resolve(step("shutdown", rollback=(bad,)))
    assert error.value.shown == bad.text


SHOWN = {
    "a key": f"crypto isakmp key {placeholder('lost')} address 10.1.1.1",
    "a key that is encrypted": f"crypto isakmp key 6 {placeholder('lost')} address 10.1.1.1",
    "a key of a keyring": f"pre-shared-key address 10.1.1.1 key {placeholder('lost')}",
    "a key of IKEv2": f"pre-shared-key {placeholder('lost')}",
    "one that goes": f"no crypto isakmp key {placeholder('lost')} hostname r1.example",
}


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_why_a_line_cannot_be_typed_comes_through_the_redactor_as_it_is(shown: str) -> None:
    redactor = Redactor()
    for value in LEARNT.values():
        redactor.know(SecretStr(value))
    words = untypeable_words(shown)
    assert shown in words
    assert redactor.text(words) == words
    assert redactor.text(f"error: r1: 'set a key': {words}; nothing was sent").count("redacted") == 1
