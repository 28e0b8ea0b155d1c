"""What single lines do to each other and to the answers: mirrors, lines without effect, odd permits."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lists.covered import Why
from getvpn_ops.analysis.lists.effective import Action
from getvpn_ops.analysis.packets.sets import PacketSet
from getvpn_ops.checks.acl.form import BOTH, POLICY
from getvpn_ops.checks.acl.views import Use
from getvpn_ops.model.outcome import Severity, Status
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from getvpn_ops.analysis.lists.covered import Useless
    from getvpn_ops.analysis.lists.effective import Line
    from getvpn_ops.checks.acl.views import ListView
    from getvpn_ops.model.acl import Ace, AceAddress, AcePort
    from getvpn_ops.model.outcome import Finding

_MULTICAST = (ip_network("224.0.0.0/4"), ip_network("ff00::/8"))
_CLASS_A_OF_MULTICAST = ip_network("224.0.0.0/8")
_NAMED = 4  # lines that one finding names


def place(line: Line) -> str:
    """``line 3 'deny ospf any any'``."""
    number = f"line {line.place}" if line.ace.sequence is None else f"line {line.ace.sequence}"
    return f"{number} '{line.ace.text}'"


def deny_mirror(view: ListView, _params: NoParams) -> Iterator[Finding]:
    """What is sent in clear must be answered in clear, and accepted in clear.

    All members have one list. A packet that a deny lets go in clear is matched at the receiver with source and
    destination swapped; if that is encrypted there, the receiver drops the clear packet. Each deny whose mirror is
    encrypted is named, unless it is towards multicast, which nobody answers.
    """
    yield from _mirrors(view, "deny", view.effective.sure(Action.ENCRYPT))


def permit_mirror(view: ListView, _params: NoParams) -> Iterator[Finding]:
    """What is encrypted one way must be encrypted the other way.

    All members have one list. The answers to encrypted packets are matched with source and destination swapped: if no
    line permits them they are sent in clear, and the member that receives the encrypted half drops it. Multicast has no
    answers. Answers that a deny lets go in clear are the matter of ``acl-deny-mirror``.
    """
    effective = view.effective
    unmatched = effective.sure(Action.CLEAR) - PacketSet.union(line.decides for line in effective.lines)
    yield from _mirrors(view, "permit", unmatched)


def _mirrors(view: ListView, action: str, wrong: PacketSet) -> Iterator[Finding]:
    """Judge the answers to each line of an action; ``wrong`` is where they must not be."""
    deny = action == "deny"
    expected = "clear as well" if deny else "encrypted as well"
    wrong, unsure = wrong.mirrored(), view.effective.unsure.mirrored()
    answered = ~PacketSet.sent_to(_MULTICAST)
    lines = [line for line in view.lines if line.ace.action == action]
    faulty = 0
    for line in lines:
        what = f"answers to {place(line)}"
        asked = line.decides & answered
        lost, open_ = asked & wrong, asked & unsure
        if not line.exact:
            lost, open_ = PacketSet.nothing(), asked if line.matches != line.matches.mirrored() else lost
        if not lost.is_empty:
            said = f"{lost.example(view.known).mirrored()} {'is encrypted' if deny else 'goes in clear'}"
            steps = (f"add the mirror: {mirrored_text(line.ace)}",)
            yield view.finding(good=False, message=what, expected=expected, actual=said, next_steps=steps)
        elif not open_.is_empty:
            said = f"{open_.example(view.known).mirrored()} hangs on a line without exact meaning"
            yield view.finding(Status.UNKNOWN, what, expected=expected, actual=said)
        faulty += not (lost.is_empty and open_.is_empty)
    if not faulty:
        number = f"{len(lines)} {'denies' if deny else 'permits'}"
        yield view.finding(good=True, message=f"answers to {number}", expected=expected, actual="so it is")


def mirrored_text(ace: Ace) -> str:
    """The line that matches the answers, as it would be typed."""
    source, destination = (
        _side(ace.source, ace.source_port),
        _side(ace.destination, ace.destination_port),
    )
    return " ".join([ace.action, ace.protocol or "ip", destination, source, *ace.options])


def _side(address: AceAddress | None, port: AcePort | None) -> str:
    words = address.text if address is not None else "any"
    return f"{words} {port.operator} {' '.join(map(str, port.ports))}" if port is not None else words


def contradicted(view: ListView, _params: NoParams) -> Iterator[Finding]:
    """A line that never decides because lines before it say otherwise is a thought that does not hold.

    Someone wrote a permit to encrypt, or a deny to exempt, and the network does the opposite for some of it.
    """
    yield from _useless(view, {Why.CONTRADICTED}, "lines against which others decide first")


def shadowed(view: ListView, _params: NoParams) -> Iterator[Finding]:
    """A line that lines before it take everything from says nothing, and counts towards the 100."""
    yield from _useless(view, {Why.TAKEN, Why.EMPTY}, "lines that never decide")


def redundant(view: ListView, _params: NoParams) -> Iterator[Finding]:
    """A line that later lines would repeat could go, and counts towards the 100.

    Exact: every packet that it decides would fare the same without it. A deny that only the end of the list repeats is
    not named: what must stay clear is well written down.
    """
    yield from _useless(view, {Why.REPEATED}, "lines that later lines repeat")


def _useless(view: ListView, kinds: set[Why], what: str) -> Iterator[Finding]:
    found = [item for item in view.useless if item.why in kinds]
    for item in found:
        status = Status.FAIL if item.certain else Status.UNKNOWN
        steps = ("take it out, or put it where it decides",)
        yield view.finding(status, place(item.line), actual=_why(item), next_steps=steps)
    if found:
        return
    hidden = [line for line in view.lines if not line.exact]
    if hidden:
        said = f"{place(hidden[0])} has no exact meaning"
        yield view.finding(Status.UNKNOWN, what, expected="none", actual=said)
    else:
        yield view.finding(good=True, message=what, expected="none", actual="none")


def _why(item: Useless) -> str:
    if not item.by:
        return item.why.value
    rest = len(item.by) - _NAMED
    named = ", ".join(place(line) for line in item.by[:_NAMED])
    return f"{item.why.value}: {named}{f' and {rest} more' if rest > 0 else ''}"


def hosts(view: ListView, _params: NoParams) -> Iterator[Finding]:
    """A permit of a single host is seldom meant, and asks for one line a host.

    Often it is a mask that lost its wildcard, or the WAN address of a member, whose own packets then need the tunnel
    that they should build.
    """
    found = [line for line in view.lines if line.ace.action == "permit" and _host(line.ace)]
    for line in found:
        yield view.finding(good=False, message=place(line), expected="networks", actual=f"one host: {_host(line.ace)}")
    if not found:
        yield view.finding(good=True, message="permits of single hosts", expected="none", actual="none")


def _host(ace: Ace) -> str:
    for address in (ace.source, ace.destination):
        network = address.network if address is not None else None
        if not isinstance(network, IPv4Network | IPv6Network):
            continue
        if network.prefixlen == network.max_prefixlen and not network.is_multicast:
            return str(network.network_address)
    return ""


def multicast_mask(view: ListView, _params: NoParams) -> Iterator[Finding]:
    """Multicast is 224.0.0.0/4: the wildcard is 15.255.255.255.

    ``224.0.0.0 0.255.255.255`` stands in the guide's own samples and covers a sixteenth of it. Rekeys, routing and
    whatever else uses 239.0.0.0/8 are then not exempt.
    """
    found = [
        line
        for line in view.lines
        if line.ace.action == "deny"
        and line.ace.destination is not None
        and line.ace.destination.network == _CLASS_A_OF_MULTICAST
    ]
    rest = PacketSet.sent_to([_MULTICAST[0]]) & view.effective.sure(Action.ENCRYPT)
    for line in found:
        good = view.use is Use.POLICY and rest.is_empty
        actual = "224.0.0.0/8; the rest of multicast is clear as well" if good else "224.0.0.0/8 alone"
        if not rest.is_empty:
            actual += f"; {view.example(rest)} is encrypted"
        yield view.finding(
            good,
            place(line),
            expected="224.0.0.0/4",
            actual=actual,
            next_steps=("deny ip any 224.0.0.0 15.255.255.255, if all multicast is meant",),
        )
    if not found:
        yield view.finding(good=True, message="denies of 224.0.0.0/8", expected="none", actual="none")


def _spec(
    name: str,
    title: str,
    severity: Severity,
    examine: Callable[[ListView, NoParams], Iterable[Finding]],
    tags: frozenset[str],
) -> Spec[ListView, NoParams]:
    return Spec(id=name, title=title, severity=severity, params=NoParams, examine=examine, tags=tags)


LINE_RULES = (
    _spec("acl-deny-mirror", "Every deny has its mirror", Severity.MAJOR, deny_mirror, POLICY),
    _spec("acl-permit-mirror", "Every permit has its mirror", Severity.MAJOR, permit_mirror, POLICY),
    _spec("acl-contradicted", "No line is contradicted by those before it", Severity.MAJOR, contradicted, BOTH),
    _spec("acl-shadowed", "Every line decides something", Severity.MINOR, shadowed, BOTH),
    _spec("acl-redundant", "No line is repeated by later ones", Severity.INFO, redundant, BOTH),
    _spec("acl-host", "No permit is of a single host", Severity.INFO, hosts, POLICY),
    _spec("acl-multicast-mask", "Denied multicast is all of it", Severity.MINOR, multicast_mask, BOTH),
)
