"""Passwords, users and public keys: what is typed, what is kept, and who gets in."""

from __future__ import annotations

import base64
import hashlib
from random import Random

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st
from screens import RELEASES, Screen

from getvpn_ops.lab.ios.identity import accounts, passwords
from getvpn_ops.lab.ios.router import Router

KNOWN = {
    # published with the descriptions of the formats, and by password crackers as examples of theirs
    "type-5": ("5 $1$mERr$hx5rVt7rPNoS4wqbXKX7m0", "cisco"),
    "type-7": ("7 060506324F41", "cisco"),
    "type-7-other-seed": ("7 0822455D0A16", "cisco"),
    "type-8": ("8 $8$TnGX/fE4KGHOVU$pEhnEvxrvaynpi8j4f.EMHr6M.FzU8xnZnBr/tJdFWk", "hashcat"),
    "type-9": ("9 $9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6", "hashcat"),
    "type-0": ("0 two words", "two words"),
    "no-type": ("plain", "plain"),
}


@pytest.mark.parametrize(("kept", "password"), KNOWN.values(), ids=KNOWN)
def test_known_answers(kept: str, password: str) -> None:
    assert passwords.matches(kept.split(), password)
    assert not passwords.matches(kept.split(), f"{password}x")


BROKEN = ["4 hash", "5 $1$", "5 cisco", "7 xx", "7 99FF", "8 $8$a", "9 $9$a$b$c", ""]


@pytest.mark.parametrize("kept", BROKEN)
def test_what_is_no_hash_matches_nothing(kept: str) -> None:
    assert not passwords.matches(kept.split(), "cisco")
    assert not passwords.matches(kept.split(), kept or "x")


@given(st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=60), st.integers(0, 15))
def test_type_7_comes_back(password: str, seed: int) -> None:
    assert passwords.from_type7(passwords.type7(password, seed)) == password


@given(st.text(min_size=1, max_size=60), st.text(min_size=8, max_size=20), st.integers())
def test_type_6_comes_back_with_its_master_key_only(text: str, master: str, seed: int) -> None:
    covered = passwords.type6(text, master, Random(seed))  # noqa: S311 -- repeatable
    assert passwords.from_type6(covered, master) == text
    assert passwords.from_type6(covered, f"{master}x") is None


def configured(release: str, *lines: str) -> Screen:
    screen = Screen(release)
    screen.enter("conf t", *lines, "end")
    return screen


def kept(screen: Screen, start: str) -> list[str]:
    return [line.strip() for line in screen.running() if line.strip().startswith(start)]


SECRETS = {
    "12.4": ("12.4", "username ana secret pw-1", "username ana secret 5 $1$"),
    "15": ("15", "username ana secret pw-1", "username ana secret 5 $1$"),
    "17": ("17", "username ana secret pw-1", "username ana secret 9 $9$"),
    "zero-in-front": ("17", "username ana secret 0 pw-1", "username ana secret 9 $9$"),
    "asked-for-8": ("17", "username ana algorithm-type sha256 secret pw-1", "username ana secret 8 $8$"),
    "asked-for-9-on-15": ("15", "username ana algorithm-type scrypt secret pw-1", "username ana secret 9 $9$"),
    "privilege": ("15", "username ana privilege 15 secret pw-1", "username ana privilege 15 secret 5 $1$"),
    "password": ("15", "username ana password pw-1", "username ana password 0 pw-1"),
}


@pytest.mark.parametrize(("release", "typed", "start"), SECRETS.values(), ids=SECRETS)
def test_what_is_typed_in_clear_is_kept_as_ios_keeps_it(release: str, typed: str, start: str) -> None:
    # algorithm-type came with 15.3(3)
    screen = configured("15.5(3)M" if "algorithm" in typed and release == "15" else release, typed)
    (line,) = kept(screen, "username ")
    assert line.startswith(start)
    assert screen.router.authenticate("ana", "pw-1") == (15 if "privilege" in typed else 1)
    assert screen.router.authenticate("ana", "pw-2") is None


def test_algorithm_type_is_younger_than_15_3() -> None:
    screen = Screen("15")
    screen.enter("conf t")
    assert "% Invalid input" in screen.enter("username ana algorithm-type scrypt secret x")


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_enable_secret(release: str) -> None:
    screen = configured(release, "enable secret level-up", "enable secret level 7 seven")
    assert len(kept(screen, "enable secret ")) == 2
    assert "level-up" not in "\n".join(screen.running())
    screen.router.enable_secret = None
    assert screen.router.may_enable("level-up")
    assert screen.router.may_enable("seven", 7)
    assert not screen.router.may_enable("seven")


def test_the_same_secret_gets_another_salt_and_runs_repeat() -> None:
    first = configured("15", "username a secret x", "username b secret x")
    texts = [line.split()[-1] for line in kept(first, "username ")]
    assert texts[0] != texts[1]
    again = configured("15", "username a secret x", "username b secret x")
    assert kept(again, "username ") == kept(first, "username ")


def test_lines_of_a_user_join() -> None:
    screen = configured("17", "username ana secret x", "username ana privilege 15", "username ben privilege 7")
    assert [line.partition(" secret ")[0] for line in kept(screen, "username ")] == [
        "username ana privilege 15",
        "username ben privilege 7",
    ]


def test_a_password_and_a_secret_exclude_each_other() -> None:
    screen = configured("15", "username ana password x")
    screen.enter("conf t")
    assert "ERROR: Can not have both a user password and a user secret." in screen.enter("username ana secret y")
    assert "is not a valid encrypted secret" in screen.enter("enable secret 5 cisco")
    assert kept(screen, "username ") == ["username ana password 0 x"]
    assert kept(screen, "enable ") == []


REMOVED = {"12.4": ("12.4", False), "15": ("15", True), "17": ("17", True)}


@pytest.mark.parametrize(("release", "asks"), REMOVED.values(), ids=REMOVED)
def test_no_username(release: str, asks: bool) -> None:  # noqa: FBT001 -- a column of the table
    screen = configured(release, "username ana privilege 15 secret x", "username anabel secret y")
    screen.enter("conf t")
    shown = screen.enter("no username ana")
    question = "remove all username related configurations with same name.Do you want to continue? [confirm]"
    assert (question in shown) is asks
    if asks:
        screen.type("n")
        assert len(kept(screen, "username ")) == 2
        screen.enter("no username ana")
        screen.type("\r")
    assert [line.split()[1] for line in kept(screen, "username ")] == ["anabel"]
    assert screen.shown.endswith("R1(config)#")


def test_service_password_encryption_covers_what_is_there_and_what_comes() -> None:
    screen = configured("15", "username ana password one", "enable password two", "line vty 0 4", "password three")
    assert kept(screen, "enable ") == ["enable password two"]
    screen.enter("conf t", "service password-encryption", "username ben password four", "end")
    covered = [line for line in screen.running() if "password 7" in line]
    assert len(covered) == 4
    assert {passwords.from_type7(line.split()[-1]) for line in covered} == {"one", "two", "three", "four"}
    screen.enter("conf t", "no service password-encryption", "end")
    assert len([line for line in screen.running() if "password 7" in line]) == 4
    assert screen.router.authenticate("ben", "four") == 1


# -- pre-shared keys

KEY_LINE = "crypto isakmp key shared-1 address 10.1.1.1"


def sealed() -> Screen:
    screen = configured("17", KEY_LINE, "crypto keyring K", "pre-shared-key address 10.1.1.2 key shared-2")
    screen.enter("conf t", "key config-key password-encrypt master-key-1", "password encryption aes", "end")
    return screen


def test_type_6_keys() -> None:
    screen = sealed()
    lines = [*kept(screen, "crypto isakmp key"), *kept(screen, "pre-shared-key")]
    assert [line.split().count("6") for line in lines] == [1, 1]
    assert not any(f"shared-{n}" in line for n in (1, 2) for line in screen.running())
    assert "master-key" not in "\n".join(screen.running())
    running = screen.router.running
    assert [passwords.clear_key(running, line.split()) for line in lines] == ["shared-1", "shared-2"]
    screen.enter("conf t", f"no {KEY_LINE}", KEY_LINE, "end")
    assert len(kept(screen, "crypto isakmp key")) == 1
    assert kept(screen, "crypto isakmp key") != lines[:1]
    screen.enter("conf t", f"no {KEY_LINE}", "end")
    assert kept(screen, "crypto isakmp key") == []


# A peer has one key: the old one must go before the new one comes, be they the same.
TAKEN = {
    "another-key": ("crypto isakmp key other address 10.1.1.1", "address mask 10.1.1.1 255.255.255.255"),
    "the-same-key": (KEY_LINE, "address mask 10.1.1.1 255.255.255.255"),
    "mask-typed": ("crypto isakmp key other address 10.1.1.1 255.255.255.255", "address mask 10.1.1.1 255.255.255.255"),
    "without-xauth": ("crypto isakmp key other address 10.1.1.1 no-xauth", "address mask 10.1.1.1 255.255.255.255"),
    "everybody": ("crypto isakmp key other address 0.0.0.0 0.0.0.0", "address mask 0.0.0.0 0.0.0.0"),
    "network": ("crypto isakmp key other address 10.2.0.0 255.255.0.0", "address mask 10.2.0.0 255.255.0.0"),
}


@pytest.mark.parametrize(("line", "whose"), TAKEN.values(), ids=TAKEN)
def test_a_pre_shared_key_is_not_typed_over(line: str, whose: str) -> None:
    everybody, network = "crypto isakmp key all address 0.0.0.0", "crypto isakmp key net address 10.2.0.0 255.255.0.0"
    screen = configured("15", KEY_LINE, everybody, network)
    before = kept(screen, "crypto isakmp key")
    screen.enter("conf t")
    assert screen.enter(line).split("\r\n")[1] == f"A pre-shared key for {whose} already exists!"
    assert kept(screen, "crypto isakmp key") == before
    assert "already" not in screen.enter("crypto isakmp key other address 10.1.1.2")


def test_the_mask_of_a_single_peer_is_not_printed() -> None:
    screen = configured("15", "crypto isakmp key k address 10.1.1.1 255.255.255.255 no-xauth")
    assert kept(screen, "crypto isakmp key") == ["crypto isakmp key k address 10.1.1.1 no-xauth"]


def test_type_6_keys_differ_from_box_to_box() -> None:
    texts = set()
    for seed in range(2):
        screen = Screen(router=Router(random=Random(seed)))  # noqa: S311 -- repeatable
        screen.enter("conf t", KEY_LINE, "key config-key password-encrypt master-key-1", "password encryption aes")
        texts.add(tuple(kept(screen, "crypto isakmp key")))
    assert len(texts) == 2


def test_without_the_master_key_they_are_lost() -> None:
    screen = sealed()
    line = kept(screen, "crypto isakmp key")[0].split()
    screen.enter("conf t")
    assert "WARNING: All type 6 encrypted keys will become unusable." in screen.enter(
        "no key config-key password-encrypt"
    )
    screen.enter("yes", "end")
    assert passwords.clear_key(screen.router.running, line) is None


def test_a_new_master_key_covers_anew() -> None:
    screen = sealed()
    before = kept(screen, "crypto isakmp key")
    screen.enter("conf t", "key config-key password-encrypt", "master-key-1", "master-key-2", "master-key-2", "end")
    after = kept(screen, "crypto isakmp key")
    assert after != before
    assert passwords.clear_key(screen.router.running, after[0].split()) == "shared-1"
    assert "master-key-2" not in screen.shown


CLEAR = {
    "plain": (KEY_LINE, "shared-1"),
    "typed-0": ("crypto isakmp key 0 shared-1 address 10.1.1.1", "shared-1"),
    "for-a-name": ("crypto isakmp key k hostname gm.example", "k"),
}


@pytest.mark.parametrize(("typed", "key"), CLEAR.values(), ids=CLEAR)
def test_clear_keys(typed: str, key: str) -> None:
    screen = configured("15", typed)
    (line,) = kept(screen, "crypto isakmp key")
    assert passwords.clear_key(screen.router.running, line.split()) == key


HIDDEN = {
    "username": ("username ana privilege 15 secret hush", "username ana privilege 15 secret *"),
    "enable": ("enable secret hush", "enable secret *"),
    "community": ("snmp-server community hush ro", "snmp-server community * ro"),
    "isakmp": ("crypto isakmp key hush address 10.1.1.1", "crypto isakmp key * address 10.1.1.1"),
    "keyring": ("pre-shared-key address 10.1.1.1 key hush", "pre-shared-key address 10.1.1.1 key *"),
    "export": ("crypto key export rsa K pem terminal 3des hush", "crypto key export rsa K pem terminal 3des *"),
    "import": ("crypto key import rsa K pem terminal hush", "crypto key import rsa K pem terminal *"),
    "master": ("key config-key password-encrypt hush", "key config-key password-encrypt *"),
    "none": ("interface Loopback0", "interface Loopback0"),
    "service": ("service password-encryption", "service password-encryption"),
    "scheme": ("password encryption aes", "password encryption aes"),
}


@pytest.mark.parametrize(("typed", "shown"), HIDDEN.values(), ids=HIDDEN)
def test_what_logs_may_show(typed: str, shown: str) -> None:
    assert accounts.hidden(typed) == shown


# -- public keys


def test_a_pasted_public_key_lets_its_owner_in() -> None:
    key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    text = key.export_public_key().decode().split()[1]
    screen = Screen("17")
    screen.enter("conf t", "ip ssh pubkey-chain", "username ana", "key-string")
    assert screen.shown.endswith("R1(conf-ssh-pubkey-data)#")
    screen.enter(*(text[at : at + 70] for at in range(0, len(text), 70)), "exit")
    assert screen.shown.endswith("R1(conf-ssh-pubkey-user)#")
    screen.enter("end")
    digest = hashlib.md5(base64.b64decode(text), usedforsecurity=False).hexdigest().upper()
    assert [line for line in screen.running() if "key" in line] == [
        "ip ssh pubkey-chain",
        f"  key-hash ssh-rsa {digest}",
    ]
    assert screen.router.accepts_key("ana", text)
    assert not screen.router.accepts_key("ben", text)
    other = asyncssh.generate_private_key("ssh-rsa", key_size=2048).export_public_key().decode().split()[1]
    assert not screen.router.accepts_key("ana", other)


def test_a_key_with_its_comment_and_one_that_is_none() -> None:
    key = asyncssh.generate_private_key("ssh-rsa", key_size=2048, comment="ana@desk")
    screen = Screen("15")
    text = key.export_public_key().decode().strip()
    screen.enter("conf t", "ip ssh pubkey-chain", "username ana", "key-string", text[:200], text[200:], "exit")
    assert any(line.endswith(" ana@desk") for line in screen.running())
    assert "%SSH: Failed to decode the Key Value" in screen.enter("key-string", "garbage", "exit")
    screen.enter("end", "conf t")
    assert "% Invalid input" in Screen("12.4").enter("conf t", "ip ssh pubkey-chain")
