"""What answers mean: reachability, time, certificates, NAT, ``passive``, the archive, and how large packets may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lockout.needs import Service
from getvpn_ops.analysis.traffic.sizes import plaintext_mtu
from getvpn_ops.dialect.releases import Feature, release_of
from getvpn_ops.engine.change.migrating.performers.preflight_asking import Way
from getvpn_ops.engine.change.migrating.performers.preflight_rows import Row, joined
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.outcome import Status
from getvpn_ops.model.state.reach import Ping
from getvpn_ops.model.state.system import NtpStatus
from getvpn_ops.model.state.version import Version
from getvpn_ops.workflow.playbooks.preflight import Question

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from getvpn_ops.analysis.lockout.needs import NeededFlow
    from getvpn_ops.engine.change.migrating.performers.preflight_asking import Asked
    from getvpn_ops.engine.change.migrating.performers.preflight_ends import End
    from getvpn_ops.engine.change.migrating.performers.preflight_ways import Ways
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.fleet import DeviceState

PKI_SERVICES = frozenset({Service.ENROLMENT, Service.REVOCATION})
_HEADERS = 40
_CLOSE = 4
"""Bytes by which formulas of padding and what a release does may differ."""
_SEGMENT = range(500, 1461)
"""Bytes that the inventory takes for ``adjust_mss``."""


def key_servers(end: End, asked: Asked, ways: Ways) -> Row:
    """Echoes to each key server, by the address and VRF that it registers from."""
    assert end.address is not None  # noqa: S101 -- for the type checker; such ends are told before
    if not end.servers and not end.is_member:
        return Row(Question.KEY_SERVERS, end.name, Status.NOT_APPLICABLE, "the only key server")
    found = []
    for name, server in (end.servers or {}).items():
        said = asked.came[Way(end.address, server, end.vrf)]
        what = f"{name} ({server}) from {end.address}{f' in VRF {end.vrf}' if end.vrf else ''}"
        if isinstance(said, str):
            found.append(Row(Question.KEY_SERVERS, end.name, Status.UNKNOWN, f"{what}: {said}"))
        elif said.answered:
            found.append(Row(Question.KEY_SERVERS, end.name, Status.PASS, f"{what}: {said.percent} % of echoes"))
        elif cut := ways.echo_dropped(end.address, server, end.vrf):
            text = f"{what}: echoes cannot tell, for a list of ours drops them: {cut}"
            found.append(Row(Question.KEY_SERVERS, end.name, Status.UNKNOWN, text))
        else:
            text = f"{what}: {said.percent} % of echoes came back"
            found.append(Row(Question.KEY_SERVERS, end.name, Status.FAIL, text))
    return joined(Question.KEY_SERVERS, end.name, found)


def nat(end: End) -> Row:
    """Addresses are translated at the crypto map, or not (GETVPN keeps them: no NAT between members)."""
    if end.nat:
        text = f"{end.nat}: GETVPN keeps the addresses of packets, and NAT does not"
        return Row(Question.NAT, end.name, Status.FAIL, text)
    return Row(Question.NAT, end.name, Status.PASS, f"no `ip nat` on {', '.join(end.outer)}")


def ways_of(needs: Iterable[NeededFlow]) -> tuple[Way, ...]:
    """Echoes to the servers of services; where nothing tells the source, the router chooses."""
    found = []
    for need in needs:
        outs = [option.out for option in need.options if option.out is not None]
        if outs:
            sources = {flow.source for flow in outs}
            found.append(Way(outs[0].source if len(sources) == 1 else None, outs[0].destination, need.vrf))
    return tuple(dict.fromkeys(found))


def ntp(state: DeviceState, needs: Sequence[NeededFlow], asked: Asked) -> Row:
    """Time servers: those that set the clock need not answer echoes; those that do not must be looked at."""
    if not needs:
        text = "no time server is configured; gate clock-right looks at the clock"
        return Row(Question.NTP, state.name, Status.NOT_APPLICABLE, text)
    said = [_heard(way, asked) for way in ways_of(needs)]
    said += [need.unknown for need in needs if need.unknown]
    told = "; ".join(said)
    try:
        status = state.latest(NtpStatus).value
    except EvidenceMissingError as exc:
        return Row(Question.NTP, state.name, Status.UNKNOWN, f"{exc}; {told}")
    if status.state == "synchronized":
        return Row(Question.NTP, state.name, Status.PASS, f"synchronized to {status.reference}; {told}")
    actual = status.state or status.not_running
    if not actual:
        return Row(Question.NTP, state.name, Status.UNKNOWN, f"show ntp status does not tell; {told}")
    return Row(Question.NTP, state.name, Status.FAIL, f"{actual}; {told}")


def _heard(way: Way, asked: Asked) -> str:
    said = asked.came[way]
    if isinstance(said, str):
        return f"{way.target}: {said}"
    return f"{way.target} {'answers echoes' if said.answered else 'does not answer echoes'}"


def pki(device: str, needs: Sequence[NeededFlow], asked: Asked, ways: Ways, *, used: bool) -> Row:
    """Servers of certificates; echoes are all that may be sent there, so that a silent one may be well.

    Args:
        device: name of it.
        needs: of its trustpoints.
        asked: its session.
        ways: past our own lists.
        used: whether routers of its groups authenticate by certificates.
    """
    if not used:
        text = "its groups authenticate by pre-shared keys"
        return Row(Question.PKI, device, Status.NOT_APPLICABLE, text)
    if not needs:
        text = "no trustpoint of it names a server: where it enrols, and who lists revoked certificates, is not known"
        return Row(Question.PKI, device, Status.UNKNOWN, text)
    return joined(Question.PKI, device, [_server(device, need, asked, ways) for need in needs])


def _server(device: str, need: NeededFlow, asked: Asked, ways: Ways) -> Row:
    if need.unknown or not need.options:
        return Row(Question.PKI, device, Status.UNKNOWN, f"{need.service}: {need.unknown}")
    for option in need.options[:1]:
        if option.out is not None and (cut := ways.dropped(option.out, need.vrf)):
            return Row(Question.PKI, device, Status.FAIL, f"{need.service}: {cut}")
    (way,) = ways_of([need])
    said = asked.came[way]
    if isinstance(said, Ping) and said.answered:
        return Row(
            Question.PKI, device, Status.PASS, f"{need.service}: {way.target} answers echoes; its port is not tried"
        )
    why = said if isinstance(said, str) else f"{way.target} does not answer echoes, which a server need not"
    return Row(Question.PKI, device, Status.UNKNOWN, f"{need.service}: {why}")


def passive(end: End, state: DeviceState) -> Row:
    """Whether the release that runs can be passive, held against that of the inventory, by which the plan went."""
    planned = release_of(end.device.release)
    try:
        shown = state.latest(Version).value.release or ""
    except EvidenceMissingError as exc:
        return Row(Question.PASSIVE, end.name, Status.UNKNOWN, str(exc))
    runs = release_of(shown)
    if runs is None:
        return Row(
            Question.PASSIVE, end.name, Status.UNKNOWN, f"its release {shown or '(not shown)'} is not known here"
        )
    if runs.has(Feature.PASSIVE):
        return Row(Question.PASSIVE, end.name, Status.PASS, f"{shown} can be passive")
    text = f"{shown} cannot be passive, which came with 12.4(22)T"
    if planned is not None and planned.has(Feature.PASSIVE):
        text = f"{text}; the plan takes it for {end.device.release}, which can: correct the inventory, and plan anew"
        return Row(Question.PASSIVE, end.name, Status.FAIL, text)
    text = f"{text}: it stays receive-only, as the plan says"
    return Row(Question.PASSIVE, end.name, Status.NOT_APPLICABLE, text)


def archive(end: End, config: RunningConfig, timers: int) -> Row:
    """The archive on which revert timers rest.

    Args:
        end: a member.
        config: of it.
        timers: steps of the plan on it that arm one.
    """
    path = config.archive.path if config.archive is not None else None
    if path:
        return Row(Question.ARCHIVE, end.name, Status.PASS, f"archive at {path}; {timers} steps arm a timer")
    if timers:
        text = f"no archive path, and {timers} steps of the plan arm a revert timer, which rests on one"
        return Row(Question.ARCHIVE, end.name, Status.FAIL, text)
    text = "no archive path; the plan counts on no revert timer"
    return Row(Question.ARCHIVE, end.name, Status.NOT_APPLICABLE, text)


@dataclass(frozen=True, slots=True)
class Sized:
    """What sizes are held against.

    Attributes:
        transforms: of the group's policies, each with whether time-based anti-replay is on.
        largest: bytes that were tried.
        encrypting: devices that send encrypted already, so that echoes were as small as encryption makes them.
    """

    transforms: Sequence[tuple[tuple[str, ...], bool]]
    largest: int
    encrypting: Collection[str] = ()

    def fits(self, wire: int) -> int:
        """Bytes of the largest packet that is no larger than ``wire`` under any policy; 0 if that is not known."""
        return min((plaintext_mtu(wire, words, timed=timed) for words, timed in self.transforms), default=0)


def mtu(end: End, others: Mapping[Way, End], asked: Asked, sized: Sized) -> Row:
    """The largest packet with DF that reaches other sites, and what is left of it once it is encrypted.

    A path that passes less than the routers' own links is a black hole: nobody tells hosts to send smaller packets. It
    fails unless both routers keep TCP small enough, or clear DF. Where links are the narrowest, routers tell hosts.

    Args:
        end: a member.
        others: with whom it speaks, by what was sent.
        asked: its session.
        sized: see there.
    """
    if not others:
        return Row(Question.MTU, end.name, Status.NOT_APPLICABLE, "there is no other site to send to")
    rows = [_sized(end, other, asked.passed[way], sized) for way, other in others.items()]
    return joined(Question.MTU, end.name, rows)


def _sized(end: End, other: End, passes: int | str, sized: Sized) -> Row:
    if isinstance(passes, str):
        return Row(Question.MTU, end.name, Status.UNKNOWN, f"{other.name}: {passes}")
    if not passes:
        return Row(Question.MTU, end.name, Status.UNKNOWN, f"{other.name}: no echo of any size comes back")
    links = min(end.mtu, other.mtu, sized.largest)
    if not sized.fits(links):
        return Row(Question.MTU, end.name, Status.UNKNOWN, f"{other.name}: what encryption adds is not known")
    is_encrypted = {end.name, other.name} <= set(sized.encrypting)
    most = sized.fits(links) if is_encrypted else links
    fits = passes if is_encrypted else sized.fits(min(passes, links))
    left = "encrypted as they are" if is_encrypted else f"of which {fits} are left once they are encrypted"
    text = f"{other.name}: {passes} bytes pass with DF, {left}"
    clamps = [item.clamp for item in (end, other) if item.clamp is not None]
    if clamps and min(clamps) <= fits:
        return Row(Question.MTU, end.name, Status.PASS, f"{text}; TCP is kept at {min(clamps)}")
    segment = fits - _HEADERS
    remedy = f"adjust_mss: {segment}" if segment in _SEGMENT else f"an MSS of {segment}"
    if passes + _CLOSE >= most or {end.df_bit, other.df_bit} == {"clear"}:
        warns = f"{end.name} - {other.name}: TCP fits with `{remedy}`"
        return Row(Question.MTU, end.name, Status.PASS, text, warns=warns)
    text = f"{text}; {most} should, so that nobody tells hosts: `{remedy}`, or mend the way between"
    return Row(Question.MTU, end.name, Status.FAIL, text)
