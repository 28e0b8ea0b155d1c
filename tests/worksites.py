"""A lab and a workspace on it, and the program as it is typed there: in this process, so that it costs no second."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest
import yaml

from getvpn_ops.cli.app import main
from getvpn_ops.lab import control, script
from getvpn_ops.lab.background import Background
from getvpn_ops.lab.fleet import Settings
from getvpn_ops.lab.workspace import Workspace as LabPlace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

EXAMPLE = Path(__file__).parents[1] / "inventory"
PASSWORD = "lab-pass-1"  # noqa: S105 -- of simulated routers


def _ports() -> int:
    """Where this process looks for ports: a router that is down for a while must find its own one free again."""
    return 24000 + os.getpid() % 75 * 100


class Program:
    """The program as a process of its own; what it says is read at once: a full pipe would hold it for ever."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Begin to read both pipes of a process that was just started."""
        self.process = process
        self._read: dict[str, list[str]] = {"out": [], "err": []}
        assert process.stdout is not None
        assert process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read["out"].extend, args=(process.stdout,), daemon=True),
            threading.Thread(target=self._listen, args=(process.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _listen(self, stderr: Iterable[str]) -> None:
        for line in stderr:
            self._read["err"].append(line)

    def until(self, condition: Callable[[], object], patience: float) -> None:
        """Wait for something while the program runs; fails if it ends first, or after so many seconds."""
        end = time.monotonic() + patience
        while not condition():
            assert self.process.poll() is None, self.ended(patience)
            assert time.monotonic() < end, "".join(self._read["err"])
            time.sleep(0.02)

    def says(self, words: str, patience: float, *, alone: bool = False) -> None:
        """Wait until the words stand on stderr, in a line or alone in one; the program may have ended by then."""

        def is_said() -> bool:
            return any(words == line.strip() if alone else words in line for line in self._read["err"])

        end = time.monotonic() + patience
        while not is_said():
            over = not any(reader.is_alive() for reader in self._readers)
            assert not over or is_said(), "".join(self._read["err"])
            assert time.monotonic() < end, "".join(self._read["err"])
            time.sleep(0.02)

    def signal(self, number: int) -> None:
        """Send a signal to it."""
        self.process.send_signal(number)

    def ended(self, patience: float) -> tuple[int, str, str]:
        """Wait for its end, at most so many seconds; returns exit code, stdout, stderr."""
        code = self.process.wait(timeout=patience)
        for reader in self._readers:
            reader.join(timeout=patience)
        return code, "".join(self._read["out"]), "".join(self._read["err"])


def part_of_example(
    folder: Path, names: Iterable[str] = (), changes: Mapping[str, Mapping[str, Any]] | None = None
) -> Path:
    """The worked example, or some of its hosts.

    Args:
        folder: where; is made.
        names: of hosts; all if empty.
        changes: to the ``data`` of hosts; a host that is not there is made.
    """
    folder.mkdir(parents=True)
    hosts = yaml.safe_load((EXAMPLE / "hosts.yaml").read_text(encoding="utf-8"))
    hosts = {name: hosts[name] for name in names or hosts}
    for name, data in (changes or {}).items():
        host = hosts.setdefault(name, {"hostname": "192.0.2.1"})
        host["data"] = {**host.get("data", {}), **data}
    (folder / "hosts.yaml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
    payments = ("gdoi_groups/PAYMENTS.yaml",) if {"bir-gm1", "cph-gm1"} <= set(hosts) else ()
    for name in ("groups.yaml", "defaults.yaml", "gdoi_groups/WAN.yaml", *payments):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text((EXAMPLE / name).read_text(encoding="utf-8"), encoding="utf-8")
    return folder


class Worksite:
    """A workspace whose lab runs while it is entered.

    Attributes:
        root: the workspace.
        lab: its routers; those of the worked example, with a group that works, unless they get other configurations.
    """

    def __init__(
        self, root: Path, source: Path, configs: Path = EXAMPLE / "lab_configs" / "running", flows: str | None = None
    ) -> None:
        self.root = root
        root.mkdir(exist_ok=True)
        made = Settings(source, configs, seed=7, password=PASSWORD, first_port=_ports(), flows=flows)
        self.lab = Background(made)
        self.settings()

    @property
    def published(self) -> Path:
        """What the lab leaves in the workspace."""
        return self.root / ".getvpn-ops" / "lab"

    def __enter__(self) -> Self:
        self.lab.__enter__()
        published = LabPlace(self.root)
        published.prepare()
        self.lab.call(published.publish, self.lab.fleet)
        self._ended = asyncio.Event()
        listening = control.listen(self.lab.fleet, published.socket, self._ended)
        self._server = self.lab._await(listening)  # noqa: SLF001 -- the lab's own thread opens its socket
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.lab.call(self._server.close)
        self.lab.__exit__(kind, error, trace)

    def settings(self, **sections: Any) -> None:  # noqa: ANN401 -- YAML
        """Write ``getvpn-ops.yaml``."""
        text = yaml.safe_dump({"schema": 1, **sections})
        (self.root / "getvpn-ops.yaml").write_text(text, encoding="utf-8")

    def as_real(self, **sections: Any) -> None:  # noqa: ANN401 -- YAML
        """Write settings that take the lab's routers for real ones: without ``--lab``, by the clock on the wall."""
        secret = [{"from": "file", "path": str(self.published / "password")}]
        self.settings(
            inventory=str(self.published / "inventory"),
            known_hosts=str(self.published / "known_hosts"),
            credentials={"password": secret, "enable": secret},
            **sections,
        )

    def start(self, *words: str, **environment: str) -> Program:
        """Start the program as a process of its own."""
        return Program(
            subprocess.Popen(
                [sys.executable, "-m", "getvpn_ops", *words],
                cwd=self.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env={**os.environ, **environment},
            )
        )  # fmt: skip

    def arm(self, name: str, fault: str, line: str | None = None, times: int | None = None, /, **options: str) -> None:
        """Let a fault wait on a router."""
        entry = script.Entry((name,), fault, line, times=times, options=tuple(options.items()))
        self.lab.call(script.arm, self.lab.fleet, entry)

    def heal(self) -> None:
        """Take all faults away."""
        self.lab.call(self.lab.fleet.clear, "*", None)

    def run(self, *words: str, where: Path | None = None, **environment: str) -> tuple[int, str, str]:
        """Run the program in the workspace or elsewhere; returns exit code, stdout, stderr."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            open(os.devnull, encoding="utf-8") as nothing,  # noqa: PTH123 -- a device
        ):
            patch.chdir(where or self.root)
            patch.setattr(sys, "argv", ["getvpn-ops", *words])
            patch.setattr(sys, "stdin", nothing)
            for name, value in environment.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main()
        said = []
        for stream in (out, err):
            stream.seek(0)
            said.append(stream.read())
        return int(ended.value.code or 0), said[0], said[1]

    def ask(self, *words: str) -> tuple[int, dict[str, Any], str]:
        """Run the program on the lab; returns exit code, its JSON, stderr."""
        code, out, err = self.run(*words, "--lab", "-o", "json")
        assert out, err
        return code, json.loads(out), err
