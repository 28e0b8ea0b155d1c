"""What the commands of a router do.

A command that shows is a function from the session and the command's words to lines; it reads state and changes none.
A command that acts is a generator of steps (``dialog``). Each module names its own; ``grammar/exec.txt`` and
``grammar/config.txt`` call them by these names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.commands import (
    archive,
    crypto,
    files,
    gdoi,
    keys,
    pki,
    reach,
    reload,
    secrets,
    session,
    show_crypto_engine,
    show_crypto_ipsec,
    show_crypto_isakmp,
    show_crypto_map,
    show_crypto_session,
    show_gdoi,
    show_hardware,
    show_interfaces,
    show_lists,
    show_logging,
    show_routes,
    show_services,
    show_sessions,
    show_version,
    tcl,
)

if TYPE_CHECKING:
    from getvpn_ops.lab.ios.session.dialog import Dialog
    from getvpn_ops.lab.ios.session.shell import Shell

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


SHOWS: Mapping[str, Show] = _joined(
    session.SHOWS,
    files.SHOWS,
    archive.SHOWS,
    keys.SHOWS,
    pki.SHOWS,
    reload.SHOWS,
    gdoi.SHOWS,
    show_crypto_engine.SHOWS,
    show_crypto_ipsec.SHOWS,
    show_crypto_isakmp.SHOWS,
    show_crypto_map.SHOWS,
    show_crypto_session.SHOWS,
    show_gdoi.SHOWS,
    show_hardware.SHOWS,
    show_interfaces.SHOWS,
    show_lists.SHOWS,
    show_logging.SHOWS,
    show_routes.SHOWS,
    show_services.SHOWS,
    show_sessions.SHOWS,
    show_version.SHOWS,
)  # type: ignore[assignment]
ACTIONS: Mapping[str, Action] = _joined(
    archive.ACTIONS,
    crypto.ACTIONS,
    gdoi.ACTIONS,
    keys.ACTIONS,
    pki.ACTIONS,
    reload.ACTIONS,
    secrets.ACTIONS,
    session.ACTIONS,
    files.ACTIONS,
    reach.ACTIONS,
    show_logging.ACTIONS,
    show_services.ACTIONS,
    show_sessions.ACTIONS,
    tcl.ACTIONS,
)  # type: ignore[assignment]
