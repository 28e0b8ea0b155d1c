"""Plans that were made here: kept in the state folder, whole or not at all, and found again by id or path."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from getvpn_ops.cli.output import say
from getvpn_ops.errors import GetvpnOpsError, UsageError
from getvpn_ops.workflow.plan_file import FORMAT, digest, from_text, seal, to_text

if TYPE_CHECKING:
    from getvpn_ops.model.plan import Plan
    from getvpn_ops.settings import Workspace

_SUFFIX = ".json"
LAST: Final = "last"
"""The plan made last, whichever that is."""
_SHOWN = 5
_LARGEST = 512 << 20  # bytes; a plan for all of a fleet of thousands is far below


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """A plan that was read back unchanged.

    Attributes:
        plan: as it was shown.
        digest: of it.
        seal: of this installation, on the digest.
        path: of its file.
    """

    plan: Plan
    digest: str
    seal: str
    path: Path


class KeptPlans:
    """The plans of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        """Nothing is read yet.

        Args:
            workspace: whose.
        """
        self._workspace = workspace
        self.folder = workspace.plans

    def keep(self, plan: Plan) -> KeptPlan:
        """Write a plan down, sealed; on disk when this returns.

        Raises:
            UsageError: it cannot be written, or another plan has its id.
        """
        text = to_text(plan, self._workspace.key())
        path = self._path(plan.id)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            _write(path, text)
        except FileExistsError as exc:
            msg = f"there is a plan {plan.id} already, and it is another one"
            raise UsageError(msg) from exc
        except OSError as exc:
            msg = f"cannot keep the plan at {exc.filename or path}: {exc.strerror}"
            raise UsageError(msg) from exc
        return self._kept(plan, path)

    def find(self, text: str) -> KeptPlan:
        """The plan that a person means.

        Args:
            text: its id or a beginning that only one has, ``last`` for the one made last, or the path of a file.

        Raises:
            UsageError: none or several are meant, or the file is no plan.
            StalePlanError: it was changed after it was shown.
        """
        wanted = text.strip()
        paths = self._paths()
        if wanted == LAST and paths:
            return self._read(paths[0])
        exact = [path for path in paths if path.stem == wanted]
        near = exact or [path for path in paths if wanted and path.stem.startswith(wanted)]
        if len(near) == 1:
            return self._read(near[0])
        if near:
            msg = f"{text!r} may be any of {_names(near)}: give more of the id"
            raise UsageError(msg)
        if wanted and wanted != LAST and _is_file(Path(wanted)):
            return self._read(Path(wanted))
        there = f"the newest are {_names(paths)}" if paths else "there is none yet: `getvpn-ops plan push` makes one"
        msg = f"no plan is called {text!r}, and it is no file; {there}"
        raise UsageError(msg)

    def with_digest(self, name: str, wanted: str) -> KeptPlan | None:
        """The plan of a run; None if it is not kept here, or is another one by now.

        Args:
            name: id of the plan.
            wanted: its digest.
        """
        try:
            found = self._read(self._path(name))
        except GetvpnOpsError:
            return None
        return found if found.digest == wanted else None

    def every(self) -> tuple[KeptPlan, ...]:
        """All that can be read, the newest first; of the others it is said why not."""
        found = []
        for path in self._paths():
            try:
                found.append(self._read(path))
            except GetvpnOpsError as exc:
                say(f"{path}: {exc}", "yellow")
        return tuple(found)

    def _path(self, name: str) -> Path:
        if not name or not all(letter.isalnum() or letter in "-_." for letter in name) or name.startswith("."):
            msg = f"{name!r} cannot be the id of a plan"
            raise UsageError(msg)
        return self.folder / f"{name}{_SUFFIX}"

    def _paths(self) -> list[Path]:
        """All files, the newest first."""
        try:
            found = [path for path in self.folder.iterdir() if path.suffix == _SUFFIX]
            return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
        except FileNotFoundError:
            return []
        except OSError as exc:
            msg = f"cannot read {exc.filename or self.folder}: {exc.strerror}"
            raise UsageError(msg) from exc

    def _read(self, path: Path) -> KeptPlan:
        try:
            if path.stat().st_size > _LARGEST:
                msg = f"{path} is too large for a plan"
                raise UsageError(msg)
            text = path.read_bytes().decode(errors="replace")
        except OSError as exc:
            msg = f"cannot read {path}: {exc.strerror}"
            raise UsageError(msg) from exc
        try:
            return self._kept(from_text(_sealed(text), self._workspace.key()), path)
        except UsageError as exc:
            msg = f"{path}: {exc}"
            raise UsageError(msg) from exc

    def _kept(self, plan: Plan, path: Path) -> KeptPlan:
        value = digest(plan)
        return KeptPlan(plan, value, seal(value, self._workspace.key()), path)


def _sealed(text: str) -> str:
    """The sealed plan in a report of it (``-o json``), where a text is one; else the text."""
    try:
        said = json.loads(text)
    except ValueError:
        return text
    if not isinstance(said, dict) or said.get("kind") != "plan":
        return text
    return json.dumps({"format": FORMAT} | {key: said.get(key) for key in ("digest", "seal", "plan")})


def _write(path: Path, text: str) -> None:
    """Whole or not at all, 0600; the same text again is no mistake.

    Raises:
        FileExistsError: there is another text.
        OSError: it cannot be written.
    """
    if path.exists():
        if path.read_bytes() == text.encode("ascii"):
            return
        raise FileExistsError(str(path))
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name that is too long
        return False


def _names(paths: list[Path]) -> str:
    names = [path.stem for path in paths[:_SHOWN]]
    return ", ".join(names) + (" ..." if len(paths) > _SHOWN else "")
