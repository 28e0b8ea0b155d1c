"""What was said in a session, for people: one file a device, without secrets, for its owner alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from getvpn_ops.model.capture import Capture


class Transcripts:
    """A folder of transcripts; each run adds to them."""

    def __init__(self, folder: Path) -> None:
        """Nothing is written yet.

        Args:
            folder: where; made private when the first line is written.
        """
        self._folder = folder

    def write(self, capture: Capture) -> None:
        """Add what was asked and answered.

        Args:
            capture: without secrets, as all captures are. Its device is named by a pattern that is safe for a file.

        Raises:
            OSError: it cannot be written.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{capture.device}.txt"
        seconds = "" if capture.seconds is None else f" in {capture.seconds:.3f} s"
        trouble = f", {capture.trouble}: {capture.reason}" if capture.trouble else ""
        head = f"\n! {capture.taken_at:%Y-%m-%d %H:%M:%S} UTC{seconds}{trouble}\n{capture.device}#{capture.command}\n"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "ab") as file:
            file.write(head.encode(errors="backslashreplace") + capture.text.replace(b"\r\n", b"\n") + b"\n")
