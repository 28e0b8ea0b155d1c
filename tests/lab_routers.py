"""Routers of the lab on ports of their own, for clients that nobody here wrote."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from getvpn_ops.lab.ios.releases import release as read_release
from getvpn_ops.lab.ios.router import Account, Router
from getvpn_ops.lab.ssh import host_key, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONFIGURATION = """
hostname BR-7
logging buffered 8192
crypto isakmp policy 10
 encryption aes 256
 group 14
crypto gdoi group WAN
 identity number 4711
 server address ipv4 10.9.0.1
interface GigabitEthernet0/0/0
 description to the provider
 ip address 10.20.1.1 255.255.255.252
interface GigabitEthernet0/0/1
 shutdown
"""


RELEASES = {"12.4": "12.4(22)T5", "15": "15.2(4)M11", "17": "17.6.5"}


@dataclass(frozen=True)
class Port:
    """A router that listens."""

    router: Router
    number: int


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The lab's own event loop, in a thread of its own."""
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever, daemon=True)
    thread.start()
    yield made
    made.call_soon_threadsafe(made.stop)
    thread.join(timeout=10)


@pytest.fixture
def start(loop: asyncio.AbstractEventLoop) -> Iterator[Callable[..., Port]]:
    """Start a router of a release; all end with the test."""
    servers = []
    pool = ThreadPoolExecutor(2)

    def run(release: str = "17", *, privilege: int = 1, vtys: int = 16) -> Port:
        router = Router(
            release=read_release(RELEASES[release]),
            accounts={"ops": Account("pass-1", privilege)},
            enable_secret="enable-1",  # noqa: S106 -- of a simulated router
            vtys=vtys,
        )
        assert router.load(CONFIGURATION.splitlines()) == ([" group 14"] if release == "12.4" else [])
        starting = serve(lambda: router, host_key(router.release), router.release, executor=pool)
        server = asyncio.run_coroutine_threadsafe(starting, loop).result(timeout=30)
        servers.append(server)
        return Port(router, server.get_port())

    yield run

    async def close() -> None:
        for server in servers:
            server.close()
            await server.wait_closed()

    asyncio.run_coroutine_threadsafe(close(), loop).result(timeout=30)
    pool.shutdown()
