"""Keys by which routers live: no push, restore or way back swaps or removes one of them.

A pre-shared key stands on two routers, and shows nothing until one of them registers or renews IKE with it: hours
later, at night, at one site (DOMAIN: IKE). So what a change does to a key that a router has is decided by who lives by
it:

- A member is registered, or nobody can tell: the key is left as it is. ``psk-rotate`` changes it, on both ends, with
  proof, and with a way back.
- It is the key between two key servers of a group that runs: it is changed if both have the same one when the plan is
  done. Their IKE goes on meanwhile; where it ends in between, COOP waits for the other end.
- The peer is known to be registered nowhere: it is changed if both ends then have the same one, for that mends them.
  Where no group of the two runs it is always changed: whoever comes up first gets what the intent says.
- A key that nobody lives by, and that no intent names any more, is removed.

Where a key is changed or removed, the one before stands nowhere any more, and the plan says so. A key for a peer that
had none is not looked at here: it is typed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.planning.key_lines import after, keys_in, without
from getvpn_ops.engine.change.planning.key_users import KeyUsers
from getvpn_ops.model.inventory import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.engine.change.planning.changes import Changes
    from getvpn_ops.engine.change.planning.key_lines import KeyLine, KeyPlace
    from getvpn_ops.engine.change.planning.key_users import User
    from getvpn_ops.engine.change.planning.reading import Reading
    from getvpn_ops.model.inventory import Device, Inventory

_PRINT = re.compile(r"<redacted sha256:[0-9a-f]{12}>")
_SHOWN = 3
_USERS = "{users}"
_ROTATE = "getvpn-ops plan action psk-rotate"
_LOST = (
    "; what stood there before stands nowhere any more then, and no rollback of this program types it again unless "
    "`secrets:` has it"
)


def withhold(changes: Changes, reading: Reading, inventory: Inventory, *, is_way_back: bool = False) -> None:
    """Take out of a plan what would swap or remove a key that somebody lives by, and say so.

    Args:
        changes: what is to be typed; steps, notes, refusals and who is left out are changed.
        reading: of the routers, and of everyone of their groups.
        inventory: of them.
        is_way_back: the plan undoes a run. Then a key that the run added may go: what lives by it goes first.
    """
    _Judge(changes, reading, inventory, is_way_back=is_way_back).go()


@dataclass(slots=True)
class _Kept:
    """Keys of one router that are left as they are.

    Attributes:
        places: of them.
        said: for whom they are, by what is said of them.
    """

    places: set[KeyPlace] = field(default_factory=set)
    said: defaultdict[tuple[str, str], list[tuple[str, User | None]]] = field(default_factory=lambda: defaultdict(list))

    def keep(self, line: KeyLine, peer: str, words: tuple[str, str], user: User | None = None) -> None:
        """Leave one as it is.

        Args:
            line: of it.
            peer: in words.
            words: the reason, and the next step; where ``{users}`` stands come those who live by the keys.
            user: who lives by it.
        """
        self.places.add(line.place)
        self.said[words].append((peer, user))

    def words(self) -> Iterator[str]:
        """Why, those of one reason together."""
        for (why, then), about in self.said.items():
            peers = [*dict.fromkeys(peer for peer, _ in about)]
            users = [*dict.fromkeys((user.name, user.group) for _, user in about if user is not None)]
            more = f" and {len(peers) - _SHOWN} more" if len(peers) > _SHOWN else ""
            what = f"the key{'s' if len(peers) > 1 else ''} for {', '.join(peers[:_SHOWN])}{more}"
            what += " are not touched" if len(peers) > 1 else " is not touched"
            names = [name for name, _ in users]
            who = names if len(names) <= _SHOWN else dict.fromkeys(group for _, group in users)
            yield f"{what}: {why}: {then.replace(_USERS, ' '.join(who))}"


class _Judge:
    def __init__(self, changes: Changes, reading: Reading, inventory: Inventory, *, is_way_back: bool) -> None:
        self._changes = changes
        self._inventory = inventory
        self._is_way_back = is_way_back
        self._users = KeyUsers(reading, inventory)
        self._held = {name: keys_in(config.tree) for name, config in reading.configs.items()}
        self._then = {name: after(keys, changes.steps.get(name, ())) for name, keys in self._held.items()}

    def go(self) -> None:
        changes = self._changes
        for name, steps in list(changes.steps.items()):
            device, kept = self._inventory.devices[name], _Kept()
            for line in self._touched(name):
                self._judge(device, line, kept)
            if not kept.places:
                continue
            reason = "; ".join(kept.words())
            left = without(steps, kept.places)
            if left:
                changes.steps[name] = left
                changes.notes.append(f"{name}: {reason}")
            else:
                del changes.steps[name]
                changes.differs.discard(name)
                changes.keys_alone.add(name)
                changes.leave_out(name, reason, is_known=False)

    def _touched(self, name: str) -> Iterator[KeyLine]:
        """Keys that stand there, and do not any more when the plan is done."""
        then = self._then[name]
        moved = {(line.peer, _print(line)) for place, line in then.items() if place not in self._held[name]}
        for place, line in self._held[name].items():
            new = then.get(place)
            if new is None and (self._is_way_back or (line.peer, _print(line)) in moved):
                continue
            if new is None or new.text != line.text:
                yield line

    def _judge(self, device: Device, line: KeyLine, kept: _Kept) -> None:
        new = self._then[device.name].get(line.place)
        peer = self._named(device, line)
        user = self._users.registered(device, line.peer)
        if user is not None and new is None and not user.then and self._elsewhere(device.name, line):
            what = f"the key for {peer} changes together with the place where it stands, and {user.name}: {user.why}"
            self._changes.refusals.append(f"{device.name}: {what}: rotate it first: {_ROTATE} {user.name}")
        elif user is not None:
            kept.keep(line, peer, (user.why, self._then_of(user, new)), user)
        elif (why := self._uneven(device, line, new)) is not None:
            kept.keep(line, peer, why)
        else:
            self._changes.notes.append(f"{device.name}: {self._lost(device, line, new, peer)}{_LOST}")

    def _then_of(self, user: User, new: KeyLine | None) -> str:
        """What to do about a key by which somebody is registered."""
        if user.then:
            return user.then
        if new is None:
            return "take who has it out of the group first, then plan anew"
        back = "put the former one where `secrets:` of getvpn-ops.yaml finds it, then " if self._is_way_back else ""
        return f"{back}{_ROTATE} {_USERS}"

    def _lost(self, device: Device, line: KeyLine, new: KeyLine | None, peer: str) -> str:
        ends = self._users.ends(device, line.peer)
        if new is not None and device.role is Role.KEY_SERVER and any(end.role is Role.KEY_SERVER for end in ends):
            return f"the key for {peer} is changed on both ends; their IKE goes on until it ends"
        return f"the key for {peer} is {'changed' if new is not None else 'removed'}, and nobody is registered by it"

    def _elsewhere(self, name: str, line: KeyLine) -> bool:
        """Whether a key for the same peer is typed where none stood."""
        held = self._held[name]
        return any(place not in held and other.peer == line.peer for place, other in self._then[name].items())

    def _uneven(self, device: Device, line: KeyLine, new: KeyLine | None) -> tuple[str, str] | None:
        """Why the two ends of a key would not have the same one; None: they would, or no group of the two runs."""
        for other in self._users.ends(device, line.peer):
            if not self._users.runs(device, other):
                continue
            if new is None and device.role is other.role is Role.KEY_SERVER:
                return f"{other.name} is a key server of the same group", "take it out of the group first"
            if new is None:
                continue
            if other.name not in self._then:
                return f"{other.name} was not read", f"getvpn-ops doctor {other.name}"
            theirs = self._for(other.name, device)
            if theirs is None or _print(theirs) != _print(new):
                return f"{other.name} would have another one", f"getvpn-ops plan push {device.name} {other.name}"
        return None

    def _for(self, name: str, device: Device) -> KeyLine | None:
        """The key that a router has for another one when the plan is done: the one for the fewest peers."""
        found = [line for line in self._then[name].values() if self._users.is_for(device, line.peer)]
        return max(found, key=lambda line: -1 if line.peer is None else line.peer.prefixlen, default=None)

    def _named(self, device: Device, line: KeyLine) -> str:
        if line.peer is None:
            return f"'{line.place.key.partition(' ')[2] or line.place.key}'"
        known = [other.name for other in self._users.ends(device, line.peer)]
        where = str(line.peer.network_address) if line.peer.num_addresses == 1 else str(line.peer)
        return f"{known[0]} ({where})" if len(known) == 1 else where


def _print(line: KeyLine) -> str:
    found = _PRINT.search(line.text)
    return found[0] if found is not None else line.text
