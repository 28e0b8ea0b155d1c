"""Whether GDOI can carry a list at all: its length, its ports, its fields (guide: "Traffic Classification ACL")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.analysis.lists.effective import Action
from getvpn_ops.analysis.packets.match import unsayable
from getvpn_ops.checks.acl.views import Use
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.outcome import Severity, Status
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.acl.views import ListView
    from getvpn_ops.model.acl import Ace, AcePort
    from getvpn_ops.model.outcome import Finding

BOTH = frozenset({"acl", Use.POLICY.value, Use.LOCAL.value})
POLICY = frozenset({"acl", Use.POLICY.value})
LOCAL = frozenset({"acl", Use.LOCAL.value})


class SizeParams(FrozenModel):
    """How long a list may be.

    Attributes:
        most: lines that permit or deny; GDOI reads no more (guide, GDOI_ACL_NUM).
    """

    most: int = 100


def size(view: ListView, params: SizeParams) -> Iterator[Finding]:
    """GDOI honours the first 100 lines of a list and silently leaves the rest.

    What stands behind them is not sent to members: traffic that a later permit should encrypt goes in clear. Denies
    count; remarks do not (guide: GDOI_ACL_NUM, and "maximum of 100 ACEs ... including deny statements").
    """
    number = len(view.aces)
    yield view.finding(
        number <= params.most,
        "lines that permit or deny",
        expected=f"at most {params.most}",
        actual=str(number),
        next_steps=(
            "acl lint names lines that could go",
            "one 'permit ip any any' behind denies covers more with less",
        ),
    )


def port_range(view: ListView, _params: NoParams) -> Iterator[Finding]:
    """A crypto ACL matches one port or all ports, nothing between (guide: "Port range is not supported").

    The policy that members download has room for one port on each side (RFC 6407, IDs of the TEK payload). ``range``,
    ``lt``, ``gt``, ``neq`` and several ports behind one ``eq`` do not fit, and what a release makes of them is not
    defined.
    """
    found = [ace for ace in view.aces if _many(ace.source_port) or _many(ace.destination_port)]
    for ace in found:
        yield view.finding(
            good=False,
            message=f"ports of '{ace.text}'",
            expected="one port with eq, or none",
            actual=", ".join(_port_words(port) for port in (ace.source_port, ace.destination_port) if _many(port)),
            next_steps=("one line a port, or the whole protocol",),
        )
    if not found:
        yield view.finding(good=True, message="port matches", expected="one port with eq, or none", actual="so it is")


def _many(port: AcePort | None) -> bool:
    return port is not None and (port.operator != "eq" or len(port.ports) != 1)


def _port_words(port: AcePort | None) -> str:
    return f"{port.operator} {' '.join(map(str, port.ports))}" if port is not None else ""


def fields(view: ListView, _params: NoParams) -> Iterator[Finding]:
    """A crypto ACL can match source, destination, protocol and ports, and nothing else (RFC 4301, RFC 6407).

    Other words (``established``, ``dscp``, time ranges, object groups) have no place in what members download. An ICMP
    type is a doubtful case: the guide itself asks for ``deny icmp any any unreachable`` (under PMTUD), and nothing says
    that the type reaches the members; if it is lost, all ICMP goes in clear. So it is UNKNOWN here, and
    ``show crypto gdoi gm acl`` on a member tells what arrived.
    """
    doubtful = [(ace, reason) for ace in view.aces if (reason := unsayable(ace))]
    for ace, reason in doubtful:
        icmp = _is_icmp(ace) and ace.action in {"permit", "deny"}
        yield view.finding(
            Status.UNKNOWN if icmp else Status.FAIL,
            f"fields of '{ace.text}'",
            expected="addresses, protocol, ports",
            actual=f"{reason}; whether an ICMP type reaches the members is not attested" if icmp else reason,
            next_steps=("show crypto gdoi gm acl on a member: is the type there?",) if icmp else ("write it without",),
        )
    if not doubtful:
        yield view.finding(good=True, message="fields", expected="addresses, protocol, ports", actual="no others")


def _is_icmp(ace: Ace) -> bool:
    return (ace.protocol or "").casefold() in {"icmp", "icmpv6", "1", "58"}


def encrypts(view: ListView, _params: NoParams) -> Iterator[Finding]:
    """A list that encrypts nothing leaves the network in clear while everything else looks well."""
    found = view.effective.sure(Action.ENCRYPT)
    if found.is_empty:
        found = view.effective.encrypted  # raises if that is not sure
    yield view.finding(
        not found.is_empty,
        "traffic that the list encrypts",
        expected="some",
        actual="none" if found.is_empty else view.example(found),
        next_steps=("does any permit come before the denies that cover it?",),
    )


def local_permit(view: ListView, _params: NoParams) -> Iterator[Finding]:
    """A member's own list may only deny.

    A permit in it does not encrypt. What it matches is dropped before the key server's list is looked at (guide,
    GM_ACL_PERMIT; "Only deny statements can be added locally").
    """
    permits = [line for line in view.lines if line.ace.action == "permit"]
    for line in permits:
        lost = "nothing, for lines before it deny all of it" if line.decides.is_empty else view.example(line.decides)
        yield view.finding(
            good=False,
            message=f"permit '{line.ace.text}'",
            expected="only denies",
            actual=f"it drops {lost}",
            next_steps=("take the line out of the list that match address names under the crypto map",),
        )
    if not permits:
        yield view.finding(good=True, message="permits in the member's own list", expected="none", actual="none")


FORM_RULES = (
    Spec(
        id="acl-size",
        title="The list is no longer than GDOI reads",
        severity=Severity.MAJOR,
        params=SizeParams,
        examine=size,
        tags=BOTH,
    ),
    Spec(
        id="acl-port-range",
        title="No line matches a range of ports",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=port_range,
        tags=BOTH,
    ),
    Spec(
        id="acl-fields",
        title="Lines match only what a crypto ACL can match",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=fields,
        tags=BOTH,
    ),
    Spec(
        id="acl-encrypts",
        title="The list encrypts something",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=encrypts,
        tags=POLICY,
    ),
    Spec(
        id="acl-local-permit",
        title="A member's own list only denies",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=local_permit,
        tags=LOCAL,
    ),
)
