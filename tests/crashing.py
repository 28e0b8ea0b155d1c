"""The program in a process of its own that kills or stops itself at one write of the journal, before or after it.

Run as ``python crashing.py EVENT NUMBER before|after WORDS...``: at the NUMBER-th transaction that holds an event of
this kind (``any``: of whatever kind), before it is committed or right behind that. ``CRASHING=SIGSTOP`` stops it in
place of SIGKILL. There are no hooks in the product.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def arm(kind: str, number: int, when: str) -> None:
    """Wrap the journal of this process."""
    from getvpn_ops.store.journal import Journal  # noqa: PLC0415 -- only the child needs it

    whole, seen = Journal.transaction, [0]
    how = signal.Signals[os.environ.get("CRASHING", "SIGKILL")]

    @contextmanager
    def transaction(self: Journal, what: str) -> Iterator[Any]:
        hit = False
        with whole(self, what) as open_one:
            yield open_one
            if any(kind in {"any", entry.event.kind} for entry in open_one.entries):
                seen[0] += 1
                hit = seen[0] == number
            if hit and when == "before":
                os.kill(os.getpid(), how)
        if hit:
            os.kill(os.getpid(), how)

    Journal.transaction = transaction  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    event, count, moment, *words = sys.argv[1:]
    arm(event, int(count), moment)
    from getvpn_ops.cli.app import main

    sys.argv = ["getvpn-ops", *words]
    main()
