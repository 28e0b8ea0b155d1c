"""One port of the lab, and the router that answers on it."""

from __future__ import annotations

import asyncio
import errno
from typing import TYPE_CHECKING

from getvpn_ops.lab.ssh import HOST, host_key, serve

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

    import asyncssh

    from getvpn_ops.lab.inventory import Host
    from getvpn_ops.lab.ios.router import Router

FIRST_PORT = 20000  # below the ports from which clients dial out: a router that boots gets its own port back
_LAST_PORT = 32000


class Station:
    """A router behind its port."""

    def __init__(self, host: Host, router: Router, executor: ThreadPoolExecutor) -> None:
        self.host = host
        self.router = router
        self.key: asyncssh.SSHKey | None = None
        self.port = 0
        self.refused: list[str] = []
        """Lines of its start configuration that its release does not know."""
        self.answers: Callable[[], Router] = lambda: router
        """Which router is behind the port; another one while a fault says so."""
        self._executor = executor
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._switching = asyncio.Lock()
        self._down = 0  # reasons why nothing answers

    async def make_key(self) -> None:
        """Make its host key; the private half lives in this process alone."""
        if self.key is None or self.host.release.family == "12.4":
            loop = asyncio.get_running_loop()
            self.key = await loop.run_in_executor(self._executor, host_key, self.host.release)
        else:
            self.key = host_key(self.host.release)

    async def up(self, ports: Callable[[], int] | None = None) -> None:
        """Listen, on a free port the first time and on the same one afterwards.

        Args:
            ports: gives the next port to try; only asked the first time.

        Raises:
            OSError: no port is free, or its own has been taken.
        """
        if self.key is None:
            await self.make_key()
        assert self.key is not None  # noqa: S101 -- just made
        while True:
            port = self.port or (ports() if ports else 0)
            if port > _LAST_PORT:
                raise OSError("no port is free for one more router")
            try:
                self._acceptor = await serve(
                    self._answering, self.key, self.host.release, port=port, executor=self._executor
                )
            except OSError as exc:
                if self.port or ports is None or exc.errno != errno.EADDRINUSE:
                    raise
                continue
            self.port = self._acceptor.get_port()
            return

    def _answering(self) -> Router:
        return self.answers()

    async def down(self) -> None:
        """Nothing listens any more; sessions that are open go on."""
        acceptor, self._acceptor = self._acceptor, None
        if acceptor is not None:
            acceptor.close()
            await acceptor.wait_closed()

    async def hold_down(self, *, down: bool) -> None:
        """Stop to answer for one more reason, or for one less; who counts down to none answers again."""
        self._down += 1 if down else -1
        async with self._switching:
            if self._down > 0 and self._acceptor is not None:
                await self.down()
            elif self._down <= 0 and self._acceptor is None:
                self._down = 0
                await self.up()

    async def change_key(self) -> None:
        """Answer with a new host key from now on."""
        self.key = None
        await self.make_key()
        if self._acceptor is not None and self.key is not None:
            self._acceptor.update(server_host_keys=[self.key])

    @property
    def answering(self) -> bool:
        """Whether the port listens."""
        return self._acceptor is not None

    def known_host(self) -> str:
        """Its line in a ``known_hosts`` file."""
        assert self.key is not None  # noqa: S101 -- asked for once it is up
        return f"[{HOST}]:{self.port} {self.key.export_public_key().decode().strip()}"
