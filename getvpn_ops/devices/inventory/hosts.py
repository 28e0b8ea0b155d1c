"""One host of Nornir's inventory -> one device: its GETVPN data, checked."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from getvpn_ops.devices.inventory.own_words import KEY
from getvpn_ops.model.intent.written import Addresses, Name, Names, Whole, WrittenNetwork, once
from getvpn_ops.model.inventory import Device, Role
from getvpn_ops.settings import SshOverrides
from getvpn_ops.settings.mistakes import nearest, one_of

if TYPE_CHECKING:
    from nornir.core.inventory import Host

    from getvpn_ops.devices.inventory.source import Origins
    from getvpn_ops.model.values import Address
    from getvpn_ops.settings.mistakes import Mistakes

CONNECTION = "getvpn-ops"
"""Name of our connection in Nornir: ``connection_options: getvpn-ops: ...``."""

NO_OVERRIDES = SshOverrides()

PLATFORMS = ("ios", "iosxe", "cisco_ios", "cisco_xe")

_HOSTNAME = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9_.:%-]{0,252}")
_LOGIN_NAME = re.compile(r"[^\s\x00-\x1f\x7f?-][^\s\x00-\x1f\x7f?]{0,63}")
_DEFAULT_PORT = 22
_PLACE = re.compile(r"[^?!|{}\\^$`<>\"]*")
_WORDS = re.compile(r"[A-Za-z0-9 .,:;/()'&=+#@*_-]*")


def _text(value: object) -> str:
    if isinstance(value, bool | float | dict | list) or (isinstance(value, str) and not value.isprintable()):
        raise ValueError("a text in one line")
    return str(value).strip()


def _place(value: object) -> str:
    """A site's name may be in any alphabet: it becomes part of no command."""
    if not _PLACE.fullmatch(text := _text(value)):
        raise ValueError('a text without ?!|{}\\^$`<>"')
    return text


def _words(value: object) -> str:
    if not _WORDS.fullmatch(text := _text(value)):
        raise ValueError("a text of letters from a to z, digits and .,:;/()'&=+#@*_-")
    return text


def _quoted(value: object) -> str:
    if isinstance(value, int | float):
        raise ValueError("a text: put it in quotes, or YAML takes it for a number")  # noqa: TRY004 -- for pydantic
    return _words(value)


Place = Annotated[str, BeforeValidator(_place), Field(max_length=80)]
Words = Annotated[str, BeforeValidator(_words), Field(max_length=80)]
Quoted = Annotated[str, BeforeValidator(_quoted), Field(max_length=80)]


class HostData(BaseModel):
    """What ``data`` of a host may say to us, after Nornir has added that of its groups and of the defaults.

    Other keys are free. ``getvpn`` is read from each element by itself (``own_words``); ``privilege``, ``variants`` and
    ``management_address`` speak to the lab.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    role: Role | None = None
    gdoi_groups: Names | None = None
    gdoi_addresses: Addresses = ()
    site: Place = ""
    ring: Annotated[Whole, Field(ge=1, le=1000)] | None = None
    model: Words = ""
    release: Quoted = ""
    serial: Quoted = ""
    prefixes: Annotated[tuple[WrittenNetwork, ...], AfterValidator(once)] = ()
    manager: bool = False
    pilot: bool = False
    idle: bool = False
    expected_hostname: Name | None = None


DATA_KEYS = (*HostData.model_fields, KEY, "privilege", "variants", "management_address")


@dataclass(frozen=True, slots=True)
class Access:
    """How the inventory says a device is reached.

    Attributes:
        hostname: address or DNS name.
        port: of SSH.
        username: None if the inventory names none.
        password: None if the inventory holds none, which is as it should be.
        ssh: what this device has otherwise than the settings.
    """

    hostname: str
    port: int
    username: str | None = None
    password: SecretStr | None = None
    ssh: SshOverrides = NO_OVERRIDES


def device_of(host: Host, origins: Origins, mistakes: Mistakes) -> tuple[Device, Access, HostData] | None:
    """Check one host.

    Args:
        host: with its groups and defaults.
        origins: where its values stand.
        mistakes: gets what is wrong.

    Returns:
        The device, how it is reached, and its data; None if something is wrong with it.
    """
    given = {key: value for key, value in host.extended_data().items() if value is not None}
    _near_misses(host, given, origins, mistakes)
    data = mistakes.check_spread(HostData, given, lambda inner: origins.of_data(host, inner))
    access = _access(host, origins, mistakes)
    if data is None or access is None:
        return None
    if data.role is Role.OUTSIDER and data.gdoi_groups:
        source, where = origins.of_data(host, ("gdoi_groups",))
        mistakes.at(source, where, f"{host.name} has role ce, so it is in no GDOI group")
    device = Device(
        name=host.name,
        hostname=access.hostname,
        port=access.port,
        role=data.role,
        gdoi_groups=data.gdoi_groups or (),
        gdoi_addresses=data.gdoi_addresses or _own_address(access.hostname),
        site=data.site,
        ring=data.ring,
        model=data.model,
        release=data.release,
        serial=data.serial,
        prefixes=data.prefixes,
        manager=data.manager,
        pilot=data.pilot,
        idle=data.idle,
        host_groups=tuple(group.name for group in host.extended_groups()),
        expected_hostname=data.expected_hostname or "",
    )
    return device, access, data


def _own_address(hostname: str) -> tuple[Address, ...]:
    """The management address, if it is one that a peer could know the device by."""
    try:
        address = ipaddress.ip_address(hostname)
    except ValueError:
        return ()
    return () if address.is_loopback else (address,)


def _near_misses(host: Host, given: dict[str, Any], origins: Origins, mistakes: Mistakes) -> None:
    for key in given:
        if key not in DATA_KEYS and (near := nearest(key, DATA_KEYS)):
            source, where = origins.of_data(host, (key,))
            mistakes.at(source, where, f"this key means nothing here; did you mean {near}?")


def _access(host: Host, origins: Origins, mistakes: Mistakes) -> Access | None:
    found = host.get_connection_parameters(CONNECTION)
    before = len(mistakes)

    def wrong(name: str, expected: str, value: object) -> None:
        source, where = origins.of_option(host, CONNECTION, (name,))
        mistakes.add(source, where, expected, value)

    hostname: object = host.name if found.hostname is None else found.hostname
    if not isinstance(hostname, str) or not _HOSTNAME.fullmatch(hostname):
        wrong("hostname", "an IP address or a DNS name", hostname)
    port = _port(found.port)
    if port is None:
        wrong("port", "1 to 65535", found.port)
    if found.username is not None and not _LOGIN_NAME.fullmatch(str(found.username)):
        wrong("username", "a login name without blanks that does not begin with -", found.username)
    if found.platform is not None and found.platform not in PLATFORMS:
        wrong("platform", one_of(PLATFORMS), found.platform)
    extras = found.extras or {}
    ssh = mistakes.check_spread(
        SshOverrides, extras, lambda inner: origins.of_option(host, CONNECTION, ("extras", *inner))
    )
    if len(mistakes) > before or ssh is None or port is None:
        return None
    password = None if not found.password else SecretStr(str(found.password))
    return Access(str(hostname), port, found.username, password, ssh)


def _port(value: object) -> int | None:
    try:
        number = _DEFAULT_PORT if value is None else int(str(value))
    except ValueError:
        return None
    return number if 1 <= number <= 65535 else None  # noqa: PLR2004 -- a TCP port
