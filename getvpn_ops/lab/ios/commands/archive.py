"""The archive of configurations, going back to a copy, and the timer that does so by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.ios import archive
from getvpn_ops.lab.ios.configuration.differences import additions, contextual, tree
from getvpn_ops.lab.ios.session import lock
from getvpn_ops.lab.ios.session.dialog import Ask, Dialog, Say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.lab.ios.session.shell import Shell

_OFF = "%Turn config archive on before using Rollback Confirmed Change\n"
_NONE = "%No Rollback Confirmed Change pending\n"
_WARNING = (
    "This will apply all necessary additions and deletions\n"
    "to replace the current running configuration with the\n"
    "contents of the specified configuration file, which is\n"
    "assumed to be a complete configuration, not a partial\n"
    "configuration. Enter Y if you are sure you want to proceed. ? [no]: "
)


def _by(shell: Shell) -> str:
    return f"{shell.user or f'vty{shell.line}'}(Priv: {shell.privilege}, View: 0)"


def archive_config(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``archive config``: a copy now."""
    if archive.make_copy(shell.router) is None:
        yield Say("Archive feature not enabled\n% Error caught by command handler\n")


def show_archive(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show archive``."""
    router = shell.router
    if archive.setting(router, "path") is None:
        return [" Archive feature not enabled"]
    copies, greatest = router.archive.copies, archive.maximum(router)
    first = 0 if router.release.family == "12.4" else 1
    head = [] if first == 0 else [f"The maximum archive configurations allowed is {greatest}."]
    rows = []
    for number in range(first, greatest + 1):
        name = copies[number - 1] if 1 <= number <= len(copies) else ""
        recent = "<- Most Recent" if name and number == len(copies) else ""
        rows.append(
            f"   {number:<2}{'' if first == 0 else ' '}      {name} {recent}".rstrip() if name else f"   {number:<9}"
        )
    return [
        *head,
        f"There are currently {len(copies)} archive configurations saved.",
        f"The next archive file will be named {archive.next_url(router, '<timestamp>')}",
        " Archive #  Name",
        *rows,
    ]


def show_differences(shell: Shell, _words: tuple[str, ...], values: tuple[str, ...]) -> Iterable[str]:
    """``show archive config differences [A [B]]``: without names, what saving would change."""
    names = ["system:running-config", "nvram:startup-config"] if not values else [*values, "system:running-config"][:2]
    texts = [archive.read(shell.router, name) for name in names]
    for name, text in zip(names, texts, strict=True):
        if text is None:
            return [f"%Error opening {name} (No such file or directory)"]
    return ["", *contextual(tree(texts[0] or []), tree(texts[1] or [])), ""]


def show_incremental(shell: Shell, _words: tuple[str, ...], values: tuple[str, ...]) -> Iterable[str]:
    """``show archive config incremental-diffs FILE``: the lines that the file would add."""
    text = archive.read(shell.router, values[0])
    if text is None:
        return [f"%Error opening {values[0]} (No such file or directory)"]
    found = list(additions(tree(shell.router.running.lines()), tree(text)))
    return ["!List of Commands:", *found, "end", ""] if found else ["!List of Commands:", "!No changes were found", ""]


def show_timer(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show archive config rollback timer``."""
    pending = shell.router.archive.pending
    if pending is None:
        return [_NONE.rstrip()]
    since = pending.since
    return [
        f"Time configured(or reconfigured): {since:%H:%M:%S} UTC {since:%a %b} {since.day} {since.year}",
        f"Timer type: {'idle' if pending.idle else 'absolute'} timer",
        f"Timer value: {pending.minutes} min",
        f"User: {pending.by}",
    ]


def show_log(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show archive log config all``."""
    yield " idx   sess           user@line      Logged command"
    for number, item in enumerate(shell.router.archive.logged, 1):
        yield f"{number:5}{item.session:6}{item.by:>15}@{item.line:<9}|{item.text}"


def configure_revert(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``configure terminal revert {timer | idle} N``: what is changed is undone unless it is confirmed in time."""
    router = shell.router
    if locked := lock.refusal(shell):
        yield Say(locked)
        return
    if archive.setting(router, "path") is None:
        yield Say(_OFF)
        return
    if router.archive.pending is not None:
        yield Say("%Rollback Confirmed Change is already pending\n")
        return
    url = archive.make_copy(router) or ""
    yield Say(f"Rollback Confirmed Change: Backing up current running config to {url}\n\n")
    router.log(f"%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_BACKUP: Backing up current running config to {url}")
    minutes = int(words[-1])
    archive.arm(router, minutes, idle="idle" in words, by=_by(shell), url=url)
    yield Say("Enter configuration commands, one per line.  End with CNTL/Z.\n")
    router.archive.entered += 1
    shell.blocks = [router.running.top]
    if minutes == 1:
        yield Say(
            "Rollback Confirmed Change: Rollback will begin in one minute.\n"
            'Enter "configure confirm" if you wish to keep what you\'ve configured\n'
        )


def configure_confirm(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``configure confirm``: the change is to stay."""
    if not archive.confirm(shell.router, _by(shell)):
        yield Say(_NONE)


def revert_now(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``configure revert {now | timer N | idle N}``."""
    router = shell.router
    if router.archive.pending is None:
        yield Say(_NONE)
    elif words[-1] == "now":
        yield Say("".join(f"{line}\n" for line in archive.undo(router)))
    else:
        archive.set_timer(router, int(words[-1]), idle="idle" in words, by=_by(shell))


def configure_replace(shell: Shell, words: tuple[str, ...], values: tuple[str, ...]) -> Dialog:
    """``configure replace FILE [force] [list] [time N] [revert trigger error]``."""
    router = shell.router
    if locked := lock.refusal(shell):
        yield Say(locked)
        return
    url = values[0]
    options = words[3:]
    minutes = int(options[options.index("time") + 1]) if "time" in options else 0
    guarded = minutes > 0 or "revert" in options
    if guarded and archive.setting(router, "path") is None:
        yield Say(_OFF)
        return
    lines = archive.read(router, url)
    if lines is None:
        yield Say(f"%Error: Could not open file {url} for reading\n")
        return
    before = ""
    if minutes:
        before = archive.make_copy(router) or ""
        yield Say(f"Rollback Confirmed Change: Backing up current running config to {before}\n\n")
        router.log(f"%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_BACKUP: Backing up current running config to {before}")
    if "force" not in options:
        answer = str((yield Ask(_WARNING))).strip().lower()
        if not answer or not "yes".startswith(answer):
            yield Say("\n")
            return
    if not any(line.startswith(("version ", "end")) for line in lines):
        yield Say("%The input file is not a valid config file.\n")
        return
    held = router.running.top.copy()
    router.log("Rollback:Acquired Configuration lock.")
    commands, refused = archive.replace(router, lines)
    told = archive.report(commands, refused, listed="list" in options)
    if refused and "revert" in options:
        router.running.top.keep(held.lines)
        told += ["The original configuration has been successfully restored.", ""]
    yield Say("".join(f"{line}\n" for line in told))
    if minutes:
        archive.arm(router, minutes, idle=False, by=_by(shell), url=before)
    router.log(f"%SYS-5-CONFIG_I: Configured from {url} by {shell.origin}")


SHOWS = {
    "show-archive": show_archive,
    "show-archive-differences": show_differences,
    "show-archive-incremental": show_incremental,
    "show-archive-timer": show_timer,
    "show-archive-log": show_log,
}
ACTIONS = {
    "archive-config": archive_config,
    "configure-revert": configure_revert,
    "configure-confirm": configure_confirm,
    "configure-replace": configure_replace,
    "revert-now": revert_now,
}
