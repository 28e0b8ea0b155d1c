"""What was learnt, as the text of files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from getvpn_ops.settings.yaml_file import to_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.engine.adopt.adoption import Adoption

_HOSTS = "hosts.yaml"
_ABOVE_HOSTS = (
    "# Learnt from running routers by getvpn-ops adopt. What the routers do not tell is not said: site, prefixes.\n"
    "# Words of an inventory that was there are kept, its comments are not.\n"
)
_ABOVE_GROUP = (
    "# Learnt from running routers by getvpn-ops adopt: what most of them share. What one router has otherwise stands\n"
    "# with it, in hosts.yaml under getvpn. Secrets are named, never written.\n"
)


def files_of(adoption: Adoption, entries: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, str]:
    """Path within the inventory -> text of each file.

    Args:
        adoption: what was learnt.
        entries: of ``hosts.yaml`` as a person wrote it, by name; they stay, and data is added.
    """
    hosts: dict[str, dict[str, Any]] = {name: dict(entry) for name, entry in (entries or {}).items()}
    for name, words in adoption.hosts.items():
        entry = hosts.setdefault(name, {})
        if not words.data:
            continue
        before = entry.get("data") or {}
        data = {**before, **words.data}
        if isinstance(before.get("getvpn"), dict) and "getvpn" in words.data:
            data["getvpn"] = {**before["getvpn"], **words.data["getvpn"]}
        entry["data"] = data
    text = _ABOVE_HOSTS + "".join(_host(name, entry, adoption) for name, entry in hosts.items())
    found = {_HOSTS: text}
    for name, group in adoption.groups.items():
        found[f"gdoi_groups/{name}.yaml"] = _ABOVE_GROUP + to_yaml(group)
    return found


def _host(name: str, entry: Mapping[str, Any], adoption: Adoption) -> str:
    words = adoption.hosts.get(name)
    text = to_yaml({name: dict(entry)})
    if words is None or words.known or "hostname" in entry:
        return text
    first, _, rest = text.partition("\n")
    hint = f", perhaps {words.hint}, its first loopback" if words.hint is not None else ""
    return f"{first}\n  # hostname: its management address{hint}\n{rest}"
