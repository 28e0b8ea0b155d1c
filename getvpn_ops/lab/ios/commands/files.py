"""Configurations and files: showing, copying, removing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.ios import archive
from getvpn_ops.lab.ios.session.dialog import Ask, Dialog, Say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.lab.ios.session.shell import Shell

_NVRAM = 262136
_RATE = 6940  # bytes a second, about what flash takes
_RUNNING = frozenset({"running-config", "system:running-config", "system:/running-config"})
_STARTUP = frozenset({"startup-config", "nvram:startup-config", "nvram:/startup-config"})
_INVALID = "% Invalid input detected at '^' marker."


def show_running(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show running-config``."""
    router = shell.router
    body = ["!"]
    if router.changed:
        body += [f"! Last configuration change at {router.changed}"]
    if router.saved:
        body += [f"! NVRAM config last updated at {router.saved}"]
    if len(body) > 1:
        body += ["!"]
    body += [f"version {router.release.short}", *router.running.lines(), "end", ""]
    size = sum(len(line) + 1 for line in body)
    return ["Building configuration...", "", f"Current configuration : {size} bytes", *body]


def show_startup(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show startup-config``."""
    router = shell.router
    if router.startup is None:
        return ["startup-config is not present"]
    body = ["!", f"version {router.release.short}", *router.startup.lines(), "end", ""]
    return [f"Using {sum(len(line) + 1 for line in body)} out of {_NVRAM} bytes", *body]


def show_running_interface(shell: Shell, _words: tuple[str, ...], values: tuple[str, ...]) -> Iterable[str]:
    """``show running-config interface X``."""
    block = next((item for item in shell.router.running.top.lines if item.text == f"interface {values[0]}"), None)
    if block is None:
        return []
    body = ["!", *shell.router.running.block_lines(block), "end", ""]
    return ["Building configuration...", "", f"Current configuration : {sum(map(len, body))} bytes", *body]


def write_memory(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``write memory``."""
    yield Say("Building configuration...\n")
    shell.router.save(shell.origin)
    if archive.setting(shell.router, "write-memory") is not None:
        archive.make_copy(shell.router)
    yield Say("[OK]\n")


def copy(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``copy FROM TO``, where each is one of the two configurations or a file."""
    router, source, target = shell.router, words[1], words[2]
    quiet = router.running.find("file prompt quiet") is not None
    if target in _STARTUP and source in _RUNNING:
        if not quiet:
            yield Ask("Destination filename [startup-config]? ")
        yield from write_memory(shell, words, ())
        return
    lines = archive.read(router, source)
    if lines is None and source not in _STARTUP:
        yield Say(f"%Error opening {_shown(router, source)} (No such file or directory)\n")
        return
    if lines is None:
        yield Say("%Error opening nvram:/startup-config (No such file or directory)\n")
        return
    name = _proposed(router, source, target)
    if not quiet:
        name = str((yield Ask(f"Destination filename [{name}]? "))).strip() or name
    size = sum(len(line) + 1 for line in lines)
    if target in _RUNNING:
        refused = router.running.load(lines)
        router.configured(left=True)
        yield Say("".join(f"{line.strip()}\n ^\n{_INVALID}\n\n" for line in refused))
        router.changed = f"{router.stamp()} by {shell.origin}"
        router.log(f"%SYS-5-CONFIG_I: Configured from {source} by {shell.origin} on vty{shell.line} (127.0.0.1)")
    elif target in _STARTUP:
        saved = router.running.copy()
        saved.top.keep([])
        saved.load(lines)
        router.startup = saved
        yield Say("[OK]\n")
    else:
        file = archive.file_name(router, f"{target.partition(':')[0]}:{name}" if ":" in target else name)
        if file in router.files and not quiet:
            yield Say("%Warning:There is a file already existing with this name \n")
            if str((yield Ask("Do you want to over write? [confirm]", one_key=True))).lower() not in {"", "y"}:
                return
        router.files[file] = list(lines)
    seconds = max(0.1, size / _RATE)
    yield Say(f"{size} bytes copied in {seconds:.3f} secs ({int(size / seconds)} bytes/sec)\n")


def _shown(router: Router, url: str) -> str:
    """A file as errors name it: ``flash:/name``."""
    return archive.file_name(router, url).replace(":", ":/", 1)


def _proposed(router: Router, source: str, target: str) -> str:
    """The name that a question proposes."""
    if target in _RUNNING:
        return "running-config"
    if target in _STARTUP:
        return "startup-config"
    _, colon, name = target.partition(":")
    if colon and not name:
        return f"{router.configured_name.lower()}-confg" if source in _RUNNING else source.partition(":")[2] or source
    return name.lstrip("/") if colon else target


def delete(shell: Shell, words: tuple[str, ...], values: tuple[str, ...]) -> Dialog:
    """``delete [/force] FILE``."""
    router = shell.router
    file = archive.file_name(router, values[-1])
    quiet = "/force" in words or router.running.find("file prompt quiet") is not None
    if not quiet:
        typed = str((yield Ask(f"Delete filename [{file.partition(':')[2]}]? "))).strip()
        if typed:
            file = archive.file_name(router, f"{file.partition(':')[0]}:{typed}")
        answer = str((yield Ask(f"Delete {_shown(router, file)}? [confirm]", one_key=True)))
        if answer.lower() not in {"", "y"}:
            yield Say(f"Delete of {_shown(router, file)} aborted!\n")
            return
    if router.files.pop(file, None) is None:
        yield Say(f"%Error deleting {_shown(router, file)} (No such file or directory)\n")


def more(shell: Shell, _words: tuple[str, ...], values: tuple[str, ...]) -> Iterable[str]:
    """``more FILE``."""
    lines = archive.read(shell.router, values[0])
    return [f"%Error opening {_shown(shell.router, values[0])} (No such file or directory)"] if lines is None else lines


def erase(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``write erase``, ``erase startup-config``."""
    router = shell.router
    question = "Erasing the nvram filesystem will remove all configuration files! Continue? [confirm]"
    if str((yield Ask(question, one_key=True))).lower() not in {"", "y"}:
        return
    router.startup = None
    router.keys.saved.clear()
    yield Say("[OK]\nErase of nvram: complete\n")
    router.log("%SYS-7-NV_BLOCK_INIT: Initialized the geometry of nvram")


SHOWS = {
    "show-running-config": show_running,
    "show-startup-config": show_startup,
    "show-running-config-interface": show_running_interface,
    "more": more,
}
ACTIONS = {"write-memory": write_memory, "copy": copy, "delete": delete, "erase": erase}
