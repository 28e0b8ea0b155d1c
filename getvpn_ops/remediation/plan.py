"""Differences -> edits: where each stands in the change, and what it stands with.

Decisions: an access list or a transform set that has to change is built under a new name and one line is swapped
(``remediation.names``); an IPsec profile is changed line by line, one line that matters to the keys in each step; an
ISAKMP policy that has to change stays under a free number until the clean-up, so that who has not changed yet can still
register; a key is removed and typed again within one step.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from getvpn_ops.dialect.managed import Scope, Trigger
from getvpn_ops.dialect.ordering import BUILD_ORDER, BUILD_PLACES, SET_PLACES, Place
from getvpn_ops.remediation.edit import Edit, added, list_edited, off, removed, replaced
from getvpn_ops.remediation.nodes import Node, lines_of
from getvpn_ops.remediation.scope import other_ike
from getvpn_ops.remediation.words import ACTIVATE, FIRST, KEPT, KEPT_FOR, REGISTERS, SHARED, SWAP, notes_of, title_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.remediation.difference import Difference
    from getvpn_ops.remediation.lists import ListText
    from getvpn_ops.remediation.serving import Serving
    from getvpn_ops.remediation.side import Side

_WEIGHED = frozenset({Trigger.POLICY, Trigger.SCHEDULED})
_NEGOTIATED = frozenset({f"isakmp-policy-{name}" for name in ("encryption", "hash", "authentication", "group")})
_LAST_POLICY = 10000
_MAPS = frozenset({"interface-map", "interface-ipv6-map"})


@dataclass(frozen=True, slots=True)
class Planner:
    """Makes edits of differences.

    Attributes:
        running: what the router has.
        intended: what it should have, under the names that it gets there.
        serving: which objects serve which groups.
        users: what is known of who else uses an object, by its name.
    """

    running: Side
    intended: Side
    serving: Serving
    users: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def lists(self, edited: dict[str, str]) -> Iterator[Edit]:
        """Build the lists that are not there yet, and edit those of ``edited`` where they stand."""
        for name, wanted in self.intended.lists.items():
            held = self.running.lists.get(name)
            groups = self.serving.groups_of("acl", name)
            if held is None:
                yield Edit(Place.BUILD_LIST, name, f"build access list {name}", wanted.typed(), wanted.removed(),
                           groups=groups)  # fmt: skip
            elif name in edited and held.as_set != wanted.as_set:
                yield _edited(held, wanted, groups)

    def edits(self, found: Iterable[Difference]) -> Iterator[Edit]:
        """All edits but those of access lists and of what is cleaned up."""
        policies: dict[str, list[Difference]] = {}
        for item in found:
            if item.above and item.top.id == "isakmp-policy":
                policies.setdefault(item.top.key, []).append(item)
            elif item.above:
                yield from self._inside(item)
            else:
                yield from self._global(item)
        taken = {int(node.found.name) for side in (self.running, self.intended) for node in side.nodes
                 if node.id == "isakmp-policy"}  # fmt: skip
        for items in policies.values():
            yield from self._policy(items, taken)

    # -- global lines

    def _global(self, item: Difference) -> Iterator[Edit]:
        node = item.any
        if not item.new and node.found.type.scope is Scope.KEPT:
            return
        if not item.old and node.id in BUILD_PLACES:
            yield from self._new(item.new[0])
        elif item.new and item.old:
            yield self._set(item)
        elif item.old and node.found.type.scope is Scope.IKE:
            forward, backward = removed(item.old[0], ())
            yield Edit(Place.CLEAN_IKE, "ike", "remove what IKE needs no more", forward, backward,
                       frozenset({Trigger.REGISTRATION}), rank=-BUILD_ORDER[node.id])  # fmt: skip
        elif item.old and node.id == "map-fail-close":
            yield from self._fail_close_off(item.old[0])
        elif node.found.type.defines == "crypto-map" and self._in_use(node.found.name):
            yield self._set(item)
        elif item.old and node.found.type.defines == "crypto-map":
            forward, backward = removed(item.old[0], ())
            yield Edit(Place.CLEAN_MAP, node.found.name, f"remove what crypto map {node.found.name} needs no more",
                       forward, backward, rank=-BUILD_ORDER[node.id])  # fmt: skip
        else:
            yield self._set(item)

    def _new(self, node: Node) -> Iterator[Edit]:
        """A new object of the global mode."""
        place, name = BUILD_PLACES[node.id], node.found.name
        if node.id == "gdoi-group":
            yield from self._new_group(node)
            return
        if node.id == "map-fail-close":
            yield from self._new_fail_close(node)
            return
        groups = self.serving.groups_of(node.id, name)
        if node.found.type.defines == "crypto-map":
            forward, backward = added(node, ())
            if self._in_use(name):
                yield Edit(Place.MAP_PART, node.key, f"add '{node.text}' to the map in use", forward, backward,
                           frozenset({Trigger.REGISTRATION}), groups, (FIRST,), BUILD_ORDER[node.id])  # fmt: skip
            else:
                yield Edit(place, name, f"build crypto map {name}", forward, backward, groups=groups,
                           rank=BUILD_ORDER[node.id])  # fmt: skip
            return
        forward, backward = added(node, ())
        bundle, title = {
            Place.BUILD_IKE: ("ike", "build what IKE needs"),
            Place.BUILD_IPSEC: ("ipsec", "build transform sets and IPsec profiles"),
        }[place]
        yield Edit(place, bundle, title, forward, backward, groups=groups, rank=BUILD_ORDER[node.id])

    def _new_group(self, node: Node) -> Iterator[Edit]:
        """A new group: a key server serves it only once its address is typed, and that comes last."""
        name = node.found.name
        local = node.child("gdoi-local-server")
        address = None if local is None else local.child("ks-address")
        if local is None or address is None:
            forward, backward = added(node, ())
            yield Edit(Place.BUILD_GROUP, name, f"build group {name}", forward, backward, groups=(name,))
            return
        rest = replace(local, children=tuple(child for child in local.children if child is not address))
        shell = replace(node, children=tuple(rest if child is local else child for child in node.children))
        forward, backward = added(shell, ())
        backward = (off(local, (node.text,)), *backward)  # it asks before it removes the group of a key server
        note = ("its way back takes the key server away first: a router asks before it removes the group of one",)
        yield Edit(Place.BUILD_GROUP, name, f"build group {name}", forward, backward, groups=(name,), notes=note)
        forward, backward = added(address, (node.text, local.text))
        yield Edit(Place.SERVER_OPENS, name, f"serve group {name} at {address.text}", forward, backward,
                   frozenset({Trigger.REGISTRATION}), (name,))  # fmt: skip

    def _new_fail_close(self, node: Node) -> Iterator[Edit]:
        name = node.found.name
        groups = self.serving.groups_of("crypto-map", name)
        active = node.child("fail-close-activate")
        shell = replace(node, children=tuple(child for child in node.children if child is not active))
        forward, backward = added(shell, ())
        yield Edit(Place.BUILD_MAP, name, f"build crypto map {name}", forward, backward, groups=groups,
                   rank=BUILD_ORDER[node.id])  # fmt: skip
        if active is not None:
            forward, backward = added(active, (node.text,))
            yield Edit(Place.FAIL_CLOSE_ON, name, f"activate fail-close of {name}", forward, backward, groups=groups,
                       notes=(ACTIVATE,))  # fmt: skip

    def _fail_close_off(self, node: Node) -> Iterator[Edit]:
        name = node.found.name
        groups = self.serving.groups_of("crypto-map", name)
        active = node.child("fail-close-activate")
        if active is not None:
            yield Edit(Place.FAIL_CLOSE_OFF, name, f"deactivate fail-close of {name}", (off(active, (node.text,)),),
                       (active.typed((node.text,)),), groups=groups)  # fmt: skip
        left = replace(node, children=tuple(child for child in node.children if child is not active), source=None)
        yield Edit(Place.CLEAN_MAP, name, f"remove what crypto map {name} needs no more", (off(node, ()),),
                   lines_of(left, ()), groups=groups, rank=-BUILD_ORDER[node.id])  # fmt: skip

    # -- lines of something that is there

    def _inside(self, item: Difference) -> Iterator[Edit]:
        node = item.any
        if node.id == "gdoi-local-server" and item.new:
            yield from self._new_server(item)
        elif node.id == "sa-ipsec" and item.new:
            yield from self._new_sa(item)
        else:
            yield self._set(item)

    def _new_server(self, item: Difference) -> Iterator[Edit]:
        node, name = item.new[0], item.top.found.name
        address = node.child("ks-address")
        shell = replace(node, children=tuple(child for child in node.children if child is not address))
        forward, backward = added(shell, item.path)
        title = f"build the key server of group {name}"
        yield Edit(Place.SERVER_BUILDS, name, title, forward, backward, groups=(name,))
        if address is not None:
            forward, backward = added(address, (*item.path, node.text))
            yield Edit(Place.SERVER_OPENS, name, f"serve group {name} at {address.text}", forward, backward,
                       frozenset({Trigger.REGISTRATION}), (name,))  # fmt: skip

    def _new_sa(self, item: Difference) -> Iterator[Edit]:
        """Another SA of a live group: it is policy from the line on that names its list."""
        node, name = item.new[0], item.top.found.name
        match = node.child("sa-match")
        shell = replace(node, children=tuple(child for child in node.children if child is not match))
        forward, backward = added(shell, item.path)
        yield Edit(Place.GROUP_PLAIN, name, f"build '{node.text}' of group {name}", forward, backward, groups=(name,))
        if match is not None:
            forward, backward = added(match, (*item.path, node.text))
            yield Edit(Place.GROUP_POLICY, f"{name} {node.key}", f"put '{node.text}' of group {name} to use",
                       forward, backward, frozenset({Trigger.POLICY}), (name,), (SWAP,))  # fmt: skip

    def _policy(self, items: list[Difference], taken: set[int]) -> Iterator[Edit]:
        """An ISAKMP policy that changes: the old one stays until the clean-up, under a number that comes last."""
        top = items[0].top
        if any(item.any.id in _NEGOTIATED for item in items):
            number = next(free for free in range(min(max(taken) + 1, _LAST_POLICY), 0, -1) if free not in taken)
            taken.add(number)
            kept = replace(top.renamed(f"crypto isakmp policy {number}"), children=top.children)
            forward, backward = added(kept, ())
            other = other_ike(self.running, self.intended)
            note = KEPT.format(number=number) if other is None else KEPT_FOR.format(number=number, other=other)
            yield Edit(Place.IKE_POLICY_KEPT, top.key, f"keep the old ISAKMP policy {top.found.name} as {number}",
                       forward, backward, notes=(note,))  # fmt: skip
            if other is None:
                yield Edit(Place.CLEAN_IKE, "ike", "remove what IKE needs no more", backward, forward,
                           frozenset({Trigger.REGISTRATION}), rank=-BUILD_ORDER["isakmp-policy"])  # fmt: skip
        for item in items:
            forward, backward = replaced(item)
            yield Edit(Place.IKE_POLICY, top.key, f"change ISAKMP policy {top.found.name}", forward, backward,
                       frozenset({Trigger.REGISTRATION}), notes=(REGISTERS,))  # fmt: skip

    # -- one line, or the lines of one order

    def _set(self, item: Difference) -> Edit:
        node, top = item.any, item.top
        forward, backward = replaced(item)
        place = self._place(item)
        trigger = node.found.type.trigger
        weighed = trigger in _WEIGHED and self._in_policy(top)
        if trigger in _WEIGHED and not weighed:
            trigger = Trigger.NONE
        alone = weighed or place in _ALONE or node.id in _MAPS or node.id == "gdoi-passive"
        title = title_of(item)
        bundle = " ".join(line.key for line in (*item.above, node)) if alone or not item.above else top.key
        if not alone and item.above:
            title = f"change '{top.text}'"
        notes = notes_of(item, trigger)
        if place is Place.IKE_SECTION:
            notes = (*notes, *self._shared(top.found.name))
        return Edit(place, bundle, title, forward, backward, frozenset({trigger}), self._groups(item), notes,
                    0 if item.new else 1, not item.new)  # fmt: skip

    def _shared(self, name: str) -> tuple[str, ...]:
        """Who else uses an object, in words; looked up once, for a keyring may have thousands of keys."""
        if name not in self.users:
            user = self.running.other_user(name, {node.key for node in self.intended.nodes})
            self.users[name] = () if user is None else (SHARED.format(user=user.text),)
        return self.users[name]

    def _place(self, item: Difference) -> Place:
        node = item.any
        if node.id == "sa-receive-only":
            return Place.RECEIVE_ONLY_ON if item.new else Place.RECEIVE_ONLY_OFF
        if node.id == "ks-address":
            return Place.SERVER_OPENS
        if node.id == "fail-close-activate":
            return Place.FAIL_CLOSE_ON if item.new else Place.FAIL_CLOSE_OFF
        if node.id in _MAPS:
            ends = any(self._serves(group) for group in self._groups(item))
            return Place.INTERFACE_MAP if item.new else Place.MEMBER_ENDS if ends else Place.INTERFACE_MAP_OFF
        if node.id == "gdoi-local-server":
            return Place.SERVER_CLOSES
        place = SET_PLACES.get(node.id) or SET_PLACES.get(item.top.id, Place.GLOBAL)
        if place is Place.GROUP_PLAIN and node.found.type.trigger in _WEIGHED:
            return Place.GROUP_POLICY
        return place

    def _in_policy(self, top: Node) -> bool:
        """Whether what stands under a line becomes policy of a key server's group."""
        if top.id == "gdoi-group":
            return True
        return top.id == "ipsec-profile" and bool(self.serving.groups_of("ipsec-profile", top.found.name))

    def _serves(self, group: str) -> bool:
        """Whether the router is to be a key server of a group."""
        node = self.intended.defined("gdoi-group", group)
        return node is not None and node.child("gdoi-local-server") is not None

    def _in_use(self, name: str) -> bool:
        """Whether an interface carries a crypto map."""
        return any(
            child.id in _MAPS and child.found.refs == (name,)
            for node in self.running.nodes
            if node.id == "interface"
            for child in node.children
        )

    def _groups(self, item: Difference) -> tuple[str, ...]:
        top = item.top
        if item.any.id in _MAPS:
            maps = {ref for node in (*item.old, *item.new) for ref in node.found.refs}
            return tuple(
                dict.fromkeys(group for name in sorted(maps) for group in self.serving.groups_of("crypto-map", name))
            )
        return self.serving.groups_of(top.found.type.defines or top.id, top.found.name)


_ALONE = frozenset(
    {
        Place.IKE_KEY, Place.AUTHORIZATION, Place.SERVER_CLOSES, Place.SERVER_OPENS, Place.MAP_PART,
        Place.FAIL_CLOSE_LIST, Place.FAIL_CLOSE_ON, Place.FAIL_CLOSE_OFF, Place.RECEIVE_ONLY_ON,
        Place.RECEIVE_ONLY_OFF, Place.GROUP_POLICY,
    }
)  # fmt: skip


def _edited(held: ListText, wanted: ListText, groups: tuple[str, ...]) -> Edit:
    forward, backward = list_edited(held, wanted)
    return Edit(Place.AUTHORIZATION, held.name, f"edit access list {held.name}: permits only, not policy", forward,
                backward, frozenset({Trigger.REGISTRATION}), groups)  # fmt: skip
