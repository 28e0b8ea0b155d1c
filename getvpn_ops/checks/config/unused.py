"""What is defined for IPsec and used by nothing."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from getvpn_ops.model.outcome import Severity, Status
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from getvpn_ops.checks.config.views import RouterConfig
    from getvpn_ops.model.outcome import Finding

_PROFILE = re.compile(r"crypto ipsec profile (?P<name>\S+)", re.IGNORECASE)
_DEFINITION = re.compile(r"crypto ipsec (?:profile|transform-set) ", re.IGNORECASE)
_FREE_TEXT = re.compile(r"(?:description|remark) ")


def ipsec(view: RouterConfig, _params: NoParams) -> Iterator[Finding]:
    """A transform set or IPsec profile that nothing names does nothing, and says something else to whoever reads it.

    A member gets its transform from the key server. The guide's member has a set of its own, ``t1`` with 3DES, and a
    profile that uses it: GETVPN never does, yet an audit takes the router for one that encrypts with 3DES. A name
    counts as used if any line but a definition has it as a word, so that one which might be used is never named. A set
    that only an unused profile names is unused too.
    """
    crypto = view.running.crypto
    words = _words(view)
    profiles = [item.name for item in crypto.ipsec_profiles]
    idle = {name for name in profiles if name not in words[""]}
    used = words[""].union(*(words[name] for name in profiles if name not in idle))
    defined = [("transform set", item.name, item.name not in used) for item in crypto.transform_sets]
    defined += [("IPsec profile", name, name in idle) for name in profiles]
    for kind, name, unused in defined:
        if view.missing and unused:
            yield view.finding(Status.UNKNOWN, f"{kind} {name}", expected="used", actual=view.missing)
            continue
        yield view.finding(
            Status.FAIL if unused else Status.PASS,
            f"{kind} {name}",
            expected="used",
            actual="nothing uses it" if unused else "used",
            next_steps=("take it out, if nothing else will need it",),
        )
    if defined:
        return
    if view.missing:
        yield view.clean("transform sets and IPsec profiles", "used")
        return
    none = "there is none"
    yield view.finding(Status.NOT_APPLICABLE, "transform sets and IPsec profiles", expected="used", actual=none)


def _words(view: RouterConfig) -> Mapping[str, set[str]]:
    """Words of the lines that may use a name, by the profile that they stand in; empty outside of profiles."""
    found: dict[str, set[str]] = defaultdict(set)
    for path, line in view.commands():
        if not _DEFINITION.match(line.text) and not _FREE_TEXT.match(line.text):
            profile = _PROFILE.fullmatch(path[0]) if path else None
            found[profile["name"] if profile is not None else ""].update(line.text.split())
    return found


UNUSED_RULES = (
    Spec(
        id="unused-ipsec",
        title="Every transform set and IPsec profile is used",
        severity=Severity.INFO,
        params=NoParams,
        examine=ipsec,
        tags=frozenset({"config"}),
    ),
)
