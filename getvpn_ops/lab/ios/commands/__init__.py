"""What the commands of a router do.

A command that shows is a function from the session and the command's words to lines; it reads state and changes none.
A command that acts is a generator of steps (``dialog``). Each module names its own; ``grammar/exec.txt`` and
``grammar/config.txt`` call them by these names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.commands import files, session, show

if TYPE_CHECKING:
    from getvpn_ops.lab.ios.dialog import Dialog
    from getvpn_ops.lab.ios.shell import Shell

Words = tuple[str, ...]
Show = Callable[["Shell", Words, Words], Iterable[str]]
Action = Callable[["Shell", Words, Words], "Dialog"]


def _joined(*tables: Mapping[str, Callable[..., object]]) -> dict[str, Callable[..., object]]:
    joined: dict[str, Callable[..., object]] = {}
    for table in tables:
        for name, run in table.items():
            if name in joined:
                msg = f"two commands are called {name}"
                raise ValueError(msg)
            joined[name] = run
    return joined


SHOWS: Mapping[str, Show] = _joined(session.SHOWS, files.SHOWS, show.SHOWS)  # type: ignore[assignment]
ACTIONS: Mapping[str, Action] = _joined(session.ACTIONS, files.ACTIONS)  # type: ignore[assignment]
