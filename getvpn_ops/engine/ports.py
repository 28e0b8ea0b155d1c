"""What the engine needs from the world."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Protocol

from getvpn_ops.model.capture import Capture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from getvpn_ops.model.capture import Visit
    from getvpn_ops.model.inventory import Device

Script = Generator[str, Capture, None]
"""What to ask one device: yields a show command, is sent its ``Capture`` (also one with trouble), decides the next."""


class Clock(Protocol):
    """Time as the devices live it: the wall's, or the lab's."""

    def now(self) -> datetime:
        """This moment, UTC."""
        ...

    def wait_until(self, moment: datetime) -> bool:
        """Return when it is that moment (a lab jumps there), or False when someone breaks the wait off."""
        ...


class Progress(Protocol):
    """Someone who watches a sweep. Called from many threads."""

    def begin(self, what: str, total: int) -> None:
        """A sweep over so many devices starts."""
        ...

    def asked(self, device: str, command: str) -> None:
        """A command is under way."""
        ...

    def visited(self, visit: Visit) -> None:
        """A device is done, well or not."""
        ...

    def end(self) -> None:
        """The sweep is over."""
        ...


class Fleet(Protocol):
    """Devices that can be asked."""

    def ask(
        self,
        scripts: Mapping[Device, Callable[[], Script]],
        *,
        keep: Callable[[Capture], None],
        progress: Progress,
    ) -> Mapping[str, Visit]:
        """Visit every device once, in one session each, and drive its script.

        Args:
            scripts: what to ask each device; the callable is called in the device's own thread.
            keep: gets every capture before the script does; may be called from many threads at once. If it raises, the
                sweep stops and the exception is raised here: what cannot be kept must not be acted upon.
            progress: is told.

        Returns:
            Exactly one visit for each device of ``scripts``, by name.

        Raises:
            DispatchError: ``scripts`` is empty.
        """
        ...


class Archive(Protocol):
    """Where captures are kept before anything reads them."""

    def put_capture(self, run: str, capture: Capture) -> None:
        """Keep one capture; safe to call from many threads."""
        ...

    def put_visits(self, run: str, visits: Iterable[Visit]) -> None:
        """Keep how the visits went."""
        ...
