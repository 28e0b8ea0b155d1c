"""Kinds of values that people write in YAML, each with what is expected in words (PROMISES "Security", 4).

Everything here may become part of a line that a router is sent: so each kind is closed, and nothing in it can end a
line, begin a second command, ask for help or open a comment.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from getvpn_ops.model.values import Address, Network

OBJECT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,62}")
"""Names of devices, groups, access lists, maps, profiles, key pairs."""

INTERFACE_NAME = re.compile(r"[A-Z][A-Za-z-]{1,24} ?\d{1,4}(?:/\d{1,4}){0,4}(?:[.:]\d{1,10})?")
"""``GigabitEthernet0/0/1.100``, ``Loopback0``, ``Vlan10``."""

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./@-]{0,127}")
_ACE = re.compile(r"(?:permit|deny|remark) [A-Za-z0-9_.:/ -]{1,200}")
_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]{1,200}(?:/[A-Za-z0-9._~/%:@-]{0,200})?")
_DISTINGUISHED = re.compile(r"[A-Za-z0-9 ,=._@-]{1,200}")


def object_name(value: object) -> str:
    """A name that may become part of a command.

    Raises:
        ValueError: it is none; says what is expected.
    """
    if not isinstance(value, str) or not OBJECT_NAME.fullmatch(value):
        raise ValueError("a name of at most 63 letters, digits and _.:-")
    return value


def _interface(value: object) -> str:
    if not isinstance(value, str) or not INTERFACE_NAME.fullmatch(value):
        raise ValueError("an interface in full, such as GigabitEthernet0/0/1")
    return value.replace(" ", "")


def _reference(value: object) -> str:
    if not isinstance(value, str) or not _REFERENCE.fullmatch(value):
        raise ValueError("the name of a secret, of at most 128 letters, digits and _./@-")
    return value


def _ace(value: object) -> str:
    if not isinstance(value, str) or not _ACE.fullmatch(text := " ".join(value.split())) or not value.isprintable():
        raise ValueError("an entry of an access list, such as deny tcp any any eq 22")
    return text


def _url(value: object) -> str:
    if not isinstance(value, str) or not _URL.fullmatch(value):
        raise ValueError("an address such as http://ca.example:80, without name and password")
    return value


def _subject(value: object) -> str:
    if not isinstance(value, str) or not _DISTINGUISHED.fullmatch(value):
        raise ValueError("a distinguished name, such as cn=gm1.example,o=Bank")
    return value


def _address(value: object) -> Address:
    try:
        return ipaddress.ip_address(value) if isinstance(value, str) else ipaddress.ip_address("")
    except ValueError:
        raise ValueError("an IP address") from None


def _network(value: object) -> Network:
    try:
        return ipaddress.ip_network(value) if isinstance(value, str) else ipaddress.ip_network("")
    except ValueError:
        raise ValueError("a network without host bits, such as 10.1.0.0/16") from None


def _whole(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a whole number")  # noqa: TRY004 -- for pydantic
    return value


def once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """A list in which nothing stands twice.

    Raises:
        ValueError: something does.
    """
    if len(set(values)) < len(values):
        raise ValueError("a list in which nothing stands twice")
    return values


Name = Annotated[str, BeforeValidator(object_name)]
InterfaceName = Annotated[str, BeforeValidator(_interface)]
SecretReference = Annotated[str, BeforeValidator(_reference)]
"""Names a secret in the sources that ``getvpn-ops.yaml`` describes; the secret itself stands in no file of ours."""
AceText = Annotated[str, BeforeValidator(_ace)]
Url = Annotated[str, BeforeValidator(_url)]
Subject = Annotated[str, BeforeValidator(_subject)]
WrittenAddress = Annotated[Address, BeforeValidator(_address)]
WrittenNetwork = Annotated[Network, BeforeValidator(_network)]
Names = Annotated[tuple[Name, ...], AfterValidator(once)]
InterfaceNames = Annotated[tuple[InterfaceName, ...], AfterValidator(once)]

IkeLifetime = Annotated[int, BeforeValidator(_whole), Field(ge=60, le=86400)]
"""Seconds."""
TekLifetime = Annotated[int, BeforeValidator(_whole), Field(ge=120, le=2_592_000)]
"""Seconds; above 86400 every device needs the feature long-sa-lifetime and AES."""
KekLifetime = Annotated[int, BeforeValidator(_whole), Field(ge=300, le=2_592_000)]
"""Seconds; see ``TekLifetime``."""
Sequence = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=65535)]
