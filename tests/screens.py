"""A session without a network: keys in, screen out."""

from __future__ import annotations

from getvpn_ops.lab.ios.releases import release as read_release
from getvpn_ops.lab.ios.router import Router
from getvpn_ops.lab.ios.session.terminal import Terminal

RELEASES = {"12.4": "12.4(22)T5", "15": "15.2(4)M11", "17": "17.6.5"}


class Screen:
    """A session that a test types into."""

    def __init__(self, release: str = "17", privilege: int = 15, *lines: str, router: Router | None = None) -> None:
        self.router = router or Router(
            hostname="R1",
            release=read_release(RELEASES.get(release, release)),
            enable_secret="e",  # noqa: S106 -- of a simulated router
        )
        if lines:
            assert self.router.load(lines) == []
        self.shown = ""
        self.ended = False
        self.dropped = False
        self.terminal = Terminal(self.router, self._send, self._close, privilege, drop=self._drop)
        self.router.sessions.append(self.terminal)
        self.terminal.shell.length = 0
        self.terminal.start()

    def _send(self, text: str) -> None:
        self.shown += text

    def _close(self) -> None:
        self.ended = True

    def _drop(self) -> None:
        self.ended = self.dropped = True

    def type(self, keys: str) -> str:
        """Type keys; returns what appeared."""
        before = len(self.shown)
        self.terminal.feed(keys)
        return self.shown[before:]

    def enter(self, *lines: str) -> str:
        """Type lines, each with its Enter."""
        return self.type("".join(f"{line}\r" for line in lines))

    def running(self) -> list[str]:
        """What the router holds, without separators."""
        return [line for line in self.router.running.lines() if line != "!"]
