"""Access lists of an intent, item by item: each must be understood before anything is made of it."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from getvpn_ops.dialect.services import SERVICES
from getvpn_ops.errors import MistakesError
from getvpn_ops.model.intent.access import AccessListIntent
from getvpn_ops.model.intent.router import FailCloseIntent
from getvpn_ops.rendering.lists import expand, made
from getvpn_ops.rendering.problems import Problems
from getvpn_ops.settings.mistakes import nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.model.intent.group import GdoiGroupIntent
    from getvpn_ops.model.intent.router import MemberIntent
    from getvpn_ops.settings.mistakes import Mistakes, Where
    from getvpn_ops.settings.yaml_file import Document

    Place = Callable[[Where], tuple[Document | str, Where]]

_MOST = 100  # entries with denies; guide, "Recommendations and Best Practices"
_KINDS = "a service, a prefix, PREFIX -> PREFIX, any, or an entry of an access list"
_ANY_NAME = "list"
_ACTIONS = ("permit ", "deny ", "remark ")


class Lists:
    """Checks the lists of one GDOI group and of its members; equal ones once."""

    def __init__(self, intent: GdoiGroupIntent, document: Document, mistakes: Mistakes) -> None:
        """For one group."""
        self._intent = intent
        self._document = document
        self._mistakes = mistakes
        self._right: set[tuple[AccessListIntent, bool]] = set()

    def policy(self, acl: AccessListIntent, where: Where) -> None:
        """What a policy encrypts."""
        entries = self._entries(acl, lambda inner: (self._document, (*where, *inner)))
        if entries is None:
            return
        if not any(text.startswith("permit ") for text in entries):
            self._mistakes.at(self._document, where, "it encrypts nothing: say what under encrypt")
        if len(entries) > _MOST:
            said = f"expected {_MOST} entries or less, with every service written out, found {len(entries)}"
            self._mistakes.at(self._document, where, said)

    def member(self, said: MemberIntent, place: Place) -> None:
        """A member's local exceptions and what passes before it is registered."""
        if said.exceptions is not None:
            self._denies(said.exceptions, lambda inner: place(("exceptions", *inner)), "drops what it matches")
        if isinstance(said.fail_close, FailCloseIntent) and said.fail_close.acl is not None:
            self._denies(said.fail_close.acl, lambda inner: place(("fail_close", "acl", *inner)), "means nothing")

    def standard(self, entries: tuple[str, ...], where: Where) -> None:
        """A list of addresses."""
        for number, text in enumerate(entries):
            self._entry(text, lambda inner: (self._document, inner), (*where, number), "standard")

    def _denies(self, acl: AccessListIntent, place: Place, does: str) -> None:
        if (acl, True) in self._right:
            return
        entries = self._entries(acl, place)
        permits = [text for text in entries or () if text.startswith("permit ")]
        if permits:
            key = "entries" if acl.entries is not None else "encrypt" if acl.encrypt else "exempt"
            self._mistakes.at(*place((key,)), f"a permit {does} here, found {permits[0]!r}")
        elif entries is not None:
            self._right.add((acl, True))

    def _entries(self, acl: AccessListIntent, place: Place) -> tuple[str, ...] | None:
        """The whole list; None if something in it is not understood."""
        version, own = self._intent.ip, self._intent.services
        before = len(self._mistakes)
        if acl.name is not None:
            problems = Problems()
            made(acl.name, (), version, problems)
            for said in _texts(problems, f"{acl.name}: name: "):
                self._mistakes.at(*place(("name",)), said)
        for key, items in (("exempt", acl.exempt), ("encrypt", acl.encrypt), ("entries", acl.entries)):
            for number, item in enumerate(items or ()):
                if key == "entries" or item.startswith(_ACTIONS):
                    self._entry(item, place, (key, number))
                    continue
                problems = Problems()
                expand(AccessListIntent(exempt=(item,)), own, version, problems, "")
                if problems:
                    near = _without_host_bits(item, version) or nearest(item, [*own, *SERVICES])
                    hint = f"; did you mean {near}?" if near else ""
                    kinds = _KINDS.replace("prefix", "prefix of IPv6", 1) if version != 4 else _KINDS  # noqa: PLR2004
                    self._mistakes.at(*place((key, number)), f"expected {kinds}, found {item!r}{hint}")
        if len(self._mistakes) > before:
            return None
        return expand(acl, own, version, Problems(), "")

    def _entry(self, text: str, place: Place, where: Where, kind: str = "extended") -> None:
        for said in _said(text, self._intent.ip, kind):
            self._mistakes.at(*place(where), said)


def _without_host_bits(item: str, version: int) -> str | None:
    """``10.1.2.3/8`` -> ``10.0.0.0/8``; None if it is no prefix, or has no such bits."""
    try:
        found = ip_network(item, strict=False)
    except ValueError:
        return None
    return str(found) if found.version == version and str(found) != item.lower() else None


def _said(text: str, version: int, kind: str) -> tuple[str, ...]:
    """Why a text is no entry of a list."""
    problems = Problems()
    made(_ANY_NAME, (text,), version, problems, kind)
    return _texts(problems, f"{_ANY_NAME}: ")


def _texts(problems: Problems, front: str) -> tuple[str, ...]:
    try:
        problems.settle("")
    except MistakesError as exc:
        return tuple(text.removeprefix(front) for text in exc.mistakes)
    return ()
