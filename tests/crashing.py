"""The program in a process of its own that kills or stops itself at one place, before it or after it.

Run as ``python crashing.py PLACE NUMBER before|within|after WORDS...``. A place is the NUMBER-th transaction of the
journal that holds an event of a kind (``step-outcome``; ``any``: of whatever kind), before it is committed or right
behind that; or, as ``typed:PATTERN``, the NUMBER-th piece typed on a device in which the regular expression is found,
before it, when half of it went, or behind it. ``CRASHING=SIGSTOP`` stops it in place of SIGKILL. There are no hooks in
the product.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPED = "typed:"


def strike() -> None:
    """Whatever comes behind this does not happen, or only when somebody wakes the process."""
    os.kill(os.getpid(), signal.Signals[os.environ.get("CRASHING", "SIGKILL")])


def arm(kind: str, number: int, when: str) -> None:
    """Wrap the journal of this process."""
    from getvpn_ops.store.journal import Journal  # noqa: PLC0415 -- only the child needs it

    whole, seen = Journal.transaction, [0]

    @contextmanager
    def transaction(self: Journal, what: str) -> Iterator[Any]:
        hit = False
        with whole(self, what) as open_one:
            yield open_one
            if any(kind in {"any", entry.event.kind} for entry in open_one.entries):
                seen[0] += 1
                hit = seen[0] == number
            if hit and when == "before":
                strike()
        if hit:
            strike()

    Journal.transaction = transaction  # type: ignore[method-assign, assignment]


def arm_typing(pattern: str, number: int, when: str) -> None:
    """Wrap the terminals of this process."""
    from getvpn_ops.devices.ssh.terminal import Terminal  # noqa: PLC0415 -- only the child needs it

    whole, seen = Terminal.write, [0]

    def write(self: Terminal, data: bytes) -> None:
        seen[0] += re.search(pattern, data.decode("latin-1")) is not None
        if seen[0] != number:
            whole(self, data)
            return
        if when == "within":
            whole(self, data[: len(data) // 2])
        if when == "after":
            whole(self, data)
        strike()

    Terminal.write = write  # type: ignore[method-assign]


if __name__ == "__main__":
    place, count, moment, *words = sys.argv[1:]
    if place.startswith(TYPED):
        arm_typing(place.removeprefix(TYPED), int(count), moment)
    else:
        arm(place, int(count), moment)
    from getvpn_ops.cli.app import main

    sys.argv = ["getvpn-ops", *words]
    main()
