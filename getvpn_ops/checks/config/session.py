"""Lines by which people log in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from getvpn_ops.model.outcome import Severity, Status
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.config.views import RouterConfig
    from getvpn_ops.model.outcome import Finding

_LINE = re.compile(r"line (?:con|aux|tty|vty|\d)")
_NEVER = re.compile(r"exec-timeout 0(?: 0)?|no exec-timeout")


def timeout(view: RouterConfig, _params: NoParams) -> Iterator[Finding]:
    """A session that never ends stays open for whoever finds it, and keeps a line that the next person needs.

    ``exec-timeout 0 0`` stands on the console and all vty lines of the guide's Appendix A. Five sessions that hang
    are all of ``line vty 0 4``: then nobody can log in, this program neither. Where nothing is printed, IOS ends a
    session after 10 minutes.
    """
    looked = 0
    for line in view.running.tree:
        if not _LINE.match(line.text):
            continue
        looked += 1
        never = next((item for item in line.commands if _NEVER.fullmatch(item.text)), None)
        if never is None:
            yield view.clean(f"idle sessions of {line.text}", "ended")
            continue
        yield view.finding(
            Status.FAIL,
            f"idle sessions of {line.text}",
            expected="ended",
            actual=f"never ended: {never.text}",
            next_steps=(f"{line.text} / exec-timeout 10 0",),
        )
    if not looked:
        missing = view.missing or f"{view.name}: no line for logins is printed"
        yield view.finding(Status.UNKNOWN, "idle sessions", expected="ended", actual=missing)


SESSION_RULES = (
    Spec(
        id="session-timeout",
        title="Idle sessions end",
        severity=Severity.MINOR,
        params=NoParams,
        examine=timeout,
        tags=frozenset({"config"}),
    ),
)
