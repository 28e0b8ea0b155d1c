"""Which lines of a configuration hold secrets, and where in the line they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass

from getvpn_ops.model.config.secret import Secret, placeholder

_TYPE = r"(?:(?P<type>\d)\s+(?=\S))?"
_NEW = r"(?!\d*\s*<redacted sha256:)(?=\S)"  # what was replaced already is no secret
_LABEL = r"(?:is\s|(?:size|data|name|type|usage|length|server|management)\b[^:]*:)"
_WORD = rf"{_TYPE}(?P<secret>{_NEW}\S+)"
_REST = rf"{_TYPE}(?P<secret>{_NEW}.+?)\s*$"


@dataclass(frozen=True, slots=True)
class SecretRule:
    """A place in a line where a secret stands: the group ``secret``; the group ``type`` is IOS's encryption number.

    Attributes:
        kind: of the secret.
        needs: one of these words, in small letters, stands in every line that the pattern finds: looking for them first
            takes a tenth of the time.
        pattern: finds it.
        loose: whether it takes words for secrets that tables of show commands are full of, such as ``psk  2``.
    """

    kind: str
    needs: tuple[str, ...]
    pattern: re.Pattern[str]
    loose: bool = False


def _rule(kind: str, needs: str, pattern: str, *, loose: bool = False) -> SecretRule:
    return SecretRule(kind, tuple(needs.split("|")), re.compile(pattern, re.IGNORECASE), loose)


SECRET_RULES = (
    _rule(
        "isakmp-key",
        "isakmp",
        rf"\bcrypto\s+isakmp\s+key\s+{_TYPE}(?P<secret>{_NEW}.+?)(?=\s+(?:address|hostname)\s|\s*$)",
    ),
    _rule("isakmp-key", "pre-shared-key", rf"\bpre-shared-key\s+(?:address|hostname)\s+.*?\skey\s+{_REST}"),
    _rule(
        "ikev2-key",
        "pre-shared-key",
        rf"\bpre-shared-key\s+(?!address\b|hostname\b|key-chain\b)(?:(?:local|remote)\s+(?=\S))?(?:hex\s+)?{_REST}",
    ),
    _rule("ikev2-key", "pre-share", rf"\bpre-share\s+key\s+{_REST}"),
    _rule("enable-secret", "enable", rf"\benable\s+(?:secret|password)(?:\s+level\s+\d+)?\s+{_REST}"),
    _rule("user-password", "username", rf"\busername\s+\S+\s+(?:.*?\s)?(?:password|secret)\s+{_REST}"),
    _rule("master-key", "config-key", rf"\bkey\s+config-key\s+\S+\s+{_REST}"),
    _rule(
        "aaa-key",
        "tacacs-server|radius-server|server-private|client",
        rf"\b(?:tacacs-server|radius-server|server-private|client)\s(?:.*?\s)?(?:server-)?key\s+{_REST}",
    ),
    _rule("aaa-key", "server-key", rf"\bserver-key\s+{_REST}"),
    _rule("key-string", "key-string", rf"(?<!md5 )\bkey-string\s+{_REST}"),
    # a line of a server, a client group or a PAC; "key 1" of a key chain, "key chain X" and the labels of show commands
    # ("Key Size : 256") are none
    _rule("aaa-key", "key", rf"^\s*(?:no\s+)?(?:pac\s+)?key\s+(?!chain\s|config-key\s|{_LABEL}){_REST}", loose=True),
    _rule("snmp-community", "community", rf"\bsnmp-server\s+community\s+{_WORD}"),
    _rule("snmp-community", "community-map", rf"\bsnmp\s+mib\s+community-map\s+{_WORD}"),
    _rule(
        "snmp-community",
        "snmp-server",
        r"\bsnmp-server\s+host\s+\S+(?:\s+vrf\s+\S+)?(?:\s+(?:traps|informs))?(?:\s+version\s+(?:1|2c))?\s+"
        rf"(?!version\s|vrf\s|traps\s|informs\s){_WORD}",
    ),
    _rule(
        "snmp-auth", "snmp-server", rf"\bsnmp-server\s+user\s.*?\sauth\s+(?:md5|sha(?:-?\d+)?)\s+(?P<secret>{_NEW}\S+)"
    ),
    _rule(
        "snmp-priv",
        "snmp-server",
        rf"\bsnmp-server\s+user\s.*?\spriv\s+(?:des|3des|aes)(?:\s+(?:128|192|256))?\s+(?P<secret>{_NEW}\S+)",
    ),
    _rule("ntp-key", "ntp", rf"\bntp\s+authentication-key\s+\d+\s+\S+\s+{_WORD}"),
    _rule(
        "routing-key",
        "authentication-key|message-digest-key",
        rf"(?<!ntp )\b(?:authentication-key|message-digest-key\s+\d+\s+\S+)\s+{_WORD}",
    ),
    _rule("routing-key", "hmac-sha-256", rf"\bauthentication\s+mode\s+hmac-sha-256\s+{_WORD}"),
    _rule("routing-key", "authentication", rf"\bauthentication\s+ipsec\s+spi\s+\d+\s+(?:md5|sha1)\s+{_WORD}"),
    _rule(
        "routing-key", "encryption", rf"\bencryption\s+ipsec\s+spi\s+\d+\s+esp\s+\S+\s+(?:(?:128|192|256)\s+)?{_WORD}"
    ),
    _rule("routing-key", "encryption", rf"\bencryption\s+ipsec\s+spi\s.*\s(?:md5|sha1)\s+{_WORD}"),
    _rule("routing-key", "password", rf"\b(?:isis|area-|domain-)\s*password\s+{_WORD}"),
    _rule(
        "fhrp-key",
        "standby|vrrp|glbp",
        rf"\b(?:standby|vrrp|glbp)\s+(?:\d+\s+)?authentication\s+(?!md5\s|text\s){_WORD}",
    ),
    _rule("fhrp-key", "authentication", rf"\bauthentication\s+(?:text|md5\s+key-string)\s+{_WORD}"),
    _rule("nhrp-key", "nhrp", rf"\bip\s+nhrp\s+authentication\s+{_WORD}"),
    _rule("wireless-key", "wpa-psk", rf"\bwpa-psk\s+(?:ascii|hex)\s+{_REST}"),
    _rule("wireless-key", "set-key", rf"\bset-key\s+(?:ascii|hex)\s+{_WORD}"),
    _rule(
        "wireless-key",
        "encryption",
        rf"\bencryption\s+(?:vlan\s+\d+\s+)?(?:mode\s+\S+\s+)?key\s+\d+\s+size\s+\S+\s+{_WORD}",
    ),
    _rule(
        "ipsec-manual-key", "session-key", rf"\bsession-key\s+(?:inbound|outbound)\s+ah\s+\d+\s+(?P<secret>{_NEW}\S+)"
    ),
    _rule(
        "ipsec-manual-key", "session-key", rf"\bsession-key\s+(?:inbound|outbound)\s.*?\scipher\s+(?P<secret>{_NEW}\S+)"
    ),
    _rule(
        "ipsec-manual-key",
        "session-key",
        rf"\bsession-key\s+(?:inbound|outbound)\s.*?\sauthenticator\s+(?P<secret>{_NEW}\S+)",
    ),
    _rule("ipsec-manual-key", "cipher|authentic", rf"\b(?:cipher|authenticator|authentication)\s+key\s*:\s*{_WORD}"),
    _rule("trustsec-key", "pmk", rf"\bsap\s+pmk\s+{_WORD}"),
    _rule("url-password", "://", r"\b\w[\w+.\-]*://[^\s:/@]*:(?P<secret>(?!<redacted)[^\s@]+)@"),
    _rule(
        "environment",
        "environment",
        rf"\bevent\s+manager\s+environment\s+\S*(?:pass|secret|key|token)\S*\s+(?P<secret>{_NEW}.+?)\s*$",
    ),
    _rule("user-password", "aaa", rf"\btest\s+aaa\s+group\s+\S+\s+\S+\s+{_WORD}"),
    _rule("token", "token", rf"\b(?:idtoken|token)\s+{_REST}", loose=True),
    # whatever else calls itself a password
    _rule(
        "password",
        "pass|secret|psk",
        r"\b(?:password|passwd|passphrase|shared-secret|secret|psk)\s+"
        r"(?!(?:encryption|policy|restriction|logging|min-length|required|none|recovery)\b)"
        rf"{_REST}",
        loose=True,
    ),
)
"""The first rule that claims a place names its kind. Redacted text is never taken for a secret again."""

KEY_CHAIN_PARENT = re.compile(r"key\s+chain\s", re.IGNORECASE)
_KEY_NUMBER = re.compile(r"\s*(?:no\s+)?key\s+\d+\s*", re.IGNORECASE)

NO_SECRETS = re.compile(
    r"\s*(?:(?:sequence\s+)?\d+\s+)?(?:access-list\s+\S+\s+)?(?:no\s+)?"
    r"(?:description|remark|ip\s+ssh\s|aaa\s+(?!group)\S+|service\s+password)\b(?!.*://)",
    re.IGNORECASE,
)
"""Lines whose words are chosen by people or that only speak of passwords."""

_RULES_BY_WORD = {
    word: tuple(number for number, rule in enumerate(SECRET_RULES) if word in rule.needs)
    for word in dict.fromkeys(word for rule in SECRET_RULES for word in rule.needs)
}


def words_of_secrets(*, shown: bool = False) -> tuple[str, ...]:
    """Words, in small letters, of which one stands in every line with a secret; ``shown`` as in ``find_secrets``."""
    return tuple(
        dict.fromkeys(word for rule in SECRET_RULES if not (shown and rule.loose) for word in rule.needs),
    )


PRIVATE_BEGIN = re.compile(r"-----BEGIN (?:\w+ )*PRIVATE KEY-----")
PRIVATE_END = re.compile(r"-----END (?:\w+ )*PRIVATE KEY-----")


@dataclass(frozen=True, slots=True)
class Found:
    """A secret in a line, with the place of its text."""

    start: int
    end: int
    secret: Secret


def find_secrets(line: str, parent: str = "", *, shown: bool = False) -> list[Found]:
    """The secrets of a line, in order.

    Args:
        line: with or without indentation.
        parent: the line that opened the sub-mode, if known: under ``key chain`` the line ``key 1`` is a number;
            without a parent it is taken for a secret.
        shown: whether it is a line of a show command that shows no configuration: rules that are loose stay out.
    """
    low = line.casefold()
    numbers = {number for word, rules in _RULES_BY_WORD.items() if word in low for number in rules}
    if not numbers or NO_SECRETS.match(line):
        return []
    if _KEY_NUMBER.fullmatch(line) and KEY_CHAIN_PARENT.match(parent):
        return []
    found: list[Found] = []
    for rule in (SECRET_RULES[number] for number in sorted(numbers)):
        if shown and rule.loose:
            continue
        for match in rule.pattern.finditer(line):
            start, end = match.span("secret")
            claimed = [other for other in found if start < other.end and other.start < end]
            if claimed and (rule.loose or any(other.start <= start for other in claimed)):
                continue
            end = min((other.start for other in claimed), default=end)  # it takes the rest, which holds another one
            text = line[start:end]
            if "<redacted sha256:" in text:
                continue
            encryption = match.groupdict().get("type")
            found.append(Found(start, end, Secret.of(rule.kind, text, encryption)))
    return sorted(found, key=lambda item: item.start)


def redact(line: str, parent: str = "", *, shown: bool = False) -> str:
    """The line with each secret replaced by ``<redacted sha256:...>``, and nothing else changed.

    Args:
        line: with or without indentation.
        parent: see ``find_secrets``.
        shown: likewise.
    """
    for item in reversed(find_secrets(line, parent, shown=shown)):
        line = f"{line[: item.start]}{placeholder(item.secret.reveal())}{line[item.end :]}"
    return line
