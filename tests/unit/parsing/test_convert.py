"""Text of one value -> a real type, or a ValueError that says why."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_interface

import pytest

from getvpn_ops.errors import TemplateError
from getvpn_ops.model.values import Address, Endpoint, Interface, Network, Sentinel, Spi
from getvpn_ops.parsing.convert import converter_for, several

S = timedelta(seconds=1)

GOOD = {
    "seconds-bare": (timedelta, "2752", 2752 * S),
    "seconds-in-brackets": (timedelta, "(510)", 510 * S),
    "seconds-fraction": (timedelta, "3611735.21 secs", 3611735.21 * S),
    "sec": (timedelta, "449 sec", 449 * S),
    "secs": (timedelta, "14400 secs", 14400 * S),
    "msec": (timedelta, "10250 msec", 10.25 * S),
    "clock": (timedelta, "00:01:30", 90 * S),
    "clock-with-days": (timedelta, "1d02:03:04", 93784 * S),
    "hours-and-minutes": (timedelta, "1 hours, 10 mins", 4200 * S),
    "uptime": (timedelta, "1 week, 1 day, 29 minutes", 692_940 * S),
    "compact-uptime": (timedelta, "1y10w", (31536000 + 6048000) * S),
    "zero": (timedelta, "0", 0 * S),
    "sentinel-instead": (timedelta | Sentinel | None, "never", Sentinel.NEVER),
    "sentinel-in-capitals": (timedelta | Sentinel | None, "N/A", Sentinel.NOT_APPLICABLE),
    "no-sentinel-needed": (timedelta | Sentinel | None, "62", 62 * S),
    "ipv4": (Address, "10.1.1.1", IPv4Address("10.1.1.1")),
    "ipv6": (Address | None, "2001:DB8::1", IPv6Address("2001:db8::1")),
    "unknown-address": (Address | Sentinel | None, "UNKNOWN", Sentinel.UNKNOWN),
    "network": (Network, "10.1.1.0/255.255.255.0", IPv4Network("10.1.1.0/24")),
    "interface": (Interface, "10.1.1.7/255.255.255.0", ip_interface("10.1.1.7/24")),
    "yes": (bool, "Yes", True),
    "off": (bool, "OFF", False),
    "decimal": (int, "2147483650", 2147483650),
    "hexadecimal": (int, "0x40000002", 0x40000002),
    "in-brackets": (int, "(7)", 7),
    "spi": (Spi, "0x5A69F51E", Spi(0x5A69F51E, "0x5A69F51E")),
    "spi-with-decimal": (Spi, "0x10(16)", Spi(16, "0x10")),
    "endpoint": (Endpoint, "10.1.1.1/848", Endpoint(IPv4Address("10.1.1.1"), 848)),
    "endpoint-port": (Endpoint, "10.1.1.1 port 500", Endpoint(IPv4Address("10.1.1.1"), 500)),
    "endpoint-ipv6": (Endpoint, "2001:db8::1/848", Endpoint(IPv6Address("2001:db8::1"), 848)),
    "text": (str, "GDOI  (ISAKMP)", "GDOI (ISAKMP)"),
    "text-where-no-number": (int | str | None, "about 7", "about 7"),
    "number-where-it-is-one": (int | str | None, "7", 7),
    "date": (datetime, "*10:44:12.123 UTC Mon Mar  1 2021", datetime(2021, 3, 1, 10, 44, 12, 123000)),  # noqa: DTZ001
    "date-without-weekday": (datetime, "06:51:40 CEST Aug 30 2022", datetime(2022, 8, 30, 6, 51, 40)),  # noqa: DTZ001
}


@pytest.mark.parametrize(("hint", "text", "value"), GOOD.values(), ids=GOOD)
def test_good(hint: object, text: str, value: object) -> None:
    got = converter_for(hint)(text)
    assert got == value
    assert type(got) is type(value)


BAD = {
    "duration": (timedelta, "soon"),
    "duration-half": (timedelta, "5 parsecs"),
    "duration-tail": (timedelta, "1 hour and more"),
    "duration-infinite": (timedelta, "1e400"),
    "address": (Address, "10.1.1.999"),
    "address-sentinel-not-allowed": (Address, "UNKNOWN"),
    "network-with-host-bits": (Network, "10.1.1.7/255.255.255.0"),
    "bool": (bool, "maybe"),
    "int": (int, "7x"),
    "spi": (Spi, "0xZZ"),
    "spi-numbers-differ": (Spi, "0x10(17)"),
    "endpoint": (Endpoint, "10.1.1.1"),
    "endpoint-port": (Endpoint, "10.1.1.1/70000"),
    "date": (datetime, "yesterday"),
    "date-impossible": (datetime, "25:44:12 UTC Mar 1 2021"),
}


@pytest.mark.parametrize(("hint", "text"), BAD.values(), ids=BAD)
def test_bad(hint: object, text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        converter_for(hint)(text)


def test_several() -> None:
    assert several(int)("0     1, 2") == (0, 1, 2)


def test_a_type_without_converter_is_a_defect_of_ours() -> None:
    with pytest.raises(TemplateError, match="no converter"):
        converter_for(complex)
