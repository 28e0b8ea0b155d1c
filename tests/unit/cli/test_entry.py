"""Ctrl-C before the command has begun, and while it ends."""

from __future__ import annotations

import signal

import pytest

from getvpn_ops.cli import entry
from getvpn_ops.errors import ExitCode


def _interrupt() -> None:
    raise KeyboardInterrupt


def test_ctrl_c_is_quiet_from_beginning_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getvpn_ops.cli.app.main", _interrupt)
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as ended:
            entry.main()
        assert ended.value.code == ExitCode.INTERRUPTED
        signal.raise_signal(signal.SIGINT)  # as the process ends: nothing happens
    finally:
        signal.signal(signal.SIGINT, before)
