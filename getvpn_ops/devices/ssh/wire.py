"""The stream under SSH: a TCP connection, or the pipe of a command that makes one (OpenSSH's ``ProxyCommand``)."""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import signal
import socket
import subprocess
import tempfile
import threading
from typing import IO, TYPE_CHECKING

from getvpn_ops.devices.terms import SessionError
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from getvpn_ops.devices.terms import Stop

Address = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]

_SAID = 400  # last bytes of what a jump command said that a message shows
_GRACE = 0.5  # seconds that a jump command has to end by itself


class Wire:
    """A connected, non-blocking socket, with the process behind it where there is one.

    The descriptor is closed when the last who holds the wire lets go of it, and not before: an SSH library may still
    write to the number of its descriptor while it frees itself, and by then that number must not be another session's.
    """

    def __init__(self, sock: socket.socket, jump: Jump | None = None) -> None:
        """Own a socket.

        Args:
            sock: connected. It is made non-blocking here, before any library sees it.
            jump: the process at the other end.
        """
        sock.settimeout(0)
        self.sock = sock
        self.jump = jump

    def fileno(self) -> int:
        """Of the socket."""
        return self.sock.fileno()

    def shutdown(self) -> None:
        """End both directions; whoever waits for the wire wakes. Safe from any thread, and more than once."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        if self.jump is not None:
            self.jump.end()

    def said(self) -> str:
        """What the jump command has to say about its end; empty without one."""
        return self.jump.said() if self.jump is not None else ""

    def release(self) -> None:
        """Shut it and close the descriptor now; only for a library that uses the socket and not its number."""
        self.shutdown()
        self.sock.close()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.release()


class Jump:
    """A command whose standard input and output are the wire."""

    def __init__(self, template: str, host: str, port: int, user: str) -> None:
        """Start it, without a shell.

        Args:
            template: as OpenSSH's ``ProxyCommand``: ``%h`` host, ``%p`` port, ``%r`` user, ``%%`` a percent sign.
            host: to reach.
            port: of it.
            user: who logs in there.

        Raises:
            SessionError: SETUP, the command is none or cannot be started.
        """
        argv = words(template, host, port, user)
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 -- lives as long as the process
        self.sock, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(  # noqa: S603 -- a list, no shell; the words are the operator's own
                argv, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=self._errors, start_new_session=True
            )
        except (OSError, ValueError) as exc:
            self.sock.close()
            self._errors.close()
            raise SessionError(
                Trouble.SETUP, f"the jump command {argv[0]!r} cannot be started: {exc}", "see `ssh.jump`"
            ) from exc
        finally:
            theirs.close()
        self._lock = threading.Lock()

    def said(self) -> str:
        """How it ended, and the last it said."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE)
            status = self._process.poll()
            size = self._errors.seek(0, os.SEEK_END)
            self._errors.seek(max(0, size - _SAID))
            text = " / ".join(self._errors.read().decode(errors="replace").split("\n")).strip(" /\r")
            how = "the jump command still runs" if status is None else f"the jump command ended with status {status}"
            return f"{how}, saying: {text}" if text else how
        return ""

    def end(self) -> None:
        """End it and all that it started."""
        with self._lock:
            if self._process.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._signal(signal.SIGTERM)
                    self._process.wait(_GRACE)
            self._signal(signal.SIGKILL)  # what it started and left behind
            self._process.wait()
            self._errors.close()

    def _signal(self, number: int) -> None:
        if not self._errors.closed:  # else it has ended, and its number may be another's
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


def words(template: str, host: str, port: int, user: str) -> list[str]:
    """The words of a jump command, split before they are filled in: no value can become two words.

    Raises:
        SessionError: SETUP, the template is empty or malformed, or a value begins with a dash.
    """
    if host.startswith("-") or user.startswith("-"):
        raise SessionError(Trouble.SETUP, f"{host!r} or {user!r} would be an option of the jump command")
    try:
        parts = shlex.split(template)
    except ValueError as exc:
        raise SessionError(
            Trouble.SETUP, f"the jump command {template!r} is malformed: {exc}", "see `ssh.jump`"
        ) from exc
    if not parts:
        raise SessionError(Trouble.SETUP, "the jump command is empty", "see `ssh.jump`")
    values = {"h": host, "p": str(port), "r": user, "%": "%"}
    return [_fill(part, values) for part in parts]


def _fill(part: str, values: dict[str, str]) -> str:
    pieces = part.split("%")
    filled, rest = pieces[0], pieces[1:]
    while rest:
        piece = rest.pop(0)
        if not piece:  # %%
            if not rest:
                raise SessionError(Trouble.SETUP, f"{part!r} in the jump command ends with a lone %", "write %% for %")
            filled += "%" + rest.pop(0)
        elif piece[0] in values:
            filled += values[piece[0]] + piece[1:]
        else:
            raise SessionError(Trouble.SETUP, f"the jump command knows no %{piece[0]}", "it may have %h, %p, %r and %%")
    return filled


def dial(host: str, port: int, stop: Stop, *, jump: str | None = None, user: str = "") -> Wire:
    """Reach a device.

    Args:
        host: name or address.
        port: of its SSH server.
        stop: when to give up.
        jump: command that makes the connection; None makes it from here.
        user: who will log in, for the command.

    Raises:
        SessionError: UNREACHABLE, CONNECTION_REFUSED, SETUP, or the stop's own.
    """
    if jump is not None:
        process = Jump(jump, host, port, user)
        return Wire(process.sock, process)
    where = f"{host} port {port}"
    failed: SessionError | None = None
    for family, address in _resolve(host, port, stop):
        try:
            return Wire(_connect(family, address, where, stop))
        except SessionError as exc:
            if exc.trouble is Trouble.CANCELLED:
                raise
            failed = failed or exc
    raise failed or SessionError(Trouble.UNREACHABLE, f"{host!r} has no address")


def _connect(family: int, address: Address, where: str, stop: Stop) -> socket.socket:
    try:
        made = socket.socket(family, socket.SOCK_STREAM)
    except OSError as exc:
        raise _from_errno(exc.errno or 0, where) from exc
    try:
        code = _connected(made, address, where, stop)
    except BaseException:
        made.close()
        raise
    if code:
        made.close()
        raise _from_errno(code, where)
    return made


def _connected(made: socket.socket, address: Address, where: str, stop: Stop) -> int:
    """Connect within the stop; the system's error number, or 0."""
    made.settimeout(0)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    code = made.connect_ex(address)
    if code != errno.EINPROGRESS:
        return code
    try:
        stop.wait(made.fileno(), write=True)
    except SessionError as exc:
        if exc.trouble is not Trouble.DEADLINE:
            raise
        raise _silent(where, exc.reason) from exc
    return made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def _silent(where: str, why: str) -> SessionError:
    return SessionError(
        Trouble.UNREACHABLE,
        f"nothing answers at {where}: {why}",
        "check the address, the route, and filters on the way",
    )


def _from_errno(code: int, where: str) -> SessionError:
    text = os.strerror(code)
    if code == errno.ECONNREFUSED:
        return SessionError(
            Trouble.CONNECTION_REFUSED,
            f"{where} refuses connections",
            "SSH may be off (`crypto key generate rsa`, `transport input ssh`), on another port, or closed to this "
            "station by an access-class",
        )
    if code in {errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM}:
        return SessionError(
            Trouble.SETUP, f"this station has no socket left: {text}", "raise `ulimit -n`, or set fewer `ssh.workers`"
        )
    return SessionError(Trouble.UNREACHABLE, f"{where} cannot be reached: {text}", "check the address and the route")


def _resolve(host: str, port: int, stop: Stop) -> list[tuple[int, Address]]:
    """Addresses of a host. The system's resolver cannot be cancelled: a name is asked for in a thread beside."""
    try:
        return _addresses(host, port, socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass
    found: list[tuple[int, Address]] = []
    failed: list[str] = []
    ours, theirs = socket.socketpair()

    def ask() -> None:
        with theirs:
            try:
                found.extend(_addresses(host, port, 0))
            except (OSError, UnicodeError) as exc:
                failed.append(exc.strerror or str(exc) if isinstance(exc, OSError) else str(exc))

    threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
    with ours:
        try:
            stop.wait(ours.fileno())
        except SessionError as exc:
            if exc.trouble is Trouble.DEADLINE:
                failed.append("the name server did not answer in time")
            else:
                raise
    if not found:
        raise SessionError(
            Trouble.UNREACHABLE,
            f"the name {host!r} has no address: {failed[0] if failed else 'none was given'}",
            "check `hostname` in the inventory, or the name server of this station",
        )
    return found


def _addresses(host: str, port: int, flags: int) -> list[tuple[int, Address]]:
    got = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags | socket.AI_NUMERICSERV)
    return [(int(family), address) for family, _, _, _, address in got]
