"""The router's Tcl shell, as far as clients write files with it, and the check of a file that they ask for then."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.archive import file_name, read
from getvpn_ops.lab.ios.session.dialog import Ask, Dialog, Say

if TYPE_CHECKING:
    from getvpn_ops.lab.ios.session.shell import Shell

_WRITES = re.compile(r'puts \[open "([^"]+)" w\+?\] \{(.*)', re.DOTALL)


def tclsh(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``tclsh``: ``puts [open "FILE" w+] {TEXT}`` writes a file; other lines are tried as commands, as Tcl does."""
    prompt = f"{shell.router.name}(tcl)#"
    while (typed := (yield Ask(prompt)).strip()) not in {"tclquit", "exit"}:
        if typed.startswith("puts "):
            yield from _puts(shell, typed)
        elif typed:
            yield from shell.execute(typed, len(prompt) - len(shell.prompt))


def _puts(shell: Shell, typed: str) -> Dialog:
    while typed.count("{") > typed.count("}"):
        typed += "\n" + (yield Ask("+>"))
    found = _WRITES.match(typed)
    if found is None:
        yield Say(f"{typed.removeprefix('puts ').strip('{}')}\n")
        return
    text = found[2].rpartition("}")[0]
    shell.router.files[file_name(shell.router, found[1])] = text.split("\n")


def verify(shell: Shell, _words: tuple[str, ...], values: tuple[str, ...]) -> Dialog:
    """``verify /md5 FILE``."""
    lines = read(shell.router, values[0])
    if lines is None:
        yield Say(f"%Error verifying {values[0]}\n%Error opening {values[0]} (No such file or directory)\n")
        return
    digest = hashlib.md5("".join(f"{line}\n" for line in lines).encode("latin-1"), usedforsecurity=False).hexdigest()
    yield Say(f".MD5 of {values[0]} Done!\nverify /md5 ({values[0]}) = {digest}\n\n")


ACTIONS = {"tclsh": tclsh, "verify": verify}
