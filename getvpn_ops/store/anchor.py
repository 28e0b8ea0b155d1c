"""The end of the journal, kept apart from the database: in a file beside the key of the installation.

A database can be set back as a whole, with the end that it names itself. This file then names an event that is gone.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.errors import StoreError
from getvpn_ops.store.chain import Head
from getvpn_ops.store.failures import failures_told

if TYPE_CHECKING:
    from pathlib import Path

_MAC = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Anchor:
    """The file; hold its folder against other processes while it is read and written.

    Attributes:
        path: of the file, 0600; one for each store.
    """

    path: Path

    def read(self) -> Head | None:
        """What it names; None if there is no file.

        Raises:
            StoreError: it cannot be read, or is damaged.
        """
        with failures_told(str(self.path), "read the end of the journal"):
            try:
                text = self.path.read_text(encoding="ascii")
            except FileNotFoundError:
                return None
            match json.loads(text):
                case {"number": int(number), "mac": str(mac)} if number >= 0 and _MAC.fullmatch(mac):
                    return Head(number, mac)
        msg = f"{self.path} is damaged: it names no event of the journal"
        raise StoreError(msg)

    def write(self, head: Head) -> None:
        """Name another event; whole or not at all, and on disk when this returns.

        Raises:
            StoreError: it cannot be written.
        """
        with failures_told(str(self.path), "write the end of the journal"):
            draft = self.path.with_name(f"{self.path.name}.{secrets.token_hex(8)}")
            try:
                descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                with os.fdopen(descriptor, "w", encoding="ascii") as file:
                    json.dump({"number": head.number, "mac": head.mac}, file)
                    file.flush()
                    os.fsync(descriptor)
                draft.replace(self.path)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
