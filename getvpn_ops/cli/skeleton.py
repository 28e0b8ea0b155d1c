"""The files of a new workspace."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from getvpn_ops.settings import SecretSource, Settings
from getvpn_ops.settings.yaml_file import parse_yaml, to_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

    from getvpn_ops.settings import CredentialSettings

GITIGNORE = """\
# State, host keys and results: private, and never part of a repository. Backups are one of their own.
.getvpn-ops/
backups/
"""

DEFAULTS = """\
# What holds for every host that does not say otherwise. Passwords never stand in these files.
platform: ios
port: 22
"""

GROUPS = """\
# What a router is to GETVPN; a host names its group under `groups:`.
key_servers:
  data:
    role: ks
members:
  data:
    role: gm
outsiders:  # customer edge routers that are in no group (yet)
  data:
    role: ce
    gdoi_groups: []
"""

HOSTS_HEAD = """\
# One entry for each router; the files are those of Nornir's SimpleInventory. What `data` may say is told by
# getvpn-ops inventory check, and by the worked example that getvpn-ops lab up starts.
"""

HOSTS_EXAMPLE = """\
#
# dc1-ks1:
#   hostname: 192.0.2.1             # management address, or a DNS name
#   groups: [key_servers]
#   data:
#     gdoi_groups: [WAN]            # as `crypto gdoi group WAN` calls it
#     gdoi_addresses: [192.0.2.1]   # address local of the key server; if absent, the hostname counts
#     site: dc1
#     serial: FOC00000000           # what answers must be this chassis
# br1-gm1:
#   hostname: 192.0.2.11
#   groups: [members]
#   data:
#     gdoi_groups: [WAN]
#     gdoi_addresses: [198.51.100.2]  # where its crypto map registers from
#     site: br1                     # routers of one site back each other up
#     prefixes: [10.1.0.0/24]       # networks behind it
#     ring: 1                       # 1 is touched first in a rollout
"""

GROUP_EXAMPLE = """\
# What a GDOI group should be; what is not said is not checked. Take the # away to use it.
#
# schema: 1
# name: WAN
# identity: 4711                    # `identity number` of the group
# key_servers: [dc1-ks1]
# members: [br1-gm1]                # if absent: every host with role gm and this group in its gdoi_groups
# direction: both                   # or receive-only
# fail_close: false
"""

_HEAD = """\
# Settings of getvpn-ops for this workspace. What is commented out is the default. Passwords never stand here: this
# file says where they are.
schema: 1

inventory: inventory                # folder of hosts.yaml, groups.yaml, defaults.yaml and gdoi_groups/
# nornir: nornir.yaml               # instead: any other inventory plugin, by Nornir's own configuration file
# store: null                       # results: .getvpn-ops/store.db, or postgresql+psycopg://USER@HOST/DATABASE
# store_password: []                # where its password is, written as under credentials
# secrets: []                       # where what intents name is: [{from: file, path: "keys/{name}"}]
# known_hosts: null                 # pinned host keys: .getvpn-ops/known_hosts
# clock: system
"""

_REMARKS = {
    "engine": "SSH library; the other one is paramiko",
    "workers": "devices in hand at once",
    "expires": "hours that a plan can be applied for",
    "at_once": "members that are changed at once; a key server always stands alone",
    "budget": "members that may fail before no more are begun",
    "revert": "minutes until a member takes a step back that nobody confirms; 0: never",
    "before_rekey": "seconds before a rekey in which no key server is configured",
    "convergence": "most seconds to wait for a rekey to reach everyone, beyond its predicted spread",
    "registration": "most seconds to wait for one member to register again",
    "poll": "seconds between two looks at devices while waiting",
    "connect_timeout": "seconds until the server has said what it is",
    "command_timeout": "seconds without an answer after which a command is given up",
    "deadline": "seconds one device may take in all",
    "jump": "a command that leads to the devices, such as: ssh -W %h:%p user@bastion",
    "retry_dropped": "try a read-only session that dropped once more",
    "breaker": "so many devices refuse the login, and the rest is not tried",
    "transcripts": "write sessions down, redacted, in .getvpn-ops/transcripts",
    "username": "where the inventory names none; null is whoever runs this",
    "key_file": "private key to log in with",
    "agent": "try the keys of the SSH agent",
    "interval": "seconds between two looks at the counters",
    "sample": "members that --depth sample asks beyond the suspicious ones",
    "runs": "how many are kept",
    "days": "for how long",
    "backup.key_file": "that seals them",
    "folder": "a git repository of configurations",
    "secrets": "or seal: encrypted in their place, so that a restore has them",
    "author": "of its commits: NAME <ADDRESS>; null is whoever runs this",
}
_SOURCES = """\
  # Each list names places to look, first to last: {from: prompt}, {from: environment, name: NAME},
  # {from: file, path: PATH} (mode 0600), {from: command, argv: [pass, show, routers]}, {from: keyring, service: NAME}.
"""
_COLUMN = 36
_PLAIN = re.compile(r"[A-Za-z0-9_./~@+-]+")


def settings_text(settings: Settings) -> str:
    """``getvpn-ops.yaml``: what differs from the defaults is said, and the rest stands there as a comment."""
    usual = Settings()
    sections = [
        _section("ssh", settings.ssh, usual.ssh),
        _section("credentials", settings.credentials, usual.credentials, _SOURCES),
        _section("health", settings.health, usual.health),
        _section("change", settings.change, usual.change),
        _section("retention", settings.retention, usual.retention),
        _section("backup", settings.backup, usual.backup),
    ]
    return "\n".join([_HEAD, *sections])


def _section(name: str, section: BaseModel, usual: BaseModel, remark: str = "") -> str:
    lines = []
    for key in type(section).model_fields:
        value = getattr(section, key)
        said = value != getattr(usual, key)
        line = f"  {'' if said else '# '}{key}: {_flow(value)}"
        remark_of = _REMARKS.get(f"{name}.{key}", _REMARKS.get(key, ""))
        lines.append(f"{line:<{_COLUMN}}# {remark_of}\n" if remark_of else f"{line}\n")
    return f"{name}:\n{remark}{''.join(lines)}"


def _flow(value: object) -> str:
    """A value in one line."""
    if isinstance(value, tuple):
        return f"[{', '.join(_source(item) for item in value)}]"
    plain = value if isinstance(value, bool | int | float | None) else str(value)
    return quoted(plain) if isinstance(plain, str) else to_yaml([plain]).removeprefix("- ").rstrip()


def _source(source: SecretSource) -> str:
    said = source.model_dump(by_alias=True, exclude_defaults=True, mode="json")
    pairs = {"from": source.source, **{key: value for key, value in said.items() if key != "from"}}
    return "{" + ", ".join(f"{key}: {_item(value)}" for key, value in pairs.items()) + "}"


def _item(value: object) -> str:
    return f"[{', '.join(_item(part) for part in value)}]" if isinstance(value, list) else quoted(str(value))


def quoted(text: str) -> str:
    """A text as it may stand anywhere in YAML."""
    return text if _PLAIN.fullmatch(text) and parse_yaml(text) == text else json.dumps(text)


def credentials_from(words: str, usual: CredentialSettings) -> CredentialSettings:
    """How the password is given, as someone typed it.

    Args:
        words: ``prompt``, ``environment:NAME``, ``file:PATH``, ``command:PROGRAM ARGUMENTS``, ``keyring:SERVICE``,
            ``agent`` or ``key:PATH``.
        usual: what else holds.

    Raises:
        ValueError: it is none of them; says what is expected.
    """
    kind, _, rest = words.strip().partition(":")
    rest = rest.strip()
    if kind == "agent":
        return usual.model_copy(update={"agent": True, "password": ()})
    if kind == "key" and rest:
        return usual.model_copy(update={"key_file": Path(rest), "password": ()})
    raw: dict[str, dict[str, object]] = {
        "prompt": {},
        "environment": {"name": rest or "GETVPN_OPS_PASSWORD"},
        "file": {"path": rest} if rest else {},
        "command": {"argv": _words(rest) if kind == "command" else ()},
        "keyring": {"service": rest or "getvpn-ops"},
    }
    if kind == "prompt" and rest:
        raise ValueError("expected prompt alone: a password is never written down here")
    try:
        source: SecretSource = TypeAdapter(SecretSource).validate_python({"from": kind, **raw.get(kind, {})})
    except ValidationError:
        raise ValueError(
            "expected prompt, environment:NAME, file:PATH, command:PROGRAM ..., keyring:SERVICE, agent or key:PATH"
        ) from None
    return usual.model_copy(update={"password": (source,)})


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as exc:
        msg = f"expected a command as a shell would read it ({exc})"
        raise ValueError(msg) from None


def group_text(name: str, key_servers: Iterable[str]) -> str:
    """``gdoi_groups/NAME.yaml``, with what the hosts say."""
    servers = ", ".join(quoted(item) for item in key_servers)
    return (
        "# What this GDOI group should be; what is not said is not checked.\n"
        f"schema: 1\nname: {quoted(name)}\n# identity: 4711\nkey_servers: [{servers}]\n"
        "# members: [...]                  # if absent: every host with role gm and this group in its gdoi_groups\n"
        "# direction: both                 # or receive-only\n# fail_close: false\n"
    )
