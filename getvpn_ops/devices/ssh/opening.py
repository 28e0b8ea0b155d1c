"""From an address to a shell: reach, greet, log in; and what to say where it does not get that far."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.devices.ssh.agent import AgentGoneError
from getvpn_ops.devices.ssh.engine import Engine, HostKey, LostError, NotSshError, UnmatchedError, engine
from getvpn_ops.devices.ssh.keyfile import read_key
from getvpn_ops.devices.ssh.offer import banner_of, in_words, read_offer
from getvpn_ops.devices.ssh.wire import Wire, dial
from getvpn_ops.devices.terms import SessionError
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from getvpn_ops.devices.terms import Login, Stop

_PEEK = 512
_EXCHANGE = 60.0  # seconds for a key exchange: an old router computes for several
_FULL = (
    "all VTYs may be in use (`show users`, `clear line vty N` from the console), or an access-class or "
    "`ip ssh maxstartups` keeps this station out"
)


@dataclass(frozen=True, slots=True)
class Greeted:
    """A server that has shown its host key, before any login.

    Attributes:
        engine: holds the connection.
        key: of the server; not yet compared with anything.
    """

    engine: Engine
    key: HostKey


def greet(  # noqa: PLR0913 -- where a server is, and how to reach it
    host: str,
    port: int,
    stop: Stop,
    *,
    engine_name: str,
    jump: str | None = None,
    user: str = "",
    known: Sequence[str] = (),
    connect_timeout: float = 10.0,
) -> Greeted:
    """Reach a server and exchange keys with it.

    Args:
        host: name or address.
        port: of the SSH server.
        stop: when to give up.
        engine_name: SSH library.
        jump: command that makes the connection.
        user: for that command.
        known: algorithms of the pinned keys.
        connect_timeout: seconds for the connection, and again for the first byte on it.

    Raises:
        SessionError: it cannot be reached, is no SSH server, or has no algorithm in common with the library.
    """

    def reach() -> tuple[Wire, bytes]:
        wire = dial(host, port, stop.within(connect_timeout, "connect timeout"), jump=jump, user=user)
        return wire, _first_bytes(wire, f"{host} port {port}", stop, connect_timeout)

    make = engine(engine_name)
    wire, heard = reach()
    where = f"{host} port {port}"
    made = make(wire)
    exchange = stop.within(_EXCHANGE, "time for the key exchange")
    try:
        if heard:
            banner_of(heard)
        return Greeted(made, made.start(known, exchange))
    except NotSshError as exc:
        error = SessionError(
            Trouble.NO_COMMON_SSH,
            f"what answers at {where} is no SSH 2 server: {exc}",
            "check the port in the inventory; on the device: `ip ssh version 2`, `crypto key generate rsa`",
        )
    except (UnmatchedError, LostError) as exc:
        said = wire.said()
        made.close()
        error = _unmatched(where, made, str(exc), reach, stop) or _closed(where, f"{exc}", said)
        if isinstance(exc, UnmatchedError) and error.trouble is not Trouble.NO_COMMON_SSH:
            error = SessionError(Trouble.NO_COMMON_SSH, f"the key exchange with {where} failed: {exc}", "")
    except SessionError as exc:
        exc.engine = made.name
        made.close()
        raise
    error.engine = made.name
    made.close()
    raise error


def _first_bytes(wire: Wire, where: str, stop: Stop, seconds: float) -> bytes:
    """Look at what a server says first, and leave it there for the library."""
    try:
        ready = stop.wait(wire.fileno(), seconds=seconds)
        if not ready:
            raise SessionError(
                Trouble.DEADLINE,
                f"{where} took the connection and said nothing for {seconds:g} s",
                "check the port in the inventory; the device may be too busy: allow more in `ssh.connect_timeout`",
            )
        heard = wire.sock.recv(_PEEK, socket.MSG_PEEK)
    except OSError as exc:
        heard, why = b"", exc.strerror or "it broke off"
    else:
        why = "it closed the connection before its SSH greeting"
    if not heard:
        raise _closed(where, why, wire.said())
    return heard


def _closed(where: str, why: str, said: str) -> SessionError:
    if said:
        return SessionError(Trouble.UNREACHABLE, f"{where}: {said}", "try the jump command by hand; see `ssh.jump`")
    return SessionError(Trouble.VTYS_FULL, f"{where} does not let anyone begin to log in: {why}", _FULL)


def _unmatched(
    where: str, made: Engine, why: str, reach: Callable[[], tuple[Wire, bytes]], stop: Stop
) -> SessionError | None:
    """Ask the server what it offers, once more from the start; None if that is not what is wrong."""
    try:
        wire, _ = reach()
        try:
            offer = read_offer(wire, stop.within(_EXCHANGE, "time for the key exchange"))
        finally:
            wire.shutdown()
    except (LostError, NotSshError, SessionError):
        stop.check_cancel()
        return None
    missing = in_words(made.can(), offer.algorithms)
    if not missing:
        return None
    old = made.name.startswith("paramiko") and any(name.endswith("sha1") for name in offer.algorithms.kex)
    return SessionError(
        Trouble.NO_COMMON_SSH,
        f"{made.name} and {where} ({offer.banner}) cannot agree: {missing} [{why}]",
        "`ssh.engine: libssh` logs in to such a device, and so does paramiko 4; or give the device newer algorithms"
        if old
        else "give the device newer algorithms: `ip ssh server algorithm ...`, `crypto key generate rsa modulus 2048`",
    )


# -- login


def log_in(made: Engine, login: Login, stop: Stop) -> None:
    """Log in by the first method that both sides have; a password is sent once and never again.

    Raises:
        SessionError: NO_CREDENTIALS, LOGIN_REFUSED, SETUP, DROPPED, or the stop's own.
    """
    attempt = _Attempt(made, login, stop)
    try:
        methods = made.methods(login.username, stop)
        if methods is None or attempt.by_keys(methods) or attempt.by_password(methods):
            return
    except LostError as exc:
        raise attempt.lost(str(exc)) from exc
    raise attempt.refused(methods)


class _Attempt:
    """One login, and what was tried in it."""

    def __init__(self, made: Engine, login: Login, stop: Stop) -> None:
        self._made = made
        self._login = login
        self._stop = stop
        self._tried: list[str] = []
        self._notes: list[str] = []
        self._asked = ""

    def by_keys(self, methods: Sequence[str]) -> bool:
        if "publickey" not in methods:
            return False
        if self._login.use_agent:
            try:
                if self._made.login_by_agent(self._login.username, self._stop):
                    return True
                self._tried.append("the keys of the SSH agent")
            except AgentGoneError as exc:
                self._notes.append(str(exc))
        if self._login.key_file is not None:
            key = read_key(self._login.key_file, self._login.key_passphrase)
            self._tried.append(f"the key {key.path}")
            return self._made.login_by_key(self._login.username, key, self._stop)
        return False

    def by_password(self, methods: Sequence[str]) -> bool:
        if self._login.password is None:
            return False
        if "password" in methods:
            self._tried.append("the password")
            return self._made.login_by_password(
                self._login.username, self._login.password.get_secret_value(), self._stop
            )
        if "keyboard-interactive" in methods:
            return self._made.login_by_dialog(self._login.username, self._answer, self._stop)
        return False

    def _answer(self, prompts: Sequence[str]) -> list[str] | None:
        """The password to the first question; a second question ends the connection."""
        if not prompts:
            return []
        assert self._login.password is not None  # noqa: S101 -- looked at before
        if "the password" in self._tried or len(prompts) > 1:
            self._asked = prompts[-1].strip()
            return None
        self._tried.append("the password")
        return [self._login.password.get_secret_value()]

    def lost(self, why: str) -> SessionError:
        """The connection ended: after a password that counts as its refusal, for the sake of the account."""
        if self._asked:
            return self._refusal(f"it asks {self._asked!r}, and only a password can be given")
        if self._tried:
            return self._refusal(f"it closed the connection instead of an answer ({why})")
        return SessionError(Trouble.DROPPED, f"the device closed the connection before the login: {why}", _FULL)

    def refused(self, methods: Sequence[str]) -> SessionError:
        notes = f" ({'; '.join(self._notes)})" if self._notes else ""
        if not self._tried:
            return SessionError(
                Trouble.NO_CREDENTIALS,
                f"the device takes {', '.join(methods)} for {self._login.username!r}, and none of that is given{notes}",
                "see `credentials:` in getvpn-ops.yaml",
            )
        return self._refusal(f"it did not take {' nor '.join(self._tried)}{notes}")

    def _refusal(self, why: str) -> SessionError:
        return SessionError(
            Trouble.LOGIN_REFUSED,
            f"the device refused the login of {self._login.username!r}: {why}; it was tried once and not again",
            "check the account and its password on the AAA server; `test aaa group` on the device",
        )
