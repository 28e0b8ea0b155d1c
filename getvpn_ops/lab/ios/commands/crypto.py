"""Dialogs of cryptographic configuration lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.session.dialog import Dialog, Say, sure

if TYPE_CHECKING:
    from getvpn_ops.lab.ios.session.shell import Shell


def no_crypto_group(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``no crypto gdoi group G`` on a key server: asks, as its members lose their policy (wording from memory)."""
    name = words[-1]
    yield Say(f"% Group {name} is a key server group; its policy and keys will be destroyed.\n")
    if (yield from sure("Do you want to continue ? [yes/no]: ")):
        text = " ".join(words)
        top = shell.router.running.top
        top.keep([line for line in top.lines if not (line.opens == "gdoi" and line.text == text)])


ACTIONS = {"no-crypto-group": no_crypto_group}
