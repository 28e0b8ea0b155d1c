"""How a person ends a sweep: asked once it begins no more devices, asked twice it leaves those in hand."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from getvpn_ops.devices.terms import Cancel

if TYPE_CHECKING:
    from collections.abc import Iterator


class Halt:
    """What Ctrl-C asks for. Its methods only set flags, so a signal's handler may call them."""

    def __init__(self) -> None:
        """Nobody asked yet."""
        self._asked = 0
        self._sweeps: list[Cancel] = []

    def ask(self) -> None:
        """Once: drain, that is finish the devices in hand and begin no other. Twice: leave these, too."""
        self._asked += 1
        if self.aborting:
            for cancel in tuple(self._sweeps):
                cancel.set()

    @property
    def draining(self) -> bool:
        """Whether no more devices are begun."""
        return self._asked > 0

    @property
    def aborting(self) -> bool:
        """Whether devices in hand are left."""
        return self._asked > 1

    @contextlib.contextmanager
    def sweep(self) -> Iterator[Cancel]:
        """A flag for one sweep, which is set when this is asked twice."""
        with Cancel() as cancel:
            self._sweeps.append(cancel)
            if self.aborting:
                cancel.set()
            try:
                yield cancel
            finally:
                self._sweeps.remove(cancel)
