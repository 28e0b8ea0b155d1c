"""Booting: now, later, or not after all."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.archive import Scheduled
from getvpn_ops.lab.ios.commands.files import write_memory
from getvpn_ops.lab.ios.session.dialog import Ask, Dialog, Say, sure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.lab.ios.session.shell import Shell

_REASON = "Reload Command"
_WARNED = (30 * 60, 5 * 60, 60)  # seconds before, when terminals are told
_HOUR = 3600


def reload(shell: Shell, words: tuple[str, ...], values: tuple[str, ...]) -> Dialog:
    """``reload [{in [H:]M | at H:M [DAY MONTH]}] [REASON]``."""
    router = shell.router
    when: datetime | None = None
    reason = values[-1] if len(values) > 1 or (values and len(words) == 2) else ""  # noqa: PLR2004 -- reload REASON
    if words[1:2] == ("in",):
        hours, _, minutes = values[0].rpartition(":")
        if not (minutes.isdigit() and (not hours or hours.isdigit())):
            yield Say("% Invalid time\n")
            return
        when = router.clock.now() + timedelta(hours=int(hours or 0), minutes=int(minutes))
    elif words[1:2] == ("at",):
        when, reason = _moment(router, values)
        if when is None:
            yield Say("% Invalid time\n")
            return
    if not router.is_saved() and (yield from sure("\nSystem configuration has been modified. Save? [yes/no]: ")):
        yield from write_memory(shell, words, values)
    if when is not None:
        yield from _schedule(shell, Scheduled(when, _by(shell), reason or _REASON, words[1] == "in"))
        return
    if str((yield Ask("Proceed with reload? [confirm]", one_key=True))).lower() in {"", "y"}:
        router.reload(reason or _REASON)


def _by(shell: Shell) -> str:
    return f"{shell.user} on vty{shell.line} (127.0.0.1)" if shell.user else f"vty{shell.line} (127.0.0.1)"


def _moment(router: Router, values: tuple[str, ...]) -> tuple[datetime | None, str]:
    """The moment of ``at``, and the reason behind it: today or tomorrow, or on the day that is named."""
    now = router.clock.now()
    hour, _, minute = values[0].partition(":")
    rest = " ".join(values[1:]).split()
    try:
        when = now.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
        day, month = sorted(rest[:2], key=lambda word: not word.isdigit()) if len(rest) > 1 else ("", "")
        if day.isdigit() and month.isalpha() and len(month) >= 3:  # noqa: PLR2004 -- Jan
            number = datetime.strptime(month[:3].title(), "%b").month  # noqa: DTZ007 -- the name of a month alone
            when, rest = when.replace(day=int(day), month=number), rest[2:]
            when = when if when > now else when.replace(year=now.year + 1)
        elif when <= now:
            when += timedelta(days=1)
    except ValueError:
        return None, ""
    return when, " ".join(rest)


def _schedule(shell: Shell, plan: Scheduled) -> Dialog:
    router = shell.router
    yield Say("\n".join([*_told(router, plan), ""]))
    if str((yield Ask("Proceed with reload? [confirm]", one_key=True))).lower() not in {"", "y"}:
        return
    if router.archive.reload is not None:
        router.archive.reload.cancel()
    router.archive.reload = plan
    router.log(
        f"%SYS-5-SCHEDULED_RELOAD: Reload requested for {router.stamp(plan.when)} at {router.stamp()} by "
        f"{plan.by}. Reload Reason: {plan.reason}."
    )
    plan.events.append(router.clock.at(plan.when, lambda: _boot(router, plan)))
    for before in _WARNED:
        if plan.when - timedelta(seconds=before) >= router.clock.now():
            warned = plan.when - timedelta(seconds=before)
            plan.events.append(router.clock.at(warned, lambda before=before: _warn(router, before)))  # type: ignore[misc]


def _boot(router: Router, plan: Scheduled) -> None:
    plan.cancel()
    router.announce("\n\n***\n*** --- SHUTDOWN NOW ---\n***\n")
    router.reload(plan.reason)


def _warn(router: Router, before: int) -> None:
    router.announce(
        f"\n\n***\n*** --- SHUTDOWN in {before // _HOUR}:{before // 60 % 60:02d}:{before % 60:02d} ---\n***\n"
    )


def _span(span: timedelta) -> str:
    seconds = max(0, round(span.total_seconds()))
    hours, minutes = seconds // _HOUR, seconds // 60 % 60
    parts = [
        f"{count} {unit}{'s' if count != 1 else ''}" for count, unit in ((hours, "hour"), (minutes, "minute")) if count
    ]
    return " and ".join(parts) or f"{seconds} seconds"


def _told(router: Router, plan: Scheduled) -> list[str]:
    left = _span(plan.when - router.clock.now())
    when = f"in {left}" if plan.relative else f"for {router.stamp(plan.when)} (in {left})"
    return [f"Reload scheduled {when} by {plan.by}", f"Reload reason: {plan.reason}"]


def cancel(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``reload cancel``."""
    router = shell.router
    plan, router.archive.reload = router.archive.reload, None
    if plan is None:
        yield Say("%No reload is scheduled.\n")
        return
    plan.cancel()
    router.announce("\n\n***\n*** --- SHUTDOWN ABORTED ---\n***\n")
    now = router.stamp()
    router.log(f"%SYS-5-SCHEDULED_RELOAD_CANCELLED: Scheduled reload cancelled at {now}")


def show_reload(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show reload``."""
    plan = shell.router.archive.reload
    return ["No reload is scheduled."] if plan is None else _told(shell.router, plan)


SHOWS = {"show-reload": show_reload}
ACTIONS = {"reload": reload, "reload-cancel": cancel}
