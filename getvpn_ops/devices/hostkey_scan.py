"""The host keys of many devices at once, without a login."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from getvpn_ops.devices.hostkeys import scan
from getvpn_ops.devices.terms import Cancel, SessionError, Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from getvpn_ops.devices.hostkeys import HostKey
    from getvpn_ops.devices.inventory import Access
    from getvpn_ops.settings import SshSettings

_AT_ONCE = 32


def scan_many(
    devices: Mapping[str, Access], ssh: SshSettings, done: Callable[[str], None] = lambda _name: None
) -> dict[str, HostKey | SessionError]:
    """Fetch the host key of each device.

    Args:
        devices: by name, how each is reached.
        ssh: what holds where a device has nothing of its own.
        done: told the name of each device that answered or did not; called from many threads.

    Returns:
        For each device its key, or why there is none, in the order asked.
    """
    with Cancel() as cancel, ThreadPoolExecutor(min(_AT_ONCE, ssh.workers), thread_name_prefix="scan") as pool:

        def one(name: str) -> HostKey | SessionError:
            access = devices[name]
            timeout = access.ssh.connect_timeout or ssh.connect_timeout
            try:
                return scan(
                    access.hostname,
                    access.port,
                    Stop(2 * timeout, cancel, what="time for a host key"),
                    jump=access.ssh.jump or ssh.jump,
                    engine=access.ssh.engine or ssh.engine,
                    connect_timeout=timeout,
                )
            except SessionError as exc:
                return exc
            finally:
                done(name)

        try:
            return dict(zip(devices, pool.map(one, devices), strict=True))
        except BaseException:
            cancel.set()
            raise
