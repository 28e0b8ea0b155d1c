"""One session that may change its device: it shows, configures, acts and carries keys, and sends nothing twice."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pydantic import SecretStr

from getvpn_ops.devices.acting import Acted, Typing, act, cues_of, export_key, import_key
from getvpn_ops.devices.acting.keys import line_of_export, line_of_import
from getvpn_ops.devices.asking import Asker, KeepError
from getvpn_ops.devices.configuring import send_step
from getvpn_ops.devices.permissions import Purpose, permit
from getvpn_ops.devices.terms import SessionError
from getvpn_ops.devices.vault import UnresolvedError, Vault
from getvpn_ops.dialect.commands import SHOW
from getvpn_ops.errors import NotAllowedError
from getvpn_ops.model.capture import Capture, Trouble
from getvpn_ops.model.config.secret import placeholder
from getvpn_ops.model.exec import ExecCommand, ExecOutcome, ExecReceipt
from getvpn_ops.model.receipt import Hindrance, LineReceipt, StepOutcome, StepReceipt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.devices.asking import Hooks
    from getvpn_ops.devices.redaction import Redactor
    from getvpn_ops.devices.session import Session
    from getvpn_ops.model.change import ChangeLine, ChangeStep
    from getvpn_ops.model.inventory import Device

_CONFIRM = ExecCommand("configure confirm")
_SAID_MAX = 4000  # characters of an answer that are kept
_WITH_SECRETS = ("running-config", "startup-config")  # the latter still has a key that was just replaced
_SHORTEST = 2  # characters: ``show ru``


class OpenHand:
    """``engine.change.ports.Hand`` over one session of ours. Belongs to one thread."""

    def __init__(self, device: Device, session: Session, hooks: Hooks, vault: Vault, redactor: Redactor) -> None:
        """Take over an open session; see ``engine.change.ports.Hand`` for what it promises.

        Args:
            device: that it is on.
            session: with ``Purpose.CHANGE``.
            hooks: who is told.
            vault: secrets that may be typed.
            redactor: learns every secret before it is typed.
        """
        self._session = session
        self._hooks = hooks
        self._vault = vault
        self._redactor = redactor
        self._asker = Asker(device, hooks, session.engine)
        self._reader = _Reader(session, vault)

    @property
    def device(self) -> str:
        """Name in the inventory."""
        return self._asker.device.name

    @property
    def asker(self) -> Asker:
        """Counts what was answered, and knows why the session ended."""
        return self._asker

    # -- reading

    def show(self, command: str) -> Capture:
        """Ask one read-only command; see ``engine.change.ports.Hand``.

        Raises:
            Exception: whatever keeping the capture raised.
        """
        broken = self._asker.broken
        if broken is not None:
            capture = self._asker.capture(command, b"", time.monotonic(), broken.trouble, broken.reason)
        else:
            capture = self._asker.ask(self._reader, command, lambda _exc: None)
            if self._asker.broken is not None:
                self._session.close()
        try:
            self._asker.keep(capture)
        except KeepError as exc:
            raise exc.__cause__ or exc from None
        return capture

    # -- configuring

    def configure(self, step: ChangeStep, *, revert_minutes: int = 0) -> StepReceipt:
        """One stay in configuration mode; see ``engine.change.ports.Hand``."""
        if (broken := self._asker.broken) is not None:
            return self._unsent(step, Hindrance.LOST, f"the session had ended: {broken.reason}")
        try:
            true = self._vault.resolve(step)
        except UnresolvedError as exc:
            return self._unsent(step, Hindrance.UNFIT, untypeable_words(exc.shown))
        self._hooks.asked(f"configure terminal: {self._clean(step.title)}")
        receipt = send_step(self._session, true, self._redactor.text, revert_minutes=revert_minutes)
        if not receipt.left:
            self._ended(receipt.reason)
        self._write("configure terminal", _spoken(receipt), receipt.seconds)
        return receipt

    def confirm(self) -> ExecReceipt:
        """``configure confirm``; see ``engine.change.ports.Hand``."""
        return self.command(_CONFIRM)

    def _unsent(self, step: ChangeStep, hindrance: Hindrance, reason: str) -> StepReceipt:
        return StepReceipt(
            device=self.device,
            title=self._clean(step.title),
            outcome=StepOutcome.NOTHING_SENT,
            lines=tuple(self._shown(step.lines)),
            hindrance=hindrance,
            reason=self._clean(reason),
        )

    def _shown(self, lines: Iterable[ChangeLine]) -> Iterable[LineReceipt]:
        for line in lines:
            yield LineReceipt(self._clean(line.text), tuple(self._clean(opener) for opener in line.path))

    # -- acting

    def command(self, command: ExecCommand) -> ExecReceipt:
        """One command that does something; see ``engine.change.ports.Hand``."""
        shown = self._clean(command.line)
        if (unsent := self._may_act(shown)) is not None:
            return unsent
        try:
            typing = Typing(command.line, cues_of(command), command.mode, command.seconds)
        except ValueError as exc:
            return ExecReceipt(
                self.device, shown, ExecOutcome.NOTHING_SENT, hindrance=Hindrance.UNFIT, reason=self._clean(str(exc))
            )
        self._hooks.asked(shown)
        return self._receipt(shown, act(self._session, typing))

    def export_key(
        self, label: str, cipher: str, passphrase: SecretStr, *, seconds: float = 60.0
    ) -> tuple[ExecReceipt, SecretStr | None]:
        """The PEM text of a key pair, in memory only; see ``engine.change.ports.Hand``."""
        self._redactor.know(passphrase)
        shown = line_of_export(label, cipher, placeholder(passphrase.get_secret_value()))
        if (unsent := self._may_act(shown)) is not None:
            return unsent, None
        self._hooks.asked(shown)
        acted, pem = export_key(self._session, label, cipher, passphrase, seconds)
        self._know(pem)
        return self._receipt(shown, acted), pem

    def import_key(
        self, label: str, pem: SecretStr, passphrase: SecretStr, *, exportable: bool, seconds: float = 60.0
    ) -> ExecReceipt:
        """Paste a key pair in; see ``engine.change.ports.Hand``."""
        self._redactor.know(passphrase)
        self._know(pem)
        shown = line_of_import(label, placeholder(passphrase.get_secret_value()), exportable=exportable)
        if (unsent := self._may_act(shown)) is not None:
            return unsent
        self._hooks.asked(shown)
        acted = import_key(self._session, label, pem, passphrase, exportable=exportable, seconds=seconds)
        return self._receipt(shown, acted)

    def _know(self, pem: SecretStr | None) -> None:
        """Each line of the private key alone: what is shown of one may be a part."""
        private = (pem.get_secret_value() if pem is not None else "").partition("PRIVATE KEY")[2]
        for line in private.splitlines():
            if line.strip() and not line.startswith("-") and ":" not in line:
                self._redactor.know(SecretStr(line.strip()))

    def _may_act(self, shown: str) -> ExecReceipt | None:
        """None if the session stands; else what came of a command that was not typed."""
        broken = self._asker.broken
        if broken is None:
            return None
        reason = self._clean(f"the session had ended: {broken.reason}")
        return ExecReceipt(self.device, shown, ExecOutcome.NOTHING_SENT, hindrance=Hindrance.LOST, reason=reason)

    def _receipt(self, shown: str, acted: Acted) -> ExecReceipt:
        said = self._clean("\n".join(line.rstrip() for line in acted.said.splitlines() if line.strip()))[:_SAID_MAX]
        reason = self._clean(acted.reason)
        if not self._session.is_alive:
            self._ended(reason)
        self._write(shown, said, acted.seconds)
        return ExecReceipt(self.device, shown, acted.outcome, said, acted.hindrance, reason, acted.seconds)

    # -- the session

    def _ended(self, reason: str) -> None:
        if self._asker.broken is None:
            self._asker.broken = SessionError(Trouble.DROPPED, reason or "it was hung up")
        self._session.close()

    def _write(self, shown: str, said: str, seconds: float) -> None:
        """Into the transcript, which has all that was typed."""
        text = said.encode(errors="replace")
        self._hooks.write(Capture(self.device, shown, text, self._hooks.now(), seconds, self._session.engine))

    def _clean(self, text: str) -> str:
        return self._redactor.text(text)

    def close(self) -> None:
        """End the session; never raises."""
        self._session.close()


class _Reader:
    """A session of ours that changes, held to what only reads; what it reads teaches the vault."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self._session = session
        self._vault = vault

    @property
    def engine(self) -> str:
        return self._session.engine

    @property
    def hostname(self) -> str:
        return self._session.hostname

    def show(self, command: str) -> bytes:
        try:
            permit(command, Purpose.READ)
        except NotAllowedError as exc:
            raise SessionError(Trouble.NOT_ALLOWED, str(exc)) from exc
        text = self._session.show(command)
        if _shows_secrets(command):
            self._vault.learn(text.decode(errors="replace"))
        return text

    def close(self) -> None:
        self._session.close()


def untypeable_words(shown: str) -> str:
    """Why a line was not typed: its placeholder stands for what nobody here knows.

    The words go through the redactor, which takes what follows some of them for a secret.

    Args:
        shown: the line, as it may be shown.
    """
    return (
        f"'{shown}' cannot be typed: what its placeholder stands for is neither in the intent nor in the running "
        "configuration that this session read"
    )


def _shows_secrets(command: str) -> bool:
    words = command.split()
    if len(words) < 2 or not SHOW.fullmatch(words[0]):  # noqa: PLR2004 -- show, and what
        return False
    return len(words[1]) >= _SHORTEST and any(name.startswith(words[1].lower()) for name in _WITH_SECRETS)


def _spoken(receipt: StepReceipt) -> str:
    """A stay as a person would have seen it, without secrets."""
    lines = [receipt.entered]
    for told in (*receipt.lines, *receipt.undo):
        lines += [*told.path, told.text, f"  [{told.state}]", *([told.said] if told.said else [])]
    return "\n".join([*lines, f"end [{receipt.outcome}]", receipt.leaving]).strip()
