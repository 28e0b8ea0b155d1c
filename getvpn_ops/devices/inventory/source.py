"""Where a value of Nornir's inventory stands, so that a mistake names the file and the line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nornir.core.inventory import Defaults, Group

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nornir.core.inventory import Host, Inventory

    from getvpn_ops.settings.mistakes import Where
    from getvpn_ops.settings.yaml_file import Document


@dataclass(frozen=True, slots=True)
class Origins:
    """Where hosts, groups and defaults come from.

    Attributes:
        hosts: the file; a name in its place where there is none.
        groups: likewise.
        defaults: likewise.
        added: hosts that stand in no file of the inventory yet: where else they stand.
    """

    hosts: Document | str
    groups: Document | str
    defaults: Document | str
    added: Mapping[str, str] = field(default_factory=dict)

    def of(self, element: Host | Group | Defaults) -> tuple[Document | str, Where]:
        """File and path of an element."""
        if isinstance(element, Defaults):
            return self.defaults, ()
        if isinstance(element, Group):
            return _at(self.groups, element.name)
        added = self.added.get(element.name)
        return (added, ()) if added is not None else _at(self.hosts, element.name)

    def of_data(self, host: Host, where: Where) -> tuple[Document | str, Where]:
        """File and path of something in a host's data, which may be a group's or the defaults'."""
        element = next((item for item in chain(host) if where[:1] and where[0] in item.data), host)
        source, path = self.of(element)
        is_row = element is host and host.name in self.added
        return source, (*path, *where) if is_row else (*path, "data", *where)

    def of_attribute(self, host: Host, name: str) -> tuple[Document | str, Where]:
        """File and path of an attribute of a host, such as ``platform``."""
        element = next((item for item in chain(host) if _own(item, name) is not None), host)
        source, path = self.of(element)
        return source, (*path, name)

    def of_option(self, host: Host, connection: str, where: Where) -> tuple[Document | str, Where]:
        """File and path of something in a connection's options: of the first that says it, as Nornir chooses."""
        for item in chain(host):
            options = item.connection_options.get(connection)
            if options is not None and where[:1] and getattr(options, str(where[0]), None) is not None:
                source, path = self.of(item)
                return source, (*path, "connection_options", connection, *where)
        return self.of_attribute(host, str(where[0]) if where else "hostname")


def chain(host: Host) -> Iterator[Host | Group | Defaults]:
    """Who gives a host its values, in the order in which Nornir asks."""
    yield host
    yield from host.extended_groups()
    yield host.defaults


def names_passwords(inventory: Inventory) -> Iterator[Host | Group | Defaults]:
    """The elements that hold a password."""
    elements: tuple[Host | Group | Defaults, ...] = (
        *inventory.hosts.values(),
        *inventory.groups.values(),
        inventory.defaults,
    )
    for item in elements:
        if _own(item, "password") or any(_own(option, "password") for option in item.connection_options.values()):
            yield item


def _own(element: object, name: str) -> object:
    """An attribute of this very element: a host's own ``__getattribute__`` would look further."""
    return object.__getattribute__(element, name)


def _at(source: Document | str, name: str) -> tuple[Document | str, Where]:
    return (f"{source} {name}", ()) if isinstance(source, str) else (source, (name,))
