"""What a running lab leaves in a workspace: how to reach it, for this program and for any other client.

All of it lies in ``.getvpn-ops/lab/``, a private folder, and goes when the lab ends:

- ``control.sock``: its handles
- ``settings.yaml``: names them to the rest of the program: the clock, the inventory, the host keys
- ``inventory/``: the fleet's inventory with the ports of 127.0.0.1 in it, as stock Nornir reads it
- ``ssh_config``, ``known_hosts``, ``id_rsa``: ``ssh -F .getvpn-ops/lab/ssh_config NAME``
- ``password``: of every account and of every enable
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh
import yaml

from getvpn_ops.lab.ssh import HOST

if TYPE_CHECKING:
    from getvpn_ops.lab.fleet import Fleet

_SOCKET_MAX = 100  # bytes of a socket's path that every system takes
_OLD = """\
  KexAlgorithms +diffie-hellman-group14-sha1
  HostKeyAlgorithms +ssh-rsa
  Ciphers +aes128-cbc
  MACs +hmac-sha1
"""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The lab's place in a workspace."""

    root: Path

    @property
    def folder(self) -> Path:
        """Where everything lies."""
        return self.root / ".getvpn-ops" / "lab"

    @property
    def socket(self) -> Path:
        """Of the handles; in a private folder for temporary files where the path would be too long for a socket."""
        usual = self.folder / "control.sock"
        if len(os.fsencode(usual)) <= _SOCKET_MAX:
            return usual
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"getvpn-ops-{os.getuid()}" / f"{digest}.sock"

    @property
    def log(self) -> Path:
        """What the lab's process said."""
        return self.folder / "lab.out"

    @property
    def ssh_config(self) -> Path:
        """For ``ssh -F``."""
        return self.folder / "ssh_config"

    def prepare(self) -> None:
        """Make the private folders.

        Raises:
            PermissionError: the folder for the socket belongs to someone else.
        """
        for folder in (self.folder.parent, self.folder, self.socket.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_uid != os.getuid():
                msg = f"{folder} belongs to someone else"
                raise PermissionError(msg)
            folder.chmod(0o700)

    def client_key(self) -> str:
        """Make a key that logs in to the lab's routers; returns its public half, in base64."""
        key = asyncssh.generate_private_key("ssh-rsa", key_size=3072)  # RSA is all that IOS takes
        self._write("id_rsa", key.export_private_key().decode())
        public = key.export_public_key().decode()
        self._write("id_rsa.pub", public)
        return public.split()[1]

    def publish(self, fleet: Fleet) -> None:
        """Write how to reach a fleet that is up."""
        stations = fleet.stations.values()
        known = self.folder / "known_hosts"
        self._write("known_hosts", "".join(f"{station.known_host()}\n" for station in stations))
        self._write("password", f"{fleet.password}\n")
        hosts = "".join(
            f"Host {station.host.name}\n  Port {station.port}\n  User {station.host.username}\n"
            f"{_OLD if station.host.release.family == '12.4' else ''}\n"
            for station in stations
        )
        everywhere = (
            f'Host *\n  HostName {HOST}\n  UserKnownHostsFile "{known}"\n  StrictHostKeyChecking yes\n'
            f'  IdentityFile "{self.folder / "id_rsa"}"\n  IdentitiesOnly yes\n'
        )
        self._write("ssh_config", hosts + everywhere)
        self._publish_inventory(fleet)
        self._write(
            "settings.yaml",
            yaml.safe_dump(
                {
                    "clock": f"unix:{self.socket}",
                    "inventory": str(self.folder / "inventory"),
                    "known_hosts": str(known),
                    "password_file": str(self.folder / "password"),
                }
            ),
        )

    def _publish_inventory(self, fleet: Fleet) -> None:
        """The inventory as it is, but for where the hosts are."""
        folder = self.folder / "inventory"
        folder.mkdir(mode=0o700, exist_ok=True)
        given = fleet.settings.inventory
        for path in sorted(given.glob("gdoi_groups/*.y*ml")):
            (folder / "gdoi_groups").mkdir(mode=0o700, exist_ok=True)
            self._write(f"inventory/gdoi_groups/{path.name}", path.read_text(encoding="utf-8"))
        hosts = _read(given / "hosts.yaml")
        for name, station in fleet.stations.items():
            entry = dict(hosts.get(name) or {})
            entry["data"] = {**(entry.get("data") or {}), "management_address": station.host.address}
            entry.update(hostname=HOST, port=station.port, username=station.host.username)
            hosts[name] = entry
        defaults = {**_read(given / "defaults.yaml"), "password": fleet.password}
        self._write("inventory/hosts.yaml", yaml.safe_dump(hosts, sort_keys=False))
        self._write("inventory/groups.yaml", yaml.safe_dump(_read(given / "groups.yaml"), sort_keys=False))
        self._write("inventory/defaults.yaml", yaml.safe_dump(defaults, sort_keys=False))

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, 0o600)
            file.write(text)

    def clean(self) -> None:
        """The lab has ended: nothing of it stays but what its process said."""
        for name in ("settings.yaml", "known_hosts", "ssh_config", "id_rsa", "id_rsa.pub", "password"):
            (self.folder / name).unlink(missing_ok=True)
        shutil.rmtree(self.folder / "inventory", ignore_errors=True)
        self.socket.unlink(missing_ok=True)  # last: where nothing answers, nothing else is left


def _read(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.is_file() else {}
