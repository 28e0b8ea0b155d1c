"""Commands around the configuration as a whole: showing, saving, booting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.dialog import Ask, Dialog, Say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.lab.ios.shell import Shell

_NVRAM = 262136


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
    yield Say("[OK]\n")


def copy_running_startup(shell: Shell, words: tuple[str, ...], values: tuple[str, ...]) -> Dialog:
    """``copy running-config startup-config``."""
    yield Ask("Destination filename [startup-config]? ")
    yield from write_memory(shell, words, values)


def reload(shell: Shell, words: tuple[str, ...], values: tuple[str, ...]) -> Dialog:
    """``reload``."""
    if not shell.router.is_saved():
        answer = ""
        while answer[:1] not in {"y", "n"}:
            answer = (yield Ask("\nSystem configuration has been modified. Save? [yes/no]: ")).strip().lower()
        if answer[:1] == "y":
            yield from write_memory(shell, words, values)
    if (yield Ask("Proceed with reload? [confirm]", one_key=True)).lower() in {"", "y"}:
        shell.router.reload("Reload Command")


SHOWS = {
    "show-running-config": show_running,
    "show-startup-config": show_startup,
    "show-running-config-interface": show_running_interface,
}
ACTIONS = {"write-memory": write_memory, "copy-running-startup": copy_running_startup, "reload": reload}
