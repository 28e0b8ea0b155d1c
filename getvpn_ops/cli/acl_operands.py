"""What a person names on the command line -> access lists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lists.effective import EffectiveList
from getvpn_ops.engine.acl.configs import config_of, doubt_of
from getvpn_ops.engine.acl.groups import acl_views
from getvpn_ops.engine.acl.texts import read_lists
from getvpn_ops.errors import EvidenceMissingError, NoWorkspaceError, UsageError
from getvpn_ops.model.state.access_lists import AccessLists

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from getvpn_ops.engine.acl.texts import Listed
    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.fleet import DeviceState, FleetState

_GETVPN = re.compile(rb"^crypto (?:gdoi|gkm) group |^crypto map \S+ (?:\d+ )?gdoi", re.MULTILINE)
_PROMPT = re.compile(rb"^[A-Za-z][\w.-]*#\s*sh\w*\s", re.MULTILINE)
_NAMES = 12


def file_of(text: str) -> Path | None:
    """The path that a text names, if there is something at it."""
    try:
        path = Path(text)
        return path if text and path.exists() else None
    except (OSError, ValueError):
        return None


def lists_of_file(path: Path, *, for_lint: bool = False) -> tuple[Listed, ...] | None:
    """The lists of a file; None for a folder, and for lint also for what tells more than lists: then it is captures.

    Raises:
        UsageError: it cannot be read, or holds no list.
        ParseFailure: it is not understood, or may not be whole.
    """
    if path.is_dir():
        return None
    text = _read(path)
    if for_lint and _GETVPN.search(text.replace(b"\r", b"")):
        return None
    if len(_PROMPT.findall(text)) > 1:
        return None
    found = read_lists(text)
    if not any(item.local or item.downloaded for item in found):
        msg = f"{path} holds no access list"
        raise UsageError(msg)
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        msg = f"cannot read {path}: {exc.strerror}"
        raise UsageError(msg) from exc


def operand(text: str, state: Callable[[], FleetState], *, local: bool) -> EffectiveList:
    """The list that ``FILE``, ``FILE:NAME``, ``DEVICE:NAME`` or ``GROUP`` means; for intents see ``acl_intents``.

    Args:
        text: as typed.
        state: of the fleet, asked for only where a device or a group is meant.
        local: whether it is a member's own list.

    Raises:
        UsageError: nothing or several lists are meant.
        EvidenceMissingError: what is meant is not known.
    """
    if (path := file_of(text)) is not None:
        return _of_file(path, "", local=local)
    owner, _, name = text.rpartition(":")
    if owner and (path := file_of(owner)) is not None:
        return _of_file(path, name, local=local)
    try:
        fleet = state()
    except NoWorkspaceError as exc:
        msg = f"{text!r} is no file here; and for a device or a group {exc}"
        raise UsageError(msg) from exc
    if owner:
        return _of_device(fleet, owner, name, local=local)
    for group in acl_views(fleet).groups:
        if group.name == text:
            return EffectiveList(downloaded=group.policy.aces)
    msg = f"{text!r} is no file and no group; write FILE, FILE:NAME, DEVICE:NAME, GROUP or intent:GROUP"
    raise UsageError(msg)


def _of_file(path: Path, name: str, *, local: bool) -> EffectiveList:
    if path.is_dir():
        msg = f"{path} is a folder; name a group or DEVICE:NAME, and give the folder with --from"
        raise UsageError(msg)
    found = read_lists(_read(path))
    chosen = _chosen(found, str(path), name)
    return EffectiveList(local=chosen.local + chosen.downloaded) if local else chosen.effective


def _chosen(found: Sequence[Listed], where: str, name: str) -> Listed:
    chosen = [item for item in found if item.name == name] if name else [item for item in found if _says(item)]
    if name == "" and len(chosen) > 1:
        chosen = [item for item in chosen if item.used] if any(item.used for item in chosen) else chosen
    if len(chosen) == 1 and _says(chosen[0]):
        return chosen[0]
    names = ", ".join(item.name for item in found[:_NAMES] if item.name) or "none with a name"
    if not chosen or name:
        what = f"no access list {name!r} with lines" if name else "no access list"
        msg = f"{where} holds {what}; there are: {names}"
    else:
        such = f"{where}:{chosen[0].name}"
        msg = f"{where} holds {len(chosen)} access lists; name one, such as {such}; there are: {names}"
    raise UsageError(msg)


def _says(item: Listed) -> bool:
    return bool(item.local or item.downloaded)


def _of_device(state: FleetState, device: str, name: str, *, local: bool) -> EffectiveList:
    if device not in state.devices:
        msg = f"there is no file and no device {device!r}"
        raise UsageError(msg)
    entries = _entries(state.devices[device], name)
    return EffectiveList(local=entries) if local else EffectiveList(downloaded=entries)


def _entries(state: DeviceState, name: str) -> tuple[Ace, ...]:
    """The lines of a list of a device, from its configuration or from ``show access-lists``."""
    config = config_of(state)
    if config is not None:
        for item in config.value.access_lists:
            if item.name == name:
                if strange := next(iter(item.other), doubt_of(config)):
                    msg = f"{state.name}: access list {name} may not be whole: {strange}"
                    raise EvidenceMissingError(msg)
                return item.entries
    if state.has(AccessLists):
        for shown in state.whole(AccessLists).value.lists:
            if shown.name == name:
                return shown.entries
    msg = f"{state.name}: nothing here shows access list {name}"
    raise EvidenceMissingError(msg)
