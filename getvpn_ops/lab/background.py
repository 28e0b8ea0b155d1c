"""A fleet in a thread of its own, for programs and tests that are not asynchronous."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Self, TypeVar

from getvpn_ops.lab.fleet import Fleet

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from datetime import datetime
    from types import TracebackType

    from getvpn_ops.lab.fleet import Settings
    from getvpn_ops.lab.ios.router import Router

T = TypeVar("T")
_PATIENCE = 60.0


class Background:
    """Runs a fleet while it is entered.

    The routers belong to the fleet's own thread: read or change them through ``call`` only.
    """

    def __init__(self, settings: Settings) -> None:
        """Read the inventory; nothing listens yet.

        Raises:
            InventoryError: the inventory is wrong.
        """
        self.fleet = Fleet(settings)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lab", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._await(self.fleet.up())
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._await(self.fleet.down())
        finally:
            self._stop()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._loop.close()

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    def call(self, function: Callable[..., T], *args: object, **named: object) -> T:
        """Run a function in the fleet's thread and wait for what it returns or raises."""

        async def run() -> T:
            result = function(*args, **named)
            await self.fleet.settled()
            return result

        return self._await(run())

    def advance(self, seconds: float | None = None, *, to: datetime | None = None) -> int:
        """Jump by some seconds or to a moment; returns how many events happened on the way.

        Raises:
            ValueError: the moment has passed.
        """
        return self.call(self.fleet.advance, self.fleet.moment(seconds, to))

    def port(self, device: str) -> int:
        """Where a router listens on 127.0.0.1."""
        return self.fleet.stations[device].port

    def router(self, device: str) -> Router:
        """A router; see the class on how to use it."""
        return self.fleet.stations[device].router

    @property
    def password(self) -> str:
        """Of every account and of every enable."""
        return self.fleet.password
