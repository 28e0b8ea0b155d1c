"""Kinds of values that people write in YAML, each with what is expected in words (PROMISES "Security", 4).

Everything here may become part of a line that a router is sent: so each kind is closed, and nothing in it can end a
line, begin a second command, ask for help or open a comment. Letters and digits are those of ASCII: a letter that only
looks like one would name another object.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from getvpn_ops.model.values import Address, Network

OBJECT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,62}")
"""Names of devices, groups, access lists, maps, profiles, key pairs."""

_INTERFACE_TYPES = (
    "AppGigabitEthernet|Async|ATM|BDI|Bundle-Ether|BVI|Cellular|Dialer|Embedded-Service-Engine|Ethernet|FastEthernet|"
    "FiftyGigE|FiveGigabitEthernet|FortyGigabitEthernet|FourHundredGigE|GigabitEthernet|GMPLS|Group-Async|HundredGigE|"
    "Integrated-Service-Engine|LISP|Loopback|MFR|Multilink|Null|nve|Port-channel|POS|Serial|Service-Engine|TenGigabitEthernet|"
    "TwentyFiveGigE|TwoGigabitEthernet|Tunnel|ucse|Virtual-PPP|Virtual-Template|VirtualPortGroup|Vlan|Wlan-GigabitEthernet"
)
INTERFACE_NAME = re.compile(
    rf"(?:{_INTERFACE_TYPES}) ?[0-9]{{1,4}}(?:/[0-9]{{1,4}}){{0,4}}(?:[.:][0-9]{{1,10}}){{0,2}}"
)
"""``GigabitEthernet0/0/1.100``, ``Loopback0``, ``Serial0/1/0:15.100``: as a running configuration prints it.

``Gi0/0`` would be another text for the same interface, and differ from the running one for ever.
"""

_NUMBER_MAX = 2_147_483_647  # `identity number` of IOS
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./@-]{0,127}")
_PATTERN_WORDS = re.compile(r"\{(?:member|group)\}")
_ACE = re.compile(r"(?:permit|deny) [A-Za-z0-9_.:/ -]{1,200}")
_REMARK = re.compile(r"remark [A-Za-z0-9_.,:;/()'&=+@* -]{1,100}")
_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]{1,200}(?:/[A-Za-z0-9._~/%:@-]{0,200})?")
_DISTINGUISHED = re.compile(r"[A-Za-z0-9 ,=._@-]{1,200}")
_IDENTITY_LINE = re.compile(r"(?:dn|fqdn) [A-Za-z0-9 ,=._@*-]{1,200}")
_DEVICE_WORD = "{device}"


def object_name(value: object) -> str:
    """A name that may become part of a command.

    Raises:
        ValueError: it is none; says what is expected.
    """
    if not isinstance(value, str) or not OBJECT_NAME.fullmatch(value):
        raise ValueError("a name of at most 63 letters, digits and _.:-")
    return value


def is_entry(text: str) -> bool:
    """Whether a text may stand as an entry of an access list: its characters alone, not what they say."""
    return _ACE.fullmatch(text) is not None or _REMARK.fullmatch(text) is not None


def _list_name(value: object) -> str:
    return object_name(str(value) if isinstance(value, int) and not isinstance(value, bool) else value)


def _interface(value: object) -> str:
    if not isinstance(value, str) or not INTERFACE_NAME.fullmatch(value):
        raise ValueError("an interface in full, such as GigabitEthernet0/0/1")
    return value.replace(" ", "")


def _reference(value: object) -> str:
    if not isinstance(value, str) or not _REFERENCE.fullmatch(value) or ".." in value:
        raise ValueError("the name of a secret, of at most 128 letters, digits and _./@-")
    return value


def _reference_pattern(value: object) -> str:
    if not isinstance(value, str) or not _REFERENCE.fullmatch(_PATTERN_WORDS.sub("x", value)) or ".." in value:
        raise ValueError("the name of a secret, of letters, digits and _./@-, {member} and {group}")
    return value


def _ace(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable() or not is_entry(text := " ".join(value.split())):
        raise ValueError("an entry of an access list, such as deny tcp any any eq 22")
    return text


def _url(value: object) -> str:
    if not isinstance(value, str) or not _URL.fullmatch(value):
        raise ValueError("an address such as http://ca.example:80, without name and password")
    return value


def _subject(value: object) -> str:
    if not isinstance(value, str) or not _DISTINGUISHED.fullmatch(value.replace(_DEVICE_WORD, "device")):
        raise ValueError("a distinguished name, such as cn={device}.example,o=Bank")
    return value


def _identity_line(value: object) -> str:
    if not isinstance(value, str) or not _IDENTITY_LINE.fullmatch(value):
        raise ValueError("a line of crypto identity, such as dn ou=GETVPN or fqdn gm1.example")
    return value


def written_address(value: object) -> Address:
    """An address as text.

    Raises:
        ValueError: it is none; says what is expected.
    """
    try:
        found = ipaddress.ip_address(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or (isinstance(found, ipaddress.IPv6Address) and found.scope_id is not None):
        raise ValueError("an IP address")
    return found


def written_network(value: object) -> Network:
    """A network as text.

    Raises:
        ValueError: it is none; says what is expected.
    """
    try:
        return ipaddress.ip_network(value) if isinstance(value, str) else ipaddress.ip_network("")
    except ValueError:
        raise ValueError("a network without host bits, such as 10.1.0.0/16") from None


def _multicast(address: Address) -> Address:
    if not address.is_multicast:
        raise ValueError("a multicast address, such as 239.192.1.190")
    return address


def _multicast_range(value: object) -> str:
    network = written_network(value)
    if not network.is_multicast:
        raise ValueError("a range of multicast addresses, such as 232.0.0.0/8")
    return str(value)


def _mask(value: object) -> str:
    words = str(value).split(".") if isinstance(value, str) and value.isascii() else []
    bits = "".join(f"{int(word):08b}" for word in words if word.isdigit() and int(word) < 256)  # noqa: PLR2004 -- bytes
    if len(bits) != 32 or len(words) != 4 or "01" in bits:  # noqa: PLR2004 -- IPv4
        raise ValueError("a mask, such as 255.255.255.0")
    return str(value)


def _identity(value: object) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _NUMBER_MAX:
        return value
    try:
        return str(ipaddress.IPv4Address(value)) if isinstance(value, str) else str(ipaddress.IPv4Address(""))
    except ValueError:
        msg = f"a number up to {_NUMBER_MAX}, or an IPv4 address"
        raise ValueError(msg) from None


def _whole(value: object) -> object:
    if not isinstance(value, int) or isinstance(value, bool):
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
ListName = Annotated[str, BeforeValidator(_list_name)]
"""Name, or number, of an access list."""
InterfaceName = Annotated[str, BeforeValidator(_interface)]
SecretReference = Annotated[str, BeforeValidator(_reference)]
"""Names a secret in the sources that ``getvpn-ops.yaml`` describes; the secret itself stands in no file of ours."""
SecretPattern = Annotated[str, BeforeValidator(_reference_pattern)]
"""The same for many routers, with ``{member}`` and ``{group}`` in it."""
AceText = Annotated[str, BeforeValidator(_ace)]
Url = Annotated[str, BeforeValidator(_url)]
Subject = Annotated[str, BeforeValidator(_subject)]
IdentityLine = Annotated[str, BeforeValidator(_identity_line)]
Identity = Annotated[int | str, BeforeValidator(_identity)]
WrittenAddress = Annotated[Address, BeforeValidator(written_address)]
WrittenNetwork = Annotated[Network, BeforeValidator(written_network)]
MulticastAddress = Annotated[WrittenAddress, AfterValidator(_multicast)]
MulticastRange = Annotated[str, BeforeValidator(_multicast_range)]
Mask = Annotated[str, BeforeValidator(_mask)]
Names = Annotated[tuple[Name, ...], AfterValidator(once)]
Addresses = Annotated[tuple[WrittenAddress, ...], AfterValidator(once)]
InterfaceNames = Annotated[tuple[InterfaceName, ...], AfterValidator(once)]
Whole = Annotated[int, BeforeValidator(_whole)]
"""A number that YAML takes for one: neither ``true`` nor a text."""

IkeLifetime = Annotated[Whole, Field(ge=60, le=86400)]
"""Seconds."""
TekLifetime = Annotated[Whole, Field(ge=120, le=2_592_000)]
"""Seconds; above 86400 every device needs the feature long-sa-lifetime and AES."""
KekLifetime = Annotated[Whole, Field(ge=300, le=2_592_000)]
"""Seconds; see ``TekLifetime``."""
Sequence = Annotated[Whole, Field(ge=1, le=65535)]
