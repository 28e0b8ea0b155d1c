"""A bound for library calls that have none."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

from getvpn_ops.devices.terms import SessionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.devices.ssh.wire import Wire
    from getvpn_ops.devices.terms import Stop


@contextlib.contextmanager
def guarded(wire: Wire, stop: Stop) -> Iterator[None]:
    """While it is entered, a thread shuts the wire down when the stop ends, so that whoever blocks on it wakes.

    Raises:
        SessionError: the stop's own, in place of whatever the library raised because its wire was gone.
    """
    stop.check()
    ours, theirs = socket.socketpair()
    ended: list[SessionError] = []
    alone = stop.alone()

    def watch() -> None:
        try:
            alone.wait(theirs.fileno())
        except SessionError as exc:
            ended.append(exc)
            wire.shutdown()

    thread = threading.Thread(target=watch, name="ssh guard", daemon=True)
    thread.start()
    try:
        yield
    except Exception as exc:
        if ended:
            raise ended[0] from exc
        raise
    finally:
        ours.close()
        thread.join()
        theirs.close()
    if ended:
        raise ended[0]
