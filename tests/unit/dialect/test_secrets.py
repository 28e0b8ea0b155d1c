"""Secrets are found where they stand, and nothing else of the line changes."""

from __future__ import annotations

import re

import pytest

from getvpn_ops.dialect.secrets import find_secrets, redact

LINES = """
enable secret 5 {s}
enable secret level 7 9 {s}
enable password {s} with blanks
username bob privilege 15 secret 9 {s}
username bob password 0 {s} two words
username bob common-criteria-policy P password 7 {s}
crypto isakmp key 6 {s} address 10.0.0.1 255.255.255.0 no-xauth
crypto isakmp key {s} hostname ks.example.org
crypto isakmp key {s} address ipv6 2001:db8::/64
crypto isakmp key {s} adress 10.0.0.1
pre-shared-key address 10.0.0.1 255.255.255.255 key 6 {s}
pre-shared-key hostname foo key {s}
pre-shared-key local 6 {s}
pre-shared-key remote {s}
pre-shared-key {s}
pre-shared-key hex {s}
authentication remote pre-share key 6 {s}
set aggressive-mode password {s}
snmp-server community {s} view V RO 10
snmp-server community 7 {s} RO
snmp-server host 10.0.0.1 version 2c {s} gdoi
snmp-server host 10.0.0.1 vrf M traps {s}
snmp-server host 10.0.0.1 {s}
snmp-server user u g v3 auth sha {s} priv aes 128 {s} access 10
snmp-server user u g v3 encrypted auth md5 {s} priv des {s}
ntp authentication-key 12 md5 {s} 7
ip ospf message-digest-key 1 md5 7 {s}
ip ospf authentication-key {s}
ipv6 ospf authentication ipsec spi 500 md5 {s}
ospfv3 encryption ipsec spi 500 esp aes-cbc 128 {s} sha1 {s}
area 1 virtual-link 1.1.1.1 message-digest-key 1 md5 {s}
authentication mode hmac-sha-256 7 {s}
isis password {s} level-2
standby 1 authentication {s}
standby 1 authentication md5 key-string 7 {s} timeout 30
vrrp 5 authentication text {s}
neighbor 10.0.0.1 password 7 {s}
mpls ldp neighbor 10.0.0.1 password {s}
ppp chap password 7 {s}
ppp pap sent-username u password 0 {s}
key 7 {s}
key-string 7 {s}
server-private 1.1.1.1 timeout 2 key 7 {s}
tacacs-server host 1.1.1.1 key {s}
tacacs-server key 7 {s}
radius-server host 1.1.1.1 auth-port 1812 acct-port 1813 key 7 {s}
client 1.1.1.1 server-key 7 {s}
pac key 7 {s}
path ftp://user:{s}@10.0.0.1/x
enrollment url http://ra:{s}@10.0.0.1:80
ip ftp password 7 {s}
password 7 {s}
key config-key password-encrypt {s}
set session-key inbound esp 300 cipher {s} authenticator {s}
set session-key outbound ah 300 {s}
wpa-psk ascii 7 {s}
ip nhrp authentication {s}
cts sap pmk {s}
event manager environment _db_password {s}
test aaa group radius bob {s} new-code
*Jun 8 09:14:24: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob logged command:username eve password {s}
! old: crypto isakmp key {s} address 10.0.0.1
"""

PLAIN = """
crypto isakmp policy 10
crypto isakmp keepalive 15 periodic
authentication pre-share
authentication local pre-share
aaa authentication login default group tacacs+ local
aaa authentication password-prompt "Word:"
service password-encryption
password encryption aes
key chain CORE
standby 1 authentication md5 key-chain CORE
ip http secure-server
ip ssh server algorithm authentication publickey password
snmp-server enable traps gdoi gm-start-registration
snmp-server location room 7
snmp-server host 10.0.0.1 version 3 priv bob
tunnel key 55
mka pre-shared-key key-chain CORE
description the password is in the safe
remark key 7 of the set
rekey authentication mypubkey rsa KEYS
rekey algorithm aes 256
encryption aes 256
group 14
crypto key generate rsa
client rekey encryption aes 256
permit esp any any
no password
"""


@pytest.mark.parametrize("line", LINES.strip().splitlines())
def test_the_secret_goes_and_the_rest_stays(line: str) -> None:
    canary = "c4NaRy{|Xy"
    true = line.replace("{s}", canary)
    shown = redact(f"  {true}")
    assert canary not in shown
    parts = re.split(r"<redacted sha256:[0-9a-f]{12}>", shown)
    assert len(parts) == line.count("{s}") + 1
    assert "  " + line.split("{s}", maxsplit=1)[0] == parts[0]
    assert redact(shown) == shown, "a second time changes nothing"
    assert redact(f"  {line.replace('{s}', 'other')}") != shown, "another secret is seen to be another"


@pytest.mark.parametrize("line", PLAIN.strip().splitlines())
def test_other_lines_stay(line: str) -> None:
    assert redact(line) == line


def test_a_number_of_a_key_chain_is_no_secret() -> None:
    assert redact(" key 1", "key chain CORE") == " key 1"
    assert redact(" key 1", "tacacs server T") != " key 1"


def test_kind_and_encryption_are_told() -> None:
    (found,) = find_secrets("crypto isakmp key 6 canary address 10.0.0.1")
    assert (found.secret.kind, found.secret.encryption) == ("isakmp-key", "6")
    assert found.secret.reveal() == "canary"


def test_two_secrets_whose_rules_take_the_rest_of_the_line() -> None:
    """As in a configuration that lost its line ends."""
    shown = redact("enable secret 5 canary1 pre-shared-key local canary2 x")
    assert "canary" not in shown
    assert shown.startswith("enable secret 5 <redacted")
