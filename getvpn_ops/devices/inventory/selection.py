"""``--filter role=gm,site=lon*`` and ``--limit lon-gm1,man-*``: which devices someone means."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from getvpn_ops.errors import UsageError
from getvpn_ops.settings.mistakes import is_secret, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from getvpn_ops.devices.inventory.load import LoadedInventory
    from getvpn_ops.model.inventory import Device

FILTER_HELP = (
    "Only devices of which all this is true: role=gm,site=lon*. Keys: name, hostname, role, site, group (GDOI), "
    "host_group, ring, model, release, serial, pilot, idle, manager, or any of the inventory's data; "
    "KEY!=PATTERN is the opposite. "
    "Given again: or."
)
LIMIT_HELP = (
    "Only these: names or patterns with * and ?, !NAME leaves out; a number alone is that many of them, the first "
    "of the inventory."
)

_KEYS: dict[str, Callable[[Device], object]] = {
    "name": lambda item: item.name,
    "hostname": lambda item: item.hostname,
    "role": lambda item: item.role,
    "site": lambda item: item.site,
    "group": lambda item: item.gdoi_groups,
    "host_group": lambda item: item.host_groups,
    "ring": lambda item: item.ring,
    "model": lambda item: item.model,
    "release": lambda item: item.release,
    "serial": lambda item: item.serial,
    "pilot": lambda item: item.pilot,
    "idle": lambda item: item.idle,
    "manager": lambda item: item.manager,
}
_ALSO = {"gdoi_group": "group", "gdoi_groups": "group", "host_groups": "host_group", "device": "name"}
_YES = {"yes": "yes", "true": "yes", "no": "no", "false": "no"}
_GLOB = frozenset("*?[")
_MOST = 12


@dataclass(frozen=True, slots=True)
class _Condition:
    """``key=pattern`` or ``key!=pattern``."""

    text: str
    key: str
    pattern: str
    negated: bool
    values: Callable[[Device], Sequence[str]]

    def holds(self, device: Device) -> bool:
        found = any(fnmatchcase(value.lower(), self.pattern) for value in self.values(device) or [""])
        return found is not self.negated


def select(loaded: LoadedInventory, filters: Iterable[str] = (), limits: Iterable[str] = ()) -> tuple[Device, ...]:
    """The devices someone means, in the order of the inventory.

    Args:
        loaded: all there are.
        filters: conditions joined by commas, all of which must hold; of several filters, one must. A pattern takes
            ``*``, ``?`` and ``[abc]``, in capital or small letters; of a list, one value must match. ``ring=`` holds
            for devices without a ring.
        limits: names and patterns joined by commas; ``!`` leaves out. A number alone, unless a device has it as its
            name, is how many of those that are left are taken.

    Returns:
        At least one.

    Raises:
        UsageError: no device is left, a name is none, or a filter cannot be read; says what there is.
    """
    everyone = tuple(loaded.inventory.devices.values())
    asked = [_conditions(text, loaded) for text in filters]
    chosen = [item for item in everyone if not asked or any(_all(clause, item) for clause in asked)]
    if not chosen:
        raise UsageError(_none_left(asked, everyone))
    limits = tuple(limits)
    if not all(text.strip(" ,") for text in limits):
        raise UsageError("an empty --limit names no device; leave it away for all of them")
    return _limited(chosen, everyone, [word.strip() for text in limits for word in text.split(",") if word.strip()])


def _all(clause: Iterable[_Condition], device: Device) -> bool:
    return all(condition.holds(device) for condition in clause)


def _conditions(text: str, loaded: LoadedInventory) -> list[_Condition]:
    found = [_condition(part.strip(), loaded) for part in text.split(",") if part.strip()]
    if not found:
        raise UsageError("an empty --filter says nothing: write KEY=PATTERN, such as --filter role=gm,site=lon*")
    return found


def _condition(text: str, loaded: LoadedInventory) -> _Condition:
    key, equals, pattern = text.partition("=")
    negated = key.endswith("!")
    key = key.removesuffix("!").strip()
    if not equals or not key:
        msg = f"--filter {text}: expected KEY=PATTERN or KEY!=PATTERN, such as role=gm or site=lon*"
        raise UsageError(msg)
    pattern = pattern.strip().lower()
    known = _KEYS.get(_ALSO.get(key, key))
    if known is not None:
        pattern = _YES.get(pattern, pattern) if key in {"pilot", "manager", "idle"} else pattern
        return _Condition(text, key, pattern, negated, lambda item: _words(known(item)))
    data = {name: host.extended_data() for name, host in loaded.nornir.hosts.items()}
    others = {str(other) for values in data.values() for other in values}
    if key not in others:
        near = nearest(key, (*_KEYS, *others))
        hint = f"did you mean {near}?" if near else f"known are {', '.join([*_KEYS, *sorted(others - set(_KEYS))])}"
        msg = f"--filter {text}: no device has anything called {key!r}; {hint}"
        raise UsageError(msg)
    return _Condition(text, key, _YES.get(pattern, pattern), negated, lambda item: _words(data[item.name].get(key)))


def _words(value: object) -> list[str]:
    if value is None or value == "":
        return []
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, list | tuple):
        return [word for item in value for word in _words(item)]
    return [str(value)]


def _limited(chosen: list[Device], everyone: Sequence[Device], words: Sequence[str]) -> tuple[Device, ...]:
    names = {item.name.lower(): item.name for item in everyone}
    counts = [int(word) for word in words if word.isdecimal() and word not in names]
    patterns = [word for word in words if not word.isdecimal() or word in names]
    for word in patterns:
        _must_match(word.removeprefix("!"), names)
    wanted = [word.lower() for word in patterns if not word.startswith("!")]
    unwanted = [word[1:].lower() for word in patterns if word.startswith("!")]
    kept = [
        item for item in chosen if (not wanted or _matches(item.name, wanted)) and not _matches(item.name, unwanted)
    ]
    if not kept:
        names_left = [item.name for item in chosen]
        msg = f"--limit {','.join(words)} leaves none of the {len(chosen)} devices: {_some(names_left)}"
        raise UsageError(msg)
    if counts and min(counts) < 1:
        raise UsageError("--limit 0 leaves no device")
    return tuple(kept[: min(counts)] if counts else kept)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name.lower(), pattern) for pattern in patterns)


def _must_match(word: str, names: dict[str, str]) -> None:
    if _matches_any(word.lower(), names):
        return
    if _GLOB & set(word):
        msg = f"--limit {word}: no device has such a name; there are {_some(list(names.values()))}"
        raise UsageError(msg)
    near = nearest(word, names.values())
    there = f"did you mean {near}?" if near else f"there are {_some(list(names.values()))}"
    msg = f"--limit {word}: there is no device of this name; {there}"
    raise UsageError(msg)


def _matches_any(pattern: str, names: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names)


def _none_left(asked: Sequence[Sequence[_Condition]], everyone: Sequence[Device]) -> str:
    """Why nothing matched: a condition that nothing meets, with what there is; else how many meet each."""
    lines = ["no device matches --filter " + " or ".join(",".join(item.text for item in clause) for clause in asked)]
    for condition in (item for clause in asked for item in clause):
        count = sum(condition.holds(device) for device in everyone)
        if count or condition.negated or is_secret(condition.key):
            lines.append(f"  {condition.text}: {count} of {len(everyone)} devices")
        else:
            there = {word: None for device in everyone for word in condition.values(device)}
            lines.append(f"  {condition.text}: none; {condition.key} is one of {_some(list(there))}")
    return "\n".join(lines)


def _some(words: Sequence[str]) -> str:
    rest = len(words) - _MOST
    return ", ".join(words[:_MOST]) + (f" and {rest} more" if rest > 0 else "")
