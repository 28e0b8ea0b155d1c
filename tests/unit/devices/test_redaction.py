"""The redactor: by value in every form, by pattern, in captures byte for byte, and in logs whoever writes them."""

from __future__ import annotations

import base64
import html
import io
import json
import logging
import threading
import urllib.parse
from typing import TYPE_CHECKING, Any

import captures
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from getvpn_ops.devices import redaction
from getvpn_ops.devices.logs import RedactingFilter, redacted_logs
from getvpn_ops.devices.redaction import LINE_MAX, Redactor
from getvpn_ops.dialect.secrets import SECRET_RULES, redact, words_of_secrets
from getvpn_ops.errors import GetvpnOpsError
from getvpn_ops.model.config.secret import fingerprint, placeholder, use_key
from getvpn_ops.model.plain import to_plain
from getvpn_ops.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET = "c4N%aRy/+ <K&y\\'"  # noqa: S105 -- invented
BEGIN, END = (f"-----{word} RSA PRIVATE KEY-----" for word in ("BEGIN", "END"))
KEY_LINES = "MIIEpAIBAAKCAQEAcanary1\nProc-Type: 4,ENCRYPTED\n\ncanary2canary2canary2=="


@pytest.fixture
def redactor() -> Redactor:
    made = Redactor()
    made.know(SecretStr(SECRET))
    return made


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "repr": repr,
    "repr of bytes": lambda text: repr(text.encode()),
    "JSON": json.dumps,
    "HTML": html.escape,
    "URL": lambda text: f"ssh://ops:{urllib.parse.quote(text, safe='')}@host",
    "form": lambda text: urllib.parse.urlencode({"p": text}),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 behind a user": lambda text: base64.b64encode(b"ops:" + text.encode()).decode(),
    "base64 behind two bytes": lambda text: base64.b64encode(b"ab" + text.encode()).decode(),
    "base64 with more behind": lambda text: base64.b64encode(f"{text}\0tail".encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
    "in a word": lambda text: f"x{text}y",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_known_value_goes_in_every_form(redactor: Redactor, form: Callable[[str], str]) -> None:
    written = form(SECRET)
    shown = redactor.text(f"before {written} after")
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert "<redacted sha256:" in shown
    for piece in (SECRET, urllib.parse.quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode()[:16]):
        assert piece not in shown
    assert b"before " + written.encode() + b" after" != redactor.capture(f"before {written} after".encode())


@given(st.text(min_size=1, max_size=30), st.sampled_from([str, repr, json.dumps]))
def test_no_value_stays_in_a_text_for_people(value: str, form: Callable[[str], str]) -> None:
    redactor = Redactor()
    redactor.know(SecretStr(value))
    shown = redactor.text(f"({form(value)})")
    if len(value) > 1 and value not in placeholder(value):
        assert value not in shown


def test_a_weak_value_is_a_word_of_the_device() -> None:
    redactor = Redactor()
    redactor.know(SecretStr("cisco"))
    text = b"cisco ISR4331/K9 (1RU) processor\r\n"
    assert redactor.capture(text, "show version") == text
    assert "cisco" not in redactor.text("login with 'cisco' failed")
    assert "ciscosystems" in redactor.text("ciscosystems")


def test_a_device_s_own_password_goes_from_its_captures_and_from_all_logs() -> None:
    redactor = Redactor()
    redactor.know(SecretStr("Own-Pass-1"), device="r1")
    redactor.know(SecretStr("Shared-Pass-1"), device="r1")
    redactor.know(SecretStr("Shared-Pass-1"), device="r2")
    text = b"x Own-Pass-1 Shared-Pass-1"
    assert b"Own-Pass" not in redactor.capture(text, device="r1")
    assert b"Own-Pass" in redactor.capture(text, device="r2")
    assert b"Shared-Pass" not in redactor.capture(text, device="r3")
    assert "Own-Pass" not in redactor.text(text.decode())


def test_nothing_is_known_of_nothing() -> None:
    redactor = Redactor()
    redactor.know(None)
    redactor.know(SecretStr(""))
    assert redactor.text("a text") == "a text"


@pytest.mark.parametrize("case", captures.cases(), ids=lambda case: f"{case.folder}/{case.name}")
def test_a_redacted_capture_reads_the_same(case: Any, redactor: Redactor) -> None:  # noqa: ANN401 -- captures.Case
    """Also placeholders in place of secrets: they have the secrets' fingerprints."""
    clean = redactor.capture(case.text, case.command)
    if b"CANARY" not in case.text:
        assert clean == case.text
        return
    assert b"CANARY" not in clean or case.folder != "running_config"
    assert redactor.capture(clean, case.command) == clean

    def read(text: bytes) -> object:
        try:
            return to_plain(parse(case.command, text))
        except GetvpnOpsError as exc:
            return str(exc)

    assert read(clean) == read(case.text)


LINES = {
    "a line of a configuration": b"enable secret 9 $9$CANARY\r\n",
    "no end of line": b"crypto isakmp key CANARY address 10.0.0.1",
    "log message": b"*Mar  1 08:00:00: %PARSER-5-CFGLOG_LOGGEDCMD: logged command:username eve password CANARY\n",
    "colours": b"snmp-server \x1b[1mcommunity\x1b[0m CANARY RO\n",
    "a secret in colours": b"snmp-server community \x1b[31mCAN\x1b[0mARY RO\n",
    "backspaces": b"enable pasx\x08sword CANARY\n",
    "remains of a pager": b" --More-- \x08\x08\x08\x08\x08\x08\x08\x08\x08\x08enable secret CANARY\n",
    "returns in a line": b"garbage\renable secret CANARY\rhostname x\n",
    "no UTF-8": b"username bob password 0 CANARY\xe9\xff\n",
    "upper case": b"ENABLE SECRET CANARY\n",
    "tabs": b"\tcrypto\tisakmp\tkey\tCANARY\taddress 10.0.0.1\n",
    "nul": b"enable secret\x00 CANARY\n",
    "a long line": b"x " * LINE_MAX + b"username bob password CANARY " + b"y " * LINE_MAX,
    "a key": f"{BEGIN}\n{KEY_LINES}\n{END}\n".encode(),
    "a key with returns": f"{BEGIN}\r\n{KEY_LINES}\r\n{END}\r\n".replace("\n\n", "\n").encode(),
    "a key glued to its heading": f"base64 len 1743{BEGIN}\n{KEY_LINES}\n{END}\n".encode(),
    "a key without an end": f"{BEGIN}\n{KEY_LINES}".encode(),
    "a key in one line": f"{BEGIN} {KEY_LINES} {END}".replace("\n", " ").encode(),
    "UTF-16": "enable secret CANARY\n".encode("utf-16"),
}


@pytest.mark.parametrize("text", LINES.values(), ids=LINES)
def test_no_secret_stays_in_a_capture(text: bytes) -> None:
    clean = Redactor().capture(b"hostname r1\n" + text + b"\nend\n" if b"\xff\xfe" not in text else text)
    for word in (b"CANARY", b"canary", "CANARY".encode("utf-16-le")):
        assert word not in clean
    assert b"<redacted sha256:" in clean
    assert b"ARY RO" not in clean.replace(b"\x1b[0m", b"")


PLAIN = {
    "empty": b"",
    "a table": b"1043  10.64.1.10  10.64.1.35  ACTIVE aes  sha    psk  2  23:58:11\n",
    "bytes": bytes(range(256)) * 3,
    "a public key": b"-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n",
    "UTF-16": "hostname r1\n".encode("utf-16"),
    "returns": b"a\r\r\nb\rc\n",
}


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
def test_a_text_without_secrets_comes_back_as_it_was(redactor: Redactor, text: bytes) -> None:
    assert redactor.capture(text, "show crypto isakmp sa detail") == text


def test_numbers_of_a_key_chain_stay() -> None:
    chain = b"key chain CORE\n key 1\n  key-string CANARY\n key 2\n  key-string CANARY2\n!\ntacacs server T\n key 3\n"
    clean = Redactor().capture(chain)
    assert b"\n key 1\n" in clean
    assert b"\n key 2\n" in clean
    assert b" key 3\n" not in clean
    assert b"CANARY" not in clean


def test_long_texts_take_time_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in what the patterns look at, not in seconds."""
    looked: list[int] = []

    def counting(line: str, parent: str = "", *, shown: bool = False) -> str:
        looked.append(len(line))
        return redact(line, parent, shown=shown)

    monkeypatch.setattr(redaction, "redact", counting)
    text = b"username x " * 5_000 + b"\n" + b" key 1\n  key 1\n" * 500
    Redactor().capture(text)
    assert max(looked) <= LINE_MAX
    assert sum(looked) <= 3 * len(text)


@given(st.text(max_size=60), st.sampled_from(captures.cases()))
def test_every_rule_s_line_holds_one_of_its_words(tail: str, case: Any) -> None:  # noqa: ANN401 -- captures.Case
    """What is looked for first must never hide a line from the rules."""
    for line in (*case.text.decode(errors="replace").splitlines()[:40], f"enable secret {tail}", f"key {tail}"):
        for rule in SECRET_RULES:
            if rule.pattern.search(line):
                assert any(word in line.casefold() for word in rule.needs)
    assert set(words_of_secrets(shown=True)) < set(words_of_secrets())


def test_the_key_of_an_installation_keeps_placeholders_apart_and_alike() -> None:
    use_key(b"k" * 32)
    first = fingerprint("canary")
    use_key(b"l" * 32)
    assert fingerprint("canary") != first
    use_key(b"k" * 32)
    assert fingerprint("canary") == first
    assert redact("enable secret canary") == f"enable secret {placeholder('canary')}"
    assert placeholder(placeholder("canary")) == placeholder("canary")
    with pytest.raises(ValueError, match="needs 16"):
        use_key(b"short")


# -- logs


@pytest.fixture
def said(redactor: Redactor) -> Iterator[io.StringIO]:
    """Everything that is logged, at the highest verbosity, as a user's own handler would write it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(extra)s", defaults={"extra": ""}))
    handler.addFilter(RedactingFilter(redactor))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    with redacted_logs(redactor):
        yield stream
    root.removeHandler(handler)
    root.setLevel(before)


def raise_with(text: str) -> None:
    raise ValueError(text)


def _traceback(logger: logging.Logger) -> None:
    try:
        raise_with(SECRET)
    except ValueError:
        logger.exception("failed")


def _cause(logger: logging.Logger) -> None:
    try:
        try:
            raise_with(SECRET)
        except ValueError as exc:
            raise KeyError(repr(SECRET)) from exc
    except KeyError:
        logger.warning("failed", exc_info=True)


SAYS: dict[str, Callable[[logging.Logger], None]] = {
    "message": lambda logger: logger.debug(f"password {SECRET}"),  # noqa: G004 -- as careless libraries do
    "arguments": lambda logger: logger.info("it is %s", SECRET),
    "a mapping": lambda logger: logger.info("it is %(p)s", {"p": SECRET}),
    "repr of a mapping": lambda logger: logger.info("%r", {"password": SECRET}),
    "wrong arguments": lambda logger: logger.info(f"it is {SECRET} %d %d", "x"),  # noqa: G004
    "a traceback": _traceback,
    "a cause": _cause,
    "the stack": lambda logger: logger.info("here", stack_info=True, extra={"extra": SECRET}),
    "a configuration": lambda logger: logger.info("running: crypto isakmp key CANARY address 10.0.0.1"),
    "extra": lambda logger: logger.info("x", extra={"extra": {"p": SECRET}}),
}


@pytest.mark.parametrize(
    "name", ["", "netmiko", "paramiko.transport", "nornir.core.task", "napalm", "sqlalchemy.engine"]
)
@pytest.mark.parametrize("say", SAYS.values(), ids=SAYS)
def test_logs_hold_no_secret(
    said: io.StringIO, name: str, say: Callable[[logging.Logger], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("sqlalchemy", "paramiko", "netmiko"):  # a library may have set a level of its own
        monkeypatch.setattr(logging.getLogger(part), "level", logging.NOTSET)
        logging.getLogger(part).manager._clear_cache()  # type: ignore[attr-defined]  # noqa: SLF001
    say(logging.getLogger(name))
    text = said.getvalue()
    assert text.startswith(name or "root")
    assert SECRET not in text
    assert SECRET.encode("unicode_escape").decode() not in text
    assert "CANARY" not in text


def test_netmiko_does_not_tell_what_it_reads(said: io.StringIO) -> None:
    """The first half of a secret looks like a whole one, the second half like nothing."""
    logging.getLogger("netmiko").debug("read_channel: RY address 10.0.0.1\nenable secret CANA")
    assert "10.0.0.1" not in said.getvalue()
    assert "read_channel: 39 characters" in said.getvalue()


def test_a_thread_that_crashes_shows_no_secret(said: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    assert said.getvalue() == ""
    hook = threading.excepthook
    try:
        raise_with(SECRET)
    except ValueError as exc:
        hook(threading.ExceptHookArgs((type(exc), exc, exc.__traceback__, None)))
    shown = capsys.readouterr().err
    assert "ValueError: <redacted sha256:" in shown
    assert SECRET not in shown


def test_what_stands_for_a_key_does_not_depend_on_the_keys_that_are_known() -> None:
    """One of two keys may begin the other; a fingerprint of the configuration must not change with what is known."""
    text = b"crypto isakmp key first-7Kd address 10.9.0.1\ncrypto isakmp key first-7Kd-pay address 10.9.0.2\n"
    before = Redactor().capture(text, "show running-config")
    knowing = Redactor()
    knowing.know(SecretStr("first-7Kd"))
    assert knowing.capture(text, "show running-config") == before
    shown = knowing.capture(b"psk first-7Kd of " + before, "show crypto isakmp sa")
    assert b"first-7Kd" not in shown
    assert shown.endswith(before)
