"""What rules about configurations look at: one router's running configuration, whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.config.tree import LineKind
from getvpn_ops.model.outcome import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.model.config import ConfigLine, RunningConfig
    from getvpn_ops.model.outcome import Seen


@dataclass(frozen=True, slots=True)
class RouterConfig:
    """A router's configuration.

    Attributes:
        name: of the device.
        config: it; None if it is not known.
        missing: why it is not known, or not known to be whole; empty if it is whole.
        warnings: what the parser says of the text.
        seen: where.
    """

    name: str
    config: RunningConfig | None = None
    missing: str = ""
    warnings: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = ()

    @property
    def running(self) -> RunningConfig:
        """The configuration, or what there is of it.

        Raises:
            EvidenceMissingError: there is none.
        """
        if self.config is None:
            raise EvidenceMissingError(self.missing or f"{self.name}: its configuration is not known")
        return self.config

    def commands(self) -> Iterator[tuple[tuple[str, ...], ConfigLine]]:
        """Every command with the lines that open its mode, outermost first; raises as ``running``."""
        for line in self.running.tree:
            yield from _commands((), line)

    def clean(self, message: str, expected: str) -> Finding:
        """Nothing wrong was found: PASS if the text is whole, else UNKNOWN, for the fault may be in what is lost."""
        status = Status.UNKNOWN if self.missing else Status.PASS
        return self.finding(status, message, expected=expected, actual=self.missing or expected)

    def finding(
        self, status: Status, message: str, *, expected: str, actual: str, next_steps: tuple[str, ...] = ()
    ) -> Finding:
        """A finding about it; steps are left out where nothing is wrong."""
        return Finding(
            status=status,
            subject=self.name,
            message=message,
            expected=expected,
            actual=actual,
            device=self.name,
            evidence=self.seen,
            next_steps=next_steps if status in {Status.FAIL, Status.UNKNOWN} else (),
        )


def _commands(path: tuple[str, ...], line: ConfigLine) -> Iterator[tuple[tuple[str, ...], ConfigLine]]:
    if line.kind is not LineKind.COMMAND:
        return
    yield path, line
    for child in line.children:
        yield from _commands((*path, line.text), child)
