"""What people may write in an intent: what is taken, as what, and that only that is."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from getvpn_ops.model.intent import GdoiGroupIntent, access, written
from getvpn_ops.model.intent.crypto import Cipher, PolicyIntent
from getvpn_ops.model.intent.router import FailCloseIntent, MemberIntent

TAKEN: dict[str, tuple[Any, object, object]] = {
    "interface": (written.InterfaceName, "GigabitEthernet0/0/1.100", "GigabitEthernet0/0/1.100"),
    "interface with a blank": (written.InterfaceName, "GigabitEthernet 0/0", "GigabitEthernet0/0"),
    "serial channel": (written.InterfaceName, "Serial0/1/0:15.100", "Serial0/1/0:15.100"),
    "bundle": (written.InterfaceName, "Port-channel10.5", "Port-channel10.5"),
    "bridge domain": (written.InterfaceName, "BDI100", "BDI100"),
    "name": (written.Name, "GETVPN-WAN_1.2:3", "GETVPN-WAN_1.2:3"),
    "longest name": (written.Name, "a" * 63, "a" * 63),
    "number of a list": (written.ListName, 101, "101"),
    "name of a list": (written.ListName, "POLICY", "POLICY"),
    "reference": (written.SecretReference, "psk/gm1@bank", "psk/gm1@bank"),
    "pattern": (written.SecretPattern, "{group}/{member}.key", "{group}/{member}.key"),
    "entry": (written.AceText, "deny  tcp any any eq 22", "deny tcp any any eq 22"),
    "remark": (
        written.AceText,
        "remark replication, at night (it's agreed)",
        "remark replication, at night (it's agreed)",
    ),
    "address of a CA": (written.Url, "http://192.0.2.1:80/certsrv/mscep.dll", "http://192.0.2.1:80/certsrv/mscep.dll"),
    "subject": (written.Subject, "cn={device}.example,o=Bank", "cn={device}.example,o=Bank"),
    "number of a group": (written.Identity, 41001, 41001),
    "address of a group": (written.Identity, "10.0.0.1", "10.0.0.1"),
    "mask": (written.Mask, "255.255.128.0", "255.255.128.0"),
    "mask of everything": (written.Mask, "0.0.0.0", "0.0.0.0"),  # noqa: S104 -- a wildcard key
    "multicast": (written.MulticastAddress, "239.192.1.190", IPv4Address("239.192.1.190")),
    "service": (access.Item, "radius-1645", "radius-1645"),
    "prefix": (access.Item, "10.1.0.0/16", "10.1.0.0/16"),
    "pair": (access.Item, "10.1.0.0/16  -> any", "10.1.0.0/16 -> any"),
    "pair of IPv6": (access.Item, "2001:db8::/32 -> 2001:db8:1::1", "2001:db8::/32 -> 2001:db8:1::1"),
    "entry as an item": (access.Item, "permit gre any any", "permit gre any any"),
    "port": (access.Match, "tcp 1521", "tcp 1521"),
    "both ports": (access.Match, "udp 500 both", "udp 500 both"),
    "answers": (access.Match, "tcp source 20", "tcp source 20"),
    "fail-close in short": (MemberIntent, {"fail_close": True}, MemberIntent(fail_close=FailCloseIntent())),
    "no fail-close": (MemberIntent, {"fail_close": False}, MemberIntent(fail_close=False)),
}

REFUSED: dict[str, tuple[Any, object]] = {
    "short interface": (written.InterfaceName, "Gi0/0"),
    "interface without a number": (written.InterfaceName, "GigabitEthernet"),
    "interface in small letters": (written.InterfaceName, "gigabitethernet0/0"),
    "digits of another alphabet": (written.InterfaceName, "GigabitEthernet\u0660/0"),
    "a way out": (written.SecretReference, "psk/../../shadow"),
    "an option": (written.SecretReference, "-x"),
    "unknown word in a pattern": (written.SecretPattern, "psk/{router}"),
    "two braces": (written.SecretPattern, "psk/{{member}}"),
    "another word in a subject": (written.Subject, "cn={serial}"),
    "password in an address": (written.Url, "http://user:pass@ca.example"),
    "true is no number": (written.Whole, True),
    "a text is no number": (written.Whole, "5"),
    "a fraction": (written.Whole, 5.0),
    "true is no identity": (written.Identity, True),
    "mask with a hole": (written.Mask, "255.0.255.0"),
    "wildcard for a mask": (written.Mask, "0.0.255.255"),
    "unicast": (written.MulticastAddress, "10.0.0.1"),
    "address with a zone": (written.WrittenAddress, "fe80::1%eth0"),
    "remark too long for IOS": (written.AceText, "remark " + "a" * 101),
    "entry on two lines": (written.AceText, "deny ip any any\npermit ip any any"),
    "standard entry as an item": (access.Item, "evaluate X"),
    "port at both ends of nothing": (access.Match, "tcp source 20 both"),
}


@pytest.mark.parametrize("case", TAKEN)
def test_taken(case: str) -> None:
    kind, given, made = TAKEN[case]
    assert TypeAdapter(kind).validate_python(given) == made


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    kind, given = REFUSED[case]
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(given)


@pytest.mark.parametrize("cipher", [item for item in Cipher if item.startswith("g")])
def test_counter_modes_are_for_traffic_alone(cipher: Cipher) -> None:
    group = {"name": "WAN", "policies": [{"acl": {}, "transform": {"encryption": cipher}}]}
    assert TypeAdapter(PolicyIntent).validate_python({"acl": {}, "transform": {"encryption": cipher}}).transform
    for key, value in (("rekey", {"algorithm": cipher}), ("ike", {"policies": [{"number": 1, "encryption": cipher}]})):
        with pytest.raises(ValidationError, match="one of des, 3des, aes-128, aes-192, aes-256"):
            TypeAdapter(GdoiGroupIntent).validate_python({**group, key: value})
